/**
 * The configuration of a cluster: what its members are told, and the number of the state that it is in.
 *
 * Whenever what members are told changes, the number goes up by one and is stored before any member hears of it
 * (`specGenerationToProcess`, in the original's words). What members are told is compared by hashes of what it is made from, which
 * hold no secret: objects that are secret count by their resourceVersion, keys by what they were encrypted to or by the Secret that
 * they come from.
 */
import { createHash } from 'node:crypto';
import type { ClusterRole } from '../../../openapi/v1beta1/kubedirectorcluster.ts';
import type { ClusterStatus } from '../../../openapi/v1beta1/kubedirectorcluster-status.ts';
import type { ConnectedData } from '../../guest/configmeta/connections.ts';
import { type ConfigmetaNode, configmeta } from '../../guest/configmeta/document.ts';
import { type Blueprint, namespaceOf } from '../blueprint.ts';
import { type Connected, configmetaConnections } from './connected.ts';
import { ownConfigmeta, type RoleMembers } from './own-configmeta.ts';
import type { SecretKeyValue } from './secret-keys.ts';

export interface Configuration {
  readonly generation: number;
  /** How often connections have changed; members that have heard of fewer are told. */
  readonly connectionVersion: number;
  /** It is not in status yet, and nobody may hear of it before it is. */
  readonly isNew: boolean;
  /** What status keeps of it. */
  readonly recorded: Pick<
    ClusterStatus,
    'specGenerationToProcess' | 'connectionVersion' | 'configurationHash' | 'lastConnectionHash'
  >;
  /** The document of a member, with its secrets. */
  readonly documentOf: (node: ConfigmetaNode) => string;
  /** Values in it that nobody else may see. */
  readonly secrets: () => readonly string[];
}

/** Bumped when the document says something else for the same cluster, so that members get it after an upgrade of ours. */
const form = 1;

export function configurationOf(
  blueprint: Blueprint,
  roles: readonly RoleMembers[],
  connected: Connected,
): Configuration {
  const status = blueprint.cluster.status ?? {};
  const own = hashOf([
    form,
    ...identityOf(blueprint),
    traitsOf(roles, connected),
    connected.tokens?.resourceVersion ?? '',
  ]);
  const connections = connected.objects.length > 0 ? hashOf(connected.objects.map(({ identity }) => identity)) : '';
  const before = { generation: status.specGenerationToProcess ?? 0, connections: status.lastConnectionHash ?? '' };
  const reconnects = connections !== before.connections && before.generation > 0;
  const isNew = own !== status.configurationHash || connections !== before.connections;
  const generation = before.generation + (isNew ? 1 : 0);
  const connectionVersion = (status.connectionVersion ?? 0) + (reconnects ? 1 : 0);
  let write: ((node: ConfigmetaNode) => string) | undefined;
  const documentOf = (node: ConfigmetaNode): string => {
    // Made when the first member wants it: most looks at a cluster need none.
    write ??= configmeta(ownConfigmeta(blueprint, roles, connected), configmetaConnections(connected));
    return write(node);
  };
  return {
    ...{ generation, connectionVersion, isNew, documentOf },
    recorded: {
      specGenerationToProcess: generation,
      connectionVersion,
      configurationHash: own,
      lastConnectionHash: connections,
    },
    secrets: () => secretsIn(ownConfigmeta(blueprint, roles, connected).roles, connected),
  };
}

/** The identity of the app changes with its spec: in use, it only does so where members need not be told. Then they are, in vain. */
const identityOf = ({ cluster, found: { app, catalog }, config, clusterService }: Blueprint): unknown[] => [
  ...[cluster.metadata.uid, clusterService, namespaceOf({ cluster }), config.clusterSvcDomainBase],
  ...[catalog, app.metadata.uid, app.metadata.generation],
];

const traitsOf = (roles: readonly RoleMembers[], { secretKeys }: Connected): unknown[] =>
  roles.map(({ role, members }) => [
    ...[
      role.id,
      role.resources,
      role.secretKeys?.map((key) => [key.name, identityOfKey(key, secretKeys.values.get(role.id))]),
    ],
    members.map(({ pod, nodeID }) => [pod, nodeID]),
  ]);

const identityOfKey = (
  { name, encryptedValue, valueFrom }: NonNullable<ClusterRole['secretKeys']>[number],
  values: ReadonlyMap<string, SecretKeyValue> | undefined,
): unknown => (valueFrom ? values?.get(name)?.identity : encryptedValue);

const hashOf = (parts: unknown): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);

const secretsIn = (
  roles: ReturnType<typeof ownConfigmeta>['roles'],
  { objects, tokens }: Connected,
): readonly string[] => [
  ...roles.flatMap(({ secretKeys }) => Object.values(secretKeys).flatMap((value) => [value, base64(value)])),
  ...Object.values(tokens?.values ?? {}),
  ...objects.flatMap((object) => (object.type === 'secret' ? secretsOf(object.data) : [])),
];

/**
 * Tools keep in annotations what was applied (kubectl.kubernetes.io/last-applied-configuration): the whole Secret, earlier values
 * included. configmeta has them in base64. Of what they say in clear only objects may hold a value; words such as `true` do not.
 */
const secretsOf = ({ data, annotations = {} }: ConnectedData): string[] => [
  ...Object.values(data).flatMap(bothForms),
  ...Object.values(annotations).flatMap((text) => [base64(text), ...(text.startsWith('{') ? [text] : [])]),
];

/** As it is kept, and as it is meant. */
const bothForms = (base64: string): string[] => [base64, Buffer.from(base64, 'base64').toString('utf8')];

const base64 = (text: string): string => Buffer.from(text).toString('base64');
