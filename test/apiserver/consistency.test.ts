/**
 * A watch cache that is compared with its storage: what is counted, and what becomes of one that is wrong.
 */
import { expect } from 'chai';
import { Metrics } from '../../openapi/machinery/metrics.ts';
import { StorageError } from '../../storage/errors.ts';
import { MemoryStore } from '../../storage/memory.ts';
import { keyOf } from '../../storage/watch-hub.ts';
import { appDocument, appsPath } from '../make/documents.ts';
import { LaggingStore } from '../make/lagging-store.ts';
import { startServer, type TestServer, until } from './serving.ts';

const never = new AbortController().signal;
const root = '/registry/kubedirector.bluedata.io/kubedirectorapps/';

describe('the watch cache, compared with storage (K-564)', () => {
  let kv: LaggingStore;
  let metrics: Metrics;
  let server: TestServer;
  beforeEach(async () => {
    kv = new LaggingStore(new MemoryStore());
    metrics = new Metrics();
    server = await startServer({ kv, metrics });
  });
  afterEach(() => server.stop());

  const create = (name: string) => server.admin.ask(appsPath, { body: appDocument(name) });
  const check = () => server.registries.checker.check(never);
  const outcomes = () => server.registries.checker.outcomes.get(root);
  const names = async () => {
    const { code, body } = await server.admin.ask(appsPath);
    return code === 200 ? body.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name) : [];
  };

  it('is left alone when it shows what is stored', async () => {
    for (const name of ['a', 'b', 'c']) await create(name);
    await server.admin.ask(`${appsPath}/b`, { method: 'DELETE' });
    expect(await names()).to.deep.equal(['a', 'c']);
    expect(await check()).to.deep.equal([]);
    expect(outcomes()).to.deep.equal({ success: 1, failure: 0, error: 0 });
    expect(server.registries.cache.ready).to.equal(true);
  });

  it('is compared at the revision that it shows, however late that is', async () => {
    await create('a');
    expect(await names()).to.deep.equal(['a']);
    kv.hold();
    await create('b');
    expect(await check()).to.deep.equal([]);
    kv.release();
  });

  for (const [what, lost, shown, difference] of [
    ['a new object', 'b', ['a', 'b', 'c'], { cached: false, stored: true }],
    ['a change', 'a', ['a', 'b', 'c'], { cached: true, stored: true }],
    ['a deletion', 'c', ['a', 'b'], { cached: true, stored: false }],
  ] as const)
    it(`is filled anew when it has missed ${what}, which it names`, async () => {
      await create('a');
      await create('c');
      await names();
      kv.loses = (event) => keyOf(event) === `${root}default/${lost}`;
      await create('b');
      await server.admin.ask(`${appsPath}/a`, {
        method: 'PATCH',
        type: 'application/merge-patch+json',
        body: { metadata: { labels: { changed: 'yes' } } },
      });
      if (lost === 'c') await server.admin.ask(`${appsPath}/c`, { method: 'DELETE' });
      await names();
      const found = await check();
      expect(found.map(({ key }) => key)).to.deep.equal([`${root}default/${lost}`]);
      const { cached, stored } = found[0]!;
      expect({ cached: cached !== undefined, stored: stored !== undefined }).to.deep.equal(difference);
      expect(outcomes()).to.include({ failure: 1 });
      expect(server.registries.cache.obstacle, 'nothing is answered from it').to.contain(`${root}default/${lost}`);
      kv.loses = () => false;
      await until(() => server.registries.cache.ready, 'it is filled');
      expect(await names()).to.deep.equal(shown);
      expect(await check()).to.deep.equal([]);
    });

  it('is not called wrong when storage does not answer', async () => {
    await create('a');
    await names();
    const range = kv.range.bind(kv);
    kv.range = () => Promise.reject(new StorageError('Unavailable', 'away'));
    expect(await check()).to.deep.equal([]);
    kv.range = range;
    expect(outcomes()).to.deep.equal({ success: 0, failure: 0, error: 1 });
    expect(server.registries.cache.ready).to.equal(true);
  });

  it('tells how large it is and how it was judged, under the names of Kubernetes (K-588, K-596)', async () => {
    await create('a');
    await create('b');
    await names();
    await check();
    const { text } = await server.admin.ask('/metrics');
    const of = (more = '') => `{group="kubedirector.bluedata.io",resource="kubedirectorapps"${more}}`;
    expect(text.split('\n')).to.include.members([
      'apiserver_storage_objects{resource="kubedirectorapps.kubedirector.bluedata.io"} 2',
      `apiserver_resource_objects${of()} 2`,
      `apiserver_watch_cache_initializations_total${of()} 1`,
      `apiserver_watch_cache_events_received_total${of()} 2`,
      `apiserver_terminated_watchers_total${of()} 0`,
      `apiserver_watch_cache_resource_version${of()} ${server.registries.cache.revision}`,
      `apiserver_storage_consistency_checks_total${of(',status="success"')} 1`,
      `apiserver_storage_consistency_checks_total${of(',status="failure"')} 0`,
      `watch_cache_capacity${of()} 2`,
      `kubedirector_watch_cache_watchers${of()} 0`,
    ]);
    const [{ bytes }] = [server.registries.find('kubedirector.bluedata.io', 'kubedirectorapps')!.cache];
    expect(text).to.contain(`kubedirector_watch_cache_object_bytes${of()} ${bytes}\n`);
    const { text: list } = await server.admin.ask(appsPath);
    expect(bytes).to.be.within(list.length * 0.8, list.length);
  });

  it('counts watches while they are open', async () => {
    const { cache } = server.registries.find('kubedirector.bluedata.io', 'kubedirectorapps')!;
    const watching = server.admin.watch(`${appsPath}?watch=1`, (events) => events.length === 1);
    await until(() => cache.watchers === 1, 'the watch is open');
    await create('a');
    await watching;
    await until(() => cache.watchers === 0, 'the watch is over');
  });
});
