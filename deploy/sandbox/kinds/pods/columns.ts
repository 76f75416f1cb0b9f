/**
 * Pods as `kubectl get pods` prints them: how many containers are ready, and the one word that says best how the pod is.
 */
import { ageColumn, type Column, nameColumn } from '../../../../apiserver/registry/resource.ts';
import { column, none, orNone } from '../cells.ts';
import { type ContainerStatus, conditionOf, type Pod } from './pod.ts';

/** A sidecar: an init container that keeps running. */
const isSidecar = (pod: Pod, name: string): boolean =>
  pod.spec.initContainers?.find((container) => container.name === name)?.restartPolicy === 'Always';

/** What a container that has not come up says, if it says anything. */
function troubleOf({ state = {} }: ContainerStatus): string | undefined {
  if (state.waiting?.reason) return state.waiting.reason;
  const { terminated } = state;
  if (!terminated) return undefined;
  return terminated.reason || (terminated.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode}`);
}

/** What the first init container that is not done says; undefined when all are. */
function initialization(pod: Pod): string | undefined {
  const total = pod.spec.initContainers?.length ?? 0;
  for (const [i, status] of (pod.status?.initContainerStatuses ?? []).entries()) {
    if (status.state?.terminated?.exitCode === 0) continue;
    if (isSidecar(pod, status.name) && status.started) continue;
    if (status.state?.terminated) return `Init:${troubleOf(status)}`;
    const { reason } = status.state?.waiting ?? {};
    return reason && reason !== 'PodInitializing' ? `Init:${reason}` : `Init:${i}/${total}`;
  }
  return undefined;
}

export function podStatusText(pod: Pod): string {
  const { status = {}, metadata } = pod;
  if (metadata.deletionTimestamp) return status.reason === 'NodeLost' ? 'Unknown' : 'Terminating';
  const starting = initialization(pod);
  if (starting !== undefined) return starting;
  let text: string = status.reason || status.phase || '';
  if (conditionOf(pod, 'PodScheduled')?.reason === 'SchedulingGated') text = 'SchedulingGated';
  let running = false;
  for (const container of [...(status.containerStatuses ?? [])].reverse()) {
    const trouble = troubleOf(container);
    if (trouble) text = trouble;
    else if (container.ready && container.state?.running) running = true;
  }
  if (text !== 'Completed' || !running) return text;
  return conditionOf(pod, 'Ready')?.status === 'True' ? 'Running' : 'NotReady';
}

function readyText(pod: Pod): string {
  const sidecars = pod.spec.initContainers?.filter(({ restartPolicy }) => restartPolicy === 'Always') ?? [];
  const statuses = [
    ...(pod.status?.containerStatuses ?? []),
    ...(pod.status?.initContainerStatuses ?? []).filter(({ name }) => isSidecar(pod, name)),
  ];
  const ready = statuses.filter((container) => container.ready && (container.state?.running || container.started));
  return `${ready.length}/${(pod.spec.containers?.length ?? 0) + sidecars.length}`;
}

const restarts = ({ status }: Pod): number =>
  (status?.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0);

function gatesText(pod: Pod): string {
  const gates = pod.spec.readinessGates ?? [];
  if (!gates.length) return none;
  const open = gates.filter(({ conditionType }) => conditionOf(pod, conditionType)?.status === 'True');
  return `${open.length}/${gates.length}`;
}

export const podColumns: readonly Column<Pod>[] = [
  nameColumn,
  column('Ready', 'How many of the containers are ready.', readyText),
  column('Status', 'How the pod is, in a word.', podStatusText),
  column('Restarts', 'How often its containers were started again.', (pod) => String(restarts(pod))),
  ageColumn,
  column('IP', 'Address of the pod.', ({ status }) => orNone(status?.podIPs?.[0]?.ip ?? status?.podIP), { wide: true }),
  column('Node', 'Where the pod runs.', ({ spec }) => orNone(spec.nodeName), { wide: true }),
  column('Nominated Node', 'Where the pod is to run.', ({ status }) => orNone(status?.nominatedNodeName), {
    wide: true,
  }),
  column('Readiness Gates', 'How many conditions of others are met.', gatesText, { wide: true }),
];
