/**
 * The StatefulSet controller: sees the set and its pods, lets plan.ts decide, and carries that out.
 */
import type { Clock } from '../../../../openapi/machinery/clock.ts';
import { sameJson } from '../../../../openapi/machinery/json.ts';
import { fromStructured, type LabelSelector, selects } from '../../../../openapi/machinery/label-selector.ts';
import type { Log } from '../../../../openapi/machinery/log.ts';
import { controllerReference, type KubeObject } from '../../../../openapi/machinery/meta.ts';
import { isAlreadyExists, isNotFound } from '../../../../openapi/machinery/status.ts';
import { actingAsController } from '../../engine/acting.ts';
import { Controller } from '../../engine/controller.ts';
import type { Informers } from '../../engine/informers.ts';
import type { Recorder } from '../../engine/recorder.ts';
import type { HostRegistries } from '../../kinds/index.ts';
import type { Pod } from '../../kinds/pods/pod.ts';
import type { StatefulSet, StatefulSetStatus } from '../../kinds/statefulsets/statefulset.ts';
import type { PodRecord, PodRecords } from '../pod-records.ts';
import { podNameOf, podOf } from './children.ts';
import { SetClaims } from './claims.ts';
import { isSettled, type Observed, plan, type Step, statusOf } from './plan.ts';
import { Revisions } from './revision.ts';

const me = actingAsController('statefulset-controller');

interface Parts {
  readonly host: HostRegistries;
  readonly informers: Informers;
  readonly pods: PodRecords;
  readonly recorder: Recorder;
  readonly clock: Clock;
  /** How long a status that is still going to change may wait to be written. */
  readonly statusDelayMs: number;
  readonly log: Log;
}

export class StatefulSets {
  readonly controller: Controller;
  readonly #host: HostRegistries;
  readonly #pods: PodRecords;
  readonly #claims: SetClaims;
  readonly #recorder: Recorder;
  readonly #clock: Clock;
  readonly #statusDelayMs: number;
  readonly #revisions = new Revisions();
  /** Sets whose status has not been written, and since when it should have been. */
  readonly #behind = new Map<string, number>();

