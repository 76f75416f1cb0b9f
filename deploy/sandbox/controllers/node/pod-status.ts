/**
 * What the node reports of a pod that it has: pure, from the pod as it is and the few things that only the node knows.
 *
 * Nothing runs. Container ids say so (`simulated://…`); they are new whenever a container would have been started.
 */
import {
  type Container,
  type ContainerStatus,
  conditionOf,
  type Pod,
  type PodCondition,
  type PodStatus,
} from '../../kinds/pods/pod.ts';
import { type Behaviour, behaviourOf, restartsOf } from './behaviour.ts';

/** What the node knows. */
export interface Surroundings {
  /** RFC 3339. */
  readonly now: string;
  readonly hostIp: string;
  readonly podIp: string;
  /** Another one on every call. */
  newContainerId(): string;
}

export function podStatus(pod: Pod, node: Surroundings): PodStatus {
  const { status: before = {} } = pod;
  const behaviour = behaviourOf(pod);
  if (behaviour === 'Evicted' || before.phase === 'Failed') return evicted(before, node);

  const containerStatuses = pod.spec.containers.map((container) =>
    containerStatus(container, statusNamed(before.containerStatuses, container.name), { behaviour, pod, node }),
  );
  const initContainerStatuses = (pod.spec.initContainers ?? []).map((container) =>
    initStatus(container, statusNamed(before.initContainerStatuses, container.name), node),
  );
  const started = containerStatuses.every(({ containerID }) => containerID !== undefined);
  return {
    ...before,
    phase: started ? 'Running' : 'Pending',
    conditions: conditionsOf(pod, containerStatuses, node.now),
    containerStatuses,
    ...(initContainerStatuses.length && { initContainerStatuses }),
    hostIP: node.hostIp,
    hostIPs: [{ ip: node.hostIp }],
    podIP: node.podIp,
    podIPs: [{ ip: node.podIp }],
    startTime: before.startTime ?? node.now,
  };
}

const statusNamed = (statuses: readonly ContainerStatus[] = [], name: string): ContainerStatus | undefined =>
  statuses.find((status) => status.name === name);

interface Circumstances {
  readonly behaviour: Behaviour | undefined;
  readonly pod: Pod;
  readonly node: Surroundings;
}

function containerStatus(
  container: Container,
  before: ContainerStatus | undefined,
  about: Circumstances,
): ContainerStatus {
  const { behaviour } = about;
  if (behaviour === 'ImagePullBackOff') return waitingForImage(container, before);
  if (behaviour === 'CrashLoopBackOff') return crashing(container, before, about.node);
  return running(container, before, about);
}

function running(
  container: Container,
  before: ContainerStatus | undefined,
  { behaviour, pod, node }: Circumstances,
): ContainerStatus {
  const { name, image = '' } = container;
  const ready = behaviour !== 'NotReady';
  const restarts = restartsOf(pod);
  if (before?.state?.running && before.image === image && before.restartCount >= restarts) return { ...before, ready };
  const startedBefore = before?.containerID !== undefined;
  return {
    name,
    image,
    imageID: imageId(image),
    containerID: node.newContainerId(),
    ready,
    started: true,
    restartCount: Math.max(startedBefore ? before.restartCount + 1 : 0, restarts),
    state: { running: { startedAt: node.now } },
    lastState: startedBefore ? ended(before, node.now, 0, 'Completed') : {},
  };
}

function crashing(container: Container, before: ContainerStatus | undefined, node: Surroundings): ContainerStatus {
  if (before?.state?.waiting?.reason === 'CrashLoopBackOff') return before;
  const { name, image = '' } = container;
  const containerID = node.newContainerId();
  const current = { ...before, name, image, imageID: imageId(image), containerID, ready: false, restartCount: 0 };
  return {
    ...current,
    started: false,
    restartCount: (before?.restartCount ?? 0) + 1,
    state: { waiting: { reason: 'CrashLoopBackOff', message: `back-off restarting failed container=${name}` } },
    lastState: ended(current, node.now, 1, 'Error'),
  };
}

