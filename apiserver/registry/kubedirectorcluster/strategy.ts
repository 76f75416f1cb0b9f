/**
 * How writing a cluster differs from writing anything else.
 */
import { roleSelector } from '../../../openapi/labels.ts';
import { sameJson } from '../../../openapi/machinery/json.ts';
import { scaleRoleOf } from '../../../openapi/scale-role.ts';
import type { KubeDirectorCluster } from '../../../openapi/v1beta1/kubedirectorcluster.ts';
import type { Strategy } from '../strategy.ts';
import { withDefaults } from './defaults.ts';
import type { ClusterLookups, ClusterRelated } from './lookups.ts';
import { validateCluster, validateClusterChange } from './validation.ts';

export const clusterStrategy = (lookups: ClusterLookups): Strategy<KubeDirectorCluster, ClusterRelated> => ({
  async related(cluster, old, { subresource }, signal) {
    const config = lookups.config();
    const asked = cluster ?? old;
    // Status is judged by nobody, and deleting needs no app.
    if (!cluster || !asked || subresource === 'status') return { found: undefined, config };
    const { app, appCatalog } = asked.spec;
    return { found: await lookups.findApp(app, asked.metadata.namespace ?? '', appCatalog, signal), config };
  },

  prepareForCreate: (cluster, related) => prepared(cluster, related),

  prepareForUpdate: (cluster, _old, related, { subresource }) =>
    subresource === 'status' ? cluster : prepared(cluster, related),

  validate: (cluster, { found }) => validateCluster(cluster, found),

  validateUpdate: (cluster, old, { found }, { subresource }) => {
    // A cluster whose app has gone can still be labelled, annotated and finalized.
    if (subresource === 'status' || sameJson(cluster.spec, old.spec)) return [];
    return [...validateClusterChange(cluster, old), ...validateCluster(cluster, found)];
  },
});

function prepared(cluster: KubeDirectorCluster, { found, config }: ClusterRelated): KubeDirectorCluster {
  const spec = withDefaults(cluster.spec, found, config);
  const role = scaleRoleOf(spec, found?.app.spec) ?? cluster.status?.scale?.role;
  if (role === undefined) return { ...cluster, spec };
  const { replicas = 0 } = cluster.status?.scale ?? {};
  const scale = { role, replicas, selector: roleSelector(cluster.metadata.name, role) };
  return { ...cluster, spec, status: { ...cluster.status, scale } };
}
