/**
 * What configmeta is told of a cluster of ours: its roles and members, from the spec and from status.
 */
import { decryptSecretValue } from '../../../openapi/secret-values.ts';
import type { KubeDirectorApp } from '../../../openapi/v1beta1/kubedirectorapp.ts';
import type { ClusterRole, KubeDirectorCluster, MemberStatus } from '../../../openapi/v1beta1/kubedirectorcluster.ts';
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
  roles: roles.filter(({ members }) => members.length > 0).map((role) => roleOf(role, config, connected)),
});

const roleOf = ({ role, members }: RoleMembers, config: ConfigSpec, { tokens }: Connected): ConfigmetaRole => ({
  id: role.id,
  resources: role.resources,
  members: members.map(({ pod, nodeID = 0 }) => ({ pod, nodeID })),
  secretKeys: secretKeysOf(role, config),
  authToken: tokens?.values[role.id] ?? '',
});

/** Keys that cannot be read, because they were encrypted with another key, are left out; see `unreadableKeys`. */
function secretKeysOf({ secretKeys }: ClusterRole, config: ConfigSpec): Record<string, string> {
  return Object.fromEntries(
    (secretKeys ?? []).flatMap(({ name, encryptedValue }) => {
      const value = revealed(encryptedValue, config);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

const revealed = (encryptedValue: string | undefined, { masterEncryptionKey }: ConfigSpec): string | undefined =>
  encryptedValue === undefined || masterEncryptionKey === undefined
    ? undefined
    : decryptSecretValue(encryptedValue, masterEncryptionKey);

/** Secret keys that scripts will look for in vain, as `role: name`. */
export const unreadableKeys = ({ spec }: KubeDirectorCluster, config: ConfigSpec): string[] =>
  spec.roles.flatMap(({ id, secretKeys }) =>
    (secretKeys ?? []).flatMap(({ name, encryptedValue }) =>
      revealed(encryptedValue, config) === undefined ? [`${id}: ${name}`] : [],
    ),
  );

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
