/**
 * The status of a cluster: what its members are, what that amounts to, and the conditions that people and programs wait for, of the
 * whole and of each role. They name the one thing that is wrong, the worst first.
 */

import { timestamp } from '../../openapi/machinery/clock.ts';
import type { Condition } from '../../openapi/machinery/meta.ts';
import type { KubeDirectorApp } from '../../openapi/v1beta1/kubedirectorapp.ts';
import type { KubeDirectorCluster } from '../../openapi/v1beta1/kubedirectorcluster.ts';
import type { ClusterState, ClusterStatus, RoleStatus } from '../../openapi/v1beta1/kubedirectorcluster-status.ts';
import type { Configuration } from './guests/configuration.ts';
import { retryAnnotation } from './guests/retries.ts';
import { isStable } from './guests/setup.ts';
import type { MemberNow } from './members.ts';
import { isAlarming, isHarmless, type Problem, stalls, worstOf } from './problems.ts';
import type { RolePlan } from './roles.ts';
import { rollupOf } from './rollup.ts';
import { scaleFor } from './scale.ts';

/** Everything that a status is made from. */
export interface Assessment {
  readonly cluster: KubeDirectorCluster;
  readonly app: KubeDirectorApp;
  readonly clusterService: string;
  readonly roles: readonly RolePlan[];
  readonly lastNodeID: number;
  readonly nowMs: number;
  /** What is wrong apart from roles. */
  readonly problems: readonly Problem[];
  /** Absent: what members are to be told is not known yet. */
  readonly configuration?: Configuration['recorded'];
}

/** @param failures what went wrong while the steps were carried out */
export function statusFor(assessment: Assessment, failures: readonly Problem[] = []): ClusterStatus {
  const { cluster, app, clusterService, roles, lastNodeID, nowMs, configuration } = assessment;
  const whole = bearingOf(roles, [...failures, ...assessment.problems]);
  const scale = scaleFor(cluster, app.spec, (id) => roles.find((role) => role.id === id)?.running ?? 0);
  const before = cluster.status;
  const roleStatuses = roles.flatMap((role) => roleStatus(role, before, cluster, nowMs) ?? []);
  const retried = cluster.metadata.annotations?.[retryAnnotation];
  return {
    ...before,
    ...observedGeneration(cluster),
    state: stateAfter(before?.state, whole.settled),
    conditions: conditionsAfter(before?.conditions, cluster, nowMs, verdictsOn(whole)),
    desiredMembers: whole.desired,
    readyMembers: whole.ready,
    ...(scale && { scale }),
    memberStateRollup: rollupOf(roleStatuses),
    clusterService,
    lastNodeID,
    ...configuration,
    ...(retried !== undefined && configuration && { lastRetry: retried }),
    roles: roleStatuses,
  };
}

function roleStatus(
  role: RolePlan,
  before: ClusterStatus | undefined,
  cluster: KubeDirectorCluster,
  nowMs: number,
): RoleStatus | undefined {
  if (!role.status) return undefined;
  const recorded = before?.roles?.find(({ id }) => id === role.id)?.conditions;
  const verdicts = verdictsOn(bearingOf([role], [])).filter(({ type }) => type !== 'Stalled');
  const { members = [], ...rest } = role.status;
  return { ...rest, conditions: conditionsAfter(recorded, cluster, nowMs, verdicts), members };
}

/** How a cluster, or one of its roles, is: all that the conditions are made from. */
interface Bearing {
  readonly desired: number;
  readonly ready: number;
  readonly leaving: number;
  /** Pods of members that are being told of changes. */
  readonly updating: readonly string[];
  /** Pods of members that have yet to hear who leaves, for whom those wait. */
  readonly awaited: readonly string[];
  /** Nothing is left to do. */
  readonly settled: boolean;
  readonly problems: readonly Problem[];
  readonly ofMembers: readonly Problem[];
}

function bearingOf(roles: readonly RolePlan[], others: readonly Problem[]): Bearing {
  const members = roles.flatMap((role) => role.members);
  const problems = [...others, ...roles.flatMap((role) => role.problems)];
  const [desired, leaving] = [sum(roles, (role) => role.desired), sum(roles, (role) => role.leaving)];
  return {
    ...{ desired, leaving, problems },
    ready: members.filter(({ ready }) => ready).length,
    updating: members.filter(({ busy, status }) => busy && status.state === 'configured').map(podOf),
    awaited: roles.some(hasPending) ? members.filter(hasToHear).map(podOf) : [],
    settled:
      leaving === 0 &&
      members.length === desired &&
      members.every(({ status, busy }) => isStable(status.state) && !busy) &&
      problems.every((problem) => stalls(problem) && isHarmless(problem)),
    ofMembers: members.flatMap(({ problem }) => problem ?? []),
  };
}

const podOf = ({ status }: MemberNow): string => status.pod;
const hasPending = ({ status }: RolePlan): boolean =>
  (status?.members ?? []).some(({ state }) => state === 'delete pending');
const hasToHear = ({ status }: MemberNow): boolean =>
  (status.stateDetail?.pendingNotifyCmds ?? []).some(({ arguments: words }) => words?.[0] === '--delnodes');

