/**
 * Forms made from snapshots (other versions, cells of tables), remembered while there is room.
 *
 * Two generations: forms in use move to the young one; when that is full it becomes the old one, and the old one is forgotten.
 * The maps are weak, so forms of objects that have changed go with their snapshots.
 */
import type { Snapshot } from './snapshot.ts';

/** Something made of one object, of about so many bytes. */
export interface DerivedForm {
  readonly length: number;
}

/** By the names of forms. What a name stands for is known to whoever gives it. */
type Generation = Map<string, WeakMap<Snapshot, DerivedForm>>;

export class DerivedForms {
  readonly #budget: number;
  #young: Generation = new Map();
  #old: Generation = new Map();
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
  of<Form extends DerivedForm>(snapshot: Snapshot, name: string, make: (snapshot: Snapshot) => Form): Form {
    const known = this.#young.get(name)?.get(snapshot);
    if (known) return known as Form;
    const form = (this.#old.get(name)?.get(snapshot) as Form | undefined) ?? make(snapshot);
    this.#remember(snapshot, name, form);
    return form;
  }

  #remember(snapshot: Snapshot, name: string, form: DerivedForm): void {
    if (form.length > this.#budget / 2) return;
    if (this.#youngBytes + form.length > this.#budget / 2) {
      this.#old = this.#young;
      this.#oldBytes = this.#youngBytes;
      this.#young = new Map();
      this.#youngBytes = 0;
    }
    const forms = this.#young.get(name);
    if (forms) forms.set(snapshot, form);
    else this.#young.set(name, new WeakMap([[snapshot, form]]));
    this.#youngBytes += form.length;
  }
}
