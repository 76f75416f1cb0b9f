/**
 * Strategic merge patch: what kubectl sends for Kubernetes' own kinds (`apply`, `set image`, `rollout restart`, `cordon`, `taint`).
 *
 * A merge patch in which some lists are merged item by item, with directives: `$patch: delete` and `$patch: replace`,
 * `$retainKeys`, `$deleteFromPrimitiveList/F` and `$setElementOrder/F`. Which lists those are is merge-keys.ts' knowledge.
 */
import { copyOf, inWords, jsonText, ownValue, sameJson, setOwn } from '../../../openapi/machinery/json.ts';
import { isRecord } from '../../../openapi/machinery/meta.ts';
import { StatusError } from '../../../openapi/machinery/status.ts';
import { type MergeKey, mergeKeyOf } from './merge-keys.ts';

export const strategicMergeType = 'application/strategic-merge-patch+json';

type Fields = Record<string, unknown>;

const directive = '$patch';
const retainKeys = '$retainKeys';
const deleteFrom = '$deleteFromPrimitiveList/';
const orderOf = '$setElementOrder/';

/**
 * The document with the patch merged in. Neither is changed.
 *
 * @throws StatusError BadRequest for a patch that contradicts itself
 */
export const strategicMerged = (document: Fields, patch: Fields): Fields => mergeObject(document, patch, '');

function mergeObject(original: Fields, patch: Fields, name: string): Fields {
  const { [directive]: command, ...rest } = patch;
  if (command === 'replace') return withoutDirectives(rest) as Fields;
  if (command === 'delete') return {};
  if (command !== undefined && command !== 'merge') throw refuse(`unknown patch type: ${inWords(command)}`);

  const result: Fields = retained(original, rest);
  for (const [key, change] of Object.entries(rest)) {
    if (key.startsWith('$')) continue;
    if (change === null) delete result[key];
    else setOwn(result, key, mergeValue(ownValue(result, key), change, key, name));
  }
  for (const [key, values] of Object.entries(rest)) {
    if (!key.startsWith(deleteFrom)) continue;
    if (!Array.isArray(values)) throw refuse(`${key} is not a list`);
    const field = key.slice(deleteFrom.length);
    const list = ownValue(result, field);
    const goes = (value: unknown): boolean => values.some((gone) => sameJson(gone, value));
    if (Array.isArray(list))
      setOwn(
        result,
        field,
        list.filter((value) => !goes(value)),
      );
  }
  for (const [key, order] of Object.entries(rest)) {
    const field = key.slice(orderOf.length);
    const list = ownValue(result, field);
    if (key.startsWith(orderOf) && Array.isArray(list) && Array.isArray(order)) {
      const before = ownValue(original, field);
      setOwn(result, field, ordered(list, order, Array.isArray(before) ? before : [], mergeKeyOf(field, name)));
    }
  }
  return result;
}

/** A union (a volume, an update strategy) loses the members that the patch does not name. */
function retained(original: Fields, patch: Fields): Fields {
  const kept = patch[retainKeys];
  if (!Array.isArray(kept)) return { ...original };
  return Object.fromEntries(Object.entries(original).filter(([key]) => kept.includes(key)));
}

function mergeValue(before: unknown, change: unknown, field: string, parent: string): unknown {
  if (isRecord(change)) return isRecord(before) ? mergeObject(before, change, field) : withoutDirectives(change);
  if (!Array.isArray(change)) return change;
  const key = mergeKeyOf(field, parent);
  if (!key) return copyOf(change);
  return mergeList(Array.isArray(before) ? before : [], change, field, key);
}

function mergeList(before: readonly unknown[], change: readonly unknown[], field: string, key: MergeKey): unknown[] {
  if (key === true || !change.every(isRecord)) {
    const added = change.filter((value) => !before.some((present) => sameJson(present, value)));
    return [...before, ...added];
  }
  let result = before.filter(isRecord);
  const items: Fields[] = [];
  for (const item of change) {
    const { [directive]: command, ...rest } = item;
    if (command === 'replace' && Object.keys(rest).length === 0) result = [];
    else if (command === 'delete') result = result.filter((present) => !sameJson(present[key!], idOf(rest, key!)));
    else items.push(item);
  }
  for (const item of items) {
    const id = idOf(item, key!);
    const at = result.findIndex((present) => sameJson(present[key!], id));
    if (at < 0) result.push(withoutDirectives(item) as Fields);
    else result[at] = mergeObject(result[at]!, item, field);
  }
  return result;
}

function idOf(item: Fields, key: string): unknown {
  const id = ownValue(item, key);
  if (id === undefined) throw refuse(`map: ${jsonText(item)} does not contain declared merge key: ${key}`);
  return id;
}

/** What the patch puts in order comes in that order; what it does not name stays where it stood among the others. */
function ordered(
  list: readonly unknown[],
  order: readonly unknown[],
  before: readonly unknown[],
  key: MergeKey,
): unknown[] {
  const idIn = (value: unknown): unknown => (typeof key === 'string' && isRecord(value) ? value[key] : value);
  const positionIn = (values: readonly unknown[], value: unknown): number =>
    values.findIndex((candidate) => sameJson(idIn(candidate), idIn(value)));
  const named = list
    .filter((value) => positionIn(order, value) >= 0)
    .sort((a, b) => positionIn(order, a) - positionIn(order, b));
  const others = list.filter((value) => positionIn(order, value) < 0);
  const result: unknown[] = [];
  for (const value of named) {
    const at = positionIn(before, value);
    while (others.length && at >= 0 && positionIn(before, others[0]) < at) result.push(others.shift());
    result.push(value);
  }
  return [...result, ...others];
}

/** A value that is new to the document: what it says, without what it commands. */
function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value))
    return value.filter((item) => !(isRecord(item) && item[directive] !== undefined)).map(withoutDirectives);
  if (!isRecord(value)) return value;
  const plain: Fields = {};
  for (const [key, inner] of Object.entries(value))
    if (!key.startsWith('$') && inner !== null) setOwn(plain, key, withoutDirectives(inner));
  return plain;
}

const refuse = (why: string): StatusError => StatusError.badRequest(why);
