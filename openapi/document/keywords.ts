/**
 * The keywords that OpenAPI 2 and 3 write alike.
 */
import type { Schema } from '../schema/schema.ts';
import type { Node } from './definitions.ts';

/** Keywords that a published node has from the schema as they are. */
const plainKeywords = [
  'type',
  'format',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'minItems',
  'maxItems',
  'x-kubernetes-int-or-string',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-map-type',
] as const satisfies readonly (keyof Schema)[];

/** The part of a node that both versions of OpenAPI write alike. */
export function commonKeywords(schema: Schema): Node {
  const node: Record<string, unknown> = {};
  for (const keyword of plainKeywords) if (schema[keyword] !== undefined) node[keyword] = schema[keyword];
  if (schema.enum) node.enum = schema.enum;
  if (schema.required?.length) node.required = schema.required;
  return node;
}
