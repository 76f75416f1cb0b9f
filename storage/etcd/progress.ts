/**
 * How a watch learns that nothing has happened: by asking etcd, where etcd knows, else by making something happen.
 *
 * Before 3.4.31 and 3.5.13 the answer to a progress request may overtake events that it claims were sent (etcd-io/etcd#15220,
 * #17557). There, and where the version is not known, a write to a key of our own takes its place: its event comes in order.
 * It is made only when a watch is still behind after a while, so an etcd of our own sees none: each revision is an event there.
 */
import type { EtcdWatch } from './watch.ts';

export interface ProgressSurroundings {
  /** The newest revision that any answer told of. */
  newestSeen(): number;
  /** Writes a key that every watch sees. */
  writeMark(): Promise<unknown>;
  /** Versions of the etcds that can be reached, by member id. */
  versions(): Promise<ReadonlyMap<string, string>>;
}

/** Time for an event that is on its way. */
const graceMs = 100;

export class Progress {
  readonly #around: ProgressSurroundings;
  readonly #watches = new Set<EtcdWatch>();
  #versions: ReadonlyMap<string, string> = new Map();
  #learning: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #marking = false;

  constructor(around: ProgressSurroundings) {
    this.#around = around;
  }

  add(watch: EtcdWatch): void {
    this.#watches.add(watch);
  }

  delete(watch: EtcdWatch): void {
    this.#watches.delete(watch);
  }

  /** A watch was opened on this etcd. */
  meet(memberId: string): void {
    if (this.#versions.has(memberId)) return;
    this.#learning ??= this.#around
      .versions()
      .then((versions) => {
        this.#versions = versions;
      })
      .catch(() => {}) // Then it is not known, and not relied on.
      .finally(() => {
        this.#learning = undefined;
      });
  }

  request(): void {
    const target = this.#around.newestSeen();
    let unanswered = false;
    for (const watch of this.#watches) {
      if (watch.reached >= target) continue;
      if (answersSoundly(this.#versions.get(watch.memberId))) watch.askProgress();
      else unanswered = true;
    }
    if (!unanswered || this.#timer || this.#marking) return;
    this.#timer = setTimeout(() => void this.#mark(target), graceMs);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  async #mark(target: number): Promise<void> {
    this.#timer = undefined;
    if (![...this.#watches].some((watch) => watch.reached < target)) return;
    this.#marking = true;
    try {
      await this.#around.writeMark();
    } catch {
      // Whoever waits for progress has a way out, and asks again.
    } finally {
      this.#marking = false;
    }
  }
}

/** @param version `3.5.13` */
export function answersSoundly(version: string | undefined): boolean {
  const [major = 0, minor = 0, patch = 0] = (version ?? '').split(/[.+-]/).map(Number);
  if (major !== 3) return major > 3;
  if (minor === 4) return patch >= 31;
  if (minor === 5) return patch >= 13;
  return minor > 5;
}
