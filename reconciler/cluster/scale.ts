/**
 * The part of status that the scale subresource reads: which role it stands for, which pods those are, and how many there are.
 *
 * Role and selector are resolved by the registry whenever a cluster is written. They are resolved here too, by the same rule, for a
 * cluster whose status does not have them, as after a restore.
 */
import { roleSelector } from '../../openapi/labels.ts';
import { scaleRoleOf } from '../../openapi/scale-role.ts';
import type { AppSpec } from '../../openapi/v1beta1/kubedirectorapp.ts';
import type { KubeDirectorCluster } from '../../openapi/v1beta1/kubedirectorcluster.ts';
import type { ClusterStatus } from '../../openapi/v1beta1/kubedirectorcluster-status.ts';

/** @param running how many pods a role has */
export function scaleFor(
  { spec, status, metadata }: KubeDirectorCluster,
  app: AppSpec,
  running: (role: string) => number,
): ClusterStatus['scale'] {
  const role = status?.scale?.role ?? scaleRoleOf(spec, app);
  if (role === undefined) return undefined;
  return { role, selector: status?.scale?.selector ?? roleSelector(metadata.name, role), replicas: running(role) };
}
