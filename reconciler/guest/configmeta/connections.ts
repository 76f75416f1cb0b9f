/**
 * What configmeta says of the objects that a cluster is connected to: other clusters, and ConfigMaps and Secrets by their type.
 *
 * Of another cluster a member learns what anybody knows who may read it: neither its secret keys nor its tokens.
 */
import { labels } from '../../../openapi/labels.ts';
import { type ClusterDocument, type ConfigmetaCluster, clusterDocument } from './cluster.ts';

/** A ConfigMap, or a Secret with its values in base64, as the host has it. */
export interface ConnectedData {
  readonly name: string;
  readonly data: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>> | undefined;
  readonly annotations: Readonly<Record<string, string>> | undefined;
}

export interface Connections {
  readonly clusters: readonly ConfigmetaCluster[];
  readonly configMaps: readonly ConnectedData[];
  readonly secrets: readonly ConnectedData[];
}

export const noConnections: Connections = { clusters: [], configMaps: [], secrets: [] };

export function connectionsDocument({ clusters, configMaps, secrets }: Connections): Record<string, unknown> {
  return {
    clusters: Object.fromEntries(clusters.map((other) => [other.cluster.metadata.name, connected(other)])),
    configmaps: byType(configMaps, labels.configMapType, configMapEntry),
    secrets: byType(secrets, labels.secretType, secretEntry),
  };
}

function connected(other: ConfigmetaCluster): ClusterDocument & { node: null; connections: unknown } {
  const roles = other.roles.map((role) => ({ ...role, secretKeys: {}, authToken: '' }));
  const prefix = ['connections', 'clusters', other.cluster.metadata.name];
  return {
    ...clusterDocument({ ...other, roles }, prefix),
    node: null,
    connections: { clusters: {}, configmaps: {}, secrets: {} },
  };
}

/** Objects without a type are for nobody. */
function byType(
  objects: readonly ConnectedData[],
  label: string,
  entry: (object: ConnectedData) => object,
): Record<string, object[]> {
  const found = new Map<string, object[]>();
  for (const object of objects) {
    const type = object.labels?.[label];
    if (type) found.set(type, [...(found.get(type) ?? []), entry(object)]);
  }
  return Object.fromEntries(found);
}

const configMapEntry = ({ name, data, labels: own, annotations }: ConnectedData): object => ({
  metadata: { name },
  data,
  labels: own ?? null,
  annotations: annotations ?? null,
});

/** Everything about a Secret is in base64, its name and labels too: so it was published. */
const secretEntry = ({ name, data, labels: own, annotations }: ConnectedData): object => ({
  metadata: { name: base64(name) },
  data,
  labels: encoded(own),
  annotations: encoded(annotations),
});

const encoded = (values: Readonly<Record<string, string>> = {}): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, base64(value)]));

const base64 = (text: string): string => Buffer.from(text).toString('base64');
