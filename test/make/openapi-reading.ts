/**
 * Reading a published document: its operations, its definitions, and every node in it.
 */
export type Node = Record<string, unknown>;

/** A node and where it stands, `components.schemas.X.properties.spec`. */
export interface Place {
  readonly at: string;
  readonly node: Node;
}

export const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Every object in a document, the document included. */
export function* nodesOf(value: unknown, at = ''): Generator<Place> {
  if (Array.isArray(value)) for (const [i, item] of value.entries()) yield* nodesOf(item, `${at}[${i}]`);
  if (!isNode(value)) return;
  yield { at, node: value };
  for (const [key, inner] of Object.entries(value)) yield* nodesOf(inner, at ? `${at}.${key}` : key);
}

/** Follows a local reference: `#/components/schemas/X`. */
export const resolved = (document: Node, reference: string): unknown =>
  reference
    .replace(/^#\//, '')
    .split('/')
    .reduce<unknown>((node, step) => (isNode(node) ? node[step] : undefined), document);

const methods = ['get', 'put', 'post', 'delete', 'patch'];

/** `GET /path` → operation. */
export function operationsOf(document: Node): Map<string, Node> {
  const operations = new Map<string, Node>();
  for (const [path, item] of Object.entries(document.paths as Node))
    for (const method of methods) {
      const operation = (item as Node)[method];
      if (operation) operations.set(`${method.toUpperCase()} ${path}`, operation as Node);
    }
  return operations;
}

/** Every schema in a definition, the definition included, properties by their path. */
export function* schemasOf(schema: Node, at: string): Generator<Place> {
  yield { at, node: schema };
  for (const [name, property] of Object.entries((schema.properties ?? {}) as Node))
    yield* schemasOf(property as Node, `${at}.${name}`);
  if (isNode(schema.items)) yield* schemasOf(schema.items, `${at}[]`);
  if (isNode(schema.additionalProperties)) yield* schemasOf(schema.additionalProperties, `${at}.*`);
  for (const part of (schema.allOf ?? []) as Node[]) yield* schemasOf(part, at);
}
