/**
 * Impersonation: a request made in somebody else's name, when its real user may do that (K-096, K-443).
 *
 * Behind an aggregator the headers never arrive, since it takes them itself. They do from clients that reach us directly, and then
 * they are carried out or refused, never ignored.
 */
import { StatusError } from '../../openapi/machinery/status.ts';
import type { RequestAttributes } from '../http/attributes.ts';
import type { Request } from '../http/exchange.ts';
import { type Authorizer, refusal } from './authorizer.ts';
import { rawHeadersOf } from './front-proxy.ts';
import { allAuthenticated, allUnauthenticated, anonymous, authenticated, type UserInfo } from './user.ts';

const prefix = 'impersonate-';
const extraPrefix = 'impersonate-extra-';

/**
 * The user in whose name the request is made: the real one, or whom it impersonates.
 *
 * @throws StatusError 400 when a group is named but no user, 403 when the real user may not
 */
export async function effectiveUser(
  request: Request,
  user: UserInfo,
  authorizer: Authorizer,
  signal: AbortSignal,
): Promise<UserInfo> {
  if (!Object.keys(request.headers).some((name) => name.startsWith(prefix))) return user;
  const wanted = wantedBy(request);
  for (const attributes of permissionsFor(wanted)) {
    const { verdict, reason } = await authorizer.authorize({ ...attributes, user }, signal);
    if (verdict !== 'allow') throw refusal({ ...attributes, user }, reason);
  }
  return complete(wanted);
}

function wantedBy(request: Request): UserInfo {
  const headers = rawHeadersOf(request);
  const name = headers.get('impersonate-user')?.[0] ?? '';
  if (name === '')
    throw StatusError.badRequest(
      'requested impersonation of groups, a uid or extra fields without impersonating a user',
    );
  const uid = headers.get('impersonate-uid')?.[0];
  const extra = [...headers]
    .filter(([header]) => header.startsWith(extraPrefix))
    .map(([header, values]) => [decoded(header.slice(extraPrefix.length)), values] as const);
  return {
    name,
    ...(uid && { uid }),
    groups: headers.get('impersonate-group') ?? [],
    ...(extra.length && { extra: Object.fromEntries(extra) }),
  };
}

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** Everything that the real user must be allowed, each as a request of its own. */
function permissionsFor({ name, uid, groups, extra = {} }: UserInfo): RequestAttributes[] {
  const account = serviceAccount.exec(name);
  return [
    account ? impersonate('', 'serviceaccounts', account[2]!, account[1]!) : impersonate('', 'users', name),
    ...groups.map((group) => impersonate('', 'groups', group)),
    ...(uid ? [impersonate('authentication.k8s.io', 'uids', uid)] : []),
    ...Object.entries(extra).flatMap(([key, values]) =>
      values.map((value) => ({ ...impersonate('authentication.k8s.io', 'userextras', value), subresource: key })),
    ),
  ];
}

const serviceAccount = /^system:serviceaccount:([^:]+):([^:]+)$/;

const impersonate = (group: string, resource: string, name: string, namespace = ''): RequestAttributes => ({
  path: '',
  verb: 'impersonate',
  isResource: true,
  group,
  version: group ? 'v1' : '',
  resource,
  subresource: '',
  namespace,
  name,
  rest: [],
});

/** Groups that come with a name, where the request named none. */
function complete(wanted: UserInfo): UserInfo {
  if (wanted.name === anonymous.name)
    return { ...wanted, groups: wanted.groups.length ? wanted.groups : [allUnauthenticated] };
  const account = serviceAccount.exec(wanted.name);
  const standard =
    account && !wanted.groups.length ? ['system:serviceaccounts', `system:serviceaccounts:${account[1]}`] : [];
  return authenticated({
    ...wanted,
    groups: [...wanted.groups.filter((group) => group !== allAuthenticated), ...standard],
  });
}
