/**
 * A store, opened as its options say, with what identifies it and the epoch of its revisions.
 *
 * The identity is a random UUID that the store is given when it is first opened. A wiped store, a wrong prefix or another etcd
 * has another one, and whoever remembers it can refuse to serve a false emptiness. Each kind of store is loaded only when asked for.
 */
import { randomUUID } from 'node:crypto';
import type { EncryptionOptions } from './encryption/key-rings.ts';
import { type KeyRings, noKeyRings, withEncryption } from './encryption/store.ts';
import { withEpoch } from './epoch.ts';
import { isStorageError, StorageError } from './errors.ts';
import type { EtcdOptions } from './etcd/store.ts';
import { Keyspace } from './keys.ts';
import type { KeyValueStore } from './kv.ts';
import { MemoryStore } from './memory.ts';

export type StoreOptions = {
  /** Of every key; default `/registry`. */
  readonly prefix?: string;
  /** How values are encrypted; absent: they are not, and encrypted ones are refused. */
  readonly encryption?: EncryptionOptions;
} & (
  | { readonly kind: 'memory' }
  | { readonly kind: 'embedded'; readonly directory: string }
  | ({ readonly kind: 'etcd' } & Omit<EtcdOptions, 'keyspace'>)
);

export interface OpenedStore {
  readonly kv: KeyValueStore;
  /** A UUID. */
  readonly identity: string;
  /** What is added to every revision of the store beneath. */
  readonly epochOffset: number;
  readonly keyspace: Keyspace;
}

/** @throws StorageError; and the signal's reason */
export async function openStore(options: StoreOptions, signal: AbortSignal): Promise<OpenedStore> {
  signal.throwIfAborted();
  const keyspace = new Keyspace(options.prefix);
  const kv = await openEncrypted(options, keyspace, signal);
  try {
    const { identity, epochOffset } = await identify(kv, keyspace, signal);
    return { kv: withEpoch(kv, epochOffset), identity, epochOffset, keyspace };
  } catch (error) {
    await kv.close();
    throw error;
  }
}

async function openEncrypted(options: StoreOptions, keyspace: Keyspace, signal: AbortSignal): Promise<KeyValueStore> {
  const rings = await ringsOf(options, keyspace, signal);
  try {
    return withEncryption(await openKind(options, keyspace), keyspace, rings);
  } catch (error) {
    await rings.close();
    throw error;
  }
}

async function ringsOf({ encryption }: StoreOptions, keyspace: Keyspace, signal: AbortSignal): Promise<KeyRings> {
  if (!encryption) return noKeyRings(keyspace);
  const { openKeyRings } = await import('./encryption/key-rings.ts');
  return openKeyRings(encryption, keyspace, signal);
}

/** The store as it is: values as they are kept, revisions without an epoch, no identity looked for or made. */
export async function openKind(options: StoreOptions, keyspace: Keyspace): Promise<KeyValueStore> {
  switch (options.kind) {
    case 'memory':
      return new MemoryStore();
    case 'embedded': {
      const { openEmbeddedStore } = await import('./embedded/store.ts');
      return openEmbeddedStore(options);
    }
    case 'etcd': {
      const { EtcdStore } = await import('./etcd/store.ts');
      const { kind: _, prefix: __, encryption: ___, ...rest } = options;
      return new EtcdStore({ ...rest, keyspace });
    }
  }
}

async function identify(
  kv: KeyValueStore,
  keyspace: Keyspace,
  signal: AbortSignal,
): Promise<{ identity: string; epochOffset: number }> {
  const [identityKey, epochKey] = [keyspace.ownKey('identity'), keyspace.ownKey('epoch')];
  const textAt = async (key: string): Promise<string | undefined> =>
    (await kv.range({ start: key }, signal)).entries[0]?.value.toString();
  const made = randomUUID();
  for (;;) {
    // Read first: a store that is full can be opened, too.
    const identity = await textAt(identityKey);
    if (identity !== undefined) return { identity, epochOffset: offsetIn(await textAt(epochKey)) };
    const perform = [
      { put: identityKey, value: Buffer.from(made) },
      { put: epochKey, value: Buffer.from('0') },
    ];
    try {
      await kv.txn({ when: [{ key: identityKey, revision: 0 }], perform }, signal);
    } catch (error) {
      // Read again, the store tells whose identity it has.
      if (!isStorageError(error, 'OutcomeUnknown')) throw error;
    }
  }
}

/**
 * Makes every revision from now on greater than `beyond`: for an administrator who has restored a backup. It counts for whoever
 * opens the store afterwards, so nobody else may have it open.
 *
 * @returns the new offset
 */
export async function raiseEpoch(
  { kv, keyspace, epochOffset }: OpenedStore,
  beyond: number,
  signal: AbortSignal,
): Promise<number> {
  const newest = await kv.currentRevision(signal);
  const raised = epochOffset + Math.max(beyond - newest, 0);
  await kv.txn({ when: [], perform: [{ put: keyspace.ownKey('epoch'), value: Buffer.from(String(raised)) }] }, signal);
  return raised;
}

function offsetIn(text = '0'): number {
  const offset = Number(text);
  if (Number.isSafeInteger(offset) && offset >= 0) return offset;
  throw new StorageError('Unreadable', `the epoch of the store is no number: ${text}`);
}
