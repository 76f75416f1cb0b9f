/**
 * Update, patch, scale and delete, over HTTP.
 */
import { expect } from 'chai';
import { appDocument, appsPath, clusterDocument, clustersPath, publishedClustersPath } from '../make/documents.ts';
import { type Ask, startServer, type TestServer } from './serving.ts';

const merge = 'application/merge-patch+json';
const jsonPatch = 'application/json-patch+json';

describe('an object that is there', () => {
  let server: TestServer;
  let count = 0;
  before(async () => {
    server = await startServer();
    await server.admin.ask(appsPath, { body: appDocument() });
  });
  after(() => server.stop());

  /** A fresh cluster. */
  const made = async (metadata: object = {}) => {
    count += 1;
    const { code, body } = await server.admin.ask(clustersPath, { body: clusterDocument(`c${count}`, {}, metadata) });
    expect(code).to.equal(201);
    return { path: `${clustersPath}/${body.metadata.name}`, object: body };
  };
  const ask = (path: string, options?: Ask) => server.admin.ask(path, options);
  const put = (path: string, body: unknown) => ask(path, { method: 'PUT', body });
  const patch = (path: string, body: unknown, type = merge) => ask(path, { method: 'PATCH', body, type });

  describe('is replaced', () => {
    it('and answers with the stored object (K-230)', async () => {
      const { path, object } = await made();
      object.spec.roles[1].members = 3;
      const { code, body } = await put(path, object);
      expect(code).to.equal(200);
      expect(body.spec.roles[1].members).to.equal(3);
      expect(Number(body.metadata.resourceVersion)).to.be.above(Number(object.metadata.resourceVersion));
    });

    it('only with a resourceVersion (K-231)', async () => {
      const { path, object } = await made();
      for (const resourceVersion of [undefined, '0']) {
        const { code, body } = await put(path, { ...object, metadata: { ...object.metadata, resourceVersion } });
        expect(code).to.equal(422);
        expect(body.message).to.contain(
          'is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update',
        );
      }
    });

    it('not from a stale copy (K-232)', async () => {
      const { path, object } = await made();
      await patch(path, { metadata: { labels: { a: 'b' } } });
      const { code, body } = await put(path, object);
      expect(code).to.equal(409);
      expect(body.message).to.equal(
        `Operation cannot be fulfilled on kubedirectorclusters.kubedirector.bluedata.io "${object.metadata.name}": the object has been modified; please apply your changes to the latest version and try again`,
      );
    });

    it('not when its uid is another (K-233)', async () => {
      const { path, object } = await made();
      const { code, body } = await put(path, { ...object, metadata: { ...object.metadata, uid: 'abc' } });
      expect(code).to.equal(409);
      expect(body.message).to.contain('Key: /registry/kubedirector.bluedata.io/kubedirectorclusters/default/');
      expect(body.message).to.contain('Precondition failed: UID in precondition: abc');
    });

    it('not under another name (K-230)', async () => {
      const { path, object } = await made();
      const { code, body } = await put(path, { ...object, metadata: { ...object.metadata, name: 'other' } });
      expect(code).to.equal(400);
      expect(body.message).to.equal(
        `the name of the object (other) does not match the name on the URL (${object.metadata.name})`,
      );
    });

    it('never created by an update (K-235)', async () => {
      const { object } = await made();
      const { code } = await put(`${clustersPath}/nobody`, {
        ...object,
        metadata: { ...object.metadata, name: 'nobody', uid: undefined },
      });
      expect(code).to.equal(404);
    });

    it('keeping what the server set (K-236)', async () => {
      const { path, object } = await made();
      const { creationTimestamp, uid } = object.metadata;
      const metadata = {
        name: object.metadata.name,
        resourceVersion: object.metadata.resourceVersion,
        generation: 55,
        labels: { x: '1' },
      };
      const { body } = await put(path, { ...object, metadata });
      expect(body.metadata).to.include({ creationTimestamp, uid, generation: 1 });
    });

    it('without effect when nothing differs (K-241)', async () => {
      const { path, object } = await made();
      const { code, body } = await put(path, object);
      expect(code).to.equal(200);
      expect(body.metadata.resourceVersion).to.equal(object.metadata.resourceVersion);
    });
  });

  describe('counts its generations (K-238)', () => {
    it('when what is desired changes', async () => {
      const { path } = await made();
      expect((await patch(path, { spec: { serviceType: 'ClusterIP' } })).body.metadata.generation).to.equal(2);
    });
    it('but not when labels, annotations or status do', async () => {
      const { path } = await made();
      await patch(path, { metadata: { labels: { a: 'b' }, annotations: { c: 'd' } } });
      expect((await patch(`${path}/status`, { status: { state: 'creating' } })).body.metadata.generation).to.equal(1);
    });
    it('through its scale as well (K-314)', async () => {
      const { path } = await made();
      await patch(`${path}/scale`, { spec: { replicas: 5 } });
      expect((await ask(path)).body.metadata.generation).to.equal(2);
    });
  });

  describe('has a status of its own path (K-240, K-308)', () => {
    it('through which nothing else is written', async () => {
      const { path, object } = await made();
      const changed = { ...object, spec: { ...object.spec, app: 'other' }, status: { state: 'creating' } };
      changed.metadata = { ...object.metadata, labels: { a: 'b' }, finalizers: ['a.b/c'] };
      const { code, body } = await put(`${path}/status`, changed);
      expect(code).to.equal(200);
      expect(body.status.state).to.equal('creating');
      expect(body.spec.app).to.equal('demo-app');
      expect(body.metadata).not.to.have.any.keys('labels', 'finalizers');
    });
    it('and which is not written elsewhere', async () => {
      const { path } = await made();
      const { body } = await patch(path, { status: { state: 'creating' }, metadata: { labels: { a: 'b' } } });
      expect(body.status).not.to.have.property('state');
      expect(body.metadata.labels).to.deep.equal({ a: 'b' });
    });
  });

  describe('is patched', () => {
    it('by merging, where null takes away (K-247)', async () => {
      const { path } = await made({ labels: { a: '1', b: '2' } });
      const { body } = await patch(path, { metadata: { labels: { a: null, c: '3' } } });
      expect(body.metadata.labels).to.deep.equal({ b: '2', c: '3' });
    });
    it('by operations (K-248)', async () => {
      const { path } = await made();
      const { body } = await patch(path, [{ op: 'replace', path: '/spec/roles/1/members', value: 7 }], jsonPatch);
      expect(body.spec.roles[1].members).to.equal(7);
    });
    it('leaves no empty lists and maps in metadata, and nobody owns them (K-346)', async () => {
      const { path } = await made();
      const empty = { labels: {}, annotations: {}, finalizers: [], ownerReferences: [] };
      const { body } = await patch(path, { metadata: empty });
      expect(body.metadata).not.to.have.any.keys(Object.keys(empty));
      expect(JSON.stringify(body.metadata.managedFields)).not.to.contain('f:metadata');
    });
    for (const [title, operations] of [
      ['a test that fails', [{ op: 'test', path: '/spec/app', value: 'no' }]],
      ['an unknown operation', [{ op: 'zz', path: '/spec/app' }]],
      ['a path that is not there', [{ op: 'remove', path: '/spec/nope' }]],
    ] as const)
      it(`not by ${title} (K-249)`, async () => {
        const { path } = await made();
        const { code, body } = await patch(path, operations, jsonPatch);
        expect(code).to.equal(422);
        expect(body.message).to.equal('the server rejected our request due to an error in our request');
        expect(body.details.causes[0].field).to.equal('patch[0]');
      });
    it('not by what is no patch (K-247, K-248)', async () => {
      const { path } = await made();
      expect((await patch(path, [])).code).to.equal(400);
      expect((await patch(path, {}, jsonPatch)).code).to.equal(400);
    });
    it('not by types that are not offered (K-110, K-253)', async () => {
      const { path } = await made();
      for (const type of ['application/strategic-merge-patch+json', 'application/json', 'application/cbor'])
        expect((await patch(path, {}, type)).code, type).to.equal(415);
    });
    it('not by fields that nobody knows, if the client asks for that, however often it has to be tried', async () => {
      const { path } = await made();
      const roles = [{ id: 'head' }, { id: 'worker', membersx: 3 }];
      const { code, body } = await patch(`${path}?fieldValidation=Strict`, { spec: { roles } });
      expect(code).to.equal(422);
      expect(body.message).to.contain('strict decoding error: unknown field "spec.roles[1].membersx"');
      expect((await ask(path)).body.spec.roles[1].members).to.equal(2);
    });
    it('with a resourceVersion as a precondition (K-245)', async () => {
      const { path } = await made();
      expect((await patch(path, { metadata: { resourceVersion: '1' } })).code).to.equal(409);
    });
    it('by many at once, losing none (K-245)', async () => {
      const { path } = await made();
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, i) => patch(path, { metadata: { labels: { [`l${i}`]: 'x' } } })),
      );
      expect(answers.map(({ code }) => code)).to.deep.equal(Array(20).fill(200));
      expect(Object.keys((await ask(path)).body.metadata.labels)).to.have.length(20);
    });
    it('in the form published in 2018, in its words', async () => {
      const { object } = await made();
      const path = `${publishedClustersPath}/${object.metadata.name}`;
      const roles = [{ name: 'head' }, { id: 'worker', members: 9 }];
      const { code, body } = await patch(path, { spec: { roles } });
      expect(code).to.equal(200);
      expect(body.spec.roles).to.deep.equal([
        { name: 'head', replicas: 1 },
        { name: 'worker', replicas: 9 },
      ]);
    });
    it('and what the app does not allow is refused in words', async () => {
      const { path } = await made();
      const { code, body } = await patch(`${path}/scale`, { spec: { replicas: 0 } });
      expect(code).to.equal(422);
      expect(body.message).to.contain('spec.roles[1].members: Invalid value: 0: the app allows 1+');
    });
  });

  describe('is scaled', () => {
    it('through a document that names its selector (K-309, K-310)', async () => {
      const { path, object } = await made();
      const { body } = await ask(`${path}/scale`);
      const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
      expect(body).to.deep.equal({
        kind: 'Scale',
        apiVersion: 'autoscaling/v1',
        metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
        spec: { replicas: 2 },
        status: {
          replicas: 0,
          selector: `kubedirector.bluedata.io/kdcluster=${name},kubedirector.bluedata.io/role=worker`,
        },
      });
    });
    it('by an update without content type or resourceVersion (K-108, K-312)', async () => {
      const { path, object } = await made();
      const scale = {
        kind: 'Scale',
        apiVersion: 'autoscaling/v1',
        metadata: { name: object.metadata.name },
        spec: { replicas: 6 },
      };
      const { code, body } = await ask(`${path}/scale`, { method: 'PUT', body: JSON.stringify(scale), type: '' });
      expect(code).to.equal(200);
      expect(body.spec.replicas).to.equal(6);
    });
    it('by an update that leaves out its kind, which the path tells (K-312)', async () => {
      const { path, object } = await made();
      const scale = { metadata: { name: object.metadata.name }, spec: { replicas: 4 } };
      const { code, body } = await put(`${path}/scale`, scale);
      expect([code, body.kind, body.spec.replicas]).to.deep.equal([200, 'Scale', 4]);
    });
    it('by patches of three types, which it names to others (K-110, K-314)', async () => {
      const { path } = await made();
      const smart = { method: 'PATCH', type: 'application/strategic-merge-patch+json', body: {} };
      const { code, body } = await ask(`${path}/scale`, smart);
      expect(code).to.equal(415);
      expect(body.message).to.match(
        /: application\/json-patch\+json, application\/merge-patch\+json, application\/apply-patch\+yaml$/,
      );
    });
    for (const [title, change, code, row] of [
      ['another name', { metadata: { name: 'zz' } }, 400, 'K-312'],
      ['no replicas', { spec: {} }, 422, 'K-313'],
      ['fewer than none', { spec: { replicas: -4 } }, 422, 'K-313'],
      ['a stale resourceVersion', { metadata: { resourceVersion: '1' } }, 409, 'K-312'],
      ['a resourceVersion that is none', { metadata: { resourceVersion: 'abc' } }, 400, 'K-312'],
      ['another uid', { metadata: { uid: 'another' } }, 409, 'K-312'],
    ] as const)
      it(`not with ${title} (${row})`, async () => {
        const { path } = await made();
        const { body } = await ask(`${path}/scale`);
        const scale = {
          ...body,
          ...change,
          metadata: { ...body.metadata, ...('metadata' in change ? change.metadata : {}) },
        };
        expect((await put(`${path}/scale`, scale)).code).to.equal(code);
      });
  });

  describe('is deleted', () => {
    it('at once, answering with its uid (K-292)', async () => {
      const { path, object } = await made();
      const { code, body } = await ask(path, { method: 'DELETE' });
      expect(code).to.equal(200);
      expect(body).to.deep.equal({
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Success',
        details: {
          name: object.metadata.name,
          group: 'kubedirector.bluedata.io',
          kind: 'kubedirectorclusters',
          uid: object.metadata.uid,
        },
      });
      expect((await ask(path)).code).to.equal(404);
    });
    it('only marked while finalizers hold it, and removed with the last one (K-243, K-293)', async () => {
      const { path } = await made({ finalizers: ['a.b/c'] });
      const marked = await ask(path, { method: 'DELETE' });
      expect(marked.body.metadata).to.include({ deletionGracePeriodSeconds: 0, generation: 2 });
      expect(marked.body.metadata.deletionTimestamp).to.be.a('string');
      const again = await ask(path, { method: 'DELETE' });
      expect(again.body.metadata).to.deep.equal(marked.body.metadata);
      const released = await patch(path, { metadata: { finalizers: null } });
      expect(released.code).to.equal(200);
      expect(released.body.metadata.resourceVersion).to.equal(marked.body.metadata.resourceVersion);
      expect((await ask(path)).code).to.equal(404);
    });
    it('and takes no new finalizers then (K-244)', async () => {
      const { path } = await made({ finalizers: ['a.b/c'] });
      await ask(path, { method: 'DELETE' });
      const { code, body } = await patch(path, { metadata: { finalizers: ['a.b/c', 'd.e/f'] } });
      expect(code).to.equal(422);
      expect(body.message).to.contain(
        'no new finalizers can be added if the object is being deleted, found new finalizers []string{"d.e/f"}',
      );
    });
    it('in the foreground or leaving orphans, by a finalizer (K-294, K-295)', async () => {
      const { path } = await made();
      const foreground = await ask(path, { method: 'DELETE', body: { propagationPolicy: 'Foreground' } });
      expect(foreground.body.metadata.finalizers).to.deep.equal(['foregroundDeletion']);
      const orphan = await ask(path, { method: 'DELETE', body: { propagationPolicy: 'Orphan' } });
      expect(orphan.body.metadata.finalizers).to.deep.equal(['orphan']);
      const background = await ask(path, { method: 'DELETE', body: { propagationPolicy: 'Background' } });
      expect(background.body.status).to.equal('Success');
    });
    for (const [precondition, text] of [
      [{ uid: 'A' }, 'the UID in the precondition (A) does not match the UID in record'],
      [
        { resourceVersion: '1' },
        'the ResourceVersion in the precondition (1) does not match the ResourceVersion in record',
      ],
    ] as const)
      it(`only when ${Object.keys(precondition)[0]} is as demanded (K-291)`, async () => {
        const { path } = await made();
        const { code, body } = await ask(path, { method: 'DELETE', body: { preconditions: precondition } });
        expect(code).to.equal(409);
        expect(body.message).to.contain(text);
        expect(body.details.kind).to.equal('KubeDirectorCluster');
      });
    it('not with options that make no sense (K-289, K-290)', async () => {
      const { path } = await made();
      expect((await ask(`${path}?propagationPolicy=Zork`, { method: 'DELETE' })).code).to.equal(422);
      expect((await ask(path, { method: 'DELETE', body: { kind: 'Pod' } })).code).to.equal(400);
      expect(
        (await ask(path, { method: 'DELETE', body: { propagationPolicy: 'Orphan', orphanDependents: true } })).code,
      ).to.equal(422);
    });
    it('not in a dry run (K-299)', async () => {
      const { path } = await made();
      expect((await ask(`${path}?dryRun=All`, { method: 'DELETE' })).body.status).to.equal('Success');
      expect((await ask(path)).code).to.equal(200);
    });
    it('with others of its label, answering with what they were (K-301)', async () => {
      await made({ labels: { batch: 'one' } });
      const kept = await made({ labels: { batch: 'two' } });
      const { code, body } = await ask(`${clustersPath}?labelSelector=batch%3Done`, { method: 'DELETE' });
      expect(code).to.equal(200);
      expect(body.kind).to.equal('KubeDirectorClusterList');
      expect(body.items).to.have.length(1);
      expect((await ask(kept.path)).code).to.equal(200);
    });
  });
});
