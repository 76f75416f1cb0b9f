/**
 * Many small writes, one transaction on disk: whatever waits when the disk is ready goes together, so that each waits for about
 * one fsync, however many there are.
 *
 * Nothing here knows what is written. A batch that fails is tried again one write at a time, so that each meets its own fate.
 */
import { closed } from '../errors.ts';

export interface Durable<Draft> {
  /** A copy of the present state for a batch to change. */
  begin(): Draft;
  /** Runs `work` in a durable transaction; leaves no trace when it rejects. */
  transaction<T>(work: () => T): Promise<T>;
  /** The last act of a transaction: keep the draft with it. */
  save(draft: Draft): void;
  /** The draft is on disk and becomes the present state. */
  committed(draft: Draft): void;
}

interface Write<Draft> {
  readonly run: (draft: Draft) => unknown;
  readonly bytes: number;
  readonly signal: AbortSignal;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Bounds for how long one batch holds the event loop: a write takes some 20 microseconds. */
const mostWrites = 256;
const mostBytes = 8 * 1024 * 1024;

export class GroupCommit<Draft> {
  readonly #durable: Durable<Draft>;
  #waiting: Write<Draft>[] = [];
  #working: Promise<void> | undefined;
  #open = true;

  constructor(durable: Durable<Draft>) {
    this.#durable = durable;
  }

  /**
   * @param run is called inside a transaction with the draft it may read and change; may be called again when its batch failed
   * @param bytes about how much it writes
   * @returns what `run` returned, after it has become durable
   */
  submit<T>(run: (draft: Draft) => T, bytes: number, signal: AbortSignal): Promise<T> {
    if (!this.#open) return Promise.reject(closed());
    return new Promise<T>((resolve, reject) => {
      const abort = (): void => reject(signal.reason);
      const settled = (): void => signal.removeEventListener('abort', abort);
      signal.addEventListener('abort', abort, { once: true });
      this.#waiting.push({
        run,
        bytes,
        signal,
        resolve: (answer) => {
          settled();
          resolve(answer as T);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      });
      this.#working ??= this.#work();
    });
  }

  /** Refuses what is waiting, and waits for what is under way. */
  async close(): Promise<void> {
    this.#open = false;
    for (const write of this.#waiting.splice(0)) write.reject(closed());
    await this.#working;
  }

  async #work(): Promise<void> {
    // Whatever else is submitted in this turn belongs to the first batch.
    await Promise.resolve();
    while (this.#waiting.length) {
      const batch: Write<Draft>[] = [];
      const failure = await this.#commit(batch, () => this.#take());
      if (!failure) continue;
      // The transaction did not even begin.
      if (!batch.length) batch.push(...this.#take());
      if (batch.length === 1) batch[0]!.reject(failure.error);
      else
        for (const write of batch) {
          const alone = await this.#commit([], () => (write.signal.aborted ? [] : [write]));
          if (alone) write.reject(alone.error);
        }
    }
    this.#working = undefined;
  }

  /** What waits at the moment when the transaction begins, less what was given up meanwhile. */
  #take(): Write<Draft>[] {
    let bytes = 0;
    let count = 0;
    for (const write of this.#waiting) {
      if (count > 0 && (count === mostWrites || bytes + write.bytes > mostBytes)) break;
      bytes += write.bytes;
      count++;
    }
    return this.#waiting.splice(0, count).filter(({ signal }) => !signal.aborted);
  }

  /** @param batch is filled with what was taken */
  async #commit(batch: Write<Draft>[], take: () => Write<Draft>[]): Promise<{ error: unknown } | undefined> {
    let done: { draft: Draft; answers: unknown[] };
    try {
      done = await this.#durable.transaction(() => {
        batch.push(...take());
        const draft = this.#durable.begin();
        const answers = batch.map(({ run }) => run(draft));
        this.#durable.save(draft);
        return { draft, answers };
      });
    } catch (error) {
      return { error };
    }
    this.#durable.committed(done.draft);
    for (const [i, write] of batch.entries()) write.resolve(done.answers[i]);
    return undefined;
  }
}
