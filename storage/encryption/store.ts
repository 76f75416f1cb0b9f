/**
 * A store whose values are encrypted on their way in and decrypted on their way out. Keys and revisions are as they are beneath.
 *
 * Our own bookkeeping stays plain: it holds no secrets, and must be readable before any key is known.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isStorageError } from '../errors.ts';
import type { Keyspace } from '../keys.ts';
import type {
  Entry,
  KeyValueStore,
  Operation,
  RangeRequest,
  RangeResult,
  StoreStatus,
  TxnRequest,
  TxnResult,
  WatchBatch,
  WatchEvent,
} from '../kv.ts';
import { unreadableEntry } from '../kv.ts';
import { KeyRing } from './key-ring.ts';
import type { Eventually, OpenedValue } from './provider.ts';

/** The keys of the moment: they may be replaced while the store is open. */
export interface KeyRings {
  readonly current: KeyRing;
  close(): Promise<void>;
}

/** Without a configuration: values are stored as they are, and encrypted ones are refused. */
export const noKeyRings = (keyspace: Keyspace): KeyRings => ({
  current: new KeyRing(keyspace, []),
  close: async () => {},
});

/** The result owns `kv` and `rings`, and closes both. */
export const withEncryption = (kv: KeyValueStore, keyspace: Keyspace, rings: KeyRings): KeyValueStore =>
  new EncryptedStore(kv, keyspace, rings);

/** How much is decrypted in one turn of the event loop: about two milliseconds' worth. */
const bytesAtOnce = 1024 * 1024;
const entriesAtOnce = 250;

class EncryptedStore implements KeyValueStore {
  readonly #kv: KeyValueStore;
  readonly #keyspace: Keyspace;
  readonly #rings: KeyRings;

  constructor(kv: KeyValueStore, keyspace: Keyspace, rings: KeyRings) {
    this.#kv = kv;
    this.#keyspace = keyspace;
    this.#rings = rings;
  }

  async range(request: RangeRequest, signal: AbortSignal): Promise<RangeResult> {
    const found = await this.#kv.range(request, signal);
    if (request.keysOnly) return found;
    const open = (entry: Entry): Eventually<Entry> => (request.tolerant ? this.#tryToOpen(entry) : this.#open(entry));
    return { ...found, entries: await this.#openAll(found.entries, open, signal) };
  }

  async txn(request: TxnRequest, signal: AbortSignal): Promise<TxnResult> {
    signal.throwIfAborted();
    const perform: Operation[] = [];
    for (const operation of request.perform) perform.push(await this.#sealed(operation));
    const result = await this.#kv.txn({ ...request, perform }, signal);
    if (!result.current.length) return result;
    const current: (Entry | undefined)[] = [];
    for (const entry of result.current) current.push(entry && (await this.#open(entry)));
    return { ...result, current };
  }

  async *watch(prefix: string, from: number, signal: AbortSignal): AsyncGenerator<WatchBatch, void, undefined> {
    for await (const { events, revision } of this.#kv.watch(prefix, from, signal)) {
      const opened: WatchEvent[] = [];
      for (const event of events)
        opened.push(event.type === 'put' ? { type: 'put', entry: await this.#tryToOpen(event.entry) } : event);
      yield { events: opened, revision };
    }
  }

  requestProgress(): void {
    this.#kv.requestProgress();
  }

  currentRevision(signal: AbortSignal): Promise<number> {
    return this.#kv.currentRevision(signal);
  }

  compact(revision: number, signal: AbortSignal): Promise<void> {
    return this.#kv.compact(revision, signal);
  }

  status(signal: AbortSignal): Promise<StoreStatus> {
    return this.#kv.status(signal);
  }

  async close(): Promise<void> {
    await Promise.all([this.#kv.close(), this.#rings.close()]);
  }

  #sealed(operation: Operation): Eventually<Operation> {
    if (!('put' in operation) || this.#keyspace.isOwn(operation.put)) return operation;
    const value = this.#rings.current.seal(operation.value, operation.put);
    if (value instanceof Promise) return value.then((sealed) => ({ put: operation.put, value: sealed }));
    return { put: operation.put, value };
  }

  #open(entry: Entry): Eventually<Entry> {
    if (this.#keyspace.isOwn(entry.key)) return entry;
    const opened = this.#rings.current.open(entry.value, entry.key);
    return opened instanceof Promise ? opened.then((later) => entryWith(entry, later)) : entryWith(entry, opened);
  }

  /** What cannot be opened is marked; any other failure, such as a key service that does not answer, remains one. */
  #tryToOpen(entry: Entry): Eventually<Entry> {
    if (entry.unreadable) return entry;
    const marked = (error: unknown): Entry => {
      if (isStorageError(error, 'Unreadable')) return unreadableEntry(entry, error);
      throw error;
    };
    try {
      const opened = this.#open(entry);
      return opened instanceof Promise ? opened.catch(marked) : opened;
    } catch (error) {
      return marked(error);
    }
  }

  async #openAll(
    entries: readonly Entry[],
    open: (entry: Entry) => Eventually<Entry>,
    signal: AbortSignal,
  ): Promise<Entry[]> {
    const all: Entry[] = [];
    let [bytes, count] = [0, 0];
    for (const entry of entries) {
      const opened = open(entry);
      all.push(opened instanceof Promise ? await opened : opened);
      if (opened === entry) continue;
      bytes += entry.value.length;
      count += 1;
      if (bytes < bytesAtOnce && count < entriesAtOnce) continue;
      [bytes, count] = [0, 0];
      await nextTurn();
      signal.throwIfAborted();
    }
    return all;
  }
}

const entryWith = (entry: Entry, { value, stale }: OpenedValue): Entry =>
  value === entry.value && !stale ? entry : { ...entry, value, ...(stale && { stale: true as const }) };
