/**
 * What earlier versions of this server have stored, in golden/: every later one reads it, for ever.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { kubeDirectorResources } from '../../apiserver/registry/index.ts';
import { catalogLookups } from '../../apiserver/registry/kubedirectorcluster/catalog.ts';
import { Migration } from '../../apiserver/registry/migration.ts';
import { isRecord } from '../../openapi/machinery/meta.ts';
import { Restore } from '../../storage/backup/restore.ts';
import { openKeyRings } from '../../storage/encryption/key-rings.ts';
import { withEncryption } from '../../storage/encryption/store.ts';
import { EtcdStore } from '../../storage/etcd/store.ts';
import { Keyspace } from '../../storage/keys.ts';
import { type KeyValueStore, prefixEnd } from '../../storage/kv.ts';
import { MemoryStore } from '../../storage/memory.ts';
import { openStore } from '../../storage/open.ts';
import { startServer, type TestServer } from '../apiserver/serving.ts';
import { configurationOf, keys } from './encryption/configurations.ts';
import { temporaryFolder } from './folder.ts';
import { describeWithEtcd, type RealEtcd, startEtcd } from './real-etcd.ts';

interface Listed {
  readonly key: string;
  readonly value: string;
  readonly revision: number;
  readonly createRevision: number;
}

const never = new AbortController().signal;
const keyspace = new Keyspace();
const golden = join(import.meta.dirname, 'golden');
const sets = readdirSync(golden).filter((name) => /^\d{4}-\d\d-\d\d$/.test(name));

const listingOf = async (kv: KeyValueStore): Promise<Listed[]> => {
  const { entries } = await kv.range({ start: keyspace.prefix, end: prefixEnd(keyspace.prefix) }, never);
  return entries.map((entry) => ({ ...entry, value: entry.value.toString() }));
};

/** Paths of what `old` says and `now` does not. What has been added since is no difference. */
function differences(old: unknown, now: unknown, path = ''): string[] {
  if (Array.isArray(old) && Array.isArray(now) && old.length === now.length)
    return old.flatMap((item, i) => differences(item, now[i], `${path}[${i}]`));
  if (isRecord(old) && isRecord(now))
    return Object.entries(old).flatMap(([name, value]) => differences(value, now[name], `${path}.${name}`));
  return old === now ? [] : [`${path}: ${JSON.stringify(old)} became ${JSON.stringify(now)}`];
}

for (const set of sets)
  describe(`what was stored on ${set}`, () => {
    const at = (name: string): string => join(golden, set, name);
    const json = (name: string) => JSON.parse(readFileSync(at(name), 'utf8'));
    const listing: Listed[] = json('listing.json');
    const served: Record<string, unknown> = json('served.json');
    const objects = listing.filter(({ key }) => !keyspace.isOwn(key));
    let folder: { path: string; remove(): Promise<void> };
    let server: TestServer | undefined;
    beforeEach(async () => {
      folder = await temporaryFolder();
    });
    afterEach(async () => {
      await server?.stop();
      server = undefined;
      await folder.remove();
    });

    const putInto = async <Kv extends KeyValueStore>(kv: Kv): Promise<Kv> => {
      for (const { key, value } of listing)
        await kv.txn({ when: [], perform: [{ put: key, value: Buffer.from(value) }] }, never);
      return kv;
    };
    const changes = async (old: typeof served): Promise<string[]> => {
      const all: string[] = [];
      for (const [path, items] of Object.entries(old))
        all.push(...differences(items, (await server!.admin.ask(path)).body.items, path));
      return all;
    };
    /** Put into another store, values have other revisions. */
    const unversioned = (): typeof served =>
      JSON.parse(JSON.stringify(served), (name, value) => (name === 'resourceVersion' ? undefined : value));

    it('is served as it was then, in every version of the API', async () => {
      server = await startServer({ kv: await putInto(new MemoryStore()) });
      expect(await changes(unversioned())).to.deep.equal([]);
    });

    it('is a folder that opens, with its revisions and its history', async () => {
      cpSync(at('store'), folder.path, { recursive: true });
      const { kv } = await openStore({ kind: 'embedded', directory: folder.path }, never);
      expect(await listingOf(kv)).to.deep.equal(listing);
      const newest = Math.max(...listing.map(({ revision }) => revision));
      expect(await kv.currentRevision(never)).to.equal(newest);
      for await (const { events, revision } of kv.watch(keyspace.prefix, newest - 1, never)) {
        expect(events.length, 'history is told').to.equal(2);
        expect(revision).to.equal(newest);
        break;
      }
      server = await startServer({ kv });
      expect(await changes(served)).to.deep.equal([]);
    });

    it('is written again by a migration at most once, and says the same afterwards', async () => {
      const kv = await putInto(new MemoryStore());
      const lookups = catalogLookups(() => expect.fail('nothing is looked up'), '');
      const migrate = () => new Migration({ kv, keyspace }, kubeDirectorResources(lookups, '')).run(never);
      expect((await migrate()).objects).to.equal(objects.length);
      expect(await migrate()).to.deep.equal({ objects: objects.length, rewritten: 0 });
      server = await startServer({ kv });
      expect(await changes(unversioned())).to.deep.equal([]);
    });

    if (existsSync(at('encrypted.json')))
      for (const { cipher, key, value } of json('encrypted.json') as { cipher: string; key: string; value: string }[])
        it(`is decrypted when ${cipher} has encrypted it`, async () => {
          const file = join(folder.path, 'configuration.json');
          mkdirSync(folder.path, { recursive: true });
          writeFileSync(file, configurationOf(['*.*'], keys(cipher, 1)));
          const beneath = new MemoryStore();
          await beneath.txn({ when: [], perform: [{ put: key, value: Buffer.from(value, 'base64') }] }, never);
          const kv = withEncryption(beneath, keyspace, await openKeyRings({ file }, keyspace, never));
          expect((await listingOf(kv)).map((entry) => entry.value)).to.deep.equal([`the secret of ${cipher}`]);
          await kv.close();
        });

    if (existsSync(at('backup.jsonl')))
      it('is a backup that can be put back', async () => {
        const kv = new MemoryStore();
        const bytes = async function* () {
          yield readFileSync(at('backup.jsonl'));
        };
        await new Restore(kv, keyspace, bytes).run({ replace: false }, never);
        const values = (entries: readonly Listed[]) =>
          entries.filter(({ key }) => !keyspace.isOwn(key)).map(({ key, value }) => `${key}=${value}`);
        expect(values(await listingOf(kv))).to.deep.equal(values(listing));
        await kv.close();
      });

    describeWithEtcd('and put into etcd, key by key', () => {
      let etcd: RealEtcd;
      before(async () => {
        etcd = await startEtcd();
      });
      after(() => etcd?.remove());

      it('is served as it was then', async () => {
        const kv = await putInto(new EtcdStore({ endpoints: [etcd.endpoint], keyspace }));
        server = await startServer({ kv });
        expect(await changes(unversioned())).to.deep.equal([]);
      });
    });
  });
