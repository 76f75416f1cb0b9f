/**
 * The storage contract kept by one file on disk: for the sandbox, for tests, and for clusters of one node.
 *
 * Durable before acknowledged, and one process at a time. What has been published is what exists: reads see nothing newer, even
 * when the file already holds it, so that revisions, reads and watches always agree.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { orAborted } from '../../openapi/machinery/signal.ts';
import { closed, compacted, futureRevision, isStorageError, StorageError } from '../errors.ts';
import type {
  KeyValueStore,
  RangeRequest,
  RangeResult,
  StoreStatus,
  TxnRequest,
  TxnResult,
  WatchBatch,
} from '../kv.ts';
import { checkRevision, checkTxn } from '../requests.ts';
import { WatchHub } from '../watch-hub.ts';
import type { Environment } from './environment.ts';
import { inOurWords, noSpace, openEnvironment } from './environment.ts';
import type { HeldFolder } from './folder.ts';
import { holdFolder } from './folder.ts';
import { GroupCommit } from './group-commit.ts';
import type { Draft, Scan } from './ledger.ts';
import { Ledger } from './ledger.ts';
import type { State } from './records.ts';
import { Room } from './room.ts';

export interface EmbeddedOptions {
  /** Is made when it is not there; holds nothing but the store. */
  readonly directory: string;
}

const format = 'kubedirector embedded 1';
const formatKey = Buffer.from('format');

/**
 * @throws StorageError Unavailable when the folder is in use or cannot be written to; Unreadable when what is in it is damaged
 *   or of another format
 */
export async function openEmbeddedStore({ directory }: EmbeddedOptions): Promise<KeyValueStore> {
  const folder = await holdFolder(directory);
  let environment: Environment | undefined;
  try {
    environment = openEnvironment(folder.path);
    const ledger = new Ledger(environment);
    const state = (await formatted(environment, ledger, folder.path)) ?? ledger.state();
    if (!state)
      throw new StorageError('Unreadable', `the embedded store in ${folder.path} is damaged: its state is missing`);
    if (environment.suspect) ledger.verify(state);
    return new EmbeddedStore(folder, environment, ledger, state);
  } catch (error) {
    await environment?.close();
    folder.release();
    throw inOurWords(error, folder.path);
  }
}

/** @returns the state of a store that was only just made */
async function formatted(environment: Environment, ledger: Ledger, path: string): Promise<State | undefined> {
  const found = environment.meta.getBinary(formatKey)?.toString();
  if (found === format) return undefined;
  if (found !== undefined || ledger.state())
    throw new StorageError(
      'Unreadable',
      `${path} holds a store of the format "${found}", this version reads "${format}"`,
    );
  const state: State = { revision: 1, compacted: 0, scrubbed: 0 };
  await environment.transaction(() => {
    environment.meta.putSync(formatKey, Buffer.from(format));
    ledger.saveState(state);
  });
  return state;
}

