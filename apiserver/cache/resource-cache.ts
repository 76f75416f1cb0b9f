/**
 * The cache of one resource: its objects in order, its recent events, and who waits for more.
 *
 * It is told of changes by the watch cache, in the order of their revisions, and asks nobody anything.
 */
import type { Clock } from '../../openapi/machinery/clock.ts';
import type { FieldSelector } from '../../openapi/machinery/field-selector.ts';
import { isStorageError, type StorageError } from '../../storage/errors.ts';
import type { Entry } from '../../storage/kv.ts';
import type { Envelope } from './envelope.ts';
import { type CacheEvent, EventWindow, type Position, type WindowLimits } from './event-window.ts';
import { FieldIndex } from './field-index.ts';
import { noObjects, type Objects } from './objects.ts';
import type { Snapshot } from './snapshot.ts';
import { type Unreadable, UnreadableObjects } from './unreadable.ts';

/** How stored entries of the resource are read. */
export interface SnapshotReader {
  readonly envelope: Envelope;
  /** Fields by whose values objects are found without looking at all; absent: none. */
  readonly indexedFields?: readonly string[];
  /** @throws StorageError Unreadable when the entry is not an object of this resource */
  snapshotOf(entry: Entry): Snapshot;
}

/**
 * How many consistent states are kept for clients that read a list page by page, and for how long after the last page (K-555): each
 * holds what has been overwritten since. Later pages come from storage.
 */
const keptPages = 8;
const keptMs = 75_000;

interface Kept {
  readonly objects: Objects;
  readonly atMs: number;
}

export class ResourceCache {
  readonly #reader: SnapshotReader;
  readonly #clock: Clock;
  readonly #limits: WindowLimits | undefined;
  readonly #listeners = new Set<() => void>();
  /** By revision; those that were asked for last stand last. */
  readonly #kept = new Map<number, Kept>();
  /** Those of which only the key is known. They are not among the others. */
  readonly unreadable = new UnreadableObjects();
  #objects: Objects = noObjects();
  #index: FieldIndex;
  #bytes = 0;
  #watchers = 0;
  #window: EventWindow;
  /** Counts rebuilds: a watch that began before one cannot go on. */
  #generation = 0;
  /** Events told so far, and watches that ended because they fell behind: for metrics. */
  received = 0;
  overtaken = 0;

  constructor(reader: SnapshotReader, clock: Clock, limits?: WindowLimits) {
    this.#reader = reader;
    this.#clock = clock;
    this.#limits = limits;
    this.#index = new FieldIndex(reader.indexedFields);
    this.#window = new EventWindow(Number.POSITIVE_INFINITY, clock, limits);
  }

  get size(): number {
    return this.#objects.size + this.unreadable.size;
  }

  /** Of the objects as they are served; forms derived from them are counted elsewhere. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many watches of clients are open. */
  get watchers(): number {
    return this.#watchers;
  }

  get generation(): number {
    return this.#generation;
  }

  get window(): EventWindow {
    return this.#window;
  }

  get envelope(): Envelope {
    return this.#reader.envelope;
  }

  /** @throws StorageError Unreadable: it is there, and cannot be told */
  get(key: string): Snapshot | undefined {
    const unreadable = this.unreadable.get(key);
    if (unreadable) throw unreadable.why;
    return this.#objects.get(key);
  }

  /**
   * The objects as they are now, of which all that begin with `prefix` are certainly there; not to be changed, and only good until the
   * next turn of the event loop.
   *
   * @throws StorageError Unreadable when one of them cannot be told
   */
  current(prefix = ''): Objects {
    const [unreadable] = this.unreadable.under(prefix);
    if (unreadable) throw unreadable.why;
    return this.#objects;
  }

  /** The objects that can be told, for those to whom nothing follows from one that is missing; the same rules hold. */
  get readable(): Objects {
    return this.#objects;
  }

  /** Of everything that is there, also of what cannot be told. */
  *keys(): Generator<string, void, undefined> {
    yield* this.#objects.keys();
    for (const { key } of this.unreadable.values()) yield key;
  }

  /**
   * Of the objects as they are now, no fewer than those below `prefix` that the selector picks; the same rules hold.
   *
   * @throws StorageError Unreadable when one below `prefix` cannot be told
   */
  among(selector: FieldSelector, prefix = ''): Objects {
    const all = this.current(prefix);
    return this.#index.narrowed(selector) ?? all;
  }

