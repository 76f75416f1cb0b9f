/**
 * Authorization: may this user do this? Asked once for each request, before anything tells whether the object exists (K-035).
 */
import { type GroupResource, StatusError } from '../../openapi/machinery/status.ts';
import type { RequestAttributes } from '../http/attributes.ts';
import { superusers, type UserInfo } from './user.ts';

export interface AuthorizationAttributes extends Omit<RequestAttributes, 'rest'> {
  readonly user: UserInfo;
  /** As sent, for list, watch and deletecollection. */
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export interface Decision {
  /** `none`: no opinion; the next authorizer is asked. */
  readonly verdict: 'allow' | 'deny' | 'none';
  /** Told to the client when it is refused. */
  readonly reason?: string;
}

export interface Authorizer {
  /** @throws when no decision can be had: the request then fails, it is neither allowed nor refused (K-428) */
  authorize(attributes: AuthorizationAttributes, signal: AbortSignal): Promise<Decision> | Decision;
}

export const noOpinion: Decision = { verdict: 'none' };
export const allow: Decision = { verdict: 'allow' };

/** Members of `system:masters` may do everything, even when nobody can be asked (K-088, K-423). */
export const allowSuperusers: Authorizer = {
  authorize: ({ user }) => (user.groups.includes(superusers) ? allow : noOpinion),
};

const openPaths = new Set(['/healthz', '/livez', '/readyz']);

/** Health is nobody's secret (K-080). */
export const allowHealth: Authorizer = {
  authorize: ({ isResource, path }) => (!isResource && openPaths.has(path) ? allow : noOpinion),
};

/** The first that has an opinion decides (K-423). */
export const authorizeBy = (authorizers: readonly Authorizer[]): Authorizer => ({
  async authorize(attributes, signal) {
    let reason = '';
    for (const authorizer of authorizers) {
      const decision = await authorizer.authorize(attributes, signal);
      if (decision.verdict !== 'none') return decision;
      reason ||= decision.reason ?? '';
    }
    return reason ? { verdict: 'none', reason } : noOpinion;
  },
});

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
};
const escaped = (text: string): string => text.replace(/[&<>"']/g, (mark) => escapes[mark] ?? mark);

/** The refusal, in the sentence of K-402 to K-404. */
export function refusal(attributes: AuthorizationAttributes, reason = ''): StatusError {
  const { user, verb, isResource, group, resource, subresource, namespace, name, path } = attributes;
  const who = `User "${escaped(user.name)}" cannot ${escaped(verb)}`;
  const because = reason ? `: ${reason}` : '';
  if (!isResource)
    return StatusError.forbidden({ group: '', resource: '' }, '', `${who} path "${escaped(path)}"${because}`);
  const what = escaped(subresource ? `${resource}/${subresource}` : resource);
  const where = namespace ? `in the namespace "${escaped(namespace)}"` : 'at the cluster scope';
  const about: GroupResource = { group, resource };
  return StatusError.forbidden(
    about,
    name,
    `${who} resource "${what}" in API group "${escaped(group)}" ${where}${because}`,
  );
}
