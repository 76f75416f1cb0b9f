/**
 * The plan: from what a cluster is to be and what was seen of it, the steps that bring one to the other, and the status that says how
 * far that is. The heart of the controller, and pure: no calls, no clock but the time it is given, no chance.
 *
 * Carrying the steps out leaves nothing to do; carrying out only some of them, in any order, is made good by the next plan.
 */

import { headlessServiceName, type Naming } from '../../openapi/child-names.ts';
import { controllerReference } from '../../openapi/machinery/meta.ts';
import type { ClusterStatus, KubeDirectorCluster } from '../../openapi/v1beta1/kubedirectorcluster.ts';
import type { ConfigSpec } from '../../openapi/v1beta1/kubedirectorconfig.ts';
import { lastNodeIDAnnotation, nodeIDsAnnotation } from './annotations.ts';
import { type Blueprint, type FoundApp, namespaceOf } from './blueprint.ts';
import { type Current, currentOf, headlessServiceIn, isGoing, roleOf } from './current.ts';
import { headlessServiceFor } from './desired.ts';
import { ownerStep } from './drift.ts';
import { NodeIDs, parseNodeIDs } from './node-ids.ts';
import type { Children } from './ports.ts';
import { namespaceGoes } from './problems.ts';
import { planRole, type RolePlan } from './roles.ts';
import { planService } from './services.ts';
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
  /** Above 0: for so long nothing can be created, because the namespace is going. */
  readonly pausedForMs?: number;
}

export interface Plan {
  readonly steps: readonly Step[];
  /** The status as it is before the steps; with what becomes of them, `assessment` and `statusFor` give the one after. */
  readonly status: ClusterStatus | undefined;
  /** The status has to be stored before the first step: it holds new node ids, or members that are to go. */
  readonly recordFirst: boolean;
  /** Look again after this time. */
  readonly wakeAfterMs?: number;
  /** Absent when there is nothing to assess. */
  readonly assessment?: Assessment;
}

export function plan({ cluster, found, config }: Intent, observed: Observed): Plan {
  // The garbage collector is at work; whatever we made now would be in its way.
  if (cluster.metadata.deletionTimestamp) return { steps: [], status: cluster.status, recordFirst: false };
  if (!found) return { steps: [], status: statusWithoutApp(cluster, observed.nowMs), recordFirst: false };

  const current = currentOf(cluster, observed.children);
  const naming = namingFor(cluster, config);
  const clusterService =
    cluster.status?.clusterService || headlessServiceIn(current)?.metadata.name || headlessServiceName(naming);
  const blueprint: Blueprint = { cluster, found, config, clusterService };
  const ids = new NodeIDs(lastNodeID(cluster, current));
  const roles = roleIDs(cluster, current).map((id) => planRole(id, blueprint, naming, current, ids));
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
    ...{ cluster, app: found.app, clusterService, roles, nowMs: observed.nowMs, lastNodeID: ids.last },
    problems: [...headless.problems, ...(paused ? [namespaceGoes(namespaceOf({ cluster }))] : [])],
  };
  return {
    steps: paused ? steps.filter((step) => !isCreate(step)) : steps,
    status: statusFor(assessment),
    recordFirst: roles.some(({ recordFirst }) => recordFirst),
    assessment,
    ...(paused && { wakeAfterMs: pausedForMs }),
  };
}

const isCreate = ({ verb }: Step): boolean => verb === 'create';

export const namingFor = (cluster: KubeDirectorCluster, config: ConfigSpec): Naming => ({
  scheme: cluster.spec.namingScheme ?? config.defaultNamingScheme ?? 'Readable',
  namespace: namespaceOf({ cluster }),
  cluster: cluster.metadata.name,
});

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
