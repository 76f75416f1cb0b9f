/**
 * Where the host cluster is, and who we are there: from inside a pod, or from a kubeconfig.
 *
 * In a pod everything lies in files that Kubernetes renews; the token is read again before it gets old. A kubeconfig is read by
 * Kubernetes' own client, which knows all the ways in which one can name an identity; it is loaded only then.
 */
import { existsSync, readFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import type { Clock } from '../../openapi/machinery/clock.ts';
import type { HostAccess } from './rest.ts';

/** Where a pod finds its service account. */
export const serviceAccountFolder = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Kubelets renew tokens well before they expire; client-go looks again after a minute, too. */
const tokenAgeMs = 60_000;

export interface InCluster extends HostAccess {
  /** Of the pod that we run in. */
  readonly namespace: string;
}

/**
 * @param env `KUBERNETES_SERVICE_HOST` and `KUBERNETES_SERVICE_PORT` name the API server
 * @returns undefined when this is no pod with a service account
 */
export function inClusterAccess(
  clock: Clock,
  env: Readonly<Record<string, string | undefined>> = process.env,
  folder = serviceAccountFolder,
): InCluster | undefined {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = env;
  if (!host || !port || !existsSync(join(folder, 'token'))) return undefined;
  const token = remembered(clock, () => readFileSync(join(folder, 'token'), 'utf8').trim());
  return {
    server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    ca: readFileSync(join(folder, 'ca.crt'), 'utf8'),
    authorization: () => `Bearer ${token()}`,
    namespace: readFileSync(join(folder, 'namespace'), 'utf8').trim(),
  };
}

/** What was read last, for as long as a token may be believed to be the newest. */
function remembered(clock: Clock, read: () => string): () => string {
  let known: { value: string; readAt: number } | undefined;
  return () => {
    const now = clock.now();
    if (known && now - known.readAt < tokenAgeMs) return known.value;
    known = { value: read(), readAt: now };
    return known.value;
  };
}

/** @throws Error when the file cannot be read, or its current context names no cluster */
export async function kubeconfigAccess(path: string): Promise<HostAccess> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  config.loadFromFile(path);
  const cluster = config.getCurrentCluster();
  if (!cluster) throw new Error(`${path}: the current context names no cluster`);
  const credentials = async (): Promise<Credentials> => {
    const options: Credentials = {};
    await config.applyToHTTPSOptions(options as Parameters<typeof config.applyToHTTPSOptions>[0]);
    return options;
  };
  const { ca, cert, key } = await credentials();
  return {
    server: cluster.server,
    ...(ca && { ca: String(ca) }),
    ...(cert && { cert: String(cert) }),
    ...(key && { key: String(key) }),
    ...(cluster.skipTLSVerify && { unverified: true }),
    // Tokens may come from a program or a file, and change.
    authorization: async () => (await credentials()).headers?.Authorization,
  };
}

interface Credentials {
  ca?: string | Buffer;
  cert?: string | Buffer;
  key?: string | Buffer;
  headers?: Record<string, string>;
}
