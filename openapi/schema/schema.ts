/**
 * Structural schemas: what a field may hold, said once. TypeScript types, defaults, pruning, validation, `kubectl explain` and both
 * OpenAPI documents all derive from the values that these builders make.
 *
 * The result is plain data in the dialect of Kubernetes' structural schemas (API extensions, "Specifying a structural schema"),
 * so that a schema read from a file works as well. Nothing here knows a kind.
 */

/** One node of a structural schema. */
export interface Schema {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly enum?: readonly (string | number)[];
  readonly default?: unknown;
  readonly example?: unknown;
  /** What is told besides the pattern when that refuses a text: `e.g. '1+'`. Not published. */
  readonly hint?: string;
  readonly nullable?: boolean;
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: 'atomic' | 'granular';
  /** The name under which the published documents define this node once and refer to it elsewhere. Not published itself. */
  readonly definition?: string;
}

declare const described: unique symbol;

/** A schema together with the TypeScript type of what it admits. */
export interface SchemaOf<out T> extends Schema {
  readonly [described]?: T;
}

/** The TypeScript type of what a schema admits. */
export type TypeOf<S> = S extends SchemaOf<infer T> ? T : never;

type Properties = Readonly<Record<string, SchemaOf<unknown>>>;

type Flat<T> = { [K in keyof T]: T[K] };

type ObjectOf<P extends Properties, R extends keyof P> = Flat<
  { [K in R]: TypeOf<P[K]> } & { [K in Exclude<keyof P, R>]?: TypeOf<P[K]> }
>;

/** What every builder takes besides its own options. The description is for people: `kubectl explain` prints it. */
interface Common<T> {
  readonly default?: T;
  readonly example?: T;
}

type StringOptions = Common<string> & Pick<Schema, 'pattern' | 'hint' | 'minLength' | 'maxLength' | 'format'>;

export const string = (description: string, options: StringOptions = {}): SchemaOf<string> => ({
  type: 'string',
  description,
  ...options,
});

/** A string of a certain form; whoever sends another is shown the example. */
export const formed = (
  pattern: string,
  description: string,
  { example, ...options }: Omit<StringOptions, 'pattern' | 'hint'> & { readonly example: string },
): SchemaOf<string> => string(description, { pattern, hint: `e.g. '${example}'`, example, ...options });

/** One of a few words. */
export const oneOf = <const V extends string>(
  values: readonly V[],
  description: string,
  options: Common<V> = {},
): SchemaOf<V> => ({ type: 'string', enum: values, description, ...options });

type NumberOptions = Common<number> & Pick<Schema, 'minimum' | 'maximum'>;

/** A whole number that fits 32 bits, unless `format` says 64. */
export const integer = (
  description: string,
  options: NumberOptions & { readonly format?: 'int32' | 'int64' } = {},
): SchemaOf<number> => ({ type: 'integer', format: 'int32', description, ...options });

export const boolean = (description: string, options: Common<boolean> = {}): SchemaOf<boolean> => ({
  type: 'boolean',
  description,
  ...options,
});

/** What machinery/quantity.ts reads. */
const quantityForm = '^[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]{1,2})?$';

/** A resource quantity, written as a string or, as YAML authors do, as a bare number. */
export const quantity = (description: string, options: Common<string | number> = {}): SchemaOf<string | number> => ({
  'x-kubernetes-int-or-string': true,
  pattern: quantityForm,
  hint: "e.g. '500m', '2' or '4Gi'",
  definition: 'io.bluedata.kubedirector.meta.v1.Quantity',
  description,
  ...options,
});

interface ObjectOptions<P extends Properties, R extends keyof P> extends Common<Partial<ObjectOf<P, NoInfer<R>>>> {
  readonly required?: readonly R[];
  readonly definition?: string;
  /** Keeps fields that `properties` does not name (history kept some; everywhere else they are pruned). */
  readonly preserveUnknown?: boolean;
  /** Owned and replaced as a whole. */
  readonly atomic?: boolean;
}

export const object = <P extends Properties, R extends keyof P & string = never>(
  description: string,
  properties: P,
  { required, preserveUnknown, atomic, ...options }: ObjectOptions<P, R> = {},
): SchemaOf<ObjectOf<P, R>> => ({
  type: 'object',
  description,
  properties,
  ...(required?.length && { required }),
  ...(preserveUnknown && { 'x-kubernetes-preserve-unknown-fields': true }),
  ...(atomic && { 'x-kubernetes-map-type': 'atomic' as const }),
  ...options,
});

/** Keys of the user's choosing, all with values of one shape. */
export const mapOf = <T>(
  values: SchemaOf<T>,
  description: string,
  options: Common<Record<string, T>> & { readonly preserveUnknown?: never } = {},
): SchemaOf<Record<string, T>> => ({ type: 'object', additionalProperties: values, description, ...options });

type ListOptions<T> = Common<T[]> & Pick<Schema, 'minItems' | 'maxItems'>;

/** A list that is owned and replaced as a whole. */
export const listOf = <T>(items: SchemaOf<T>, description: string, options: ListOptions<T> = {}): SchemaOf<T[]> => ({
  type: 'array',
  items,
  'x-kubernetes-list-type': 'atomic',
  description,
  ...options,
});

/** A list of scalars in which each value stands once; several managers may own values of it. */
export const setOf = <T extends string | number>(
  items: SchemaOf<T>,
  description: string,
  options: ListOptions<T> = {},
): SchemaOf<T[]> => ({ type: 'array', items, 'x-kubernetes-list-type': 'set', description, ...options });

/** A list of objects that are told apart by the fields `keys`; several managers may own items of it. */
export const listByKey = <T, K extends keyof T & string>(
  keys: readonly [K, ...K[]],
  items: SchemaOf<T>,
  description: string,
  options: ListOptions<T> = {},
): SchemaOf<T[]> => ({
  type: 'array',
  items,
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': keys,
  description,
  ...options,
});

/** The same, but an explicit null is a value of its own. */
export const nullable = <T>(schema: SchemaOf<T>): SchemaOf<T | null> => ({ ...schema, nullable: true });

/** The same node with another description: a definition is described once, its uses each in their own words. */
export const asField = <T>(schema: SchemaOf<T>, description: string, options: Common<T> = {}): SchemaOf<T> => ({
  ...schema,
  description,
  ...options,
});

/** Anything at all, kept as it is. */
export const anything = (description: string): SchemaOf<Record<string, unknown>> => ({
  type: 'object',
  description,
  'x-kubernetes-preserve-unknown-fields': true,
});
