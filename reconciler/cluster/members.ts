/**
 * The state of a member: what its pod shows, in KubeDirector's words, and what is in its way, in a sentence.
 *
 * States are those of the original: `create pending` until the container runs, `creating` until it is set up, then `configured` for
 * as long as it is the same container. What a member was before is taken from status, since a pod does not remember it.
 */
import type { ContainerState, MemberState, MemberStatus } from '../../openapi/v1beta1/kubedirectorcluster.ts';
import type { ContainerStatus, Pod } from '../host-types.ts';
import { isGoing } from './current.ts';
import { appContainer } from './pod-template.ts';
import type { Problem } from './problems.ts';

export interface MemberNow {
  readonly status: MemberStatus;
  /** It is set up, and its pod can be used. */
  readonly ready: boolean;
  /** Present when it is not ready. */
  readonly problem: Problem | undefined;
}

/**
 * When a member is set up. Today that is when its pod is Ready; this is the place where the setup package of a role will be asked
 * whether it has run in the present container.
 */
const isSetUp = (pod: Pod): boolean => isReady(pod);

/** @param pod the member's, if it has one */
export function memberNow(recorded: MemberStatus, pod: Pod | undefined): MemberNow {
  const state = stateOf(recorded, pod);
  const ready = state === 'configured' && pod !== undefined && isReady(pod);
  return {
    status: { ...recorded, state, stateDetail: detailOf(recorded, state, pod) },
    ready,
    problem: ready ? undefined : problemOf(recorded, state, pod),
  };
}

/** Members whose state stays as it is until something happens to their container. */
export const isStable = (state: MemberState): boolean => state === 'configured' || state === 'config error';

function stateOf({ state, stateDetail }: MemberStatus, pod: Pod | undefined): MemberState {
  const container = appStatus(pod);
  const id = container?.containerID ?? '';
  if (isStable(state) && id !== '' && id === stateDetail?.lastConfiguredContainer) return state;
  const runs = pod?.status?.phase === 'Running' && id !== '' && container?.state?.running !== undefined;
  if (!runs) return 'create pending';
  return isSetUp(pod) ? 'configured' : 'creating';
}

/** Of what a scheduler says about a thousand members, status keeps this much each; conditions have it in full. */
const longestDetail = 160;

function detailOf(
  { stateDetail: before = {} }: MemberStatus,
  state: MemberState,
  pod: Pod | undefined,
): NonNullable<MemberStatus['stateDetail']> {
  const {
    configuringContainer: _,
    schedulingErrorMessage: __,
    storageInitProgress: ___,
    configErrorDetail,
    ...kept
  } = before;
  const id = appStatus(pod)?.containerID;
  const scheduling = unschedulable(pod);
  return {
    ...kept,
    ...(configErrorDetail !== undefined && state === 'config error' && { configErrorDetail }),
    ...(state === 'creating' && id && { configuringContainer: id }),
    ...(state === 'configured' && id && { lastConfiguredContainer: id }),
    ...(scheduling !== undefined && { schedulingErrorMessage: shortened(scheduling, longestDetail) }),
    ...(pod?.storageInitProgress !== undefined && { storageInitProgress: pod.storageInitProgress }),
    lastKnownContainerState: containerStateOf(pod),
  };
}

/** The words of `lastKnownContainerState` (spec: container-state check). */
function containerStateOf(pod: Pod | undefined): ContainerState {
  const state = appStatus(pod)?.state;
  if (!pod || !state) return 'absent';
  if (state.terminated) return 'terminated';
  if (state.waiting) return firstInit(pod) && !firstInit(pod)!.state?.terminated ? 'initializing' : 'waiting';
  if (!state.running) return 'unknown';
  if (isReady(pod)) return 'running';
  return condition(pod, 'Ready') || isGoing(pod) ? 'unresponsive' : 'unknown';
}

function problemOf({ pod: name, stateDetail }: MemberStatus, state: MemberState, pod: Pod | undefined): Problem {
  const say = (reason: Problem['reason'], what: string): Problem => ({ reason, message: `member ${name} ${what}` });
  if (!pod) return say('PodMissing', 'is waiting for its pod to be made');
  const { phase, reason, message } = pod.status ?? {};
  if (isGoing(pod)) return say('PodTerminating', 'is waiting for its pod to stop');
  if (phase === 'Failed') return say('PodFailed', `has failed${detail(reason, message)}`);
  const scheduling = unschedulable(pod);
  if (scheduling !== undefined) return say('Unschedulable', `is waiting for a node: ${scheduling}`);
  if (state === 'config error')
    return say('ConfigError', `could not be configured${detail(stateDetail?.configErrorDetail)}`);
  const init = pod.status?.initContainerStatuses?.find(({ state: now }) => !now?.terminated || now.terminated.exitCode);
  const container = init ?? appStatus(pod);
  const waiting = container?.state?.waiting;
  if (waiting?.reason && waiting.reason in waitingReasons) {
    const [problem, what] = waitingReasons[waiting.reason]!;
    return say(problem, `${what}${detail(problem === 'ContainerCrashing' ? lastWords(container) : waiting.message)}`);
  }
  if (init?.state?.running) return say('StorageInitializing', 'is copying its persisted directories to its volume');
  if (container?.state?.running)
    return say('MemberNotReady', `runs but is not ready${detail(condition(pod, 'Ready')?.message)}`);
  return say('MemberStarting', 'is starting');
}

/** Why a container waits, as the kubelet says it; whatever is not here passes by itself. */
const waitingReasons: Readonly<Record<string, readonly [Problem['reason'], string]>> = {
  ErrImagePull: ['ImageNotPulled', 'cannot pull its image'],
  ImagePullBackOff: ['ImageNotPulled', 'cannot pull its image'],
  InvalidImageName: ['ImageNotPulled', 'cannot pull its image'],
  CrashLoopBackOff: ['ContainerCrashing', 'keeps stopping'],
  CreateContainerConfigError: ['ContainerNotStarted', 'cannot be started'],
  CreateContainerError: ['ContainerNotStarted', 'cannot be started'],
  RunContainerError: ['ContainerNotStarted', 'cannot be started'],
};

function lastWords(container: ContainerStatus | undefined): string | undefined {
  const last = container?.lastState?.terminated;
  return last && `its container ${container.name} ended with exit code ${last.exitCode ?? 0}${detail(last.message)}`;
}

const longestMessage = 1024;

/** `: what is known`, or nothing. */
const detail = (...parts: readonly (string | undefined)[]): string => {
  const known = parts.filter(Boolean).join(': ');
  return known ? `: ${shortened(known, longestMessage)}` : '';
};

const shortened = (text: string, characters: number): string =>
  text.length > characters ? `${text.slice(0, characters - 1)}…` : text;

const appStatus = (pod: Pod | undefined): ContainerStatus | undefined =>
  pod?.status?.containerStatuses?.find(({ name }) => name === appContainer);

const firstInit = (pod: Pod): ContainerStatus | undefined => pod.status?.initContainerStatuses?.[0];

const condition = (pod: Pod | undefined, type: string) =>
  pod?.status?.conditions?.find((candidate) => candidate.type === type);

const isReady = (pod: Pod): boolean => condition(pod, 'Ready')?.status === 'True' && !isGoing(pod);

function unschedulable(pod: Pod | undefined): string | undefined {
  const scheduled = condition(pod, 'PodScheduled');
  return scheduled?.status === 'False' && scheduled.reason === 'Unschedulable'
    ? shortened(scheduled.message ?? 'no node fits', longestMessage)
    : undefined;
}
