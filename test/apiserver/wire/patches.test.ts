/**
 * Patches: what operations and merges do, what they may not, and how large they may become.
 */
import { expect } from 'chai';
import { fixtureGroup, fixtureKind, fixtureObject, fixturesPath } from '../../make/fixture-kind.ts';
import type { TestServer } from '../serving.ts';
import { startFixtureServer } from './fixture-server.ts';
import { apply, jsonPatch, merge, writingTo } from './writing.ts';

const rejected = 'the server rejected our request due to an error in our request';

describe('a patch', () => {
  let server: TestServer;
  before(async () => {
    server = await startFixtureServer();
  });
  after(() => server.stop());
  const { ask, make, patch, put } = writingTo(() => server);

  const free = { list: [1, 2, 3], map: { a: { b: 1 } }, 'a/b~c': 1, no: null };
  for (const [operations, result] of [
    [[{ op: 'add', path: '/spec/free/list/1', value: 9 }], { list: [1, 9, 2, 3] }],
    [[{ op: 'add', path: '/spec/free/list/-', value: 9 }], { list: [1, 2, 3, 9] }],
    [[{ op: 'add', path: '/spec/free/map', value: null }], { map: null }],
    [[{ op: 'remove', path: '/spec/free/list/0' }], { list: [2, 3] }],
    [[{ op: 'remove', path: '/spec/free/list/-1' }], { list: [1, 2] }],
    [[{ op: 'replace', path: '/spec/free/a~1b~0c', value: 2 }], { 'a/b~c': 2 }],
    [[{ op: 'move', from: '/spec/free/map/a', path: '/spec/free/moved' }], { map: {}, moved: { b: 1 } }],
    [[{ op: 'copy', from: '/spec/free/map/a', path: '/spec/free/copy' }], { copy: { b: 1 } }],
    [[{ op: 'test', path: '/spec/free/map', value: { a: { b: 1 } } }], {}],
    [[{ op: 'test', path: '/spec/free/nothing', value: null }], {}],
    [[{ op: 'test', path: '/spec/free/no', value: null }], {}],
    [[{ op: 'test', path: '/spec/free/nothing' }], {}],
  ] as const)
    it(`by operations: ${JSON.stringify(operations)} (K-248)`, async () => {
      const { path } = await make({ free });
      const { code, body, text } = await patch(path, operations, jsonPatch);
      expect(code, text).to.equal(200);
      expect(body.spec.free).to.deep.equal({ ...free, ...result });
    });

  for (const operation of [
    { op: 'test', path: '/spec/app', value: 'other' },
    { op: 'test', path: '/spec/free/nothing', value: 1 },
    { op: 'test', path: '/nowhere/at/all', value: null },
    { op: 'remove', path: '/spec/nothing' },
    { op: 'remove', path: '/spec/free/list/7' },
    { op: 'replace', path: '/spec/nothing', value: 1 },
    { op: 'add', path: '/nowhere/at/all', value: 1 },
    { op: 'add', path: '/spec/free/list/x', value: 1 },
    { op: 'add', path: '/spec/free/list/01', value: 1 },
    { op: 'add', path: 'spec', value: 1 },
    { op: 'move', from: '/spec/free', path: '/spec/free/in' },
    { op: 'copy', from: '/nothing', path: '/spec/free/x' },
    { op: 'copy', path: '/spec/free/x' },
    { op: 'zz', path: '/spec/app' },
    { op: 'add', path: '/__proto__/polluted', value: 1 },
    { op: 'add', path: '/constructor/prototype/polluted', value: 1 },
    { path: '/spec/app' },
    { op: 'remove' },
  ])
    it(`by an operation that cannot be carried out is rejected: ${JSON.stringify(operation)} (K-249)`, async () => {
      const { path, object } = await make({ free });
      const { code, body } = await patch(path, [operation], jsonPatch);
      expect(code).to.equal(422);
      const { details, ...rest } = body;
      expect(rest).to.deep.equal({
        ...{ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure' },
        ...{ message: rejected, reason: 'Invalid', code: 422 },
      });
      // Kubernetes says no more; kubectl prints a cause where there is one.
      expect(details.causes).to.have.length(1);
      expect(details.causes[0]).to.include({ field: 'patch[0]', reason: 'FieldValueInvalid' });
      expect((await ask(path)).body).to.deep.equal(object);
      expect(({} as Record<string, unknown>).polluted).to.equal(undefined);
    });

  it('has ten thousand operations at most (K-248, K-350)', async () => {
    const { path, object } = await make();
    const test = { op: 'test', path: '/spec/app', value: object.spec.app };
    expect((await patch(path, Array(10_000).fill(test), jsonPatch)).code).to.equal(200);
    const { code, body } = await patch(path, Array(10_001).fill(test), jsonPatch);
    expect(code).to.equal(413);
    expect(body.message).to.equal(
      'Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001',
    );
  });

  it('copies three megabytes at most (K-248)', async () => {
    const { path } = await make({ free: { long: 'x'.repeat(1_000_000) } });
    const copies = (n: number) =>
      Array.from({ length: n }, (_, i) => ({ op: 'copy', from: '/spec/free/long', path: `/spec/free/c${i}` }));
    const { code, body } = await patch(`${path}?dryRun=All`, copies(4), jsonPatch);
    expect(code).to.equal(413);
    expect(body.reason).to.equal('RequestEntityTooLarge');
  });

  for (const [title, type, body] of [
    ['a list to merge', merge, []],
    ['a word to merge', merge, '"x"'],
    ['null to merge', merge, 'null'],
    ['half a document', merge, '{"spec":'],
    ['an object for operations', jsonPatch, {}],
    ['words for operations', jsonPatch, ['x']],
    ['nothing at all', merge, ' '],
  ] as const)
    it(`that is ${title} is refused (K-247, K-248)`, async () => {
      const { path } = await make();
      const { code, body: status } = await patch(path, body, type);
      expect(code).to.equal(400);
      expect(status.message).to.match(/^error decoding patch: /);
    });

  it('by merging goes into objects, replaces lists, and removes by null (K-247)', async () => {
    const { path } = await make({ free: { a: { b: 1, c: 2 }, list: [1, 2] }, mode: 'a' });
    const { body } = await patch(path, {
      spec: { mode: null, free: { a: { b: null, d: 3 }, list: [3], nothing: null } },
    });
    expect(body.spec.free).to.deep.equal({ a: { c: 2, d: 3 }, list: [3] });
    expect(body.spec).not.to.have.property('mode');
  });

  for (const type of [merge, jsonPatch])
    it(`of what is not there creates nothing: ${type} (K-246)`, async () => {
      const { code, body } = await patch(`${fixturesPath}/none`, type === merge ? {} : [], type);
      expect(code).to.equal(404);
      expect(body.details.name).to.equal('none');
    });

  for (const [change, code, words] of [
    [{ metadata: { name: 'zzz' } }, 400, 'the name of the object (zzz) does not match the name on the URL ('],
    [{ metadata: { name: null } }, 400, 'was undeterminable: name must be provided'],
    [
      { metadata: { namespace: 'other' } },
      400,
      'the namespace of the object (other) does not match the namespace on the request (default)',
    ],
    [{ metadata: { uid: 'abc' } }, 422, 'metadata.uid: Invalid value: "abc": field is immutable'],
    [{ metadata: { resourceVersion: '1' } }, 409, 'the object has been modified'],
    [{ metadata: { labels: { a: 1 } } }, 422, ' "" is invalid: patch: Invalid value: "'],
    [{ metadata: { labels: 'x' } }, 422, ' "" is invalid: patch: Invalid value: "'],
    [{ metadata: null }, 400, 'was undeterminable: name must be provided'],
    [{ metadata: { resourceVersion: null } }, 422, 'metadata.resourceVersion: Invalid value: 0: must be specified'],
    [{ kind: null }, 422, ' "" is invalid: patch: Invalid value: "'],
    [{ apiVersion: null }, 422, "Object 'apiVersion' is missing in '"],
    [{ apiVersion: 5 }, 422, 'apiVersion is not a string'],
    [
      { apiVersion: `${fixtureGroup}/v9` },
      422,
      `apiVersion: Invalid value: "${fixtureGroup}/v9": must be ${fixtureGroup}/v1beta1`,
    ],
    [{ kind: 'Nope' }, 422, `kind: Invalid value: "Nope": must be ${fixtureKind}`],
    [{ spec: { app: 5 } }, 422, 'spec.app in body must be of type string: "integer"'],
  ] as const)
    it(`that makes it ${JSON.stringify(change)} is refused with ${code} (K-245, K-250, K-255)`, async () => {
      const { path, object } = await make();
      const { code: got, body } = await patch(path, change);
      expect(got).to.equal(code);
      expect(body.message).to.contain(words);
      expect((await ask(path)).body).to.deep.equal(object);
    });

  it('that repeats uid and resourceVersion is conditional on them (K-245)', async () => {
    const { path, object } = await make();
    const { uid, resourceVersion } = object.metadata;
    expect((await patch(path, { metadata: { uid, resourceVersion }, spec: { mode: 'a' } })).code).to.equal(200);
    expect((await patch(path, { metadata: { uid, resourceVersion }, spec: { mode: 'b' } })).code).to.equal(409);
  });

  describe('of managedFields', () => {
    for (const [title, body, type] of [
      ['one empty entry', { metadata: { managedFields: [{}] } }, merge],
      ['one empty entry, by operations', [{ op: 'replace', path: '/metadata/managedFields', value: [{}] }], jsonPatch],
    ] as const)
      it(`to ${title} clears ownership (K-252)`, async () => {
        const { path } = await make();
        expect((await patch(path, body, type)).body.metadata).not.to.have.property('managedFields');
      });

    for (const [title, value] of [
      ['none', []],
      ['null', null],
      [
        'an operation that there is not',
        [
          {
            manager: 'x',
            operation: 'Zork',
            apiVersion: `${fixtureGroup}/v1beta1`,
            fieldsType: 'FieldsV1',
            fieldsV1: {},
          },
        ],
      ],
      [
        'fields of no known type',
        [
          {
            manager: 'x',
            operation: 'Update',
            apiVersion: `${fixtureGroup}/v1beta1`,
            fieldsType: 'FieldsV9',
            fieldsV1: {},
          },
        ],
      ],
      [
        'fields that nobody can read',
        [
          {
            manager: 'x',
            operation: 'Update',
            apiVersion: `${fixtureGroup}/v1beta1`,
            fieldsType: 'FieldsV1',
            fieldsV1: { 'k:no': {} },
          },
        ],
      ],
    ] as const)
      it(`to ${title} leaves it as it is (K-252, K-281, K-345)`, async () => {
        const { path, object } = await make();
        const { code, body } = await put(path, { ...object, metadata: { ...object.metadata, managedFields: value } });
        expect(code).to.equal(200);
        expect(body.metadata.managedFields).to.deep.equal(object.metadata.managedFields);
      });

    for (const [change, words] of [
      [{ manager: 'x'.repeat(129) }, 'metadata.managedFields[1].manager: Too long: may not be more than 128 bytes'],
      [
        { manager: 'a\nb' },
        'metadata.managedFields[1].manager: Invalid value: "a\\nb": invalid character U+000A (at position 1)',
      ],
      [
        { subresource: 'x'.repeat(257) },
        'metadata.managedFields[1].subresource: Too long: may not be more than 256 bytes',
      ],
    ] as const)
      it(`to ${Object.keys(change)} that is none is refused (K-345)`, async () => {
        const { path, object } = await make();
        const [entry] = object.metadata.managedFields;
        const sent = { ...entry, time: '2036-01-01T00:00:00Z', fieldsV1: { 'f:spec': { 'f:mode': {} } }, ...change };
        const { code, body } = await put(path, {
          ...object,
          metadata: { ...object.metadata, managedFields: [entry, sent] },
        });
        expect(code).to.equal(422);
        expect(body.message).to.contain(words);
      });

    it('that goes with the version it was read in is what kubectl sends when it begins to apply (K-252, K-287)', async () => {
      const { path, object } = await make();
      const [entry] = object.metadata.managedFields;
      const { resourceVersion } = object.metadata;
      const migration = [
        {
          op: 'replace',
          path: '/metadata/managedFields',
          value: [{ ...entry, manager: 'kubectl', operation: 'Apply' }],
        },
        { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion },
      ];
      const { code, body } = await patch(path, migration, jsonPatch);
      expect(code).to.equal(200);
      expect(body.metadata.managedFields[0]).to.include({ manager: 'kubectl', operation: 'Apply' });
      expect((await patch(path, migration, jsonPatch)).code).to.equal(409);
    });
  });

  it('by the garbage collector is taken when it is a merge with all owners (K-253, K-254)', async () => {
    const owner = (uid: string) => ({ apiVersion: 'v1', kind: 'Pod', name: uid, uid });
    const { path, object } = await make({}, { ownerReferences: [owner('a'), owner('b')] });
    const strategic = { metadata: { ownerReferences: [{ $patch: 'delete', uid: 'a' }], uid: object.metadata.uid } };
    expect((await patch(path, strategic, 'application/strategic-merge-patch+json')).code).to.equal(415);
    const { resourceVersion } = object.metadata;
    const { code, body } = await patch(path, { metadata: { resourceVersion, ownerReferences: [owner('b')] } });
    expect(code).to.equal(200);
    expect(body.metadata.ownerReferences).to.deep.equal([owner('b')]);
  });

  describe('that is an apply', () => {
    const applied = (body: unknown, query = 'fieldManager=m') =>
      ask(`${fixturesPath}/ap?${query}`, { method: 'PATCH', body, type: apply });

    for (const [title, body, code, words] of [
      [
        'of another kind',
        { ...fixtureObject('ap'), kind: 'Nope' },
        400,
        `invalid object type: ${fixtureGroup}/v1beta1, Kind=Nope`,
      ],
      [
        'of another version',
        { ...fixtureObject('ap'), apiVersion: 'apps/v1' },
        400,
        `invalid object type: apps/v1, Kind=${fixtureKind}`,
      ],
      ['of nothing', {}, 400, 'invalid object type: /, Kind='],
      ['that is empty', '', 400, 'invalid object type: /, Kind='],
      [
        'of another namespace',
        fixtureObject('ap', {}, { namespace: 'other' }),
        400,
        'the namespace of the object (other) does not match the namespace on the request (default)',
      ],
      [
        'of another name',
        fixtureObject('other'),
        400,
        'the name of the object (other) does not match the name on the URL (ap)',
      ],
      [
        'of no name',
        { ...fixtureObject('ap'), metadata: {} },
        400,
        'based on URL) was undeterminable: name must be provided',
      ],
      ['with managedFields', fixtureObject('ap', {}, { managedFields: [] }), 400, 'metadata.managedFields must be nil'],
      ['that is no YAML', '{[', 400, 'error decoding YAML: '],
      [
        'with a uid, of what is not there',
        fixtureObject('ap', {}, { uid: 'u' }),
        409,
        'uid mismatch: the provided object specified uid u, and no existing object was found',
      ],
    ] as const)
      it(`${title} is refused (K-258, K-259, K-260, K-261)`, async () => {
        const { code: got, body: status } = await applied(body);
        expect(got).to.equal(code);
        expect(status.message).to.contain(words);
      });

    it('of another uid than there is changes what nobody may change (K-237, K-255)', async () => {
      const { path, name } = await make();
      const body = fixtureObject(name, {}, { uid: 'another' });
      const answer = await ask(`${path}?fieldManager=m&force=true`, { method: 'PATCH', type: apply, body });
      expect(answer.code).to.equal(422);
      expect(answer.body.message).to.contain('metadata.uid: Invalid value: "another": field is immutable');
    });

    it('creates what is not there whatever resourceVersion it once had (K-261)', async () => {
      const { code, body } = await applied(
        fixtureObject('ap', {}, { resourceVersion: '7' }),
        'fieldManager=m&dryRun=All',
      );
      expect(code).to.equal(201);
      expect(body.metadata).not.to.have.property('resourceVersion');
    });

    it('in which something stands twice is told so, or refused (K-150)', async () => {
      const text = JSON.stringify(fixtureObject('ap')).replace('"app":"spark"', '"app":"x","app":"spark"');
      const { code, warnings } = await applied(text, 'fieldManager=m&dryRun=All');
      expect(code).to.equal(201);
      expect(warnings).to.have.length(1);
      const strict = await applied(text, 'fieldManager=m&dryRun=All&fieldValidation=Strict');
      expect(strict.code).to.equal(400);
      expect(strict.body.message).to.match(/^error strict decoding YAML: /);
    });
  });
});
