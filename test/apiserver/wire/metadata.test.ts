/**
 * Names, labels, annotations, owners and finalizers: what they may be, in the words in which Kubernetes says so; and faults, as they
 * are told.
 */
import { expect } from 'chai';
import { labelFaults, pathSegmentFaults } from '../../../openapi/machinery/names.ts';
import { fixtureGroup, fixtureKind, fixtureObject, fixturesPath } from '../../make/fixture-kind.ts';
import type { TestServer } from '../serving.ts';
import { startFixtureServer } from './fixture-server.ts';
import { writingTo } from './writing.ts';

const subdomain =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const label =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const qualified =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const labelValue =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const owner = (change: object = {}) => ({ apiVersion: 'v1', kind: 'A', name: 'a', uid: 'u1', ...change });
const controllers = [owner({ controller: true }), owner({ controller: true, name: 'b', uid: 'u2' })];

describe('metadata', () => {
  let server: TestServer;
  before(async () => {
    server = await startFixtureServer();
  });
  after(() => server.stop());
  const { ask, make, put } = writingTo(() => server);

  for (const [row, metadata, field, ...messages] of [
    [
      'K-319',
      { name: 'a'.repeat(254) },
      'name',
      `Invalid value: "${'a'.repeat(254)}": must be no more than 253 characters`,
    ],
    ['K-319', { name: 'a_b' }, 'name', `Invalid value: "a_b": ${subdomain}`],
    ['K-319', { name: '-a' }, 'name', `Invalid value: "-a": ${subdomain}`],
    ['K-319', { name: 'a..b' }, 'name', `Invalid value: "a..b": ${subdomain}`],
    ['K-321', { name: '..' }, 'name', `Invalid value: "..": ${subdomain}`],
    ['K-321', { name: 'a/b' }, 'name', `Invalid value: "a/b": ${subdomain}`],
    [
      'K-324',
      { labels: { '': 'x' } },
      'labels',
      'Invalid value: "": name part must be non-empty',
      `Invalid value: "": name part ${qualified}`,
    ],
    ['K-324', { labels: { '-bad': 'x' } }, 'labels', `Invalid value: "-bad": name part ${qualified}`],
    [
      'K-324',
      { labels: { [`${'x'.repeat(64)}`]: 'x' } },
      'labels',
      `Invalid value: "${'x'.repeat(64)}": name part must be no more than 63 bytes`,
    ],
    ['K-324', { labels: { '/a': 'x' } }, 'labels', 'Invalid value: "/a": prefix part must be non-empty'],
    ['K-324', { labels: { 'A/a': 'x' } }, 'labels', `Invalid value: "A/a": prefix part ${subdomain}`],
    [
      'K-324',
      { labels: { 'a/b/c': 'x' } },
      'labels',
      `Invalid value: "a/b/c": a valid label key ${qualified} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ],
    ['K-325', { labels: { a: 'x y' } }, 'labels', `Invalid value: "x y": ${labelValue}`],
    [
      'K-325',
      { labels: { a: 'x'.repeat(64) } },
      'labels',
      `Invalid value: "${'x'.repeat(64)}": must be no more than 63 bytes`,
    ],
    ['K-326', { labels: { a: '-' } }, 'labels', `Invalid value: "-": ${labelValue}`],
    ['K-327', { annotations: { 'a b': 'x' } }, 'annotations', `Invalid value: "a b": name part ${qualified}`],
    [
      'K-327',
      { annotations: { a: 'x'.repeat(262_144) } },
      'annotations',
      'Too long: may not be more than 262144 bytes',
    ],
    [
      'K-328',
      { finalizers: ['nodomain'] },
      'finalizers[0]',
      'Invalid value: "nodomain": name is neither a standard finalizer name nor is it fully qualified',
    ],
    ['K-328', { finalizers: ['a.b/c', 'a b'] }, 'finalizers[1]', `Invalid value: "a b": name part ${qualified}`],
    [
      'K-329',
      { finalizers: ['orphan', 'foregroundDeletion'] },
      'finalizers',
      'Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and foregroundDeletion cannot be both set',
    ],
    [
      'K-331',
      { ownerReferences: [owner({ kind: '' })] },
      'ownerReferences.kind',
      'Invalid value: "": must not be empty',
    ],
    [
      'K-331',
      { ownerReferences: [owner({ name: '' })] },
      'ownerReferences.name',
      'Invalid value: "": must not be empty',
    ],
    [
      'K-331',
      { ownerReferences: [owner({ apiVersion: 'a/b/c' })] },
      'ownerReferences.apiVersion',
      'Invalid value: "a/b/c": version must not be empty',
    ],
    ['K-331', { ownerReferences: [owner({ uid: '' })] }, 'ownerReferences.uid', 'Invalid value: "": must not be empty'],
    [
      'K-331',
      { ownerReferences: [owner({ apiVersion: '' })] },
      'ownerReferences.apiVersion',
      'Invalid value: "": version must not be empty',
    ],
    [
      'K-332',
      { ownerReferences: [owner({ kind: 'Event' })] },
      'ownerReferences',
      `Invalid value: ${JSON.stringify(owner({ kind: 'Event' }))}: /v1, Kind=Event is disallowed from being an owner`,
    ],
    [
      'K-333',
      { ownerReferences: controllers },
      'ownerReferences',
      `Invalid value: ${JSON.stringify(controllers)}: Only one reference can have Controller set to true. Found "true" in references for A/a and A/b`,
    ],
  ] as const)
    it(`refuses ${JSON.stringify(metadata).slice(0, 70)}, when an object is made and when it is changed (${row}, K-396)`, async () => {
      const expected = messages.map((message) => `metadata.${field}: ${message}`);
      const causesOf = ({ body }: { body: { details: { causes: { field: string; message: string }[] } } }) =>
        body.details.causes.map((cause) => `${cause.field}: ${cause.message}`);
      const created = await ask(fixturesPath, { body: fixtureObject('m', {}, metadata) });
      expect(created.code).to.equal(422);
      expect(created.body.details).to.include({ group: fixtureGroup, kind: fixtureKind });
      expect(causesOf(created)).to.deep.equal(expected);
      if ('name' in metadata) return;
      const { path, object } = await make();
      const updated = await put(path, { ...object, metadata: { ...object.metadata, ...metadata } });
      expect(updated.code).to.equal(422);
      expect(causesOf(updated)).to.deep.equal(expected);
    });

  for (const [row, metadata] of [
    ['K-319', { name: `${'a'.repeat(60)}.${'b'.repeat(100)}.0-9` }],
    ['K-322', { generateName: 'a-' }],
    ['K-322', { generateName: 'a.b-' }],
    ['K-324', { name: 'ok', labels: { 'example.com/My_Name.1': '', Kind: 'A_b.c-1' } }],
    ['K-327', { name: 'ok', annotations: { 'Example.COM/Name': 'any text\n\u0000 at all' } }],
    ['K-328', { name: 'ok', finalizers: ['orphan', 'kubernetes', 'example.com/x'] }],
    ['K-330', { name: 'ok', finalizers: ['a.b/c', 'a.b/c'] }],
    ['K-335', { name: 'ok', ownerReferences: [owner({ blockOwnerDeletion: true, controller: true })] }],
  ] as const)
    it(`takes ${JSON.stringify(metadata).slice(0, 70)} (${row})`, async () => {
      const { code, body, text } = await ask(`${fixturesPath}?dryRun=All`, {
        body: { ...fixtureObject(''), metadata },
      });
      expect(code, text).to.equal(201);
      expect(body.metadata).to.deep.include(metadata);
    });

  for (const [name, messages] of [
    ['a'.repeat(64), ['must be no more than 63 characters']],
    ['a.b', ['must not contain dots']],
    ['A', [label]],
  ] as const)
    it(`of a kind whose names become host names refuses ${name.slice(0, 20)} (K-320)`, () =>
      expect(labelFaults(name)).to.deep.equal(messages));

  for (const [name, messages] of [
    ['.', ["may not be '.'"]],
    ['..', ["may not be '..'"]],
    ['a/b%', ["may not contain '/'", "may not contain '%'"]],
  ] as const)
    it(`of any kind refuses the name ${name}, which is no segment of a path (K-321)`, () =>
      expect(pathSegmentFaults(name)).to.deep.equal(messages));

  it('merges owners by their uid (K-334)', async () => {
    const { path, name } = await make();
    for (const [manager, uid] of [
      ['one', 'u1'],
      ['two', 'u2'],
      ['one', 'u1'],
    ])
      await ask(`${path}?fieldManager=${manager}`, {
        method: 'PATCH',
        type: 'application/apply-patch+yaml',
        body: { ...fixtureObject(name, {}, { ownerReferences: [owner({ uid })] }), spec: undefined },
      });
    const { body } = await ask(path);
    expect(body.metadata.ownerReferences.map(({ uid }: { uid: string }) => uid)).to.deep.equal(['u1', 'u2']);
  });

  it('that nobody may change is told of beside a spec of the wrong type (K-237, K-400)', async () => {
    const { path, object } = await make();
    const metadata = { ...object.metadata, deletionGracePeriodSeconds: 5 };
    const { code, body } = await put(path, { ...object, metadata, spec: 5 });
    expect(code).to.equal(422);
    expect(body.details.causes.map(({ field }: { field: string }) => field)).to.have.members([
      'spec',
      'metadata.deletionGracePeriodSeconds',
    ]);
  });

  it('is not judged where a status is written, which leaves it as it is (K-240)', async () => {
    const { path, object } = await make();
    const metadata = { ...object.metadata, labels: { 'bad key': 'x' }, ownerReferences: [{}] };
    const { code, body } = await put(`${path}/status`, { ...object, metadata, status: 'x' });
    expect(code).to.equal(422);
    expect(body.details.causes.map(({ field }: { field: string }) => field)).to.deep.equal(['status']);
    expect((await put(`${path}/status`, { ...object, metadata, status: { state: 'x' } })).code).to.equal(200);
  });

  it('and spec are judged together, and equal texts are said once (K-256, K-399, K-400, K-401)', async () => {
    const { body } = await ask(fixturesPath, {
      body: fixtureObject('m', { mode: 'z', replicas: -1 }, { labels: { a: '-', b: '-' }, finalizers: ['x'] }),
    });
    const fields = body.details.causes.map(({ field }: { field: string }) => field);
    expect(fields).to.have.members([
      ...['spec.mode', 'spec.replicas', 'metadata.labels', 'metadata.labels', 'metadata.finalizers[0]'],
    ]);
    expect(body.message.split('metadata.labels: ')).to.have.length(2);
    expect(body.message).to.match(/^KubeDirectorCluster\.kubedirector\.bluedata\.io "m" is invalid: \[.*\]$/);
  });

  it('with null in the place of a time means none, as kubectl writes it (K-338)', async () => {
    const { code } = await ask(`${fixturesPath}?dryRun=All`, {
      body: fixtureObject(
        'm',
        {},
        { creationTimestamp: null, labels: null, managedFields: null, deletionTimestamp: null },
      ),
    });
    expect(code).to.equal(201);
  });
});