  /** The objects that can be told, for as long as anybody wants to read them. Costs nothing until they change. */
  frozen(): Objects {
    return this.#objects.clone();
  }

  /** Keeps the present state for whoever comes back for the next page of it; one that is not whole is left to storage. */
  keep(revision: number): void {
    if (this.unreadable.size) return;
    this.#keep(revision, this.frozen());
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= keptPages) break;
      this.#kept.delete(oldest);
    }
  }

  kept(revision: number): Objects | undefined {
    const kept = this.#kept.get(revision);
    if (kept) this.#keep(revision, kept.objects);
    return kept?.objects;
  }

  #keep(revision: number, objects: Objects): void {
    this.#kept.delete(revision);
    this.#kept.set(revision, { objects, atMs: this.#clock.now() });
  }

  /** Forgets what is older than it has to be kept; also called while nothing happens. */
  trim(): void {
    this.#window.trim();
    const expired = this.#clock.now() - keptMs;
    for (const [revision, { atMs }] of this.#kept) if (atMs < expired) this.#kept.delete(revision);
  }

  /** Begins anew with everything that is stored at `revision`. Watches that are under way end. */
  replace(entries: readonly Snapshot[], revision: number, unreadable: readonly Unreadable[] = []): void {
    this.unreadable.clear();
    for (const one of unreadable) this.unreadable.set(one);
    this.#objects = noObjects();
    this.#index = new FieldIndex(this.#reader.indexedFields);
    this.#bytes = 0;
    for (const snapshot of entries) {
      this.#objects.set(snapshot.key, snapshot);
      this.#index.put(snapshot);
      this.#bytes += snapshot.bytes.length;
    }
    this.#kept.clear();
    this.#window = new EventWindow(revision, this.#clock, this.#limits);
    this.#generation += 1;
    this.announce();
  }

  /** @throws StorageError Unreadable when the entry is not an object of this resource */
  read(entry: Entry): Snapshot {
    return this.#reader.snapshotOf(entry);
  }

  /** @returns why it cannot be read, if so */
  put(key: string, entry: Entry): StorageError | undefined {
    let current: Snapshot;
    try {
      if (entry.unreadable) throw entry.unreadable;
      current = this.#reader.snapshotOf(entry);
    } catch (error) {
      if (!isStorageError(error, 'Unreadable')) throw error;
      this.#lose(key, entry.revision, error);
      return error;
    }
    const shown = this.#objects.get(key);
    const previous = shown ?? this.unreadable.delete(key)?.last;
    this.#objects.set(key, current);
    this.#index.put(current, shown);
    this.#bytes += current.bytes.length - (shown?.bytes.length ?? 0);
    this.#push({
      type: previous ? 'MODIFIED' : 'ADDED',
      revision: entry.revision,
      current,
      previous,
      frames: undefined,
    });
    return undefined;
  }

  remove(key: string, revision: number): void {
    // One that could never be read was never told of either.
    const previous = this.#forget(key) ?? this.unreadable.delete(key)?.last;
    if (!previous) return;
    const current = previous.at(revision, this.#reader.envelope);
    this.#push({ type: 'DELETED', revision, current, previous, frames: undefined });
  }

  /** Nothing is told of it: to those who know the object it is neither changed nor gone. */
  #lose(key: string, revision: number, why: StorageError): void {
    const last = this.#forget(key) ?? this.unreadable.get(key)?.last;
    this.unreadable.set({ key, revision, why, last });
  }

  #forget(key: string): Snapshot | undefined {
    const previous = this.#objects.get(key);
    if (!previous) return undefined;
    this.#objects.delete(key);
    this.#index.remove(previous);
    this.#bytes -= previous.bytes.length;
    return previous;
  }

  /** Calls `listener` after every batch of changes and every step of progress. @returns how to stop */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The same for a watch of a client, which is counted while it lasts. */
  listenAsWatcher(listener: () => void): () => void {
    const stop = this.listen(listener);
    this.#watchers += 1;
    return () => {
      if (this.#listeners.has(listener)) this.#watchers -= 1;
      stop();
    };
  }

  announce(): void {
    for (const listener of this.#listeners) listener();
  }

  positionAfter(revision: number): Position | undefined {
    return this.#window.positionAfter(revision);
  }

  #push(event: CacheEvent): void {
    this.received += 1;
    this.#window.push(event);
  }
}
