/**
 * The part of status that the scale subresource reads: which role it stands for, which pods those are, and how many there are.
 *
 * Role and selector are resolved by the registry whenever a cluster is written. They are resolved here too, by the same rule, for a
 * cluster whose status does not have them, as after a restore.
 */
import { roleSelector } from '../../openapi/labels.ts';
import type { AppSpec } from '../../openapi/v1beta1/kubedirectorapp.ts';
import type { ClusterSpec, ClusterStatus, KubeDirectorCluster } from '../../openapi/v1beta1/kubedirectorcluster.ts';

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

/** The choice of the cluster, else of the app, else the first selected role with an open cardinality; of the roles it has. */
export function scaleRoleOf({ scaleRole, roles }: ClusterSpec, app: AppSpec): string | undefined {
  const has = (id: string): boolean => roles.some((role) => role.id === id);
  if (scaleRole !== undefined) return scaleRole;
  if (app.scaleRole !== undefined && has(app.scaleRole)) return app.scaleRole;
  const { selectedRoles } = app.config;
  return app.roles.find(({ id, cardinality }) => cardinality.endsWith('+') && selectedRoles.includes(id) && has(id))
    ?.id;
}
