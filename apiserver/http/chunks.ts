/**
 * Many small pieces of an answer, gathered into chunks worth sending: so that a large answer is never held as a whole, and nothing is
 * made for a piece but its bytes in a chunk.
 */

/** The size of chunks between which others get their turn: what is copied only takes a millisecond for as much. */
export const copiedBytes = 1024 * 1024;
/** The same for what may have to be made. */
export const madeBytes = 128 * 1024;

/** A character of a string takes so many bytes at most. */
const mostBytes = 3;

export class Chunks {
  readonly #size: number;
  #chunk = Buffer.alloc(0);
  #at = 0;
  #full: Buffer[] = [];

  /** @param size of a chunk; larger if one piece is */
  constructor(size: number) {
    this.#size = size;
  }

  text(text: string): void {
    this.#makeRoom(text.length * mostBytes);
    this.#at += this.#chunk.write(text, this.#at);
  }

  bytes(bytes: Buffer, start = 0, end = bytes.length): void {
    this.#makeRoom(end - start);
    this.#at += bytes.copy(this.#chunk, this.#at, start, end);
  }

  /** Chunks that are full; they are the caller's now. */
  full(): readonly Buffer[] {
    if (!this.#full.length) return none;
    const full = this.#full;
    this.#full = [];
    return full;
  }

  /** Those, and the one that is not full. */
  rest(): readonly Buffer[] {
    return [...this.full(), this.#chunk.subarray(0, this.#at)];
  }

  #makeRoom(bytes: number): void {
    if (this.#at + bytes <= this.#chunk.length) return;
    if (this.#at) this.#full.push(this.#chunk.subarray(0, this.#at));
    this.#chunk = Buffer.allocUnsafeSlow(Math.max(this.#size, bytes));
    this.#at = 0;
  }
}

const none: readonly Buffer[] = [];
