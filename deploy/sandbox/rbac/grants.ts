/**
 * Who has which roles: bindings, found by the people they name.
 */
import type { UserInfo } from '../../../apiserver/auth/user.ts';
import type { Binding, Subject } from './types.ts';

/** One role that somebody has by one binding. */
export interface Grant {
  /** `ClusterRole/NAME`, or `Role/NAMESPACE/NAME`. */
  readonly role: string;
  readonly roleKind: string;
  readonly roleName: string;
  readonly binding: string;
  readonly subject: Subject;
}

/** Names of users and groups are told apart, whatever they look like. */
const userKey = (name: string): string => `u ${name}`;
const groupKey = (name: string): string => `g ${name}`;

function subjectKey({ kind, name, namespace }: Subject, bindingNamespace: string): string | undefined {
  switch (kind) {
    case 'User':
      return userKey(name);
    case 'Group':
      return groupKey(name);
    case 'ServiceAccount':
      return userKey(`system:serviceaccount:${namespace || bindingNamespace}:${name}`);
    default:
      return undefined;
  }
}

export const clusterRoleKey = (name: string): string => `ClusterRole/${name}`;
export const roleKey = (namespace: string, name: string): string => `Role/${namespace}/${name}`;

/** The bindings of one scope: of a namespace, or of the cluster. */
export class Grants {
  readonly #namespace: string;
  readonly #bySubject = new Map<string, Map<string, Grant>>();
  readonly #subjects = new Map<string, readonly string[]>();

  /** @param namespace empty for the bindings of the cluster */
  constructor(namespace: string) {
    this.#namespace = namespace;
  }

  get isEmpty(): boolean {
    return this.#subjects.size === 0;
  }

  put({ metadata: { name }, roleRef, subjects = [] }: Binding): void {
    this.remove(name);
    const role = roleRef.kind === 'Role' ? roleKey(this.#namespace, roleRef.name) : clusterRoleKey(roleRef.name);
    const keys: string[] = [];
    for (const subject of subjects) {
      const key = subjectKey(subject, this.#namespace);
      if (!key) continue;
      keys.push(key);
      const grants = this.#bySubject.get(key) ?? new Map<string, Grant>();
      grants.set(name, { role, roleKind: roleRef.kind, roleName: roleRef.name, binding: name, subject });
      this.#bySubject.set(key, grants);
    }
    this.#subjects.set(name, keys);
  }

  remove(binding: string): void {
    for (const key of this.#subjects.get(binding) ?? []) {
      const grants = this.#bySubject.get(key);
      grants?.delete(binding);
      if (!grants?.size) this.#bySubject.delete(key);
    }
    this.#subjects.delete(binding);
  }

  *of({ name, groups }: UserInfo): Generator<Grant, void, undefined> {
    yield* this.#bySubject.get(userKey(name))?.values() ?? [];
    for (const group of groups) yield* this.#bySubject.get(groupKey(group))?.values() ?? [];
  }
}
