/**
 * The cache of one resource: its objects in order, its recent events, and who waits for more.
 *
 * It is told of changes by the watch cache, in the order of their revisions, and asks nobody anything.
 */
import type { Clock } from '../../openapi/machinery/clock.ts';
import type { FieldSelector } from '../../openapi/machinery/field-selector.ts';
import type { Entry } from '../../storage/kv.ts';
import type { Envelope } from './envelope.ts';
import { type CacheEvent, EventWindow, type Position, type WindowLimits } from './event-window.ts';
import { FieldIndex } from './field-index.ts';
import { noObjects, type Objects } from './objects.ts';
import type { Snapshot } from './snapshot.ts';

/** How stored entries of the resource are read. */
export interface SnapshotReader {
  readonly envelope: Envelope;
  /** Fields by whose values objects are found without looking at all; absent: none. */
  readonly indexedFields?: readonly string[];
  /** @throws StorageError Unreadable when the entry is not an object of this resource */
  snapshotOf(entry: Entry): Snapshot;
}

/** How many consistent states are kept for clients that read a list page by page (K-555). */
const keptPages = 8;

export class ResourceCache {
  readonly #reader: SnapshotReader;
  readonly #clock: Clock;
  readonly #limits: WindowLimits | undefined;
  readonly #listeners = new Set<() => void>();
  readonly #kept = new Map<number, Objects>();
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
    return this.#objects.size;
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

  get(key: string): Snapshot | undefined {
    return this.#objects.get(key);
  }

  /** The objects as they are now; not to be changed, and only good until the next turn of the event loop. */
  get current(): Objects {
    return this.#objects;
  }

  /** Of the objects as they are now, no fewer than the selector picks; the same rules hold. */
  among(selector: FieldSelector): Objects {
    return this.#index.narrowed(selector) ?? this.#objects;
  }

  /** The objects as they are now, for as long as anybody wants to read them. Costs nothing until they change. */
  frozen(): Objects {
    return this.#objects.clone();
  }

  /** Keeps the present state for whoever comes back for the next page of it. */
  keep(revision: number): void {
    this.#kept.delete(revision);
    this.#kept.set(revision, this.frozen());
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= keptPages) break;
      this.#kept.delete(oldest);
    }
  }

  kept(revision: number): Objects | undefined {
    return this.#kept.get(revision);
  }

  /** Begins anew with everything that is stored at `revision`. Watches that are under way end. */
  replace(entries: readonly Snapshot[], revision: number): void {
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

  put(entry: Entry): void {
    const current = this.#reader.snapshotOf(entry);
    const previous = this.#objects.get(current.key);
    this.#objects.set(current.key, current);
    this.#index.put(current, previous);
    this.#bytes += current.bytes.length - (previous?.bytes.length ?? 0);
    this.#push({
      type: previous ? 'MODIFIED' : 'ADDED',
      revision: entry.revision,
      current,
      previous,
      frames: undefined,
    });
  }

  remove(key: string, revision: number): void {
    const previous = this.#objects.get(key);
    if (!previous) return;
    this.#objects.delete(key);
    this.#index.remove(previous);
    this.#bytes -= previous.bytes.length;
    const current = previous.at(revision, this.#reader.envelope);
    this.#push({ type: 'DELETED', revision, current, previous, frames: undefined });
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
