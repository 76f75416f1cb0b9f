/**
 * A store whose revisions are those of another one plus a constant, the epoch offset.
 *
 * Clients must never see resourceVersion go backwards, and after a restore from a backup the store's own revisions do. Then the
 * offset is raised, and everything that clients still hold from before is older than what they are given. The offset is kept in
 * the store, under a key of our own, and is read when the store is opened (open.ts).
 */
import { compacted, futureRevision, StorageError } from './errors.ts';
import type {
  Entry,
  KeyValueStore,
  RangeRequest,
  RangeResult,
  StoreStatus,
  TxnRequest,
  TxnResult,
  WatchBatch,
  WatchEvent,
} from './kv.ts';

/** @param offset a whole number; 0 adds nothing */
export const withEpoch = (kv: KeyValueStore, offset: number): KeyValueStore =>
  offset === 0 ? kv : new EpochStore(kv, offset);

/** A revision that no entry has: what compares with a revision of an earlier epoch must fail. */
const noRevision = -1;

class EpochStore implements KeyValueStore {
  readonly #kv: KeyValueStore;
  readonly #offset: number;

  constructor(kv: KeyValueStore, offset: number) {
    this.#kv = kv;
    this.#offset = offset;
  }

  async range(request: RangeRequest, signal: AbortSignal): Promise<RangeResult> {
    const { revision } = request;
    const asked = revision === undefined ? request : { ...request, revision: this.#inner(revision) };
    const found = await this.#translated(this.#kv.range(asked, signal));
    return {
      ...found,
      entries: found.entries.map((entry) => this.#entry(entry)),
      revision: found.revision + this.#offset,
    };
  }

  async txn(request: TxnRequest, signal: AbortSignal): Promise<TxnResult> {
    const when = request.when.map(({ key, revision }) => {
      const inner = revision - this.#offset;
      return { key, revision: revision === 0 ? 0 : inner > 0 ? inner : noRevision };
    });
    const { succeeded, revision, current } = await this.#translated(this.#kv.txn({ ...request, when }, signal));
    return {
      succeeded,
      revision: revision + this.#offset,
      current: current.map((entry) => entry && this.#entry(entry)),
    };
  }

  async *watch(prefix: string, from: number, signal: AbortSignal): AsyncGenerator<WatchBatch, void, undefined> {
    if (signal.aborted) return;
    const inner = this.#inner(from);
    try {
      for await (const { events, revision } of this.#kv.watch(prefix, inner, signal))
        yield { events: events.map((event) => this.#event(event)), revision: revision + this.#offset };
    } catch (error) {
      throw this.#translate(error);
    }
  }

  requestProgress(): void {
    this.#kv.requestProgress();
  }

  async currentRevision(signal: AbortSignal): Promise<number> {
    return (await this.#kv.currentRevision(signal)) + this.#offset;
  }

  async compact(revision: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    // Whatever is of an earlier epoch is forgotten already.
    if (revision > this.#offset) await this.#translated(this.#kv.compact(revision - this.#offset, signal));
  }

  status(signal: AbortSignal): Promise<StoreStatus> {
    return this.#kv.status(signal);
  }

  close(): Promise<void> {
    return this.#kv.close();
  }

  /** @throws StorageError Compacted, of a revision of an earlier epoch */
  #inner(revision: number): number {
    if (revision <= this.#offset) throw compacted(revision);
    return revision - this.#offset;
  }

  #entry(entry: Entry): Entry {
    return {
      ...entry,
      revision: entry.revision + this.#offset,
      createRevision: entry.createRevision + this.#offset,
    };
  }

  #event(event: WatchEvent): WatchEvent {
    return event.type === 'put'
      ? { type: 'put', entry: this.#entry(event.entry) }
      : { ...event, revision: event.revision + this.#offset };
  }

  async #translated<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throw this.#translate(error);
    }
  }

  #translate(error: unknown): unknown {
    if (!(error instanceof StorageError) || error.revision === undefined) return error;
    const revision = error.revision + this.#offset;
    const limit = error.limit === undefined ? undefined : error.limit + this.#offset;
    if (error.code === 'Compacted') return compacted(revision, limit);
    if (error.code === 'FutureRevision' && limit !== undefined) return futureRevision(revision, limit);
    return error;
  }
}
