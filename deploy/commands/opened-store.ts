/**
 * A store that a command opens beside or instead of the servers, with its keys of encryption and the resources that are ours.
 */
import type { Resource } from '../../apiserver/registry/resource.ts';
import type { OpenedStore } from '../../storage/open.ts';
import { encryptionFaults, encryptionFlags, encryptionIn } from './encryption-flags.ts';
import { findStore, inWords, storeFlags } from './find-store.ts';
import { type Flag, UsageError } from './flags.ts';
import { storageFaults, storageIn } from './storage-flags.ts';

export const openedStoreFlags = {
  ...storeFlags,
  'encryption-provider-config': encryptionFlags['encryption-provider-config'],
} as const satisfies Record<string, Flag>;

type Values = Readonly<Record<keyof typeof openedStoreFlags, string | undefined>>;

/**
 * @param use is given the store while it is open
 * @throws UsageError; and whatever `use` throws that is no StorageError
 */
export async function withOpenedStore<T>(
  given: Values,
  rest: readonly string[],
  use: (store: OpenedStore, resources: readonly Resource[], signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const values = { ...given, 'encryption-provider-config-automatic-reload': 'false' };
  const faults = [...storageFaults(values), ...encryptionFaults(values)];
  if (rest.length) faults.unshift(`What is meant by ${rest.join(' ')}?`);
  if (faults.length) throw new UsageError(faults.join('\n'));
  const [{ openStore }, { kubeDirectorResources }, { catalogLookups }] = await Promise.all([
    import('../../storage/open.ts'),
    import('../../apiserver/registry/index.ts'),
    import('../../apiserver/registry/kubedirectorcluster/catalog.ts'),
  ]);
  // Only how objects are written down is asked of the resources, never what they look up.
  const lookups = catalogLookups(() => {
    throw new Error('a command on the store looks nothing up');
  }, '');
  const ended = new AbortController();
  try {
    const encryption = encryptionIn(values);
    const found = await findStore(storageIn(values), values, AbortSignal.timeout(30_000));
    const store = await openStore({ ...found, ...(encryption && { encryption }) }, ended.signal);
    try {
      return await use(store, kubeDirectorResources(lookups, ''), ended.signal);
    } finally {
      await store.kv.close();
    }
  } catch (error) {
    throw inWords(error);
  }
}
