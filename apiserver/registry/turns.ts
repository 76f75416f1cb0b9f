/**
 * A few at once, the others in the order in which they came.
 */
import { orAborted } from '../../openapi/machinery/signal.ts';

export class Turns {
  readonly #waiting = new Set<() => void>();
  #free: number;

  /** @param most who may be in at once */
  constructor(most: number) {
    this.#free = most;
  }

  /** @returns how to leave. @throws the signal's reason, when that comes first */
  async enter(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.add(resolve);
      try {
        await orAborted(promise, signal);
      } catch (error) {
        // Called and gone at the same moment: then it is the next one's turn.
        if (!this.#waiting.delete(resolve)) this.#leave();
        throw error;
      }
    }
    let left = false;
    return () => {
      if (!left) this.#leave();
      left = true;
    };
  }

  #leave(): void {
    const [next] = this.#waiting;
    if (!next) {
      this.#free += 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
