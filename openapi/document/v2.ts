/**
 * The OpenAPI 2.0 (Swagger) document over everything that is served: what kubectl up to 1.26 explains with, and up to 1.24 validates
 * with before it sends anything (K-068 to K-070).
 *
 * That kubectl knows no `allOf` and no `nullable`, takes a node without a type for anything at all, and a string for any scalar. Nor
 * does it know that an object may keep fields besides those listed: it refuses them, unless told --validate=false. They are listed all
 * the same, since otherwise it could not explain an app.
 */
import { Definitions, type Dialect, type Node } from './definitions.ts';
import { commonKeywords } from './keywords.ts';
import type { Parameter } from './parameters.ts';
import { entitiesOf, type Operation, objectTypes, type Route } from './routes.ts';
import type { Info } from './v3.ts';

const dialect: Dialect = {
  prefix: '#/definitions/',
  keywords: (schema) => {
    const { type, ...rest } = commonKeywords(schema);
    if (schema['x-kubernetes-int-or-string']) return { ...rest, type: 'string', format: 'int-or-string' };
    const free = schema['x-kubernetes-preserve-unknown-fields'] && !schema.properties;
    return free || type === undefined ? rest : { ...rest, type };
  },
  wordsOf: ({ default: fallback, nullable, example }) => ({
    ...(fallback !== undefined && { default: fallback }),
    ...(nullable && { 'x-nullable': true }),
    ...(example !== undefined && { example }),
  }),
  referring: (reference, words) => ({ ...reference, ...words }),
};

/** The document of all routes. */
export function openApiV2(info: Info, routes: readonly Route[]): Node {
  const definitions = new Definitions(dialect, entitiesOf(routes));
  const paths = Object.fromEntries(routes.map((route) => [route.path, pathItem(route, definitions)]));
  return { swagger: '2.0', info, paths, definitions: definitions.all };
}

const pathItem = ({ parameters, operations }: Route, definitions: Definitions): Node => ({
  ...(parameters.length && { parameters: parameters.map(parameterNode) }),
  ...Object.fromEntries(operations.map((operation) => [operation.method, operationNode(operation, definitions)])),
});

function operationNode(operation: Operation, definitions: Definitions): Node {
  const { action, answer, body, codes, description, id, parameters, stream, tag, type } = operation;
  const schema = definitions.referenceTo(answer);
  const responses = Object.entries(codes).map(([code, meaning]) => [code, { description: meaning, schema }]);
  const bodyParameter = body && {
    name: 'body',
    in: 'body',
    ...(body.required && { required: true }),
    schema: definitions.referenceTo(body.entity),
  };
  return {
    operationId: id,
    tags: [tag],
    description,
    consumes: body?.mediaTypes ?? objectTypes,
    produces: [...objectTypes, ...(stream ? ['application/json;stream=watch'] : [])],
    parameters: [...(bodyParameter ? [bodyParameter] : []), ...parameters.map(parameterNode)],
    responses: { ...Object.fromEntries(responses), 401: { description: 'Unauthorized' } },
    ...(action && { 'x-kubernetes-action': action }),
    ...(type && { 'x-kubernetes-group-version-kind': type }),
  };
}

const parameterNode = ({ name, in: place, type, description }: Parameter): Node => ({
  name,
  in: place,
  type,
  description,
  ...(place === 'path' && { required: true }),
});
