/**
 * The stored values of one resource that cannot be read: damaged, or encrypted with a key that we do not have.
 *
 * Such an object is neither there nor gone. Whoever asks for it, or for objects of which it may be one, is refused (K-543): what is
 * missing from an answer would be taken for deleted, and what belongs to it would be deleted too. Everybody else is served.
 */
import type { StorageError } from '../../storage/errors.ts';
import type { Snapshot } from './snapshot.ts';

export interface Unreadable {
  /** Below the resource: `namespace/name`. */
  readonly key: string;
  readonly revision: number;
  readonly why: StorageError;
  /** What the object was before, if that is known. */
  readonly last: Snapshot | undefined;
}

export class UnreadableObjects {
  readonly #all = new Map<string, Unreadable>();

  get size(): number {
    return this.#all.size;
  }

  get(key: string): Unreadable | undefined {
    return this.#all.get(key);
  }

  set(unreadable: Unreadable): void {
    this.#all.set(unreadable.key, unreadable);
  }

  /** @returns what there was to know of it */
  delete(key: string): Unreadable | undefined {
    const known = this.#all.get(key);
    if (known) this.#all.delete(key);
    return known;
  }

  clear(): void {
    this.#all.clear();
  }

  values(): IterableIterator<Unreadable> {
    return this.#all.values();
  }

  /** Those whose keys begin with `prefix`, the oldest first. There are none, as a rule, and that costs nothing. */
  under(prefix: string): readonly Unreadable[] {
    if (!this.#all.size) return none;
    const found = [...this.#all.values()].filter(({ key }) => key.startsWith(prefix));
    return found.sort((a, b) => a.revision - b.revision);
  }
}

const none: readonly Unreadable[] = [];
