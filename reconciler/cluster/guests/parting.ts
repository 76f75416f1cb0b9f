/**
 * Parting: members that are to go stay until the others have been told, or until it has taken too long.
 */
import { ordinalOf } from '../../../openapi/child-names.ts';
import { timestamp } from '../../../openapi/machinery/clock.ts';
import type { AppSpec } from '../../../openapi/v1beta1/kubedirectorapp.ts';
import type { KubeDirectorCluster } from '../../../openapi/v1beta1/kubedirectorcluster.ts';
import type { MemberStatus } from '../../../openapi/v1beta1/kubedirectorcluster-status.ts';
import { effectiveRole } from '../effective-role.ts';
import { isAwaited } from './announcements.ts';
import { isDue } from './retries.ts';

/** Scripts that move data away from those who go may need this long; others are not kept waiting for one that hangs. */
export const longestPartingMs = 600_000;

/** @returns the state of a member that is to go, as it is after this look */
export function partingFrom(
  cluster: KubeDirectorCluster,
  app: AppSpec,
  hostName: (pod: string) => string,
  nowMs: number,
): (member: MemberStatus) => MemberStatus {
  const others = (cluster.status?.roles ?? []).flatMap(({ members = [] }) => members);
  const heard = hasListeners(cluster, app);
  return (member) => {
    const { state, stateDetail } = member;
    const going: MemberStatus = { ...member, state: 'deleting' };
    if (state === 'deleting') return going;
    if (state !== 'delete pending') {
      // Nobody was ever told of it, or nobody is there to tell.
      if (!stateDetail?.announced || !heard) return going;
      const leaveTime = timestamp(nowMs + longestPartingMs);
      return { ...member, state: 'delete pending', stateDetail: { ...stateDetail, leaveTime } };
    }
    const late = stateDetail?.leaveTime === undefined || isDue(stateDetail.leaveTime, nowMs);
    return !late && isAwaited(member, others, hostName) ? member : going;
  };
}

/** Will anybody who stays want to hear that members go? */
function hasListeners({ spec, status }: KubeDirectorCluster, app: AppSpec): boolean {
  return spec.roles.some((role) => {
    const effective = effectiveRole(app, role.id);
    if (!effective?.setupPackage || !effective.events.includes('delnodes')) return false;
    const desired = role.members ?? effective.cardinality.least;
    const members = status?.roles?.find(({ id }) => id === role.id)?.members ?? [];
    return members.some(
      ({ pod, state, stateDetail }) =>
        ordinalOf(pod) < desired && state === 'configured' && stateDetail?.lastSetupGeneration !== undefined,
    );
  });
}
