/**
 * The plan: from what a cluster is to be and what was seen of it, the steps that bring one to the other, and the status that says how
 * far that is. The heart of the controller, and pure: no calls, no clock but the time it is given, no chance.
 *
 * Carrying the steps out leaves nothing to do; carrying out only some of them, in any order, is made good by the next plan.
 */

import { headlessServiceName } from '../../openapi/child-names.ts';
import { controllerReference } from '../../openapi/machinery/meta.ts';
import type { ClusterRole, KubeDirectorCluster } from '../../openapi/v1beta1/kubedirectorcluster.ts';
import type { ClusterStatus, MemberStatus } from '../../openapi/v1beta1/kubedirectorcluster-status.ts';
import type { ConfigSpec } from '../../openapi/v1beta1/kubedirectorconfig.ts';
import type { Work, WorkView } from '../guest/work.ts';
import { lastNodeIDAnnotation, nodeIDsAnnotation } from './annotations.ts';
import { type Blueprint, type FoundApp, namespaceOf } from './blueprint.ts';
import { headlessServiceFor } from './children/desired.ts';
import { ownerStep } from './children/drift.ts';
import { planService } from './children/services.ts';
import { type Current, currentOf, headlessServiceIn, isGoing, roleOf } from './current.ts';
import type { EffectiveRole } from './effective-role.ts';
import { type Configuration, configurationOf } from './guests/configuration.ts';
import type { Connected } from './guests/connected.ts';
import { setupWork, updateWork } from './guests/guest-work.ts';
import { domainOf, type RoleMembers } from './guests/own-configmeta.ts';
import { partingFrom } from './guests/parting.ts';
import { wantsRetry } from './guests/retries.ts';
import { withTidings } from './guests/telling.ts';
import { nextRetryMs } from './guests/updates.ts';
import type { MemberContext } from './members.ts';
import { namingFor } from './naming.ts';
import { NodeIDs, parseNodeIDs } from './node-ids.ts';
import type { Children } from './ports.ts';
import { namespaceGoes, type Problem } from './problems.ts';
import { draftRole, planRole, type RoleDraft, type RolePlan } from './roles.ts';
import { type Assessment, statusFor, statusWithoutApp } from './status.ts';
import { remove, type Step } from './steps.ts';

/** What is wanted. */
export interface Intent {
  readonly cluster: KubeDirectorCluster;
  /** Absent: there is no such app. */
  readonly found: FoundApp | undefined;
  readonly config: ConfigSpec;
}

/** What was seen. */
export interface Observed {
  readonly nowMs: number;
  readonly children: Children;
  /** What the cluster is connected to. */
  readonly connected: Connected;
  /** Of the work in members, by pod. */
  readonly works: ReadonlyMap<string, WorkView>;
  /** Above 0: for so long nothing can be created, because the namespace is going. */
  readonly pausedForMs?: number;
}

export interface Plan {
  readonly steps: readonly Step[];
  /** The status as it is before the steps; with what becomes of them, `assessment` and `statusFor` give the one after. */
  readonly status: ClusterStatus | undefined;
  /** The status has to be stored before the first step: it holds new node ids, or members that are to go. */
  readonly recordFirst: boolean;
  /** What is to go on in members, or has ended and is not in status yet. */
  readonly work: readonly Work[];
  /** Look again after this time. */
  readonly wakeAfterMs?: number;
  /** Absent when there is nothing to assess. */
  readonly assessment?: Assessment;
}

const nothing = { steps: [], work: [], recordFirst: false };

