/**
 * OpenAPI 3.0 documents, one for each group version: what kubectl since 1.27 explains and validates with (K-058 to K-067).
 */
import { Definitions, type Dialect, type Entity, type Node } from './definitions.ts';
import { commonKeywords } from './keywords.ts';
import type { Parameter } from './parameters.ts';
import { entitiesOf, type Operation, objectTypes, type Route } from './routes.ts';

export interface Info {
  readonly title: string;
  readonly version: string;
}

const dialect: Dialect = {
  prefix: '#/components/schemas/',
  keywords: (schema) => ({
    ...commonKeywords(schema),
    ...(schema['x-kubernetes-int-or-string'] && { oneOf: [{ type: 'integer' }, { type: 'string' }] }),
  }),
  wordsOf: ({ default: fallback, nullable, example }) => ({
    ...(fallback !== undefined && { default: fallback }),
    ...(nullable && { nullable }),
    ...(example !== undefined && { example }),
  }),
  // In OpenAPI 3.0 nothing counts that stands beside a reference.
  referring: (reference, words) => ({ allOf: [reference], ...words }),
};

/** The document of some routes. */
export function openApiV3(info: Info, routes: readonly Route[]): Node {
  const definitions = new Definitions(dialect, entitiesOf(routes));
  const paths = Object.fromEntries(routes.map((route) => [route.path, pathItem(route, definitions)]));
  return { openapi: '3.0.0', info, paths, components: { schemas: definitions.all } };
}

const pathItem = ({ parameters, operations }: Route, definitions: Definitions): Node => ({
  ...(parameters.length && { parameters: parameters.map(parameterNode) }),
  ...Object.fromEntries(operations.map((operation) => [operation.method, operationNode(operation, definitions)])),
});

function operationNode(operation: Operation, definitions: Definitions): Node {
  const { action, answer, body, codes, description, id, parameters, stream, tag, type } = operation;
  const content = {
    ...contentOf(answer, objectTypes, definitions),
    ...(stream && contentOf(stream, ['application/json;stream=watch'], definitions)),
  };
  const responses = Object.entries(codes).map(([code, meaning]) => [code, { description: meaning, content }]);
  return {
    operationId: id,
    tags: [tag],
    description,
    ...(parameters.length && { parameters: parameters.map(parameterNode) }),
    ...(body && {
      requestBody: {
        content: contentOf(body.entity, body.mediaTypes, definitions),
        ...(body.required && { required: true }),
      },
    }),
    responses: { ...Object.fromEntries(responses), 401: { description: 'Unauthorized' } },
    ...(action && { 'x-kubernetes-action': action }),
    ...(type && { 'x-kubernetes-group-version-kind': type }),
  };
}

const contentOf = (entity: Entity, mediaTypes: readonly string[], definitions: Definitions): Node =>
  Object.fromEntries(mediaTypes.map((mediaType) => [mediaType, { schema: definitions.referenceTo(entity) }]));

const parameterNode = ({ name, in: place, type, description }: Parameter): Node => ({
  name,
  in: place,
  description,
  ...(place === 'path' && { required: true }),
  schema: { type },
});
