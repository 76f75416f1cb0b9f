/**
 * What a cluster is connected to, as it was seen: other clusters, ConfigMaps and Secrets of its namespace, those that its secret keys
 * come from, and the Secret with its own tokens.
 *
 * Nothing has to exist when the cluster is made. What is missing is told of, and members are told when it comes.
 */
import type { KubeDirectorApp } from '../../../openapi/v1beta1/kubedirectorapp.ts';
import type { KubeDirectorCluster } from '../../../openapi/v1beta1/kubedirectorcluster.ts';
import type { ConfigSpec } from '../../../openapi/v1beta1/kubedirectorconfig.ts';
import type { ConnectedData, Connections } from '../../guest/configmeta/connections.ts';
import type { Problem } from '../problems.ts';
import { connectedConfigmeta } from './own-configmeta.ts';
import { noSecretKeys, type SecretKeys } from './secret-keys.ts';

/** Tokens of roles whose services are guarded by one, by role. */
export interface Tokens {
  readonly resourceVersion: string;
  readonly values: Readonly<Record<string, string>>;
}

export type ConnectedObject =
  | {
      readonly type: 'cluster';
      readonly identity: readonly unknown[];
      readonly cluster: KubeDirectorCluster;
      readonly app: KubeDirectorApp;
      readonly config: ConfigSpec;
    }
  | { readonly type: 'configMap' | 'secret'; readonly identity: readonly unknown[]; readonly data: ConnectedData }
  | { readonly type: 'missing'; readonly identity: readonly unknown[] };

export interface Connected {
  /** In the order of the spec: clusters, ConfigMaps, Secrets. */
  readonly objects: readonly ConnectedObject[];
  /** Absent: no service wants one. */
  readonly tokens: Tokens | undefined;
  readonly secretKeys: SecretKeys;
  /** Apart from those of roles. */
  readonly problems: readonly Problem[];
  /** Not everything that is needed has been seen, or tokens are to be made first: members are not told anything until then. */
  readonly incomplete: boolean;
}

export const unconnected: Connected = {
  objects: [],
  tokens: undefined,
  secretKeys: noSecretKeys,
  problems: [],
  incomplete: false,
};

export const configmetaConnections = ({ objects }: Connected): Connections => ({
  clusters: objects.flatMap((object) =>
    object.type === 'cluster' ? connectedConfigmeta(object.cluster, object.app, object.config) : [],
  ),
  configMaps: objects.flatMap((object) => (object.type === 'configMap' ? object.data : [])),
  secrets: objects.flatMap((object) => (object.type === 'secret' ? object.data : [])),
});

/**
 * What makes another cluster a different one to those who are connected to it: its members that can be used, and what they are told
 * of themselves, but not what it is connected to in its turn. So clusters may be connected in circles.
 */
export function identityOfCluster(cluster: KubeDirectorCluster): readonly unknown[] {
  const members = (cluster.status?.roles ?? []).map(({ id, members: all = [] }) => [
    id,
    all.flatMap(({ pod, nodeID, state }) => (state === 'configured' ? [[pod, nodeID]] : [])),
  ]);
  return ['cluster', cluster.metadata.name, cluster.metadata.uid, members];
}
