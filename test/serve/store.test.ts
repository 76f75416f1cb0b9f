/**
 * Never a false "not found": what `kubedirector serve` does when its store is not the one that it served before.
 *
 * A host's garbage collector deletes users' workloads when it hears that their owner is gone.
 */
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { StoreRecord, verdictOn } from '../../apiserver/host/store-record.ts';
import { silentLog } from '../../openapi/machinery/log.ts';
import { type TestClient, until } from '../apiserver/serving.ts';
import { Behind, resources, systemNamespace } from './behind-host.ts';

const group = '/apis/kubedirector.bluedata.io/v1beta1';
const apps = `${group}/namespaces/${systemNamespace}/kubedirectorapps`;
const clusters = `${group}/namespaces/demo/kubedirectorclusters`;
const headers = { 'X-Remote-User': 'root', 'X-Remote-Group': 'system:masters' };
const signal = (): AbortSignal => AbortSignal.timeout(10_000);

const anApp = {
  apiVersion: 'kubedirector.bluedata.io/v1beta1',
  kind: 'KubeDirectorApp',
  metadata: { name: 'one' },
  spec: {
    label: { name: 'One', description: 'One role.' },
    distroID: 'example/one',
    version: '1',
    configSchemaVersion: 8,
    defaultImageRepoTag: 'example/one:1',
    services: [],
    roles: [{ id: 'node', cardinality: '1+' }],
    config: { selectedRoles: ['node'], roleServices: [] },
  },
};
const aCluster = {
  apiVersion: 'kubedirector.bluedata.io/v1beta1',
  kind: 'KubeDirectorCluster',
  metadata: { name: 'mine' },
  spec: { app: 'one', roles: [{ id: 'node', members: 2 }] },
};

describe('a store', () => {
  const cases: [title: string, record: object | undefined, state: object, served: boolean, beyond?: number][] = [
    ['is served when nothing is recorded', undefined, { identity: 'a', revision: 5 }, true],
    ['is served when it is the recorded one', { identity: 'a', revision: '5' }, { identity: 'a', revision: 5 }, true],
    ['is not when it is another', { identity: 'a', revision: '5' }, { identity: 'b', revision: 9 }, false],
    ['is not when it lost its identity', { identity: 'a', revision: '5' }, { identity: undefined, revision: 9 }, false],
    ['is not when it has gone back', { identity: 'a', revision: '5' }, { identity: 'a', revision: 4 }, false],
    [
      'is served when it is another that was confirmed',
      { identity: 'a', revision: '5', confirmed: 'b' },
      { identity: 'b', revision: 9 },
      true,
    ],
    [
      'is not when yet another was confirmed',
      { identity: 'a', revision: '5', confirmed: 'c' },
      { identity: 'b', revision: 9 },
      false,
    ],
    [
      'first gets higher revisions when it was confirmed and has gone back',
      { identity: 'a', revision: '5', confirmed: 'a' },
      { identity: 'a', revision: 4 },
      false,
      5,
    ],
  ];
  for (const [title, record, state, served, beyond] of cases)
    it(title, () => {
      const verdict = verdictOn(record, state as { identity: string; revision: number });
      expect([verdict.served, verdict.beyond]).to.deep.equal([served, beyond]);
      if (!served) expect(verdict.reason).to.be.a('string');
    });
});

describe('serve, when its store is not the one it was', function () {
  this.timeout(60_000);
  let behind: Behind;
  let stop: () => Promise<void>;
  let proxy: TestClient;
  /** How far clients had come before. */
  let known = 0;

  before('a cluster is running', async () => {
    behind = await Behind.start();
    await start();
    await ready();
    expect((await proxy.ask(apps, { headers, body: anApp })).code).to.equal(201);
    expect((await proxy.ask(clusters, { headers, body: aCluster })).code).to.equal(201);
    await until(async () => (await statefulSets()).length === 1, 'it has its StatefulSet', 20_000);
  });
  after(() => behind.stop());

  const start = async (): Promise<void> => {
    const served = await behind.serve();
    ({ stop } = served);
    proxy = await behind.proxy(served.url);
    await until(async () => (await proxy.ask('/livez')).code === 200, 'it lives', 10_000);
  };
  const ready = () => until(async () => (await proxy.ask('/readyz')).code === 200, 'it is ready', 20_000);
  const ask = (path: string) => proxy.ask(path, { headers });
  const statefulSets = async (): Promise<unknown[]> => [
    ...(await behind.host.list(resources.statefulSets, { namespace: 'demo' }, signal())).items,
  ];
  const record = () => new StoreRecord({ client: behind.host, namespace: systemNamespace, log: silentLog });
  const store = () => join(behind.folder, 'store');

  it('takes up its work after a restart', async () => {
    await ready();
    known = Number((await ask(clusters)).body.metadata.resourceVersion);
    await stop();
    cpSync(store(), join(behind.folder, 'backup'), { recursive: true });
    await start();
    await ready();
    expect((await ask(`${clusters}/mine`)).code).to.equal(200);
    // So that the backup is older than what was served last.
    for (let i = 0; i < 3; i += 1)
      await proxy.ask(apps, { headers, body: { ...anApp, metadata: { name: `later-${i}` } } });
    known = Number((await ask(apps)).body.metadata.resourceVersion);
    const map = await behind.get(resources.configMaps, systemNamespace, 'kubedirector-store');
    await record().note({ identity: map.data.identity, revision: known }, signal());
    await stop();
  });

  it('answers 503 about a store that was wiped, and lets nobody delete what belongs to its clusters', async () => {
    rmSync(store(), { recursive: true });
    await start();
    const {
      code,
      body,
      headers: answered,
    } = await until(async () => {
      const answer = await ask(`${clusters}/mine`);
      return answer.body.message.includes('confirm-store') ? answer : undefined;
    }, 'it says what is wrong');
    expect(code).to.equal(503);
    expect(answered['retry-after']).to.equal('1');
    expect(body.message).to.match(/^the store is not the one that was served before/);
    for (const path of [clusters, `${clusters}?watch=true&timeoutSeconds=1`, apps])
      expect((await ask(path)).code, path).to.equal(503);
    expect((await proxy.ask('/readyz')).code).to.equal(500);
    expect(await statefulSets()).to.have.length(1);
  });

  it('meanwhile answers discovery, and lives (K-088)', async () => {
    expect((await ask(group)).code).to.equal(200);
    expect((await proxy.ask('/livez')).code).to.equal(200);
    await stop();
  });

  it('answers 503 about an older backup, too', async () => {
    rmSync(store(), { recursive: true });
    cpSync(join(behind.folder, 'backup'), store(), { recursive: true });
    await start();
    await until(async () => /gone back to revision/.test((await ask(clusters)).text), 'it says what is wrong');
    expect((await ask(clusters)).code).to.equal(503);
  });

  it('serves it when an administrator confirms it, with revisions beyond those that clients know', async () => {
    expect(await record().confirm(signal())).to.have.keys('identity', 'revision');
    await until(() => behind.restarts.length > 0, 'it wants to be started anew', 20_000);
    await stop();
    await start();
    await ready();
    const { code, body } = await ask(clusters);
    expect(code).to.equal(200);
    expect(body.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name)).to.deep.equal(['mine']);
    expect(Number(body.metadata.resourceVersion)).to.be.at.least(known);
    expect(await statefulSets()).to.have.length(1);
  });

  it('needs no word for it another time', async () => {
    expect(await record().confirm(signal())).to.equal(undefined);
  });
});