export function plan({ cluster, found, config }: Intent, observed: Observed): Plan {
  // The garbage collector is at work; whatever we made now would be in its way.
  if (cluster.metadata.deletionTimestamp) return { ...nothing, status: cluster.status };
  if (!found) return { ...nothing, status: statusWithoutApp(cluster, observed.nowMs) };

  const current = currentOf(cluster, observed.children);
  const naming = namingFor(cluster, config);
  const clusterService =
    cluster.status?.clusterService || headlessServiceIn(current)?.metadata.name || headlessServiceName(naming);
  const blueprint: Blueprint = { cluster, found, config, clusterService };
  const ids = new NodeIDs(lastNodeID(cluster, current));
  const host = hostNameIn(blueprint);
  const parts = partingFrom(cluster, found.app.spec, host, observed.nowMs);
  const drafts = roleIDs(cluster, current).map((id) => draftRole(id, blueprint, naming, current, ids, parts));
  const { connected, works, nowMs } = observed;
  const configuration = connected.incomplete ? undefined : configurationOf(blueprint, membersOf(drafts), connected);
  const context = contextOf(cluster, configuration, nowMs);
  const planned = drafts
    .map((draft) => planRole(draft, blueprint, current, context, works))
    .map((role) => withProblems(role, connected.secretKeys.problems.get(role.id)));
  const roles = configuration ? withTidings(planned, drafts, configuration, host) : planned;
  const headless = planService(
    headlessServiceFor(blueprint, ids.last),
    cluster,
    current,
    'members get their host names from it',
  );
  const steps = [
    ...headless.steps,
    ...roles.flatMap((role) => role.steps),
    ...superfluousServices(blueprint, roles, current),
    ...claimOwners(cluster, roles, current),
  ];
  const { pausedForMs = 0 } = observed;
  const paused = pausedForMs > 0 && steps.some(isCreate);
  const assessment: Assessment = {
    ...{ cluster, app: found.app, clusterService, roles, nowMs, lastNodeID: ids.last },
    ...(configuration && { configuration: configuration.recorded }),
    problems: [
      ...headless.problems,
      ...connected.problems,
      ...(paused ? [namespaceGoes(namespaceOf({ cluster }))] : []),
    ],
  };
  const wakeAfterMs = earliest(paused ? pausedForMs : undefined, nextDeadlineMs(roles, nowMs));
  return {
    steps: paused ? steps.filter((step) => !isCreate(step)) : steps,
    status: statusFor(assessment),
    recordFirst: roles.some(({ recordFirst }) => recordFirst) || configuration?.isNew === true,
    work: configuration ? roles.flatMap((role) => workIn(role, configuration)) : [],
    assessment,
    ...(wakeAfterMs !== undefined && { wakeAfterMs }),
  };
}

const withProblems = (role: RolePlan, problems: readonly Problem[] = []): RolePlan =>
  problems.length === 0 ? role : { ...role, problems: [...role.problems, ...problems] };

const hostNameIn = ({ cluster, clusterService, config }: Blueprint): ((pod: string) => string) => {
  const domain = domainOf(cluster, clusterService, config);
  return (pod) => `${pod}.${domain}`;
};

/** Those whom others are told of. */
const membersOf = (drafts: readonly RoleDraft[]): RoleMembers[] =>
  drafts.flatMap(({ role, built }) => (role && built ? { role, members: built.membership.staying } : []));

const contextOf =
  (cluster: KubeDirectorCluster, configuration: Configuration | undefined, nowMs: number) =>
  (role: ClusterRole, { setupPackage }: EffectiveRole): MemberContext => ({
    needed: setupPackage !== undefined || (role.fileInjections ?? []).length > 0,
    hasPackage: setupPackage !== undefined,
    persists: role.storage != null,
    told: configuration !== undefined,
    generation: configuration?.generation ?? 0,
    connectionVersion: configuration?.connectionVersion ?? 0,
    nowMs,
    retryWanted: wantsRetry(cluster),
  });

const workIn = ({ blueprint, members }: RolePlan, configuration: Configuration): Work[] =>
  members.flatMap(({ status, attempt, update, container }) => {
    if (!blueprint || container === '') return [];
    if (attempt !== undefined) return [setupWork(blueprint, status, attempt, container, configuration)];
    return update ? [updateWork(blueprint, status, update, container, configuration)] : [];
  });

