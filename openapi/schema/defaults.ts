/**
 * Defaulting by schema, compiled once: fills what is absent, and drops a null where a default will take its place (K-239).
 *
 * Only static defaults live in schemas. What depends on an app or on the configuration is filled by the kind's strategy.
 */
import { copyOf, ownValue, setOwn } from '../machinery/json.ts';
import { isRecord } from '../machinery/meta.ts';
import type { Schema } from './schema.ts';

/** Fills `value` in place. @returns whether anything changed */
export type Defaulter = (value: unknown) => boolean;

/** @returns undefined when nothing below has a default, so that whole branches are skipped */
export function compileDefaults(schema: Schema): Defaulter | undefined {
  const { properties, items, additionalProperties } = schema;
  if (properties) return forProperties(properties);
  if (items) return forItems(compileDefaults(items));
  if (isRecord(additionalProperties)) return forValues(compileDefaults(additionalProperties));
  return undefined;
}

interface Field {
  readonly name: string;
  readonly fallback: unknown;
  readonly nullable: boolean;
  readonly inside: Defaulter | undefined;
}

function forProperties(properties: Readonly<Record<string, Schema>>): Defaulter | undefined {
  const fields: Field[] = Object.entries(properties)
    .map(([name, schema]) => ({
      name,
      fallback: schema.default,
      nullable: schema.nullable === true,
      inside: compileDefaults(schema),
    }))
    .filter(({ fallback, inside }) => fallback !== undefined || inside !== undefined);
  if (!fields.length) return undefined;
  return (value) => {
    if (!isRecord(value)) return false;
    let changed = false;
    for (const { name, fallback, nullable, inside } of fields) {
      const present = ownValue(value, name);
      if (fallback !== undefined && (present === undefined || (present === null && !nullable))) {
        setOwn(value, name, copyOf(fallback));
        changed = true;
      }
      if (inside?.(ownValue(value, name))) changed = true;
    }
    return changed;
  };
}

function forItems(inside: Defaulter | undefined): Defaulter | undefined {
  if (!inside) return undefined;
  return (value) => {
    if (!Array.isArray(value)) return false;
    let changed = false;
    for (const item of value) if (inside(item)) changed = true;
    return changed;
  };
}

function forValues(inside: Defaulter | undefined): Defaulter | undefined {
  if (!inside) return undefined;
  return (value) => {
    if (!isRecord(value)) return false;
    let changed = false;
    for (const key of Object.keys(value)) if (inside(value[key])) changed = true;
    return changed;
  };
}
