/**
 * Pods: how they are filled, judged, bound to a node and deleted. What becomes of them there is controllers/node/'s work.
 */

import type { Connection } from '../../../../apiserver/registry/connection.ts';
import type { Resource } from '../../../../apiserver/registry/resource.ts';
import type { Strategy } from '../../../../apiserver/registry/strategy.ts';
import { type Clock, timestamp } from '../../../../openapi/machinery/clock.ts';
import { parseQuantity } from '../../../../openapi/machinery/quantity.ts';
import { hostKind } from '../host-kind.ts';
import { podColumns } from './columns.ts';
import { containersOf, fillPod } from './defaults.ts';
import { conditionOf, type Pod, type PodSpec, type PodStatus } from './pod.ts';
import { podSpecSchema, podStatusSchema } from './schema.ts';
import { podChangeFaults, podFaults } from './validation.ts';

/** The write with which a scheduler says where a pod runs; Kubernetes' subresource of that name. */
export const bindingSubresource = 'binding';

export interface Moment {
  readonly now: string;
}

const strategyFor = (clock: Clock): Strategy<Pod, Moment> => ({
  related: async () => ({ now: timestamp(clock.now()) }),
  prepareForCreate(pod) {
    shape(pod);
    fillPod(pod.spec);
    return { ...pod, status: { phase: 'Pending', qosClass: qosClass(pod.spec) } };
  },
  prepareForUpdate(pod, _, { now }, { subresource }) {
    shape(pod);
    if (subresource === '') fillPod(pod.spec);
    return subresource === bindingSubresource ? { ...pod, status: scheduled(pod.status, now) } : pod;
  },
  validate: podFaults,
  validateUpdate: (pod, old, _, { subresource }) => podChangeFaults(pod, old, subresource === bindingSubresource),
  // Where a pod runs is nobody's wish, so that finding a place for it changes nothing that was wished for.
  desired: ({ spec: { nodeName: _, ...rest } }) => rest,
  graceSeconds({ spec, status }, requested) {
    const ended = status?.phase === 'Succeeded' || status?.phase === 'Failed';
    if (!spec.nodeName || ended) return 0;
    const seconds = requested ?? spec.terminationGracePeriodSeconds ?? 30;
    return seconds < 0 ? 1 : seconds;
  },
});

/** What is missing altogether is told as missing containers, as Kubernetes does. */
function shape(pod: Pod): void {
  pod.spec ??= { containers: [] };
  pod.spec.containers ??= [];
}

/** The scheduler's word that a place was found, which Kubernetes writes together with the place. */
function scheduled(status: PodStatus = {}, now: string): PodStatus {
  const others = (status.conditions ?? []).filter(({ type }) => type !== 'PodScheduled');
  const before = conditionOf({ status }, 'PodScheduled');
  if (before?.status === 'True') return status;
  return { ...status, conditions: [...others, { type: 'PodScheduled', status: 'True', lastTransitionTime: now }] };
}

/** How well a pod is protected when its node runs out of memory, from what its containers ask for. */
function qosClass(spec: PodSpec): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const asked = containersOf(spec).map(({ resources = {} }) => resources);
  const isSet = (value: string | number | undefined): boolean => Boolean(value && parseQuantity(value));
  const counted = ['cpu', 'memory'];
  if (
    !asked.some(({ limits = {}, requests = {} }) =>
      counted.some((name) => isSet(limits[name]) || isSet(requests[name])),
    )
  )
    return 'BestEffort';
  const bounded = asked.every(({ limits = {}, requests = {} }) =>
    counted.every(
      (name) => isSet(limits[name]) && parseQuantity(limits[name]!) === parseQuantity(requests[name] ?? limits[name]!),
    ),
  );
  return bounded ? 'Guaranteed' : 'Burstable';
}

const field = (label: string, value: (pod: Pod) => string) => ({ label, value });

export const podResource = (clock: Clock, connections: readonly Connection<Pod>[] = []): Resource<Pod, Moment> =>
  hostKind<Pod, Moment>({
    group: '',
    kind: 'Pod',
    plural: 'pods',
    description: 'Containers that run together on one node.',
    definitions: 'io.k8s.api.core.v1',
    shortNames: ['po'],
    categories: ['all'],
    fields: { spec: podSpecSchema },
    status: podStatusSchema,
    hasGeneration: true,
    strategy: strategyFor(clock),
    connections,
    columns: podColumns,
    selectableFields: [
      field('spec.nodeName', ({ spec }) => spec.nodeName ?? ''),
      field('spec.restartPolicy', ({ spec }) => spec.restartPolicy ?? ''),
      field('spec.schedulerName', ({ spec }) => spec.schedulerName ?? ''),
      field('spec.serviceAccountName', ({ spec }) => spec.serviceAccountName ?? ''),
      field('spec.hostNetwork', ({ spec }) => String(spec.hostNetwork ?? false)),
      field('status.phase', ({ status }) => status?.phase ?? ''),
      field('status.podIP', ({ status }) => status?.podIP ?? ''),
      field('status.nominatedNodeName', ({ status }) => status?.nominatedNodeName ?? ''),
    ],
  });
