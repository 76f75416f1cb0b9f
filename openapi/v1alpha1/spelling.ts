/**
 * Older spellings: documents of every past release are put into the one spelling that v1alpha1 emits.
 *
 * A table says, for each object in the tree, which keys are older spellings and where their values belong today. The table is
 * data; this file only carries it out, on whole objects and on patches alike, so it never adds what the document did not say.
 */

import type { Warn } from '../form.ts';
import { type FieldError, FieldPath, invalid } from '../machinery/field.ts';
import { ownValue, sameJson, setOwn } from '../machinery/json.ts';
import { isRecord } from '../machinery/meta.ts';
import type { Schema } from '../schema/schema.ts';

/** Where a value belongs today: the steps from the object that held the older key. */
export interface Respelling {
  readonly to: readonly [string, ...string[]];
  /** v1beta1 uses the older word too, so nobody is bothered about it. */
  readonly silent?: boolean;
}

/** What is known about one object of the tree. */
export interface Spellings {
  /** Older key → its place today. */
  readonly older?: Readonly<Record<string, Respelling>>;
  /** Objects below, by their key today. */
  readonly fields?: Readonly<Record<string, Spellings>>;
  /** When the value is a list: what is known about its items. */
  readonly items?: Spellings;
}

/** Shorthand for tables: moved to `a.b` below the same object. */
export const movedTo = (path: string): Respelling => ({ to: path.split('.') as [string, ...string[]] });
export const alsoCalled = (path: string): Respelling => ({ ...movedTo(path), silent: true });

/** Carries a table out on a document, in place. @returns a fault per field that is spelled in two ways that disagree */
export function respell(document: unknown, spellings: Spellings, warn: Warn, at = new FieldPath()): FieldError[] {
  if (Array.isArray(document)) {
    const { items } = spellings;
    return items ? document.flatMap((item, i) => respell(item, items, warn, at.index(i))) : [];
  }
  if (!isRecord(document)) return [];
  const faults: FieldError[] = [];
  for (const [key, { to, silent }] of Object.entries(spellings.older ?? {})) {
    const value = ownValue(document, key);
    if (value === undefined) continue;
    delete document[key];
    if (!silent) warn(`${at.child(key)} is an older spelling of ${to.reduce((path, step) => path.child(step), at)}`);
    faults.push(...place(document, to, value, at, key));
  }
  for (const [key, below] of Object.entries(spellings.fields ?? {})) {
    const value = ownValue(document, key);
    if (value !== undefined) faults.push(...respell(value, below, warn, at.child(key)));
  }
  return faults;
}

function place(
  document: Record<string, unknown>,
  [step, ...rest]: readonly [string, ...string[]],
  value: unknown,
  at: FieldPath,
  older: string,
): FieldError[] {
  const present = ownValue(document, step);
  const [next, ...after] = rest;
  if (next === undefined) {
    if (present === undefined) setOwn(document, step, value);
    else if (isRecord(present) && isRecord(value)) return merge(present, value, at.child(step), older);
    else if (!sameJson(present, value))
      return [invalid(at.child(step), present, `is also spelled ${older}, with another value`)];
    return [];
  }
  if (!isRecord(present)) setOwn(document, step, {});
  return place(ownValue(document, step) as Record<string, unknown>, [next, ...after], value, at.child(step), older);
}

/** Both spellings hold objects: they agree when no field of them differs. */
function merge(
  into: Record<string, unknown>,
  from: Record<string, unknown>,
  at: FieldPath,
  older: string,
): FieldError[] {
  return Object.entries(from).flatMap(([key, value]) => place(into, [key], value, at, older));
}

/** The schema with the older keys beside the present ones, for clients that validate documents themselves. */
export function withOlderSpellings(schema: Schema, spellings: Spellings): Schema {
  if (schema.items)
    return spellings.items ? { ...schema, items: withOlderSpellings(schema.items, spellings.items) } : schema;
  const properties: Record<string, Schema> = { ...schema.properties };
  for (const [key, below] of Object.entries(spellings.fields ?? {})) {
    const property = properties[key];
    if (property) properties[key] = withOlderSpellings(property, below);
  }
  const movable = new Set<string>();
  for (const [key, { to }] of Object.entries(spellings.older ?? {})) {
    const target = to.reduce<Schema | undefined>((node, step) => node?.properties?.[step], { properties });
    const { default: _, definition: __, ...form } = target ?? {};
    properties[key] = { ...form, description: `Older spelling of ${to.join('.')}.` };
    movable.add(to[0]);
  }
  return {
    ...schema,
    properties,
    ...(schema.required && { required: schema.required.filter((name) => !movable.has(name)) }),
  };
}
