/** The OpenAPI 2 document over all groups, in JSON and as the protobuf that kubectl up to 1.26 asks for. */
import { expect } from 'chai';
import protobuf from 'protobufjs';
import { openApiDocuments } from '../../../openapi/document/index.ts';
import { swaggerBytes } from '../../../openapi/document/protobuf/encode.ts';
import { descriptor } from '../../../openapi/document/protobuf/messages.ts';
import { coreGroup, fixtureGroup } from '../../make/openapi-fixture.ts';
import { isNode, type Node, nodesOf, operationsOf, resolved, schemasOf } from '../../make/openapi-reading.ts';
import { ourGroup } from '../../make/openapi-served.ts';

const documents = openApiDocuments([coreGroup, ourGroup]);
const document = JSON.parse(String(documents.v2().json)) as Node;
const definitions = document.definitions as Record<string, Node>;
const base = '/apis/kubedirector.bluedata.io';

const fixture = JSON.parse(String(openApiDocuments([fixtureGroup]).v2().json)) as Node;

/** The keys that OpenAPI 2.0 knows, by the kind of object; extensions begin with `x-`. */
const known = {
  document: ['swagger', 'info', 'paths', 'definitions'],
  pathItem: ['parameters', 'get', 'put', 'post', 'delete', 'patch'],
  operation: ['operationId', 'tags', 'description', 'consumes', 'produces', 'parameters', 'responses'],
  parameter: ['name', 'in', 'description', 'required', 'type'],
  bodyParameter: ['name', 'in', 'required', 'schema'],
  response: ['description', 'schema'],
  schema: [
    ...['type', 'format', 'description', 'properties', 'required', 'additionalProperties', 'items', '$ref', 'enum'],
    ...['default', 'example', 'pattern', 'minLength', 'maxLength', 'minimum', 'maximum', 'minItems', 'maxItems'],
  ],
};

function expectKeys(node: Node, allowed: readonly string[], at: string): void {
  for (const key of Object.keys(node)) if (!key.startsWith('x-')) expect(allowed, `${at} has ${key}`).to.include(key);
}

