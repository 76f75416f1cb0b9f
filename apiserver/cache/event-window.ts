/**
 * The recent history of one resource: a window of events that every watch reads at its own pace.
 *
 * A watch holds no queue. It holds a position in the window, so a slow client costs nothing and holds back nobody; one that falls
 * out of the window has to list again (K-225, K-550).
 */
import type { Clock } from '../../openapi/machinery/clock.ts';
import type { Snapshot } from './snapshot.ts';

export interface CacheEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly revision: number;
  /** The new state; of a deletion, the last state under the revision of the deletion. */
  readonly current: Snapshot;
  /** The state before; absent on ADDED. */
  readonly previous: Snapshot | undefined;
  /** Frames made so far: a version and media type to the bytes that every watch of it gets. */
  frames: Map<string, Buffer> | undefined;
}

export interface WindowLimits {
  /** So many events are always kept. */
  readonly minEvents: number;
  /** Never more than so many. */
  readonly maxEvents: number;
  /** Events younger than this are kept, up to maxEvents and maxBytes. */
  readonly maxAgeMs: number;
  /** Bytes of the events' states, counted once per event. */
  readonly maxBytes: number;
}

/** Kubernetes keeps 75 seconds and between 100 and 102,400 events (K-229, K-550); the bound on bytes is ours. */
export const defaultWindow: WindowLimits = {
  minEvents: 100,
  maxEvents: 102_400,
  maxAgeMs: 75_000,
  maxBytes: 128 * 1024 * 1024,
};

/** Events whose frames are kept for watches that have not come to them yet. */
const framesKept = 256;

/** Where a watch stands: the number of the next event that it has not seen. */
export type Position = number;

export class EventWindow {
  readonly #limits: WindowLimits;
  readonly #clock: Clock;
  #events: CacheEvent[] = [];
  #times: number[] = [];
  /** Number of `#events[0]`. */
  #first: Position = 0;
  /** Events up to here lie in `#events` before the window; they are cut off in bulk. */
  #start = 0;
  #bytes = 0;
  /** Every event later than this is in the window. */
  #oldest: number;

  constructor(since: number, clock: Clock, limits: WindowLimits = defaultWindow) {
    this.#oldest = since;
    this.#clock = clock;
    this.#limits = limits;
  }

  /** A watch that has seen this revision, or a later one, can be served. */
  get oldest(): number {
    return this.#oldest;
  }

  /** How many events there are. */
  get size(): number {
    return this.#events.length - this.#start;
  }

  /** Of the events' states. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The position after the newest event. */
  get end(): Position {
    return this.#first + this.#events.length;
  }

  push(event: CacheEvent): void {
    this.#events.push(event);
    this.#times.push(this.#clock.now());
    this.#bytes += event.current.bytes.length;
    // Watches that keep up have had this event's frames; one that comes later makes its own.
    const told = this.#events[this.#events.length - 1 - framesKept];
    if (told) told.frames = undefined;
    this.trim();
  }

  /** @returns the position of the first event later than `revision`, or undefined when it is no longer there */
  positionAfter(revision: number): Position | undefined {
    if (revision < this.#oldest) return undefined;
    let [low, high] = [this.#start, this.#events.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#events[middle]!.revision > revision) high = middle;
      else low = middle + 1;
    }
    return this.#first + low;
  }

  /** Is this position still inside, or has it been overtaken? */
  holds(position: Position): boolean {
    return position >= this.#first + this.#start;
  }

  at(position: Position): CacheEvent | undefined {
    return this.#events[position - this.#first];
  }

  /** Forgets what is older or more than it has to keep; also called while nothing happens. */
  trim(): void {
    const { minEvents, maxEvents, maxAgeMs, maxBytes } = this.#limits;
    const expired = this.#clock.now() - maxAgeMs;
    while (this.#events.length - this.#start > minEvents) {
      const tooMany = this.#events.length - this.#start > maxEvents;
      if (!tooMany && this.#bytes <= maxBytes && this.#times[this.#start]! >= expired) break;
      const gone = this.#events[this.#start]!;
      this.#oldest = gone.revision;
      this.#bytes -= gone.current.bytes.length;
      this.#start += 1;
    }
    // Cutting in bulk keeps the cost per event constant.
    if (this.#start > 1024 && this.#start > this.#events.length / 2) {
      this.#events = this.#events.slice(this.#start);
      this.#times = this.#times.slice(this.#start);
      this.#first += this.#start;
      this.#start = 0;
    }
  }
}
