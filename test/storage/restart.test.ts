/** Servers that come and go in one process, on one store: each ends whole, and leaves neither a timer nor a watch behind. */
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { Keyspace } from '../../storage/keys.ts';
import { MemoryStore } from '../../storage/memory.ts';
import { keysOf, PodWorld } from '../make/pods.ts';

const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

/** The same store, which counts its watches. */
function counted(kv: MemoryStore): { kv: MemoryStore; watches: () => number } {
  let open = 0;
  const watch = kv.watch.bind(kv);
  kv.watch = async function* (prefix, from, signal) {
    open += 1;
    try {
      yield* watch(prefix, from, signal);
    } finally {
      open -= 1;
    }
  };
  return { kv, watches: () => open };
}

describe('a server on a store that was served before in this process', () => {
  for (const [when, life] of [
    ['before it is filled', async () => {}],
    ['while it is filled', async () => nextTurn()],
    ['while it is asked', async (world: PodWorld) => void (await Promise.allSettled([world.list(), world.now()]))],
    [
      'while it is written to and watched',
      async (world: PodWorld) => {
        await world.registries.cache.filled(world.signal);
        await world.watch(undefined);
        void world.create(`first/${world.registries.cache.revision}`).catch(() => {});
        void world.now().catch(() => {});
      },
    ],
  ] as const)
    it(`ends ${when}, again and again, and the next one has everything`, async () => {
      const { kv, watches } = counted(new MemoryStore());
      // The test runner's own comes with the first turn.
      await nextTurn();
      const before = timers();
      for (let i = 0; i < 50; i += 1) {
        const world = new PodWorld({ kv, keyspace: new Keyspace() });
        await life(world);
        await world.stop(false);
        expect(watches(), 'watches that go on').to.equal(0);
      }
      const last = await PodWorld.open({ kv, keyspace: new Keyspace() });
      await last.create('second/baz');
      expect(keysOf(await last.list())).to.include('second/baz');
      await last.stop();
      await kv.close();
      // A question to storage may still be on its way; nothing lasts.
      for (let patience = 0; timers() > before && patience < 200; patience += 1) await sleep(20);
      expect(timers(), 'timers that are left').to.be.at.most(before);
    }).timeout(30_000);
});
