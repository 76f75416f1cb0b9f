/**
 * What the stores cost: durable writes a second, and microseconds of this process's CPU for each operation (etcd's own are not in
 * it). Run with `node test/bench/storage.ts [memory|embedded|etcd …]`.
 *
 * Values have 2 KB. Of several rounds the best counts: neighbours on the machine only ever make it slower.
 */
import { openEmbeddedStore } from '../../storage/embedded/store.ts';
import { EtcdStore } from '../../storage/etcd/store.ts';
import { Keyspace } from '../../storage/keys.ts';
import type { KeyValueStore } from '../../storage/kv.ts';
import { MemoryStore } from '../../storage/memory.ts';
import { temporaryFolder } from '../storage/folder.ts';
import { startEtcd } from '../storage/real-etcd.ts';

const never = new AbortController().signal;
const value = Buffer.alloc(2000, 'v');
const rounds = 3;

interface Opened {
  readonly kv: KeyValueStore;
  close(): Promise<void>;
}

const kinds: Record<string, () => Promise<Opened>> = {
  memory: async () => {
    const kv = new MemoryStore();
    return { kv, close: () => kv.close() };
  },
  embedded: async () => {
    const folder = await temporaryFolder();
    const kv = await openEmbeddedStore({ directory: folder.path });
    return { kv, close: () => kv.close().then(folder.remove) };
  },
  etcd: async () => {
    const etcd = await startEtcd({ durable: true });
    const kv = new EtcdStore({ endpoints: [etcd.endpoint], keyspace: new Keyspace('/bench') });
    return { kv, close: () => kv.close().then(etcd.remove) };
  },
};

interface Measured {
  readonly cpuUs: number;
  readonly perSecond: number;
}

/** Runs `work` so many times, so many at once. */
async function measure(times: number, atOnce: number, work: () => Promise<unknown>): Promise<Measured> {
  let left = times;
  const [cpu, started] = [process.cpuUsage(), performance.now()];
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (left-- > 0) await work();
    }),
  );
  const { user, system } = process.cpuUsage(cpu);
  return { cpuUs: (user + system) / times, perSecond: (times * 1000) / (performance.now() - started) };
}

async function best(times: number, atOnce: number, work: () => Promise<unknown>): Promise<Measured> {
  await measure(Math.ceil(times / 10), atOnce, work);
  const all: Measured[] = [];
  for (let round = 0; round < rounds; round++) all.push(await measure(times, atOnce, work));
  return {
    cpuUs: Math.min(...all.map(({ cpuUs }) => cpuUs)),
    perSecond: Math.max(...all.map(({ perSecond }) => perSecond)),
  };
}

function tell(what: string, { cpuUs, perSecond }: Measured): void {
  const rate = perSecond >= 100 ? Math.round(perSecond) : perSecond.toFixed(1);
  console.log(
    `  ${what.padEnd(28)} ${cpuUs.toFixed(cpuUs < 20 ? 1 : 0).padStart(7)} us CPU ${String(rate).padStart(9)} /s`,
  );
}

async function bench(kv: KeyValueStore): Promise<void> {
  let n = 0;
  const create = () => {
    const key = `/bench/kubedirector.bluedata.io/kubedirectorclusters/default/c-${n++}`;
    return kv.txn({ when: [{ key, revision: 0 }], perform: [{ put: key, value }], otherwise: [key] }, never);
  };
  for (const atOnce of [1, 8, 64])
    tell(`create, ${atOnce} at once`, await best(300 * Math.min(atOnce, 10), atOnce, create));

  await kv.txn({ when: [], perform: [{ put: '/bench/one', value }] }, never);
  const get = () => kv.range({ start: '/bench/one' }, never);
  for (const atOnce of [1, 8, 64]) tell(`get, ${atOnce} at once`, await best(300 * Math.min(atOnce, 10), atOnce, get));

  for (let i = 0; i < 500; i += 50)
    await kv.txn(
      { when: [], perform: Array.from({ length: 50 }, (_, j) => ({ put: `/bench/many/${1000 + i + j}`, value })) },
      never,
    );
  tell('range of 500', await best(30, 1, () => kv.range({ start: '/bench/many/', end: '/bench/many0' }, never)));

  const until = await kv.currentRevision(never);
  const from = until - 4000;
  const replay = async () => {
    const stop = new AbortController();
    for await (const { revision } of kv.watch('/bench/', from, stop.signal)) if (revision >= until) stop.abort();
  };
  const { cpuUs, perSecond } = await best(2, 1, replay);
  tell('watch: one event of the past', { cpuUs: cpuUs / 4500, perSecond: perSecond * 4500 });
  const { sizeBytes } = await kv.status(never);
  console.log(`  ${((n * value.length) / 1e6).toFixed(0)} MB of values take ${(sizeBytes / 1e6).toFixed(0)} MB`);
}

const wanted = process.argv.slice(2);
for (const [kind, open] of Object.entries(kinds)) {
  if (wanted.length && !wanted.includes(kind)) continue;
  console.log(kind);
  const { kv, close } = await open();
  try {
    await bench(kv);
  } finally {
    await close();
  }
}
