/**
 * The rollup: seven yes-or-no answers about all members together, as the original gave them.
 */
import type { ClusterStatus, MemberStatus, RoleStatus } from '../../openapi/v1beta1/kubedirectorcluster-status.ts';
import { isLeaving } from './membership.ts';

type Rollup = NonNullable<ClusterStatus['memberStateRollup']>;

const is = ({ state }: MemberStatus, ...states: readonly MemberStatus['state'][]): boolean => states.includes(state);
const container = ({ stateDetail }: MemberStatus): string => stateDetail?.lastKnownContainerState ?? '';
const wasConfigured = ({ stateDetail }: MemberStatus): boolean => Boolean(stateDetail?.lastConfiguredContainer);
const isComing = (member: MemberStatus): boolean => is(member, 'create pending', 'creating');

const questions: Readonly<Record<keyof Rollup, (member: MemberStatus) => boolean>> = {
  membershipChanging: (member) => (isComing(member) && !wasConfigured(member)) || isLeaving(member.state),
  membersDown: (member) =>
    is(member, 'creating', 'configured', 'delete pending', 'config error') &&
    ['terminated', 'unresponsive', 'absent'].includes(container(member)),
  membersInitializing: (member) => container(member) === 'initializing',
  membersWaiting: (member) =>
    container(member) === 'waiting' || (is(member, 'create pending') && container(member) === 'absent'),
  membersRestarting: (member) => isComing(member) && wasConfigured(member),
  configErrors: (member) => is(member, 'config error'),
  membersNotScheduled: (member) =>
    is(member, 'create pending') &&
    container(member) === 'absent' &&
    Boolean(member.stateDetail?.schedulingErrorMessage),
};

export function rollupOf(roles: readonly RoleStatus[]): Rollup {
  const members = roles.flatMap((role) => role.members ?? []);
  return Object.fromEntries(Object.entries(questions).map(([name, holds]) => [name, members.some(holds)])) as Rollup;
}
