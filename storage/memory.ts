/**
 * The storage contract kept by a Map: for tests, and the quickest way to understand it. Nothing survives the process.
 */
import { closed, compacted, futureRevision } from './errors.ts';
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
import { checkRevision, checkTxn } from './requests.ts';
import { keyOf, revisionOf, WatchHub } from './watch-hub.ts';

/** One version of a key; without an entry it is a deletion. */
interface Version {
  readonly revision: number;
  readonly entry?: Entry;
}

export class MemoryStore implements KeyValueStore {
  /** Every version of every key since the last compaction, oldest first. */
  readonly #versions = new Map<string, Version[]>();
  readonly #log: WatchEvent[] = [];
  readonly #hub = new WatchHub({
    newest: () => this.#revision,
    read: (prefix, from) => this.#replay(prefix, from),
  });
  #revision = 1;
  #compacted = 0;
  #open = true;

  async range(request: RangeRequest, signal: AbortSignal): Promise<RangeResult> {
    this.#check(signal);
    const { start, end, limit = 0, revision = this.#revision, keysOnly = false } = request;
    checkRevision(revision);
    if (revision > this.#revision) throw futureRevision(revision, this.#revision);
    if (revision < this.#compacted) throw compacted(revision, this.#compacted);
    const keys = end === undefined ? [start] : [...this.#versions.keys()].filter(isWithin(start, end));
    const all = keys
      .sort(compareBytes)
      .map((key) => this.#at(key, revision))
      .filter((entry) => entry !== undefined);
    const entries = limit > 0 ? all.slice(0, limit) : all;
    return {
      entries: keysOnly ? entries.map((entry) => ({ ...entry, value: Buffer.alloc(0) })) : entries,
      more: entries.length < all.length,
      count: all.length,
      revision: this.#revision,
    };
  }

  async txn(request: TxnRequest, signal: AbortSignal): Promise<TxnResult> {
    this.#check(signal);
    checkTxn(request);
    const { when, perform, otherwise = [] } = request;
    const holds = when.every(({ key, revision }) => (this.#at(key, this.#revision)?.revision ?? 0) === revision);
    if (!holds) {
      const current = otherwise.map((key) => this.#at(key, this.#revision));
      return { succeeded: false, revision: this.#revision, current };
    }
    const revision = this.#revision + 1;
    const events = perform.map((operation) => this.#change(operation, revision)).filter((event) => event !== undefined);
    if (events.length) {
      this.#revision = revision;
      this.#log.push(...events);
      this.#hub.publish({ events, revision });
    }
    return { succeeded: true, revision: this.#revision, current: [] };
  }

  watch(prefix: string, from: number, signal: AbortSignal): AsyncIterable<WatchBatch> {
    return this.#hub.watch(prefix, from, signal);
  }

  requestProgress(): void {
    this.#hub.publish({ events: [], revision: this.#revision });
  }

  async currentRevision(signal: AbortSignal): Promise<number> {
    this.#check(signal);
    return this.#revision;
  }

  async compact(revision: number, signal: AbortSignal): Promise<void> {
    this.#check(signal);
    if (revision > this.#revision) throw futureRevision(revision, this.#revision);
    this.#compacted = Math.max(this.#compacted, revision);
    for (const [key, versions] of this.#versions) {
      const kept = versions.findLastIndex((version) => version.revision <= revision);
      const rest = versions.slice(Math.max(kept, 0)).filter((version, i) => i > 0 || version.entry || kept < 0);
      if (rest.length) this.#versions.set(key, rest);
      else this.#versions.delete(key);
    }
    const first = this.#log.findIndex((event) => revisionOf(event) > revision);
    this.#log.splice(0, first < 0 ? this.#log.length : first);
  }

  async status(signal: AbortSignal): Promise<StoreStatus> {
    this.#check(signal);
    const entries = [...this.#versions.values()].flat();
    return { version: 'memory 1', sizeBytes: entries.reduce((sum, { entry }) => sum + (entry?.value.length ?? 0), 0) };
  }

  async close(): Promise<void> {
    this.#open = false;
    this.#hub.close();
  }

  #check(signal: AbortSignal): void {
    signal.throwIfAborted();
    if (!this.#open) throw closed();
  }

  #at(key: string, revision: number): Entry | undefined {
    return this.#versions.get(key)?.findLast((version) => version.revision <= revision)?.entry;
  }

  #change(operation: TxnRequest['perform'][number], revision: number): WatchEvent | undefined {
    const key = 'put' in operation ? operation.put : operation.delete;
    const old = this.#at(key, this.#revision);
    if ('delete' in operation && !old) return undefined;
    const versions = this.#versions.get(key) ?? [];
    this.#versions.set(key, versions);
    if ('delete' in operation) {
      versions.push({ revision });
      return { type: 'delete', key, revision };
    }
    const entry = { key, value: operation.value, revision, createRevision: old?.createRevision ?? revision };
    versions.push({ revision, entry });
    return { type: 'put', entry };
  }

  /** What a watch from `from` has missed, at most about `pieceOfHistory` events of it. */
  #replay(prefix: string, from: number): WatchBatch {
    checkRevision(from);
    if (from <= this.#compacted) throw compacted(from, this.#compacted);
    const first = this.#log.findIndex((event) => revisionOf(event) >= from);
    if (first < 0) return { events: [], revision: this.#revision };
    const last = this.#log[first + pieceOfHistory];
    const revision = last ? revisionOf(last) : this.#revision;
    const after = last ? this.#log.findIndex((event) => revisionOf(event) > revision) : -1;
    const piece = this.#log.slice(first, after < 0 ? undefined : after);
    return { events: piece.filter((event) => keyOf(event).startsWith(prefix)), revision };
  }
}

const pieceOfHistory = 1000;

/** The order of UTF-8, which is that of code points; `<` compares UTF-16 units and puts surrogates before U+E000. */
function compareBytes(a: string, b: string): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return isSurrogate(x) === isSurrogate(y) ? x - y : isSurrogate(x) ? 1 : -1;
  }
  return a.length - b.length;
}

const isSurrogate = (unit: number): boolean => unit >= 0xd800 && unit < 0xe000;
const isWithin = (start: string, end: string) => (key: string) =>
  compareBytes(key, start) >= 0 && compareBytes(key, end) < 0;
