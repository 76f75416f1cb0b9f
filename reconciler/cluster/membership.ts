/**
 * Membership: which members a role has, gets and loses. Members come and go at the top, since that is where a StatefulSet makes and
 * removes pods; each keeps its ordinal and its node id for as long as it lives.
 */

import { claimName, ordinalOf, podName } from '../../openapi/child-names.ts';
import type { MemberState, MemberStatus, RoleStatus } from '../../openapi/v1beta1/kubedirectorcluster-status.ts';
import type { StatefulSet } from '../host-types.ts';
import { nodeIDsAnnotation } from './annotations.ts';
import { volumeName } from './children/persisted.ts';
import { type NodeIDs, parseNodeIDs } from './node-ids.ts';

export interface Membership {
  /** Those that are to be there, in the order of their ordinals. */
  readonly staying: readonly MemberStatus[];
  /** Those that go, `delete pending` for as long as others have to hear of it, then `deleting`. */
  readonly leaving: readonly MemberStatus[];
  /** Those among them that were not going before. */
  readonly parting: readonly MemberStatus[];
  /** How many pods the StatefulSet is to have. */
  readonly replicas: number;
  /** Nothing may be built or torn down before the new ids and marks are in status. */
  readonly recordFirst: boolean;
}

/**
 * @param recorded the role in status, if it is there
 * @param statefulSet the role's own, if there is one: it tells who the members were when status does not
 * @param describe fills in what a new member has besides its pod and its id
 * @param parts how a member that is to go does it: at once, or when the others have been told
 */
export function membershipOf(
  desired: number,
  name: string,
  recorded: RoleStatus | undefined,
  statefulSet: StatefulSet | undefined,
  ids: NodeIDs,
  describe: (pod: string) => Partial<MemberStatus>,
  parts: (member: MemberStatus) => MemberStatus,
): Membership {
  const members = recorded ? (recorded.members ?? []) : remembered(name, statefulSet, describe);
  const stays = (member: MemberStatus) => ordinalOf(member.pod) < desired && !isLeaving(member.state);
  const toGo = members.filter((member) => !stays(member));
  // An ordinal is free again when the one that had it is gone with all it had: its successor must not find the old claim.
  const free = Math.min(desired, ...toGo.map(({ pod }) => ordinalOf(pod)));
  const byOrdinal = new Map(members.filter(stays).map((member) => [ordinalOf(member.pod), member]));
  const added: number[] = [];
  for (let ordinal = 0; ordinal < free; ordinal += 1) if (!byOrdinal.has(ordinal)) added.push(ordinal);
  for (const ordinal of added) byOrdinal.set(ordinal, newMember(podName(name, ordinal), ids, describe));
  const staying = [...byOrdinal].sort(([a], [b]) => a - b).map(([, member]) => withID(member, ids));
  const leaving = toGo.map(parts);
  const awaited = leaving.filter(({ state }) => state === 'delete pending').map(({ pod }) => ordinalOf(pod) + 1);
  return {
    ...{ staying, leaving },
    parting: leaving.filter((_, i) => !isLeaving(toGo[i]!.state)),
    // Pods go when nobody waits for them any more; what is below them stays for so long.
    replicas: Math.max(free, ...awaited),
    recordFirst:
      added.length > 0 ||
      members.some(({ nodeID }) => !nodeID) ||
      leaving.some(({ state }, i) => state !== toGo[i]!.state),
  };
}

/**
 * A member on its way out: `delete pending` while the others are told, then `deleting`. Both are past returning.
 */
export const isLeaving = (state: MemberState): boolean => state === 'delete pending' || state === 'deleting';

const newMember = (pod: string, ids: NodeIDs, describe: (pod: string) => Partial<MemberStatus>): MemberStatus => ({
  pod,
  nodeID: ids.next(),
  ...describe(pod),
  state: 'create pending',
});

const withID = (member: MemberStatus, ids: NodeIDs): MemberStatus =>
  member.nodeID ? member : { ...member, nodeID: ids.next() };

/** The members of a StatefulSet whose cluster came back without its status. */
function remembered(
  name: string,
  statefulSet: StatefulSet | undefined,
  describe: (pod: string) => Partial<MemberStatus>,
): MemberStatus[] {
  if (!statefulSet) return [];
  const ids = parseNodeIDs(statefulSet.metadata.annotations?.[nodeIDsAnnotation]);
  const { replicas = 1, template, volumeClaimTemplates = [] } = statefulSet.spec;
  const count = Math.max(ids.length, replicas);
  // The role may be gone from the spec, but what its members have was written down here.
  const hasVolume = volumeClaimTemplates.some(({ metadata }) => metadata.name === volumeName);
  const devices = template.spec.containers[0]?.volumeDevices?.map(({ devicePath }) => devicePath);
  return Array.from({ length: count }, (_, ordinal) => {
    const pod = podName(name, ordinal);
    const nodeID = ids[ordinal];
    return {
      pod,
      ...(nodeID && { nodeID }),
      ...describe(pod),
      ...(hasVolume && { pvc: claimName(volumeName, pod) }),
      ...(devices && { blockDevicePaths: devices }),
      state: 'create pending' as const,
    };
  });
}
