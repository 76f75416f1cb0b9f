/**
 * Schemas made at random from everything that ownership knows, in two versions, with values for them; and the same schemas in the
 * dialect of the judge.
 *
 * Names and values are few, so that managers often mean the same field. Everything may be null, since what null means where it is
 * no value differs by design (K-288).
 */
import fc from 'fast-check';
import { isRecord } from '../../../../openapi/machinery/meta.ts';
import {
  boolean,
  integer,
  listByKey,
  listOf,
  mapOf,
  nullable,
  object,
  type Schema,
  setOf,
  string,
} from '../../../../openapi/schema/schema.ts';

const text = nullable(string(''));
const scalar: fc.Arbitrary<Schema> = fc.constantFrom<Schema>(
  text,
  nullable(integer('')),
  nullable(boolean('')),
  nullable({ 'x-kubernetes-int-or-string': true }),
);
const open: Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, nullable: true };

const { schema } = fc.letrec<{ schema: Schema; struct: Schema }>((tie) => ({
  struct: fc
    .record({
      fields: fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('schema'), { minKeys: 1, maxKeys: 3 }),
      atomic: fc.nat(5),
      preserveUnknown: fc.nat(5),
    })
    .map(({ fields, atomic, preserveUnknown }) =>
      nullable(object('', fields as never, { atomic: atomic === 0, preserveUnknown: preserveUnknown === 0 })),
    ),
  schema: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.constantFrom<Schema>(
      open,
      {},
      nullable(setOf(string(''), '')),
      nullable(setOf(integer(''), '')),
      nullable(listOf(integer(''), '')),
    ),
    tie('struct'),
    tie('schema').map((values) => nullable(mapOf(values, ''))),
    tie('schema').map((value) => keyed(['id'], { id: string(''), value })),
    tie('schema').map((value) =>
      keyed(['port', 'proto'], { port: integer(''), proto: string('', { default: 'TCP' }), value }),
    ),
    tie('struct').map((items) => nullable(listOf(items, ''))),
  ),
}));

const keyed = (keys: readonly string[], fields: Readonly<Record<string, Schema>>): Schema =>
  nullable(listByKey(keys as never, object('', fields as never), '') as Schema);

/** The schema of a whole object with this schema for its spec. */
export const whole = (spec: Schema): Schema =>
  object('', { apiVersion: string(''), kind: string(''), metadata: mapOf(string(''), ''), spec } as never);

export const specSchemas: fc.Arbitrary<Schema> = schema;

/** Any value; lists repeat no item, and items have the keys that have no default. */
export function valuesOf(given: Schema): fc.Arbitrary<unknown> {
  const value = presentValuesOf(given);
  return given.nullable ? fc.option(value, { nil: null, freq: 12 }) : value;
}

const anything: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'xsmall' },
    fc.constantFrom<unknown>('p', 'q', 1, 1.5, true, null, {}, []),
    fc.dictionary(fc.constantFrom('x', 'y'), tie('value'), { maxKeys: 2 }),
    fc.array(tie('value'), { maxLength: 2 }),
  ),
})).value;

function presentValuesOf(given: Schema): fc.Arbitrary<unknown> {
  if (given['x-kubernetes-int-or-string']) return fc.constantFrom<unknown>('1', 1, 2);
  switch (given.type) {
    case 'string':
      return fc.constantFrom('p', 'q', '<é"');
    case 'integer':
      return fc.constantFrom(0, 1, 2);
    case 'boolean':
      return fc.boolean();
    case 'array':
      return listsOf(given);
    case 'object':
      return objectsOf(given);
    default:
      return anything;
  }
}

function objectsOf({ properties = {}, additionalProperties, ...rest }: Schema): fc.Arbitrary<unknown> {
  const declared = fc.record(Object.fromEntries(Object.entries(properties).map(([name, s]) => [name, valuesOf(s)])), {
    requiredKeys: [],
  });
  const values = rest['x-kubernetes-preserve-unknown-fields'] ? {} : additionalProperties;
  if (!isRecord(values)) return declared;
  const others = fc.dictionary(fc.constantFrom('x', 'y', 'w'), valuesOf(values as Schema), { maxKeys: 3 });
  return fc.tuple(others, declared).map(([free, known]) => ({ ...free, ...known }));
}

