/**
 * What the etcd store promises on an etcd of several members, with TLS and client certificates, while members die, lead, lose each
 * other, fill their disks and wait for them: every call ends in time and tells the truth, watches go on, and nobody has to help.
 */
import { expect } from 'chai';
import { Compactor } from '../../storage/compactor.ts';
import type { StorageError } from '../../storage/errors.ts';
import type { EtcdOptions } from '../../storage/etcd/store.ts';
import type { Keyspace } from '../../storage/keys.ts';
import type { KeyValueStore, TxnResult, WatchBatch, WatchEvent } from '../../storage/kv.ts';
import { codeOf, eventsUntil, revisionOf } from '../contract/kv.ts';
import { EtcdCluster, straceInstalled } from '../faults/etcd-cluster.ts';
import { FaultProxy } from '../faults/fault-proxy.ts';
import { describeWithEtcd, freshKeyspace } from './real-etcd.ts';

const never = new AbortController().signal;

const put = (kv: KeyValueStore, key: string, value = 'x'): Promise<TxnResult> =>
  kv.txn({ when: [{ key, revision: 0 }], perform: [{ put: key, value: Buffer.from(value) }], otherwise: [key] }, never);

/** Tries until it is done: an election takes its time. */
async function eventually<T>(work: () => Promise<T>): Promise<T> {
  for (;;)
    try {
      return await work();
    } catch (error) {
      if (!['Unavailable', 'OutcomeUnknown'].includes((error as StorageError).code)) throw error;
    }
}