const earliest = (...times: readonly (number | undefined)[]): number | undefined => {
  const known = times.filter((time) => time !== undefined);
  return known.length > 0 ? Math.min(...known) : undefined;
};

/** When something is tried again, or a member no longer waited for. */
function nextDeadlineMs(roles: readonly RolePlan[], nowMs: number): number | undefined {
  const times = roles
    .flatMap(({ status }) => status?.members ?? [])
    .flatMap((member) => [nextRetryMs(member), leaveTimeMs(member)]);
  // What is overdue waits for something else than time.
  const next = earliest(...times.filter((time) => time !== undefined && time > nowMs));
  return next === undefined ? undefined : next - nowMs;
}

const leaveTimeMs = ({ state, stateDetail }: MemberStatus): number | undefined =>
  state === 'delete pending' && stateDetail?.leaveTime !== undefined ? Date.parse(stateDetail.leaveTime) : undefined;

const isCreate = ({ verb }: Step): boolean => verb === 'create';

/** The roles of the spec in their order, then those that are on their way out, as status or their StatefulSets tell. */
function roleIDs({ spec, status }: KubeDirectorCluster, { statefulSets, standingOf }: Current): string[] {
  const left = [...statefulSets.values()].filter((statefulSet) => standingOf(statefulSet) === 'ours');
  return [
    ...new Set([
      ...spec.roles.map(({ id }) => id),
      ...(status?.roles ?? []).map(({ id }) => id),
      ...left.flatMap((statefulSet) => roleOf(statefulSet) ?? []),
    ]),
  ];
}

/** The highest of all that status and the annotations know. */
function lastNodeID({ status }: KubeDirectorCluster, { statefulSets, services, standingOf }: Current): number {
  let last = status?.lastNodeID ?? 0;
  const atLeast = (id: number) => {
    if (id > last) last = id;
  };
  for (const role of status?.roles ?? []) for (const { nodeID } of role.members ?? []) atLeast(nodeID ?? 0);
  for (const child of [...statefulSets.values(), ...services.values()]) {
    if (standingOf(child) === 'other') continue;
    const { annotations } = child.metadata;
    for (const id of parseNodeIDs(annotations?.[nodeIDsAnnotation])) atLeast(id);
    for (const id of parseNodeIDs(annotations?.[lastNodeIDAnnotation])) atLeast(id);
  }
  return last;
}

/** Services that we made and that nobody needs any more, as when status was lost while a role was shrinking. */
function superfluousServices(
  { clusterService }: Blueprint,
  roles: readonly RolePlan[],
  { services, standingOf }: Current,
): Step[] {
  const needed = new Set([clusterService, ...roles.flatMap((role) => role.services)]);
  return [...services.values()]
    .filter((service) => standingOf(service) === 'ours' && !needed.has(service.metadata.name) && !isGoing(service))
    .map((service) => remove(service, 'it belongs to no member'));
}

/**
 * Claims are made by the StatefulSet controller and go with the cluster, or stay behind, by the owner that we give them. So it needs
 * neither a finalizer of ours nor a host that knows persistentVolumeClaimRetentionPolicy.
 */
function claimOwners(
  cluster: KubeDirectorCluster,
  roles: readonly RolePlan[],
  { claims, standingOf }: Current,
): Step[] {
  const owned = cluster.spec.claimRetention?.whenDeleted !== 'Retain';
  const owner = controllerReference(cluster);
  const statefulSets = new Set(roles.map(({ statefulSet }) => statefulSet));
  return [...claims.values()].flatMap((claim) => {
    const madeFor = /^(?:p|b\d+)-(.+)-\d+$/.exec(claim.metadata.name)?.[1] ?? '';
    if (!statefulSets.has(madeFor) || standingOf(claim) === 'other' || isGoing(claim)) return [];
    return ownerStep(claim, owner, owned, owned ? 'the claim goes with the cluster' : 'the claim stays behind') ?? [];
  });
}
