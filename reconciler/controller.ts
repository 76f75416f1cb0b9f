/**
 * A controller: takes keys from a work queue, hands each to a reconcile function, and decides when to try again.
 *
 * Level-based: the function is told which object, never what happened to it. Nothing here knows what the object is.
 */
import type { Log } from '../openapi/machinery/log.ts';
import { isConflict, isNotFound } from '../openapi/machinery/status.ts';
import { isNamespaceTerminating } from './errors.ts';
import type { ControllerMetrics, ReconcileResult } from './metrics.ts';
import type { Timers } from './timers.ts';
import type { WorkQueue } from './workqueue.ts';

/** What became of a look at one object. */
export interface Result {
  /** Something could not be done and has been reported: look again, later each time. */
  readonly retry?: boolean;
  /** Look again after this time in any case. */
  readonly wakeAfterMs?: number;
}

export type Reconcile = (key: string, signal: AbortSignal) => Promise<Result>;

export interface ControllerOptions {
  readonly name: string;
  readonly queue: WorkQueue;
  readonly reconcile: Reconcile;
  /** How many keys are worked on at a time. */
  readonly workers: number;
  readonly log: Log;
  readonly timers: Timers;
  readonly metrics?: ControllerMetrics | undefined;
}

/** While its namespace goes, an object cannot get new children; it will be gone itself before this has passed often. */
const namespacePauseMs = 30_000;

/** Runs until `signal` aborts, and then until every worker has let go of its key. */
export async function runController(options: ControllerOptions, signal: AbortSignal): Promise<void> {
  const { queue, workers, metrics } = options;
  const unwatch = metrics?.watch(queue, workers);
  const close = () => queue.shutDown();
  signal.addEventListener('abort', close, { once: true });
  if (signal.aborted) close();
  try {
    await Promise.all(Array.from({ length: workers }, () => work(options, signal)));
  } finally {
    signal.removeEventListener('abort', close);
    close();
    unwatch?.();
  }
}

async function work(options: ControllerOptions, signal: AbortSignal): Promise<void> {
  const { queue } = options;
  for (;;) {
    const key = await queue.take();
    if (key === undefined) return;
    try {
      // What still waits at the end is left to the next leader, who begins by looking at everything.
      if (!signal.aborted) await lookAt(key, options, signal);
    } finally {
      queue.done(key);
    }
  }
}

async function lookAt(key: string, options: ControllerOptions, signal: AbortSignal): Promise<void> {
  const { metrics, timers } = options;
  const began = timers.elapsed();
  const result = await attempt(key, options, signal);
  if (!signal.aborted) metrics?.reconciled(result, timers.elapsed() - began);
}

async function attempt(
  key: string,
  { name, queue, reconcile, log }: ControllerOptions,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  try {
    const { retry, wakeAfterMs } = await reconcile(key, signal);
    if (retry) queue.addRateLimited(key);
    else queue.forget(key);
    if (wakeAfterMs !== undefined) queue.addAfter(key, wakeAfterMs);
    if (retry) return 'requeue';
    return wakeAfterMs === undefined ? 'success' : 'requeue_after';
  } catch (error) {
    if (signal.aborted) return 'error';
    if (isNotFound(error)) {
      queue.forget(key); // It went while we looked (K-619).
      return 'success';
    }
    if (isNamespaceTerminating(error)) {
      queue.addAfter(key, namespacePauseMs);
      return 'requeue_after';
    }
    queue.addRateLimited(key);
    // Ordinary: somebody else wrote, and the next look meets what they wrote.
    if (isConflict(error)) return 'requeue';
    log.error('reconcile failed', error, { controller: name, key, failures: queue.failures(key) });
    return 'error';
  }
}
