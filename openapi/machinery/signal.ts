/**
 * Abort signals: joining several into one for a while, and waiting under one.
 *
 * `AbortSignal.any` keeps its result attached to a long-lived parent while anybody observes it; `underSignals` lets go.
 */

/** Runs `work` under a signal that aborts when any of `parents` does, and detaches from them when `work` has settled. */
export async function underSignals<T>(
  parents: readonly (AbortSignal | undefined)[],
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const release: (() => void)[] = [];
  for (const parent of parents) {
    if (!parent) continue;
    if (parent.aborted) controller.abort(parent.reason);
    const abort = () => controller.abort(parent.reason);
    parent.addEventListener('abort', abort, { once: true });
    release.push(() => parent.removeEventListener('abort', abort));
  }
  try {
    return await work(controller.signal);
  } finally {
    for (const letGo of release) letGo();
  }
}

/**
 * Runs `work` under a signal that aborts after a time. Unlike `AbortSignal.timeout`, nothing goes off once the work is done: that costs
 * as much as the work where it is short and there is much of it.
 */
export async function withinMs<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'));
  }, ms);
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits for `promise`, but no longer than `signal` lasts; then throws the signal's reason. */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** Was this thrown because somebody gave up waiting, rather than because something went wrong? */
export const isAbort = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError');
