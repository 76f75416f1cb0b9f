/**
 * Keys that are to be looked at later: many deadlines, one timer.
 */
interface WakeUp {
  readonly key: string;
  readonly at: number;
}

export class WakeUps {
  readonly #wake: (key: string) => void;
  /** A binary heap, the earliest first. Entries that are not the key's present deadline any more are passed over. */
  readonly #heap: WakeUp[] = [];
  readonly #deadlines = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #timerAt = 0;

  constructor(wake: (key: string) => void) {
    this.#wake = wake;
  }

  /** Wakes the key after so long, or sooner if that has been asked for already. */
  after(delayMs: number, key: string): void {
    const at = performance.now() + delayMs;
    const known = this.#deadlines.get(key);
    if (known !== undefined && known <= at) return;
    this.#deadlines.set(key, at);
    this.#push({ key, at });
    this.#arm();
  }

  forget(key: string): void {
    this.#deadlines.delete(key);
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#heap.length = 0;
    this.#deadlines.clear();
  }

  #arm(): void {
    const [first] = this.#heap;
    if (!first || (this.#timer && this.#timerAt <= first.at)) return;
    clearTimeout(this.#timer);
    this.#timerAt = first.at;
    this.#timer = setTimeout(() => this.#ring(), Math.max(first.at - performance.now(), 0));
  }

  #ring(): void {
    this.#timer = undefined;
    // A timer may come a little early; what is due within the same millisecond is due now.
    const now = performance.now() + 1;
    for (let first = this.#heap[0]; first && first.at <= now; first = this.#heap[0]) {
      this.#pop();
      if (this.#deadlines.get(first.key) !== first.at) continue;
      this.#deadlines.delete(first.key);
      this.#wake(first.key);
    }
    this.#arm();
  }

  #push(added: WakeUp): void {
    const heap = this.#heap;
    let i = heap.push(added) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (heap[parent]!.at <= added.at) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = added;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || !heap.length) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.at < heap[child]!.at) child += 1;
      if (heap[child]!.at >= last.at) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
  }
}