/** Without its app nobody can say what a cluster is to be; what it has stays as it is, in status too. */
export function statusWithoutApp(cluster: KubeDirectorCluster, nowMs: number): ClusterStatus {
  const { app, appCatalog } = cluster.spec;
  const where = appCatalog ? ` in the ${appCatalog} catalog` : '';
  const verdict = { status: 'False', reason: 'AppNotFound', message: `app ${app} was not found${where}` } as const;
  return {
    ...cluster.status,
    ...observedGeneration(cluster),
    state: cluster.status?.state ?? 'creating',
    conditions: conditionsAfter(cluster.status?.conditions, cluster, nowMs, [
      { type: 'Ready', ...verdict },
      { type: 'Progressing', ...verdict },
      { type: 'Degraded', ...verdict, status: 'True' },
      { type: 'Stalled', ...verdict, status: 'True' },
    ]),
  };
}

type Verdict = Pick<Condition, 'status' | 'reason' | 'message'>;

/**
 * Ready: everybody that is wanted serves. Progressing: something is being done about what is missing. Degraded: something is wrong that
 * somebody should hear of. Stalled, for programs that wait (kstatus): nothing is being done, and it is not Ready.
 */
function verdictsOn(bearing: Bearing): (Verdict & { type: string })[] {
  const [ready, progressing] = [readiness(bearing), progress(bearing)];
  const isStalled = ready.status === 'False' && progressing.status === 'False';
  return [
    { type: 'Ready', ...ready },
    { type: 'Progressing', ...progressing },
    { type: 'Degraded', ...degradation(bearing) },
    { type: 'Stalled', ...progressing, ...(isStalled ? { status: 'True' as const } : fine) },
  ];
}

const fine: Verdict = { status: 'False', reason: 'AsExpected', message: 'nothing is wrong' };

function readiness({ ready, desired, problems, ofMembers }: Bearing): Verdict {
  const isReady = ready === desired && problems.every(isHarmless);
  if (isReady) {
    const all = desired === 1 ? 'the one member is ready' : `all ${desired} members are ready`;
    const message = desired === 0 ? 'the cluster has no members' : all;
    return { status: 'True', reason: 'AllMembersReady', message };
  }
  const worst = worstOf([...problems, ...ofMembers]);
  const tally = `${ready} of ${desired} members are ready`;
  // Members that cannot be there yet, because their predecessors have not gone, have no problem of their own.
  if (!worst) return { status: 'False', reason: 'MembersMissing', message: tally };
  return { status: 'False', reason: worst.reason, message: `${worst.message}; ${tally}` };
}

function progress({ ready, desired, leaving, updating, awaited, settled, problems, ofMembers }: Bearing): Verdict {
  const stalling = worstOf(problems.filter(stalls));
  if (stalling) return { status: 'False', reason: stalling.reason, message: stalling.message };
  const error = worstOf(ofMembers.filter(({ reason }) => reason === 'ConfigError'));
  if (settled && error) return { status: 'False', reason: error.reason, message: error.message };
  if (settled) return { status: 'False', reason: 'Complete', message: 'the cluster is as its spec says' };
  // What is tried again is told even where members serve in spite of it.
  const retried = worstOf(problems);
  if (retried) return { status: 'True', reason: retried.reason, message: retried.message };
  const tally = `${ready} of ${desired} members are ready`;
  if (leaving > 0) {
    const until = awaited.length > 0 ? `, once it is known to ${named(awaited)}` : '';
    return { status: 'True', reason: 'MembersLeaving', message: `${tally}, ${leaving} leaving${until}` };
  }
  return ready === desired && updating.length > 0
    ? { status: 'True', reason: 'MembersUpdating', message: `${tally}; being told of changes: ${named(updating)}` }
    : { status: 'True', reason: 'MembersStarting', message: tally };
}

/** The first by name: where one hangs, it is the one that is left. */
const named = ([first = '', ...others]: readonly string[]): string =>
  others.length > 0 ? `${first} and ${others.length} more` : first;

function degradation({ problems, ofMembers }: Bearing): Verdict {
  const worst = worstOf([...problems, ...ofMembers].filter(({ reason }) => isAlarming(reason)));
  return worst ? { status: 'True', reason: worst.reason, message: worst.message } : fine;
}

/** `creating` lasts until everything was well for the first time. */
const stateAfter = (before: ClusterState | undefined, settled: boolean): ClusterState => {
  if (settled) return 'configured';
  return before === undefined || before === 'creating' ? 'creating' : 'updating';
};

/** `lastTransitionTime` moves only when `status` does (K-625); conditions of other types are left as they are. */
function conditionsAfter(
  before: readonly Condition[] = [],
  { metadata }: KubeDirectorCluster,
  nowMs: number,
  verdicts: readonly (Verdict & { type: string })[],
): Condition[] {
  const after = verdicts.map((verdict): Condition => {
    const earlier = before.find(({ type }) => type === verdict.type);
    return {
      ...verdict,
      ...(metadata.generation !== undefined && { observedGeneration: metadata.generation }),
      lastTransitionTime: earlier?.status === verdict.status ? earlier.lastTransitionTime : timestamp(nowMs),
    };
  });
  return [...after, ...before.filter(({ type }) => !verdicts.some((verdict) => verdict.type === type))];
}

const observedGeneration = ({ metadata: { generation } }: KubeDirectorCluster) =>
  generation === undefined ? {} : { observedGeneration: generation };

const sum = <T>(items: readonly T[], count: (item: T) => number): number =>
  items.reduce((total, item) => total + count(item), 0);
