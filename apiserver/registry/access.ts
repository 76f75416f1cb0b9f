/**
 * What a user may do with objects that a request only names. The request itself was authorized before (auth/authorizer.ts); this is
 * for what we would do on the user's behalf, with rights of our own (THREATS.md).
 */
import type { FieldPath } from '../../openapi/machinery/field.ts';
import { type GroupResource, StatusError } from '../../openapi/machinery/status.ts';
import { type Authorizer, refusal } from '../auth/authorizer.ts';
import type { UserInfo } from '../auth/user.ts';

/** A right to one object, and the field that asks for it. */
export interface Wish {
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly at: FieldPath;
}

export interface AccessReader {
  /**
   * Why the user may not, in Kubernetes' sentence; undefined when the user may.
   *
   * @throws when nobody can tell: the write then fails, it is neither allowed nor refused
   */
  refuses(user: UserInfo, wish: Wish, signal: AbortSignal): Promise<string | undefined>;
}

/** The authorizer that judges requests judges this, too. */
export const accessBy = (authorizer: Authorizer): AccessReader => ({
  async refuses(user, { verb, group, version, resource, namespace, name }, signal) {
    const base = group ? `/apis/${group}/${version}` : `/api/${version}`;
    const attributes = {
      ...{ user, verb, group, version, resource, namespace, name },
      ...{ isResource: true, subresource: '', path: `${base}/namespaces/${namespace}/${resource}/${name}` },
    };
    const { verdict, reason } = await authorizer.authorize(attributes, signal);
    return verdict === 'allow' ? undefined : refusal(attributes, reason).message;
  },
});

/** For a server that nobody writes to in the name of others. */
export const noAccess: AccessReader = { refuses: async (_, { resource }) => `nobody can be asked about ${resource}` };

/** So many questions are under way at once; further ones are put when all of those were answered yes. */
const atOnce = 10;

/** @throws StatusError 403 that tells of every refusal among the first that there are */
export async function checkAccess(
  access: AccessReader,
  user: UserInfo,
  wishes: readonly Wish[],
  about: { readonly resource: GroupResource; readonly name: string },
  signal: AbortSignal,
): Promise<void> {
  for (let start = 0; start < wishes.length; start += atOnce) {
    const asked = wishes.slice(start, start + atOnce);
    const answers = await Promise.all(asked.map((wish) => access.refuses(user, wish, signal)));
    const refused = asked.flatMap(({ at }, i) => {
      const message = answers[i];
      return message === undefined ? [] : [{ reason: 'FieldValueForbidden', message, field: String(at) }];
    });
    if (!refused.length) continue;
    const texts = refused.map(({ field, message }) => `${field}: ${message}`);
    throw StatusError.forbidden(about.resource, about.name, texts.join(', '), refused);
  }
}
