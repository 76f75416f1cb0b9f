/**
 * Nulls by schema, compiled once: a null where the schema allows none says "not set", as it does to Go (K-239, K-288).
 *
 * Items of lists stay: nobody can tell what a list without them would mean.
 */
import { isRecord } from '../machinery/meta.ts';
import type { Schema } from './schema.ts';

/** Takes them away, in place. */
export type NullDropper = (value: unknown) => void;

/** @returns undefined when there is nothing below that could be named */
export function compileNulls({ properties, items, additionalProperties }: Schema): NullDropper | undefined {
  if (properties) return forProperties(properties);
  if (items) return forItems(compileNulls(items));
  if (isRecord(additionalProperties)) return forValues(additionalProperties);
  return undefined;
}

function forProperties(properties: Readonly<Record<string, Schema>>): NullDropper {
  const known = new Map(
    Object.entries(properties).map(([name, schema]) => [name, { schema, inside: compileNulls(schema) }]),
  );
  return (value) => {
    if (!isRecord(value)) return;
    for (const [name, inner] of Object.entries(value)) {
      const field = known.get(name);
      if (inner === null && field && !field.schema.nullable) delete value[name];
      else field?.inside?.(inner);
    }
  };
}

function forItems(inside: NullDropper | undefined): NullDropper | undefined {
  if (!inside) return undefined;
  return (value) => {
    if (Array.isArray(value)) for (const item of value) inside(item);
  };
}

function forValues(schema: Schema): NullDropper {
  const inside = compileNulls(schema);
  return (value) => {
    if (!isRecord(value)) return;
    for (const [name, inner] of Object.entries(value))
      if (inner === null && !schema.nullable) delete value[name];
      else inside?.(inner);
  };
}
