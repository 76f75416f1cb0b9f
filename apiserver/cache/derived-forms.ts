/**
 * Forms made from snapshots (other versions, metadata alone, cells of tables), remembered while there is room.
 *
 * Two generations: forms in use move to the young one; when that is full it becomes the old one, and the old one is forgotten.
 * The maps are weak, so forms of objects that have changed go with their snapshots.
 */
import type { Snapshot } from './snapshot.ts';

type Generation = WeakMap<Snapshot, Map<string, Buffer>>;

export class DerivedForms {
  readonly #budget: number;
  #young: Generation = new WeakMap();
  #old: Generation = new WeakMap();
  #youngBytes = 0;
  #oldBytes = 0;

  /** @param budgetBytes for all forms together */
  constructor(budgetBytes = 64 * 1024 * 1024) {
    this.#budget = budgetBytes;
  }

  /** Of all forms that are remembered, at most: forms of objects that have changed are gone sooner. */
  get bytes(): number {
    return this.#youngBytes + this.#oldBytes;
  }

  /** @param name of the form, the same for the same `make` */
  of(snapshot: Snapshot, name: string, make: (snapshot: Snapshot) => Buffer): Buffer {
    const known = this.#young.get(snapshot)?.get(name);
    if (known) return known;
    const form = this.#old.get(snapshot)?.get(name) ?? make(snapshot);
    this.#remember(snapshot, name, form);
    return form;
  }

  #remember(snapshot: Snapshot, name: string, form: Buffer): void {
    if (form.length > this.#budget / 2) return;
    if (this.#youngBytes + form.length > this.#budget / 2) {
      this.#old = this.#young;
      this.#oldBytes = this.#youngBytes;
      this.#young = new WeakMap();
      this.#youngBytes = 0;
    }
    const forms = this.#young.get(snapshot);
    if (forms) forms.set(name, form);
    else this.#young.set(snapshot, new Map([[name, form]]));
    this.#youngBytes += form.length;
  }
}
