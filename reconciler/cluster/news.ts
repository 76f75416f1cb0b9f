/**
 * What is worth telling about a cluster: the difference between two of its statuses, in events. So an event is told once, when the
 * status that it is about was stored, however often the work was tried.
 */
import type { ClusterStatus, MemberState, RoleStatus } from '../../openapi/v1beta1/kubedirectorcluster-status.ts';
import type { News } from '../events.ts';
import { isLeaving } from './membership.ts';
import { isAlarming } from './problems.ts';

export function newsBetween(before: ClusterStatus | undefined, after: ClusterStatus): News[] {
  return [
    ...(before?.state ? [] : [normal('Cluster', 'new')]),
    ...roleNews(before?.roles ?? [], after.roles ?? []),
    ...memberNews(before?.roles ?? [], after.roles ?? []),
    ...configurationNews(before, after),
    ...(after.state === 'configured' && before?.state !== 'configured' ? [normal('Cluster', 'stable')] : []),
    ...warnings(before, after),
  ];
}

const normal = (reason: string, message: string): News => ({ type: 'Normal', reason, message });

function roleNews(before: readonly RoleStatus[], after: readonly RoleStatus[]): News[] {
  const earlier = new Map(before.map((role) => [role.id, role]));
  const gone = before.filter(({ id }) => !after.some((role) => role.id === id));
  return [
    ...after.flatMap((role) => changesOf(earlier.get(role.id), role)),
    ...gone.map(({ id }) => normal('Role', `role ${id} is removed`)),
  ];
}

function changesOf(before: RoleStatus | undefined, { id, members = [] }: RoleStatus): News[] {
  const earlier = statesOf(before ? [before] : []);
  const added = members.filter(({ pod }) => !earlier.has(pod)).length;
  const leaving = members.filter(({ pod, state }) => isLeaving(state) && !isLeaving(earlier.get(pod) ?? state)).length;
  return [
    ...(added ? [normal('Role', `${before ? 'expanding' : 'creating'} role ${id}: ${count(added)}`)] : []),
    ...(leaving ? [normal('Role', `shrinking role ${id}: ${count(leaving)} of ${members.length}`)] : []),
  ];
}

/** One event for all that have become ready: clusters come up by the thousand, and each event is a write to the host. */
function memberNews(before: readonly RoleStatus[], after: readonly RoleStatus[]): News[] {
  const earlier = statesOf(before);
  const ready = [...statesOf(after)].flatMap(([pod, state]) =>
    state === 'configured' && earlier.get(pod) !== 'configured' ? pod : [],
  );
  return ready.length > 0 ? [normal('Member', `${count(ready.length)} ready: ${listed(ready)}`)] : [];
}

/** What members are told; at first everybody is told everything, which is no news. */
function configurationNews(before: ClusterStatus | undefined, after: ClusterStatus): News[] {
  const [from = 0, to = 0] = [before?.specGenerationToProcess, after.specGenerationToProcess];
  const members = (after.roles ?? []).flatMap((role) => role.members ?? []);
  const somebodyListens = members.some(({ stateDetail }) => stateDetail?.lastConfigDataGeneration !== undefined);
  if (from === 0 || from === to || !somebodyListens) return [];
  const reconnects = before?.connectionVersion !== after.connectionVersion;
  const why = reconnects ? 'what the cluster is connected to has changed' : 'members or what they have are others';
  return [normal('Configuration', `configuration ${to}: ${why}, and members are told`)];
}

const statesOf = (roles: readonly RoleStatus[]): Map<string, MemberState> =>
  new Map(roles.flatMap(({ members = [] }) => members.map(({ pod, state }): [string, MemberState] => [pod, state])));

const count = (members: number): string => (members === 1 ? '1 member' : `${members} members`);

/** More names than these say nothing more. */
const longestList = 10;

const listed = (pods: readonly string[]): string =>
  [...pods.slice(0, longestList), ...(pods.length > longestList ? ['…'] : [])].join(', ');

/** What does not pass by itself: told when it begins. */
function warnings(before: ClusterStatus | undefined, after: ClusterStatus): News[] {
  const told = new Set(before?.conditions?.map(({ reason }) => reason));
  const alarm = after.conditions?.find(({ reason }) => isAlarming(reason) && !told.has(reason));
  return alarm ? [{ type: 'Warning', reason: alarm.reason, message: alarm.message }] : [];
}
