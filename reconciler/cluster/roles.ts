/**
 * One role: what becomes of its StatefulSet, of the Services and claims of its members, and of its part of status. Roles know
 * nothing of each other, so that none waits for another.
 */

import { claimName, memberServiceName, type Naming, statefulSetName } from '../../openapi/child-names.ts';
import type { ClusterRole } from '../../openapi/v1beta1/kubedirectorcluster.ts';
import type { MemberStatus, RoleStatus } from '../../openapi/v1beta1/kubedirectorcluster-status.ts';
import type { WorkView } from '../guest/work.ts';
import type { StatefulSet } from '../host-types.ts';
import type { Blueprint, RoleBlueprint } from './blueprint.ts';
import { blockDevicePaths } from './children/claims.ts';
import { memberServiceFor } from './children/desired.ts';
import { volumeName } from './children/persisted.ts';
import { planService } from './children/services.ts';
import { planStatefulSet, retire } from './children/stateful-set.ts';
import { type Current, isGoing, podOf, statefulSetOfRole } from './current.ts';
import { type EffectiveRole, effectiveRole } from './effective-role.ts';
import { farewellTo } from './farewell.ts';
import { type MemberContext, type MemberNow, memberNow } from './members.ts';
import { type Membership, membershipOf } from './membership.ts';
import { type NodeIDs, nodeIDsText } from './node-ids.ts';
import type { Problem } from './problems.ts';
import type { Part, Step } from './steps.ts';

/** A role before it is planned: who its members are, on which everything that members are told depends. */
export interface RoleDraft {
  readonly id: string;
  readonly recorded: RoleStatus | undefined;
  /** Name of its StatefulSet. */
  readonly statefulSet: string;
  /** Absent: the role is not in the spec any more. */
  readonly role: ClusterRole | undefined;
  /** Absent: the app does not say how to build the role; then what is there stays as it is. */
  readonly built:
    | {
        readonly effective: EffectiveRole | undefined;
        readonly desired: number;
        /** What is there under its name, whosever it is, and the same if it is ours or nobody's. */
        readonly seen: StatefulSet | undefined;
        readonly present: StatefulSet | undefined;
        readonly membership: Membership;
      }
    | undefined;
}

export interface RolePlan {
  readonly id: string;
  readonly steps: readonly Step[];
  /** Absent when nothing of the role is left. Its members are those below, and those that leave. */
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
  /** What the members are built from; absent when the role is not wanted or cannot be built. */
  readonly blueprint: RoleBlueprint | undefined;
}

const noService = 'n/a';

/** @param parts how a member that is to go does it */
export function draftRole(
  id: string,
  blueprint: Blueprint,
  naming: Naming,
  current: Current,
  ids: NodeIDs,
  parts: (member: MemberStatus) => MemberStatus,
): RoleDraft {
  const { cluster, found } = blueprint;
  const role = cluster.spec.roles.find((candidate) => candidate.id === id);
  const recorded = cluster.status?.roles?.find((candidate) => candidate.id === id);
  const statefulSet =
    recorded?.statefulSet || statefulSetOfRole(current, id)?.metadata.name || statefulSetName(naming, id);
  const effective = effectiveRole(found.app.spec, id);
  const draft = { id, role, recorded, statefulSet };
  if (role && !effective?.image) return { ...draft, built: undefined };
  const desired = role ? (role.members ?? effective!.cardinality.least) : 0;
  const seen = current.statefulSets.get(statefulSet);
  const present = seen && current.standingOf(seen) !== 'other' ? seen : undefined;
  const describe = (pod: string) => described(pod, role, naming, (effective?.ports.length ?? 0) > 0);
  const membership = membershipOf(desired, statefulSet, recorded, present, ids, describe, parts);
  return { ...draft, built: { effective, desired, seen, present, membership } };
}

/**
 * @param context what is known of members of the role, if it is wanted
 * @param views of the work in members, by pod
 */
export function planRole(
  draft: RoleDraft,
  blueprint: Blueprint,
  current: Current,
  context: (role: ClusterRole, effective: EffectiveRole) => MemberContext,
  views: ReadonlyMap<string, WorkView>,
): RolePlan {
  const { id, role, recorded, statefulSet: name, built } = draft;
  const { cluster, found } = blueprint;
  if (!built) {
    const lack = found.app.spec.roles.some((offered) => offered.id === id) ? 'names no image for' : 'has no';
    return untouched(role!, recorded, name, `app ${found.app.metadata.name} ${lack} role ${id}`);
  }
  const { effective, desired, seen, present, membership } = built;
  const { staying, leaving, replicas, recordFirst } = membership;
  const wanted: RoleBlueprint | undefined = role && {
    ...blueprint,
    role,
    effective: { ...effective!, image: effective!.image! },
    statefulSet: name,
    replicas,
    nodeIDs: nodeIDsText([...staying, ...leaving.filter(isAwaitedYet)].map(({ nodeID = 0 }) => nodeID)),
  };

  const farewell = farewellTo(leaving, present, cluster, current);
  const known = role && context(role, effective!);
  const members = known
    ? staying
        .map((member) => joined(member, known))
        .map((member) => memberNow(member, podOf(current, present, member.pod), known, views.get(member.pod)))
    : [];
  const here = members.length + farewell.remaining.length;
  const parts = [
    wanted && desired + here > 0 ? planStatefulSet(wanted, seen, current) : retire(present, here, replicas, cluster),
    ...(wanted ? servicesFor(staying, wanted, current) : []),
  ];
  return {
    id,
    statefulSet: name,
    desired,
    members,
    leaving: farewell.remaining.length,
    running: members.filter(({ status }) => isHere(current, present, status.pod)).length,
    services: [...staying, ...leaving].flatMap(({ service }) => service ?? []),
    status:
      here === 0 && !present
        ? undefined
        : { id, statefulSet: name, members: [...members.map(({ status }) => status), ...farewell.remaining] },
    steps: [...parts.flatMap(({ steps }) => steps), ...farewell.steps],
    problems: parts.flatMap(({ problems }) => problems),
    recordFirst,
    blueprint: wanted,
  };
}

const joined = (member: MemberStatus, { told, generation }: MemberContext): MemberStatus =>
  told && member.joinedGeneration === undefined ? { ...member, joinedGeneration: generation } : member;

/** Its pod is still to be there. */
const isAwaitedYet = ({ state }: MemberStatus): boolean => state === 'delete pending';

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
  blueprint: undefined,
});
