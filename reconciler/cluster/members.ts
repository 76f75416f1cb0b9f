/**
 * The state of a member: what its pod shows, in KubeDirector's words, and what is in its way, in a sentence.
 *
 * States are those of the original: `create pending` until the container runs, `creating` until it is set up, then `configured` for
 * as long as it is the same container. What a member was before is taken from status, since a pod does not remember it.
 */
import type { GuestPhase } from '../../openapi/guest/reports.ts';
import type { ContainerState, MemberStatus } from '../../openapi/v1beta1/kubedirectorcluster-status.ts';
import type { WorkView } from '../guest/work.ts';
import type { ContainerStatus, Pod } from '../host-types.ts';
import { appContainer } from './children/pod-template.ts';
import { isGoing } from './current.ts';
import { type Detail, type SetupContext, setupNow, without } from './guests/setup.ts';
import { isGivenUp, nextRetryMs, type UpdateWanted, updated, updateWanted } from './guests/updates.ts';
import type { Problem } from './problems.ts';

export interface MemberNow {
  readonly status: MemberStatus;
  /** It is set up, and its pod can be used. */
  readonly ready: boolean;
  /** Present when it is not ready, or when it could not be told something. */
  readonly problem: Problem | undefined;
  /** Something is being done in it, or will be by itself. */
  readonly busy: boolean;
  /** How often its scripts are asked to set it up by now, as long as that is wanted. */
  readonly attempt: number | undefined;
  /** What it is to be told. */
  readonly update: UpdateWanted | undefined;
  /** Id of the container that runs now; empty: none does. */
  readonly container: string;
}

/** What is known of members of a role beyond what a pod shows. */
export type MemberContext = Omit<SetupContext, 'container' | 'running' | 'ready' | 'view'>;

/**
 * @param pod the member's, if it has one
 * @param view of the work in it, if there is any
 */
export function memberNow(
  recorded: MemberStatus,
  pod: Pod | undefined,
  context: MemberContext,
  view?: WorkView,
): MemberNow {
  const present = appStatus(pod)?.containerID ?? '';
  const container = runs(pod) ? present : '';
  const usable = pod !== undefined && isReady(pod);
  const setup = setupNow(recorded, { ...context, container: present, running: container, ready: usable, view });
  const updating = { ...context, view };
  const wasConfigured = recorded.state === 'configured' && setup.state === 'configured' && context.hasPackage;
  const update =
    wasConfigured && context.told ? updateWanted(recorded.stateDetail ?? {}, container, updating) : undefined;
  const detail = wasConfigured && context.told ? updated(setup.detail, container, updating) : setup.detail;
  const status: MemberStatus = { ...recorded, state: setup.state, stateDetail: seenOf(detail, pod, view) };
  const ready = setup.state === 'configured' && usable;
  return {
    ...{ status, ready, update, container, attempt: setup.attempt },
    busy: isBusy(status) || (setup.state === 'configured' && update !== undefined),
    problem: ready ? untold(status, view) : problemOf(status, pod, context, view),
  };
}

/** Something is tried again, or waits to be told. */
export function isBusy(member: MemberStatus): boolean {
  if (member.state !== 'configured') return nextRetryMs(member) !== undefined;
  const { pendingNotifyCmds = [], updateTries = 0 } = member.stateDetail ?? {};
  return updateTries > 0 || pendingNotifyCmds.some((entry) => !isGivenUp(entry));
}

const runs = (pod: Pod | undefined): boolean =>
  pod?.status?.phase === 'Running' && appStatus(pod)?.state?.running !== undefined;

/** Of what a scheduler says about a thousand members, status keeps this much each; conditions have it in full. */
const longestDetail = 160;

function seenOf(detail: Detail, pod: Pod | undefined, view: WorkView | undefined): Detail {
  const scheduling = unschedulable(pod);
  return {
    ...without(detail, 'schedulingErrorMessage', 'storageInitProgress'),
    ...(scheduling !== undefined && { schedulingErrorMessage: shortened(scheduling, longestDetail) }),
    ...(pod?.storageInitProgress !== undefined && { storageInitProgress: pod.storageInitProgress }),
    lastKnownContainerState: view?.trouble && isRunning(pod) ? 'unresponsive' : containerStateOf(pod),
  };
}

