/**
 * Older spellings: documents of every past release are put into the one spelling that v1alpha1 emits.
 *
 * A table says, for each object in the tree, which keys are older spellings and where their values belong today. The table is
 * data; this file only carries it out, on whole objects and on patches alike, so it never adds what the document did not say.
 */

import type { Warn } from '../form.ts';
import { type FieldError, FieldPath, invalid } from '../machinery/field.ts';
import { copyOf, ownValue, sameJson, setOwn } from '../machinery/json.ts';
import { isRecord } from '../machinery/meta.ts';
import type { Schema } from '../schema/schema.ts';

/** Where a value belongs today: the steps from the object that held the older key. */
export interface Respelling {
  readonly to: readonly [string, ...string[]];
  /** v1beta1 uses the older word too, so nobody is bothered about it. */
  readonly silent?: boolean;
  /** The last step is all that the object above it is for, so that a null (of a merge patch) removes that object. */
  readonly sole?: boolean;
}

/** What is known about one object of the tree. */
export interface Spellings {
  /** Older key → its place today. */
  readonly older?: Readonly<Record<string, Respelling>>;
  /** Objects below, by their key today. */
  readonly fields?: Readonly<Record<string, Spellings>>;
  /** When the value is a list: what is known about its items. */
  readonly items?: Spellings;
  /** What null means here, said as an object: where an older spelling brings the null, or says more than the null does. */
  readonly whenNull?: Readonly<Record<string, unknown>>;
}

/** Shorthand for tables: moved to `a.b` below the same object. */
export const movedTo = (path: string): Respelling => ({ to: path.split('.') as [string, ...string[]] });
export const alsoCalled = (path: string): Respelling => ({ ...movedTo(path), silent: true });
/** Moved to the one field of an object: `image.repoTag`. */
export const soleFieldOf = (respelling: Respelling): Respelling => ({ ...respelling, sole: true });

/** Carries a table out on a document, in place. @returns a fault per field that is spelled in two ways that disagree */
export function respell(document: unknown, spellings: Spellings, warn: Warn, at = new FieldPath()): FieldError[] {
  if (Array.isArray(document)) {
    const { items } = spellings;
    return items ? document.flatMap((item, i) => respell(item, items, warn, at.index(i))) : [];
  }
  if (!isRecord(document)) return [];
  const faults: FieldError[] = [];
  // Both sides of a comparison are in today's spelling before they are compared, so what is below comes first.
  for (const [key, below] of Object.entries(spellings.fields ?? {})) {
    const value = ownValue(document, key);
    if (value !== undefined) faults.push(...respell(value, below, warn, at.child(key)));
  }
  for (const [key, { to: whole, silent, sole }] of Object.entries(spellings.older ?? {})) {
    const value = ownValue(document, key);
    if (value === undefined) continue;
    delete document[key];
    const older = at.child(key);
    if (!silent) warn(`${older} is an older spelling of ${whole.reduce((path, step) => path.child(step), at)}`);
    const below = whole.reduce<Spellings>((target, step) => target.fields?.[step] ?? {}, spellings);
    faults.push(...respell(value, below, warn, older));
    const to = sole && value === null ? ([whole[0], ...whole.slice(1, -1)] as const) : whole;
    faults.push(...place(document, to, value, spellings, at, older));
  }
  return faults;
}

/** Puts `value`, which stood at `older`, where it belongs today; the steps lead there from `document`, which is at `at`. */
function place(
  document: Record<string, unknown>,
  [step, ...rest]: readonly [string, ...string[]],
  value: unknown,
  { fields = {} }: Spellings,
  at: FieldPath,
  older: FieldPath,
): FieldError[] {
  const below = fields[step] ?? {};
  const here = at.child(step);
  const present = inFull(ownValue(document, step), below);
  const [next, ...after] = rest;
  if (next !== undefined) {
    const holder = present === undefined ? {} : present;
    if (!isRecord(holder)) return [disagreement(here, holder, older)];
    setOwn(document, step, holder);
    return place(holder, [next, ...after], value, below, here, older);
  }
  const given = inFull(value, below);
  if (present === undefined) setOwn(document, step, given);
  else if (isRecord(present) && isRecord(given)) {
    setOwn(document, step, present);
    return Object.entries(given).flatMap(([key, inner]) => place(present, [key], inner, below, here, older));
  } else if (!sameJson(present, given)) return [disagreement(here, present, older)];
  return [];
}

/** A null that stands for an object, as that object. */
const inFull = (value: unknown, { whenNull }: Spellings): unknown =>
  value === null && whenNull ? copyOf(whenNull) : value;

const disagreement = (at: FieldPath, present: unknown, older: FieldPath): FieldError =>
  invalid(at, present, `is also spelled ${older}, with another value`);

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
  for (const [key, { to, silent }] of Object.entries(spellings.older ?? {})) {
    const target = to.reduce<Schema | undefined>((node, step) => node?.properties?.[step], { properties });
    const { default: _, definition: __, ...form } = target ?? {};
    properties[key] = { ...form, description: `${silent ? 'Another name' : 'Older spelling'} of ${to.join('.')}.` };
    movable.add(to[0]);
  }
  return {
    ...schema,
    properties,
    ...(schema.required && { required: schema.required.filter((name) => !movable.has(name)) }),
  };
}
