/**
 * `kubedirector migrate-storage`: writes again what is stored in an outdated way, such as with an older key of encryption.
 *
 * On etcd, servers go on working meanwhile. The folder of an embedded store is opened by one process only, so its server has to
 * be stopped; or `kubectl get … -o json | kubectl replace -f -` does the same through the server.
 */
import { encryptionFaults, encryptionFlags, encryptionIn } from './encryption-flags.ts';
import { findStore, inWords, storeFlags } from './find-store.ts';
import { type Flag, readFlags, UsageError } from './flags.ts';
import { storageFaults, storageIn } from './storage-flags.ts';

const { 'encryption-provider-config': encryptionFile } = encryptionFlags;
export const migrateFlags = {
  ...storeFlags,
  'encryption-provider-config': encryptionFile,
} as const satisfies Record<string, Flag>;

/** @throws UsageError */
export async function migrateStorageCommand(args: readonly string[]): Promise<void> {
  const { values: given, rest } = readFlags(migrateFlags, args);
  const values = { ...given, 'encryption-provider-config-automatic-reload': 'false' };
  const faults = [...storageFaults(values), ...encryptionFaults(values)];
  if (rest.length) faults.unshift(`What is meant by ${rest.join(' ')}?`);
  if (faults.length) throw new UsageError(faults.join('\n'));
  const [{ openStore }, { Migration }, { kubeDirectorResources }, { catalogLookups }] = await Promise.all([
    import('../../storage/open.ts'),
    import('../../apiserver/registry/migration.ts'),
    import('../../apiserver/registry/index.ts'),
    import('../../apiserver/registry/kubedirectorcluster/catalog.ts'),
  ]);
  // Only how objects are written down is asked of the resources, never what they look up.
  const lookups = catalogLookups(() => {
    throw new Error('a storage migration looks nothing up');
  }, '');
  const ended = new AbortController();
  try {
    const encryption = encryptionIn(values);
    const found = await findStore(storageIn(values), values, AbortSignal.timeout(30_000));
    const store = await openStore({ ...found, ...(encryption && { encryption }) }, ended.signal);
    try {
      const migration = new Migration(store, kubeDirectorResources(lookups, ''));
      const { objects, rewritten } = await migration.run(ended.signal);
      process.stdout.write(
        `${objects} objects are stored; ${rewritten} of them were outdated, and have been rewritten.\n`,
      );
    } finally {
      await store.kv.close();
    }
  } catch (error) {
    throw inWords(error);
  }
}
