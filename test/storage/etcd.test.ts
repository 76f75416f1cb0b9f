/** What the etcd store promises beyond the contract: it tells the truth over broken connections, full disks and lost histories. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { StorageError } from '../../storage/errors.ts';
import { answersSoundly } from '../../storage/etcd/progress.ts';
import type { EtcdOptions } from '../../storage/etcd/store.ts';
import { EtcdStore } from '../../storage/etcd/store.ts';
import type { Keyspace } from '../../storage/keys.ts';
import type { KeyValueStore, WatchBatch, WatchEvent } from '../../storage/kv.ts';
import { codeOf, eventsUntil, revisionOf } from '../contract/kv.ts';
import type { Identity } from './certificates.ts';
import { makeIdentity } from './certificates.ts';
import type { CuttingProxy } from './cutting-proxy.ts';
import { cuttingProxy } from './cutting-proxy.ts';
import { temporaryFolder } from './folder.ts';
import type { RealEtcd } from './real-etcd.ts';
import { describeWithEtcd, freePorts, freshKeyspace, startEtcd } from './real-etcd.ts';

const never = new AbortController().signal;

const put = (kv: KeyValueStore, key: string, value: string | Buffer = 'x') =>
  kv.txn(
    { when: [{ key, revision: 0 }], perform: [{ put: key, value: Buffer.from(value as string) }], otherwise: [key] },
    never,
  );

async function errorOf(work: Promise<unknown>): Promise<StorageError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof StorageError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describeWithEtcd('the etcd store', () => {
  let etcd: RealEtcd;
  let proxy: CuttingProxy;
  let keyspace: Keyspace;
  let at: (name: string) => string;
  /** Through the proxy. */
  let kv: KeyValueStore;
  /** Past it. */
  let direct: KeyValueStore;
  let stores: KeyValueStore[];

  const open = (options: Partial<EtcdOptions> = {}): KeyValueStore => {
    const store = new EtcdStore({ endpoints: [proxy.endpoint], keyspace, ...options });
    stores.push(store);
    return store;
  };

  before(async () => {
    etcd = await startEtcd();
  });
  after(() => etcd?.remove());
  beforeEach(async () => {
    stores = [];
    proxy = await cuttingProxy(etcd.endpoint);
    keyspace = freshKeyspace();
    at = (name) => keyspace.prefix + name;
    kv = open();
    direct = open({ endpoints: [etcd.endpoint] });
  });
  afterEach(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await proxy.close();
  });

  describe('whose watch is cut off', () => {
    it('in the midst of a long history loses no event and repeats none', async function () {
      this.timeout(30_000);
      const from = (await direct.currentRevision(never)) + 1;
      const count = 2500;
      for (let i = 0; i < count; i += 100)
        await Promise.all(Array.from({ length: 100 }, (_, j) => put(direct, at(`k${i + j}`), Buffer.alloc(2000, 'v'))));
      const until = from + count - 1;
      let batches = 0;
      proxy.cutAfter(300_000);
      const events = await eventsUntil(kv, keyspace.prefix, from, until, () => {
        // Mid-response, at the beginning of one, and soon after the answer to the creation.
        const next = [700_000, 1_500_000, 200, 40_000][batches++];
        if (next) proxy.cutAfter(next);
      });
      expect(events.map(revisionOf)).to.deep.equal(Array.from({ length: count }, (_, i) => from + i));
      expect(proxy.connections).to.be.greaterThan(3);
    });

    it('while others write loses no event and repeats none', async function () {
      this.timeout(30_000);
      const from = (await direct.currentRevision(never)) + 1;
      const count = 600;
      const watching = eventsUntil(kv, keyspace.prefix, from, from + count - 1);
      for (let i = 0; i < count; i += 20) {
        await Promise.all(Array.from({ length: 20 }, (_, j) => put(direct, at(`k${i + j}`))));
        if (i % 60 === 0) proxy.cut();
        if (i % 100 === 80) proxy.cutAfter(1500);
      }
      const events = await watching;
      expect(events.map(revisionOf)).to.deep.equal(Array.from({ length: count }, (_, i) => from + i));
      expect(proxy.connections).to.be.greaterThan(2);
    });

    it('never hands on part of a revision, however large its answer', async function () {
      this.timeout(30_000);
      const from = (await direct.currentRevision(never)) + 1;
      const large = Buffer.alloc(10_000, 'v');
      let until = 0;
      for (let i = 0; i < 30; i++)
        until = (
          await direct.txn(
            {
              when: [],
              perform: Array.from({ length: 100 }, (_, j) => ({ put: at(`r${i}/k${j}`), value: large })),
            },
            never,
          )
        ).revision;
      const batches: WatchBatch[] = [];
      const events = await eventsUntil(kv, keyspace.prefix, from, until, (batch) => batches.push(batch));
      expect(events).to.have.length(3000);
      const sizes = batches.map((batch) => batch.events.length);
      expect(
        sizes.every((size) => size % 100 === 0),
        `batches of ${sizes}`,
      ).to.equal(true);
    });

    it('and then compacted beyond says so', async () => {
      const from = (await put(direct, at('a'))).revision;
      const watch = kv.watch(keyspace.prefix, from, never)[Symbol.asyncIterator]();
      expect((await watch.next()).value.events).to.have.length(1);
      proxy.stall();
      proxy.cut();
      await put(direct, at('b'));
      const { revision } = await put(direct, at('c'));
      await direct.compact(revision, never);
      proxy.goOn();
      expect(await codeOf(watch.next())).to.equal('Compacted');
    });

    it('goes on when etcd was killed and started again', async function () {
      this.timeout(30_000);
      const from = (await put(direct, at('a'))).revision;
      const stop = new AbortController();
      const watch = direct.watch(keyspace.prefix, from, stop.signal)[Symbol.asyncIterator]();
      const events: WatchEvent[] = [...(await watch.next()).value.events];
      await etcd.stop('SIGKILL');
      expect(await codeOf(direct.range({ start: at('a') }, never))).to.equal('Unavailable');
      await etcd.start();
      const { revision } = await put(open({ endpoints: [etcd.endpoint] }), at('b'));
      while (events.length < 2) events.push(...(await watch.next()).value.events);
      expect(events.map(revisionOf)).to.deep.equal([from, revision]);
      expect((await direct.range({ start: at('b') }, never)).entries).to.have.length(1);
      stop.abort();
      await watch.next();
    });
  });

  describe('whose calls are cut off', () => {
    it('never reports a conflict that is its own doing, and says when it does not know', async function () {
      this.timeout(30_000);
      const told = new Map<string, string>();
      let name = 0;
      await Promise.all(
        Array.from({ length: 8 }, async () => {
          while (name < 400) {
            const mine = name++;
            if (mine % 9 === 0) proxy.cut();
            if (mine % 50 === 25) proxy.cutAfter(60);
            const key = at(`k${mine}`);
            const result = await put(kv, key, String(mine)).then(
              ({ succeeded }) => (succeeded ? 'written' : 'conflict'),
              (error: StorageError) => error.code,
            );
            told.set(key, result);
          }
        }),
      );
      const { entries } = await direct.range({ start: at('k'), end: at('l') }, never);
      const there = new Set(entries.map(({ key }) => key));
      const counts: Record<string, number> = {};
      for (const [key, result] of told) {
        counts[result] = (counts[result] ?? 0) + 1;
        expect(result, key).to.be.oneOf(['written', 'OutcomeUnknown', 'Unavailable']);
        if (result === 'written') expect(there.has(key), `${key}, written`).to.equal(true);
        if (result === 'Unavailable') expect(there.has(key), `${key}, not written`).to.equal(false);
      }
      expect(counts.written, JSON.stringify(counts)).to.be.greaterThan(100);
      expect(counts.OutcomeUnknown, JSON.stringify(counts)).to.be.greaterThan(0);
      // Written once: nothing was repeated behind our back.
      expect(entries.every(({ revision, createRevision }) => revision === createRevision)).to.equal(true);
    });

    it('reads again, and succeeds', async () => {
      await put(direct, at('a'), 'one');
      for (let i = 0; i < 20; i++) {
        if (i % 2) proxy.cut();
        else proxy.cutAfter(i * 7);
        const { entries } = await kv.range({ start: at('a') }, never);
        expect(entries[0]?.value.toString()).to.equal('one');
      }
    });

    it('says OutcomeUnknown of a write that etcd does not answer in time, Unavailable of a read', async () => {
      const hasty = open({ requestTimeoutMs: 300 });
      await put(hasty, at('a'));
      proxy.stall();
      expect((await errorOf(put(hasty, at('b')))).code).to.equal('OutcomeUnknown');
      expect((await errorOf(hasty.range({ start: at('a') }, never))).code).to.equal('Unavailable');
      proxy.goOn();
      expect((await hasty.range({ start: at('a') }, never)).entries).to.have.length(1);
    });

    it('does not trust a write to a connection that died while it was idle', async () => {
      await put(kv, at('a'));
      proxy.freeze();
      const now = Date.now;
      Date.now = () => now() + 60_000;
      try {
        expect((await put(kv, at('b'))).succeeded).to.equal(true);
      } finally {
        Date.now = now;
      }
      expect(proxy.connections).to.equal(2);
    });

    it('ends a call that waits when its signal aborts', async () => {
      await put(kv, at('a'));
      proxy.stall();
      const stop = new AbortController();
      const calls = [kv.range({ start: at('a') }, stop.signal), kv.txn({ when: [], perform: [] }, stop.signal)];
      const reason = new Error('enough');
      stop.abort(reason);
      for (const call of calls)
        expect(
          await call.then(
            () => 'no error',
            (error: unknown) => error,
          ),
        ).to.equal(reason);
      proxy.goOn();
    });
  });

  describe('of several endpoints', () => {
    it('passes over those that do not answer', async () => {
      const [dead] = await freePorts(1);
      const store = open({ endpoints: [`http://127.0.0.1:${dead}`, etcd.endpoint] });
      const { revision } = await put(store, at('a'));
      expect((await eventsUntil(store, keyspace.prefix, revision, revision)).map(revisionOf)).to.deep.equal([revision]);
      expect((await store.status(never)).version).to.match(/^etcd 3\./);
    });

    it('leaves one that stops answering for another', async function () {
      this.timeout(30_000);
      const store = open({ endpoints: [proxy.endpoint, etcd.endpoint], requestTimeoutMs: 500 });
      const { revision } = await put(store, at('a'));
      const stop = new AbortController();
      const watch = store.watch(keyspace.prefix, revision, stop.signal)[Symbol.asyncIterator]();
      await watch.next();
      proxy.stall();
      expect(await codeOf(store.range({ start: at('a') }, never))).to.be.oneOf(['Unavailable', 'no error']);
      expect((await store.range({ start: at('a') }, never)).entries).to.have.length(1);
      proxy.cut();
      const { revision: later } = await put(store, at('b'));
      expect((await watch.next()).value.events.map(revisionOf)).to.deep.equal([later]);
      stop.abort();
      await watch.next();
    });

    it('of which none is there says so in words, naming them', async function () {
      this.timeout(20_000);
      const [one, two] = await freePorts(2);
      const store = open({ endpoints: [`http://127.0.0.1:${one}`, `http://127.0.0.1:${two}`] });
      const calls = [store.range({ start: at('a') }, never), put(store, at('a')), store.currentRevision(never)];
      for (const error of await Promise.all(calls.map(errorOf))) {
        expect(error.code).to.equal('Unavailable');
        expect(error.message).to.include(`:${one}: `).and.include(`:${two}: `).and.include('ECONNREFUSED');
      }
    });
  });

  it('touches and shows only keys of its own keyspace', async () => {
    const other = open({ endpoints: [etcd.endpoint], keyspace: freshKeyspace() });
    const from = (await put(direct, at('a'))).revision;
    expect(await codeOf(put(other, at('b')))).to.match(/is not below/);
    expect(await codeOf(other.range({ start: at('a') }, never))).to.match(/is not below/);
    expect(await codeOf(eventsUntil(other, keyspace.prefix, from, from))).to.match(/is not below/);
  });

  it('knows how far its watch has come, though others write to the same etcd', async () => {
    const strangers = freshKeyspace();
    const stranger = open({ endpoints: [etcd.endpoint], keyspace: strangers });
    const from = (await put(direct, at('a'))).revision;
    const stop = new AbortController();
    const watch = direct.watch(keyspace.prefix, from, stop.signal)[Symbol.asyncIterator]();
    let { revision } = (await watch.next()).value as WatchBatch;
    for (let i = 0; i < 3; i++) {
      await put(stranger, `${strangers.prefix}${i}`);
      const newest = await direct.currentRevision(never);
      direct.requestProgress();
      while (revision < newest) {
        const { value } = await watch.next();
        expect((value as WatchBatch).events.filter((event) => revisionOf(event) < newest)).to.deep.equal([]);
        ({ revision } = value as WatchBatch);
      }
    }
    stop.abort();
    await watch.next();
  });

  for (const [version, verdict] of [
    ['3.4.23', false],
    ['3.4.31', true],
    ['3.5.12', false],
    ['3.5.13', true],
    ['3.6.0-rc.1', true],
    ['4.0.0', true],
    ['', false],
    [undefined, false],
  ] as const)
    it(`${verdict ? 'relies' : 'does not rely'} on the progress that etcd ${version || '(unknown)'} reports`, () =>
      expect(answersSoundly(version)).to.equal(verdict));

  it('says TooLarge of what etcd does not accept', async () => {
    expect((await errorOf(put(direct, at('a'), Buffer.alloc(2_000_000)))).code).to.equal('TooLarge');
    const many = Array.from({ length: 200 }, (_, i) => ({ put: at(`k${i}`), value: Buffer.from('x') }));
    expect((await errorOf(direct.txn({ when: [], perform: many }, never))).code).to.equal('TooLarge');
    await put(direct, at('a'), 'small');
  });
});

