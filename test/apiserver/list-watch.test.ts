/**
 * Get, list and watch, over HTTP, at the consistency that the request asks for.
 */
import { expect } from 'chai';
import { MemoryStore } from '../../storage/memory.ts';
import { appDocument, appsPath, clusterDocument, clustersPath, publishedClustersPath } from '../make/documents.ts';
import { startServer, type TestServer, until } from './serving.ts';

const tableAccept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
const all = '/apis/kubedirector.bluedata.io/v1beta1/kubedirectorclusters';
const elsewhere = clustersPath.replace('/default/', '/elsewhere/');

describe('reading', () => {
  let server: TestServer;
  beforeEach(async () => {
    server = await startServer();
    await server.admin.ask(appsPath, { body: appDocument() });
  });
  afterEach(() => server.stop());
  const ask = (path: string, accept?: string) => server.admin.ask(path, accept === undefined ? {} : { accept });
  const create = async (name: string, labels: object = {}, path = clustersPath) =>
    (await server.admin.ask(path, { body: clusterDocument(name, {}, { labels }) })).body;
  const label = (name: string, labels: object) =>
    server.admin.ask(`${clustersPath}/${name}`, {
      method: 'PATCH',
      body: { metadata: { labels } },
      type: 'application/merge-patch+json',
    });
  const names = (body: { items: { metadata: { name: string } }[] }) => body.items.map(({ metadata }) => metadata.name);
  // biome-ignore lint/suspicious/noExplicitAny: events hold objects of every shape
  const told = (events: any[]) => events.map(({ type, object }) => `${type} ${object.metadata?.name ?? ''}`.trim());

  it('one object gives 404 when it is not there (K-363)', async () => {
    const { code, body } = await ask(`${clustersPath}/c9`);
    expect(code).to.equal(404);
    expect(body.message).to.equal('kubedirectorclusters.kubedirector.bluedata.io "c9" not found');
  });

  it('a revision that has not come waits and then says so (K-171, K-384)', async () => {
    const { code, body, headers } = await ask(`${clustersPath}/c9?resourceVersion=99999999`);
    expect(code).to.equal(504);
    expect(headers['retry-after']).to.equal('1');
    expect(body.details.causes[0].reason).to.equal('ResourceVersionTooLarge');
  });

  it('shows every write at once, to anybody (K-188, K-561)', async () => {
    for (let i = 0; i < 30; i += 1) {
      const { metadata } = await create(`c${i}`);
      const { body } = await ask(clustersPath);
      expect(names(body)).to.include(metadata.name);
      expect(Number(body.metadata.resourceVersion)).to.be.at.least(Number(metadata.resourceVersion));
    }
  });

  it('a list is in the order of namespaces and names, and an array even when empty (K-173, K-174)', async () => {
    expect((await ask(clustersPath)).body.items).to.deep.equal([]);
    await create('b');
    await create('a');
    await server.admin.ask(appsPath.replace('/default/', '/elsewhere/'), { body: appDocument() });
    await create('a', {}, elsewhere);
    const { body } = await ask(all);
    expect(body.kind).to.equal('KubeDirectorClusterList');
    expect(
      body.items.map(
        ({ metadata }: { metadata: { namespace: string; name: string } }) => `${metadata.namespace}/${metadata.name}`,
      ),
    ).to.deep.equal(['default/a', 'default/b', 'elsewhere/a']);
  });

  it('pages of a list show one revision, whatever happens between them (K-176, K-177, K-180)', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) await create(name);
    const first = (await ask(`${clustersPath}?limit=2`)).body;
    expect(names(first)).to.deep.equal(['a', 'b']);
    expect(first.metadata.remainingItemCount).to.equal(3);
    await server.admin.ask(`${clustersPath}/c`, { method: 'DELETE' });
    await create('cc');
    const second = (await ask(`${clustersPath}?limit=2&continue=${first.metadata.continue}`)).body;
    expect(names(second)).to.deep.equal(['c', 'd']);
    expect(second.metadata.resourceVersion).to.equal(first.metadata.resourceVersion);
    const third = (await ask(`${clustersPath}?limit=2&continue=${second.metadata.continue}`)).body;
    expect(names(third)).to.deep.equal(['e']);
    expect(third.metadata).to.have.all.keys('resourceVersion');
  });

  it('an exact revision is read from history (K-194)', async () => {
    const { metadata } = await create('a');
    await create('b');
    const { body } = await ask(
      `${clustersPath}?resourceVersion=${metadata.resourceVersion}&resourceVersionMatch=Exact`,
    );
    expect(names(body)).to.deep.equal(['a']);
    expect(body.metadata.resourceVersion).to.equal(metadata.resourceVersion);
  });

  it('pages with selectors count what matches and tell no remainder (K-177, K-178)', async () => {
    for (const [i, name] of ['a', 'b', 'c', 'd'].entries()) await create(name, { parity: i % 2 ? 'odd' : 'even' });
    const first = (await ask(`${clustersPath}?limit=1&labelSelector=parity%3Dodd`)).body;
    expect(names(first)).to.deep.equal(['b']);
    expect(first.metadata).not.to.have.property('remainingItemCount');
    const second = (await ask(`${clustersPath}?limit=1&labelSelector=parity%3Dodd&continue=${first.metadata.continue}`))
      .body;
    expect(names(second)).to.deep.equal(['d']);
    expect(second.metadata).not.to.have.property('continue');
  });

  for (const [query, code, text, row] of [
    [
      'resourceVersionMatch=Exact',
      422,
      'resourceVersionMatch is forbidden unless resourceVersion is provided',
      'K-196',
    ],
    [
      'resourceVersion=0&resourceVersionMatch=Exact',
      422,
      'resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
      'K-195',
    ],
    ['resourceVersion=1&resourceVersionMatch=Bogus', 422, 'resourceVersionMatch: Unsupported value: "Bogus"', 'K-197'],
    ['resourceVersion=abc', 400, 'invalid resource version: resourceVersion: Invalid value: "abc"', 'K-198'],
    ['sendInitialEvents=true', 422, 'sendInitialEvents is forbidden for list', 'K-199'],
    ['limit=abc', 400, 'strconv.ParseInt: parsing "abc": invalid syntax', 'K-136'],
    ['continue=junk', 400, 'invalid continue token: continue key is not valid', 'K-182'],
    ['labelSelector=%3Da', 400, "found '=', expected: !, identifier, or 'end of string'", 'K-202'],
    ['fieldSelector=junk', 400, "invalid selector: 'junk'; can't understand 'junk'", 'K-203'],
    ['fieldSelector=spec.foo%3Da', 400, 'field label not supported: spec.foo', 'K-204'],
    [
      'watch=1&sendInitialEvents=true',
      422,
      'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
      'K-212',
    ],
    [
      'watch=1&resourceVersionMatch=NotOlderThan',
      422,
      'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
      'K-215',
    ],
  ] as const)
    it(`refuses ?${query} in Kubernetes' words (${row})`, async () => {
      const answer = await ask(`${clustersPath}?${query}`);
      expect(answer.code).to.equal(code);
      expect(answer.body.message).to.contain(text);
    });

  it('selects by the fields that the kind declares (K-203, K-204)', async () => {
    await create('a');
    await create('b');
    expect(names((await ask(`${clustersPath}?fieldSelector=metadata.name%3Db`)).body)).to.deep.equal(['b']);
    expect(
      names((await ask(`${clustersPath}?fieldSelector=spec.app%3Ddemo-app,metadata.name!%3Db`)).body),
    ).to.deep.equal(['a']);
  });

  it('a table has a row for each object and knows its age (K-481, K-484, K-485, K-486, K-487)', async () => {
    await create('a');
    const { body } = await ask(clustersPath, tableAccept);
    expect(body).to.include({ kind: 'Table', apiVersion: 'meta.k8s.io/v1' });
    expect(
      body.columnDefinitions
        .filter(({ priority }: { priority: number }) => priority === 0)
        .map(({ name }: { name: string }) => name),
    ).to.deep.equal(['Name', 'App', 'State', 'Members', 'Age']);
    const [row] = body.rows;
    expect(row.cells).to.have.length(body.columnDefinitions.length);
    expect(row.cells.at(-1)).to.match(/^\ds$/);
    expect(row.object).to.include({ kind: 'PartialObjectMetadata' }).and.not.to.have.property('spec');
  });

  it('metadata alone is served as such (K-117, K-118)', async () => {
    await create('a');
    const one = await ask(`${clustersPath}/a`, 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1');
    expect(Object.keys(one.body)).to.have.members(['kind', 'apiVersion', 'metadata']);
    const list = await ask(clustersPath, 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1');
    expect(list.body.kind).to.equal('PartialObjectMetadataList');
    expect(list.body.items[0].metadata.name).to.equal('a');
  });

  for (const [accept, code, row] of [
    ['application/vnd.kubernetes.protobuf', 406, 'K-104'],
    ['application/vnd.kubernetes.protobuf, */*', 200, 'K-104'],
    ['application/json;as=Table;v=v9;g=meta.k8s.io,application/json', 200, 'K-102'],
    ['application/cbor', 406, 'K-132'],
    ['application/json;q=0.9,application/cbor;q=1', 200, 'K-132'],
    ['application/yaml', 200, 'K-101'],
  ] as const)
    it(`answers ${code} to Accept: ${accept} (${row})`, async () => {
      await create('a');
      expect((await ask(`${clustersPath}/a`, accept)).code).to.equal(code);
    });

  describe('a watch', () => {
    it('begins with what is there, then tells what happens, in order and once (K-209, K-222)', async () => {
      await create('a');
      const watching = server.admin.watch(`${clustersPath}?watch=1`, (events) => events.length === 5);
      await until(() => server.registries.cache.ready, 'the cache is filled');
      await create('b');
      await label('a', { x: 'y' });
      await server.admin.ask(`${clustersPath}/b`, { method: 'DELETE' });
      await create('c');
      const events = await watching;
      expect(told(events)).to.include.members(['MODIFIED a', 'DELETED b', 'ADDED c']);
      const versions = events.slice(1).map(({ object }) => Number(object.metadata.resourceVersion));
      expect(versions).to.deep.equal([...versions].sort((x, y) => x - y));
    });

    it('after a list misses nothing and repeats nothing (K-175, K-211)', async () => {
      await create('a');
      const { body } = await ask(clustersPath);
      await create('b');
      await label('a', { x: 'y' });
      const events = await server.admin.watch(
        `${clustersPath}?watch=1&resourceVersion=${body.metadata.resourceVersion}`,
        (seen) => seen.length === 2,
      );
      expect(told(events)).to.deep.equal(['ADDED b', 'MODIFIED a']);
    });

    it('ends the initial part with a bookmark when it is asked for (K-212)', async () => {
      await create('a');
      const query = 'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
      const events = await server.admin.watch(`${clustersPath}?${query}`, (seen) => seen.length === 2);
      expect(told(events)).to.deep.equal(['ADDED a', 'BOOKMARK']);
      expect(events[1].object.metadata.annotations).to.deep.equal({ 'k8s.io/initial-events-end': 'true' });
    });

    it('tells of objects that come into and leave its selection (K-220)', async () => {
      await create('a', { t: 'x' });
      const { body } = await ask(clustersPath);
      const since = body.metadata.resourceVersion;
      const left = (await label('a', { t: 'y' })).body;
      await label('a', { t: 'y', u: 'z' });
      await label('a', { t: 'x' });
      const events = await server.admin.watch(
        `${clustersPath}?watch=1&labelSelector=t%3Dx&resourceVersion=${since}`,
        (seen) => seen.length === 2,
      );
      expect(told(events)).to.deep.equal(['DELETED a', 'ADDED a']);
      expect(events[0].object.metadata.labels).to.deep.equal({ t: 'x' });
      expect(events[0].object.metadata.resourceVersion).to.equal(left.metadata.resourceVersion);
    });

    it('tells of a deletion under the revision of the deletion (K-221)', async () => {
      const { metadata } = await create('a');
      await server.admin.ask(`${clustersPath}/a`, { method: 'DELETE' });
      const [event] = await server.admin.watch(
        `${clustersPath}?watch=1&resourceVersion=${metadata.resourceVersion}`,
        (seen) => seen.length === 1,
      );
      expect(event.type).to.equal('DELETED');
      expect(Number(event.object.metadata.resourceVersion)).to.be.above(Number(metadata.resourceVersion));
    });

    it('from a forgotten revision is one error event, code 410 (K-217)', async () => {
      const kv = new MemoryStore();
      const { revision } = await kv.txn(
        { when: [], perform: [{ put: '/elsewhere', value: Buffer.from('x') }] },
        AbortSignal.timeout(1000),
      );
      const late = await startServer({ kv });
      const events = await late.admin.watch(`${all}?watch=1&resourceVersion=${revision - 1}`, () => false);
      expect(events).to.have.length(1);
      expect(events[0].type).to.equal('ERROR');
      expect(events[0].object).to.include({ code: 410, reason: 'Expired' });
      expect(events[0].object.message).to.match(/^too old resource version: \d+ \(\d+\)$/);
      await late.stop();
    });

    it('speaks the version that it is asked in', async () => {
      await create('a');
      const [event] = await server.admin.watch(`${publishedClustersPath}?watch=1`, (seen) => seen.length === 1);
      expect(event.object.apiVersion).to.equal('kubedirector.bluedata.io/v1alpha1');
      expect(event.object.spec.roles[0]).to.have.property('name');
    });

    it('of one name sees that object only (K-210, K-499)', async () => {
      await create('a');
      await create('b');
      const events = await server.admin.watch(
        `${clustersPath}?watch=1&resourceVersion=0&fieldSelector=metadata.name%3Db`,
        (seen) => seen.length === 1,
      );
      expect(told(events)).to.deep.equal(['ADDED b']);
    });

    it('ends cleanly when its time is over, telling how far it came (K-131, K-208, K-224)', async () => {
      const events = await server.admin.watch(
        `${clustersPath}?watch=1&timeoutSeconds=1&allowWatchBookmarks=true`,
        () => false,
      );
      expect(told(events)).to.deep.equal(['BOOKMARK']);
    });

    it('ends cleanly when the server stops (K-228)', async () => {
      const watching = server.admin.watch(`${clustersPath}?watch=1`, () => false);
      await create('a');
      const stopping = server.stop();
      expect(told(await watching)).to.deep.equal(['ADDED a']);
      await stopping;
      server = await startServer();
    });
  });
});
