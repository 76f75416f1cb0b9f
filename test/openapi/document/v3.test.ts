/** The OpenAPI 3 documents, as kubectl and the aggregator read them. */
import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { openApiDocuments } from '../../../openapi/document/index.ts';
import type { PublishedDocument } from '../../../openapi/document/published.ts';
import { coreGroup, fixtureGroup } from '../../make/openapi-fixture.ts';
import { isNode, type Node, nodesOf, operationsOf, resolved, schemasOf } from '../../make/openapi-reading.ts';
import { ourGroup } from '../../make/openapi-served.ts';

const read = (document: PublishedDocument | undefined): Node => JSON.parse(String(document!.json));

const base = '/apis/kubedirector.bluedata.io/v1beta1';
const inNamespace = `${base}/namespaces/{namespace}/kubedirectorclusters`;
const type = { group: 'kubedirector.bluedata.io', version: 'v1beta1', kind: 'KubeDirectorCluster' };

const fixtures = openApiDocuments([coreGroup, fixtureGroup]);
const fixture = read(fixtures.v3('apis/kubedirector.bluedata.io/v1beta1'));
const operations = operationsOf(fixture);
const schemas = (fixture.components as { schemas: Record<string, Node> }).schemas;

describe('the OpenAPI 3 document of a version', () => {
  it('lists every route with its action and its kind (K-062)', () => {
    const scale = { group: 'autoscaling', version: 'v1', kind: 'Scale' };
    const listed = [...operations].map(([route, operation]) => [
      route,
      operation['x-kubernetes-action'],
      operation['x-kubernetes-group-version-kind'],
      operation.operationId,
    ]);
    const middle = 'KubedirectorBluedataIoV1beta1';
    const one = `${middle}NamespacedKubeDirectorCluster`;
    expect(listed.sort()).to.deep.equal(
      [
        [`GET ${base}/`, undefined, undefined, `get${middle}APIResources`],
        [`GET ${base}/kubedirectorclusters`, 'list', type, `list${middle}KubeDirectorClusterForAllNamespaces`],
        [`GET ${inNamespace}`, 'list', type, `list${one}`],
        [`POST ${inNamespace}`, 'post', type, `create${one}`],
        [`DELETE ${inNamespace}`, 'deletecollection', type, `deleteCollection${one}`],
        [`GET ${inNamespace}/{name}`, 'get', type, `read${one}`],
        [`PUT ${inNamespace}/{name}`, 'put', type, `replace${one}`],
        [`PATCH ${inNamespace}/{name}`, 'patch', type, `patch${one}`],
        [`DELETE ${inNamespace}/{name}`, 'delete', type, `delete${one}`],
        [`GET ${inNamespace}/{name}/status`, 'get', type, `read${one}Status`],
        [`PUT ${inNamespace}/{name}/status`, 'put', type, `replace${one}Status`],
        [`PATCH ${inNamespace}/{name}/status`, 'patch', type, `patch${one}Status`],
        [`GET ${inNamespace}/{name}/scale`, 'get', scale, `read${one}Scale`],
        [`PUT ${inNamespace}/{name}/scale`, 'put', scale, `replace${one}Scale`],
        [`PATCH ${inNamespace}/{name}/scale`, 'patch', scale, `patch${one}Scale`],
      ].sort(),
    );
  });

  it('gives the kind, in an array, to the schema that documents of it have (K-063)', () => {
    expect(schemas['com.example.v1beta1.FixtureCluster']).to.deep.include({
      'x-kubernetes-group-version-kind': [type],
      description: 'A cluster, as small as can be.',
    });
    expect(schemas['com.example.v1beta1.FixtureClusterList']).to.deep.include({
      'x-kubernetes-group-version-kind': [{ ...type, kind: 'KubeDirectorClusterList' }],
      required: ['items'],
    });
  });

  it('lists for PATCH exactly the types that the server takes (K-064)', () => {
    const { patchTypes } = fixtureGroup.versions[0]!;
    for (const [route, operation] of operations)
      if (route.startsWith('PATCH'))
        expect(Object.keys((operation.requestBody as { content: Node }).content), route).to.have.members([
          ...patchTypes,
        ]);
  });

  it('declares on each writing operation itself what kubectl looks for (K-065)', () => {
    for (const [route, operation] of operations) {
      const names = ((operation.parameters ?? []) as { name: string }[]).map(({ name }) => name);
      if (/^(POST|PUT|PATCH)/.test(route))
        expect(names, route).to.include.members(['dryRun', 'fieldManager', 'fieldValidation']);
      if (route.startsWith('PATCH')) expect(names, route).to.include('force');
      if (route.startsWith('DELETE')) expect(names, route).to.include('dryRun');
      if (operation['x-kubernetes-action'] === 'list')
        expect(names, route).to.include.members(['limit', 'continue', 'watch', 'labelSelector', 'fieldSelector']);
    }
  });

  it('publishes what apply and kubectl read from a schema, and nothing internal (K-066)', () => {
    const { spec } = schemas['com.example.v1beta1.FixtureCluster']!.properties as { spec: { properties: Node } };
    expect(spec.properties).to.deep.equal({
      app: { type: 'string', minLength: 1, maxLength: 20, description: 'Id of the app. At most 20 characters.' },
      replicas: {
        type: 'integer',
        format: 'int32',
        minimum: 0,
        maximum: 100,
        default: 1,
        description: 'How many. From 0 to 100.\nDefault: 1',
      },
      mode: { type: 'string', enum: ['a', 'b'], description: 'One of two.' },
      roles: {
        type: 'array',
        maxItems: 3,
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['id'],
        description: 'Its roles.',
        items: {
          type: 'object',
          required: ['id'],
          description: 'A role.',
          properties: {
            id: {
              type: 'string',
              pattern: '^[a-z]+$',
              description: 'Name of the role.\nExample: worker',
              example: 'worker',
            },
            members: { type: 'integer', format: 'int64', description: 'How many.' },
            resources: {
              type: 'object',
              description: 'What they get.',
              additionalProperties: {
                allOf: [{ $ref: '#/components/schemas/io.bluedata.kubedirector.meta.v1.Quantity' }],
                description: 'An amount.',
              },
            },
          },
        },
      },
      tags: {
        type: 'array',
        'x-kubernetes-list-type': 'set',
        description: 'Its tags.',
        items: { type: 'string', description: 'A tag.' },
      },
      free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, description: 'Whatever you like.' },
    });
    expect(schemas['com.example.v1beta1.FixtureCluster']!['x-kubernetes-selectable-fields']).to.deep.equal([
      { fieldPath: 'spec.app' },
    ]);
    const quantity = schemas['io.bluedata.kubedirector.meta.v1.Quantity'];
    expect(quantity).to.deep.include({
      oneOf: [{ type: 'integer' }, { type: 'string' }],
      'x-kubernetes-int-or-string': true,
    });
    expect(quantity).not.to.have.property('definition');
  });

  it('refers to metadata by the one definition of it (K-063)', () =>
    expect(schemas['com.example.v1beta1.FixtureCluster']!.properties).to.have.deep.nested.property('metadata.allOf', [
      { $ref: '#/components/schemas/io.bluedata.kubedirector.meta.v1.ObjectMeta' },
    ]));

  it('of the core group has its routes below /api, and only those that are served', () => {
    const core = operationsOf(read(fixtures.v3('api/v1')));
    expect([...core].map(([route, { operationId }]) => [route, operationId])).to.deep.equal([
      ['GET /api/v1/', 'getCoreV1APIResources'],
      ['GET /api/v1/namespaces', 'listCoreV1Namespace'],
      ['GET /api/v1/namespaces/{name}', 'readCoreV1Namespace'],
    ]);
  });

  it('is known by its path, and nothing else is (K-058)', () => {
    for (const path of ['api', 'api/v1', 'apis', 'apis/kubedirector.bluedata.io'])
      expect(read(fixtures.v3(path)), path).to.have.property('openapi', '3.0.0');
    for (const path of ['', 'apis/apps/v1', 'apis/kubedirector.bluedata.io/v2', '/api/v1'])
      expect(fixtures.v3(path), path).to.equal(undefined);
  });
});