describeWithEtcd('the etcd store on three members', () => {
  let cluster: EtcdCluster;
  let keyspace: Keyspace;
  let at: (name: string) => string;
  let stores: KeyValueStore[];
  const open = (options: Partial<EtcdOptions> = {}): KeyValueStore => {
    const store = cluster.store({ keyspace, ...options });
    stores.push(store);
    return store;
  };

  before(async function () {
    this.timeout(30_000);
    cluster = await EtcdCluster.start();
  });
  after(() => cluster?.remove());
  beforeEach(async function () {
    this.timeout(60_000);
    keyspace = freshKeyspace();
    at = (name) => keyspace.prefix + name;
    stores = [];
    await settled();
  });
  afterEach(async function () {
    this.timeout(30_000);
    await Promise.all(stores.map((store) => store.close()));
    await cluster.heal();
  });

  /** Waits until every member takes writes, whatever the test before did to them. */
  async function settled(): Promise<void> {
    const aside = freshKeyspace();
    for (const { clientPort } of cluster.members) {
      const member = open({ endpoints: [`https://127.0.0.1:${clientPort}`], keyspace: aside });
      const perform = [{ put: `${aside.prefix}settled`, value: Buffer.from('x') }];
      await eventually(() => member.txn({ when: [], perform }, never));
      await member.close();
    }
  }

  /** Writes keys from many places at once while something happens; then all that was told is held against what is there. */
  async function writingWhile(kv: KeyValueStore, disturb: () => Promise<void>): Promise<Record<string, number>> {
    const told = new Map<string, string>();
    const from = (await eventually(() => put(kv, at('first')))).revision;
    let running = true;
    let name = 0;
    const writers = Array.from({ length: 4 }, async () => {
      while (running) {
        const key = at(`k${name++}`);
        const result = await put(kv, key).then(
          ({ succeeded }) => (succeeded ? 'written' : 'conflict'),
          (error: StorageError) => error.code,
        );
        told.set(key, result);
      }
    });
    const watch = open();
    const stop = new AbortController();
    const events: WatchEvent[] = [];
    const watching = (async () => {
      for await (const batch of watch.watch(keyspace.prefix, from, stop.signal)) events.push(...batch.events);
    })();
    try {
      await disturb();
      await eventually(() => kv.range({ start: at('first') }, never));
      // Reads may be well again before the first write is.
      await eventually(() => put(kv, at('k-back')));
      told.set(at('k-back'), 'written');
    } finally {
      running = false;
      await Promise.all(writers);
    }
    const last = await eventually(() => put(kv, at('last')).then(({ revision }) => revision));
    while (!events.some((event) => revisionOf(event) >= last)) await new Promise((resolve) => setImmediate(resolve));
    stop.abort();
    await watching;

    const { entries } = await kv.range({ start: at('k'), end: at('l') }, never);
    const there = new Set(entries.map(({ key }) => key));
    const counts: Record<string, number> = {};
    for (const [key, result] of told) {
      counts[result] = (counts[result] ?? 0) + 1;
      expect(result, key).to.be.oneOf(['written', 'OutcomeUnknown', 'Unavailable']);
      if (result === 'written') expect(there.has(key), `${key}, written`).to.equal(true);
      if (result === 'Unavailable') expect(there.has(key), `${key}, not written`).to.equal(false);
    }
    expect(
      entries.every(({ revision, createRevision }) => revision === createRevision),
      'each once',
    ).to.equal(true);
    const revisions = events.map(revisionOf);
    expect(revisions, 'in order, none twice').to.deep.equal([...new Set(revisions)].sort((a, b) => a - b));
    const missed = entries.filter(({ revision }) => !revisions.includes(revision));
    expect(
      missed.map(({ key }) => key),
      'told by the watch',
    ).to.deep.equal([]);
    return counts;
  }

  it('goes on when the leader is killed, and loses nothing', async function () {
    this.timeout(60_000);
    const counts = await writingWhile(open(), async () => {
      const leader = await cluster.leader();
      await leader.process.end('SIGKILL');
      await cluster.leader();
    });
    expect(counts.written).to.be.above(0);
  });

  it('goes on when the leader is stopped, which keeps its connections open', async function () {
    this.timeout(60_000);
    const kv = open({ requestTimeoutMs: 2000 });
    const counts = await writingWhile(kv, async () => {
      (await cluster.leader()).process.signal('SIGSTOP');
      await eventually(() => kv.range({ start: at('first') }, never));
    });
    expect(counts.written).to.be.above(0);
  });

  it('goes on while the lead is handed over again and again', async function () {
    this.timeout(60_000);
    const kv = open();
    const counts = await writingWhile(kv, async () => {
      for (let i = 0; i < 3; i++) {
        const leader = await cluster.leader();
        const next = cluster.members[(cluster.members.indexOf(leader) + 1) % 3]!;
        await cluster.ctl(leader, 'move-leader', await cluster.idOf(next));
        await eventually(() => kv.currentRevision(never));
      }
    });
    expect(counts.written).to.be.above(0);
  });

  it('is sure that a member without its peers writes nothing, and asks another one', async function () {
    this.timeout(60_000);
    const leader = await cluster.leader();
    const kv = open({ endpoints: [`https://127.0.0.1:${leader.clientPort}`], requestTimeoutMs: 3000 });
    await put(kv, at('before'));
    cluster.isolate(leader);
    // It leads until it notices; what it takes until then is not confirmed.
    let code = await codeOf(put(kv, at('unsure')));
    for (let i = 0; code === 'OutcomeUnknown'; i++) code = await codeOf(put(kv, at(`unsure${i}`)));
    expect(code).to.equal('Unavailable');
    expect(await codeOf(put(kv, at('refused')))).to.equal('Unavailable');
    expect(await codeOf(kv.range({ start: at('before') }, never)), 'nor does it read what may be old').to.equal(
      'Unavailable',
    );
    const several = open();
    expect((await eventually(() => several.range({ start: at('refused') }, never))).count).to.equal(0);
    expect((await eventually(() => put(several, at('elsewhere')))).succeeded).to.equal(true);
  });

  it('without a quorum refuses in time, and goes on by itself when there is one again', async function () {
    this.timeout(60_000);
    const kv = open({ requestTimeoutMs: 2000 });
    const from = (await put(kv, at('before'))).revision;
    const stop = new AbortController();
    const watch = kv.watch(keyspace.prefix, from, stop.signal)[Symbol.asyncIterator]();
    expect((await watch.next()).value.events.map(revisionOf)).to.deep.equal([from]);
    await Promise.all(cluster.members.slice(1).map(({ process }) => process.end('SIGKILL')));
    expect(await codeOf(put(kv, at('unsure')))).to.be.oneOf(['Unavailable', 'OutcomeUnknown']);
    expect(await codeOf(kv.range({ start: at('before') }, never))).to.equal('Unavailable');
    expect(await codeOf(kv.currentRevision(never))).to.equal('Unavailable');
    await cluster.heal();
    const { revision } = await eventually(() => put(kv, at('after')));
    const events: WatchEvent[] = [];
    while (!events.some((event) => revisionOf(event) === revision)) events.push(...(await watch.next()).value.events);
    const { entries } = await kv.range({ start: keyspace.prefix, end: `${keyspace.prefix}~` }, never);
    expect(events.map(revisionOf)).to.deep.equal(
      entries
        .map((entry) => entry.revision)
        .filter((each) => each > from)
        .sort((a, b) => a - b),
    );
    stop.abort();
    await watch.next();
  });

  it('leaves connections on which nothing is heard any more, with calls and watches', async function () {
    this.timeout(60_000);
    const proxies = await Promise.all(cluster.members.map(({ clientPort }) => FaultProxy.open(clientPort)));
    try {
      const endpoints = proxies.map(({ port }) => `https://127.0.0.1:${port}`);
      const kv = open({ endpoints, requestTimeoutMs: 2000 });
      const { revision: from } = await put(kv, at('a'));
      const stop = new AbortController();
      const watch = kv.watch(keyspace.prefix, from, stop.signal)[Symbol.asyncIterator]();
      await watch.next();
      for (const proxy of proxies) proxy.freeze();
      expect(await codeOf(put(kv, at('unsure')))).to.equal('OutcomeUnknown');
      const { revision } = await put(kv, at('b'));
      expect((await watch.next()).value.events.map(revisionOf), 'after its keep-alive').to.deep.equal([revision]);
      stop.abort();
      await watch.next();
    } finally {
      await Promise.all(stores.map((store) => store.close()));
      await Promise.all(proxies.map((proxy) => proxy.close()));
    }
  });

  it('asks nobody again who was waited for in vain', async function () {
    this.timeout(60_000);
    const proxies = await Promise.all(cluster.members.map(({ clientPort }) => FaultProxy.open(clientPort)));
    try {
      const kv = open({ endpoints: proxies.map(({ port }) => `https://127.0.0.1:${port}`) });
      const { revision } = await put(kv, at('a'));
      for (const proxy of proxies) proxy.freeze();
      const patience = AbortSignal.timeout(2500);
      expect(await kv.currentRevision(patience).catch((reason: Error) => reason.name)).to.equal('TimeoutError');
      // The connection that is silent would keep this one waiting just as long.
      expect(await kv.currentRevision(AbortSignal.timeout(2500))).to.be.at.least(revision);
    } finally {
      await Promise.all(stores.map((store) => store.close()));
      await Promise.all(proxies.map((proxy) => proxy.close()));
    }
  });

  it('has a deadline where disks are slow, and a late write is there once', async function () {
    this.timeout(60_000);
    if (!straceInstalled) {
      console.log('        left out: needs strace');
      this.skip();
    }
    const hasty = open({ requestTimeoutMs: 500 });
    await put(hasty, at('before'));
    await Promise.all(cluster.members.map((member) => cluster.slowDisk(member, 1500)));
    const codes: string[] = [];
    // strace needs a moment to get hold of every thread.
    for (let i = 0; !codes.includes('OutcomeUnknown'); i++) codes.push(await codeOf(put(hasty, at(`late${i}`))));
    await cluster.heal();
    const patient = open();
    for (const i of codes.keys())
      expect(await eventually(() => codeOf(put(patient, at(`late${i}`), 'again')))).to.equal('no error');
    const { entries } = await patient.range({ start: at('late'), end: at('latf') }, never);
    expect(entries.map(({ revision, createRevision }) => revision - createRevision)).to.deep.equal(codes.map(() => 0));
  });

  it('is compacted by one of two that would, turn by turn, and both learn of it (K-548)', async () => {
    const [one, two] = [open(), open()].map((kv) => new Compactor({ kv, keyspace })) as [Compactor, Compactor];
    const kv = open();
    const compacted: number[][] = [];
    for (let turn = 0; turn < 5; turn++) {
      await put(kv, at(`k${turn}`));
      const turns = await Promise.all([one.turn(never), two.turn(never)]);
      compacted.push(turns.filter((revision) => revision !== undefined));
    }
    expect(compacted.map((revisions) => revisions.length)).to.deep.equal([0, 1, 1, 1, 1]);
    expect(compacted.flat()).to.deep.equal(compacted.flat().toSorted((a, b) => a - b));
    const last = compacted.at(-1)![0]!;
    expect(await codeOf(kv.range({ start: at('k0'), revision: last - 1 }, never))).to.equal('Compacted');
    expect((await kv.range({ start: at('k0'), revision: last }, never)).entries).to.have.length(1);
  });

  it('tells a watch that is compacted beyond so, whatever member it is on, and others go on', async () => {
    const kv = open();
    const { revision: from } = await put(kv, at('a'));
    const stop = new AbortController();
    const watch = kv.watch(keyspace.prefix, from, stop.signal)[Symbol.asyncIterator]();
    await watch.next();
    const { revision } = await put(kv, at('b'));
    await kv.compact(revision, never);
    for (const { clientPort } of cluster.members) {
      const member = open({ endpoints: [`https://127.0.0.1:${clientPort}`] });
      await member.currentRevision(never);
      expect(await codeOf(eventsUntil(member, keyspace.prefix, from, revision))).to.equal('Compacted');
    }
    expect((await watch.next()).value.events.map(revisionOf)).to.deep.equal([revision]);
    stop.abort();
    await watch.next();
  });
});

