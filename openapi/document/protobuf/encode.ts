/**
 * An OpenAPI 2 document in the protobuf form of gnostic. Maps become lists of named values, and what has no message of its own (vendor
 * extensions, defaults, enums, examples) travels as YAML text, of which JSON is a part.
 *
 * The only place that knows protobufjs' reflection on this side of the codecs.
 */
import protobuf from 'protobufjs';
import { jsonText } from '../../machinery/json.ts';
import type { Node } from '../definitions.ts';
import { once } from '../published.ts';
import { descriptor } from './messages.ts';

const documentType = once(() => protobuf.Root.fromJSON(descriptor).lookupType('Document'));

/** @param document what openApiV2 makes, and nothing that it does not make */
export function swaggerBytes(document: Node): Buffer {
  const { swagger, info, paths, definitions } = document;
  const type = documentType();
  const message = type.fromObject({
    swagger,
    info,
    paths: { path: named(paths, pathItem) },
    definitions: { additionalProperties: named(definitions, schema) },
  });
  return Buffer.from(type.encode(message).finish());
}

/** In the order of names, so that the bytes are the same wherever they are made. */
const named = <T>(map: unknown, change: (value: Node) => T): { name: string; value: T }[] =>
  Object.entries(map as Node)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => ({ name, value: change(value as Node) }));

const listed = <T>(list: unknown, change: (value: Node) => T): T[] => (list as Node[]).map(change);

const any = (value: unknown) => ({ yaml: `${jsonText(value)}\n` });

const extensionsOf = (node: Node) =>
  named(Object.fromEntries(Object.entries(node).filter(([key]) => key.startsWith('x-'))), any);

const pathItem = ({ parameters, ...operations }: Node) => ({
  ...Object.fromEntries(Object.entries(operations).map(([method, value]) => [method, operation(value as Node)])),
  ...(parameters !== undefined && { parameters: listed(parameters, parameter) }),
});

const operation = (node: Node) => ({
  ...node,
  parameters: listed(node.parameters, parameter),
  responses: { responseCode: named(node.responses, response) },
  vendorExtension: extensionsOf(node),
});

const response = ({ description, schema: node }: Node) => ({
  response: { description, ...(node !== undefined && { schema: { schema: schema(node as Node) } }) },
});

function parameter(node: Node) {
  if (node.in === 'body') return { parameter: { bodyParameter: { ...node, schema: schema(node.schema as Node) } } };
  const kind = node.in === 'path' ? 'pathParameterSubSchema' : 'queryParameterSubSchema';
  return { parameter: { nonBodyParameter: { [kind]: node } } };
}

function schema(node: Node): Node {
  const {
    $ref,
    type,
    default: fallback,
    example,
    enum: words,
    properties,
    items,
    additionalProperties,
    ...rest
  } = node;
  return {
    ...rest,
    ...($ref !== undefined && { ref: $ref }),
    ...(type !== undefined && { type: { value: [type] } }),
    ...(fallback !== undefined && { default: any(fallback) }),
    ...(example !== undefined && { example: any(example) }),
    ...(words !== undefined && { enum: listed(words, any) }),
    ...(properties !== undefined && { properties: { additionalProperties: named(properties, schema) } }),
    ...(items !== undefined && { items: { schema: [schema(items as Node)] } }),
    ...(additionalProperties !== undefined && {
      additionalProperties:
        typeof additionalProperties === 'boolean'
          ? { boolean: additionalProperties }
          : { schema: schema(additionalProperties as Node) },
    }),
    vendorExtension: extensionsOf(node),
  };
}
