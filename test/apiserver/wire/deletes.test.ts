/**
 * Deletes: their options in body and query, policies and finalizers, and the events that they lead to.
 */
import { expect } from 'chai';
import { MemoryStore } from '../../../storage/memory.ts';
import { fixtureGroup, fixtureKind, fixtureObject, fixturePlural, fixturesPath } from '../../make/fixture-kind.ts';
import type { TestServer } from '../serving.ts';
import { startFixtureServer } from './fixture-server.ts';
import { merge, writingTo, yaml } from './writing.ts';

const held = { finalizers: ['a.b/c'] };
const never = new AbortController().signal;

describe('a delete', () => {
  let kv: MemoryStore;
  let server: TestServer;
  before(async () => {
    kv = new MemoryStore();
    server = await startFixtureServer({ kv });
  });
  after(() => server.stop());
  const { ask, make, patch } = writingTo(() => server);
  const remove = (path: string, body?: unknown, type?: string) =>
    ask(path, { method: 'DELETE', ...(body !== undefined && { body }), ...(type && { type }) });

  for (const [title, body] of [
    ['of the core group', { kind: 'DeleteOptions', apiVersion: 'v1' }],
    ['of meta.k8s.io', { kind: 'DeleteOptions', apiVersion: 'meta.k8s.io/v1' }],
    ['of our group', { kind: 'DeleteOptions', apiVersion: `${fixtureGroup}/v1beta1` }],
    ['of any group', { kind: 'DeleteOptions', apiVersion: 'x.example.com/v7' }],
    ['without a kind', {}],
    ['with what nobody knows', { kind: 'DeleteOptions', apiVersion: 'v1', zork: 1 }],
  ] as const)
    it(`takes options ${title} (K-289)`, async () => {
      const { path } = await make();
      expect((await remove(path, body)).body.status).to.equal('Success');
    });

  for (const [title, body, type] of [
    ['another kind', { kind: 'Pod', apiVersion: 'v1' }],
    ['a list', []],
    ['a word', '"x"'],
    ['no JSON', 'x'],
    ['a wrong type', { propagationPolicy: 5 }],
    ['broken YAML', 'a: [', yaml],
  ] as const)
    it(`takes no ${title} for options (K-289)`, async () => {
      const { path } = await make();
      const { code, body: status } = await remove(path, body, type);
      expect(code).to.equal(400);
      expect(status.reason).to.equal('BadRequest');
      expect((await ask(path)).code).to.equal(200);
    });

  for (const [query, finalizers] of [
    ['', ['a.b/c']],
    ['propagationPolicy=Background', ['a.b/c']],
    ['propagationPolicy=Foreground', ['a.b/c', 'foregroundDeletion']],
    ['propagationPolicy=Orphan', ['a.b/c', 'orphan']],
    ['orphanDependents=true', ['a.b/c', 'orphan']],
    ['orphanDependents=True', ['a.b/c', 'orphan']],
    ['orphanDependents=false', ['a.b/c']],
  ] as const)
    it(`by ?${query} leaves the finalizers ${finalizers.join(' and ')} (K-293, K-294, K-297)`, async () => {
      const { path } = await make({}, held);
      const { code, body } = await remove(`${path}?${query}`);
      expect(code).to.equal(query === 'orphanDependents=false' ? 202 : 200);
      expect(body.kind).to.equal(fixtureKind);
      expect(body.metadata.finalizers).to.have.members(finalizers);
      expect(body.metadata).to.include({ generation: 2, deletionGracePeriodSeconds: 0 });
      expect(body.metadata.deletionTimestamp).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    });

  it('again changes nothing but the policy, and the last one removes (K-295)', async () => {
    const { path } = await make();
    const first = await remove(`${path}?propagationPolicy=Foreground`);
    const again = await remove(path);
    expect(again.code).to.equal(200);
    expect(again.body).to.deep.equal(first.body);
    const orphan = await remove(`${path}?propagationPolicy=Orphan`);
    expect(orphan.body.metadata).to.deep.include({
      finalizers: ['orphan'],
      generation: 2,
      deletionTimestamp: first.body.metadata.deletionTimestamp,
    });
    const gone = await remove(`${path}?propagationPolicy=Background`);
    expect(gone.body).to.include({ kind: 'Status', status: 'Success' });
    expect((await ask(path)).code).to.equal(404);
  });

  for (const seconds of [0, 30, -1])
    it(`with a grace of ${seconds} seconds is done at once (K-296)`, async () => {
      const { path } = await make();
      expect((await remove(path, { gracePeriodSeconds: seconds })).body.status).to.equal('Success');
      expect((await ask(path)).code).to.equal(404);
    });

  it('is not prevented by a finalizer that comes between, but becomes a mark (K-300)', async () => {
    const { path } = await make();
    const [deleted, marked] = await Promise.all([remove(path), patch(path, { metadata: held })]);
    const { code, body } = await ask(path);
    // Whichever came first, no object with a finalizer was ever removed.
    if (marked.code === 200) {
      expect(code).to.equal(200);
      expect(body.metadata).to.include.keys('deletionTimestamp');
      expect(deleted.body.kind).to.equal(fixtureKind);
    } else expect([marked.code, code]).to.deep.equal([404, 404]);
  });

  it('of many that some hold marks those and removes the others, and shows all as they were (K-301, K-302)', async () => {
    const labels = { batch: 'one' };
    const [free, kept] = [await make({}, { labels }), await make({}, { labels, ...held })];
    const query = 'labelSelector=batch%3Done';
    const listed = await ask(`${fixturesPath}?${query}`);
    const dry = await remove(`${fixturesPath}?${query}&dryRun=All`);
    expect(dry.body.items).to.deep.equal(listed.body.items);
    expect((await ask(`${fixturesPath}?${query}`)).body.items).to.deep.equal(listed.body.items);
    const { code, body } = await remove(`${fixturesPath}?${query}`);
    expect(code).to.equal(200);
    expect(body).to.deep.include({ kind: `${fixtureKind}List`, items: listed.body.items });
    expect((await ask(free.path)).code).to.equal(404);
    expect((await ask(kept.path)).body.metadata).to.include.keys('deletionTimestamp');
  });

  it('of many selects by fields as well (K-206)', async () => {
    const { path } = await make({ app: 'rare' });
    await remove(`${fixturesPath}?fieldSelector=spec.app%3Drare`);
    expect((await ask(path)).code).to.equal(404);
  });

  it('that the last finalizer completes is one event, of what was stored last, under the revision of the deletion (K-223, K-306, K-307)', async () => {
    const { path, name } = await make({}, held);
    const { body: marked } = await remove(path);
    const watching = server.admin.watch(
      `${fixturesPath}?watch=1&resourceVersion=${marked.metadata.resourceVersion}&fieldSelector=metadata.name%3D${name}`,
      (events) => events.some(({ type }) => type === 'DELETED'),
    );
    const { code, body } = await patch(path, { metadata: { finalizers: null, labels: { new: 'x' } } });
    expect(code).to.equal(200);
    expect(body.metadata).to.deep.include({ labels: { new: 'x' }, resourceVersion: marked.metadata.resourceVersion });
    expect((await ask(path)).code).to.equal(404);
    const events = await watching;
    expect(events.map(({ type }) => type)).to.deep.equal(['DELETED']);
    const { metadata } = events[0].object;
    expect(metadata.finalizers).to.deep.equal(held.finalizers);
    expect(metadata).not.to.have.property('labels');
    expect(Number(metadata.resourceVersion)).to.equal(await kv.currentRevision(never));
  });

  it('is remembered by nobody: one of the same name has another uid, and the old one is a precondition that fails (K-291, K-337)', async () => {
    const { path, name, object } = await make();
    await remove(path);
    const { body: other } = await ask(fixturesPath, { body: fixtureObject(name) });
    expect(other.metadata.uid).not.to.equal(object.metadata.uid);
    const { code, body } = await remove(path, { preconditions: { uid: object.metadata.uid } });
    expect(code).to.equal(409);
    expect(body.details).to.deep.equal({ name, group: fixtureGroup, kind: fixtureKind });
    expect((await remove(path, { preconditions: { uid: other.metadata.uid } })).body.details).to.deep.equal({
      ...{ name, group: fixtureGroup, kind: fixturePlural, uid: other.metadata.uid },
    });
  });

  it('reads options in protobuf, whatever else is among them (K-111, K-125)', async () => {
    const { path } = await make();
    const typeMeta = Buffer.concat([Buffer.from('\n\x02v1\x12\x0d'), Buffer.from('DeleteOptions')]);
    // dryRun: All, and a field 200 that nobody knows.
    const options = Buffer.concat([Buffer.from('*\x03All'), Buffer.from([0xc0, 0x0c, 0x01])]);
    const body = Buffer.concat([
      Buffer.from('k8s\0\n'),
      Buffer.from([typeMeta.length]),
      typeMeta,
      Buffer.from([0x12, options.length]),
      options,
    ]);
    expect((await remove(path, body, 'application/vnd.kubernetes.protobuf')).code).to.equal(200);
    expect((await ask(path)).code).to.equal(200);
  });

  it('of an object may ask for its metadata only, and of many for that of all (K-123)', async () => {
    const { path } = await make({}, held);
    const accept = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json';
    expect((await ask(path, { method: 'DELETE', accept })).body.kind).to.equal('PartialObjectMetadata');
    await ask(path, { method: 'PATCH', type: merge, body: { metadata: { finalizers: null } } });
  });
});
