/**
 * The published form's schemas, derived from the hub's: the same nodes under the names of 2018, with definitions of their own.
 */
import { ownValue } from '../machinery/json.ts';
import { isRecord, recordsIn } from '../machinery/meta.ts';
import type { Schema } from '../schema/schema.ts';

/** The definition of a node in this version. */
const asPublished = (definition: string): string => definition.replace('.v1beta1.', '.v1alpha1.');

/** The same schema, every definition below it named for v1alpha1. */
export function published(schema: Schema): Schema {
  const { properties, items, additionalProperties, definition } = schema;
  return {
    ...schema,
    ...(definition && { definition: asPublished(definition) }),
    ...(properties && { properties: mapValues(properties, published) }),
    ...(items && { items: published(items) }),
    ...(typeof additionalProperties === 'object' && { additionalProperties: published(additionalProperties) }),
  };
}

/**
 * An object schema with some properties renamed and some replaced.
 *
 * @param names present name → published name; the rest keep theirs
 * @param replaced published name → its schema, or undefined to leave the property out
 */
export function renamed(
  schema: Schema,
  names: Readonly<Record<string, string>>,
  replaced: Readonly<Record<string, Schema | undefined>> = {},
): Schema {
  const properties: Record<string, Schema> = {};
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const called = names[name] ?? name;
    if (!(called in replaced)) properties[called] = property;
  }
  for (const [name, property] of Object.entries(replaced)) if (property) properties[name] = property;
  const required = schema.required?.map((name) => names[name] ?? name).filter((name) => name in properties);
  const keys = schema['x-kubernetes-list-map-keys'];
  const { example } = schema;
  return {
    ...schema,
    properties,
    ...(isRecord(example) && { example: withNames(example, names) }),
    ...(required?.length ? { required } : { required: [] }),
    ...(keys && { 'x-kubernetes-list-map-keys': keys.map((key) => names[key] ?? key) }),
  };
}

/** A map list whose items were changed; its keys and its example follow the new names. */
export function listOfRenamed(list: Schema, names: Readonly<Record<string, string>>, items: Schema): Schema {
  const keys = list['x-kubernetes-list-map-keys'] ?? [];
  const called = (name: string): string => names[name] ?? name;
  const example = recordsIn(list.example).map((item) => withNames(item, names));
  return {
    ...list,
    items,
    'x-kubernetes-list-map-keys': keys.map(called),
    ...(example.length && { example }),
  };
}

const withNames = (object: Readonly<Record<string, unknown>>, names: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [names[name] ?? name, value]));

/** A text in which fields are called by their names here. */
export const withWords = (text: string, names: Readonly<Record<string, string>>): string =>
  text.replaceAll(/\b[a-z]+[A-Z]\w*/g, (name) => String(ownValue({ ...names }, name) ?? name));

/** The same schema, in whose descriptions fields are called as they are here. Names have to be such that no prose has them. */
export function speaking(schema: Schema, names: Readonly<Record<string, string>>): Schema {
  const { description, properties, items } = schema;
  const said = description && withWords(description, names);
  return {
    ...schema,
    ...(said !== undefined && { description: said }),
    ...(properties && { properties: mapValues(properties, (property) => speaking(property, names)) }),
    ...(items && { items: speaking(items, names) }),
  };
}

export const mapValues = <A, B>(object: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));

/** Moves the value of `from` to `to`, if there is one. For conversions, which own the object they change. */
export function rename(object: Record<string, unknown>, from: string, to: string): void {
  if (!Object.hasOwn(object, from)) return;
  const value = object[from];
  delete object[from];
  object[to] = value;
}
