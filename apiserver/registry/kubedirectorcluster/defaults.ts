/**
 * Defaults of a cluster that depend on its app, on the configuration, and on what it is already: filled where the user said nothing, on
 * every write.
 *
 * What the user wrote is never moved or removed. Static defaults are in the schema.
 */
import { parseCardinality } from '../../../openapi/cardinality.ts';
import type { AppSpec } from '../../../openapi/v1beta1/kubedirectorapp.ts';
import type { ClusterSpec } from '../../../openapi/v1beta1/kubedirectorcluster.ts';
import type { ConfigSpec } from '../../../openapi/v1beta1/kubedirectorconfig.ts';
import type { FoundApp } from './lookups.ts';

export function withDefaults(cluster: ClusterSpec, found: FoundApp | undefined, config: ConfigSpec): ClusterSpec {
  return {
    ...cluster,
    ...(found && { appCatalog: cluster.appCatalog ?? found.catalog }),
    serviceType: cluster.serviceType ?? config.defaultServiceType ?? 'NodePort',
    namingScheme: cluster.namingScheme ?? config.defaultNamingScheme ?? 'Readable',
    roles: found ? cluster.roles.map((role) => withMembers(role, found.app.spec)) : cluster.roles,
  };
}

/**
 * Whoever leaves these out of a change means what they are: a local app may have come since, and a role may have been scaled. A merge
 * patch of kubectl's brings the list of roles whole, as the file has it.
 */
export function withWhatItHas(cluster: ClusterSpec, old: ClusterSpec): ClusterSpec {
  const { appCatalog = old.appCatalog } = cluster;
  const roles = cluster.roles.map((role) => {
    const members = role.members ?? old.roles.find(({ id }) => id === role.id)?.members;
    return members === undefined ? role : { ...role, members };
  });
  return { ...cluster, ...(appCatalog && { appCatalog }), roles };
}

function withMembers(role: ClusterSpec['roles'][number], app: AppSpec): ClusterSpec['roles'][number] {
  const offered = app.roles.find(({ id }) => id === role.id);
  if (role.members !== undefined || !offered) return role;
  return { ...role, members: parseCardinality(offered.cardinality).least };
}