const isRunning = (pod: Pod | undefined): boolean => containerStateOf(pod) === 'running';

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

function problemOf(
  { pod: name, state, stateDetail }: MemberStatus,
  pod: Pod | undefined,
  { needed, told }: MemberContext,
  view: WorkView | undefined,
): Problem {
  const say = (reason: Problem['reason'], what: string): Problem => ({ reason, message: `member ${name} ${what}` });
  if (!pod) return say('PodMissing', 'is waiting for its pod to be made');
  const { phase, reason, message } = pod.status ?? {};
  if (isGoing(pod)) return say('PodTerminating', 'is waiting for its pod to stop');
  if (phase === 'Failed') return say('PodFailed', `has failed${detail(reason, message)}`);
  const scheduling = unschedulable(pod);
  if (scheduling !== undefined) return say('Unschedulable', `is waiting for a node: ${scheduling}`);
  if (state === 'config error')
    return say(
      'ConfigError',
      `could not be configured${detail(stateDetail?.configErrorDetail, lastLine(stateDetail))}`,
    );
  const init = pod.status?.initContainerStatuses?.find(({ state: now }) => !now?.terminated || now.terminated.exitCode);
  const container = init ?? appStatus(pod);
  const waiting = container?.state?.waiting;
  if (waiting?.reason && waiting.reason in waitingReasons) {
    const [problem, what] = waitingReasons[waiting.reason]!;
    return say(problem, `${what}${detail(problem === 'ContainerCrashing' ? lastWords(container) : waiting.message)}`);
  }
  if (init?.state?.running) return say('StorageInitializing', 'is copying its persisted directories to its volume');
  if (container?.state?.running && needed && state !== 'configured') {
    if (view?.trouble) return say('MemberUnreachable', `cannot be reached${detail(view.trouble)}`);
    if (!told) return say('MemberWaiting', 'is waiting for what it is connected to');
    return say('MemberConfiguring', `is being configured${detail(view?.phase && phaseWords[view.phase])}`);
  }
  if (container?.state?.running)
    return say('MemberNotReady', `runs but is not ready${detail(condition(pod, 'Ready')?.message)}`);
  return say('MemberStarting', 'is starting');
}

/** What is going on in a member, for people who have to wait for it. */
const phaseWords: Readonly<Record<GuestPhase, string>> = {
  checking: 'looking at what has been done in it',
  injecting: 'fetching files',
  systemd: 'waiting for systemd',
  fetching: 'fetching its setup package',
  unpacking: 'unpacking its setup package',
  configuring: 'its start script runs',
  waiting: 'waiting for what runs in it already',
  notifying: 'its start script is told of changes',
};

/** A member that serves, and has not heard everything. */
function untold({ pod, stateDetail = {} }: MemberStatus, view: WorkView | undefined): Problem | undefined {
  const { pendingNotifyCmds = [], updateTries = 0 } = stateDetail;
  const failing = pendingNotifyCmds.find(({ tries = 0 }) => tries > 0);
  if (failing) {
    const [what] = failing.arguments ?? [];
    const times = failing.tries === 1 ? 'once' : `${failing.tries} times`;
    const words = `its start script failed ${times} when it was told ${what}${detail(lastLine(stateDetail))}`;
    return { reason: 'NotificationFailed', message: `member ${pod} has not heard everything: ${words}` };
  }
  if (view?.trouble && view.state === 'running')
    return { reason: 'MemberUnreachable', message: `member ${pod} cannot be told of changes${detail(view.trouble)}` };
  if (updateTries > 0) {
    const why = detail(view?.failure?.detail);
    return { reason: 'MemberUnreachable', message: `member ${pod} does not take its configuration${why}` };
  }
  return undefined;
}

/** What the script said last, for people who know it. */
const lastLine = ({ startScriptStderrMessage: errors, startScriptStdoutMessage: output }: Detail = {}) =>
  (errors?.trim() || output?.trim())?.split('\n').at(-1);

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
