/**
 * The change of keys and of stored forms: what is stored in an outdated way is written again, by whoever writes it or by a migration.
 */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { kubeDirectorResources } from '../../apiserver/registry/index.ts';
import { catalogLookups } from '../../apiserver/registry/kubedirectorcluster/catalog.ts';
import { Migration } from '../../apiserver/registry/migration.ts';
import { openKeyRings } from '../../storage/encryption/key-rings.ts';
import { withEncryption } from '../../storage/encryption/store.ts';
import { Keyspace } from '../../storage/keys.ts';
import type { Entry, KeyValueStore } from '../../storage/kv.ts';
import { prefixEnd } from '../../storage/kv.ts';
import { MemoryStore } from '../../storage/memory.ts';
import { openKind, openStore } from '../../storage/open.ts';
import { appDocument, appsPath, clusterDocument, clustersPath } from '../make/documents.ts';
import { configurationOf, keys, type Providers } from '../storage/encryption/configurations.ts';
import { temporaryFolder } from '../storage/folder.ts';
import { startServer, type TestServer } from './serving.ts';

const never = new AbortController().signal;
const keyspace = new Keyspace();
const resources = kubeDirectorResources(
  catalogLookups(() => expect.fail('a migration looks nothing up'), ''),
  '',
);
const group = 'kubedirector.bluedata.io';
const entries = async (kv: KeyValueStore): Promise<readonly Entry[]> =>
  (await kv.range({ start: keyspace.prefix, end: prefixEnd(keyspace.prefix) }, never)).entries.filter(
    ({ key }) => !keyspace.isOwn(key),
  );
const marks = async (kv: KeyValueStore): Promise<string[]> =>
  (await entries(kv)).map(({ value }) => /^k8s:enc:[^:]*:v1:[^:]*|/.exec(value.toString('latin1'))![0]);

/** The same store, for somebody who will close it. */
const lent = (kv: KeyValueStore): KeyValueStore => ({
  range: (request, signal) => kv.range(request, signal),
  txn: (request, signal) => kv.txn(request, signal),
  watch: (prefix, from, signal) => kv.watch(prefix, from, signal),
  requestProgress: () => kv.requestProgress(),
  currentRevision: (signal) => kv.currentRevision(signal),
  compact: (revision, signal) => kv.compact(revision, signal),
  status: (signal) => kv.status(signal),
  close: async () => {},
});

