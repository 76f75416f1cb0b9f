/**
 * Looking at what a cluster is connected to, at its secret keys, and at the tokens of its services.
 *
 * Reads what the ports have at hand and waits for nobody: what is not there yet comes as a change.
 */
import { headlessServiceName } from '../../../openapi/child-names.ts';
import type { ObjectKey } from '../../../openapi/machinery/meta.ts';
import type { AppSpec } from '../../../openapi/v1beta1/kubedirectorapp.ts';
import type { ClusterSpec, KubeDirectorCluster } from '../../../openapi/v1beta1/kubedirectorcluster.ts';
import type { ConfigSpec } from '../../../openapi/v1beta1/kubedirectorconfig.ts';
import type { DataKind } from '../../host-types.ts';
import type { FoundApp } from '../blueprint.ts';
import { namingFor } from '../naming.ts';
import type { DataPort, SeenData } from '../ports.ts';
import type { Problem } from '../problems.ts';
import { type Connected, type ConnectedObject, identityOfCluster, type Tokens } from './connected.ts';
import { seeSecretKeys, takesFromSecrets } from './secret-keys.ts';
import { forbidden, isNotSeen } from './unseen.ts';

/** Where other clusters and their apps are found. */
export interface Neighbours {
  cluster(key: ObjectKey): Promise<KubeDirectorCluster | undefined>;
  app(cluster: KubeDirectorCluster): Promise<FoundApp | undefined>;
}

/** Kinds of objects that a cluster needs to see. */
export function dataKindsFor({ connections, roles }: ClusterSpec, app: AppSpec): DataKind[] {
  const wantsSecrets =
    Boolean(connections?.secrets?.length) || takesFromSecrets({ roles }) || rolesWithTokens(app, roles).length > 0;
  return [
    ...(connections?.configmaps?.length ? (['ConfigMap'] as const) : []),
    ...(wantsSecrets ? (['Secret'] as const) : []),
  ];
}

/** Roles of the cluster that have a service which the app wants guarded by a token. */
export function rolesWithTokens({ services, config }: AppSpec, roles: ClusterSpec['roles']): string[] {
  const guarded = new Set((services ?? []).filter(({ endpoint }) => endpoint?.hasAuthToken).map(({ id }) => id));
  const offering = config.roleServices.filter(({ serviceIDs }) => serviceIDs.some((id) => guarded.has(id)));
  return roles.map(({ id }) => id).filter((id) => offering.some(({ roleID }) => roleID === id));
}

/** The Secret with the tokens of a cluster: named like its headless Service. */
export const tokensName = (cluster: KubeDirectorCluster, config: ConfigSpec): string =>
  `${cluster.status?.clusterService || headlessServiceName(namingFor(cluster, config))}-tokens`;

/** Tokens that have yet to be made. */
export interface TokensWanted {
  readonly secret: string;
  readonly roles: readonly string[];
  /** The Secret is there, and lacks these. */
  readonly resourceVersion: string | undefined;
}

export interface SeenConnections {
  readonly connected: Connected;
  readonly tokensWanted: TokensWanted | undefined;
}

export async function seeConnections(
  cluster: KubeDirectorCluster,
  found: FoundApp,
  config: ConfigSpec,
  data: Pick<DataPort, 'read'>,
  neighbours: Neighbours,
): Promise<SeenConnections> {
  const { connections } = cluster.spec;
  const namespace = cluster.metadata.namespace ?? '';
  const sight = new Sight();
  for (const name of connections?.clusters ?? []) sight.add(await seeCluster({ namespace, name }, config, neighbours));
  for (const name of connections?.configmaps ?? [])
    sight.add(seeData(name, data.read({ kind: 'ConfigMap', namespace, name }), 'ConfigMap'));
  for (const name of connections?.secrets ?? [])
    sight.add(seeData(name, data.read({ kind: 'Secret', namespace, name }), 'Secret'));
  const roles = rolesWithTokens(found.app.spec, cluster.spec.roles);
  const secret = tokensName(cluster, config);
  const seen = roles.length > 0 ? data.read({ kind: 'Secret', namespace, name: secret }) : undefined;
  const tokens = seen && seeTokens(seen, roles, secret, namespace);
  if (tokens?.problem) sight.problems.push(tokens.problem);
  const secretKeys = seeSecretKeys(cluster, config, data);
  return {
    connected: {
      objects: sight.objects,
      tokens: tokens?.tokens,
      secretKeys,
      problems: sight.problems,
      incomplete: sight.incomplete || secretKeys.incomplete || (tokens !== undefined && tokens.tokens === undefined),
    },
    tokensWanted: tokens?.wanted,
  };
}

interface Seen {
  readonly object?: ConnectedObject;
  readonly problem?: Problem;
}

class Sight {
  readonly objects: ConnectedObject[] = [];
  readonly problems: Problem[] = [];
  incomplete = false;

  add({ object, problem }: Seen): void {
    if (object) this.objects.push(object);
    else this.incomplete = true;
    if (problem) this.problems.push(problem);
  }
}

async function seeCluster(key: ObjectKey, config: ConfigSpec, neighbours: Neighbours): Promise<Seen> {
  const cluster = await neighbours.cluster(key);
  const found = cluster && (await neighbours.app(cluster));
  if (!cluster || !found) return missing('KubeDirectorCluster', key.name, cluster ? 'has no app' : 'does not exist');
  return {
    object: { type: 'cluster', identity: identityOfCluster(cluster), cluster, app: found.app, config },
  };
}

function seeData(name: string, seen: SeenData, kind: DataKind): Seen {
  if (seen.state === 'unknown') return {};
  if (seen.state === 'missing') return missing(kind, name, isNotSeen(kind));
  if (seen.state === 'forbidden') return { ...missing(kind, name, ''), problem: forbidden(seen.message) };
  const { metadata, data = {} } = seen.object;
  const { uid, resourceVersion, labels: own, annotations } = metadata;
  return {
    object: {
      type: kind === 'Secret' ? 'secret' : 'configMap',
      identity: [kind, name, uid, resourceVersion],
      data: { name, data, labels: own, annotations },
    },
  };
}

const missing = (kind: string, name: string, why: string): Seen => ({
  object: { type: 'missing', identity: [kind, name] },
  problem: { reason: 'ConnectionMissing', message: `${kind} ${name}, which the cluster is connected to, ${why}` },
});

function seeTokens(
  seen: SeenData,
  roles: readonly string[],
  secret: string,
  namespace: string,
): { tokens?: Tokens; wanted?: TokensWanted; problem?: Problem } {
  if (seen.state === 'unknown') return {};
  if (seen.state === 'forbidden') {
    const what = `the tokens of its services are kept in Secret ${secret} of namespace ${namespace}`;
    return { problem: forbidden(`${what}: ${seen.message}`) };
  }
  const { data = {}, metadata } = seen.state === 'found' ? seen.object : {};
  const lacking = roles.filter((role) => !Object.hasOwn(data, role));
  if (lacking.length > 0) return { wanted: { secret, roles: lacking, resourceVersion: metadata?.resourceVersion } };
  const decoded = roles.map((role) => [role, Buffer.from(data[role]!, 'base64').toString('utf8')]);
  return { tokens: { resourceVersion: metadata?.resourceVersion ?? '', values: Object.fromEntries(decoded) } };
}
