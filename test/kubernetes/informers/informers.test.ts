/**
 * client-go as judge of our lists and watches: the informers that controllers have, and those of the garbage collector and the namespace
 * controller, hold exactly what there is, however often the server is killed or stopped while others write (K-104, K-117, K-118, K-120).
 *
 * Each fault is met once on each store; KUBEDIRECTOR_TEST_INFORMER_MINUTES adds as many minutes of whatever chance brings, for each.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { Keyspace } from '../../../storage/keys.ts';
import { type Credentials, makeCredentials, Replica, type ReplicaOptions } from '../../faults/replica.ts';
import { anySeed } from '../../faults/report.ts';
import { Seeded } from '../../faults/seeded.ts';
import { temporaryFolder } from '../../storage/folder.ts';
import { startEtcd } from '../../storage/real-etcd.ts';
import { whyNotHere } from '../cluster/build/machine.ts';
import { buildInformers, Informers, type Report } from './informers.ts';
import { group, prepare, writeUntil } from './load.ts';

const minutes = Number(process.env.KUBEDIRECTOR_TEST_INFORMER_MINUTES ?? 0);
const required = (process.env.KUBEDIRECTOR_TEST_REQUIRE ?? '').split(',').includes('kubernetes');
const resources = ['kubedirectorclusters', 'kubedirectorapps'];

/** client-go waits for longer and longer when a server keeps going away: half a minute, and up to as much again by chance. */
const patienceMs = 90_000;

type Store = Pick<ReplicaOptions, 'store'> & { remove(): Promise<void> };

const stores: Readonly<Record<string, () => Promise<Store>>> = {
  'a folder': async () => {
    const folder = await temporaryFolder();
    return { store: { kind: 'embedded', directory: join(folder.path, 'store') }, remove: () => folder.remove() };
  },
  etcd: async () => {
    const { endpoint, remove } = await startEtcd();
    return { store: { kind: 'etcd', endpoints: [endpoint], prefix: new Keyspace().prefix }, remove };
  },
};

const faults = {
  'is killed and starts again': async ({ process }: Replica) => {
    await process.end('SIGKILL');
    await process.start(/^ready$/m);
  },
  'stops and starts again': async ({ process }: Replica) => {
    await process.end('SIGTERM');
    await process.start(/^ready$/m);
  },
  'is away for so long that history is gone': async ({ process }: Replica) => {
    await process.end('SIGKILL');
    await sleep(2000);
    await process.start(/^ready$/m);
  },
  'goes on': () => sleep(1000),
} satisfies Record<string, (replica: Replica) => Promise<void>>;

function describeInformers(title: string, tests: (program: () => string) => void): void {
  const obstacle = whyNotHere();
  describe(title, () => {
    if (obstacle && required) it('needs client-go', () => Promise.reject(new Error(obstacle)));
    else if (obstacle) it(`is left out: there is no client-go, and ${obstacle}`);
    else {
      let program: string;
      before(async function () {
        this.timeout(10 * 60_000);
        program = await buildInformers();
      });
      tests(() => program);
    }
  });
}

describeInformers("client-go's informers", (program) => {
  for (const [where, open] of Object.entries(stores))
    describe(`of a server on ${where}`, () => {
      const seed = anySeed();
      const chance = new Seeded(seed);
      let story: Story;
      before(async () => {
        story = await Story.begin(program(), await open());
      });
      after(() => story?.end());

      for (const [fault, inject] of Object.entries(faults))
        it(`hold what there is after writes while it ${fault}`, async function () {
          this.timeout(patienceMs + 60_000);
          await story.round(inject, chance).catch((error) => withSeed(error, seed));
        });

      if (minutes)
        it(`hold what there is, ${minutes} minutes long`, async function () {
          this.timeout(minutes * 60_000 + 2 * patienceMs);
          const end = Date.now() + minutes * 60_000;
          let rounds = 0;
          for (; Date.now() < end; rounds += 1)
            await story.round(chance.pick(Object.values(faults)), chance).catch((error) => withSeed(error, seed));
          console.log(`        ${rounds} rounds, ${story.writes} writes, ${await story.summary()}`);
        });

      it('were told of each change once, and never went back', async () => {
        for (const { wrong } of await story.informers.reports()) expect(wrong).to.deep.equal([]);
      });
    });
});