class EmbeddedStore implements KeyValueStore {
  readonly #folder: HeldFolder;
  readonly #environment: Environment;
  readonly #ledger: Ledger;
  readonly #commits: GroupCommit<Draft>;
  readonly #hub: WatchHub;
  readonly #room: Room;
  readonly #life = new AbortController();
  #state: State;
  #full = false;
  #scrubbing: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(folder: HeldFolder, environment: Environment, ledger: Ledger, state: State) {
    this.#folder = folder;
    this.#environment = environment;
    this.#ledger = ledger;
    this.#state = state;
    this.#room = new Room(() => environment.space());
    this.#commits = new GroupCommit<Draft>({
      begin: () => ({ ...this.#state, events: [] }),
      transaction: (work) => environment.transaction(work),
      save: (draft) => {
        if (isNewer(draft, this.#state)) ledger.saveState(draft);
      },
      committed: (draft) => this.#committed(draft),
    });
    this.#hub = new WatchHub({
      newest: () => this.#state.revision,
      read: (prefix, from) => this.#reading(() => ledger.history(prefix, from, this.#state)),
    });
    // A compaction that was cut short goes on; if it fails, the next one will say so.
    this.#scrub().catch(() => {});
  }

  async range(request: RangeRequest, signal: AbortSignal): Promise<RangeResult> {
    const { start, end, limit = 0, keysOnly = false, uncounted = false, tolerant = false } = request;
    for (;;) {
      const revision = request.revision ?? this.#state.revision;
      this.#checkReadable(revision, signal);
      const newest = (): number => (request.revision === undefined ? revision : this.#state.revision);
      if (end === undefined) {
        const { compacted: floor } = this.#state;
        const entry = this.#reading(() => this.#ledger.entryAt(start, revision, floor, keysOnly, tolerant));
        return { entries: entry ? [entry] : [], more: false, count: entry ? 1 : 0, revision: newest() };
      }
      const next = this.#ledger.bound(start || '\0');
      const wanted = { revision, limit, keysOnly, uncounted, tolerant };
      const scan: Scan = { next, end: this.#ledger.bound(end), ...wanted, entries: [], count: 0 };
      try {
        while (this.#reading(() => this.#ledger.scan(scan, this.#state.compacted))) {
          await nextTurn();
          this.#checkReadable(revision, signal);
        }
      } catch (error) {
        // Overtaken by a compaction, while reading the newest: there is something newer to read.
        if (request.revision === undefined && isStorageError(error, 'Compacted')) continue;
        throw error;
      }
      const { entries, count } = scan;
      return { entries, more: entries.length < count, count, revision: newest() };
    }
  }

  async txn(request: TxnRequest, signal: AbortSignal): Promise<TxnResult> {
    this.#check(signal);
    checkTxn(request);
    this.#ledger.checkSize(request);
    const bytes = request.perform.reduce((sum, change) => sum + ('put' in change ? change.value.length : 0), 0);
    // What deletes makes room, or will.
    const fits = request.perform.some((change) => 'delete' in change) || this.#room.has(bytes);
    const apply = (draft: Draft): TxnResult => {
      const result = this.#ledger.apply(request, draft);
      if (result.succeeded && !fits) throw noSpace(this.#folder.path);
      return result;
    };
    return this.#writing(apply, bytes, signal);
  }

  watch(prefix: string, from: number, signal: AbortSignal): AsyncIterable<WatchBatch> {
    return this.#hub.watch(prefix, from, signal);
  }

  requestProgress(): void {
    this.#hub.publish({ events: [], revision: this.#state.revision });
  }

  async currentRevision(signal: AbortSignal): Promise<number> {
    this.#check(signal);
    return this.#state.revision;
  }

  async compact(revision: number, signal: AbortSignal): Promise<void> {
    this.#check(signal);
    if (revision > this.#state.revision) throw futureRevision(revision, this.#state.revision);
    const forget = (draft: Draft): void => {
      draft.compacted = Math.max(draft.compacted, revision);
    };
    await this.#writing(forget, 0, signal);
    await orAborted(this.#scrub(), signal);
  }

  async status(signal: AbortSignal): Promise<StoreStatus> {
    this.#check(signal);
    return {
      version: 'embedded 1',
      sizeBytes: this.#environment.sizeBytes(),
      ...(this.#full && { alarm: 'NOSPACE' }),
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#life.abort(closed());
    this.#hub.close();
    await this.#commits.close();
    await this.#scrubbing?.catch(() => {});
    await this.#environment.close();
    this.#folder.release();
  }

  #check(signal: AbortSignal): void {
    signal.throwIfAborted();
    this.#life.signal.throwIfAborted();
  }

  #checkReadable(revision: number, signal: AbortSignal): void {
    this.#check(signal);
    checkRevision(revision);
    if (revision > this.#state.revision) throw futureRevision(revision, this.#state.revision);
    if (revision < this.#state.compacted) throw compacted(revision, this.#state.compacted);
  }

  #reading<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw inOurWords(error, this.#folder.path);
    }
  }

  async #writing<T>(run: (draft: Draft) => T, bytes: number, signal: AbortSignal): Promise<T> {
    try {
      return await this.#commits.submit(run, bytes, signal);
    } catch (error) {
      if (isStorageError(error, 'NoSpace')) this.#full = true;
      throw error;
    }
  }

  #committed(draft: Draft): void {
    if (!isNewer(draft, this.#state)) return;
    const { revision, compacted: floor, scrubbed, events } = draft;
    this.#state = { revision, compacted: floor, scrubbed };
    this.#full = false;
    if (events.length) this.#hub.publish({ events, revision });
  }

  #scrub(): Promise<void> {
    this.#scrubbing ??= this.#scrubAll().finally(() => {
      this.#scrubbing = undefined;
    });
    return this.#scrubbing;
  }

  /** In small transactions, between which others write. */
  async #scrubAll(): Promise<void> {
    while (this.#state.scrubbed < this.#state.compacted)
      await this.#commits.submit((draft) => this.#ledger.scrub(draft), 0, this.#life.signal);
  }
}

const isNewer = (draft: State, { revision, compacted: floor, scrubbed }: State): boolean =>
  draft.revision !== revision || draft.compacted !== floor || draft.scrubbed !== scrubbed;
