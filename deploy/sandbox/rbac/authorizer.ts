/**
 * Role-based access control over the roles and bindings that are stored: may this user do this?
 *
 * Every change of a role or binding is taken in once, when it happens; a question costs a look-up for the user and each group, and
 * then only the roles that they have. What a refusal sounds like is the HTTP side's business.
 */
import type { Informers } from '../engine/informers.ts';
import type { HostRegistries } from '../kinds/index.ts';
import { clusterRoleKey, type Grant, Grants, roleKey } from './grants.ts';
import { Rules } from './rules.ts';
import type { Binding, PolicyRule, RbacAttributes, RbacDecision, Subject } from './types.ts';

interface KnownRole {
  readonly source: readonly PolicyRule[];
  readonly rules: Rules;
}

export class RbacAuthorizer {
  readonly #roles = new Map<string, KnownRole>();
  #clusterGrants = new Grants('');
  readonly #namespaceGrants = new Map<string, Grants>();

  constructor(informers: Informers, { roles, clusterRoles, roleBindings, clusterRoleBindings }: HostRegistries) {
    informers.of(roles).subscribe({
      changed: (change) => {
        const { namespace, name } = change.snapshot;
        this.#setRole(roleKey(namespace, name), change.gone ? undefined : (change.object.rules ?? []));
      },
      reset: () => this.#forgetRoles('Role/'),
    });
    informers.of(clusterRoles).subscribe({
      changed: (change) =>
        this.#setRole(clusterRoleKey(change.key), change.gone ? undefined : (change.object.rules ?? [])),
      reset: () => this.#forgetRoles('ClusterRole/'),
    });
    informers.of(roleBindings).subscribe({
      changed: (change) =>
        this.#bind(change.snapshot.namespace, change.snapshot.name, change.gone ? undefined : change.object),
      reset: () => this.#namespaceGrants.clear(),
    });
    informers.of(clusterRoleBindings).subscribe({
      changed: (change) => {
        if (change.gone) this.#clusterGrants.remove(change.key);
        else this.#clusterGrants.put(change.object);
      },
      reset: () => {
        this.#clusterGrants = new Grants('');
      },
    });
  }

  /** Allows, or has no opinion: RBAC never denies. */
  authorize(wish: RbacAttributes): RbacDecision {
    const missing = new Set<string>();
    for (const [grant, namespace] of this.#grantsFor(wish)) {
      const role = this.#roles.get(grant.role);
      if (!role) missing.add(notFoundText(grant));
      else if (role.rules.allow(wish)) return { verdict: 'allow', reason: allowedText(grant, namespace) };
    }
    if (!missing.size) return { verdict: 'none' };
    const texts = [...missing];
    return { verdict: 'none', reason: `RBAC: ${texts.length > 1 ? `[${texts.join(', ')}]` : texts[0]}` };
  }

  /** Everything that somebody may do in a namespace, or at cluster scope when it is empty. */
  *rulesFor(user: RbacAttributes['user'], namespace: string): Generator<PolicyRule, void, undefined> {
    for (const grant of this.#clusterGrants.of(user)) yield* this.#roles.get(grant.role)?.source ?? [];
    for (const grant of this.#namespaceGrants.get(namespace)?.of(user) ?? [])
      yield* this.#roles.get(grant.role)?.source ?? [];
  }

  /** What a role allows; undefined when there is none. @param namespace of the binding that names it */
  rulesOf({ kind, name }: Binding['roleRef'], namespace: string): readonly PolicyRule[] | undefined {
    return this.#roles.get(kind === 'Role' ? roleKey(namespace, name) : clusterRoleKey(name))?.source;
  }

  *#grantsFor({ user, namespace }: RbacAttributes): Generator<[Grant, string], void, undefined> {
    for (const grant of this.#clusterGrants.of(user)) yield [grant, ''];
    for (const grant of (namespace && this.#namespaceGrants.get(namespace)?.of(user)) || []) yield [grant, namespace];
  }

  #setRole(key: string, rules: readonly PolicyRule[] | undefined): void {
    if (rules) this.#roles.set(key, { source: rules, rules: new Rules(rules) });
    else this.#roles.delete(key);
  }

  #forgetRoles(prefix: string): void {
    for (const key of this.#roles.keys()) if (key.startsWith(prefix)) this.#roles.delete(key);
  }

  #bind(namespace: string, name: string, binding: Binding | undefined): void {
    const grants = this.#namespaceGrants.get(namespace) ?? new Grants(namespace);
    if (binding) grants.put(binding);
    else grants.remove(name);
    if (grants.isEmpty) this.#namespaceGrants.delete(namespace);
    else this.#namespaceGrants.set(namespace, grants);
  }
}

const notFoundText = ({ roleKind, roleName }: Grant): string =>
  `${roleKind.toLowerCase()}.rbac.authorization.k8s.io ${JSON.stringify(roleName)} not found`;

function allowedText({ binding, roleKind, roleName, subject }: Grant, namespace: string): string {
  const [kind, name] = namespace ? ['RoleBinding', `${binding}/${namespace}`] : ['ClusterRoleBinding', binding];
  return `RBAC: allowed by ${kind} "${name}" of ${roleKind} "${roleName}" to ${subjectText(subject)}`;
}

const subjectText = ({ kind, name, namespace }: Subject): string =>
  kind === 'ServiceAccount' ? `ServiceAccount "${name}/${namespace}"` : `${kind} "${name}"`;
