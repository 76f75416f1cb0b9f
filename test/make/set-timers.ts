/**
 * Timers whose time is set: nothing passes until `advance` is called, and then everything that is due happens in its order.
 */
import type { Timers } from '../../reconciler/timers.ts';

interface Timer {
  readonly atMs: number;
  readonly run: () => void;
}

export class SetTimers implements Timers {
  #nowMs: number;
  readonly #timers = new Set<Timer>();

  constructor(nowMs = Date.parse('2026-11-21T10:00:00Z')) {
    this.#nowMs = nowMs;
  }

  now(): number {
    return this.#nowMs;
  }

  elapsed(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { atMs: this.#nowMs + Math.max(0, delayMs), run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** How many timers are set. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Lets `ms` pass, and all that follows from each timer happen before the next one is due. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    await quiet();
    for (;;) {
      const next = [...this.#timers].sort((a, b) => a.atMs - b.atMs)[0];
      if (!next || next.atMs > untilMs) break;
      this.#nowMs = next.atMs;
      this.#timers.delete(next);
      next.run();
      await quiet();
    }
    this.#nowMs = untilMs;
  }
}

/** Every promise that could go on has gone on: a macrotask begins only when no microtask is left. */
export const quiet = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
