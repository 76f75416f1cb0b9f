/**
 * A store whose watches stay behind its writes, as far as a test wants: what a cache sees of an etcd that is slow to tell.
 *
 * Everything but the watches is passed on as it is. Batches are held back in order, progress among them, so nothing is ever told
 * out of turn; a test may also have events lost, which no store may do.
 */
import type {
  KeyValueStore,
  RangeRequest,
  RangeResult,
  StoreStatus,
  TxnRequest,
  TxnResult,
  WatchBatch,
  WatchEvent,
} from '../../storage/kv.ts';

export class LaggingStore implements KeyValueStore {
  /** Events for which it answers true are never told. */
  loses: (event: WatchEvent) => boolean = () => false;
  readonly #kv: KeyValueStore;
  readonly #waiting = new Set<() => void>();
  #permits = Number.POSITIVE_INFINITY;

  constructor(kv: KeyValueStore) {
    this.#kv = kv;
  }

  /** From now on watches tell nothing. */
  hold(): void {
    this.#permits = 0;
  }

  /** One more batch may be told. */
  step(): void {
    this.#permits += 1;
    this.#wake();
  }

  /** Everything is told at once again. */
  release(): void {
    this.#permits = Number.POSITIVE_INFINITY;
    this.#wake();
  }

  async *watch(prefix: string, from: number, signal: AbortSignal): AsyncGenerator<WatchBatch, void, undefined> {
    for await (const { events, revision } of this.#kv.watch(prefix, from, signal)) {
      await this.#permitted(signal);
      if (signal.aborted) return;
      this.#permits -= 1;
      yield { events: events.filter((event) => !this.loses(event)), revision };
    }
  }

  range(request: RangeRequest, signal: AbortSignal): Promise<RangeResult> {
    return this.#kv.range(request, signal);
  }

  txn(request: TxnRequest, signal: AbortSignal): Promise<TxnResult> {
    return this.#kv.txn(request, signal);
  }

  requestProgress(): void {
    this.#kv.requestProgress();
  }

  currentRevision(signal: AbortSignal): Promise<number> {
    return this.#kv.currentRevision(signal);
  }

  compact(revision: number, signal: AbortSignal): Promise<void> {
    return this.#kv.compact(revision, signal);
  }

  status(signal: AbortSignal): Promise<StoreStatus> {
    return this.#kv.status(signal);
  }

  async close(): Promise<void> {
    this.release();
    await this.#kv.close();
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }

  async #permitted(signal: AbortSignal): Promise<void> {
    while (this.#permits < 1 && !signal.aborted)
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#waiting.delete(wake);
          signal.removeEventListener('abort', wake);
          resolve();
        };
        this.#waiting.add(wake);
        signal.addEventListener('abort', wake, { once: true });
      });
  }
}
