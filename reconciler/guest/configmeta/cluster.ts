/**
 * What configmeta says of a cluster as a whole: its roles with their members and services. The same for all of its members, and for
 * those of clusters that are connected to it.
 *
 * Setup packages were written against this form, so its keys and their types are as published, down to numbers in quotes. Where the
 * original was wrong the document is as it was meant: no reference dangles, and those of a connected cluster point into its own part.
 */
import { parseQuantity, wholeUnits } from '../../../openapi/machinery/quantity.ts';
import type { AppService, KubeDirectorApp } from '../../../openapi/v1beta1/kubedirectorapp.ts';
import type { ClusterRole, KubeDirectorCluster } from '../../../openapi/v1beta1/kubedirectorcluster.ts';
import { nodeGroup, type Reference, reference } from './reference.ts';

/** A role that has members, as configmeta tells of it. */
export interface ConfigmetaRole {
  readonly id: string;
  readonly resources: ClusterRole['resources'];
  /** In the order of their ordinals. */
  readonly members: readonly { readonly pod: string; readonly nodeID: number }[];
  /** In clear. */
  readonly secretKeys: Readonly<Record<string, string>>;
  /** Guards those of its services that the app says have a token. Empty: there is none yet, or it is not for the reader. */
  readonly authToken: string;
}

export interface ConfigmetaCluster {
  readonly cluster: KubeDirectorCluster;
  readonly app: KubeDirectorApp;
  /** `svc-demo-x7k2q.team1.svc.cluster.local`: what the host names of members end in. */
  readonly domain: string;
  /** Those that have members, in the order of the spec. */
  readonly roles: readonly ConfigmetaRole[];
}

export type ClusterDocument = Readonly<Record<'version' | 'services' | 'nodegroups' | 'distros' | 'cluster', unknown>>;

/** @param prefix where the document is put; references are told from the root */
export function clusterDocument(about: ConfigmetaCluster, prefix: readonly string[] = []): ClusterDocument {
  const { cluster, app, roles } = about;
  const group = [...prefix, 'nodegroups', nodeGroup];
  const { spec } = app;
  return {
    version: String(spec.configSchemaVersion),
    services: servicesOf(about, group),
    nodegroups: {
      [nodeGroup]: {
        roles: Object.fromEntries(roles.map((role) => [role.id, roleOf(role, about, group)])),
        distro_id: spec.distroID,
        catalog_entry_version: spec.version,
        config_metadata: spec.config.configMeta ?? null,
      },
    },
    distros: { [spec.distroID]: { [nodeGroup]: reference(group) } },
    cluster: {
      name: cluster.metadata.name,
      isolated: false,
      id: cluster.metadata.uid ?? '',
      config_metadata: { [nodeGroup]: reference([...group, 'config_metadata']) },
    },
  };
}

export const hostName = (pod: string, { domain }: Pick<ConfigmetaCluster, 'domain'>): string => `${pod}.${domain}`;

/** Which roles offer a service: only those that somebody is there to offer it in. */
function servicesOf({ app, roles }: ConfigmetaCluster, group: readonly string[]): Record<string, unknown> {
  const services: Record<string, { [nodeGroup]: Record<string, Reference> }> = {};
  for (const { id } of app.spec.services ?? []) {
    const offering = roles.filter((role) => servicesOfRole(app, role.id).some((service) => service.id === id));
    if (offering.length === 0) continue;
    services[id] = {
      [nodeGroup]: Object.fromEntries(
        offering.map((role) => [role.id, reference([...group, 'roles', role.id, 'services', id])]),
      ),
    };
  }
  return services;
}

/** The services of a role, in the order of the services of the app. */
function servicesOfRole({ spec }: KubeDirectorApp, role: string): AppService[] {
  const ids = new Set(spec.config.roleServices.find(({ roleID }) => roleID === role)?.serviceIDs);
  return (spec.services ?? []).filter(({ id }) => ids.has(id));
}

function roleOf(role: ConfigmetaRole, about: ConfigmetaCluster, group: readonly string[]): Record<string, unknown> {
  const names = role.members.map(({ pod }) => hostName(pod, about));
  const ids = role.members.map(({ nodeID }) => String(nodeID));
  const here = [...group, 'roles', role.id];
  return {
    services: Object.fromEntries(
      servicesOfRole(about.app, role.id).map((service) => [service.id, serviceOf(service, role, names, here)]),
    ),
    node_ids: ids,
    hostnames: names,
    fqdns: names,
    fqdn_mappings: Object.fromEntries(names.map((name, i) => [name, ids[i]!])),
    flavor: flavorOf(role.resources),
    ...(Object.keys(role.secretKeys).length > 0 && { secret_keys: role.secretKeys }),
  };
}

function serviceOf(
  { id, label, endpoint, exported_service = '' }: AppService,
  role: ConfigmetaRole,
  names: readonly string[],
  here: readonly string[],
): Record<string, unknown> {
  const { port, urlScheme = '', hasAuthToken } = endpoint ?? {};
  return {
    id,
    name: label?.name ?? '',
    global_id: `${nodeGroup}_${role.id}_${id}`,
    qualifiers: [],
    exported_service,
    hostnames: reference([...here, 'hostnames']),
    fqdns: reference([...here, 'fqdns']),
    endpoints: port ? names.map((name) => `${urlScheme}://${name}:${port}`) : null,
    authToken: hasAuthToken ? role.authToken : '',
  };
}

const mebibyte = 1024n * 1024n;

/** What a member may use, in whole cores (rounded up) and mebibytes (rounded down); 0 where there is no limit. */
function flavorOf(resources: ClusterRole['resources']): Record<string, string> {
  const limits: Readonly<Record<string, string | number>> = resources?.limits ?? {};
  const amount = (name: string) => wholeUnits(parseQuantity(limits[name] ?? 0) ?? 0n);
  const notSaid = 'n/a';
  return {
    storage: notSaid,
    name: notSaid,
    description: notSaid,
    memory: String(amount('memory') / mebibyte),
    cores: String(amount('cpu')),
  };
}
