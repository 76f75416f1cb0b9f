/**
 * Makes a golden set: what a server of today stores, in every way in which it stores. To be run once for each stored form:
 *
 *   node test/storage/golden/make.ts 2027-03-01
 *
 * The set is committed and never changed again; golden.test.ts reads all of them for ever.
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { backupOf } from '../../../storage/backup/take.ts';
import { openEmbeddedStore } from '../../../storage/embedded/store.ts';
import { openKeyRings } from '../../../storage/encryption/key-rings.ts';
import { withEncryption } from '../../../storage/encryption/store.ts';
import { Keyspace } from '../../../storage/keys.ts';
import { type KeyValueStore, prefixEnd } from '../../../storage/kv.ts';
import { MemoryStore } from '../../../storage/memory.ts';
import { openStore } from '../../../storage/open.ts';
import { startServer, type TestServer } from '../../apiserver/serving.ts';
import {
  appDocument,
  appsPath,
  clusterDocument,
  clustersPath,
  publishedCluster,
  publishedClustersPath,
} from '../../make/documents.ts';
import { configurationOf, keys } from '../encryption/configurations.ts';

const never = new AbortController().signal;
const keyspace = new Keyspace();
const configsPath = clustersPath.replace('kubedirectorclusters', 'kubedirectorconfigs');
const ciphers = ['aesgcm', 'aescbc', 'secretbox'];

async function main(name: string | undefined): Promise<void> {
  if (!name) throw new Error('say what the set is to be called');
  const folder = join(import.meta.dirname, name);
  mkdirSync(folder);
  const directory = join(folder, 'store');
  const { kv } = await openStore({ kind: 'embedded', directory }, never);
  const server = await startServer({ kv: lent(kv) });
  await write(server);
  const served = await answers(server);
  writeJson(join(folder, 'served.json'), served);
  await server.stop();
  writeJson(join(folder, 'listing.json'), await listing(kv));
  await kv.compact((await kv.currentRevision(never)) - 3, never);
  await kv.close();
  onlyData(directory);
  await backUp(directory, join(folder, 'backup.jsonl'));
  onlyData(directory);
  writeJson(join(folder, 'encrypted.json'), await encrypted(folder));
}

/** One of everything that objects can have. */
async function write(server: TestServer): Promise<void> {
  const admin = { ask: insisting(server) };
  const patch = (path: string, body: object) =>
    admin.ask(path, { method: 'PATCH', type: 'application/merge-patch+json', body });
  await admin.ask(appsPath, { body: appDocument() });
  await admin.ask(appsPath, { body: appDocument('other', { systemdRequired: true, defaultPersistDirs: ['/data'] }) });
  const metadata = {
    labels: { tier: 'gold' },
    annotations: { 'example.com/note': 'größer, „schöner“ 🎉' },
    finalizers: ['example.com/hold'],
    ownerReferences: [
      { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: 'f3c1f0a8-0000-4000-8000-000000000000' },
    ],
  };
  await admin.ask(clustersPath, { body: clusterDocument('demo', {}, metadata) });
  await admin.ask(publishedClustersPath, { body: publishedCluster('published') });
  await admin.ask(clustersPath, { body: clusterDocument('gone') });
  await admin.ask(`${clustersPath}/gone`, { method: 'DELETE' });
  await patch(`${clustersPath}/demo`, {
    spec: {
      roles: [
        { id: 'head', members: 1 },
        { id: 'worker', members: 4 },
      ],
    },
  });
  const { body } = await admin.ask(`${clustersPath}/demo`);
  await admin.ask(`${clustersPath}/demo/status`, { method: 'PUT', body: { ...body, status: { state: 'configured' } } });
  await admin.ask(`${clustersPath}/demo`, { method: 'DELETE' });
  const config = { apiVersion: 'kubedirector.bluedata.io/v1beta1', kind: 'KubeDirectorConfig' };
  await admin.ask(configsPath, { body: { ...config, metadata: { name: 'kd-global-config' }, spec: {} } });
}

const insisting =
  ({ admin }: TestServer): TestServer['admin']['ask'] =>
  async (path, ask) => {
    const answer = await admin.ask(path, ask);
    if (answer.code >= 300) throw new Error(answer.text);
    return answer;
  };

/** What clients are shown of it, in every version. */
async function answers({ admin }: TestServer): Promise<Record<string, unknown>> {
  const all: Record<string, unknown> = {};
  for (const path of [appsPath, clustersPath, configsPath])
    for (const version of ['v1beta1', 'v1alpha1']) {
      const asked = path.replace('v1beta1', version);
      const { code, body } = await admin.ask(asked);
      if (code === 200) all[asked] = body.items;
    }
  return all;
}

const entriesOf = async (kv: KeyValueStore) =>
  (await kv.range({ start: keyspace.prefix, end: prefixEnd(keyspace.prefix) }, never)).entries;

const listing = async (kv: KeyValueStore) =>
  (await entriesOf(kv)).map((entry) => ({ ...entry, value: entry.value.toString() }));

async function backUp(directory: string, file: string): Promise<void> {
  const kv = await openEmbeddedStore({ directory });
  const chunks: Buffer[] = [];
  for await (const chunk of backupOf(kv, keyspace, Date.now(), never)) chunks.push(chunk);
  writeFileSync(file, Buffer.concat(chunks));
  await kv.close();
}

/** What is there while a store is open says nothing. */
const onlyData = (directory: string): void => {
  for (const file of readdirSync(directory)) if (file !== 'data.mdb') rmSync(join(directory, file));
};

/** One value by each cipher; the keys are those of test/storage/encryption/configurations.ts. */
async function encrypted(folder: string): Promise<unknown[]> {
  const made: unknown[] = [];
  for (const cipher of ciphers) {
    const file = join(folder, 'configuration.json');
    writeFileSync(file, configurationOf(['*.*'], keys(cipher, 1)));
    const beneath = new MemoryStore();
    const kv = withEncryption(lent(beneath), keyspace, await openKeyRings({ file }, keyspace, never));
    const key = keyspace.objectKey({ group: '', resource: 'secrets', namespace: 'default', name: cipher });
    await kv.txn({ when: [], perform: [{ put: key, value: Buffer.from(`the secret of ${cipher}`) }] }, never);
    for (const { value } of await entriesOf(beneath)) made.push({ cipher, key, value: value.toString('base64') });
    await kv.close();
    rmSync(file);
  }
  return made;
}

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

const writeJson = (file: string, value: unknown): void => writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);

await main(process.argv[2]);
