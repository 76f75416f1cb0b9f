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
import { Keyspace, ownNames } from './keys.ts';
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

type Readable = Pick<KeyValueStore, 'range'>;

/** @param revision absent: now. @returns undefined when the store has never been opened, was emptied, or is being restored */
export const identityIn = (kv: Readable, keyspace: Keyspace, signal: AbortSignal, revision?: number) =>
  textAt(kv, keyspace.ownKey(ownNames.identity), signal, revision);

/** What is added to the store's revisions. @throws StorageError Unreadable */
export const epochIn = async (kv: Readable, keyspace: Keyspace, signal: AbortSignal, revision?: number) =>
  offsetIn(await textAt(kv, keyspace.ownKey(ownNames.epoch), signal, revision));

async function textAt(kv: Readable, key: string, signal: AbortSignal, revision?: number): Promise<string | undefined> {
  const { entries } = await kv.range({ start: key, ...(revision !== undefined && { revision }) }, signal);
  return entries[0]?.value.toString();
}

const absent = (key: string) => ({ key, revision: 0 });

async function identify(
  kv: KeyValueStore,
  keyspace: Keyspace,
  signal: AbortSignal,
): Promise<{ identity: string; epochOffset: number }> {
  const [identityKey, epochKey, restoringKey] = [
    keyspace.ownKey(ownNames.identity),
    keyspace.ownKey(ownNames.epoch),
    keyspace.ownKey(ownNames.restoring),
  ];
  const made = randomUUID();
  for (;;) {
    // Read first: a store that is full can be opened, too.
    const identity = await identityIn(kv, keyspace, signal);
    if (identity !== undefined) return { identity, epochOffset: await epochIn(kv, keyspace, signal) };
    if ((await textAt(kv, restoringKey, signal)) !== undefined)
      throw new StorageError(
        'Unavailable',
        'the store is being restored from a backup, or that was cut short: then "kubedirector restore" has to be run again',
      );
    const perform = [
      { put: identityKey, value: Buffer.from(made) },
      { put: epochKey, value: Buffer.from('0') },
    ];
    try {
      await kv.txn({ when: [absent(identityKey), absent(restoringKey)], perform }, signal);
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
  await kv.txn(
    { when: [], perform: [{ put: keyspace.ownKey(ownNames.epoch), value: Buffer.from(String(raised)) }] },
    signal,
  );
  return raised;
}

function offsetIn(text = '0'): number {
  const offset = Number(text);
  if (Number.isSafeInteger(offset) && offset >= 0) return offset;
  throw new StorageError('Unreadable', `the epoch of the store is no number: ${text}`);
}
