/**
 * The objects of one resource by the values of a few of its fields, so that selecting by such a field looks at no other object.
 *
 * What an index finds is ordered as the objects themselves are, so it can be listed, paged and frozen like all of them.
 */
import { type FieldSelector, valuesOf } from '../../openapi/machinery/field-selector.ts';
import { noObjects, type Objects } from './objects.ts';
import type { Snapshot } from './snapshot.ts';

export class FieldIndex {
  /** Field → value → the objects that hold it. */
  readonly #objects: ReadonlyMap<string, Map<string, Objects>>;

  constructor(fields: readonly string[] = []) {
    this.#objects = new Map(fields.map((field) => [field, new Map<string, Objects>()]));
  }

  put(current: Snapshot, previous?: Snapshot): void {
    for (const [field, byValue] of this.#objects) {
      const values = valuesOf(current.fields[field]);
      for (const value of previous ? valuesOf(previous.fields[field]) : [])
        if (!values.includes(value)) leave(byValue, value, current.key);
      for (const value of values) {
        const having = byValue.get(value) ?? noObjects();
        having.set(current.key, current);
        byValue.set(value, having);
      }
    }
  }

  remove(previous: Snapshot): void {
    for (const [field, byValue] of this.#objects)
      for (const value of valuesOf(previous.fields[field])) leave(byValue, value, previous.key);
  }

  /** The fewest objects among which are all that the selector picks; undefined when that may be any. */
  narrowed(selector: FieldSelector): Objects | undefined {
    let fewest: Objects | undefined;
    for (const { field, negated, value } of selector) {
      const byValue = negated ? undefined : this.#objects.get(field);
      if (!byValue) continue;
      const having = byValue.get(value) ?? noObjects();
      if (!fewest || having.size < fewest.size) fewest = having;
    }
    return fewest;
  }
}

/** A value that nobody holds any more is forgotten: there may be any number of values in time. */
function leave(byValue: Map<string, Objects>, value: string, key: string): void {
  const having = byValue.get(value);
  having?.delete(key);
  if (having?.size === 0) byValue.delete(value);
}
