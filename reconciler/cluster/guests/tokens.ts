/**
 * Tokens that guard services of members: one for each role that has such a service, in one Secret of the cluster.
 *
 * They are drawn once and kept there; members get them in their configuration, people with the right to read the Secret. The Secret
 * carries a type, so that other clusters can be connected to it by name, like to any other.
 */
import { randomBytes } from 'node:crypto';
import { labels } from '../../../openapi/labels.ts';
import { controllerReference } from '../../../openapi/machinery/meta.ts';
import type { KubeDirectorCluster } from '../../../openapi/v1beta1/kubedirectorcluster.ts';
import type { DataPort } from '../ports.ts';
import type { TokensWanted } from './connections.ts';

/** @throws StatusError what the host refused */
export async function makeTokens(
  { secret, roles, resourceVersion }: TokensWanted,
  cluster: KubeDirectorCluster,
  data: Pick<DataPort, 'create' | 'patch'>,
  signal: AbortSignal,
): Promise<void> {
  const namespace = cluster.metadata.namespace ?? '';
  const tokens = Object.fromEntries(roles.map((role) => [role, Buffer.from(token()).toString('base64')]));
  if (resourceVersion !== undefined) {
    const patch = { metadata: { resourceVersion }, data: tokens };
    await data.patch({ kind: 'Secret', namespace, name: secret }, patch, signal);
    return;
  }
  await data.create(
    {
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'Opaque',
      metadata: {
        name: secret,
        namespace,
        labels: {
          [labels.secretType]: 'auth-token',
          [labels.cluster]: cluster.metadata.name,
          'app.kubernetes.io/managed-by': 'kubedirector',
        },
        ownerReferences: [controllerReference(cluster)],
      },
      data: tokens,
    },
    signal,
  );
}

/** As the original wrote them: 32 digits in hex. */
const token = (): string => randomBytes(16).toString('hex');
