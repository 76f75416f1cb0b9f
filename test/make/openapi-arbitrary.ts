/**
 * Values that a schema admits, made at random: what properties about defaulting, conversion and documents are stated over.
 *
 * A generator follows its schema and nothing else; it knows no kind.
 */
import fc from 'fast-check';
import type { Schema } from '../../openapi/schema/schema.ts';

export interface Wishes {
  /** Leave out required fields too, as patches and applied configurations do. */
  readonly partial?: boolean;
  /** Names of fields that the schema does not know, for nodes that keep them. Absent: none are made. */
  readonly unknownKeys?: fc.Arbitrary<string>;
  /** How often an optional field is present, from 0 to 1. */
  readonly presence?: number;
}

/** Any value that `schema` admits. Lists and maps are short, since the law is in the shape and not in the length. */
export function arbitraryOf(schema: Schema, wishes: Wishes = {}): fc.Arbitrary<unknown> {
  const value = withoutNull(schema, wishes);
  return schema.nullable ? fc.option(value, { nil: null, freq: 6 }) : value;
}

function withoutNull(schema: Schema, wishes: Wishes): fc.Arbitrary<unknown> {
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema['x-kubernetes-int-or-string']) return fc.oneof(fc.integer({ min: 0, max: 2 ** 31 - 1 }), textOf(schema));
  switch (schema.type) {
    case 'string':
      return textOf(schema);
    case 'integer':
      return wholeNumberOf(schema);
    case 'number':
      return fc.double({ ...boundsOf(schema, -1e9, 1e9), noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'array':
      return listOf(schema, wishes);
    default:
      return schema.type === 'object' || schema.properties ? objectOf(schema, wishes) : anyJson;
  }
}

/** JSON as a codec delivers it: plain objects, no bigints, no negative zero. */
export const anyJson: fc.Arbitrary<unknown> = fc
  .jsonValue({ maxDepth: 2, noUnicodeString: false, stringUnit: 'grapheme-ascii' })
  .map((value) => JSON.parse(JSON.stringify(value)));

const boundsOf = ({ minimum, maximum }: Schema, least: number, most: number) => ({
  min: Math.max(minimum ?? least, least),
  max: Math.min(maximum ?? most, most),
});

const wholeNumberOf = (schema: Schema): fc.Arbitrary<number> =>
  schema.format === 'int64'
    ? fc.maxSafeInteger().filter((value) => value >= (schema.minimum ?? value) && value <= (schema.maximum ?? value))
    : fc.integer(boundsOf(schema, -(2 ** 31), 2 ** 31 - 1));

function textOf({
  pattern,
  format,
  minLength = 0,
  maxLength = Number.POSITIVE_INFINITY,
}: Schema): fc.Arbitrary<string> {
  if (format === 'date-time')
    return fc
      .date({ min: new Date('1970-01-01T00:00:00Z'), max: new Date('2100-01-01T00:00:00Z'), noInvalidDate: true })
      .map((date) => `${date.toISOString().slice(0, 19)}Z`);
  if (pattern === undefined) return fc.string({ minLength, maxLength: Math.max(minLength, Math.min(maxLength, 24)) });
  return fc
    .stringMatching(new RegExp(pattern, 'u'), { size: 'small' })
    .filter((text) => [...text].length >= minLength && [...text].length <= maxLength);
}

function listOf(schema: Schema, wishes: Wishes): fc.Arbitrary<unknown[]> {
  const items = arbitraryOf(schema.items ?? {}, wishes);
  const length = { minLength: schema.minItems ?? 0, maxLength: Math.min(schema.maxItems ?? 3, 3) };
  const type = schema['x-kubernetes-list-type'];
  if (type !== 'set' && type !== 'map') return fc.array(items, length);
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const selector = (item: unknown) =>
    JSON.stringify(type === 'set' ? item : keys.map((key) => (item as Record<string, unknown>)[key]));
  return fc.uniqueArray(items, { ...length, selector });
}

function objectOf(schema: Schema, wishes: Wishes): fc.Arbitrary<Record<string, unknown>> {
  const { properties = {}, required = [], additionalProperties } = schema;
  if (typeof additionalProperties === 'object')
    return fc.dictionary(fc.string({ maxLength: 12 }), arbitraryOf(additionalProperties, wishes), {
      maxKeys: 3,
      noNullPrototype: true,
    });
  const { presence = 0.4, partial, unknownKeys } = wishes;
  const fields = Object.entries(properties).map(([name, property]) => {
    const value = arbitraryOf(property, wishes).map((present) => [[name, present]] as const);
    if (required.includes(name) && !partial) return value;
    const weight = Math.round(presence * 100);
    return fc.oneof({ weight: 100 - weight, arbitrary: fc.constant([]) }, { weight, arbitrary: value });
  });
  const known = fc.tuple(...fields).map((entries) => entries.flat());
  if (!schema['x-kubernetes-preserve-unknown-fields'] || !unknownKeys) return known.map(fromEntries);
  const strange = fc.array(fc.tuple(unknownKeys, anyJson), { maxLength: 2 });
  return fc
    .tuple(strange, known)
    .map(([others, entries]) =>
      fromEntries([...others.filter(([name]) => !Object.hasOwn(properties, name)), ...entries]),
    );
}

/** As Object.fromEntries makes them: `__proto__` is a key like any other. */
const fromEntries = (entries: readonly (readonly [string, unknown])[]): Record<string, unknown> =>
  Object.fromEntries(entries);
