/**
 * How writing a cluster differs from writing anything else.
 */
import { roleSelector } from '../../../openapi/labels.ts';
import { sameJson } from '../../../openapi/machinery/json.ts';
import { subdomainFaults } from '../../../openapi/machinery/names.ts';
import { scaleRoleOf } from '../../../openapi/scale-role.ts';
import type { KubeDirectorCluster } from '../../../openapi/v1beta1/kubedirectorcluster.ts';
import type { Alongside } from '../../../storage/store.ts';
import { type AccessReader, checkAccess, type Wish } from '../access.ts';
import type { Strategy } from '../strategy.ts';
import { withDefaults, withWhatItHas } from './defaults.ts';
import type { ClusterLookups, ClusterRelated } from './lookups.ts';
import { missingFor } from './missing.ts';
import { addedReferences } from './references.ts';
import { sealedRoles, withSealedValues } from './secret-keys.ts';
import { clusterWarnings, validateCluster, validateClusterChange } from './validation.ts';

export const clusterStrategy = (
  lookups: ClusterLookups,
  access: AccessReader,
): Strategy<KubeDirectorCluster, ClusterRelated> => ({
  async related(cluster, old, { subresource, user }, signal) {
    // Status is judged by nobody, and deleting needs no app.
    if (!cluster || subresource === 'status') return { found: undefined, config: lookups.config(), missing: [] };
    await checkAccess(access, user, wishesOf(cluster, old), about(cluster), signal);
    const { app, appCatalog = old?.spec.appCatalog } = cluster.spec;
    const { namespace = '' } = cluster.metadata;
    const found = await lookups.findApp(app, namespace, appCatalog, signal);
    // After the app, since looking for that has made the cache current.
    const config = lookups.config();
    const missing = await missingFor(lookups, cluster, old?.spec, config.spec, signal);
    const sealed = sealedRoles(cluster.spec, old?.spec, config.spec.masterEncryptionKey);
    return { found, config, missing, sealed };
  },

  prepareForCreate: (cluster, related) => prepared(cluster, related),

  prepareForUpdate: (cluster, old, related, { subresource }) =>
    subresource === 'status' ? cluster : prepared(cluster, related, old),

  validate: (cluster, related) => validateCluster(cluster, undefined, related),

  validateUpdate: (cluster, old, related, { subresource }) => {
    // A cluster whose app has gone can still be labelled, annotated and finalized.
    if (subresource === 'status' || sameJson(cluster.spec, old.spec)) return [];
    return [...validateClusterChange(cluster, old), ...validateCluster(cluster, old, related)];
  },

  // An app that is used stays what it is, and the configuration's key with it, so only the first write of a cluster races with theirs.
  alongside: (_cluster, old, { found, config }) => (old || !found ? undefined : together(found.bond, config.bond)),

  warnings: (cluster, old, related) =>
    old && sameJson(cluster.spec, old.spec) ? [] : clusterWarnings(cluster, related),
});

/**
 * What this write adds: nobody is asked for a right to what somebody else has named before. Names that nothing can have are refused
 * by validation.
 */
const wishesOf = ({ metadata: { namespace = '' }, spec }: KubeDirectorCluster, old?: KubeDirectorCluster): Wish[] =>
  addedReferences(spec, old?.spec)
    .filter(({ name }) => !subdomainFaults(name).length)
    .map(({ to: { verb, group, version, resource }, name, at }) => ({
      ...{ verb, group, version, resource, namespace, name, at },
    }));

const about = ({ metadata: { name } }: KubeDirectorCluster) => ({
  resource: { group: 'kubedirector.bluedata.io', resource: 'kubedirectorclusters' },
  name,
});

const together = (...bonds: readonly Alongside[]): Alongside => ({
  when: bonds.flatMap(({ when = [] }) => when),
  perform: bonds.flatMap(({ perform = [] }) => perform),
});

function prepared(
  given: KubeDirectorCluster,
  { found, config, sealed }: ClusterRelated,
  old?: KubeDirectorCluster,
): KubeDirectorCluster {
  const cluster = sealed ? withSealedValues(given, sealed, config.spec.masterEncryptionKey) : given;
  const spec = withDefaults(old ? withWhatItHas(cluster.spec, old.spec) : cluster.spec, found, config.spec);
  const role = scaleRoleOf(spec, found?.app.spec) ?? cluster.status?.scale?.role;
  if (role === undefined) return { ...cluster, spec };
  const { replicas = 0 } = cluster.status?.scale ?? {};
  const scale = { role, replicas, selector: roleSelector(cluster.metadata.name, role) };
  return { ...cluster, spec, status: { ...cluster.status, scale } };
}
