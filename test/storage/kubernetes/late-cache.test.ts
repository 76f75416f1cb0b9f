/**
 * A cache whose watch tells nothing, as one on a half-open connection does: what is asked for as it was is answered, what must be
 * current is read from storage, and nobody is told an older state than that of their question.
 */
import { expect } from 'chai';
import { EtcdStore } from '../../../storage/etcd/store.ts';
import { Keyspace } from '../../../storage/keys.ts';
import { MemoryStore } from '../../../storage/memory.ts';
import { FaultProxy } from '../../faults/fault-proxy.ts';
import { LaggingStore } from '../../make/lagging-store.ts';
import { keysOf, PodWorld, selecting, versionOf } from '../../make/pods.ts';
import { describeWithEtcd, freshKeyspace, startEtcd } from '../real-etcd.ts';
import { refusal } from './refusals.ts';

describe('while the watch on storage tells nothing', () => {
  let kv: LaggingStore;
  let world: PodWorld;
  /** How often storage was asked for progress, and for lists. */
  const asked = { progress: 0, lists: 0 };
  beforeEach(async function () {
    // The first to ask waits for three seconds, as Kubernetes has it.
    this.timeout(10_000);
    const beneath = new MemoryStore();
    kv = new LaggingStore(beneath);
    const [requestProgress, range] = [kv.requestProgress.bind(kv), kv.range.bind(kv)];
    kv.requestProgress = () => {
      asked.progress += 1;
      requestProgress();
    };
    kv.range = (request, signal) => {
      if (request.end) asked.lists += 1;
      return range(request, signal);
    };
    world = await PodWorld.open({ kv, keyspace: new Keyspace() });
    await world.create('first/bar');
    await world.now();
    kv.hold();
    await world.create('first/baz');
    Object.assign(asked, { progress: 0, lists: 0 });
    expect((await world.get('first/baz')).metadata.name).to.equal('baz');
  });
  afterEach(async () => {
    kv.release();
    await world.stop();
  });

  it('reads of the newest state are answered by storage itself (K-553, K-561)', async () => {
    expect(keysOf(await world.list())).to.deep.equal(['first/bar', 'first/baz']);
    const changed = await world.label('first/bar', { a: 'b' });
    await world.delete('first/baz');
    expect(versionOf(await world.get('first/bar'))).to.equal(versionOf(changed));
    expect(await refusal(world.get('first/baz'))).to.equal('404 NotFound');
    const listed = await world.list({ selection: selecting('first', 'a=b') });
    expect(keysOf(listed)).to.deep.equal(['first/bar']);
    expect(listed.revision).to.be.above(versionOf(changed));
    kv.release();
    await world.now();
    asked.lists = 0;
    expect(keysOf(await world.list())).to.deep.equal(['first/bar']);
    expect(asked.lists, 'lists from storage, once it has come').to.equal(0);
  });

  it('pages go on from storage, and show one state (K-553, K-555)', async () => {
    await world.create('first/foo');
    const first = await world.list({ limit: 1 });
    expect([keysOf(first), first.remaining]).to.deep.equal([['first/bar'], 2]);
    await world.create('first/beer');
    const second = await world.list({ limit: 2, continue: first.continue! });
    expect([keysOf(second), second.revision]).to.deep.equal([['first/baz', 'first/foo'], first.revision]);
  });

  it('storage is asked for progress until it comes, though nobody waits (K-554)', async () => {
    const before = asked.progress;
    while (asked.progress < before + 3) await new Promise((resolve) => setTimeout(resolve, 10));
    kv.release();
    await world.now();
    expect(keysOf(await world.list({ resourceVersion: 0 }))).to.deep.equal(['first/bar', 'first/baz']);
  });

  it('what need not be current is answered at once; what is to be newer than it has is 504 (K-552)', async () => {
    expect(keysOf(await world.list({ resourceVersion: 0 }))).to.deep.equal(['first/bar']);
    expect(await refusal(world.get('first/baz', 0))).to.equal('404 NotFound');
    const { revision } = await world.list();
    expect(await refusal(world.list({ resourceVersion: revision }))).to.equal('504 Timeout');
    const waiting = world.list({ resourceVersion: revision });
    kv.release();
    expect(keysOf(await waiting)).to.deep.equal(['first/bar', 'first/baz']);
  }).timeout(10_000);

  it('a revision that never was makes nothing late', async () => {
    kv.release();
    await world.now();
    expect(await refusal(world.list({ resourceVersion: 1e12, exact: true }))).to.equal('504 Timeout');
    asked.lists = 0;
    await world.list();
    expect(asked.lists).to.equal(0);
  }).timeout(10_000);

  it('a store that was replaced meanwhile is not read: that would be a false "not found"', async () => {
    const key = world.keyspace.ownKey('identity');
    await kv.txn({ when: [], perform: [{ put: key, value: Buffer.from('another') }] }, world.signal);
    expect(await refusal(world.list())).to.equal('503 ServiceUnavailable');
    expect(await refusal(world.get('first/bar'))).to.match(/^(429|503) /);
  });
});

describeWithEtcd('while the connection of the watch on etcd is half-open', () => {
  it('what is written elsewhere is read at once, and watched when there is another connection (K-553)', async function () {
    this.timeout(60_000);
    const etcd = await startEtcd();
    const keyspace = freshKeyspace();
    // The first connection is that of reads and writes; all others are of watches.
    let connections = 0;
    const proxy = await FaultProxy.open(Number(new URL(etcd.endpoint).port), 0, () =>
      connections++ ? 'watch' : 'calls',
    );
    const near = new EtcdStore({ endpoints: [`http://127.0.0.1:${proxy.port}`], keyspace });
    const far = new EtcdStore({ endpoints: [etcd.endpoint], keyspace });
    const [here, there] = [await PodWorld.open({ kv: near, keyspace }), await PodWorld.open({ kv: far, keyspace })];
    try {
      await there.create('first/bar');
      await here.now();
      expect(connections).to.be.above(1);
      proxy.silence('watch');
      const made = await there.create('first/baz');
      expect(versionOf(await here.get('first/baz'))).to.equal(versionOf(made));
      expect(keysOf(await here.list())).to.deep.equal(['first/bar', 'first/baz']);
      expect(keysOf(await here.list({ resourceVersion: 0 })), 'the cache itself').to.deep.equal(['first/bar']);
      await there.delete('first/bar');
      expect(await refusal(here.get('first/bar'))).to.equal('404 NotFound');
      proxy.heal();
      await here.now();
      expect(keysOf(await here.list({ resourceVersion: 0 }))).to.deep.equal(['first/baz']);
    } finally {
      await here.stop();
      await there.stop();
      await Promise.all([near.close(), far.close()]);
      await proxy.close();
      await etcd.remove();
    }
  });
});
