/**
 * The garbage collector: objects go when all their owners are gone (K-303 to K-305, K-635 to K-639).
 *
 * It looks at one object at a time, decides from what is there at that moment, and writes only if the object is still as it was
 * seen. The owners it knows are all kinds of this server, KubeDirector's own among them.
 */

import type { Change } from '../../../../apiserver/cache/informer.ts';
import type { PropagationPolicy } from '../../../../apiserver/registry/deletion.ts';
import type { Registries } from '../../../../apiserver/registry/registries.ts';
import type { ObjectRegistry } from '../../../../apiserver/registry/registry.ts';
import type { Log } from '../../../../openapi/machinery/log.ts';
import type { KubeObject, OwnerReference } from '../../../../openapi/machinery/meta.ts';
import { isNotFound } from '../../../../openapi/machinery/status.ts';
import { actingAsController } from '../../engine/acting.ts';
import { Controller } from '../../engine/controller.ts';
import type { Informers } from '../../engine/informers.ts';
import { Dependents, foregroundFinalizer, orphanFinalizer } from './dependents.ts';

const me = actingAsController('generic-garbage-collector');

export class GarbageCollector {
  readonly controller: Controller;
  readonly #informers: Informers;
  readonly #dependents: Dependents;

  constructor({ registries, informers, log }: { registries: Registries; informers: Informers; log: Log }) {
    this.#informers = informers;
    this.#dependents = new Dependents(registries);
    this.controller = new Controller({
      name: 'garbage',
      reconcile: (id, signal) => this.#reconcile(id, signal),
      log,
    });
    for (const registry of registries.all)
      informers.of(registry).subscribe({
        changed: (change) => this.#noticed(registry, change),
        reset: () => this.#dependents.reset(registry),
      });
  }

  #noticed(registry: ObjectRegistry, change: Change): void {
    const before = this.#dependents.get(this.#dependents.idOf(registry, change.key));
    const id = this.#dependents.note(registry, change);
    if (change.gone)
      for (const dependent of this.#dependents.of(change.snapshot.uid)) this.controller.enqueue(dependent.id);
    // Owners that wait for this one may have waited long enough.
    for (const { uid } of before?.owners ?? []) {
      const owner = this.#dependents.waiting(uid);
      if (owner) this.controller.enqueue(owner);
    }
    if (id && this.#needsAttention(id, change)) this.controller.enqueue(id);
  }

  /** Told from what is at hand, so that the many objects whose owners are well cost nothing more. */
  #needsAttention(id: string, { snapshot: { uid, namespace } }: Change): boolean {
    if (this.#dependents.waiting(uid)) return true;
    const owners = this.#dependents.get(id)?.owners ?? [];
    return owners.some((owner) => ['absent', 'waiting'].includes(this.#dependents.stateOf(owner, namespace)));
  }

  async #reconcile(id: string, signal: AbortSignal): Promise<void> {
    // What is decided about owners takes all dependents into account that the caches know.
    this.#informers.catchUp();
    const { registry, key } = this.#dependents.locate(id);
    const object = registry.cache.get(key)?.object<KubeObject>();
    if (!object) return;
    const { deletionTimestamp, finalizers = [] } = object.metadata;
    try {
      if (!deletionTimestamp) await this.#judge(registry, key, object, signal);
      else if (finalizers.includes(orphanFinalizer)) await this.#orphan(registry, key, object, signal);
      else if (finalizers.includes(foregroundFinalizer)) await this.#foreground(registry, key, object, signal);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  /** Should this object be there at all? */
  async #judge(registry: ObjectRegistry, key: string, { metadata }: KubeObject, signal: AbortSignal): Promise<void> {
    const { ownerReferences = [], namespace = '', finalizers = [], uid = '' } = metadata;
    if (!ownerReferences.length) return;
    const stateOf = (owner: OwnerReference) => this.#dependents.stateOf(owner, namespace);
    const lasting = ownerReferences.filter((owner) => ['present', 'unknown'].includes(stateOf(owner)));
    if (lasting.length === ownerReferences.length) return;
    const preconditions = { uid, resourceVersion: metadata.resourceVersion ?? '' };
    if (lasting.length) {
      const kept = new Set(lasting.map((owner) => owner.uid));
      await registry.writes.modify(
        key,
        withOwners((owner) => kept.has(owner.uid)),
        me.itself,
        signal,
        preconditions,
      );
      return;
    }
    const awaited = ownerReferences.some((owner) => stateOf(owner) === 'waiting');
    const inForeground = awaited && this.#dependents.of(uid).length > 0;
    const propagationPolicy = inForeground ? 'Foreground' : policyOf(finalizers);
    await registry.deletion.delete(key, { preconditions, propagationPolicy }, me.itself, signal);
  }

  /** An owner that goes last: first everything that blocks it. */
  async #foreground(
    registry: ObjectRegistry,
    key: string,
    { metadata }: KubeObject,
    signal: AbortSignal,
  ): Promise<void> {
    const { uid = '' } = metadata;
    const blocking = this.#dependents
      .of(uid)
      .filter(({ owners }) => owners.some((owner) => owner.uid === uid && owner.blockOwnerDeletion));
    for (const { id } of blocking) this.controller.enqueue(id);
    if (!blocking.length) await this.#finish(registry, key, foregroundFinalizer, uid, signal);
  }

  /** An owner that leaves its dependents behind: they forget it first. */
  async #orphan(registry: ObjectRegistry, key: string, { metadata }: KubeObject, signal: AbortSignal): Promise<void> {
    const { uid = '' } = metadata;
    await Promise.all(this.#dependents.of(uid).map(({ id }) => this.#abandon(id, uid, signal)));
    await this.#finish(registry, key, orphanFinalizer, uid, signal);
  }

  async #abandon(id: string, ownerUid: string, signal: AbortSignal): Promise<void> {
    const { registry, key } = this.#dependents.locate(id);
    try {
      await registry.writes.modify(
        key,
        withOwners((owner) => owner.uid !== ownerUid),
        me.itself,
        signal,
      );
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  async #finish(registry: ObjectRegistry, key: string, done: string, uid: string, signal: AbortSignal): Promise<void> {
    const change = (object: KubeObject): KubeObject => {
      const { finalizers = [], ...metadata } = object.metadata;
      const others = finalizers.filter((finalizer) => finalizer !== done);
      return { ...object, metadata: { ...metadata, ...(others.length && { finalizers: others }) } };
    };
    await registry.writes.modify(key, change, me.itself, signal, { uid });
  }
}

const withOwners =
  (kept: (owner: OwnerReference) => boolean) =>
  (object: KubeObject): KubeObject => {
    const { ownerReferences = [], ...metadata } = object.metadata;
    const owners = ownerReferences.filter(kept);
    return { ...object, metadata: { ...metadata, ...(owners.length && { ownerReferences: owners }) } };
  };

const policyOf = (finalizers: readonly string[]): PropagationPolicy => {
  if (finalizers.includes(orphanFinalizer)) return 'Orphan';
  return finalizers.includes(foregroundFinalizer) ? 'Foreground' : 'Background';
};
