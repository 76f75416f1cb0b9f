/** A suite of statements about pods that every kind of storage has to make true. */

import { openEmbeddedStore } from '../../../storage/embedded/store.ts';
import { EtcdStore } from '../../../storage/etcd/store.ts';
import { Keyspace } from '../../../storage/keys.ts';
import type { KeyValueStore } from '../../../storage/kv.ts';
import { MemoryStore } from '../../../storage/memory.ts';
import { PodWorld } from '../../make/pods.ts';
import { temporaryFolder } from '../folder.ts';
import { describeWithEtcd, freshKeyspace, type RealEtcd, startEtcd } from '../real-etcd.ts';

interface Opened {
  readonly kv: KeyValueStore;
  readonly keyspace: Keyspace;
  close(): Promise<void>;
}

/** @param tests is given how to reach the world of the test that runs: it is new for each */
export function onEveryStore(title: string, tests: (world: () => PodWorld) => void): void {
  describe(title, () => {
    describe('in memory', () => withStore(inMemory, tests));
    describe('in the embedded store', () => withStore(embedded, tests));
    describeWithEtcd('in etcd', () => {
      let etcd: RealEtcd;
      before(async () => {
        etcd = await startEtcd();
      });
      after(() => etcd?.remove());
      withStore(async () => {
        const keyspace = freshKeyspace();
        const kv = new EtcdStore({ endpoints: [etcd.endpoint], keyspace });
        return { kv, keyspace, close: () => kv.close() };
      }, tests);
    });
  });
}

async function inMemory(): Promise<Opened> {
  const kv = new MemoryStore();
  return { kv, keyspace: new Keyspace(), close: () => kv.close() };
}

async function embedded(): Promise<Opened> {
  const { path, remove } = await temporaryFolder();
  const kv = await openEmbeddedStore({ directory: path });
  const close = async (): Promise<void> => {
    await kv.close();
    await remove();
  };
  return { kv, keyspace: new Keyspace(), close };
}

function withStore(open: () => Promise<Opened>, tests: (world: () => PodWorld) => void): void {
  let opened: Opened;
  let world: PodWorld;
  beforeEach(async () => {
    opened = await open();
    world = await PodWorld.open(opened);
  });
  afterEach(async () => {
    await world.stop();
    await opened.close();
  });
  tests(() => world);
}
