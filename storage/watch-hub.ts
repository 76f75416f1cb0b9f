/**
 * Watches on a store that lives in this process: what was missed is read from its history, what follows is handed on as it
 * is published. A reader that falls behind is put back to reading history, so that none makes the process hold much.
 *
 * The store publishes after it has made a change durable, in the order of revisions. Nothing here knows how history is kept.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { closed } from './errors.ts';
import type { WatchBatch, WatchEvent } from './kv.ts';

/** What has been published already. */
export interface History {
  /** The newest published revision. */
  newest(): number;
  /**
   * A piece of history from revision `from` on, as long as the store likes to read at once, made of whole revisions.
   * The batch tells how far it reaches.
   *
   * @throws StorageError Compacted
   */
  read(prefix: string, from: number): WatchBatch;
}

/** The most that waits for one reader. Beyond, it reads history again: slower, and bounded. */
const mostWaitingEvents = 10_000;
const mostWaitingBytes = 32 * 1024 * 1024;

interface Watcher {
  readonly prefix: string;
  /** The first revision that has not been delivered. */
  next: number;
  /** Has it read all history, and is it handed what is published? */
  live: boolean;
  waiting: WatchBatch[];
  waitingEvents: number;
  waitingBytes: number;
  wake: () => void;
}

const idle = (): void => {};

export class WatchHub {
  readonly #watchers = new Set<Watcher>();
  readonly #history: History;
  #open = true;

  constructor(history: History) {
    this.#history = history;
  }

  publish(batch: WatchBatch): void {
    if (!this.#watchers.size) return;
    const bytes = batch.events.reduce((sum, event) => sum + bytesOf(event), 0);
    for (const watcher of this.#watchers) {
      if (!watcher.live) continue;
      watcher.waiting.push(batch);
      watcher.waitingEvents += batch.events.length;
      watcher.waitingBytes += bytes;
      if (watcher.waitingEvents > mostWaitingEvents || watcher.waitingBytes > mostWaitingBytes) {
        watcher.live = false;
        taken(watcher);
      }
      watcher.wake();
    }
  }

  async *watch(prefix: string, from: number, signal: AbortSignal): AsyncGenerator<WatchBatch, void, undefined> {
    if (!this.#open) throw closed();
    const watcher: Watcher = {
      prefix,
      next: from,
      live: false,
      waiting: [],
      waitingEvents: 0,
      waitingBytes: 0,
      wake: idle,
    };
    const stop = (): void => watcher.wake();
    signal.addEventListener('abort', stop, { once: true });
    this.#watchers.add(watcher);
    try {
      while (this.#open && !signal.aborted) {
        const batch = watcher.live ? merged(watcher, taken(watcher)) : this.#catchUp(watcher);
        if (batch) {
          watcher.next = Math.max(watcher.next, batch.revision + 1);
          yield batch;
          // History comes in pieces, and whoever reads them all must leave room for others in between.
          if (!watcher.live) await nextTurn();
        } else {
          await new Promise<void>((resolve) => (watcher.wake = resolve));
          watcher.wake = idle;
        }
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

  /** Nothing is published between reading the last piece of history and going live: both happen in this turn. */
  #catchUp(watcher: Watcher): WatchBatch {
    const batch = this.#history.read(watcher.prefix, watcher.next);
    watcher.live = batch.revision >= this.#history.newest();
    return batch;
  }
}

function taken(watcher: Watcher): WatchBatch[] {
  const batches = watcher.waiting;
  watcher.waiting = [];
  watcher.waitingEvents = 0;
  watcher.waitingBytes = 0;
  return batches;
}

/** All that has piled up for a watcher, as one batch of the events it asked for. */
function merged({ prefix, next }: Watcher, batches: readonly WatchBatch[]): WatchBatch | undefined {
  if (!batches.length) return undefined;
  const events: WatchEvent[] = [];
  let revision = 0;
  for (const batch of batches) {
    revision = Math.max(revision, batch.revision);
    for (const event of batch.events)
      if (revisionOf(event) >= next && keyOf(event).startsWith(prefix)) events.push(event);
  }
  return { events, revision };
}

export const revisionOf = (event: WatchEvent): number => (event.type === 'put' ? event.entry.revision : event.revision);
export const keyOf = (event: WatchEvent): string => (event.type === 'put' ? event.entry.key : event.key);

/** What an event costs to hold, its objects included. */
const bytesOf = (event: WatchEvent): number => (event.type === 'put' ? event.entry.value.length : 0) + 200;