  constructor({ host, informers, pods, recorder, clock, statusDelayMs, log }: Parts) {
    this.#host = host;
    this.#pods = pods;
    this.#claims = new SetClaims(host.claims);
    this.#recorder = recorder;
    this.#clock = clock;
    this.#statusDelayMs = statusDelayMs;
    this.controller = new Controller({
      name: 'statefulset',
      reconcile: (key, signal) => this.#reconcile(key, signal),
      log,
    });
    informers.of(host.statefulSets).subscribe({
      changed: ({ key, gone, snapshot }) => {
        if (!gone) return this.controller.enqueue(key);
        this.#revisions.forget(snapshot.uid);
        this.#behind.delete(key);
      },
    });
    pods.watch((now, before) => this.#noticed(now, before));
  }

  #noticed(now: PodRecord | undefined, before: PodRecord | undefined): void {
    if (now && before && !differ(now, before)) return;
    for (const pod of [now, before])
      if (pod) {
        const name = pod.ownerUid ? pod.ownerName : pod.parent;
        if (name) this.controller.enqueue(`${pod.namespace}/${name}`);
      }
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<number | undefined> {
    const set = this.#host.statefulSets.cache.get(key)?.object<StatefulSet>();
    if (!set) return undefined;
    if (!set.metadata.deletionTimestamp) await this.#claimPods(key, set, signal);
    const observed: Observed = {
      pods: [...this.#pods.ofOwner(set.metadata.uid ?? '')],
      revision: this.#revisions.of(set),
      nowMs: this.#clock.now(),
    };
    const { steps, wakeAfterMs } = plan(set, observed);
    const outcomes = await Promise.allSettled(steps.map((step) => this.#take(step, set, observed.revision, signal)));
    await this.#claims.retain(set, observed.pods, signal);
    const waitMs = await this.#report(key, set, statusOf(set, observed), signal);
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    const waits = [waitMs, wakeAfterMs].filter((wait) => wait !== undefined);
    return waits.length ? Math.min(...waits) : undefined;
  }

  async #take(step: Step, set: StatefulSet, revision: string, signal: AbortSignal): Promise<void> {
    if (step.do === 'create') return this.#create(set, step.ordinal, revision, signal);
    await this.#claims.letGo(set, step.pod, step.condemned, signal);
    const { key, name, uid } = step.pod;
    try {
      await this.#host.pods.deletion.delete(key, { preconditions: { uid } }, me.itself, signal);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    this.#tell(set, 'Normal', 'SuccessfulDelete', `delete Pod ${name} in StatefulSet ${set.metadata.name} successful`);
  }

  async #create(set: StatefulSet, ordinal: number, revision: string, signal: AbortSignal): Promise<void> {
    const pod = podOf(set, ordinal, revision);
    const { name, namespace = '' } = pod.metadata;
    const what = `create Pod ${name} in StatefulSet ${set.metadata.name}`;
    try {
      await this.#claims.ensure(set, podNameOf(set, ordinal), signal);
      await this.#host.pods.writes.create(pod, namespace, me.itself, signal);
      this.#tell(set, 'Normal', 'SuccessfulCreate', `${what} successful`);
    } catch (error) {
      // Created a moment ago; the cache is about to show it. A stranger of that name is another matter.
      if (isAlreadyExists(error) && (await this.#isMine(`${namespace}/${name}`, set, signal))) return;
      this.#tell(set, 'Warning', 'FailedCreate', `${what} failed error: ${(error as Error).message}`);
      throw error;
    }
  }

  async #isMine(key: string, set: StatefulSet, signal: AbortSignal): Promise<boolean> {
    try {
      const pod = (await this.#host.pods.reads.get(key, undefined, signal)).object<Pod>();
      return Boolean(pod.metadata.ownerReferences?.some(({ uid }) => uid === set.metadata.uid));
    } catch (error) {
      if (isNotFound(error)) return true;
      throw error;
    }
  }

  /** Adopts pods of the right name and labels that belong to nobody; releases those whose labels do not fit any more. */
  async #claimPods(key: string, set: StatefulSet, signal: AbortSignal): Promise<void> {
    const selector = fromStructured(set.spec.selector);
    const { uid = '' } = set.metadata;
    for (const pod of this.#pods.orphansOf(key))
      if (!pod.deleting && this.#fits(pod, selector))
        await this.#own(pod, (owners = []) => [...owners, controllerReference(set)], signal);
    for (const pod of this.#pods.ofOwner(uid))
      if (!pod.deleting && !this.#fits(pod, selector))
        await this.#own(pod, (owners = []) => owners.filter((owner) => owner.uid !== uid), signal);
  }

  #fits({ labels }: PodRecord, selector: LabelSelector): boolean {
    return selects(selector, labels);
  }

  async #own(
    { key, uid }: PodRecord,
    owners: (
      present: KubeObject['metadata']['ownerReferences'],
    ) => NonNullable<KubeObject['metadata']['ownerReferences']>,
    signal: AbortSignal,
  ): Promise<void> {
    const change = (pod: Pod): Pod => {
      const { ownerReferences, ...metadata } = pod.metadata;
      const now = owners(ownerReferences);
      return { ...pod, metadata: { ...metadata, ...(now.length && { ownerReferences: now }) } };
    };
    await this.#host.pods.writes.modify(key, change, me.itself, signal, { uid });
  }

  /** Writes the status if there is news; a status that is about to change again may wait a little. */
  async #report(
    key: string,
    set: StatefulSet,
    status: StatefulSetStatus,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    if (sameJson(status, set.status)) {
      this.#behind.delete(key);
      return undefined;
    }
    const now = performance.now();
    const since = this.#behind.get(key) ?? now;
    this.#behind.set(key, since);
    const leftMs = since + this.#statusDelayMs - now;
    if (leftMs > 0 && !isSettled(set, status)) return leftMs;
    const write = (old: StatefulSet): StatefulSet => ({ ...old, status });
    await this.#host.statefulSets.writes.modify(key, write, me.status, signal, { uid: set.metadata.uid ?? '' });
    this.#behind.delete(key);
    return undefined;
  }

  #tell(set: StatefulSet, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#recorder.tell({ about: set, type, reason, message, component: 'statefulset-controller' });
  }
}

/** Is there anything in this change that matters to a set? */
const differ = (now: PodRecord, before: PodRecord): boolean =>
  now.uid !== before.uid ||
  now.phase !== before.phase ||
  now.ready !== before.ready ||
  now.deleting !== before.deleting ||
  now.ownerUid !== before.ownerUid ||
  now.revisionHash !== before.revisionHash ||
  !sameJson(now.labels, before.labels);