describe('what is stored in an outdated way', () => {
  let folder: { path: string; remove(): Promise<void> };
  let beneath: MemoryStore;
  let server: TestServer | undefined;
  beforeEach(async () => {
    folder = await temporaryFolder();
    beneath = new MemoryStore();
  });
  afterEach(async () => {
    await server?.stop();
    server = undefined;
    await folder.remove();
  });

  const encrypting = async (...providers: Providers): Promise<KeyValueStore> => {
    const file = join(folder.path, 'encryption.json');
    writeFileSync(file, configurationOf(['*.*'], ...providers));
    return withEncryption(lent(beneath), keyspace, await openKeyRings({ file }, keyspace, never));
  };
  const serving = async (...providers: Providers): Promise<TestServer> => {
    await server?.stop();
    server = await startServer({ kv: await encrypting(...providers) });
    return server;
  };
  const migrate = async (kv: KeyValueStore) => new Migration({ kv, keyspace }, resources).run(never);

  it('is written again by an update that changes nothing, once (K-562, K-563)', async () => {
    const before = await serving(keys('aesgcm', 1));
    const { body } = await before.admin.ask(appsPath, { body: appDocument() });
    const { admin } = await serving(keys('aesgcm', 2, 1));
    const path = `${appsPath}/${body.metadata.name}`;
    const put = await admin.ask(path, { method: 'PUT', body });
    expect(put.code).to.equal(200);
    expect(put.body.metadata.resourceVersion).not.to.equal(body.metadata.resourceVersion);
    expect(put.body.metadata.generation).to.equal(body.metadata.generation);
    expect(await marks(beneath)).to.deep.equal(['k8s:enc:aesgcm:v1:key2']);
    const again = await admin.ask(path, { method: 'PUT', body: put.body });
    expect(again.body.metadata.resourceVersion).to.equal(put.body.metadata.resourceVersion);
  });

  it('is written again by a migration, whatever its kind, and then is outdated no more (K-563)', async () => {
    const { admin } = await serving(keys('secretbox', 1));
    await admin.ask(appsPath, { body: appDocument() });
    await admin.ask(clustersPath, { body: clusterDocument('one') });
    const unknown = '/registry/core/secrets/demo/token';
    await beneath.txn({ when: [], perform: [{ put: unknown, value: Buffer.from('{"any":"thing"}') }] }, never);
    const kv = await encrypting(keys('aesgcm', 2), keys('secretbox', 1), { identity: {} });
    const before = (await entries(kv)).map(({ key, value }) => `${key}=${value}`);
    expect(await migrate(kv)).to.deep.equal({ objects: 3, rewritten: 3 });
    expect(await marks(beneath)).to.deep.equal(Array(3).fill('k8s:enc:aesgcm:v1:key2'));
    expect((await entries(kv)).map(({ key, value }) => `${key}=${value}`)).to.deep.equal(before);
    expect(await migrate(kv)).to.deep.equal({ objects: 3, rewritten: 0 });
    // Now the old key may go.
    expect((await entries(await encrypting(keys('aesgcm', 2)))).length).to.equal(3);
  });

  it('is also what would be stored in another version today (K-534, K-563)', async () => {
    const kv = beneath;
    const metadata = { namespace: 'demo', name: 'old', uid: 'u' };
    const old = { apiVersion: `${group}/v1alpha1`, kind: 'KubeDirectorCluster', metadata };
    const roles = [{ name: 'worker', replicas: 2, resources: {} }];
    const key = keyspace.objectKey({ group, resource: 'kubedirectorclusters', namespace: 'demo', name: 'old' });
    const value = Buffer.from(JSON.stringify({ ...old, spec: { app: 'a', roles } }));
    await kv.txn({ when: [], perform: [{ put: key, value }] }, never);
    expect(await migrate(kv)).to.deep.equal({ objects: 1, rewritten: 1 });
    const [entry] = await entries(kv);
    expect(JSON.parse(entry!.value.toString())).to.deep.include({
      apiVersion: `${group}/v1beta1`,
      metadata,
      spec: { app: 'a', roles: [{ id: 'worker', members: 2, resources: {} }] },
    });
    expect(await migrate(kv)).to.deep.equal({ objects: 1, rewritten: 0 });
  });

  it('is not what a newer server stored besides, which stays', async () => {
    const { admin } = await serving(keys('aesgcm', 1));
    await admin.ask(appsPath, { body: appDocument() });
    const [{ key }] = (await entries(beneath)) as [Entry];
    const kv = await encrypting(keys('aesgcm', 2, 1));
    const value = { ...JSON.parse((await entries(kv))[0]!.value.toString()), future: true };
    await (await encrypting(keys('aesgcm', 1))).txn(
      { when: [], perform: [{ put: key, value: Buffer.from(JSON.stringify(value)) }] },
      never,
    );
    expect(await migrate(kv)).to.deep.equal({ objects: 1, rewritten: 1 });
    expect(JSON.parse((await entries(kv))[0]!.value.toString())).to.deep.equal(value);
    expect(await migrate(kv)).to.deep.equal({ objects: 1, rewritten: 0 });
  });

  it('is not written over what others write meanwhile (K-537)', async () => {
    const { admin } = await serving(keys('aesgcm', 1));
    await admin.ask(appsPath, { body: appDocument() });
    const names = Array.from({ length: 20 }, (_, i) => `c${i}`);
    for (const name of names) await admin.ask(clustersPath, { body: clusterDocument(name) });
    const { admin: later } = await serving(keys('aesgcm', 2, 1));
    const patched = Promise.all(
      names.map((name) =>
        later.ask(`${clustersPath}/${name}`, {
          method: 'PATCH',
          type: 'application/merge-patch+json',
          body: { metadata: { labels: { met: name } } },
        }),
      ),
    );
    await migrate(await encrypting(keys('aesgcm', 2, 1)));
    expect((await patched).map(({ code }) => code)).to.deep.equal(names.map(() => 200));
    const { body } = await later.ask(clustersPath);
    expect(
      body.items.map((item: { metadata: { labels?: { met?: string } } }) => item.metadata.labels?.met),
    ).to.have.members(names);
    expect(new Set(await marks(beneath))).to.deep.equal(new Set(['k8s:enc:aesgcm:v1:key2']));
  });

  it('that cannot be read ends a migration, which names it', async () => {
    const key = '/registry/kubedirector.bluedata.io/kubedirectorapps/demo/broken';
    await beneath.txn({ when: [], perform: [{ put: key, value: Buffer.from('[]') }] }, never);
    const message = await migrate(beneath).then(
      () => 'no error',
      (error: Error) => error.message,
    );
    expect(message).to.match(new RegExp(`^what ${key} holds cannot be read: `));
  });

  it('is what `kubedirector migrate-storage` writes again', async function () {
    this.timeout(30_000);
    const directory = join(folder.path, 'store');
    const file = join(folder.path, 'encryption.json');
    const options = { kind: 'embedded', directory } as const;
    const key = keyspace.objectKey({ group: '', resource: 'secrets', namespace: 'demo', name: 'a' });
    const { kv } = await openStore(options, never);
    await kv.txn({ when: [], perform: [{ put: key, value: Buffer.from('canary') }] }, never);
    await kv.close();
    writeFileSync(file, configurationOf(['*.*'], keys('aesgcm', 1), { identity: {} }));
    const { stdout } = await promisify(execFile)(process.execPath, [
      'deploy/main.ts',
      'migrate-storage',
      '--storage=embedded',
      `--data-dir=${directory}`,
      `--encryption-provider-config=${file}`,
    ]);
    expect(stdout).to.equal('1 objects are stored; 1 of them were outdated, and have been rewritten.\n');
    const raw = await openKind(options, keyspace);
    expect(await marks(raw)).to.deep.equal(['k8s:enc:aesgcm:v1:key1']);
    await raw.close();
  });
});
