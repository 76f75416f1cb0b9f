/**
 * Pruning by schema, compiled once: removes every field that the schema does not name (K-152) and tells their paths.
 */
import { isRecord } from '../machinery/meta.ts';
import type { Path } from './path.ts';
import type { Schema } from './schema.ts';

/**
 * Removes unknown fields from `value` in place.
 *
 * @param removed takes the path of each, `spec.roles[0].bad`
 * @returns whether anything was removed
 */
export type Pruner = (value: unknown, path: Path, removed?: (path: string) => void) => boolean;

/** What one node does to its value; undefined: nothing can be unknown below it. */
export function compilePruning(schema: Schema): Pruner | undefined {
  const { properties, items, additionalProperties } = schema;
  if (items) return forItems(compilePruning(items));
  if (isRecord(additionalProperties)) return forValues(compilePruning(additionalProperties));
  if (additionalProperties === true || schema['x-kubernetes-int-or-string']) return undefined;
  const keep = schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (schema.type === 'object' || properties) return forProperties(properties ?? {}, keep);
  return undefined;
}

function forProperties(properties: Readonly<Record<string, Schema>>, keepUnknown: boolean): Pruner | undefined {
  const known = new Map(Object.entries(properties).map(([name, schema]) => [name, compilePruning(schema)]));
  if (keepUnknown && [...known.values()].every((inside) => !inside)) return undefined;
  return (value, path, removed) => {
    if (!isRecord(value)) return false;
    let changed = false;
    for (const name of Object.keys(value)) {
      const inside = known.get(name);
      if (inside) {
        path.push(name);
        if (inside(value[name], path, removed)) changed = true;
        path.pop();
      } else if (!keepUnknown && !known.has(name)) {
        delete value[name];
        changed = true;
        removed?.(path.with(name));
      }
    }
    return changed;
  };
}

function forItems(inside: Pruner | undefined): Pruner | undefined {
  if (!inside) return undefined;
  return (value, path, removed) => {
    if (!Array.isArray(value)) return false;
    let changed = false;
    for (let i = 0; i < value.length; i += 1) {
      path.push(i);
      if (inside(value[i], path, removed)) changed = true;
      path.pop();
    }
    return changed;
  };
}

function forValues(inside: Pruner | undefined): Pruner | undefined {
  if (!inside) return undefined;
  return (value, path, removed) => {
    if (!isRecord(value)) return false;
    let changed = false;
    for (const key of Object.keys(value)) {
      path.push(key);
      if (inside(value[key], path, removed)) changed = true;
      path.pop();
    }
    return changed;
  };
}