describe('the index of OpenAPI 3', () => {
  const { paths } = read(fixtures.index()) as { paths: Record<string, { serverRelativeURL: string }> };

  it('tells where each document is, and its hash (K-057, K-060)', () => {
    expect(Object.keys(paths)).to.have.members([
      'api',
      'api/v1',
      'apis',
      'apis/kubedirector.bluedata.io',
      'apis/kubedirector.bluedata.io/v1alpha1',
      'apis/kubedirector.bluedata.io/v1beta1',
    ]);
    for (const [path, { serverRelativeURL }] of Object.entries(paths)) {
      const { hash, etag, json } = fixtures.v3(path)!;
      expect(serverRelativeURL).to.equal(`/openapi/v3/${path}?hash=${hash}`);
      expect(etag).to.equal(`"${hash}"`);
      expect(hash).to.equal(createHash('sha512').update(json).digest('hex').toUpperCase());
    }
  });

  it('is the same wherever it is computed, and changes when a field does (K-061)', () => {
    const again = openApiDocuments([fixtureGroup, coreGroup]);
    expect(again.index().hash).to.equal(fixtures.index().hash);
    const [first, ...rest] = fixtureGroup.versions;
    const [cluster] = first!.resources;
    const schema = { ...cluster!.schema, description: 'Another.' };
    const changed = { ...fixtureGroup, versions: [{ ...first!, resources: [{ ...cluster!, schema }] }, ...rest] };
    expect(openApiDocuments([coreGroup, changed]).index().hash).not.to.equal(fixtures.index().hash);
  });
});