describe('the OpenAPI 2 document', () => {
  it('has the routes of every version of every group', () => {
    const paths = Object.keys(document.paths as Node);
    expect(paths).to.include.members([
      '/api/',
      '/api/v1/',
      '/api/v1/namespaces/{name}',
      '/apis/',
      `${base}/`,
      `${base}/v1beta1/`,
      `${base}/v1beta1/namespaces/{namespace}/kubedirectorclusters/{name}/scale`,
      `${base}/v1alpha1/namespaces/{namespace}/kubedirectorapps/{name}`,
    ]);
  });

  it('is OpenAPI 2.0 in structure, without anything that came later', () => {
    expectKeys(document, known.document, 'the document');
    expect(document.swagger).to.equal('2.0');
    for (const [route, item] of Object.entries(document.paths as Record<string, Node>)) {
      expectKeys(item, known.pathItem, route);
      for (const parameter of (item.parameters ?? []) as Node[])
        expect(parameter).to.include({ in: 'path', required: true });
    }
    for (const [route, operation] of operationsOf(document)) {
      expectKeys(operation, known.operation, route);
      for (const parameter of operation.parameters as Node[])
        expectKeys(parameter, parameter.in === 'body' ? known.bodyParameter : known.parameter, route);
      for (const response of Object.values(operation.responses as Record<string, Node>))
        expectKeys(response, known.response, route);
    }
    for (const [name, definition] of Object.entries(definitions))
      for (const { at, node } of schemasOf(definition, name)) expectKeys(node, known.schema, at);
  });

  it('has no reference that leads nowhere, and no definition that nothing refers to', () => {
    const referred = new Set<unknown>();
    for (const { at, node } of nodesOf(document)) {
      if (typeof node.$ref !== 'string') continue;
      expect(isNode(resolved(document, node.$ref)), `${at}: ${node.$ref}`).to.equal(true);
      referred.add(node.$ref.replace('#/definitions/', ''));
    }
    expect([...referred]).to.have.members(Object.keys(definitions));
  });

  it('gives every operation a name of its own', () => {
    const ids = [...operationsOf(document).values()].map(({ operationId }) => operationId);
    expect(new Set(ids).size).to.equal(ids.length);
  });

  it('carries action and kind, and the patch types in consumes (K-070)', () => {
    const patch = operationsOf(document).get(`PATCH ${base}/v1beta1/namespaces/{namespace}/kubedirectorapps/{name}`)!;
    expect(patch).to.deep.include({
      consumes: ourGroup.versions[0]!.patchTypes,
      'x-kubernetes-action': 'patch',
      'x-kubernetes-group-version-kind': {
        group: 'kubedirector.bluedata.io',
        version: 'v1beta1',
        kind: 'KubeDirectorApp',
      },
    });
    expect((patch.parameters as Node[]).map(({ name }) => name)).to.include.members(['dryRun', 'fieldValidation']);
  });

  it('names nothing that Kubernetes names, so that merged documents cannot clash (K-068)', () => {
    for (const name of Object.keys(definitions)) expect(name).not.to.match(/^io\.k8s\./);
  });

  it('lets clients that validate themselves send older spellings', () => {
    const { properties } = definitions['io.bluedata.kubedirector.v1alpha1.KubeDirectorAppSpec']!;
    expect(properties).to.include.keys('distro_id', 'distroID', 'schema_version', 'default_config_package');
    expect(definitions['io.bluedata.kubedirector.v1alpha1.ClusterRole']!.properties).to.include.keys('name', 'id');
  });

  it('describes every field', () => {
    for (const [name, definition] of Object.entries(definitions))
      for (const { at, node } of schemasOf(definition, name))
        for (const [field, property] of Object.entries((node.properties ?? {}) as Record<string, Node>))
          expect(property.description, `${at}.${field}`).to.match(/\S/);
  });

  it('writes what kubectl’s own validation understands', () => {
    const { spec } = (fixture.definitions as Record<string, Node>)['com.example.v1beta1.FixtureCluster']!
      .properties as Record<string, Node>;
    const { free } = spec!.properties as Record<string, Node>;
    expect(free, 'a node without a type takes anything').to.deep.equal({
      'x-kubernetes-preserve-unknown-fields': true,
      description: 'Whatever you like.',
    });
    expect((fixture.definitions as Record<string, Node>)['io.bluedata.kubedirector.meta.v1.Quantity']).to.include({
      type: 'string',
      format: 'int-or-string',
      'x-kubernetes-int-or-string': true,
    });
    expect(definitions['io.bluedata.kubedirector.v1beta1.ClusterRole']!.properties).to.have.deep.property('storage', {
      $ref: '#/definitions/io.bluedata.kubedirector.v1beta1.Storage',
      description:
        'A volume for each member, with a claim of its own, on which the directories live that the app wants kept. Absent: what members write goes with their pods.\nExample: {"size":"40Gi"}',
      example: { size: '40Gi' },
      'x-nullable': true,
    });
  });
});

/** What a decoded message says, as the JSON document says it. */
const written = {
  document: ({ paths, definitions: schemas, ...rest }: Node): Node => ({
    ...rest,
    paths: unnamed((paths as Node).path, written.pathItem),
    definitions: unnamed((schemas as Node).additionalProperties, written.schema),
  }),
  pathItem: ({ parameters, ...operations }: Node): Node => ({
    ...Object.fromEntries(
      Object.entries(operations).map(([method, value]) => [method, written.operation(value as Node)]),
    ),
    ...(parameters !== undefined && { parameters: (parameters as Node[]).map(written.parameter) }),
  }),
  operation: ({ vendorExtension = [], responses, parameters = [], ...rest }: Node): Node => ({
    ...rest,
    parameters: (parameters as Node[]).map(written.parameter),
    responses: unnamed((responses as Node).responseCode, ({ response }) => written.response(response as Node)),
    ...unnamed(vendorExtension, parsed),
  }),
  response: ({ schema, ...rest }: Node): Node => ({
    ...rest,
    ...(schema !== undefined && { schema: written.schema((schema as { schema: Node }).schema) }),
  }),
  parameter: ({ parameter }: Node): Node => {
    const { bodyParameter, nonBodyParameter } = parameter as { bodyParameter?: Node; nonBodyParameter?: Node };
    if (nonBodyParameter) return Object.values(nonBodyParameter)[0] as Node;
    return { ...bodyParameter, schema: written.schema(bodyParameter!.schema as Node) };
  },
  schema: (message: Node): Node => {
    const { ref, type, properties, items, additionalProperties, vendorExtension = [], ...rest } = message;
    const { default: fallback, example, enum: words, ...plain } = rest;
    return {
      ...plain,
      ...(ref !== undefined && { $ref: ref }),
      ...(type !== undefined && { type: (type as { value: string[] }).value[0] }),
      ...(fallback !== undefined && { default: parsed(fallback as Node) }),
      ...(example !== undefined && { example: parsed(example as Node) }),
      ...(words !== undefined && { enum: (words as Node[]).map(parsed) }),
      ...(properties !== undefined && {
        properties: unnamed((properties as Node).additionalProperties ?? [], written.schema),
      }),
      ...(items !== undefined && { items: written.schema((items as { schema: Node[] }).schema[0]!) }),
      ...(additionalProperties !== undefined && {
        additionalProperties: written.schema((additionalProperties as { schema: Node }).schema),
      }),
      ...unnamed(vendorExtension, parsed),
    };
  },
};

