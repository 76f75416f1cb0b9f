/**
 * Nobody hands on rights that they do not have themselves, by a role or by a binding (verbs `escalate` and `bind` aside).
 */
import { superusers, type UserInfo } from '../../../apiserver/auth/user.ts';
import { StatusError } from '../../../openapi/machinery/status.ts';
import type { RbacAuthorizer } from './authorizer.ts';
import { ruleText, uncovered } from './coverage.ts';
import { type Binding, type ClusterRole, type PolicyRule, type Role, rbacGroup } from './types.ts';

/** What somebody is about to write. */
interface Writing {
  readonly user: UserInfo;
  /** `roles`, `clusterrolebindings` … */
  readonly resource: string;
}

/** Roles that consist of others may come to allow anything. */
const everything: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

export class Escalation {
  readonly #authorizer: () => RbacAuthorizer;

  constructor(authorizer: () => RbacAuthorizer) {
    this.#authorizer = authorizer;
  }

  /** @throws StatusError Forbidden when the role allows what its author may not do */
  checkRole(role: Role | ClusterRole, writing: Writing): void {
    const { name, namespace = '' } = role.metadata;
    if (this.#may(writing, 'escalate', writing.resource, namespace, name)) return;
    const aggregated = 'aggregationRule' in role && role.aggregationRule !== undefined;
    this.#check(aggregated ? everything : (role.rules ?? []), namespace, name, writing);
  }

  /** @throws StatusError Forbidden when the role that is bound allows what its binder may not do; 404 when there is none */
  checkBinding({ metadata: { name, namespace = '' }, roleRef }: Binding, writing: Writing): void {
    const resource = roleRef.kind === 'Role' ? 'roles' : 'clusterroles';
    if (this.#may(writing, 'bind', resource, namespace, roleRef.name)) return;
    const rules = this.#authorizer().rulesOf(roleRef, namespace);
    if (!rules) throw StatusError.notFound({ group: rbacGroup, resource }, roleRef.name);
    this.#check(rules, namespace, name, writing);
  }

  #check(wanted: readonly PolicyRule[], namespace: string, name: string, { user, resource }: Writing): void {
    const held = [...this.#authorizer().rulesFor(user, namespace)];
    const missing = uncovered(held, wanted);
    if (!missing.length) return;
    const groups = `[${user.groups.map((group) => JSON.stringify(group)).join(' ')}]`;
    const who = `user ${JSON.stringify(user.name)} (groups=${groups})`;
    const text = `${who} is attempting to grant RBAC permissions not currently held:\n${missing.map(ruleText).join('\n')}`;
    throw StatusError.forbidden({ group: rbacGroup, resource }, name, text);
  }

  #may({ user }: Writing, verb: string, resource: string, namespace: string, name: string): boolean {
    if (user.groups.includes(superusers)) return true;
    const wish = { user, verb, isResource: true, group: rbacGroup, version: 'v1', resource, namespace, name };
    return this.#authorizer().authorize({ ...wish, subresource: '', path: '' }).verdict === 'allow';
  }
}
