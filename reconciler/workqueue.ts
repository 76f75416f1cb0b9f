/**
 * The work queue: each key once, never two workers on one key, and a delay per key that grows while it keeps failing
 * (client-go's workqueue; K-616 to K-618).
 *
 * It knows keys and time. What a key stands for, and what counts as failing, is the controller's business.
 */
import type { Timers } from './timers.ts';

const firstDelayMs = 5;
/** As in client-go: about a quarter of an hour between attempts that keep failing. */
const longestDelayMs = 1_000_000;

interface Delayed {
  readonly atMs: number;
  readonly callOff: () => void;
}

/** Told what happens to keys; times in milliseconds. */
export interface QueueObserver {
  added(): void;
  retried(): void;
  waited(ms: number): void;
  worked(ms: number): void;
}

export class WorkQueue {
  observer: QueueObserver | undefined;
  readonly #timers: Timers;
  /** In order of arrival, which a Map remembers, and since when. */
  readonly #waiting = new Map<string, number>();
  readonly #running = new Map<string, number>();
  /** Added while being worked on: handed out again afterwards. */
  readonly #again = new Set<string>();
  readonly #delayed = new Map<string, Delayed>();
  readonly #failures = new Map<string, number>();
  #takers: ((key: string | undefined) => void)[] = [];
  #whenDrained: (() => void)[] = [];
  #closed = false;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** How many keys wait for a worker. */
  get depth(): number {
    return this.#waiting.size;
  }

  /** Keys that are worked on, and since when, as `elapsedSince` takes it. */
  get running(): ReadonlyMap<string, number> {
    return this.#running;
  }

  elapsedSince(since: number): number {
    return this.#timers.elapsed() - since;
  }

  /** Hands the key to a worker, soon; one that waits already is not queued twice. */
  add(key: string): void {
    if (this.#closed) return;
    if (this.#running.has(key)) {
      if (!this.#again.has(key)) this.observer?.added();
      this.#again.add(key);
      return;
    }
    if (this.#waiting.has(key)) return;
    this.observer?.added();
    this.#waiting.set(key, this.#timers.elapsed());
    this.#handOut();
  }

  /** Adds the key in `delayMs`. Of several such wishes for one key the earliest counts. */
  addAfter(key: string, delayMs: number): void {
    if (this.#closed) return;
    if (delayMs <= 0) {
      this.add(key);
      return;
    }
    const atMs = this.#timers.elapsed() + delayMs;
    const earlier = this.#delayed.get(key);
    if (earlier && earlier.atMs <= atMs) return;
    earlier?.callOff();
    const callOff = this.#timers.after(delayMs, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { atMs, callOff });
  }

  /** Adds the key after 5 ms, 10 ms, 20 ms … for each failure since the last `forget`. */
  addRateLimited(key: string): void {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    this.observer?.retried();
    this.addAfter(key, Math.min(firstDelayMs * 2 ** failures, longestDelayMs));
  }

  /** The key has succeeded: its next failure is its first again. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** How often the key has failed in a row. */
  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /**
   * Waits for a key and keeps it from all other workers until `done` is called with it.
   *
   * @returns undefined when the queue is shut down and empty
   */
  take(): Promise<string | undefined> {
    return new Promise((resolve) => {
      this.#takers.push(resolve);
      this.#handOut();
    });
  }

  done(key: string): void {
    const since = this.#running.get(key);
    if (since !== undefined) this.observer?.worked(this.elapsedSince(since));
    this.#running.delete(key);
    if (this.#again.delete(key)) this.#waiting.set(key, this.#timers.elapsed());
    this.#handOut();
  }

  /** Takes nothing more in and forgets what is delayed; what waits is still handed out. */
  shutDown(): void {
    this.#closed = true;
    for (const { callOff } of this.#delayed.values()) callOff();
    this.#delayed.clear();
    this.#handOut();
  }

  /** Resolves when nothing waits and nobody works. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenDrained.push(resolve);
      this.#tellIfDrained();
    });
  }

  #handOut(): void {
    for (const [key, since] of this.#waiting) {
      const taker = this.#takers.shift();
      if (!taker) break;
      this.observer?.waited(this.elapsedSince(since));
      this.#waiting.delete(key);
      this.#running.set(key, this.#timers.elapsed());
      taker(key);
    }
    if (this.#closed && this.#waiting.size === 0 && this.#running.size === 0) {
      const takers = this.#takers;
      this.#takers = [];
      for (const taker of takers) taker(undefined);
    }
    this.#tellIfDrained();
  }

  #tellIfDrained(): void {
    if (this.#waiting.size > 0 || this.#running.size > 0) return;
    const told = this.#whenDrained;
    this.#whenDrained = [];
    for (const tell of told) tell();
  }
}