const unnamed = (list: unknown, change: (value: Node) => unknown): Node =>
  Object.fromEntries((list as { name: string; value: Node }[]).map(({ name, value }) => [name, change(value)]));

const parsed = ({ yaml }: Node): unknown => JSON.parse(yaml as string) as unknown;

/** Protobuf cannot tell a bound of zero from none, and says neither. */
const withoutZeros = (value: Node): Node =>
  JSON.parse(JSON.stringify(value, (_, inner: unknown) => (inner === 0 ? undefined : inner))) as Node;

describe('the protobuf form of the OpenAPI 2 document', () => {
  const type = protobuf.Root.fromJSON(descriptor).lookupType('Document');

  it('carries the same as JSON (K-069)', () => {
    const message = type.toObject(type.decode(documents.v2AsProtobuf()), { longs: Number });
    expect(written.document(message)).to.deep.equal(withoutZeros(document));
  });

  it('is the same wherever it is computed', () =>
    expect(openApiDocuments([coreGroup, ourGroup]).v2AsProtobuf().equals(documents.v2AsProtobuf())).to.equal(true));

  it('has gnostic’s field numbers', () => {
    const bytes = swaggerBytes({
      swagger: '2.0',
      info: { title: 'T', version: 'V' },
      paths: {
        '/p': {
          get: { operationId: 'o', tags: ['t'], parameters: [], responses: { 200: { description: 'd' } }, 'x-a': 1 },
        },
      },
      definitions: { D: { type: 'object', properties: { f: { $ref: 'r', 'x-b': true } } } },
    });
    const get = [field(1, 't'), field(5, 'o'), field(9, field(1, field(1, '200'), field(2, field(1, field(1, 'd')))))];
    const extension = field(13, field(1, 'x-a'), field(2, field(2, '1\n')));
    const reference = field(2, field(1, 'r'), field(31, field(1, 'x-b'), field(2, field(2, 'true\n'))));
    const definition = [field(22, field(1, 'object')), field(25, field(1, field(1, 'f'), reference))];
    expect(bytes.toString('hex')).to.equal(
      Buffer.concat([
        field(1, '2.0'),
        field(2, field(1, 'T'), field(2, 'V')),
        field(8, field(2, field(1, '/p'), field(2, field(2, ...get, extension)))),
        field(9, field(1, field(1, 'D'), field(2, ...definition))),
      ]).toString('hex'),
    );
  });
});

/** A length-delimited field as protobuf writes it; all that these tests need is shorter than 128 bytes. */
function field(number: number, ...parts: readonly (Buffer | string)[]): Buffer {
  const payload = Buffer.concat(parts.map((part) => Buffer.from(part as string)));
  const tag = number * 8 + 2;
  const tagBytes = tag < 128 ? [tag] : [(tag % 128) + 128, Math.trunc(tag / 128)];
  return Buffer.concat([Buffer.from([...tagBytes, payload.length]), payload]);
}