it('two schemas of one name are a mistake of ours, and found', () => {
  const [first] = fixtureGroup.versions;
  const [cluster] = first!.resources;
  const other = { ...cluster!, plural: 'others', kind: 'Other', schema: { ...cluster!.schema, required: ['spec'] } };
  const mistaken = { ...fixtureGroup, versions: [{ ...first!, resources: [cluster!, other] }] };
  expect(() => openApiDocuments([mistaken]).v2()).to.throw(/^com\.example\.\S+ is defined in two ways$/);
});

/** The keys that OpenAPI 3.0 knows, by the kind of object; extensions begin with `x-`. */
const known = {
  document: ['openapi', 'info', 'paths', 'components'],
  pathItem: ['parameters', 'get', 'put', 'post', 'delete', 'patch'],
  operation: ['operationId', 'tags', 'description', 'parameters', 'requestBody', 'responses'],
  parameter: ['name', 'in', 'description', 'required', 'schema'],
  response: ['description', 'content'],
  schema: [
    ...['type', 'format', 'description', 'properties', 'required', 'additionalProperties', 'items', 'allOf', 'oneOf'],
    ...['enum', 'default', 'example', 'nullable', 'pattern', 'minLength', 'maxLength', 'minimum', 'maximum'],
    ...['minItems', 'maxItems'],
  ],
};

function expectKeys(node: Node, allowed: readonly string[], at: string): void {
  for (const key of Object.keys(node))
    if (!key.startsWith('x-kubernetes-')) expect(allowed, `${at} has ${key}`).to.include(key);
}

for (const path of ['apis/kubedirector.bluedata.io/v1beta1', 'apis/kubedirector.bluedata.io/v1alpha1'])
  describe(`the OpenAPI 3 document ${path}`, () => {
    const document = read(openApiDocuments([ourGroup]).v3(path));
    const definitions = (document.components as { schemas: Record<string, Node> }).schemas;

    it('is OpenAPI 3.0 in structure', () => {
      expectKeys(document, known.document, 'the document');
      expect(document.info).to.have.all.keys('title', 'version');
      for (const [route, item] of Object.entries(document.paths as Record<string, Node>)) {
        expectKeys(item, known.pathItem, route);
        const inPath = [...route.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
        const parameters = (item.parameters ?? []) as Node[];
        expect(parameters.map(({ name }) => name)).to.deep.equal(inPath);
        for (const parameter of parameters) expect(parameter).to.include({ in: 'path', required: true });
      }
      for (const [route, operation] of operationsOf(document)) {
        expectKeys(operation, known.operation, route);
        for (const parameter of (operation.parameters ?? []) as Node[]) expectKeys(parameter, known.parameter, route);
        for (const [code, response] of Object.entries(operation.responses as Record<string, Node>)) {
          expect(code).to.match(/^\d{3}$/);
          expectKeys(response, known.response, route);
          expect(response.description).to.be.a('string');
        }
      }
      for (const [name, definition] of Object.entries(definitions)) {
        expect(name).to.match(/^[A-Za-z0-9._-]+$/);
        for (const { at, node } of schemasOf(definition, name))
          if (node.$ref) expect(Object.keys(node), at).to.deep.equal(['$ref']);
          else expectKeys(node, known.schema, at);
      }
    });

    it('has no reference that leads nowhere, and no definition that nothing refers to', () => {
      const referred = new Set<unknown>();
      for (const { at, node } of nodesOf(document)) {
        if (typeof node.$ref !== 'string') continue;
        expect(isNode(resolved(document, node.$ref)), `${at}: ${node.$ref}`).to.equal(true);
        referred.add(node.$ref.replace('#/components/schemas/', ''));
      }
      expect([...referred]).to.have.members(Object.keys(definitions));
    });

    it('gives every operation a name of its own', () => {
      const ids = [...operationsOf(document).values()].map(({ operationId }) => operationId);
      expect(new Set(ids).size).to.equal(ids.length);
      for (const id of ids) expect(id).to.match(/^[a-z][A-Za-z0-9]+$/);
    });

    it('describes every kind and every field of every kind (K-067)', () => {
      for (const [name, definition] of Object.entries(definitions)) {
        if (definition['x-kubernetes-group-version-kind']) expect(definition.description, name).to.be.a('string');
        for (const { at, node } of schemasOf(definition, name)) {
          for (const [field, property] of Object.entries((node.properties ?? {}) as Record<string, Node>))
            expect(property.description, `${at}.${field}`).to.match(/\S/);
        }
      }
    });

    it('shows no name of another version', () => {
      const other = path.endsWith('v1beta1') ? 'v1alpha1' : 'v1beta1';
      for (const name of Object.keys(definitions)) expect(name).not.to.include(`.${other}.`);
    });
  });
