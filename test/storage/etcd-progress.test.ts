/** How a watch on etcd learns that nothing has happened: by asking, where the answer can be believed, else by a write of our own. */
import { mock } from 'node:test';
import { expect } from 'chai';
import { silentLog } from '../../openapi/machinery/log.ts';
import { Clients } from '../../storage/etcd/clients.ts';
import { Progress } from '../../storage/etcd/progress.ts';
import { EtcdStore } from '../../storage/etcd/store.ts';
import { EtcdWatch } from '../../storage/etcd/watch.ts';
import { describeWithEtcd, freshKeyspace, startEtcd } from './real-etcd.ts';

const never = new AbortController().signal;

/** A watch as far as Progress knows it. */
class Follower {
  asked = 0;
  reached: number;
  readonly memberId: string;

  constructor(memberId: string, reached: number) {
    this.memberId = memberId;
    this.reached = reached;
  }

  askProgress(): void {
    this.asked += 1;
  }
}

describe('progress of watches on etcd', () => {
  /** Members by the version that they say. */
  const versions = new Map([
    ['sound', '3.5.13'],
    ['old', '3.4.23'],
  ]);
  const newest = 10;
  let marks: number;
  let progress: Progress;
  const follow = async (...followers: Follower[]): Promise<void> => {
    for (const follower of followers) {
      progress.add(follower as unknown as EtcdWatch);
      progress.meet(follower.memberId);
    }
    await new Promise((resolve) => setImmediate(resolve));
  };

  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout'] });
    marks = 0;
    progress = new Progress({
      newestSeen: () => newest,
      writeMark: async () => {
        marks += 1;
      },
      versions: async () => versions,
    });
  });
  afterEach(() => {
    progress.close();
    mock.timers.reset();
  });

  it('is asked for where the version answers soundly, and nothing is written', async () => {
    const follower = new Follower('sound', 7);
    await follow(follower);
    progress.request();
    mock.timers.tick(1000);
    expect([follower.asked, marks]).to.deep.equal([1, 0]);
  });

  for (const [what, memberId] of [
    ['does not', 'old'],
    ['is not known', 'stranger'],
  ] as const)
    it(`is made by a write where the version ${what}, but not at once`, async () => {
      const follower = new Follower(memberId, 7);
      await follow(follower);
      progress.request();
      progress.request();
      expect([follower.asked, marks]).to.deep.equal([0, 0]);
      mock.timers.tick(1000);
      expect([follower.asked, marks]).to.deep.equal([0, 1]);
    });

  it('needs no write when the events arrive meanwhile', async () => {
    const follower = new Follower('old', 7);
    await follow(follower);
    progress.request();
    follower.reached = newest;
    mock.timers.tick(1000);
    expect(marks).to.equal(0);
  });

  it('is no business of watches that are up to date, or have ended', async () => {
    const [current, ended] = [new Follower('sound', newest), new Follower('sound', 7)];
    await follow(current, ended);
    progress.delete(ended as unknown as EtcdWatch);
    progress.request();
    mock.timers.tick(1000);
    expect([current.asked, ended.asked, marks]).to.deep.equal([0, 0, 0]);
  });
});

describeWithEtcd('a watch on etcd that asks how far it has come', () => {
  it('is told, though no event concerns it', async function () {
    this.timeout(20_000);
    const etcd = await startEtcd();
    const [ours, others] = [freshKeyspace(), freshKeyspace()];
    const stop = new AbortController();
    const clients = new Clients([etcd.endpoint], {});
    const store = new EtcdStore({ endpoints: [etcd.endpoint], keyspace: others });
    try {
      const from = (await store.currentRevision(never)) + 1;
      const created = Promise.withResolvers<void>();
      const around = {
        clients,
        prefix: ours.prefix,
        life: stop.signal,
        log: silentLog,
        assertReadable: async () => {},
        currentRevision: () => store.currentRevision(never),
        met: () => created.resolve(),
      };
      const watch = new EtcdWatch(around, ours.prefix, from, stop.signal);
      const batches = watch.batches();
      const first = batches.next();
      await created.promise;
      const put = { put: `${others.prefix}a`, value: Buffer.from('x') };
      const { revision } = await store.txn({ when: [], perform: [put] }, never);
      watch.askProgress();
      const { value } = await first;
      expect(value).to.deep.equal({ events: [], revision });
      stop.abort();
      await batches.next();
    } finally {
      stop.abort();
      clients.close();
      await store.close();
      await etcd.remove();
    }
  });
});
