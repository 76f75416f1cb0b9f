/**
 * Comparing two values of one type: which paths were added, modified, removed. Whoever makes a change owns it (K-271).
 */
import { sameJson } from '../../openapi/machinery/json.ts';
import { isRecord } from '../../openapi/machinery/meta.ts';
import { FieldSet, FieldSetBuilder } from './field-set.ts';
import { allFields } from './field-sets-of.ts';
import { type FieldType, fieldOf, type ListType, type ObjectType, openObject } from './field-type.ts';
import { itemsByElement, Repeated } from './list-items.ts';

/** No path is in more than one of these. */
export interface Changes {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

export const noChanges: Changes = { added: FieldSet.empty, modified: FieldSet.empty, removed: FieldSet.empty };

/** @param old undefined when there was nothing; likewise `now` */
export function compare(type: FieldType, old: unknown, now: unknown): Changes {
  if (old === now) return noChanges;
  const comparison = new Comparison();
  comparison.compare(type, old, now);
  const { added, modified, removed } = comparison;
  return { added: added.set(), modified: modified.set(), removed: removed.set() };
}

class Comparison {
  readonly added = new FieldSetBuilder();
  readonly modified = new FieldSetBuilder();
  readonly removed = new FieldSetBuilder();
  /** Where the walk stands. */
  readonly #path: string[] = [];

  compare(type: FieldType, old: unknown, now: unknown): void {
    if (old === now) return;
    if (old === undefined) this.#appeared(type, now);
    else if (now === undefined) this.#disappeared(type, old);
    else if (type.kind === 'open') this.#open(old, now);
    else if (type.kind === 'object' && !type.atomic && isObject(old) && isObject(now)) this.#objects(type, old, now);
    else if (type.kind === 'list' && type.relation !== 'atomic' && isList(old) && isList(now))
      this.#lists(type, old, now);
    else this.#leaf(old, now);
  }

  #leaf(old: unknown, now: unknown): void {
    if (!sameJson(old, now)) this.modified.add(this.#path);
  }

  #appeared(type: FieldType, now: unknown): void {
    if (now === null && !type.nullable) return; // Nothing is still nothing.
    this.added.add(this.#path, allFields(type, now));
  }

  #disappeared(type: FieldType, old: unknown): void {
    if (old === null && !type.nullable) return;
    this.removed.add(this.#path, allFields(type, old));
  }

  /** Where no schema says what there is, an object may take the place of a scalar or a list. */
  #open(old: unknown, now: unknown): void {
    if (isObject(old) && isObject(now)) this.#objects(openObject, old, now);
    else {
      this.#leaf(old, now);
      if (isRecord(old)) this.#fields(openObject, old, {}, undefined);
      if (isRecord(now)) this.#fields(openObject, {}, now, undefined);
    }
  }

  #objects(type: ObjectType, old: Record<string, unknown> | null, now: Record<string, unknown> | null): void {
    this.#fields(type, old ?? {}, now ?? {}, [old, now]);
  }

  /** @param whole the values themselves: between nothing and emptiness there is a difference, if no other */
  #fields(
    type: ObjectType,
    old: Record<string, unknown>,
    now: Record<string, unknown>,
    whole: readonly [unknown, unknown] | undefined,
  ): void {
    const names = Object.keys(old);
    let some = false;
    for (const name of names) {
      const before = old[name];
      const field = fieldOf(type, name);
      if (before === undefined || !field) continue;
      some = true;
      const after = Object.hasOwn(now, name) ? now[name] : undefined;
      if (before !== after) this.#at(field.element, field.type, before, after);
    }
    for (const name of Object.keys(now)) {
      const after = now[name];
      if (after === undefined) continue;
      const field = fieldOf(type, name);
      if (!field) continue;
      some = true;
      if (!Object.hasOwn(old, name) || old[name] === undefined) this.#at(field.element, field.type, undefined, after);
    }
    if (!some && whole) this.#leaf(...whole);
  }

  #lists(type: ListType, old: readonly unknown[] | null, now: readonly unknown[] | null): void {
    if (!old?.length && !now?.length) this.#leaf(old, now);
    // Most lists are as they were, and to see that costs less than to name their items.
    if (sameJson(old, now)) return;
    const before = itemsByElement(type, old ?? []);
    const after = itemsByElement(type, now ?? []);
    for (const [element, item] of before) this.#items(element, type.items, item, after.get(element));
    for (const [element, item] of after) if (!before.has(element)) this.#items(element, type.items, undefined, item);
  }

  #items(element: string, type: FieldType, old: unknown, now: unknown): void {
    if (old instanceof Repeated || now instanceof Repeated) this.#repeated(element, type, old, now);
    else this.#at(element, type, old, now);
  }

  /** Items that repeat are one leaf together. */
  #repeated(element: string, type: FieldType, old: unknown, now: unknown): void {
    this.#path.push(element);
    if (!(old instanceof Repeated)) {
      if (old !== undefined) this.removed.add(this.#path, allFields(type, old));
      this.added.add(this.#path);
    } else if (!(now instanceof Repeated)) {
      if (now !== undefined) this.added.add(this.#path, allFields(type, now));
      this.removed.add(this.#path);
    } else this.#leaf(old.items, now.items);
    this.#path.pop();
  }

  #at(element: string, type: FieldType, old: unknown, now: unknown): void {
    this.#path.push(element);
    this.compare(type, old, now);
    this.#path.pop();
  }
}

const isObject = (value: unknown): value is Record<string, unknown> | null => value === null || isRecord(value);
const isList = (value: unknown): value is readonly unknown[] | null => value === null || Array.isArray(value);
