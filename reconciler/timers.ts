/**
 * Waiting, as an argument: whoever sleeps or sets a deadline is handed Timers, so that tests set the time and never wait for it.
 */
import { type Clock, systemClock } from '../openapi/machinery/clock.ts';

export interface Timers extends Clock {
  /** Milliseconds since some moment, which nobody can set back or forward: for measuring how long something takes. */
  elapsed(): number;
  /**
   * Calls `run` once, `delayMs` from now.
   *
   * @returns a function that calls it off
   */
  after(delayMs: number, run: () => void): () => void;
}

/** Node fires at once beyond this; being woken early only costs another look. */
const longestDelayMs = 2 ** 31 - 1;

export const systemTimers: Timers = {
  now: systemClock.now,
  elapsed: () => performance.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, Math.min(delayMs, longestDelayMs));
    return () => clearTimeout(timer);
  },
};

/** Waits; throws the signal's reason when that aborts first. */
export function pause(delayMs: number, timers: Timers, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const abort = () => {
      callOff();
      reject(signal.reason);
    };
    const callOff = timers.after(delayMs, () => {
      signal.removeEventListener('abort', abort);
      resolve();
    });
    signal.addEventListener('abort', abort, { once: true });
  });
}
