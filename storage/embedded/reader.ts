/**
 * Reading an embedded store that another process has open: for a backup of a running server.
 *
 * lmdb lets any number of processes read while one writes. Each turn reads a state of the file that is whole; between two turns
 * the server may go on, so what is wanted is a revision, which the server's compaction may one day overtake.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { compacted, futureRevision, isStorageError, StorageError } from '../errors.ts';
import type { KeyValueStore, RangeRequest, RangeResult, StoreStatus } from '../kv.ts';
import { checkRevision } from '../requests.ts';
import { type Environment, hasStore, inOurWords, openEnvironment } from './environment.ts';
import { Ledger, type Scan } from './ledger.ts';
import type { State } from './records.ts';
import { type EmbeddedOptions, openEmbeddedStore } from './store.ts';

export type KeyValueReader = Pick<KeyValueStore, 'range' | 'status' | 'close'>;

/**
 * Opens a store for reading, whether or not somebody else has it open.
 *
 * @throws StorageError KeyNotFound when there is none; Unreadable; Unavailable
 */
export async function openEmbeddedReader({ directory }: EmbeddedOptions): Promise<KeyValueReader> {
  if (!hasStore(directory)) throw new StorageError('KeyNotFound', `there is no embedded store in ${directory}`);
  try {
    // Nobody has it: then nobody has looked over its file either, and that is done here.
    return await openEmbeddedStore({ directory });
  } catch (error) {
    if (!isStorageError(error, 'Unavailable')) throw error;
  }
  return new EmbeddedReader(directory, openEnvironment(directory, true));
}

class EmbeddedReader implements KeyValueReader {
  readonly #directory: string;
  readonly #environment: Environment;
  readonly #ledger: Ledger;

  constructor(directory: string, environment: Environment) {
    this.#directory = directory;
    this.#environment = environment;
    this.#ledger = new Ledger(environment);
  }

  async range(request: RangeRequest, signal: AbortSignal): Promise<RangeResult> {
    const { start, end, limit = 0, keysOnly = false, uncounted = false, tolerant = false } = request;
    const state = this.#reading(() => this.#state());
    const { revision = state.revision } = request;
    const next = this.#ledger.bound(start || '\0');
    // The keys from `start` to the next one are `start` alone.
    const scan: Scan = {
      next,
      end: this.#ledger.bound(end ?? `${start}\0`),
      revision,
      limit,
      keysOnly,
      uncounted,
      tolerant,
      entries: [],
      count: 0,
    };
    while (this.#reading(() => this.#scan(scan))) {
      await nextTurn();
      signal.throwIfAborted();
    }
    const { entries, count } = scan;
    return { entries, more: entries.length < count, count, revision: state.revision };
  }

  async status(): Promise<StoreStatus> {
    return { version: 'embedded 1', sizeBytes: this.#environment.sizeBytes() };
  }

  close(): Promise<void> {
    return this.#environment.close();
  }

  /** State and entries of one turn belong together. */
  #scan(scan: Scan): boolean {
    const { revision, compacted: floor } = this.#state();
    checkRevision(scan.revision);
    if (scan.revision > revision) throw futureRevision(scan.revision, revision);
    if (scan.revision < floor) throw compacted(scan.revision, floor);
    return this.#ledger.scan(scan, floor);
  }

  #state(): State {
    const state = this.#ledger.state();
    if (!state) throw new StorageError('Unreadable', `the store in ${this.#directory} has only just been made`);
    return state;
  }

  #reading<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw inOurWords(error, this.#directory);
    }
  }
}