describeWithEtcd('the etcd store over TLS', () => {
  let etcd: RealEtcd;
  let folder: { path: string; remove(): Promise<void> };
  let ours: Identity;
  let theirs: Identity;
  const keyspace = freshKeyspace();
  const stores: KeyValueStore[] = [];

  const open = (options: Partial<EtcdOptions>): KeyValueStore => {
    const store = new EtcdStore({ endpoints: [etcd.endpoint], keyspace, ...options });
    stores.push(store);
    return store;
  };
  const file = (name: string, content: string): string => {
    writeFileSync(join(folder.path, name), content);
    return join(folder.path, name);
  };

  before(async () => {
    folder = await temporaryFolder();
    [ours, theirs] = [await makeIdentity(), await makeIdentity()];
    const flags = [
      `--cert-file=${file('server.crt', ours.server.cert)}`,
      `--key-file=${file('server.key', ours.server.key)}`,
      `--trusted-ca-file=${file('ca.crt', ours.ca)}`,
      '--client-cert-auth',
    ];
    etcd = await startEtcd({ tls: true, flags });
  });
  after(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await etcd?.remove();
    await folder?.remove();
  });

  for (const [how, options] of [
    ['as text', () => ({ ca: ours.ca, cert: ours.client.cert, key: ours.client.key })],
    [
      'in files',
      () => ({
        ca: join(folder.path, 'ca.crt'),
        cert: file('client.crt', ours.client.cert),
        key: file('client.key', ours.client.key),
      }),
    ],
  ] as const)
    it(`reads, writes and watches with a client certificate given ${how}`, async () => {
      const kv = open(options());
      const { revision, succeeded } = await put(kv, `${keyspace.prefix}${how}`);
      expect(succeeded).to.equal(true);
      expect((await eventsUntil(kv, keyspace.prefix, revision, revision)).map(revisionOf)).to.deep.equal([revision]);
      expect((await kv.status(never)).version).to.match(/^etcd 3/);
    });

  it('uses files that were rotated when it connects again (K-547)', async () => {
    const paths = {
      ca: file('ca2.crt', ours.ca),
      cert: file('c2.crt', theirs.client.cert),
      key: file('c2.key', theirs.client.key),
    };
    const kv = open(paths);
    expect((await errorOf(kv.currentRevision(never))).code).to.equal('Unavailable');
    file('c2.crt', ours.client.cert);
    file('c2.key', ours.client.key);
    expect(await kv.currentRevision(never)).to.be.greaterThan(0);
  });

  for (const [what, options] of [
    ['no client certificate', () => ({ ca: ours.ca })],
    ['a client certificate of a stranger', () => ({ ca: ours.ca, ...theirs.client })],
    ['a CA that did not sign the server', () => ({ ca: theirs.ca, ...ours.client })],
  ] as const)
    it(`with ${what} writes nothing, and is sure of it`, async () => {
      const error = await errorOf(put(open(options()), `${keyspace.prefix}a`));
      expect(error.code).to.equal('Unavailable');
      expect(error.message).to.match(/certificate/);
    });

  it('names a file that cannot be read', async () => {
    const error = await errorOf(open({ ca: join(folder.path, 'absent.crt') }).currentRevision(never));
    expect(error.code).to.equal('Unavailable');
    expect(error.message).to.include('absent.crt');
  });
});

