/**
 * Reviews: who am I, what may I do, what may somebody do. Answered from the sandbox's own RBAC and stored nowhere.
 *
 * `kubectl auth can-i` and `whoami` ask these, and so does KubeDirector where it serves a real cluster.
 */
import type { AuthorizationAttributes, Authorizer } from '../../../apiserver/auth/authorizer.ts';
import type { UserInfo } from '../../../apiserver/auth/user.ts';
import type { VirtualResource } from '../../../apiserver/registry/virtual.ts';
import { invalid, spec as specPath } from '../../../openapi/machinery/field.ts';
import { isRecord, type KubeObject } from '../../../openapi/machinery/meta.ts';
import { StatusError } from '../../../openapi/machinery/status.ts';
import { anything, object, type Schema, string } from '../../../openapi/schema/schema.ts';
import type { PolicyRule } from '../rbac/types.ts';
import { decodeProtobuf } from '../wire/protobuf.ts';
import { strategicMerged } from '../wire/strategic-merge.ts';

const authorization = 'authorization.k8s.io';
const authentication = 'authentication.k8s.io';

/** What reviews are answered from. */
export interface ReviewSources {
  readonly authorizer: Authorizer;
  /** Everything that somebody may do in a namespace. */
  rulesFor(user: UserInfo, namespace: string): Iterable<PolicyRule>;
}

interface Review extends KubeObject {
  spec?: Record<string, unknown>;
}

const schemaOf = (kind: string, description: string): Schema =>
  object(
    description,
    {
      apiVersion: string('Group and version of this form.'),
      kind: string(`${kind}.`),
      metadata: anything('Not used.'),
      spec: anything('The question.'),
      status: anything('The answer.'),
    },
    { definition: `io.k8s.api.review.${kind}` },
  );

const reviewKind = (
  group: string,
  kind: string,
  description: string,
  answer: (review: Review, asker: UserInfo, namespace: string, signal: AbortSignal) => Promise<object>,
  namespaced = false,
): VirtualResource => ({
  group,
  version: 'v1',
  plural: `${kind.toLowerCase()}s`,
  singular: kind.toLowerCase(),
  kind,
  namespaced,
  schema: schemaOf(kind, description),
  wire: { protobuf: decodeProtobuf, strategicMerge: strategicMerged },
  answer: async (review, asker, namespace, signal) => ({
    ...review,
    status: await answer(review, asker, namespace, signal),
  }),
});

export const reviews = ({ authorizer, rulesFor }: ReviewSources): VirtualResource[] => {
  const decide = async (user: UserInfo, spec: Record<string, unknown>, signal: AbortSignal): Promise<object> => {
    const { verdict, reason } = await authorizer.authorize({ ...wishIn(spec), user }, signal);
    return { allowed: verdict === 'allow', ...(verdict === 'deny' && { denied: true }), ...(reason && { reason }) };
  };
  return [
    reviewKind(authorization, 'SelfSubjectAccessReview', 'May I do this?', ({ spec = {} }, asker, _, signal) =>
      decide(asker, spec, signal),
    ),
    reviewKind(authorization, 'SubjectAccessReview', 'May somebody do this?', ({ spec = {} }, _, __, signal) =>
      decide(subjectIn(spec), spec, signal),
    ),
    reviewKind(
      authorization,
      'LocalSubjectAccessReview',
      'May somebody do this in this namespace?',
      ({ spec = {} }, _, namespace, signal) => {
        const { resourceAttributes } = spec;
        if (!isRecord(resourceAttributes) || resourceAttributes.namespace !== namespace) throw elsewhere(namespace);
        return decide(subjectIn(spec), spec, signal);
      },
      true,
    ),
    reviewKind(
      authorization,
      'SelfSubjectRulesReview',
      'What may I do in a namespace?',
      async ({ spec = {} }, asker) => {
        const rules = [...rulesFor(asker, typeof spec.namespace === 'string' ? spec.namespace : '')];
        return {
          incomplete: false,
          resourceRules: rules
            .filter(({ resources }) => resources?.length)
            .map(({ nonResourceURLs: _, ...rule }) => rule),
          nonResourceRules: rules
            .filter(({ nonResourceURLs }) => nonResourceURLs?.length)
            .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
        };
      },
    ),
    reviewKind(authentication, 'SelfSubjectReview', 'Who am I?', async (_, { name, uid, groups, extra }) => ({
      userInfo: { username: name, ...(uid && { uid }), groups, ...(extra && { extra }) },
    })),
    // Users are known here by their certificates; there are no tokens that could be good.
    reviewKind(authentication, 'TokenReview', 'Whose token is this?', async () => ({ authenticated: false, user: {} })),
  ];
};

const elsewhere = (namespace: string): StatusError =>
  StatusError.invalid({ group: authorization, kind: 'LocalSubjectAccessReview' }, '', [
    invalid(specPath.child('resourceAttributes').child('namespace'), namespace, `must match metadata.namespace`),
  ]);

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function subjectIn({ user, uid, groups, extra }: Record<string, unknown>): UserInfo {
  return {
    name: textOf(user),
    ...(textOf(uid) && { uid: textOf(uid) }),
    groups: Array.isArray(groups) ? groups.map(String) : [],
    ...(isRecord(extra) && { extra: extra as Record<string, string[]> }),
  };
}

/** @throws StatusError when the question names neither a resource nor a path, or both */
function wishIn({
  resourceAttributes,
  nonResourceAttributes,
}: Record<string, unknown>): Omit<AuthorizationAttributes, 'user'> {
  if (isRecord(resourceAttributes) === isRecord(nonResourceAttributes)) {
    const text = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
    throw StatusError.invalid({ group: authorization, kind: 'SubjectAccessReview' }, '', [
      invalid(specPath.child('resourceAttributes'), resourceAttributes ?? null, text),
    ]);
  }
  const about = (isRecord(resourceAttributes) ? resourceAttributes : nonResourceAttributes) as Record<string, unknown>;
  return {
    isResource: isRecord(resourceAttributes),
    path: textOf(about.path),
    verb: textOf(about.verb),
    group: textOf(about.group),
    version: textOf(about.version),
    resource: textOf(about.resource),
    subresource: textOf(about.subresource),
    namespace: textOf(about.namespace),
    name: textOf(about.name),
  };
}