describeWithEtcd('the etcd store on three members without space', () => {
  it('reads and watches on, and writes again by itself when an administrator has made room', async function () {
    this.timeout(60_000);
    const cluster = await EtcdCluster.start({ flags: ['--quota-backend-bytes=2000000'] });
    const keyspace = freshKeyspace();
    const kv = cluster.store({ keyspace });
    try {
      const key = `${keyspace.prefix}large`;
      const overwrite = () => kv.txn({ when: [], perform: [{ put: key, value: Buffer.alloc(100_000, 'v') }] }, never);
      const from = (await overwrite()).revision;
      const stop = new AbortController();
      const watch = kv.watch(keyspace.prefix, from, stop.signal)[Symbol.asyncIterator]();
      await watch.next();
      let code = 'no error';
      for (let i = 0; i < 100 && code === 'no error'; i++) code = await codeOf(overwrite());
      expect(code).to.equal('NoSpace');
      expect((await kv.status(never)).alarm).to.equal('NOSPACE');
      const newest = (await kv.range({ start: key }, never)).entries[0]!.revision;
      // As etcd's documents tell administrators to. Our own compaction is refused no more than theirs.
      await kv.compact(newest, never);
      for (const member of cluster.members) await cluster.ctl(member, 'defrag');
      await cluster.ctl(cluster.members[0]!, 'alarm', 'disarm');
      const { revision } = await eventually(overwrite);
      const events: WatchEvent[] = [];
      while (!events.some((event) => revisionOf(event) === revision))
        events.push(...((await watch.next()).value as WatchBatch).events);
      expect(events.map(revisionOf)).to.deep.equal(Array.from({ length: revision - from }, (_, i) => from + 1 + i));
      expect((await kv.status(never)).alarm).to.equal(undefined);
      stop.abort();
      await watch.next();
    } finally {
      await kv.close();
      await cluster.remove();
    }
  });
});
