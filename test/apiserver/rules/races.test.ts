/**
 * Apps that clusters use, and writers that race for them, on two servers over one store: whoever comes second finds out.
 */
import { expect } from 'chai';
import { decryptSecretValue } from '../../../openapi/secret-values.ts';
import type { TxnRequest } from '../../../storage/kv.ts';
import { MemoryStore } from '../../../storage/memory.ts';
import { appDocument, appsPath, clusterDocument, clustersPath } from '../../make/documents.ts';
import { type Answer, startServer, type TestServer } from '../serving.ts';
import { faultsOf } from './judging.ts';

/** A store that lets somebody else in just before a transaction that writes or deletes a certain key. */
class InterruptedStore extends MemoryStore {
  #key = '';
  #meanwhile: (() => Promise<unknown>) | undefined;

  before(key: string, meanwhile: () => Promise<unknown>): void {
    this.#key = key;
    this.#meanwhile = meanwhile;
  }

  override async txn(request: TxnRequest, signal: AbortSignal) {
    const meanwhile = this.#meanwhile;
    const hit = request.perform.some((step) => ('put' in step ? step.put : step.delete).endsWith(this.#key));
    if (meanwhile && hit) {
      this.#meanwhile = undefined;
      await meanwhile();
    }
    return super.txn(request, signal);
  }

  /** Both servers close their store; it is the same one. */
  override async close(): Promise<void> {}
}

const mergePatch = 'application/merge-patch+json';
const newImage = { spec: { defaultImageRepoTag: 'docker.io/demo/app:2' } };

describe('an app', () => {
  let kv: InterruptedStore;
  let one: TestServer;
  let other: TestServer;
  before(async () => {
    kv = new InterruptedStore();
    one = await startServer({ kv });
    other = await startServer({ kv });
  });
  after(async () => {
    await one.stop();
    await other.stop();
  });
  beforeEach(() => one.admin.ask(appsPath, { body: appDocument() }));
  afterEach(async () => {
    await one.admin.ask(clustersPath, { method: 'DELETE' });
    await one.admin.ask(appsPath, { method: 'DELETE' });
  });

  const create = (server: TestServer, name = 'demo', spec: object = {}): Promise<Answer> =>
    server.admin.ask(clustersPath, { body: clusterDocument(name, spec) });
  const edit = (server: TestServer, patch: object): Promise<Answer> =>
    server.admin.ask(`${appsPath}/demo-app`, { method: 'PATCH', body: patch, type: mergePatch });
  const remove = (server: TestServer, query = ''): Promise<Answer> =>
    server.admin.ask(`${appsPath}/demo-app${query}`, { method: 'DELETE' });

  describe('that clusters use', () => {
    it('is not deleted, by no server (A1)', async () => {
      await create(one, 'b');
      await create(one, 'a');
      for (const server of [one, other]) {
        const { code, body } = await remove(server);
        expect(code).to.equal(409);
        expect(body.message).to.equal(
          'Operation cannot be fulfilled on kubedirectorapps.kubedirector.bluedata.io "demo-app": the app is used by the clusters default/a, default/b; delete them first',
        );
      }
    });

    it('is not deleted right after a restart (A1)', async () => {
      await create(one);
      const restarted = await startServer({ kv });
      try {
        expect((await remove(restarted)).code).to.equal(409);
        expect((await edit(restarted, newImage)).code).to.equal(422);
      } finally {
        await restarted.stop();
      }
    });

    it('is not deleted with all apps of its namespace, nor slowly (A1)', async () => {
      await create(one);
      expect((await one.admin.ask(appsPath, { method: 'DELETE' })).code).to.equal(409);
      expect((await remove(one, '?propagationPolicy=Foreground')).code).to.equal(409);
    });

    it('is deleted when they are gone (A1)', async () => {
      await create(one);
      await other.admin.ask(`${clustersPath}/demo`, { method: 'DELETE' });
      expect((await remove(one)).code).to.equal(200);
    });

    it('is not the local one when they took that of the system catalog', async () => {
      const teamApps = appsPath.replace('/default/', '/team/');
      const teamClusters = clustersPath.replace('/default/', '/team/');
      const made = await one.admin.ask(teamClusters, { body: clusterDocument('far') });
      expect(made.body.spec.appCatalog).to.equal('system');
      await one.admin.ask(teamApps, { body: appDocument() });
      expect((await one.admin.ask(`${teamApps}/demo-app`, { method: 'DELETE' })).code).to.equal(200);
      const { code, body } = await remove(one);
      expect(code).to.equal(409);
      expect(body.message).to.contain('the app is used by the cluster team/far; delete them first');
      await one.admin.ask(`${teamClusters}/far`, { method: 'DELETE' });
    });

    it('names ten of many', async () => {
      for (let i = 10; i < 22; i += 1) await create(one, `c${i}`);
      const { body } = await remove(one);
      expect(body.message).to.contain('default/c19 and others; delete').and.not.to.contain('c20');
    });

    it('is not changed (A13)', async () => {
      await create(one);
      for (const server of [one, other])
        expect(faultsOf(await edit(server, newImage))).to.deep.equal([
          'spec: Forbidden: the app is used by the cluster default/demo, which would change with it; make an app of another name',
        ]);
    });

    it('may be labelled (A13)', async () => {
      await create(one);
      expect((await edit(one, { metadata: { labels: { tier: 'gold' } } })).code).to.equal(200);
    });

    it('may be written in other words that mean the same (A13)', async () => {
      await create(one);
      const { roles } = appDocument().spec;
      const spelled = {
        defaultImageRepoTag: null,
        defaultMaxLogSizeDump: 256,
        defaultEventList: ['configure', 'addnodes', 'delnodes'],
        roles: roles.map((role) => ({ ...role, imageRepoTag: 'docker.io/demo/app:1', configPackage: null })),
      };
      const { code, text } = await edit(one, { spec: spelled });
      expect(code, text).to.equal(200);
    });

    it('may be changed when they are gone (A13)', async () => {
      expect((await edit(one, newImage)).code).to.equal(200);
    });
  });

  describe('when a cluster of it is created', () => {
    it('and it is deleted meanwhile, then there is no cluster', async () => {
      kv.before('/demo', () => remove(other));
      const { code, body } = await create(one);
      expect(code).to.equal(422);
      expect(body.message).to.contain('spec.app: Not found: "demo-app"');
    });

    it('and it is changed meanwhile, then the cluster is judged by what it is now', async () => {
      const three = {
        spec: {
          roles: [
            { id: 'head', cardinality: '1' },
            { id: 'worker', cardinality: '3+' },
          ],
        },
      };
      kv.before('/demo', () => edit(other, three));
      const { code, body } = await create(one);
      expect(code).to.equal(422);
      expect(body.message).to.contain('spec.roles[1].members: Invalid value: 2: the app allows 3+');
    });

    it('while it is deleted, then it stays', async () => {
      kv.before('/demo-app', () => create(other));
      const { code, body } = await remove(one);
      expect(code).to.equal(409);
      expect(body.message).to.contain('used by the cluster default/demo');
    });

    it('while its deletion is only asked for, then it is not even marked', async () => {
      kv.before('/demo-app', () => create(other));
      expect((await remove(one, '?propagationPolicy=Foreground')).code).to.equal(409);
      const { body } = await one.admin.ask(`${appsPath}/demo-app`);
      expect(body.metadata).not.to.have.property('deletionTimestamp');
    });

    it('while it is changed, then it stays as it was', async () => {
      kv.before('/demo-app', () => create(other));
      expect((await edit(one, newImage)).code).to.equal(422);
      const { body } = await other.admin.ask(`${appsPath}/demo-app`);
      expect(body.spec.defaultImageRepoTag).to.equal('docker.io/demo/app:1');
    });

    it('and it is on its way out, then there is no cluster', async () => {
      await edit(one, { metadata: { finalizers: ['example.com/wait'] } });
      await remove(one);
      const { code, body } = await create(other);
      expect(code).to.equal(422);
      expect(body.message).to.contain('spec.app: Invalid value: "demo-app": the app is being deleted');
      expect((await edit(other, { metadata: { finalizers: null } })).code).to.equal(200);
    });
  });

  describe('that two people change', () => {
    const put = (server: TestServer, document: object): Promise<Answer> =>
      server.admin.ask(`${appsPath}/demo-app`, { method: 'PUT', body: document });

    it('from the same state is changed once', async () => {
      const { body } = await one.admin.ask(`${appsPath}/demo-app`);
      const answers = await Promise.all([
        put(one, { ...body, spec: { ...body.spec, version: '2.0' } }),
        put(other, { ...body, spec: { ...body.spec, version: '3.0' } }),
      ]);
      expect(answers.map(({ code }) => code).sort()).to.deep.equal([200, 409]);
    });

    it('in different places has both changes', async () => {
      kv.before('/demo-app', () => edit(other, { spec: { version: '2.0' } }));
      await edit(one, newImage);
      const { body } = await other.admin.ask(`${appsPath}/demo-app`);
      expect(body.spec).to.include({ version: '2.0', ...newImage.spec });
    });
  });

  describe('when a cluster is created while the configuration', () => {
    const configsPath = clustersPath.replace('kubedirectorclusters', 'kubedirectorconfigs');
    const configPath = `${configsPath}/kd-global-config`;
    const [first, second] = ['a'.repeat(32), 'b'.repeat(32)];
    const config = (masterEncryptionKey: string) => ({
      apiVersion: 'kubedirector.bluedata.io/v1beta1',
      kind: 'KubeDirectorConfig',
      metadata: { name: 'kd-global-config' },
      spec: { masterEncryptionKey },
    });
    const rekey = (server: TestServer) =>
      server.admin.ask(configPath, { method: 'PATCH', body: { spec: config(second).spec }, type: mergePatch });
    const secret = { secretKeys: [{ name: 'password', value: 's3cret' }] };
    const roles = [{ id: 'head' }, { id: 'worker', members: 2, ...secret }];
    const keyIn = ({ body }: Answer) => body.spec.roles[1].secretKeys[0].encryptedValue;
    beforeEach(() => one.admin.ask(configsPath, { body: config(first) }));
    afterEach(async () => {
      await one.admin.ask(clustersPath, { method: 'DELETE' });
      await one.admin.ask(configPath, { method: 'DELETE' });
    });

    it('gets another key, then its values have that one (CF5)', async () => {
      kv.before('/demo', () => rekey(other));
      const made = await create(one, 'demo', { roles });
      expect(made.code, made.text).to.equal(201);
      expect(decryptSecretValue(keyIn(made), second)).to.equal('s3cret');
    });

    it('is to get another key, then it keeps its own (CF5)', async () => {
      let made: Answer | undefined;
      kv.before('/kd-global-config', async () => {
        made = await create(other, 'demo', { roles });
      });
      expect((await rekey(one)).code).to.equal(422);
      expect(decryptSecretValue(keyIn(made!), first)).to.equal('s3cret');
    });

    it('goes, then its values are refused (CF1)', async () => {
      kv.before('/demo', () => other.admin.ask(configPath, { method: 'DELETE' }));
      const refused = await create(one, 'demo', { roles });
      expect(refused.code).to.equal(422);
      expect(refused.body.message).to.contain('spec.roles[1].secretKeys[0].value: Forbidden: it cannot be encrypted');
    });

    it('is to go, then it stays (CF1)', async () => {
      kv.before('/kd-global-config', () => create(other));
      expect((await one.admin.ask(configPath, { method: 'DELETE' })).code).to.equal(409);
    });
  });

  it('leaves no guard behind when it goes', async () => {
    await create(one);
    await one.admin.ask(`${clustersPath}/demo`, { method: 'DELETE' });
    await remove(one);
    const { entries } = await kv.range(
      { start: '/registry/~/guards/kubedirectorapps/', end: '/registry/~/guards/kubedirectorapps0' },
      AbortSignal.timeout(5000),
    );
    expect(entries.map(({ key }) => key)).to.deep.equal([]);
  });
});
