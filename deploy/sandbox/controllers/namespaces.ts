/**
 * The namespace controller: a namespace that is being deleted loses everything in it, then goes itself (K-640).
 */

import { objectsUnder } from '../../../apiserver/cache/objects.ts';
import type { Snapshot } from '../../../apiserver/cache/snapshot.ts';
import type { Registries } from '../../../apiserver/registry/registries.ts';
import type { ObjectRegistry } from '../../../apiserver/registry/registry.ts';
import { type Clock, timestamp } from '../../../openapi/machinery/clock.ts';
import { sameJson } from '../../../openapi/machinery/json.ts';
import type { Log } from '../../../openapi/machinery/log.ts';
import type { KubeObject } from '../../../openapi/machinery/meta.ts';
import { isConflict, isNotFound } from '../../../openapi/machinery/status.ts';
import { actingAsController } from '../engine/acting.ts';
import { Controller } from '../engine/controller.ts';
import type { Informers } from '../engine/informers.ts';
import type { HostRegistries } from '../kinds/index.ts';
import { contentFinalizer, type Namespace } from '../kinds/namespaces.ts';

const me = actingAsController('namespace-controller');

interface Parts {
  readonly registries: Registries;
  readonly host: HostRegistries;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly log: Log;
}

/** Removals come in crowds; they are looked at together. */
const crowdMs = 20;
/** A namespace says what it is waiting for only when it has to wait, and not more often than this. */
const tellMs = 1000;

/** A namespace on its way out. */
interface Ending {
  /** UIDs of what has been asked to go. */
  readonly asked: Set<string>;
  toldAtMs: number;
}

/** What is left of one resource in a namespace. */
interface Remains {
  readonly registry: ObjectRegistry;
  readonly objects: readonly Snapshot[];
}

export class Namespaces {
  readonly controller: Controller;
  readonly #host: HostRegistries;
  readonly #registries: readonly ObjectRegistry[];
  readonly #clock: Clock;
  readonly #endings = new Map<string, Ending>();

  constructor({ registries, host, informers, clock, log }: Parts) {
    this.#host = host;
    this.#clock = clock;
    this.#registries = registries.all.filter(({ resource }) => resource.namespaced);
    this.controller = new Controller({
      name: 'namespaces',
      reconcile: (name, signal) => this.#reconcile(name, signal),
      log,
    });
    informers.of(host.namespaces).subscribe({
      changed: ({ key, gone, snapshot }) => {
        const going = !gone && snapshot.bytes.includes('"deletionTimestamp"');
        if (!going) this.#endings.delete(key);
        else if (!this.#endings.has(key)) {
          this.#endings.set(key, { asked: new Set(), toldAtMs: clock.now() });
          this.controller.enqueue(key);
        }
      },
    });
    for (const registry of this.#registries)
      informers.of(registry).subscribe({
        changed: ({ snapshot: { namespace } }) => {
          if (this.#endings.size && this.#endings.has(namespace)) this.controller.enqueueAfter(crowdMs, namespace);
        },
      });
  }

  async #reconcile(name: string, signal: AbortSignal): Promise<number | undefined> {
    const ending = this.#endings.get(name);
    if (!ending) return;
    // Consistent: what was created before the namespace was marked must be seen.
    const namespace = await this.#read(name, signal);
    if (!namespace?.metadata.deletionTimestamp || !namespace.spec?.finalizers?.includes(contentFinalizer)) return;
    await Promise.all(this.#remains(name).map((remain) => this.#clear(remain, ending.asked, signal)));
    if (!(await this.#read(name, signal))) return;
    const left = this.#remains(name);
    if (!left.length) return void (await this.#finish(name, signal));
    const waitMs = ending.toldAtMs + tellMs - this.#clock.now();
    if (waitMs > 0) return waitMs;
    ending.toldAtMs = this.#clock.now();
    await this.#tell(namespace, left, signal);
  }

  async #read(name: string, signal: AbortSignal): Promise<Namespace | undefined> {
    try {
      return (await this.#host.namespaces.reads.get(name, undefined, signal)).object<Namespace>();
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  #remains(name: string): Remains[] {
    return this.#registries
      .map((registry) => ({ registry, objects: [...objectsUnder(registry.cache.current(`${name}/`), `${name}/`)] }))
      .filter(({ objects }) => objects.length);
  }

  async #clear({ registry, objects }: Remains, asked: Set<string>, signal: AbortSignal): Promise<void> {
    for (const { key, uid } of objects) {
      // Asked for already; whoever keeps it has to let go.
      if (asked.has(uid)) continue;
      try {
        const options = { propagationPolicy: 'Background' as const, preconditions: { uid } };
        await registry.deletion.delete(key, options, me.itself, signal);
        asked.add(uid);
      } catch (error) {
        if (!isNotFound(error) && !isConflict(error)) throw error;
      }
    }
  }

  async #finish(name: string, signal: AbortSignal): Promise<void> {
    const finished = (old: Namespace): Namespace => {
      const finalizers = (old.spec?.finalizers ?? []).filter((finalizer) => finalizer !== contentFinalizer);
      return { ...old, spec: { ...(finalizers.length && { finalizers }) } };
    };
    try {
      await this.#host.namespaces.writes.modify(name, finished, me.on('finalize'), signal);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  /** Says what the namespace is waiting for. */
  async #tell({ metadata: { name }, status }: Namespace, left: readonly Remains[], signal: AbortSignal): Promise<void> {
    const lastTransitionTime = timestamp(this.#clock.now());
    const conditions = conditionsOf(left).map((condition) => ({ ...condition, lastTransitionTime }));
    const timeless = (list: readonly object[] = []): unknown =>
      list.map((condition) => ({ ...condition, lastTransitionTime: '' }));
    if (sameJson(timeless(conditions), timeless(status?.conditions))) return;
    const told = (old: Namespace): Namespace => ({ ...old, status: { ...old.status, conditions } });
    try {
      await this.#host.namespaces.writes.modify(name, told, me.status, signal);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}

/** The conditions that Kubernetes' namespace controller writes, in its words. */
function conditionsOf(left: readonly Remains[]): { type: string; status: string; reason: string; message: string }[] {
  const content = left
    .map(({ registry: { resource }, objects }) => `${nameOf(resource)} has ${objects.length} resource instances`)
    .sort();
  const finalizers = new Map<string, number>();
  for (const { objects } of left)
    for (const snapshot of objects)
      for (const finalizer of snapshot.object<KubeObject>().metadata.finalizers ?? [])
        finalizers.set(finalizer, (finalizers.get(finalizer) ?? 0) + 1);
  const holders = [...finalizers].map(([name, count]) => `${name} in ${count} resource instances`).sort();
  return [
    {
      type: 'NamespaceContentRemaining',
      status: 'True',
      reason: 'SomeResourcesRemain',
      message: `Some resources are remaining: ${content.join(', ')}`,
    },
    {
      type: 'NamespaceFinalizersRemaining',
      status: holders.length ? 'True' : 'False',
      reason: holders.length ? 'SomeFinalizersRemain' : 'ContentHasNoFinalizers',
      message: holders.length
        ? `Some content in the namespace has finalizers remaining: ${holders.join(', ')}`
        : 'All content-preserving finalizers finished',
    },
  ];
}

/** `pods.`, `statefulsets.apps`: Kubernetes' name of a resource here, with a dot even where there is no group. */
const nameOf = ({ group, plural }: { group: string; plural: string }): string => `${plural}.${group}`;
