/**
 * Stored values that cannot be read, as users and administrators meet them: what is refused, what is not, what becomes of those who
 * depend on them, and the command with which they are found and given up.
 */
import { execFile } from 'node:child_process';
import { createSecretKey } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { aesGcm } from '../../storage/encryption/aes-gcm.ts';
import { KeyRing } from '../../storage/encryption/key-ring.ts';
import { withEncryption } from '../../storage/encryption/store.ts';
import { Keyspace } from '../../storage/keys.ts';
import type { KeyValueStore } from '../../storage/kv.ts';
import { MemoryStore } from '../../storage/memory.ts';
import { openStore } from '../../storage/open.ts';
import { appDocument, appsPath, clusterDocument, clustersPath } from '../make/documents.ts';
import { PodWorld } from '../make/pods.ts';
import { temporaryFolder } from '../storage/folder.ts';
import { startServer, type TestServer, until } from './serving.ts';

const never = new AbortController().signal;
const keyspace = new Keyspace();
const group = 'kubedirector.bluedata.io';
const keyOf = (resource: string, name: string): string =>
  keyspace.objectKey({ group, resource, namespace: 'default', name });
const put = (kv: KeyValueStore, key: string, value: string | Buffer) =>
  kv.txn({ when: [], perform: [{ put: key, value: Buffer.from(value) }] }, never);

describe('a stored value that cannot be read', () => {
  let kv: MemoryStore;
  let server: TestServer;
  beforeEach(async () => {
    kv = new MemoryStore();
    server = await startServer({ kv });
    const create = async (path: string, body: object): Promise<void> => {
      expect((await server.admin.ask(path, { method: 'POST', body })).code).to.equal(201);
    };
    await create(appsPath, appDocument());
    await create(clustersPath, clusterDocument('whole'));
    await create(clustersPath, clusterDocument('broken'));
  });
  afterEach(() => server.stop());

  const damage = async (resource: string, name: string, value = 'damaged'): Promise<void> => {
    const { revision } = await put(kv, keyOf(resource, name), value);
    await server.registries.cache.reach(revision, never);
  };

  it('may be an object that lacks what all of its kind have; the cache goes on', async () => {
    const metadata = { name: 'broken', namespace: 'default', uid: 'u' };
    const bare = { apiVersion: `${group}/v1beta1`, kind: 'KubeDirectorCluster', metadata };
    await damage('kubedirectorclusters', 'broken', JSON.stringify(bare));
    expect((await server.admin.ask(`${clustersPath}/broken`)).code).to.equal(500);
    expect((await server.admin.ask(`${clustersPath}/whole`)).code).to.equal(200);
    expect((await server.admin.ask(appsPath)).code).to.equal(200);
  });

  it('is a 500 that names its key; other objects and other kinds go on (K-543)', async () => {
    await damage('kubedirectorclusters', 'broken');
    const [list, one, metadata] = await Promise.all([
      server.admin.ask(clustersPath),
      server.admin.ask(`${clustersPath}/broken`),
      server.admin.ask(`${clustersPath}/broken`, {
        accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
      }),
    ]);
    expect(list.body).to.deep.equal({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: `failed to read one or more kubedirectorclusters.${group} from the storage: ${keyOf('kubedirectorclusters', 'broken')}`,
      reason: 'StorageReadError',
      details: {
        group,
        kind: 'kubedirectorclusters',
        causes: [
          {
            reason: 'UnexpectedServerResponse',
            message: `what ${keyOf('kubedirectorclusters', 'broken')} holds cannot be read: Unexpected token 'd', "damaged" is not valid JSON`,
            field: keyOf('kubedirectorclusters', 'broken'),
          },
        ],
      },
      code: 500,
    });
    expect([one.code, metadata.code]).to.deep.equal([500, 500]);
    expect(one.body.message).to.contain(keyOf('kubedirectorclusters', 'broken'));
    expect((await server.admin.ask(`${clustersPath}/whole`)).code).to.equal(200);
    expect((await server.admin.ask(appsPath)).body.items).to.have.length(1);
    expect((await server.admin.ask('/readyz')).code).to.equal(200);
    const created = await server.admin.ask(clustersPath, { method: 'POST', body: clusterDocument('another') });
    expect(created.code).to.equal(201);
    expect((await server.admin.ask(clustersPath, { method: 'DELETE' })).code, 'deletecollection').to.equal(500);
  });

  it('keeps an app that it may use from being deleted', async () => {
    await damage('kubedirectorclusters', 'broken');
    expect((await server.admin.ask(`${clustersPath}/whole`, { method: 'DELETE' })).code).to.equal(200);
    expect((await server.admin.ask(`${appsPath}/demo-app`, { method: 'DELETE' })).code).to.equal(500);
    await kv.txn({ when: [], perform: [{ delete: keyOf('kubedirectorclusters', 'broken') }] }, never);
    expect((await server.admin.ask(`${appsPath}/demo-app`, { method: 'DELETE' })).code).to.equal(200);
  });

  it('keeps clusters from being created of an app that it is, as if that were not there', async () => {
    await damage('kubedirectorapps', 'demo-app');
    const { code, body } = await server.admin.ask(clustersPath, { method: 'POST', body: clusterDocument('another') });
    expect(code).to.equal(500);
    expect(body.message).to.contain(keyOf('kubedirectorapps', 'demo-app'));
    expect((await server.admin.ask(clustersPath)).body.items).to.have.length(2);
  });
});

