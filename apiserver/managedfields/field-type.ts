/**
 * Field types: what a schema says about ownership, compiled once. Which parts of a value are owned one by one, which as a whole.
 *
 * Schemas say more (bounds, patterns), which is not asked here. What they leave open is judged by the value itself, as Kubernetes
 * does: objects field by field, lists as a whole (K-285).
 */
import { isRecord } from '../../openapi/machinery/meta.ts';
import type { Schema } from '../../openapi/schema/schema.ts';
import { compareTexts, fieldElement } from './path-element.ts';

export type FieldType = ScalarType | ObjectType | ListType | OpenType;

interface Common {
  /** Is null a value of its own? If not, it means that nothing is set (K-288). */
  readonly nullable: boolean;
}

export interface ScalarType extends Common {
  readonly kind: 'scalar';
  readonly holds: 'string' | 'numeric' | 'boolean' | 'any';
}

/** Structs and maps. */
export interface ObjectType extends Common {
  readonly kind: 'object';
  /** Owned as a whole. */
  readonly atomic: boolean;
  readonly fields: ReadonlyMap<string, Field>;
  /** The type of fields that are not declared; undefined: there may be none. */
  readonly others: FieldType | undefined;
}

export interface Field {
  readonly element: string;
  readonly type: FieldType;
}

export interface ListType extends Common {
  readonly kind: 'list';
  readonly relation: 'atomic' | 'set' | 'map';
  /** What tells the items of a map list apart; sorted by name, as FieldsV1 writes them. */
  readonly keys: readonly ListKey[];
  readonly items: FieldType;
}

export interface ListKey {
  readonly name: string;
  /** What an item that leaves the key out means; undefined: nothing. */
  readonly fallback: unknown;
}

/** Whatever the value is. */
export interface OpenType extends Common {
  readonly kind: 'open';
}

const open: OpenType = { kind: 'open', nullable: true };
const openScalar: ScalarType = { kind: 'scalar', holds: 'any', nullable: true };
const openList: ListType = { kind: 'list', relation: 'atomic', keys: [], items: open, nullable: true };
/** An object of which no schema says what it holds. */
export const openObject: ObjectType = {
  kind: 'object',
  atomic: false,
  fields: new Map(),
  others: open,
  nullable: true,
};

/** The type itself; for an open one, the type that the value has. Null could be of any. */
export function typeFor(type: FieldType, value: unknown): Exclude<FieldType, OpenType> {
  if (type.kind !== 'open') return type;
  if (Array.isArray(value)) return openList;
  return isRecord(value) || value === null ? openObject : openScalar;
}

export function compileFieldType(schema: Schema): FieldType {
  const nullable = schema.nullable === true;
  if (schema['x-kubernetes-int-or-string']) return { kind: 'scalar', holds: 'any', nullable };
  switch (schema.type) {
    case 'string':
      return { kind: 'scalar', holds: schema.format === undefined ? 'string' : 'any', nullable };
    case 'integer':
    case 'number':
      return { kind: 'scalar', holds: 'numeric', nullable };
    case 'boolean':
      return { kind: 'scalar', holds: 'boolean', nullable };
    case 'array':
      return listType(schema, nullable);
    default:
      return schema.type === 'object' || schema.properties ? objectType(schema, nullable) : open;
  }
}

function objectType(schema: Schema, nullable: boolean): ObjectType {
  const { properties = {}, additionalProperties } = schema;
  const fields = new Map(
    Object.entries(properties).map(([name, property]) => [
      name,
      { element: fieldElement(name), type: compileFieldType(property) },
    ]),
  );
  return { kind: 'object', atomic: schema['x-kubernetes-map-type'] === 'atomic', fields, others: others(), nullable };

  function others(): FieldType | undefined {
    if (isRecord(additionalProperties)) return compileFieldType(additionalProperties);
    if (additionalProperties === true || schema['x-kubernetes-preserve-unknown-fields']) return open;
    return undefined;
  }
}

function listType(schema: Schema, nullable: boolean): ListType {
  const { items = {} } = schema;
  const relation = schema['x-kubernetes-list-type'] ?? 'atomic';
  const keys = relation === 'map' ? [...(schema['x-kubernetes-list-map-keys'] ?? [])] : [];
  return {
    kind: 'list',
    relation,
    keys: keys.sort(compareTexts).map((name) => ({ name, fallback: items.properties?.[name]?.default })),
    items: compileFieldType(items),
    nullable,
  };
}

/** How a field of an object is called in paths, and its type; undefined when the schema has no place for it. */
export function fieldOf({ fields, others }: ObjectType, name: string): Field | undefined {
  const declared = fields.get(name);
  if (declared) return declared;
  return others && { element: fieldElement(name), type: others };
}
