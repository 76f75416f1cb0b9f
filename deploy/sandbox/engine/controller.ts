/**
 * A controller: keys from changes, each once, through a function that brings the world in line, again and again until it succeeds.
 *
 * Level-triggered: the function is told which key, never what happened. A key that is asked for while it is being worked on is
 * worked on once more afterwards, and never by two at a time.
 */

import type { Log } from '../../../openapi/machinery/log.ts';
import { isAbort } from '../../../openapi/machinery/signal.ts';
import { StatusError } from '../../../openapi/machinery/status.ts';
import { WakeUps } from './wake-ups.ts';

/** @returns milliseconds after which to look again, if nothing happens before */
export type Reconcile = (key: string, signal: AbortSignal) => Promise<number | undefined | void>;

/** Keys worked on at a time: enough that writes share the storage's commits, few enough that others get their turn. */
const concurrency = 32;

/** client-go's limits for retries, but for the end: somebody is looking at this screen. */
const firstRetryMs = 5;
const lastRetryMs = 10_000;
/** From this attempt on a failure is more than a race, and people want to know. */
const attemptsInSilence = 5;

export class Controller {
  readonly name: string;
  readonly #reconcile: Reconcile;
  readonly #log: Log;
  readonly #waiting = new Set<string>();
  readonly #active = new Set<string>();
  readonly #failures = new Map<string, number>();
  readonly #wakeUps = new WakeUps((key) => this.enqueue(key));
  #turn: NodeJS.Immediate | undefined;
  #signal: AbortSignal | undefined;
  #idle: (() => void) | undefined;

  constructor({ name, reconcile, log }: { name: string; reconcile: Reconcile; log: Log }) {
    this.name = name;
    this.#reconcile = reconcile;
    this.#log = log.with({ controller: name });
  }

  enqueue(key: string): void {
    this.#wakeUps.forget(key);
    this.#waiting.add(key);
    this.#schedule();
  }

  enqueueAfter(delayMs: number, key: string): void {
    if (delayMs > 0) this.#wakeUps.after(delayMs, key);
    else this.enqueue(key);
  }

  /** Works until the signal aborts; then waits for what is under way. */
  async run(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    this.#schedule();
    await new Promise<void>((resolve) => {
      const stop = (): void => {
        this.#stop();
        if (this.#active.size) this.#idle = resolve;
        else resolve();
      };
      if (signal.aborted) stop();
      else signal.addEventListener('abort', stop, { once: true });
    });
  }

  #stop(): void {
    this.#wakeUps.clear();
    this.#waiting.clear();
    clearImmediate(this.#turn);
    this.#turn = undefined;
  }

  /** One turn of the event loop each: storage in memory answers without one, and would let nobody else in. */
  #schedule(): void {
    if (this.#turn || !this.#waiting.size || !this.#signal || this.#signal.aborted) return;
    this.#turn = setImmediate(() => {
      this.#turn = undefined;
      this.#begin();
    });
  }

  #begin(): void {
    for (const key of this.#waiting) {
      if (this.#active.size >= concurrency) return;
      if (this.#active.has(key)) continue;
      this.#waiting.delete(key);
      this.#active.add(key);
      void this.#work(key);
    }
  }

  async #work(key: string): Promise<void> {
    const signal = this.#signal!;
    try {
      const againMs = await this.#reconcile(key, signal);
      this.#failures.delete(key);
      if (againMs !== undefined && !signal.aborted) this.enqueueAfter(againMs, key);
    } catch (error) {
      if (!signal.aborted) this.#retry(key, error);
    } finally {
      this.#active.delete(key);
      this.#schedule();
      if (!this.#active.size) this.#idle?.();
    }
  }

  #retry(key: string, error: unknown): void {
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    if (!isExpected(error)) this.#log.error('cannot reconcile', error, { key });
    else if (failures === attemptsInSilence) this.#log.warn('keeps failing', { key, why: (error as Error).message });
    this.#wakeUps.after(Math.min(firstRetryMs * 2 ** (failures - 1), lastRetryMs), key);
  }
}

/** Is this how the API says no, rather than a fault of ours? */
const isExpected = (error: unknown): boolean =>
  (error instanceof StatusError && error.reason !== 'InternalError') || isAbort(error);