describeWithEtcd('the etcd store on an etcd in trouble', () => {
  let etcd: RealEtcd;
  let kv: KeyValueStore;
  const keyspace = freshKeyspace();
  const at = (name: string): string => keyspace.prefix + name;
  afterEach(async () => {
    await kv?.close();
    await etcd?.remove();
  });

  it('says NoSpace when its quota is used up, and goes on reading', async function () {
    this.timeout(30_000);
    etcd = await startEtcd({ flags: ['--quota-backend-bytes=1000000'] });
    kv = new EtcdStore({ endpoints: [etcd.endpoint], keyspace });
    let code = '';
    let written = 0;
    for (; !code && written < 100; written++)
      code = await put(kv, at(`k${written}`), Buffer.alloc(50_000)).then(
        () => '',
        (error: StorageError) => error.code,
      );
    expect(code).to.equal('NoSpace');
    expect((await kv.range({ start: at('k'), end: at('l') }, never)).count).to.equal(written - 1);
    expect((await kv.status(never)).alarm).to.equal('NOSPACE');
  });

  it('says so when it meets another etcd than before', async function () {
    this.timeout(30_000);
    etcd = await startEtcd();
    kv = new EtcdStore({ endpoints: [etcd.endpoint], keyspace });
    for (let i = 0; i < 5; i++) await put(kv, at(`k${i}`));
    const watch = kv.watch(keyspace.prefix, 2, never)[Symbol.asyncIterator]();
    const { value } = await watch.next();
    expect((value as WatchBatch).events).to.have.length(5);
    await etcd.stop('SIGKILL');
    rmSync(etcd.dataFolder, { recursive: true });
    await etcd.start();
    const error = await errorOf(watch.next());
    expect(error.code).to.equal('Unreadable');
    expect(error.message).to.match(/^etcd went back from revision \d+ to \d+/);
  });
});
