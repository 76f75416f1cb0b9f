/**
 * Merging what is applied into what there is: what is said counts, what is not said stays. Nothing is ever removed by it.
 */
import { ownValue, setOwn } from '../../openapi/machinery/json.ts';
import { isRecord } from '../../openapi/machinery/meta.ts';
import { type FieldType, fieldOf, type ListType, type ObjectType, typeFor } from './field-type.ts';
import { elementOf, itemsByElement, Repeated } from './list-items.ts';

/**
 * @param applied of this type, without items that repeat; undefined and null containers say nothing
 * @returns a value that shares nodes with both
 */
export function merged(type: FieldType, live: unknown, applied: unknown): unknown {
  if (applied === undefined) return live;
  if (live === undefined) return applied;
  // Null takes the form of what it meets.
  const actual = typeFor(type, applied ?? live);
  const parts = actual.kind === 'object' ? !actual.atomic : actual.kind === 'list' && actual.relation !== 'atomic';
  if (parts && applied === null && !actual.nullable) return live;
  if (parts && actual.kind === 'object' && (isRecord(applied) || applied === null))
    return mergedObject(actual, isRecord(live) ? live : undefined, applied);
  if (parts && actual.kind === 'list' && (Array.isArray(applied) || applied === null))
    return mergedList(actual, Array.isArray(live) ? live : [], applied);
  return applied;
}

function mergedObject(
  type: ObjectType,
  live: Record<string, unknown> = {},
  applied: Record<string, unknown> | null,
): unknown {
  const names = Object.keys(live);
  if (!names.length || applied === null) return names.length ? live : applied;
  const result: Record<string, unknown> = { ...live };
  for (const name of Object.keys(applied)) {
    const field = fieldOf(type, name);
    const value = applied[name];
    setOwn(result, name, field ? merged(field.type, ownValue(live, name), value) : value);
  }
  return result;
}

/** Items stand in the applied order; those that are not applied keep their place before and behind their neighbours (K-285). */
function mergedList(type: ListType, live: readonly unknown[], applied: readonly unknown[] | null): unknown {
  if (!live.length || !applied?.length) return live.length ? live : applied;
  const liveItems = itemsByElement(type, live);
  const appliedItems = itemsByElement(type, applied);
  const shared = [...appliedItems.keys()].filter((element) => liveItems.has(element));
  const result: unknown[] = [];
  let place = 0;
  let nextShared = 0;
  for (const [element, item] of appliedItems) {
    // What stands between two applied items stays between them; an applied item on the way comes at its own place.
    for (; place < live.length; place += 1) {
      const liveElement = elementOf(type, live[place]);
      if (liveElement === shared[nextShared]) break;
      if (typeof liveElement !== 'string' || !appliedItems.has(liveElement)) result.push(live[place]);
    }
    const present = liveItems.get(element);
    result.push(present instanceof Repeated ? item : merged(type.items, present, item));
    if (element !== shared[nextShared]) continue;
    nextShared += 1;
    place += 1;
  }
  for (; place < live.length; place += 1) {
    const liveElement = elementOf(type, live[place]);
    if (typeof liveElement !== 'string' || !appliedItems.has(liveElement)) result.push(live[place]);
  }
  return result;
}

/** Without the nulls that mean that nothing is set (K-288). */
export function withoutUnset(type: FieldType, value: unknown): unknown {
  const actual = typeFor(type, value);
  if (actual.kind === 'list' && Array.isArray(value)) return value.map((item) => withoutUnset(actual.items, item));
  if (actual.kind !== 'object' || !isRecord(value)) return value;
  const kept: Record<string, unknown> = {};
  for (const name of Object.keys(value)) {
    const field = fieldOf(actual, name);
    if (value[name] === null && field && !field.type.nullable) continue;
    setOwn(kept, name, field ? withoutUnset(field.type, value[name]) : value[name]);
  }
  return kept;
}
