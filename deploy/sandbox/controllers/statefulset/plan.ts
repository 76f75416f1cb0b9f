/**
 * What a StatefulSet has to do next, and what it has to say of itself: pure, from the set and what is known of its pods.
 *
 * The order of events is that of Kubernetes' StatefulSet controller: pods come up from the lowest ordinal, go from the highest,
 * and get a new template from the highest; with `OrderedReady` each waits for the one before.
 */
import type { StatefulSet, StatefulSetStatus } from '../../kinds/statefulsets/statefulset.ts';
import type { PodRecord } from '../pod-records.ts';

export type Step =
  | { readonly do: 'create'; readonly ordinal: number }
  /** `condemned`: its ordinal is not wanted any more. */
  | { readonly do: 'delete'; readonly pod: PodRecord; readonly condemned: boolean };

export interface Observed {
  /** All pods of the set, those on their way out included. */
  readonly pods: readonly PodRecord[];
  /** Name of the present template. */
  readonly revision: string;
  readonly nowMs: number;
}

export interface Plan {
  readonly steps: readonly Step[];
  /** When a pod becomes available by the passing of time alone; undefined when none does. */
  readonly wakeAfterMs: number | undefined;
}

export function plan(set: StatefulSet, observed: Observed): Plan {
  // A set that is being deleted leaves its pods to the garbage collector.
  const steps = set.metadata.deletionTimestamp ? [] : [...stepsOf(set, observed)];
  return { steps, wakeAfterMs: nextAvailable(set, observed) };
}

const startOf = ({ spec }: StatefulSet): number => spec.ordinals?.start ?? 0;

export const isWanted = (set: StatefulSet, ordinal: number): boolean =>
  ordinal >= startOf(set) && ordinal < startOf(set) + set.spec.replicas;

const hasEnded = ({ phase }: PodRecord): boolean => phase === 'Failed' || phase === 'Succeeded';

function isAvailable(pod: PodRecord, set: StatefulSet, nowMs: number): boolean {
  return pod.ready && pod.readySince + (set.spec.minReadySeconds ?? 0) * 1000 <= nowMs;
}

function* stepsOf(set: StatefulSet, { pods, revision, nowMs }: Observed): Generator<Step, void, undefined> {
  const byOrdinal = new Map(pods.map((pod) => [pod.ordinal, pod]));
  const ordered = set.spec.podManagementPolicy === 'OrderedReady';
  const start = startOf(set);

  for (let ordinal = start; ordinal < start + set.spec.replicas; ordinal += 1) {
    const pod = byOrdinal.get(ordinal);
    if (!pod) yield { do: 'create', ordinal };
    else if (hasEnded(pod) && !pod.deleting) yield { do: 'delete', pod, condemned: false };
    if (ordered && (!pod || pod.deleting || !isAvailable(pod, set, nowMs))) return;
  }

  const condemned = pods.filter(({ ordinal }) => !isWanted(set, ordinal)).sort((a, b) => b.ordinal - a.ordinal);
  const firstUnhealthy = condemned.findLast((pod) => !pod.ready || pod.deleting);
  for (const pod of condemned) {
    if (ordered && (pod.deleting || (!pod.ready && pod !== firstUnhealthy))) return;
    if (pod.deleting) continue;
    yield { do: 'delete', pod, condemned: true };
    if (ordered) return;
  }

  const { type, rollingUpdate } = set.spec.updateStrategy;
  if (type === 'OnDelete') return;
  const lowest = start + (rollingUpdate?.partition ?? 0);
  for (let ordinal = start + set.spec.replicas - 1; ordinal >= lowest; ordinal -= 1) {
    const pod = byOrdinal.get(ordinal);
    if (!pod || pod.deleting) return;
    if (pod.revisionHash !== revision) {
      if (!hasEnded(pod)) yield { do: 'delete', pod, condemned: false };
      return;
    }
    if (!isAvailable(pod, set, nowMs)) return;
  }
}

function nextAvailable(set: StatefulSet, { pods, nowMs }: Observed): number | undefined {
  const waits = pods
    .filter((pod) => pod.ready && !isAvailable(pod, set, nowMs))
    .map(({ readySince }) => readySince + (set.spec.minReadySeconds ?? 0) * 1000 - nowMs);
  return waits.length ? Math.min(...waits) : undefined;
}

export function statusOf(set: StatefulSet, { pods, revision, nowMs }: Observed): StatefulSetStatus {
  const before = set.status?.currentRevision || revision;
  const count = (holds: (pod: PodRecord) => boolean): number => pods.filter(holds).length;
  const staying = (wanted: string) => (pod: PodRecord) => !pod.deleting && pod.revisionHash === wanted;
  const readyReplicas = count(({ ready }) => ready);
  const updatedReplicas = count(staying(revision));
  const done =
    set.spec.updateStrategy.type === 'RollingUpdate' &&
    updatedReplicas === pods.length &&
    readyReplicas === pods.length;
  const currentRevision = done ? revision : before;
  const currentReplicas = done ? updatedReplicas : count(staying(before));
  return {
    observedGeneration: set.metadata.generation ?? 1,
    replicas: pods.length,
    ...(readyReplicas && { readyReplicas }),
    availableReplicas: count((pod) => isAvailable(pod, set, nowMs)),
    ...(currentReplicas && { currentReplicas }),
    ...(updatedReplicas && { updatedReplicas }),
    currentRevision,
    updateRevision: revision,
    collisionCount: 0,
  };
}

/** Is this where the set wants to be, so that nothing is going to change by itself? */
export const isSettled = ({ spec }: StatefulSet, status: StatefulSetStatus): boolean =>
  status.replicas === spec.replicas &&
  status.availableReplicas === spec.replicas &&
  (spec.updateStrategy.type === 'OnDelete' || (status.updatedReplicas ?? 0) === spec.replicas);