function waitingForImage({ name, image = '' }: Container, before: ContainerStatus | undefined): ContainerStatus {
  return {
    name,
    image,
    imageID: '',
    ready: false,
    started: false,
    restartCount: before?.restartCount ?? 0,
    state: { waiting: { reason: 'ImagePullBackOff', message: `Back-off pulling image ${JSON.stringify(image)}` } },
    lastState: {},
  };
}

/** Init containers of a pod that has come this far have done their work; sidecars go on. */
function initStatus(container: Container, before: ContainerStatus | undefined, node: Surroundings): ContainerStatus {
  if (before?.containerID) return before;
  const { name, image = '', restartPolicy } = container;
  const containerID = node.newContainerId();
  const sidecar = restartPolicy === 'Always';
  const base = { name, image, imageID: imageId(image), containerID, ready: true, restartCount: 0 };
  return {
    ...base,
    started: sidecar,
    state: sidecar ? { running: { startedAt: node.now } } : ended(base, node.now, 0, 'Completed'),
    lastState: {},
  };
}

const imageId = (image: string): string => `simulated://${image}`;

const ended = ({ state, containerID = '' }: ContainerStatus, now: string, exitCode: number, reason: string) => ({
  terminated: { exitCode, reason, startedAt: state?.running?.startedAt ?? now, finishedAt: now, containerID },
});

function evicted(before: PodStatus, { now }: Surroundings): PodStatus {
  if (before.phase === 'Failed') return before;
  const conditions = (before.conditions ?? []).map((condition) =>
    condition.type === 'Ready' || condition.type === 'ContainersReady'
      ? moved(condition, { type: condition.type, status: 'False', reason: 'PodFailed' }, now)
      : condition,
  );
  const containerStatuses = (before.containerStatuses ?? []).map((container) => ({
    ...container,
    ready: false,
    started: false,
    state: ended(container, now, 137, 'ContainerStatusUnknown'),
  }));
  return {
    ...before,
    phase: 'Failed',
    reason: 'Evicted',
    message: 'The pod was evicted as it was told to be.',
    conditions,
    containerStatuses,
  };
}

type Verdict = Omit<PodCondition, 'lastTransitionTime' | 'lastProbeTime'>;

function conditionsOf(pod: Pod, containers: readonly ContainerStatus[], now: string): PodCondition[] {
  const unready = containers.filter(({ ready }) => !ready).map(({ name }) => name);
  const inContainers: Omit<Verdict, 'type'> = unready.length
    ? {
        status: 'False',
        reason: 'ContainersNotReady',
        message: `containers with unready status: [${unready.join(' ')}]`,
      }
    : { status: 'True' };
  const verdicts: Verdict[] = [
    { type: 'PodScheduled', status: 'True' },
    { type: 'Initialized', status: 'True' },
    { type: 'ContainersReady', ...inContainers },
    { type: 'Ready', ...(unready.length ? inContainers : gatesVerdict(pod)) },
  ];
  const ours = new Set(verdicts.map(({ type }) => type));
  const others = (pod.status?.conditions ?? []).filter(({ type }) => !ours.has(type));
  return [...verdicts.map((verdict) => moved(conditionOf(pod, verdict.type), verdict, now)), ...others];
}

/** Whether the conditions of others are met that the pod waits for. */
function gatesVerdict(pod: Pod): Omit<Verdict, 'type'> {
  for (const { conditionType } of pod.spec.readinessGates ?? []) {
    const gate = conditionOf(pod, conditionType);
    if (gate?.status === 'True') continue;
    const why = gate
      ? `the status of pod readiness gate "${conditionType}" is not "True", but ${gate.status}`
      : `corresponding condition of pod readiness gate "${conditionType}" does not exist.`;
    return { status: 'False', reason: 'ReadinessGatesNotReady', message: why };
  }
  return { status: 'True' };
}

/** The new verdict; its time is that of the last change of status. */
const moved = (before: PodCondition | undefined, verdict: Verdict, now: string): PodCondition => ({
  ...verdict,
  lastTransitionTime: before?.status === verdict.status && before.lastTransitionTime ? before.lastTransitionTime : now,
});
