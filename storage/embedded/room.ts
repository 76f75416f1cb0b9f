/**
 * How much may still be written before the disk is full, and the last of it, which only deletions and compaction may use: without it
 * nothing could make room again, since lmdb writes even a deletion on fresh pages.
 *
 * It knows numbers of bytes, neither lmdb nor disks.
 */

export interface Space {
  /** Free on the disk, and in the file. */
  readonly freeBytes: number;
  /** Of the disk, whoever uses it. */
  readonly diskBytes: number;
}

/** A deletion writes some hundred kilobytes at worst, a step of compaction four megabytes. */
const mostKept = 4 * 1024 * 1024;
/** Of a small disk less is kept. */
const keptPart = 8;
/** A write takes a leaf and the branches above it, in each of three tables, however little it writes. */
const leastTaken = 128 * 1024;
/** Values lie on pages that are not quite filled. */
const overhead = 2;

/** While there is plenty, others who fill the disk are noticed that late. */
const rememberMs = 1000;
/** With so many times more than is kept there is plenty. */
const plenty = 8;

export class Room {
  readonly #measure: () => Space;
  readonly #now: () => number;
  #left = 0;
  #kept = 0;
  #until = 0;

  constructor(measure: () => Space, now: () => number = () => performance.now()) {
    this.#measure = measure;
    this.#now = now;
  }

  /** Is there room for a write of so many bytes? Not to be asked while a transaction is under way. */
  has(bytes: number): boolean {
    if (this.#left < plenty * this.#kept || this.#now() >= this.#until) this.#look();
    this.#left -= Math.max(leastTaken, overhead * bytes);
    return this.#left >= this.#kept;
  }

  #look(): void {
    const { freeBytes, diskBytes } = this.#measure();
    this.#left = freeBytes;
    this.#kept = Math.min(mostKept, diskBytes / keptPart);
    this.#until = this.#now() + rememberMs;
  }
}