function listsOf(given: Schema): fc.Arbitrary<unknown> {
  const items = given.items ?? {};
  const keys = given['x-kubernetes-list-map-keys'];
  if (!keys) {
    const selector = given['x-kubernetes-list-type'] === 'set' ? { selector: (item: unknown) => item } : undefined;
    const values = presentValuesOf(items);
    return selector ? fc.uniqueArray(values, { maxLength: 4, ...selector }) : fc.array(values, { maxLength: 3 });
  }
  const properties = items.properties ?? {};
  const needed = keys.filter((key) => properties[key]?.default === undefined);
  const item = fc.record(Object.fromEntries(Object.entries(properties).map(([name, s]) => [name, valuesOf(s)])), {
    requiredKeys: needed,
  });
  const identity = (value: Record<string, unknown>): string =>
    JSON.stringify(keys.map((key) => value[key] ?? properties[key]?.default));
  return fc.uniqueArray(item as fc.Arbitrary<Record<string, unknown>>, { maxLength: 3, selector: identity });
}

const other = (name: string, toV2: boolean): string => (toV2 ? `z${name}` : name.slice(1));

/** The schema in v2: every declared field has a z before its name. */
export function inV2(given: Schema): Schema {
  const { properties, items, additionalProperties } = given;
  const keys = given['x-kubernetes-list-map-keys'];
  return {
    ...given,
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, s]) => [other(name, true), inV2(s)])),
    }),
    ...(items && { items: inV2(items) }),
    ...(isRecord(additionalProperties) && { additionalProperties: inV2(additionalProperties as Schema) }),
    ...(keys && { 'x-kubernetes-list-map-keys': keys.map((key) => other(key, true)) }),
  };
}

/** A value in the other version, by the schema of its own. */
export function converted(given: Schema, value: unknown, toV2: boolean): unknown {
  if (Array.isArray(value)) return given.items ? value.map((item) => converted(given.items!, item, toV2)) : value;
  if (!isRecord(value)) return value;
  const { properties = {}, additionalProperties } = given;
  const values = isRecord(additionalProperties) ? (additionalProperties as Schema) : {};
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      const declared = properties[name];
      return declared ? [other(name, toV2), converted(declared, inner, toV2)] : [name, converted(values, inner, toV2)];
    }),
  );
}

/** Both versions in the judge's dialect. */
export const inJudgesWords = (v1: Schema, v2: Schema): string =>
  JSON.stringify({
    types: [
      { name: 'v1', ...typeOf(v1) },
      { name: 'v2', ...typeOf(v2) },
      { name: 'deduced', ...anyOf('atomic', 'deduced', 'separable') },
      { name: 'untyped', ...anyOf('atomic', 'untyped', 'atomic') },
    ],
  });

const anyOf = (list: string, values: string, map: string) => ({
  scalar: 'untyped',
  list: { elementType: { namedType: 'untyped' }, elementRelationship: list },
  map: { elementType: { namedType: values }, elementRelationship: map },
});

function typeOf(given: Schema): Record<string, unknown> {
  if (given['x-kubernetes-int-or-string']) return { scalar: 'untyped' };
  switch (given.type) {
    case 'string':
      return { scalar: 'string' };
    case 'integer':
      return { scalar: 'numeric' };
    case 'boolean':
      return { scalar: 'boolean' };
    case 'array': {
      const relation = given['x-kubernetes-list-type'] === 'atomic' ? 'atomic' : 'associative';
      const keys = given['x-kubernetes-list-map-keys'];
      return { list: { elementType: typeOf(given.items ?? {}), elementRelationship: relation, ...(keys && { keys }) } };
    }
    case 'object':
      return { map: mapOfType(given) };
    default:
      return { namedType: 'deduced' };
  }
}

function mapOfType({ properties = {}, additionalProperties, ...rest }: Schema): Record<string, unknown> {
  const elementType = isRecord(additionalProperties)
    ? typeOf(additionalProperties as Schema)
    : rest['x-kubernetes-preserve-unknown-fields'] && { namedType: 'deduced' };
  return {
    fields: Object.entries(properties).map(([name, s]) => ({
      name,
      type: typeOf(s),
      ...(s.default !== undefined && { default: s.default }),
    })),
    ...(elementType && { elementType }),
    ...(rest['x-kubernetes-map-type'] === 'atomic' && { elementRelationship: 'atomic' }),
  };
}