it('a value for which there is no key is read as soon as the key is there (K-562, K-543)', async () => {
  const ringOf = (...names: string[]) =>
    new KeyRing(keyspace, [
      {
        group: '*',
        resource: '*',
        providers: names.map((name) => aesGcm(name, createSecretKey(Buffer.alloc(32, name)))),
      },
    ]);
  const rings = { current: ringOf('old'), close: async () => {} };
  const kv = withEncryption(new MemoryStore(), keyspace, rings);
  const world = await PodWorld.open({ kv, keyspace });
  await world.create('first/bar');
  rings.current = ringOf('new');
  await world.create('second/baz');
  const { generation } = world.pods.cache;
  world.registries.cache.rebuild(new Error('read everything again'));
  await until(() => world.pods.cache.generation > generation, 'all has been read again');
  expect([...world.pods.cache.unreadable.values()].map(({ key }) => key)).to.deep.equal(['first/bar']);
  expect((await world.get('second/baz')).metadata.name).to.equal('baz');
  rings.current = ringOf('new', 'old');
  await until(() => world.pods.cache.unreadable.size === 0 && world.registries.cache.ready, 'it is read');
  expect((await world.get('first/bar')).metadata.name).to.equal('bar');
  await world.stop();
});

it('`kubedirector damaged-values` names what cannot be read, and removes what it is told to', async function () {
  this.timeout(30_000);
  const folder = await temporaryFolder();
  try {
    const directory = join(folder.path, 'store');
    const { kv } = await openStore({ kind: 'embedded', directory }, never);
    await put(kv, keyOf('kubedirectorclusters', 'broken'), 'damaged');
    await put(kv, keyOf('kubedirectorapps', 'sealed'), 'k8s:enc:aesgcm:v1:lost:secret');
    await kv.close();
    const command = (...flags: string[]) =>
      promisify(execFile)(process.execPath, [
        'deploy/main.ts',
        'damaged-values',
        '--storage=embedded',
        `--data-dir=${directory}`,
        ...flags,
      ]).then(
        ({ stdout }) => stdout,
        ({ stderr }: { stderr: string }) => stderr,
      );
    const sealed = `${keyOf('kubedirectorapps', 'sealed')}\n  since revision 4: what ${keyOf('kubedirectorapps', 'sealed')} holds is encrypted by "k8s:enc:aesgcm:v1:lost:", which is not among its providers\n`;
    const told = await command();
    expect(told).to.contain(sealed);
    expect(told).to.match(/2 values cannot be read\.\n$/);
    expect(told).to.contain(`${keyOf('kubedirectorclusters', 'broken')}\n  since revision 3: `);
    expect(await command(`--remove=${keyOf('kubedirectorclusters', 'broken')}`)).to.equal(
      `Removed ${keyOf('kubedirectorclusters', 'broken')}.\n${sealed}1 values cannot be read.\n`,
    );
    expect(await command('--remove=/registry/none')).to.equal('no object is stored under /registry/none.\n');
  } finally {
    await folder.remove();
  }
});
