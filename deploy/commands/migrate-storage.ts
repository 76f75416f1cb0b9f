/**
 * `kubedirector migrate-storage`: writes again what is stored in an outdated way, such as with an older key of encryption.
 *
 * On etcd, servers go on working meanwhile. The folder of an embedded store is opened by one process only, so its server has to
 * be stopped; or `kubectl get … -o json | kubectl replace -f -` does the same through the server.
 */
import { readFlags } from './flags.ts';
import { openedStoreFlags, withOpenedStore } from './opened-store.ts';

export const migrateFlags = openedStoreFlags;

/** @throws UsageError */
export async function migrateStorageCommand(args: readonly string[]): Promise<void> {
  const { values, rest } = readFlags(migrateFlags, args);
  const { objects, rewritten } = await withOpenedStore(values, rest, async (store, resources, signal) => {
    const { Migration } = await import('../../apiserver/registry/migration.ts');
    return new Migration(store, resources).run(signal);
  });
  process.stdout.write(`${objects} objects are stored; ${rewritten} of them were outdated, and have been rewritten.\n`);
}
