/**
 * One question for everybody who wants to know at the same moment, where each wants an answer no older than their asking (K-553).
 *
 * It does not know what is asked, nor of whom.
 */
export class SharedQuestion<T> {
  readonly #put: () => Promise<T>;
  #asked: Promise<T> | undefined;
  #next: Promise<T> | undefined;

  /** @param put puts the question once */
  constructor(put: () => Promise<T>) {
    this.#put = put;
  }

  /** An answer of now or later, never of before. */
  answer(): Promise<T> {
    if (!this.#asked) return this.#ask();
    // The question under way may have been answered in the past already, so late comers share the next one.
    this.#next ??= this.#asked.then(
      () => this.#ask(),
      () => this.#ask(),
    );
    return this.#next;
  }

  #ask(): Promise<T> {
    this.#next = undefined;
    const question = this.#put();
    this.#asked = question;
    const done = (): void => {
      if (this.#asked === question) this.#asked = undefined;
    };
    question.then(done, done);
    return question;
  }
}
