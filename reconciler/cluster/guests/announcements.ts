/**
 * Announcements: who of the members is told that others have come, or are about to go (spec: notifications).
 *
 * Told are members that are configured by scripts which want to hear of it. A member that was set up when the newcomers were members
 * already knows them from its configuration. One announcement names all newcomers of a role.
 */
import { createHash } from 'node:crypto';
import type { MemberStatus } from '../../../openapi/v1beta1/kubedirectorcluster-status.ts';
import type { EffectiveRole, LifecycleEvent } from '../effective-role.ts';
import { isStable } from './setup.ts';
import type { Pending } from './updates.ts';

/** A role whose members are told of and tell. */
export interface Audience {
  readonly id: string;
  /** Absent: the app does not know the role any more; nobody in it can be told anything. */
  readonly effective: EffectiveRole | undefined;
  /** As they were in status, and as they are now, in the same order. */
  readonly before: readonly MemberStatus[];
  readonly after: readonly MemberStatus[];
  /** Those that are to go, marked in this look. */
  readonly parting: readonly MemberStatus[];
}

/** The same roles, with what their members are to be told in their queues, and newcomers marked as announced. */
export function withAnnouncements<T extends Audience>(
  roles: readonly T[],
  generation: number,
  hostName: (pod: string) => string,
): readonly (readonly MemberStatus[])[] {
  const newcomers = roles.map(({ before, after }) =>
    after.filter((member, i) => isConfigured(member) && !isConfigured(before[i]) && !member.stateDetail?.announced),
  );
  const parting = roles.map((role) => role.parting.filter(({ stateDetail }) => stateDetail?.announced));
  return roles.map((role) =>
    role.after.map((member, i) => {
      const marked = isConfigured(member) && !member.stateDetail?.announced ? announced(member) : member;
      if (!isConfigured(member) || member.stateDetail?.lastSetupGeneration === undefined) return marked;
      const isNew = !isConfigured(role.before[i]) && !member.stateDetail.announced;
      const entries = roles.flatMap((other, at) => {
        // Who has only just become able to listen hears of everybody whom it cannot know.
        const candidates = isNew ? other.after.filter((peer) => isConfigured(peer)) : newcomers[at]!;
        const unknown = candidates.filter((peer) => peer.pod !== member.pod && isUnknownTo(member, peer));
        return [
          ...entryFor('addnodes', role, other.id, unknown, generation, hostName),
          ...entryFor('delnodes', role, other.id, parting[at]!, generation, hostName),
        ];
      });
      return entries.length > 0 ? told(marked, entries) : marked;
    }),
  );
}

const isConfigured = (member: MemberStatus | undefined): boolean => member?.state === 'configured';

const isUnknownTo = (listener: MemberStatus, newcomer: MemberStatus): boolean =>
  (listener.stateDetail?.lastSetupGeneration ?? 0) < (newcomer.joinedGeneration ?? 0);

function entryFor(
  event: Exclude<LifecycleEvent, 'configure'>,
  listening: Audience,
  role: string,
  members: readonly MemberStatus[],
  generation: number,
  hostName: (pod: string) => string,
): Pending[] {
  const { effective } = listening;
  if (members.length === 0 || !effective?.setupPackage || !effective.events.includes(event)) return [];
  const names = members.map(({ pod }) => hostName(pod)).join(',');
  return [
    {
      id: `${event}-${generation}-${createHash('sha256').update(`${role} ${names}`).digest('hex').slice(0, 12)}`,
      arguments: [`--${event}`, '--nodegroup', '1', '--role', role, '--fqdns', names],
    },
  ];
}

const announced = (member: MemberStatus): MemberStatus => ({
  ...member,
  stateDetail: { ...member.stateDetail, announced: true },
});

export const told = (member: MemberStatus, entries: readonly Pending[]): MemberStatus => ({
  ...member,
  stateDetail: {
    ...member.stateDetail,
    pendingNotifyCmds: [...(member.stateDetail?.pendingNotifyCmds ?? []), ...entries],
  },
});

/** Somebody has yet to hear that this member goes. */
export const isAwaited = (leaving: MemberStatus, members: readonly MemberStatus[], hostName: (pod: string) => string) =>
  members.some(
    ({ state, stateDetail }) =>
      isStable(state) &&
      stateDetail?.pendingNotifyCmds?.some(
        ({ arguments: words = [] }) =>
          words[0] === '--delnodes' && (words.at(-1) ?? '').split(',').includes(hostName(leaving.pod)),
      ),
  );
