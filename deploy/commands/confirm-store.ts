/**
 * `kubedirector confirm-store`: an administrator's word that a store that is not the recorded one is to be served all the same.
 */
import { systemClock } from '../../openapi/machinery/clock.ts';
import { silentLog } from '../../openapi/machinery/log.ts';
import { type Flag, readFlags } from './flags.ts';

export const confirmFlags = {
  kubeconfig: { value: 'FILE', help: 'how the cluster is reached; in a pod: by its service account' },
  namespace: { value: 'NAME', help: "KubeDirector's own; in a pod: the pod's" },
} as const satisfies Record<string, Flag>;

/** @throws UsageError */
export async function confirmStoreCommand(args: readonly string[]): Promise<void> {
  const { kubeconfig, namespace } = readFlags(confirmFlags, args).values;
  const [{ StoreRecord }, { openHost }] = await Promise.all([
    import('../../apiserver/host/store-record.ts'),
    import('./serve/host.ts'),
  ]);
  const flags = { kubeconfig, namespace, authenticationKubeconfig: undefined, authorizationKubeconfig: undefined };
  const host = await openHost(flags, systemClock);
  try {
    const record = new StoreRecord({ client: host.client, namespace: host.namespace, log: silentLog });
    const found = await record.confirm(AbortSignal.timeout(30_000));
    process.stdout.write(
      found
        ? `The store ${found.identity}, found at revision ${found.revision}, is confirmed; it is served within seconds.\n` +
            'Clusters that are not in it are gone, and the host will now delete what belonged to them.\n'
        : 'There is nothing to confirm: no other store than the recorded one has been found.\n',
    );
  } finally {
    await host.close();
  }
}
