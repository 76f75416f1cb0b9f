/**
 * One watch's view of a resource: what it is still to be told, in order, nothing twice and nothing left out (K-209 to K-225).
 *
 * It reads the shared window of events at its own pace and keeps only its position there. Writing to the client is
 * http/watch-stream.ts' work.
 */
import { StatusError } from '../../openapi/machinery/status.ts';
import type { CacheEvent, EventWindow, Position } from '../cache/event-window.ts';
import { objectsUnder } from '../cache/objects.ts';
import type { ResourceCache } from '../cache/resource-cache.ts';
import type { Snapshot } from '../cache/snapshot.ts';
import type { Unreadable } from '../cache/unreadable.ts';
import { keyPrefix, type Selection, selected } from './selection.ts';

export interface WatchRequest {
  readonly selection: Selection;
  /** Undefined: from now on. 0: from any state. Otherwise: only what came later. */
  readonly resourceVersion: number | undefined;
  /** Begin with the present state as ADDED events (K-209, K-210, K-212). */
  readonly initialEvents: boolean;
}

/** Something to tell the client. */
export type WatchItem =
  | {
      readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
      readonly snapshot: Snapshot;
      readonly event: CacheEvent | undefined;
    }
  /** All of the initial state has been told; it was that of `revision`. */
  | { readonly type: 'INITIAL_END'; readonly revision: number }
  /** The watch cannot go on. */
  | { readonly type: 'ERROR'; readonly error: StatusError };

/** Where a stream gets what it tells. */
export type WatchSource = Pick<WatchReader, 'next' | 'listen' | 'caughtUpTo'>;

/** A watch of which there is nothing to tell but why. */
export const brokenWatch = (error: StatusError): WatchSource => ({
  caughtUpTo: 0,
  listen: () => () => {},
  next: () => ({ type: 'ERROR', error }),
});

export class WatchReader {
  readonly #selection: Selection;
  readonly #cache: ResourceCache;
  readonly #window: EventWindow;
  readonly #cacheRevision: () => number;
  readonly #unreadable: (objects: readonly Unreadable[]) => StatusError;
  /** Of the keys that may be selected. */
  readonly #prefix: string;
  /** Events up to here are known to the client, or none of its business. */
  readonly #since: number;
  #initial: Iterator<Snapshot> | undefined;
  #initialEnd: number | undefined;
  #position: Position | undefined;
  #seen: number;

  constructor(
    { selection, resourceVersion, initialEvents }: WatchRequest,
    cache: ResourceCache,
    cacheRevision: () => number,
    unreadable: (objects: readonly Unreadable[]) => StatusError,
  ) {
    const now = cacheRevision();
    this.#selection = selection;
    this.#cache = cache;
    this.#window = cache.window;
    this.#cacheRevision = cacheRevision;
    this.#unreadable = unreadable;
    this.#prefix = keyPrefix(selection);
    this.#since = initialEvents || !resourceVersion ? now : resourceVersion;
    this.#position = this.#window.positionAfter(this.#since);
    this.#seen = Math.min(this.#since, now);
    if (initialEvents) {
      this.#initial = objectsUnder(cache.among(selection.fields, this.#prefix).clone(), this.#prefix);
      this.#initialEnd = now;
    }
  }

  /**
   * Everything up to this revision has been told: a bookmark may say so (K-224). Only true while nothing is left to read.
   */
  get caughtUpTo(): number {
    return Math.max(this.#seen, this.#since);
  }

  /** Calls `listener` when there may be more to read. @returns how to stop */
  listen(listener: () => void): () => void {
    return this.#cache.listenAsWatcher(listener);
  }

  /** The next thing to tell, or undefined when the client knows all there is. */
  next(): WatchItem | undefined {
    return this.#nextInitial() ?? this.#nextEvent();
  }

  #nextInitial(): WatchItem | undefined {
    while (this.#initial) {
      const { value, done } = this.#initial.next();
      if (done) this.#initial = undefined;
      else if (selected(this.#selection, value)) return { type: 'ADDED', snapshot: value, event: undefined };
    }
    if (this.#initialEnd === undefined) return undefined;
    const revision = this.#initialEnd;
    this.#initialEnd = undefined;
    return { type: 'INITIAL_END', revision };
  }

  #nextEvent(): WatchItem | undefined {
    for (;;) {
      this.#skipUnwanted();
      if (this.#position === undefined || this.#cache.window !== this.#window || !this.#window.holds(this.#position)) {
        if (this.#position !== undefined && this.#cache.window === this.#window) this.#cache.overtaken += 1;
        return { type: 'ERROR', error: tooOld(this.caughtUpTo, this.#window.oldest) };
      }
      const event = this.#window.at(this.#position);
      const unreadable = this.#cache.unreadable.under(this.#prefix);
      const [first] = unreadable;
      if (first && !(event && event.revision < first.revision))
        return { type: 'ERROR', error: this.#unreadable(unreadable) };
      if (!event) {
        // The whole cache has come further than this resource's events: that much is certain (K-558).
        this.#seen = Math.max(this.#seen, this.#cacheRevision());
        return undefined;
      }
      this.#position += 1;
      this.#seen = event.revision;
      const item = event.revision > this.#since ? this.#seenBySelection(event) : undefined;
      if (item) return item;
    }
  }

  /** Begun at a revision that the cache had not seen yet, it does not miss what left the window before that came. */
  #skipUnwanted(): void {
    if (this.#seen >= this.#since || this.#position === undefined || this.#window.holds(this.#position)) return;
    this.#position = this.#window.positionAfter(this.#since) ?? this.#position;
  }

  /** What an event means to somebody who sees only the selected objects (K-220). */
  #seenBySelection(event: CacheEvent): WatchItem | undefined {
    const { previous, current } = event;
    const before = previous !== undefined && selected(this.#selection, previous);
    const after = event.type !== 'DELETED' && selected(this.#selection, current);
    if (after) return { type: before ? 'MODIFIED' : 'ADDED', snapshot: current, event };
    if (!before) return undefined;
    const last = event.type === 'DELETED' ? current : previous.at(event.revision, this.#cache.envelope);
    return { type: 'DELETED', snapshot: last, event: event.type === 'DELETED' ? event : undefined };
  }
}

const tooOld = (seen: number, oldest: number): StatusError =>
  StatusError.expired(`too old resource version: ${seen} (${oldest})`);
