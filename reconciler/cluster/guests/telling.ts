/**
 * Telling: once it is known how all members are, what each of them is to hear of the others, and of changed connections.
 */
import type { MemberStatus } from '../../../openapi/v1beta1/kubedirectorcluster-status.ts';
import { isBusy } from '../members.ts';
import type { RoleDraft, RolePlan } from '../roles.ts';
import { told, withAnnouncements } from './announcements.ts';
import type { Configuration } from './configuration.ts';
import { isStable } from './setup.ts';
import { isGivenUp, reconnectEntry } from './updates.ts';

/** @returns the same roles, with the queues of their members */
export function withTidings(
  roles: readonly RolePlan[],
  drafts: readonly RoleDraft[],
  { generation, connectionVersion }: Configuration,
  hostName: (pod: string) => string,
): readonly RolePlan[] {
  const audiences = roles.map((role, i) => ({
    id: role.id,
    effective: role.blueprint?.effective,
    before: drafts[i]!.built?.membership.staying ?? [],
    after: role.members.map(({ status }) => status),
    parting: drafts[i]!.built?.membership.parting ?? [],
  }));
  const queued = withAnnouncements(audiences, generation, hostName);
  // Whoever has yet to be announced may not be taken for known.
  const settled =
    roles.every(({ leaving }) => leaving === 0) &&
    queued.every((members) => members.every(({ state, stateDetail }) => isStable(state) && stateDetail?.announced));
  return roles.map((role, i) => {
    if (!role.status) return role;
    const statuses = queued[i]!.map((member) =>
      caughtUp(withReconnect(member, connectionVersion), generation, settled),
    );
    const left = role.status.members?.slice(role.members.length) ?? [];
    return {
      ...role,
      members: role.members.map((member, at) => ({
        ...member,
        status: statuses[at]!,
        busy: member.busy || isBusy(statuses[at]!),
      })),
      status: { ...role.status, members: role.blueprint ? [...statuses, ...left] : (role.status.members ?? []) },
    };
  });
}

function withReconnect(member: MemberStatus, version: number): MemberStatus {
  const { lastConnectionVersion: known, pendingNotifyCmds = [] } = member.stateDetail ?? {};
  if (member.state !== 'configured' || known === undefined || known >= version) return member;
  const entry = reconnectEntry(version);
  return pendingNotifyCmds.some(({ id }) => id === entry.id) ? member : told(member, [entry]);
}

/** It has the present configuration and has heard of everything that led to it. */
function caughtUp(member: MemberStatus, generation: number, settled: boolean): MemberStatus {
  const { stateDetail = {} } = member;
  const { lastSetupGeneration: heard, lastConfigDataGeneration: has, pendingNotifyCmds = [] } = stateDetail;
  if (!settled || heard === undefined || heard === generation || has !== generation) return member;
  if (!pendingNotifyCmds.every(isGivenUp)) return member;
  return { ...member, stateDetail: { ...stateDetail, lastSetupGeneration: generation } };
}
