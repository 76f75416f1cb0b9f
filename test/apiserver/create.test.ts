/**
 * Create, over HTTP: what is taken, what is filled in, and what is refused in which words.
 */
import { expect } from 'chai';
import {
  appDocument,
  appsPath,
  clusterDocument,
  clustersPath,
  publishedCluster,
  publishedClustersPath,
} from '../make/documents.ts';
import { startServer, type TestServer } from './serving.ts';

describe('create', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer();
    await server.admin.ask(appsPath, { body: appDocument() });
  });
  after(() => server.stop());
  const create = (document: unknown, query = '') => server.admin.ask(`${clustersPath}${query}`, { body: document });

  it('answers 201 with the stored object and what the server set (K-153, K-160)', async () => {
    const { code, body } = await create(
      clusterDocument('made', {}, { uid: 'mine', generation: 7, creationTimestamp: null, selfLink: '/x' }),
    );
    expect(code).to.equal(201);
    expect(body).to.include({ apiVersion: 'kubedirector.bluedata.io/v1beta1', kind: 'KubeDirectorCluster' });
    expect(body.metadata).to.include({ name: 'made', namespace: 'default', generation: 1 });
    expect(body.metadata.uid).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
    expect(body.metadata.creationTimestamp).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(body.metadata.resourceVersion).to.match(/^[1-9]\d*$/);
    expect(body.metadata).not.to.have.property('selfLink');
  });

  it('drops status, which is written through its own path (K-160)', async () => {
    const { body } = await create({ ...clusterDocument('stateless'), status: { state: 'configured' } });
    expect(body.status).not.to.have.property('state');
  });

  it('refuses a name that is taken (K-166)', async () => {
    await create(clusterDocument('twice'));
    const { code, body } = await create(clusterDocument('twice'));
    expect(code).to.equal(409);
    expect(body).to.include({
      reason: 'AlreadyExists',
      message: 'kubedirectorclusters.kubedirector.bluedata.io "twice" already exists',
    });
    expect(body.details).to.deep.equal({
      name: 'twice',
      group: 'kubedirector.bluedata.io',
      kind: 'kubedirectorclusters',
    });
  });

  it('names the line of a key that YAML repeats, as Kubernetes does', async () => {
    const text = `apiVersion: kubedirector.bluedata.io/v1beta1\nkind: KubeDirectorCluster\nmetadata: {name: yaml}\nspec:\n  app: a\n  app: b\n  zork: 1\n`;
    const path = `${clustersPath}?fieldValidation=Strict`;
    const { code, body } = await server.admin.ask(path, { body: text, type: 'application/yaml' });
    expect(code).to.equal(400);
    expect(body.message).to.contain(
      'strict decoding error: yaml: unmarshal errors:\n  line 6: key "app" already set in map, unknown field "spec.zork"',
    );
  });

  it('shows the beginning of what is no object in hexadecimal', async () => {
    expect((await create([])).body.message).to.contain('json parse error: not an object (5b5d)');
  });

  it('keeps one owner reference of each uid, and says so (K-167)', async () => {
    const owner = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u1' };
    const { code, body, warnings } = await create(
      clusterDocument('owned', {}, { ownerReferences: [owner, owner], finalizers: ['a.b/c', 'a.b/c'] }),
    );
    expect(code).to.equal(201);
    expect(body.metadata.ownerReferences).to.deep.equal([owner]);
    const advice =
      'API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests';
    expect(warnings).to.deep.equal([
      `299 - ".metadata.ownerReferences contains duplicate entries; ${advice}; duplicate UID(s) observed: u1"`,
    ]);
    const two = [owner, owner, { ...owner, uid: 'u2' }, { ...owner, uid: 'u2' }];
    const patched = await server.admin.ask(`${clustersPath}/owned`, {
      method: 'PATCH',
      type: 'application/merge-patch+json',
      body: { metadata: { ownerReferences: two } },
    });
    expect(patched.warnings).to.deep.equal([
      `299 - ".metadata.ownerReferences contains duplicate entries after mutating admission happens; ${advice}; duplicate UID(s) observed: u1, u2"`,
    ]);
    const { body: refused } = await create(clusterDocument('disowned', {}, { ownerReferences: [{}] }));
    expect(refused.message).to.contain(
      'metadata.ownerReferences.apiVersion: Invalid value: "": version must not be empty',
    );
  });

  it('appends five safe letters to generateName (K-162)', async () => {
    const { name: _, ...metadata } = { name: '', generateName: 'gen-' };
    const { code, body } = await create({ ...clusterDocument(), metadata });
    expect(code).to.equal(201);
    expect(body.metadata.name).to.match(/^gen-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  });

  for (const [title, change, text, rows] of [
    ['no name', { metadata: {} }, 'metadata.name: Required value: name or generateName is required', 'K-164'],
    [
      'a name with capitals',
      { metadata: { name: 'Bad' } },
      'metadata.name: Invalid value: "Bad": a lowercase RFC 1123',
      'K-319',
    ],
    [
      'a label value with a blank',
      { metadata: { name: 'x', labels: { a: 'b c' } } },
      'metadata.labels: Invalid value: "b c"',
      'K-325, K-326',
    ],
    [
      'an unqualified finalizer',
      { metadata: { name: 'x', finalizers: ['nodomain'] } },
      'metadata.finalizers[0]: Invalid value: "nodomain": name is neither a standard finalizer name nor is it fully qualified',
      'K-328',
    ],
  ] as const)
    it(`refuses ${title} as Invalid (${rows})`, async () => {
      const { code, body } = await create({ ...clusterDocument(), ...change });
      expect(code).to.equal(422);
      expect(body.reason).to.equal('Invalid');
      expect(body.message).to.contain(text);
    });

  it('reports every fault of a document at once, metadata and spec together (K-399, K-400)', async () => {
    const { code, body } = await create({
      ...clusterDocument('Bad', { app: '', serviceType: 'Magic', roles: [{ members: -1 }, { id: 'a' }, { id: 'a' }] }),
    });
    expect(code).to.equal(422);
    const fields = body.details.causes.map(({ field }: { field: string }) => field);
    expect(fields).to.have.members([
      'metadata.name',
      'spec.app',
      'spec.serviceType',
      'spec.roles[0].id',
      'spec.roles[0].members',
      'spec.roles[2]',
    ]);
  });

  for (const [title, change, code, text, row] of [
    ['a missing kind', { kind: undefined }, 400, "Object 'Kind' is missing in", 'K-154'],
    [
      'another kind',
      { kind: 'Nope' },
      422,
      'Nope.kubedirector.bluedata.io "demo" is invalid: kind: Invalid value: "Nope": must be KubeDirectorCluster',
      'K-156',
    ],
    [
      'another version',
      { apiVersion: 'apps/v1' },
      400,
      'the API version in the data (apps/v1) does not match the expected API version (kubedirector.bluedata.io/v1beta1)',
      'K-155',
    ],
    [
      'no version that could be',
      { apiVersion: 'a/b/c' },
      400,
      'the object provided is unrecognized (must be of type KubeDirectorCluster): unexpected GroupVersion string: a/b/c (',
      'K-155',
    ],
    [
      'another namespace',
      { metadata: { name: 'x', namespace: 'other' } },
      400,
      'the namespace of the provided object does not match the namespace sent on the request',
      'K-159',
    ],
    [
      'a label that is no string',
      { metadata: { name: 'x', labels: { a: 1 } } },
      400,
      'cannot be handled as a KubeDirectorCluster',
      'K-158',
    ],
    [
      'a resourceVersion',
      { metadata: { name: 'x', resourceVersion: '5' } },
      400,
      'resourceVersion should not be set on objects to be created',
      'K-161',
    ],
  ] as const)
    it(`refuses ${title} with ${code} (${row})`, async () => {
      const answer = await create({ ...clusterDocument(), ...change });
      expect(answer.code).to.equal(code);
      expect(answer.body.message).to.contain(text);
    });

  for (const [title, body] of [
    ['text', 'hello'],
    ['an array', '[]'],
    ['nothing', ''],
    ['half an object', '{"kind":"KubeDirectorCluster"'],
  ] as const)
    it(`refuses ${title} as unrecognized (K-157)`, async () => {
      const answer = await server.admin.ask(clustersPath, { method: 'POST', body });
      expect(answer.code).to.equal(400);
      expect(answer.body.message).to.match(
        /^the object provided is unrecognized \(must be of type KubeDirectorCluster\)/,
      );
    });

  it('refuses a name from which its children could not be named, with the length that fits', async () => {
    const { code, body } = await create(clusterDocument('a'.repeat(60)));
    expect(code).to.equal(422);
    expect(body.message).to.contain(
      'must be no more than 39 characters, because it is followed by the role worker in the name of a StatefulSet',
    );
    expect((await create(clusterDocument('a'.repeat(39)))).code).to.equal(201);
  });

  it('warns of unknown and repeated fields and prunes them (K-144, K-146, K-152)', async () => {
    const text = JSON.stringify(clusterDocument('pruned', { zork: 1 })).replace('"app":', '"app":"first","app":');
    const { code, body, warnings } = await server.admin.ask(clustersPath, { body: text });
    expect(code).to.equal(201);
    expect(body.spec).not.to.have.property('zork');
    expect(warnings).to.deep.equal(['299 - "duplicate field \\"spec.app\\""', '299 - "unknown field \\"spec.zork\\""']);
  });

  it('refuses unknown and repeated fields when asked to be strict (K-145)', async () => {
    const text = JSON.stringify(clusterDocument('strict', { zork: 1 })).replace('"app":', '"app":"first","app":');
    const { code, body } = await server.admin.ask(`${clustersPath}?fieldValidation=Strict`, { body: text });
    expect(code).to.equal(400);
    expect(body.message).to.equal(
      'KubeDirectorCluster in version "v1beta1" cannot be handled as a KubeDirectorCluster: strict decoding error: duplicate field "spec.app", unknown field "spec.zork"',
    );
  });

  it('does everything but write in a dry run (K-138, K-139)', async () => {
    const dry = await create(clusterDocument('dry'), '?dryRun=All');
    expect(dry.code).to.equal(201);
    expect(dry.body.metadata).to.have.property('uid');
    expect(dry.body.metadata).not.to.have.property('resourceVersion');
    expect((await server.admin.ask(`${clustersPath}/dry`)).code).to.equal(404);
    const refused = await create(clusterDocument('dry', { app: 'nonesuch' }), '?dryRun=All');
    expect(refused.code).to.equal(422);
  });

  for (const [query, text, row] of [
    ['dryRun=Some', 'dryRun: Unsupported value: ["Some"]: supported values: "All"', 'K-138'],
    [
      'fieldValidation=Nope',
      'fieldValidation: Unsupported value: "Nope": supported values: "", "Ignore", "Strict", "Warn"',
      'K-137',
    ],
    [`fieldManager=${'x'.repeat(129)}`, 'fieldManager: Too long: may not be more than 128 bytes', 'K-140'],
  ] as const)
    it(`refuses ${query.slice(0, 24)} on the options (${row})`, async () => {
      const { code, body } = await create(clusterDocument('options'), `?${query}`);
      expect(code).to.equal(422);
      expect(body.message).to.equal(`CreateOptions.meta.k8s.io "" is invalid: ${text}`);
    });

  it('takes YAML with the scalars of YAML 1.1 (K-114, K-387)', async () => {
    const yaml =
      'apiVersion: kubedirector.bluedata.io/v1beta1\nkind: KubeDirectorCluster\nmetadata:\n  name: yaml\nspec:\n  app: y\n  roles: []\n';
    const { code, body } = await server.admin.ask(clustersPath, { body: yaml, type: 'application/yaml' });
    expect(code).to.equal(422);
    expect(body.message).to.contain('spec.app in body must be of type string: "boolean"');
  });

  it('takes a body without a content type for JSON (K-108)', async () => {
    const body = Buffer.from(JSON.stringify(clusterDocument('untyped')));
    const { code } = await server.admin.ask(clustersPath, { body, type: '' });
    expect(code).to.equal(201);
  });

  it('refuses other media types (K-109)', async () => {
    const { code, body } = await server.admin.ask(clustersPath, {
      body: 'a=b',
      type: 'application/x-www-form-urlencoded',
    });
    expect(code).to.equal(415);
    expect(body.reason).to.equal('UnsupportedMediaType');
  });

  it('refuses a body beyond three megabytes (K-012)', async () => {
    const { code, body } = await create(
      clusterDocument('big', {}, { annotations: { a: 'x'.repeat(3 * 1024 * 1024) } }),
    );
    expect(code).to.equal(413);
    expect(body.message).to.equal('Request entity too large: limit is 3145728');
  });

  it('keeps long integers and keys of every name exactly (K-112, K-113)', async () => {
    const text = JSON.stringify(appDocument('exact')).replace(
      '"spec":{',
      '"spec":{"huge":9007199254740993,"__proto__":{"a":1},',
    );
    const created = await server.admin.ask(appsPath, { body: text });
    expect(created.code).to.equal(201);
    const read = await server.admin.ask(`${appsPath}/exact`);
    expect(read.text).to.contain('"huge":9007199254740993').and.to.contain('"__proto__":{"a":1}');
    expect(({} as { a?: number }).a).to.equal(undefined);
  });

  describe('in the form published in 2018', () => {
    it('takes roles by name and replicas and answers in that form', async () => {
      const { code, body, warnings } = await server.admin.ask(publishedClustersPath, {
        body: publishedCluster('published'),
      });
      expect(code).to.equal(201);
      expect(warnings).to.deep.equal([]);
      expect(body.apiVersion).to.equal('kubedirector.bluedata.io/v1alpha1');
      expect(body.spec.roles).to.deep.equal([
        { name: 'head', replicas: 1 },
        { name: 'worker', replicas: 2 },
      ]);
    });

    it('is the same object in every version', async () => {
      await server.admin.ask(publishedClustersPath, { body: publishedCluster('same') });
      const { body } = await server.admin.ask(`${clustersPath}/same`);
      expect(body.apiVersion).to.equal('kubedirector.bluedata.io/v1beta1');
      expect(body.spec.roles).to.deep.equal([
        { id: 'head', members: 1 },
        { id: 'worker', members: 2 },
      ]);
    });

    it('takes the spelling of later releases too', async () => {
      const document = publishedCluster('later', { roles: [{ id: 'head' }, { id: 'worker', members: 3 }] });
      const { code, body } = await server.admin.ask(`${publishedClustersPath}?fieldValidation=Strict`, {
        body: document,
      });
      expect(code).to.equal(201);
      expect(body.spec.roles).to.deep.equal([
        { name: 'head', replicas: 1 },
        { name: 'worker', replicas: 3 },
      ]);
    });

    it('refuses two spellings of one field that disagree, naming both', async () => {
      const document = publishedCluster('torn', { roles: [{ name: 'head', id: 'worker' }] });
      const { code, body } = await server.admin.ask(publishedClustersPath, { body: document });
      expect(code).to.equal(422);
      expect(body.message).to.contain('spec.roles[0].name').and.to.contain('id');
    });
  });
});
