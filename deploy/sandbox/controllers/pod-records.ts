/**
 * What controllers need to know of every pod: a few words each, found by owner, by claim and by key, so that no change of one pod
 * costs a look at the others.
 */

import type { Change, Informer, Listener } from '../../../apiserver/cache/informer.ts';
import type { Labels } from '../../../openapi/machinery/label-selector.ts';
import { conditionOf, isReady, type Pod, type PodPhase } from '../kinds/pods/pod.ts';
import { behaviourOf, restartsOf } from './node/behaviour.ts';

export interface PodRecord {
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** UID of its controller; empty when it has none. */
  readonly ownerUid: string;
  readonly ownerName: string;
  /** Name of the StatefulSet that it would belong to by its own name, and its ordinal there; -1 when it has none. */
  readonly parent: string;
  readonly ordinal: number;
  readonly revisionHash: string;
  readonly labels: Labels | undefined;
  readonly phase: PodPhase;
  readonly ready: boolean;
  /** Milliseconds since the epoch; 0 when it is not ready. */
  readonly readySince: number;
  readonly deleting: boolean;
  /** Seconds; 0 when it may go at once. */
  readonly graceSeconds: number;
  readonly nodeName: string;
  readonly podIp: string;
  /** Names of the claims that it uses. */
  readonly claims: readonly string[];
  /** Has the node brought it where it should be, so that there is nothing to do until it changes? */
  readonly settled: boolean;
}

const ordinalForm = /^(.*)-([0-9]+)$/;

export const hashLabel = 'controller-revision-hash';

function recordOf({ key, object: pod, snapshot: { labels } }: Change<Pod>): PodRecord {
  const { metadata, spec, status = {} } = pod;
  const owner = metadata.ownerReferences?.find(({ controller }) => controller);
  const [, parent = '', ordinal = '-1'] = ordinalForm.exec(metadata.name) ?? [];
  const ready = isReady(pod);
  const since = ready ? conditionOf(pod, 'Ready')?.lastTransitionTime : undefined;
  return {
    key,
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    uid: metadata.uid ?? '',
    ownerUid: owner?.uid ?? '',
    ownerName: owner?.name ?? '',
    parent,
    ordinal: Number(ordinal),
    revisionHash: labels?.[hashLabel] ?? '',
    // The cache keeps them anyway.
    labels,
    phase: status.phase ?? 'Pending',
    ready,
    readySince: since ? Date.parse(since) : 0,
    deleting: metadata.deletionTimestamp !== undefined,
    graceSeconds: metadata.deletionGracePeriodSeconds ?? 0,
    nodeName: spec.nodeName ?? '',
    podIp: status.podIP ?? '',
    claims: claimsOf(pod),
    settled: isSettled(pod),
  };
}

const claimsOf = ({ spec: { volumes = [] } }: Pod): string[] =>
  volumes.map(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? '').filter((name) => name !== '');

/** Ready, with the images it should have, and nothing said about how it should behave. */
function isSettled(pod: Pod): boolean {
  const { spec, status = {}, metadata } = pod;
  if (!isReady(pod) || metadata.deletionTimestamp || behaviourOf(pod) || restartsOf(pod)) return false;
  if (spec.readinessGates?.length) return false;
  return spec.containers.every(({ image }, i) => status.containerStatuses?.[i]?.image === image);
}

/** Is told what a pod was before and what it is now; either may be missing. */
export type PodWatcher = (now: PodRecord | undefined, before: PodRecord | undefined) => void;

type Index = Map<string, Map<string, PodRecord>>;

export class PodRecords implements Listener<Pod> {
  readonly #records = new Map<string, PodRecord>();
  readonly #byOwner: Index = new Map();
  /** Pods without a controller, by the StatefulSet that their name speaks of: `namespace/name`. */
  readonly #orphans: Index = new Map();
  readonly #byClaim: Index = new Map();
  readonly #watchers: PodWatcher[] = [];

  constructor(informer: Informer<Pod>) {
    informer.subscribe(this);
  }

  watch(watcher: PodWatcher): void {
    this.#watchers.push(watcher);
  }

  get(key: string): PodRecord | undefined {
    return this.#records.get(key);
  }

  all(): Iterable<PodRecord> {
    return this.#records.values();
  }

  ofOwner(uid: string): Iterable<PodRecord> {
    return this.#byOwner.get(uid)?.values() ?? [];
  }

  /** @param key `namespace/name` of a StatefulSet */
  orphansOf(key: string): Iterable<PodRecord> {
    return this.#orphans.get(key)?.values() ?? [];
  }

  /** @param key `namespace/name` of a claim */
  usersOf(key: string): Iterable<PodRecord> {
    return this.#byClaim.get(key)?.values() ?? [];
  }

  changed(change: Change<Pod>): void {
    const before = this.#records.get(change.key);
    if (before) this.#remove(before);
    const now = change.gone ? undefined : recordOf(change);
    if (now) this.#add(now);
    for (const watcher of this.#watchers) watcher(now, before);
  }

  /** As if all pods were gone; those that are not come again. */
  reset(): void {
    for (const record of [...this.#records.values()]) {
      this.#remove(record);
      for (const watcher of this.#watchers) watcher(undefined, record);
    }
  }

  #add(record: PodRecord): void {
    this.#records.set(record.key, record);
    for (const [index, key] of this.#indexesOf(record)) {
      const found = index.get(key) ?? new Map<string, PodRecord>();
      index.set(key, found.set(record.key, record));
    }
  }

  #remove(record: PodRecord): void {
    this.#records.delete(record.key);
    for (const [index, key] of this.#indexesOf(record)) {
      const found = index.get(key);
      found?.delete(record.key);
      if (!found?.size) index.delete(key);
    }
  }

  /** Where a pod is to be found, besides under its key. */
  #indexesOf({ ownerUid, parent, namespace, claims }: PodRecord): [Index, string][] {
    const places: [Index, string][] = claims.map((name) => [this.#byClaim, `${namespace}/${name}`]);
    if (ownerUid) places.push([this.#byOwner, ownerUid]);
    else if (parent) places.push([this.#orphans, `${namespace}/${parent}`]);
    return places;
  }
}
