/**
 * Watches on a store that lives in this process: replay what was missed, then hand on what is published.
 *
 * The store publishes after it has made a change durable, in the order of revisions.
 */
import { closed } from './errors.ts';
import type { WatchBatch, WatchEvent } from './kv.ts';

/** Reads, for a watch that begins at revision `from`, everything that has been published already. */
export type Replay = (prefix: string, from: number) => WatchBatch;

interface Watcher {
  readonly prefix: string;
  readonly from: number;
  readonly waiting: WatchBatch[];
  wake: () => void;
}

const idle = (): void => {};

export class WatchHub {
  readonly #watchers = new Set<Watcher>();
  readonly #replay: Replay;
  #open = true;

  constructor(replay: Replay) {
    this.#replay = replay;
  }

  publish(batch: WatchBatch): void {
    for (const watcher of this.#watchers) {
      watcher.waiting.push(batch);
      watcher.wake();
    }
  }

  async *watch(prefix: string, from: number, signal: AbortSignal): AsyncGenerator<WatchBatch, void, undefined> {
    if (!this.#open) throw closed();
    if (signal.aborted) return;
    const watcher: Watcher = { prefix, from, waiting: [], wake: idle };
    const stop = (): void => watcher.wake();
    signal.addEventListener('abort', stop, { once: true });
    // Nothing is published between the replay and the registration: both happen in this turn.
    watcher.waiting.push(this.#replay(prefix, from));
    this.#watchers.add(watcher);
    try {
      while (this.#open && !signal.aborted) {
        if (watcher.waiting.length) yield merged(watcher, watcher.waiting.splice(0));
        else await new Promise<void>((resolve) => (watcher.wake = resolve));
        watcher.wake = idle;
      }
    } finally {
      this.#watchers.delete(watcher);
      signal.removeEventListener('abort', stop);
    }
  }

  close(): void {
    this.#open = false;
    for (const watcher of this.#watchers) watcher.wake();
  }
}

/** All that has piled up for a watcher, as one batch of the events it asked for. */
function merged({ prefix, from }: Watcher, batches: readonly WatchBatch[]): WatchBatch {
  const events: WatchEvent[] = [];
  let revision = 0;
  for (const batch of batches) {
    revision = Math.max(revision, batch.revision);
    for (const event of batch.events) {
      const [key, at] = event.type === 'put' ? [event.entry.key, event.entry.revision] : [event.key, event.revision];
      if (at >= from && key.startsWith(prefix)) events.push(event);
    }
  }
  return { events, revision };
}
