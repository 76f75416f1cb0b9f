/**
 * The status of a cluster: what its members are, what that amounts to, and the two conditions that people and programs wait for.
 *
 * Ready: every member that is wanted serves. Progressing: work is under way. Both name the one thing that is wrong, the worst first.
 */

import { timestamp } from '../../openapi/machinery/clock.ts';
import type { Condition } from '../../openapi/machinery/meta.ts';
import type { KubeDirectorApp } from '../../openapi/v1beta1/kubedirectorapp.ts';
import type { ClusterState, ClusterStatus, KubeDirectorCluster } from '../../openapi/v1beta1/kubedirectorcluster.ts';
import { isStable } from './members.ts';
import { isHarmless, type Problem, stalls, worstOf } from './problems.ts';
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
}

/** @param failures what went wrong while the steps were carried out */
export function statusFor(assessment: Assessment, failures: readonly Problem[] = []): ClusterStatus {
  const { cluster, app, clusterService, roles, lastNodeID, nowMs } = assessment;
  const members = roles.flatMap((role) => role.members);
  const count: Count = {
    desired: sum(roles, ({ desired }) => desired),
    ready: members.filter(({ ready }) => ready).length,
    leaving: sum(roles, ({ leaving }) => leaving),
  };
  const problems = [...failures, ...assessment.problems, ...roles.flatMap((role) => role.problems)];
  const settled =
    count.leaving === 0 &&
    members.length === count.desired &&
    members.every(({ status }) => isStable(status.state)) &&
    problems.every((problem) => stalls(problem) && isHarmless(problem));
  const scale = scaleFor(cluster, app.spec, (id) => roles.find((role) => role.id === id)?.running ?? 0);
  const roleStatuses = roles.flatMap(({ status }) => status ?? []);
  return {
    ...cluster.status,
    ...observedGeneration(cluster),
    state: stateAfter(cluster.status?.state, settled),
    conditions: conditionsAfter(cluster, nowMs, [
      {
        type: 'Ready',
        ...readiness(
          count,
          problems,
          members.flatMap(({ problem }) => problem ?? []),
        ),
      },
      { type: 'Progressing', ...progress(count, settled, problems) },
    ]),
    desiredMembers: count.desired,
    readyMembers: count.ready,
    ...(scale && { scale }),
    memberStateRollup: rollupOf(roleStatuses),
    clusterService,
    lastNodeID,
    roles: roleStatuses,
  };
}

/** Without its app nobody can say what a cluster is to be; what it has stays as it is, in status too. */
export function statusWithoutApp(cluster: KubeDirectorCluster, nowMs: number): ClusterStatus {
  const { app, appCatalog } = cluster.spec;
  const where = appCatalog ? ` in the ${appCatalog} catalog` : '';
  const verdict = { status: 'False', reason: 'AppNotFound', message: `app ${app} was not found${where}` } as const;
  return {
    ...cluster.status,
    ...observedGeneration(cluster),
    state: cluster.status?.state ?? 'creating',
    conditions: conditionsAfter(cluster, nowMs, [
      { type: 'Ready', ...verdict },
      { type: 'Progressing', ...verdict },
    ]),
  };
}

interface Count {
  readonly desired: number;
  readonly ready: number;
  readonly leaving: number;
}

type Verdict = Pick<Condition, 'status' | 'reason' | 'message'>;

function readiness(count: Count, problems: readonly Problem[], ofMembers: readonly Problem[]): Verdict {
  const { ready, desired } = count;
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

function progress({ ready, desired, leaving }: Count, settled: boolean, problems: readonly Problem[]): Verdict {
  const stalling = worstOf(problems.filter(stalls));
  if (stalling) return { status: 'False', reason: stalling.reason, message: stalling.message };
  if (settled) return { status: 'False', reason: 'Complete', message: 'the cluster is as its spec says' };
  // What is tried again is told even where members serve in spite of it.
  const retried = worstOf(problems);
  if (retried) return { status: 'True', reason: retried.reason, message: retried.message };
  const tally = `${ready} of ${desired} members are ready`;
  return leaving > 0
    ? { status: 'True', reason: 'MembersLeaving', message: `${tally}, ${leaving} leaving` }
    : { status: 'True', reason: 'MembersStarting', message: tally };
}

/** `creating` lasts until everything was well for the first time. */
const stateAfter = (before: ClusterState | undefined, settled: boolean): ClusterState => {
  if (settled) return 'configured';
  return before === undefined || before === 'creating' ? 'creating' : 'updating';
};

/** `lastTransitionTime` moves only when `status` does (K-625); conditions of other types are left as they are. */
function conditionsAfter(
  { status, metadata }: KubeDirectorCluster,
  nowMs: number,
  verdicts: readonly (Verdict & { type: string })[],
): Condition[] {
  const before = status?.conditions ?? [];
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
