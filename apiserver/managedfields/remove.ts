/**
 * Taking paths out of a value, each with all that is below it.
 *
 * A container that loses its last part stays, empty: its schema may ask for it, and whether it goes is said by its own path. An item
 * that stays keeps its keys, without which nobody could name it any more.
 */
import { setOwn } from '../../openapi/machinery/json.ts';
import { isRecord } from '../../openapi/machinery/meta.ts';
import type { FieldSet } from './field-set.ts';
import { type FieldType, fieldOf, type ListType, type ObjectType, typeFor } from './field-type.ts';
import { elementOf } from './list-items.ts';

/** @returns a value that shares nodes with the given one, which stays as it is */
export function withoutFields(type: FieldType, value: unknown, fields: FieldSet): unknown {
  if (!fields.below.size) return value;
  const actual = typeFor(type, value);
  if (actual.kind === 'object' && !actual.atomic && isRecord(value)) return fieldsLeft(actual, value, fields);
  if (actual.kind === 'list' && actual.relation !== 'atomic' && Array.isArray(value))
    return itemsLeft(actual, value, fields);
  return value;
}

function fieldsLeft(type: ObjectType, object: Record<string, unknown>, fields: FieldSet): Record<string, unknown> {
  const left: Record<string, unknown> = {};
  for (const name of Object.keys(object)) {
    const field = fieldOf(type, name);
    const inside = field && fields.below.get(field.element);
    if (inside?.self) continue;
    setOwn(left, name, inside ? withoutFields(field!.type, object[name], inside) : object[name]);
  }
  return left;
}

function itemsLeft(type: ListType, list: readonly unknown[], fields: FieldSet): unknown[] {
  return list.flatMap((item) => {
    const element = elementOf(type, item);
    const inside = typeof element === 'string' ? fields.below.get(element) : undefined;
    if (!inside) return [item];
    return inside.self ? [] : [withKeys(type, item, withoutFields(type.items, item, inside))];
  });
}

function withKeys({ keys }: ListType, item: unknown, left: unknown): unknown {
  if (!isRecord(item) || !isRecord(left)) return left;
  const lost = keys.filter(({ name }) => Object.hasOwn(item, name) && !Object.hasOwn(left, name));
  return lost.length ? { ...Object.fromEntries(lost.map(({ name }) => [name, item[name]])), ...left } : left;
}
