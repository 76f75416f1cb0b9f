/**
 * Where the store is, for commands that an administrator runs beside the servers: the same flags find the same store.
 */
import { systemClock } from '../../openapi/machinery/clock.ts';
import { silentLog } from '../../openapi/machinery/log.ts';
import { StorageError } from '../../storage/errors.ts';
import type { StoreOptions } from '../../storage/open.ts';
import { type Flag, UsageError } from './flags.ts';
import { namedEtcd, type StorageOptions, storageFlags } from './storage-flags.ts';

export const storeFlags = {
  ...storageFlags,
  kubeconfig: { value: 'FILE', help: 'how the cluster is reached; in a pod: by its service account' },
  namespace: { value: 'NAME', help: "KubeDirector's own; in a pod: the pod's" },
} as const satisfies Record<string, Flag>;

interface HostFlags {
  readonly kubeconfig: string | undefined;
  readonly namespace: string | undefined;
}

/** The host is asked only for the certificates of the etcd that was deployed with us. @throws UsageError */
export async function findStore(
  storage: StorageOptions,
  { kubeconfig, namespace }: HostFlags,
  signal: AbortSignal,
): Promise<StoreOptions> {
  const named = storage.kind === 'embedded' ? storage : namedEtcd(storage);
  if (named) return named;
  const [{ openHost }, { foundStore }] = await Promise.all([import('./serve/host.ts'), import('./serve/store.ts')]);
  const flags = { kubeconfig, namespace, authenticationKubeconfig: undefined, authorizationKubeconfig: undefined };
  const host = await openHost(flags, systemClock);
  try {
    const around = { client: host.client, namespace: host.namespace, clock: systemClock, log: silentLog };
    return (await foundStore(storage, around, signal)).options;
  } finally {
    await host.close();
  }
}

/** What went wrong with a store, as a sentence for whoever typed the command; our own faults stay what they are. */
export const inWords = (error: unknown): unknown =>
  error instanceof StorageError ? new UsageError(`${error.message}.`, { cause: error }) : error;
