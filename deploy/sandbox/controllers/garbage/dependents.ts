/**
 * Who depends on whom: the objects that name owners, found by the owner's UID. Everything else about objects is in the caches.
 *
 * All caches are fed by one watch of the whole store, so together they show one moment. An owner that is not there at that moment
 * was deleted: nobody can name the UID of an object that does not exist yet.
 */

import type { Change } from '../../../../apiserver/cache/informer.ts';
import type { Registries } from '../../../../apiserver/registry/registries.ts';
import type { ObjectRegistry } from '../../../../apiserver/registry/registry.ts';
import type { KubeObject, OwnerReference } from '../../../../openapi/machinery/meta.ts';

/** An object that names owners. */
export interface Dependent {
  readonly id: string;
  readonly uid: string;
  readonly namespace: string;
  readonly owners: readonly OwnerReference[];
}

/** `unknown`: of a kind that is not served, or where it cannot be; it is left alone. */
export type OwnerState = 'present' | 'absent' | 'waiting' | 'unknown';

export const foregroundFinalizer = 'foregroundDeletion';
export const orphanFinalizer = 'orphan';

const ownersMark = '"ownerReferences"';
const deletionMark = '"deletionTimestamp"';

export class Dependents {
  readonly #registries: readonly ObjectRegistry[];
  /** Registries by `group/Kind` and served version. */
  readonly #byKind = new Map<string, ObjectRegistry>();
  readonly #dependents = new Map<string, Dependent>();
  readonly #byOwner = new Map<string, Map<string, Dependent>>();
  /** Owners that are being deleted with a word about their dependents: UID to id. */
  readonly #waiting = new Map<string, string>();

  constructor({ all }: Registries) {
    this.#registries = all;
    for (const registry of all)
      for (const { version } of registry.resource.forms)
        this.#byKind.set(kindKey(registry.resource.group, version, registry.resource.kind), registry);
  }

  /** What an object is called here. */
  idOf(registry: ObjectRegistry, key: string): string {
    return `${this.#registries.indexOf(registry)} ${key}`;
  }

  locate(id: string): { readonly registry: ObjectRegistry; readonly key: string } {
    const blank = id.indexOf(' ');
    return { registry: this.#registries[Number(id.slice(0, blank))]!, key: id.slice(blank + 1) };
  }

  get(id: string): Dependent | undefined {
    return this.#dependents.get(id);
  }

  of(uid: string): readonly Dependent[] {
    return [...(this.#byOwner.get(uid)?.values() ?? [])];
  }

  /** The id of an owner that waits for its dependents. */
  waiting(uid: string): string | undefined {
    return this.#waiting.get(uid);
  }

  /** Learns of a change. @returns the object's id, if it is of any interest now */
  note(registry: ObjectRegistry, change: Change): string | undefined {
    const id = this.idOf(registry, change.key);
    const { snapshot, gone } = change;
    this.#forget(id);
    if (gone) {
      this.#waiting.delete(snapshot.uid);
      return undefined;
    }
    const owned = snapshot.bytes.includes(ownersMark);
    const going = snapshot.bytes.includes(deletionMark);
    if (!owned && !going) return undefined;
    const { ownerReferences, deletionTimestamp, finalizers = [] } = change.object.metadata;
    if (ownerReferences?.length)
      this.#remember({ id, uid: snapshot.uid, namespace: snapshot.namespace, owners: ownerReferences });
    const waits = finalizers.includes(foregroundFinalizer) || finalizers.includes(orphanFinalizer);
    if (deletionTimestamp && waits) this.#waiting.set(snapshot.uid, id);
    else this.#waiting.delete(snapshot.uid);
    return id;
  }

  /** Forgets all objects of a resource: they are about to be told anew. */
  reset(registry: ObjectRegistry): void {
    const prefix = this.idOf(registry, '');
    for (const id of this.#dependents.keys()) if (id.startsWith(prefix)) this.#forget(id);
    for (const [uid, id] of this.#waiting) if (id.startsWith(prefix)) this.#waiting.delete(uid);
  }

  /** How it stands with one of the owners that an object in `namespace` names. */
  stateOf({ apiVersion, kind, name, uid }: OwnerReference, namespace: string): OwnerState {
    const registry = this.#byKind.get(`${apiVersion}/${kind}`);
    if (!registry) return 'unknown';
    const { namespaced } = registry.resource;
    if (namespaced && !namespace) return 'unknown';
    const key = namespaced ? `${namespace}/${name}` : name;
    // It is there, though nobody can tell what it is.
    if (registry.cache.unreadable.get(key)) return 'unknown';
    const owner = registry.cache.get(key);
    if (owner?.uid !== uid) return 'absent';
    if (!this.#waiting.has(uid)) return 'present';
    return owner.object<KubeObject>().metadata.finalizers?.includes(foregroundFinalizer) ? 'waiting' : 'present';
  }

  #remember(dependent: Dependent): void {
    this.#dependents.set(dependent.id, dependent);
    for (const { uid } of dependent.owners) {
      const others = this.#byOwner.get(uid) ?? new Map<string, Dependent>();
      this.#byOwner.set(uid, others.set(dependent.id, dependent));
    }
  }

  #forget(id: string): void {
    for (const { uid } of this.#dependents.get(id)?.owners ?? []) {
      const others = this.#byOwner.get(uid);
      others?.delete(id);
      if (!others?.size) this.#byOwner.delete(uid);
    }
    this.#dependents.delete(id);
  }
}

/** `apps/v1/StatefulSet`, or `v1/Pod`: an owner reference's apiVersion and kind. */
const kindKey = (group: string, version: string, kind: string): string =>
  `${group ? `${group}/` : ''}${version}/${kind}`;
