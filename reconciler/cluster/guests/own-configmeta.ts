/**
 * What configmeta is told of a cluster of ours: its roles and members, from the spec and from status.
 */
import type { KubeDirectorApp } from '../../../openapi/v1beta1/kubedirectorapp.ts';
import type { ClusterRole, KubeDirectorCluster } from '../../../openapi/v1beta1/kubedirectorcluster.ts';
import type { MemberStatus } from '../../../openapi/v1beta1/kubedirectorcluster-status.ts';
import type { ConfigSpec } from '../../../openapi/v1beta1/kubedirectorconfig.ts';
import type { ConfigmetaCluster, ConfigmetaRole } from '../../guest/configmeta/cluster.ts';
import { type Blueprint, namespaceOf } from '../blueprint.ts';
import type { Connected } from './connected.ts';

/** A role, and the members that others are told of: those that are there or to come, not those that go. */
export interface RoleMembers {
  readonly role: ClusterRole;
  readonly members: readonly MemberStatus[];
}

export const domainOf = (cluster: KubeDirectorCluster, clusterService: string, config: ConfigSpec): string =>
  `${clusterService}.${namespaceOf({ cluster })}${config.clusterSvcDomainBase ?? '.svc.cluster.local'}`;

export const ownConfigmeta = (
  { cluster, found: { app }, config, clusterService }: Blueprint,
  roles: readonly RoleMembers[],
  connected: Connected,
): ConfigmetaCluster => ({
  cluster,
  app,
  domain: domainOf(cluster, clusterService, config),
  roles: roles.filter(({ members }) => members.length > 0).map((role) => roleOf(role, connected)),
});

const roleOf = ({ role, members }: RoleMembers, { tokens, secretKeys }: Connected): ConfigmetaRole => ({
  id: role.id,
  resources: role.resources,
  members: members.map(({ pod, nodeID = 0 }) => ({ pod, nodeID })),
  secretKeys: Object.fromEntries([...(secretKeys.values.get(role.id) ?? [])].map(([name, { value }]) => [name, value])),
  authToken: tokens?.values[role.id] ?? '',
});

/** What others may know of a cluster that they are connected to: the members that are of use now. */
export function connectedConfigmeta(
  cluster: KubeDirectorCluster,
  app: KubeDirectorApp,
  config: ConfigSpec,
): ConfigmetaCluster {
  const { status, spec } = cluster;
  return {
    cluster,
    app,
    domain: domainOf(cluster, status?.clusterService ?? '', config),
    roles: spec.roles.flatMap((role) => {
      const members = (status?.roles ?? [])
        .find(({ id }) => id === role.id)
        ?.members?.filter(({ state }) => state === 'configured');
      if (!members?.length) return [];
      return [
        {
          ...{ id: role.id, resources: role.resources, secretKeys: {}, authToken: '' },
          members: members.map(({ pod, nodeID = 0 }) => ({ pod, nodeID })),
        },
      ];
    }),
  };
}
