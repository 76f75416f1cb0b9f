/**
 * One role: what becomes of its StatefulSet, of the Services and claims of its members, and of its part of status. Roles know
 * nothing of each other, so that none waits for another.
 */

import { claimName, memberServiceName, type Naming, statefulSetName } from '../../openapi/child-names.ts';
import type { ClusterRole, MemberStatus, RoleStatus } from '../../openapi/v1beta1/kubedirectorcluster.ts';
import type { StatefulSet } from '../host-types.ts';
import type { Blueprint, RoleBlueprint } from './blueprint.ts';
import { blockDevicePaths } from './claims.ts';
import { type Current, isGoing, podOf, statefulSetOfRole } from './current.ts';
import { memberServiceFor } from './desired.ts';
import { effectiveRole } from './effective-role.ts';
import { farewellTo } from './farewell.ts';
import { type MemberNow, memberNow } from './members.ts';
import { membershipOf } from './membership.ts';
import { type NodeIDs, nodeIDsText } from './node-ids.ts';
import { volumeName } from './persisted.ts';
import type { Problem } from './problems.ts';
import { planService } from './services.ts';
import { planStatefulSet, retire } from './stateful-set.ts';
import type { Part, Step } from './steps.ts';

export interface RolePlan {
  readonly id: string;
  readonly steps: readonly Step[];
  /** Absent when nothing of the role is left. */
  readonly status: RoleStatus | undefined;
  readonly desired: number;
  readonly members: readonly MemberNow[];
  readonly leaving: number;
  /** What is wrong with the role apart from its members. */
  readonly problems: readonly Problem[];
  readonly recordFirst: boolean;
  /** Names of the Services that its members have, or have until they are gone. */
  readonly services: readonly string[];
  readonly statefulSet: string;
  /** Pods that are there and not going. */
  readonly running: number;
}

const noService = 'n/a';

export function planRole(id: string, blueprint: Blueprint, naming: Naming, current: Current, ids: NodeIDs): RolePlan {
  const { cluster, found } = blueprint;
  const role = cluster.spec.roles.find((candidate) => candidate.id === id);
  const recorded = cluster.status?.roles?.find((candidate) => candidate.id === id);
  const name = recorded?.statefulSet || statefulSetOfRole(current, id)?.metadata.name || statefulSetName(naming, id);
  const effective = effectiveRole(found.app.spec, id);
  const image = effective?.image;
  if (role && (!effective || !image)) {
    const lack = effective ? 'names no image for' : 'has no';
    return untouched(role, recorded, name, `app ${found.app.metadata.name} ${lack} role ${id}`);
  }

  const desired = role ? (role.members ?? effective!.cardinality.least) : 0;
  const seen = current.statefulSets.get(name);
  const statefulSet = seen && current.standingOf(seen) !== 'other' ? seen : undefined;
  const describe = (pod: string) => described(pod, role, naming, (effective?.ports.length ?? 0) > 0);
  const membership = membershipOf(desired, name, recorded, statefulSet, ids, describe);
  const { staying, leaving, replicas, recordFirst } = membership;
  const nodeIDs = nodeIDsText(staying.map(({ nodeID = 0 }) => nodeID));
  const wanted: RoleBlueprint | undefined = role && {
    ...blueprint,
    role,
    effective: { ...effective!, image: image! },
    statefulSet: name,
    replicas,
    nodeIDs,
  };

  const farewell = farewellTo(leaving, statefulSet, cluster, current);
  const members = staying.map((member) => memberNow(member, podOf(current, statefulSet, member.pod)));
  const here = members.length + farewell.remaining.length;
  const parts = [
    wanted && desired + here > 0 ? planStatefulSet(wanted, seen, current) : retire(statefulSet, here, cluster),
    ...(wanted ? servicesFor(staying, wanted, current) : []),
  ];
  return {
    id,
    statefulSet: name,
    desired,
    members,
    leaving: farewell.remaining.length,
    running: members.filter(({ status }) => isHere(current, statefulSet, status.pod)).length,
    services: [...staying, ...leaving].flatMap(({ service }) => service ?? []),
    status:
      here === 0 && !statefulSet
        ? undefined
        : { id, statefulSet: name, members: [...members.map(({ status }) => status), ...farewell.remaining] },
    steps: [...parts.flatMap(({ steps }) => steps), ...farewell.steps],
    problems: parts.flatMap(({ problems }) => problems),
    recordFirst,
  };
}

/** What a new member has. */
const described = (
  pod: string,
  role: ClusterRole | undefined,
  { scheme }: Naming,
  hasPorts: boolean,
): Partial<MemberStatus> => ({
  service: hasPorts ? memberServiceName(scheme, pod) : noService,
  ...(role?.storage && { pvc: claimName(volumeName, pod) }),
  ...(role?.blockStorage && { blockDevicePaths: blockDevicePaths(role) }),
});

const servicesFor = (members: readonly MemberStatus[], blueprint: RoleBlueprint, current: Current): Part[] =>
  members.flatMap(({ pod, service }) => {
    const wanted = service && service !== noService ? memberServiceFor(blueprint, service, pod) : undefined;
    return wanted ? [planService(wanted, blueprint.cluster, current, `member ${pod} has ports`)] : [];
  });

const isHere = (current: Current, statefulSet: StatefulSet | undefined, name: string): boolean => {
  const pod = podOf(current, statefulSet, name);
  return pod !== undefined && !isGoing(pod);
};

/** The app does not say how to build the role: what is there stays as it is. */
const untouched = (
  role: ClusterRole,
  recorded: RoleStatus | undefined,
  statefulSet: string,
  message: string,
): RolePlan => ({
  id: role.id,
  steps: [],
  problems: [{ reason: 'RoleNotInApp', message }],
  status: recorded,
  desired: role.members ?? recorded?.members?.length ?? 0,
  members: [],
  leaving: 0,
  recordFirst: false,
  services: recorded?.members?.flatMap(({ service }) => service ?? []) ?? [],
  statefulSet,
  running: 0,
});
