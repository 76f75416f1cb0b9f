/**
 * Fields that are stored and that our schemas do not know, since a newer server wrote them: they stay where they are.
 *
 * Clients of this server do not see them (K-152), and so cannot send them back. While replicas of two versions work on one store,
 * and after a step back to an older version, an update that dropped them would damage what the newer one wrote. A field goes
 * with what held it: with the list item that is taken out, with the object that is replaced by nothing.
 */
import { sameJson, setOwn } from '../../openapi/machinery/json.ts';
import { isRecord } from '../../openapi/machinery/meta.ts';
import type { Schema } from '../../openapi/schema/schema.ts';

/**
 * Puts the unknown fields of `stored` back into what became of it.
 *
 * @param next the new state, without them; it is not changed
 * @param known the old state without them
 * @param stored the old state with them
 */
export function withForeignFields<T>(next: T, known: unknown, stored: unknown, schema: Schema | undefined): T {
  if (Array.isArray(next) && Array.isArray(known) && Array.isArray(stored))
    return inItems(next, known, stored, schema) as T;
  if (!isRecord(next) || !isRecord(known) || !isRecord(stored)) return next;
  const result: Record<string, unknown> = { ...next };
  for (const [name, value] of Object.entries(stored)) {
    const inside = Object.hasOwn(known, name);
    if (inside && Object.hasOwn(next, name))
      setOwn(result, name, withForeignFields(next[name], known[name], value, schemaOf(schema, name)));
    else if (!inside && !Object.hasOwn(next, name)) setOwn(result, name, value);
  }
  return result as T;
}

function schemaOf(schema: Schema | undefined, name: string): Schema | undefined {
  const { properties = {}, additionalProperties } = schema ?? {};
  if (Object.hasOwn(properties, name)) return properties[name];
  return isRecord(additionalProperties) ? (additionalProperties as Schema) : undefined;
}

/** Items are the same by the keys of a list that is a map, and else when nothing about them has changed. */
function inItems(
  next: readonly unknown[],
  known: readonly unknown[],
  stored: readonly unknown[],
  schema: Schema | undefined,
): unknown[] {
  const keys = schema?.['x-kubernetes-list-map-keys'];
  const left = new Set(known.keys());
  return next.map((item) => {
    for (const i of left)
      if (keys ? sameKeys(item, known[i], keys) : sameJson(item, known[i])) {
        left.delete(i);
        return withForeignFields(item, known[i], stored[i], schema?.items);
      }
    return item;
  });
}

const sameKeys = (a: unknown, b: unknown, keys: readonly string[]): boolean =>
  isRecord(a) && isRecord(b) && keys.every((key) => sameJson(a[key], b[key]));
