/**
 * Types of Kubernetes' own API as schemas of ours: the same nodes, published under names of our own, so that they cannot clash with the
 * originals where documents of several servers are merged.
 */
import { quantity, type Schema, type SchemaOf } from '../schema/schema.ts';
import { definitions } from './kubernetes.ts';

/** A node of the generated data: a schema, but for references to other types and the word that stands for a quantity. */
interface GeneratedNode extends Omit<Schema, 'type' | 'properties' | 'items' | 'additionalProperties'> {
  readonly type?: Schema['type'] | 'quantity';
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, GeneratedNode>>;
  readonly items?: GeneratedNode;
  readonly additionalProperties?: GeneratedNode;
}

const generated = definitions as Readonly<Record<string, GeneratedNode>>;
const made = new Map<string, Schema>();

/**
 * A type of Kubernetes' core API by its name, `EnvVar`.
 *
 * @typeParam T what the schema admits, in the words of @kubernetes/client-node
 * @throws Error when generate.ts was not asked for it
 */
export function kubernetesType<T>(name: string): SchemaOf<T> {
  const known = made.get(name);
  if (known) return known;
  const node = generated[name];
  if (!node) throw new Error(`${name} is not among the generated types: name it in openapi/core/generate.ts`);
  const schema = { ...schemaOf(node), definition: definitionOf(name) };
  made.set(name, schema);
  return schema;
}

const definitionOf = (name: string): string =>
  `io.bluedata.kubedirector.${name.startsWith('LabelSelector') ? 'meta' : 'core'}.v1.${name}`;

/** @param unsaid the description of a node that has none, such as the items of a list */
function schemaOf(
  { $ref, type, properties, items, additionalProperties, ...rest }: GeneratedNode,
  unsaid = '',
): Schema {
  const { description = unsaid } = rest;
  if ($ref) return kubernetesType($ref);
  if (type === 'quantity') return quantity(description);
  return {
    ...rest,
    description,
    ...(type && { type }),
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, node]) => [name, schemaOf(node)])),
    }),
    ...(items && { items: schemaOf(items, 'One of them.') }),
    ...(additionalProperties && { additionalProperties: schemaOf(additionalProperties, 'Value.') }),
  };
}
