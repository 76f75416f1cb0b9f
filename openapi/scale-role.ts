/**
 * Which role of a cluster its scale stands for. Decided wherever a cluster is written, and by the reconciler where nobody has yet.
 */
import type { AppSpec } from './v1beta1/kubedirectorapp.ts';
import type { ClusterSpec } from './v1beta1/kubedirectorcluster.ts';

/**
 * The choice of the cluster, else of its app, else the app's first selected role with an open cardinality; of the roles that the
 * cluster has.
 *
 * @param app undefined while nobody knows it: then only the cluster's own choice counts
 */
export function scaleRoleOf({ scaleRole, roles }: ClusterSpec, app: AppSpec | undefined): string | undefined {
  const has = (id: string | undefined): boolean => roles.some((role) => role.id === id);
  if (scaleRole !== undefined) return scaleRole;
  if (app?.scaleRole !== undefined && has(app.scaleRole)) return app.scaleRole;
  return app?.roles.find(
    ({ id, cardinality }) => cardinality.endsWith('+') && app.config.selectedRoles.includes(id) && has(id),
  )?.id;
}