function withSeed(error: unknown, seed: number): never {
  throw new Error(`with the seed ${seed}: ${(error as Error).message}`, { cause: error });
}

class Story {
  readonly informers: Informers;
  writes = 0;
  readonly #replica: Replica;
  readonly #store: Store;

  static async begin(program: string, store: Store): Promise<Story> {
    const credentials = await makeCredentials();
    // Short enough that watches of a server that was away ask for what is gone.
    const window = { minEvents: 10, maxEvents: 200, maxAgeMs: 1000, maxBytes: 64 * 1024 * 1024 };
    const replica = await Replica.create(credentials, { store: store.store, compactEveryMs: 1000, window });
    await replica.start();
    await prepare(replica.pool);
    return new Story(program, replica, store, credentials);
  }

  private constructor(program: string, replica: Replica, store: Store, { ca, admin }: Credentials) {
    this.#replica = replica;
    this.#store = store;
    const { cert, key } = admin;
    this.informers = new Informers(program, {
      ...{ server: replica.url, ca: ca.cert, cert, key },
      ...{ group, version: 'v1beta1', resources },
    });
  }

  /** Writes, a fault in the middle of them, and then a moment of peace in which all must agree. */
  async round(inject: (replica: Replica) => Promise<void>, chance: Seeded): Promise<void> {
    const stop = new AbortController();
    const writers = Array.from({ length: 4 }, () => writeUntil(stop.signal, this.#replica.pool, chance.fork()));
    try {
      await sleep(chance.integer(300, 1500));
      await inject(this.#replica);
      await sleep(chance.integer(300, 1500));
    } finally {
      stop.abort();
      for (const made of await Promise.all(writers)) this.writes += made;
    }
    const truth = await this.#truth();
    const deadline = Date.now() + patienceMs;
    for (;;) {
      const reports = await this.informers.reports();
      try {
        for (const report of reports) expectHeld(report, truth.get(report.resource)!);
        return;
      } catch (error) {
        if (Date.now() > deadline) throw error;
      }
      await sleep(100);
    }
  }

  async summary(): Promise<string> {
    const reports = await this.informers.reports();
    return reports
      .map(({ resource, form, lists, watches }) => `${resource} as ${form}: ${lists} lists, ${watches} watches`)
      .join('; ');
  }

  /** Resource → `namespace/name` → object, as a list of the newest state says. */
  async #truth(): Promise<Map<string, Held>> {
    const truth = new Map<string, Held>();
    for (const resource of resources) {
      const { body } = await this.#replica.pool.request({ path: `/apis/${group}/v1beta1/${resource}`, method: 'GET' });
      const { items } = (await body.json()) as { items: { metadata: { namespace: string; name: string } }[] };
      truth.set(resource, Object.fromEntries(items.map((item) => [keyOf(item), item])) as unknown as Held);
    }
    return truth;
  }

  async end(): Promise<void> {
    await this.informers.end();
    await this.#replica.close();
    await this.#store.remove();
  }
}

type Held = Report['held'];

const keyOf = ({ metadata }: { metadata: { namespace: string; name: string } }): string =>
  `${metadata.namespace}/${metadata.name}`;

function expectHeld({ resource, form, synced, held, told }: Report, truth: Held): void {
  const of = `${resource} as ${form}`;
  expect(synced, `${of} are synced`).to.equal(true);
  const versions = Object.fromEntries(
    Object.entries(truth).map(([key, { metadata }]) => [key, metadata.resourceVersion]),
  );
  expect(told, `${of}: what handlers were told`).to.deep.equal(versions);
  const expected = form === 'objects' ? truth : onlyMetadata(truth);
  // One by one, so that a failure shows what differs.
  for (const [key, object] of Object.entries(expected)) expect(held[key], `${of}: ${key}`).to.deep.equal(object);
  expect(Object.keys(held), `${of}: what is held`).to.have.members(Object.keys(expected));
}

/** As the types of client-go 1.20 have it, which know no subresource in managedFields. */
const onlyMetadata = (truth: Held): Held =>
  Object.fromEntries(
    Object.entries(truth).map(([key, { metadata }]) => {
      const managedFields = metadata.managedFields?.map(({ subresource: _, ...entry }) => entry);
      return [key, { metadata: { ...metadata, ...(managedFields && { managedFields }) } }];
    }),
  );
