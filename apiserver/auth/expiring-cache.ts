/**
 * Answers remembered for a short time: at most so many, the oldest forgotten first, and one question at a time for each key.
 */
import type { Clock } from '../../openapi/machinery/clock.ts';

export class ExpiringCache<V> {
  readonly #clock: Clock;
  readonly #most: number;
  readonly #answers = new Map<string, { value: V; until: number }>();
  readonly #asking = new Map<string, Promise<V>>();

  constructor(clock: Clock, most: number) {
    this.#clock = clock;
    this.#most = most;
  }

  /**
   * @param ask is called when nothing is remembered; what it throws is not remembered (K-420)
   * @param lifeMs how long an answer is good
   */
  async get(key: string, ask: () => Promise<V>, lifeMs: (value: V) => number): Promise<V> {
    const known = this.#answers.get(key);
    if (known && known.until > this.#clock.now()) return known.value;
    const underWay = this.#asking.get(key);
    if (underWay) return underWay;
    const question = ask();
    this.#asking.set(key, question);
    try {
      const value = await question;
      this.#remember(key, value, lifeMs(value));
      return value;
    } finally {
      this.#asking.delete(key);
    }
  }

  #remember(key: string, value: V, lifeMs: number): void {
    this.#answers.delete(key);
    this.#answers.set(key, { value, until: this.#clock.now() + lifeMs });
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size <= this.#most) return;
      this.#answers.delete(oldest);
    }
  }
}
