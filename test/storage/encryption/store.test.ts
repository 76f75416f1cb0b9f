/** A store that encrypts: the storage contract, what lies beneath it, and the change of keys. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Log } from '../../../openapi/machinery/log.ts';
import { silentLog } from '../../../openapi/machinery/log.ts';
import { openEmbeddedStore } from '../../../storage/embedded/store.ts';
import { openKeyRings } from '../../../storage/encryption/key-rings.ts';
import { withEncryption } from '../../../storage/encryption/store.ts';
import { Keyspace } from '../../../storage/keys.ts';
import type { KeyValueStore } from '../../../storage/kv.ts';
import { MemoryStore } from '../../../storage/memory.ts';
import { openKind, openStore, type StoreOptions } from '../../../storage/open.ts';
import { until } from '../../apiserver/serving.ts';
import { codeOf, describeKeyValueStore } from '../../contract/kv.ts';
import { temporaryFolder } from '../folder.ts';
import { describeWithEtcd, freshKeyspace, type RealEtcd, startEtcd } from '../real-etcd.ts';
import { configurationOf, keys, type Providers, plain, secretText } from './configurations.ts';

const never = new AbortController().signal;
const keyspace = new Keyspace();
const clusters = 'kubedirectorclusters.kubedirector.bluedata.io';
const place = (name: string): string =>
  keyspace.objectKey({ group: 'kubedirector.bluedata.io', resource: 'kubedirectorclusters', namespace: 'demo', name });

const put = (kv: KeyValueStore, key: string, value: string) =>
  kv.txn({ when: [], perform: [{ put: key, value: Buffer.from(value) }] }, never);
const entryAt = async (kv: KeyValueStore, key: string) => (await kv.range({ start: key }, never)).entries[0];
const textAt = async (kv: KeyValueStore, key: string) => (await entryAt(kv, key))?.value.toString('latin1');

const stores: [name: string, ciphers: string[], open: (directory: string) => Promise<KeyValueStore>][] = [
  ['memory', ['aesgcm', 'aescbc', 'secretbox'], async () => new MemoryStore()],
  ['embedded', ['aesgcm'], (directory) => openEmbeddedStore({ directory })],
];
for (const [name, ciphers, open] of stores)
  for (const cipher of ciphers)
    describeKeyValueStore(`encrypted (${cipher}) ${name}`, async () => {
      const { path, remove } = await temporaryFolder();
      const file = join(path, 'encryption.json');
      writeFileSync(file, configurationOf(['*.*'], keys(cipher, 1)));
      const kv = withEncryption(
        await open(join(path, 'store')),
        keyspace,
        await openKeyRings({ file }, keyspace, never),
      );
      return {
        kv,
        prefix: '/registry/group/things/',
        dispose: async () => {
          await kv.close();
          await remove();
        },
      };
    });

describe('a store that encrypts', () => {
  let folder: { path: string; remove(): Promise<void> };
  let beneath: MemoryStore;
  let file: string;
  beforeEach(async () => {
    folder = await temporaryFolder();
    file = join(folder.path, 'encryption.yaml');
    beneath = new MemoryStore();
  });
  afterEach(() => folder.remove());

  const write = (...providers: Providers): void => writeFileSync(file, configurationOf([clusters], ...providers));
  const opened = async (...providers: Providers): Promise<KeyValueStore> => {
    write(...providers);
    return withEncryption(beneath, keyspace, await openKeyRings({ file }, keyspace, never));
  };
  const messageOf = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => 'no error',
      (error: Error) => error.message,
    );

  it('writes with the first key, under a mark that names it (K-562)', async () => {
    await put(await opened(keys('aesgcm', 2, 1), plain), place('a'), 'canary');
    expect(await textAt(beneath, place('a'))).to.match(/^k8s:enc:aesgcm:v1:key2:/);
  });

  it('reads with all of them, and calls stale what the first has not written (K-562)', async () => {
    await put(beneath, place('plain'), 'one');
    await put(await opened(keys('secretbox', 1)), place('old'), 'two');
    const kv = await opened(keys('aesgcm', 2), keys('secretbox', 1), plain);
    await put(kv, place('new'), 'three');
    const { entries } = await kv.range({ start: place(''), end: place('~') }, never);
    expect(entries.map(({ value, stale }) => [value.toString(), stale ?? false])).to.deep.equal([
      ['three', false],
      ['two', true],
      ['one', true],
    ]);
  });

  it('leaves alone what the configuration does not name, and its own bookkeeping', async () => {
    const kv = await opened(keys('aesgcm', 1));
    for (const key of ['/registry/apps/statefulsets/demo/a', keyspace.ownKey('guards/a')]) {
      await put(kv, key, 'plain');
      expect(await textAt(beneath, key)).to.equal('plain');
      expect(await textAt(kv, key)).to.equal('plain');
    }
  });

  for (const [resource, key] of [
    ['secrets', '/registry/core/secrets/demo/a'],
    ['*.', '/registry/core/secrets/demo/a'],
    ['*.kubedirector.bluedata.io', place('a')],
    ['*.*', place('a')],
  ] as const)
    it(`encrypts ${key} when the configuration says ${resource}`, async () => {
      writeFileSync(file, configurationOf([resource], keys('aesgcm', 1)));
      const kv = withEncryption(beneath, keyspace, await openKeyRings({ file }, keyspace, never));
      await put(kv, key, 'canary');
      expect(await textAt(beneath, key)).to.match(/^k8s:enc:aesgcm:v1:key1:/);
      expect(await textAt(kv, key)).to.equal('canary');
    });

  describe('refuses what it cannot read, and says which key is needed, never a secret', () => {
    const cases: [title: string, before: Providers, after: Providers, message: RegExp][] = [
      [
        'a value of a key that is gone',
        [keys('aesgcm', 1)],
        [keys('aesgcm', 2), plain],
        /is encrypted by "k8s:enc:aesgcm:v1:key1:", which is not among its providers$/,
      ],
      [
        'a value that is not encrypted',
        [plain],
        [keys('aesgcm', 1)],
        /is not encrypted, and "identity" is not among its providers$/,
      ],
      [
        'an encrypted value, without any key',
        [keys('aesgcm', 1)],
        [plain],
        /is encrypted by "k8s:enc:aesgcm:v1:key1:"/,
      ],
    ];
    for (const [title, before, after, message] of cases)
      it(title, async () => {
        await put(await opened(...before), place('a'), 'canary');
        const kv = await opened(...after);
        expect(await codeOf(entryAt(kv, place('a')))).to.equal('Unreadable');
        const { entries } = await kv.range({ start: place('a'), tolerant: true }, never);
        expect(entries[0]).to.include({ key: place('a'), createRevision: entries[0]!.revision });
        expect(entries[0]!.value).to.have.length(0);
        expect(entries[0]!.unreadable?.message).to.match(message);
        expect(await messageOf(entryAt(kv, place('a')))).to.match(message);
      });

    it('a key whose secret was exchanged', async () => {
      await put(await opened(keys('aesgcm', 1)), place('a'), 'canary');
      const kv = await opened({ aesgcm: { keys: [{ name: 'key1', secret: secretText(9) }] } });
      const message = await messageOf(entryAt(kv, place('a')));
      expect(message).to.match(/^what \/registry.*\/a holds cannot be decrypted by aesgcm with key "key1": /);
      expect(message).not.to.include(secretText(9));
    });

    it('keys of one name are all tried', async () => {
      await put(await opened(keys('aesgcm', 1)), place('a'), 'canary');
      const other = { name: 'key1', secret: secretText(9) };
      const same = { name: 'key1', secret: secretText(1) };
      expect(await textAt(await opened({ aesgcm: { keys: [other, same] } }), place('a'))).to.equal('canary');
    });
  });

  describe('whose configuration changes', () => {
    const log = () => {
      const lines: string[] = [];
      const told: Log = {
        ...silentLog,
        info: (message) => void lines.push(message),
        error: (message, error) => void lines.push(`${message}: ${error}`),
      };
      return { lines, told };
    };

    it('uses the new keys without a restart, and keeps the old ones when the new file is wrong', async () => {
      write(keys('aesgcm', 1));
      const { lines, told } = log();
      const options = { file, reload: true, everyMs: 1, log: told };
      const kv = withEncryption(beneath, keyspace, await openKeyRings(options, keyspace, never));
      await put(kv, place('a'), 'one');
      writeFileSync(file, `kind: EncryptionConfiguration # ${secretText(1)}`);
      await until(() => lines.length === 1, 'it complains, once');
      expect(lines[0]).to.match(/keys of before stay: Error: apiVersion: Unsupported value/);
      expect(lines[0]).not.to.include(secretText(1));
      expect(await textAt(kv, place('a'))).to.equal('one');
      write(keys('aesgcm', 2, 1));
      await until(() => lines.length === 2, 'it uses the next');
      await put(kv, place('b'), 'two');
      expect(await textAt(beneath, place('b'))).to.match(/^k8s:enc:aesgcm:v1:key2:/);
      expect(await textAt(kv, place('a'))).to.equal('one');
      await kv.close();
    });
  });

  it('is not opened with a configuration that is wrong, nor without the file', async () => {
    const options = (): StoreOptions => ({ kind: 'memory', encryption: { file } });
    expect(await messageOf(openStore(options(), never))).to.match(
      /^the encryption configuration .* cannot be used: ENOENT/,
    );
    write({ aesgcm: { keys: [{ name: 'one', secret: secretText(1, 7) }] } });
    expect(await messageOf(openStore(options(), never))).to.match(/cannot be used: resources\[0\]\.providers/);
  });

  /** Nothing of it may be found on the disk. */
  const canary = 'canary-7f3e9d';
  const everyFileBelow = (path: string): string[] =>
    readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));

  it('leaves no plain text in the file of an embedded store', async () => {
    write(keys('aesgcm', 1));
    const directory = join(folder.path, 'store');
    const { kv } = await openStore({ kind: 'embedded', directory, encryption: { file } }, never);
    await put(kv, place('a'), `${canary} of a cluster`);
    expect(await textAt(kv, place('a'))).to.equal(`${canary} of a cluster`);
    await kv.close();
    const files = everyFileBelow(directory);
    expect(files.some((text) => text.includes(place('a')))).to.equal(true);
    expect(files.some((text) => text.includes(canary))).to.equal(false);
  });

  describeWithEtcd('on etcd', () => {
    let etcd: RealEtcd;
    before(async () => {
      etcd = await startEtcd();
    });
    after(() => etcd?.remove());

    it('leaves no plain text in what etcd holds, nor on its disk', async () => {
      const { prefix } = freshKeyspace();
      const key = `${prefix}kubedirector.bluedata.io/kubedirectorclusters/demo/a`;
      write(keys('aesgcm', 1));
      const options = { kind: 'etcd', endpoints: [etcd.endpoint], prefix } as const;
      const { kv } = await openStore({ ...options, encryption: { file } }, never);
      await put(kv, key, `${canary} of a cluster`);
      expect(await textAt(kv, key)).to.equal(`${canary} of a cluster`);
      await kv.close();
      const raw = await openKind(options, new Keyspace(prefix));
      expect(await textAt(raw, key)).to.match(/^k8s:enc:aesgcm:v1:key1:/);
      expect(await textAt(raw, key)).not.to.include(canary);
      await raw.close();
      const files = everyFileBelow(etcd.dataFolder);
      expect(files.some((text) => text.includes(key))).to.equal(true);
      expect(files.some((text) => text.includes(canary))).to.equal(false);
    });
  });
});
