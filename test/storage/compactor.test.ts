/** Compaction every five minutes, by one of many (K-548, K-549). */
import { expect } from 'chai';
import { Compactor, keepCompacting } from '../../storage/compactor.ts';
import { Keyspace } from '../../storage/keys.ts';
import { MemoryStore } from '../../storage/memory.ts';
import { codeOf } from '../contract/kv.ts';

const never = new AbortController().signal;
const keyspace = new Keyspace();

describe('the compactor', () => {
  let kv: MemoryStore;
  beforeEach(() => {
    kv = new MemoryStore();
  });
  afterEach(() => kv.close());

  const put = async (value: string): Promise<number> =>
    (await kv.txn({ when: [], perform: [{ put: '/registry/a', value: Buffer.from(value) }] }, never)).revision;
  const isReadable = async (revision: number): Promise<boolean> =>
    (await codeOf(kv.range({ start: '/registry/a', revision }, never))) === 'no error';

  it('forgets what was old at the turn before, and keeps what came since', async () => {
    const compactor = new Compactor({ kv, keyspace });
    const old = await put('old');
    await put('newer');
    expect(await compactor.turn(never)).to.equal(undefined);
    const since = await put('since');
    expect(await compactor.turn(never)).to.be.a('number');
    expect(await isReadable(old)).to.equal(false);
    expect(await isReadable(since)).to.equal(true);
    expect(await compactor.turn(never)).to.be.greaterThan(since);
    expect(await isReadable(since)).to.equal(false);
  });

  it('is one of many, of which one compacts at a time', async () => {
    const replicas = Array.from({ length: 4 }, () => new Compactor({ kv, keyspace }));
    const winners: number[] = [];
    for (let round = 0; round < 6; round++) {
      await put(`${round}`);
      const turns = await Promise.all(replicas.map((replica) => replica.turn(never)));
      winners.push(turns.filter((revision) => revision !== undefined).length);
    }
    expect(winners).to.deep.equal([0, 1, 1, 1, 1, 1]);
  });

  it('never forgets what is younger than one interval, when its replica was away', async () => {
    const [one, two] = [new Compactor({ kv, keyspace }), new Compactor({ kv, keyspace })];
    await one.turn(never);
    await two.turn(never);
    for (let round = 0; round < 3; round++) await one.turn(never);
    const young = await put('young');
    expect(await two.turn(never), 'learns only').to.equal(undefined);
    expect(await isReadable(young)).to.equal(true);
  });

  it('takes a turn whenever its interval has passed, and stops when told to', async () => {
    const stop = new AbortController();
    const old = await put('old');
    const compacting = keepCompacting({ kv, keyspace, intervalMs: 2 }, stop.signal);
    for await (const { events } of kv.watch(keyspace.ownKey('compaction'), 2, stop.signal)) {
      if (!events.length) continue;
      await put('newer');
      if (!(await isReadable(old))) stop.abort();
    }
    await compacting;
  });

  it('goes by its clock', async () => {
    const stop = new AbortController();
    let asked = 0;
    const clock = {
      now: () => {
        if (++asked > 20) stop.abort();
        return 0;
      },
    };
    await keepCompacting({ kv, keyspace, clock, intervalMs: 1 }, stop.signal);
    expect(await kv.currentRevision(never), 'no turn while the clock stands still').to.equal(1);
  });

  it('goes on after an error', async () => {
    const stop = new AbortController();
    const logged: string[] = [];
    const log = {
      info: () => stop.abort(),
      warn: () => {},
      error: (message: string) => void logged.push(message),
      with: () => log,
    };
    const txn = kv.txn.bind(kv);
    let failures = 2;
    kv.txn = (request, signal) => (failures-- > 0 ? Promise.reject(new Error('not now')) : txn(request, signal));
    await keepCompacting({ kv, keyspace, intervalMs: 1, log }, stop.signal);
    expect(logged).to.deep.equal(['history was not compacted', 'history was not compacted']);
  });
});
