/**
 * Field sets of values: what a manager owns who applied this, or who wrote this.
 */
import { isRecord } from '../../openapi/machinery/meta.ts';
import { FieldSet } from './field-set.ts';
import { type FieldType, fieldOf, type ListType, type ObjectType, typeFor } from './field-type.ts';
import { itemsByElement, Repeated } from './list-items.ts';

/** What applying a value owns: its leaves, the items of its lists, and the entries of its maps; no structs (K-276). */
export function appliedFields(type: FieldType, value: unknown): FieldSet {
  return collect(type, value, false);
}

/** What bringing a value into being owns: all of the above, and every container on the way. */
export function allFields(type: FieldType, value: unknown): FieldSet {
  return collect(type, value, true);
}

function collect(type: FieldType, value: unknown, all: boolean): FieldSet {
  const actual = typeFor(type, value);
  if (actual.kind === 'object' && !actual.atomic && (isRecord(value) || value === null))
    return node(all, value === null ? undefined : fieldsBelow(actual, value, all));
  if (actual.kind === 'list' && actual.relation !== 'atomic' && (Array.isArray(value) || value === null))
    return node(all, value === null ? undefined : itemsBelow(actual, value, all));
  return FieldSet.leaf;
}

function node(self: boolean, below: Map<string, FieldSet> | undefined): FieldSet {
  if (below?.size) return new FieldSet(self, below);
  return self ? FieldSet.leaf : FieldSet.empty;
}

function fieldsBelow(type: ObjectType, object: Record<string, unknown>, all: boolean): Map<string, FieldSet> {
  const below = new Map<string, FieldSet>();
  for (const name of Object.keys(object)) {
    const value = object[name];
    const field = fieldOf(type, name);
    if (!field || value === undefined) continue;
    const inside = collect(field.type, value, all);
    const itself = inside.self || value === null || isEmptyObject(value) || !type.fields.has(name);
    if (itself || inside.below.size) below.set(field.element, itself ? itselfToo(inside) : inside);
  }
  return below;
}

function itemsBelow(type: ListType, list: readonly unknown[], all: boolean): Map<string, FieldSet> {
  const below = new Map<string, FieldSet>();
  for (const [element, item] of itemsByElement(type, list))
    below.set(element, item instanceof Repeated ? FieldSet.leaf : itselfToo(collect(type.items, item, all)));
  return below;
}

const isEmptyObject = (value: unknown): boolean => isRecord(value) && Object.keys(value).length === 0;

const itselfToo = (set: FieldSet): FieldSet => (set.self ? set : node(true, set.below as Map<string, FieldSet>));

/** The set with every declared field on the way to a member, so that removing all below it removes the field itself. */
export function withDeclaredFields(type: FieldType | undefined, set: FieldSet): FieldSet {
  if (!set.below.size) return set;
  const below = new Map<string, FieldSet>();
  for (const [element, inner] of set.below) {
    const declared = type?.kind === 'object' && type.fields.has(element.slice(2)) && element[0] === 'f';
    const deeper = withDeclaredFields(typeBelow(type, element), inner);
    below.set(element, declared ? itselfToo(deeper) : deeper);
  }
  return new FieldSet(set.self, below);
}

/**
 * A set that was written when more was owned field by field: what is owned as a whole today is owned as a whole by whoever owned a
 * part of it.
 */
export function inTodaysGrain(type: FieldType | undefined, set: FieldSet): FieldSet {
  if (!type || type.kind === 'scalar' || type.kind === 'open' || !set.below.size) return set;
  if (type.kind === 'object' ? type.atomic : type.relation === 'atomic') return FieldSet.leaf;
  let below: Map<string, FieldSet> | undefined;
  for (const [element, inner] of set.below) {
    const settled = inTodaysGrain(typeBelow(type, element), inner);
    if (settled === inner) continue;
    below ??= new Map(set.below);
    below.set(element, settled);
  }
  return below ? new FieldSet(set.self, below) : set;
}

function typeBelow(type: FieldType | undefined, element: string): FieldType | undefined {
  if (type?.kind === 'object')
    return element[0] === 'f' ? (type.fields.get(element.slice(2))?.type ?? type.others) : undefined;
  return type?.kind === 'list' && element[0] === 'k' ? type.items : undefined;
}
