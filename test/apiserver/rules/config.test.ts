/**
 * The rules of the configuration: there is one, in one place, and while there are clusters it stays, and so does its key.
 */
import { expect } from 'chai';
import { appDocument, appsPath, clusterDocument, clustersPath } from '../../make/documents.ts';
import { startServer, type TestServer } from '../serving.ts';
import { describeRules, faultsOf } from './judging.ts';

const configsPath = clustersPath.replace('kubedirectorclusters', 'kubedirectorconfigs');
const configPath = `${configsPath}/kd-global-config`;

const config = (spec: object = {}, metadata: object = {}) => ({
  apiVersion: 'kubedirector.bluedata.io/v1beta1',
  kind: 'KubeDirectorConfig',
  metadata: { name: 'kd-global-config', ...metadata },
  spec,
});
const key = 'a'.repeat(32);
const long = 'x'.repeat(64);

describe('the configuration', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer();
    await server.admin.ask(appsPath, { body: appDocument() });
  });
  after(() => server.stop());
  const patch = (spec: object) =>
    server.admin.ask(configPath, { method: 'PATCH', body: { spec }, type: 'application/merge-patch+json' });
  const remove = () => server.admin.ask(configPath, { method: 'DELETE' });

  it('is in force as soon as it is stored, and says so', async () => {
    const made = await server.admin.ask(configsPath, { body: { ...config(), status: { state: 'creating' } } });
    expect(made.body.status).to.deep.equal({ state: 'ready' });
    const { body } = await patch({ defaultServiceType: 'ClusterIP' });
    expect(body.status).to.deep.equal({ state: 'ready' });
    expect(body.metadata.generation).to.equal(2);
    await remove();
  });

  describeRules(() => server, configsPath, [
    {
      rule: 'has its name',
      accepted: config(),
      refused: config({}, { name: 'mine' }),
      fault: 'metadata.name: Invalid value: "mine": the configuration is named kd-global-config',
    },
    {
      rule: 'has a key for AES in hex (CF6)',
      accepted: config({ masterEncryptionKey: '0123456789abcdefABCDEF0123456789' }),
      refused: config({ masterEncryptionKey: '0123456789abcdef' }),
      fault: 'spec.masterEncryptionKey: Invalid value: "******"',
    },
    {
      rule: 'has a domain that can follow a namespace',
      accepted: config({ clusterSvcDomainBase: '.svc.example.com' }),
      refused: config({ clusterSvcDomainBase: 'svc.example.com' }),
      fault: 'spec.clusterSvcDomainBase: Invalid value: "svc.example.com"',
    },
    {
      rule: 'wants labels on pods that pods can have (CF7)',
      accepted: config({ podLabels: { team: 'data' } }),
      refused: config({ podLabels: { team: 'data & more' } }),
      fault: 'spec.podLabels: Invalid value: "data & more": a valid label must be',
    },
    {
      rule: 'wants labels on Services that Services can have (CF7)',
      accepted: config({ serviceLabels: { team: 'data' } }),
      refused: config({ serviceLabels: { team: long } }),
      fault: `spec.serviceLabels: Invalid value: "${long}": must be no more than 63 bytes`,
    },
    {
      rule: 'wants annotations on pods that pods can have (CF7)',
      accepted: config({ podAnnotations: { 'example.com/note': 'data & more' } }),
      refused: config({ podAnnotations: { 'not a key': '' } }),
      fault: 'spec.podAnnotations: Invalid value: "not a key": name part must consist of',
    },
    {
      rule: 'wants annotations on Services that Services can have (CF7)',
      accepted: config({ serviceAnnotations: { note: '' } }),
      refused: config({ serviceAnnotations: { '/note': '' } }),
      fault: 'spec.serviceAnnotations: Invalid value: "/note": prefix part must be non-empty',
    },
    {
      rule: 'defaults to types of Services that there are',
      accepted: config({ defaultServiceType: 'ClusterIP' }),
      refused: config({ defaultServiceType: 'ExternalName' }),
      fault: 'spec.defaultServiceType: Unsupported value: "ExternalName"',
    },
    {
      rule: 'defaults to naming schemes that there are',
      accepted: config({ defaultNamingScheme: 'CrNameRole' }),
      refused: config({ defaultNamingScheme: 'Random' }),
      fault: 'spec.defaultNamingScheme: Unsupported value: "Random"',
    },
  ]);

  it("is in KubeDirector's namespace (CF2)", async () => {
    const body = config();
    const { code, body: refused } = await server.admin.ask(configsPath.replace('/default/', '/team/'), { body });
    expect(code).to.equal(422);
    expect(refused.message).to.contain(
      `metadata.namespace: Invalid value: "team": the configuration lives in KubeDirector's namespace, default`,
    );
  });

  it('gets a key when it brings none, another one each time, and keeps it', async () => {
    const made = async () => (await server.admin.ask(configsPath, { body: config() })).body.spec.masterEncryptionKey;
    const first = await made();
    expect(first).to.match(/^[0-9a-f]{64}$/);
    expect((await patch({ defaultServiceType: 'ClusterIP' })).body.spec.masterEncryptionKey).to.equal(first);
    await remove();
    expect(await made()).not.to.equal(first);
    await remove();
  });

  describe('while there are clusters', () => {
    const teamClusters = clustersPath.replace('/default/', '/team/');
    beforeEach(async () => {
      await server.admin.ask(configsPath, { body: config({ masterEncryptionKey: key }) });
      await server.admin.ask(teamClusters, { body: clusterDocument() });
    });
    afterEach(async () => {
      await server.admin.ask(teamClusters, { method: 'DELETE' });
      await remove();
    });

    it('stays (CF1)', async () => {
      const { code, body } = await remove();
      expect(code).to.equal(409);
      expect(body.message).to.equal(
        'Operation cannot be fulfilled on kubedirectorconfigs.kubedirector.bluedata.io "kd-global-config": there are clusters, such as team/demo, that were made with it; delete them first',
      );
    });

    it('goes when they are gone (CF1)', async () => {
      await server.admin.ask(`${teamClusters}/demo`, { method: 'DELETE' });
      expect((await remove()).code).to.equal(200);
    });

    for (const [how, masterEncryptionKey] of [
      ['changes', 'b'.repeat(32)],
      ['goes', null],
    ] as const)
      it(`keeps its key: none ${how} (CF5)`, async () => {
        const fault =
          'spec.masterEncryptionKey: Forbidden: it cannot change while there are clusters, such as team/demo, whose secret values it may have encrypted';
        expect(faultsOf(await patch({ masterEncryptionKey }))).to.deep.equal([fault]);
        await server.admin.ask(`${teamClusters}/demo`, { method: 'DELETE' });
        expect((await patch({ masterEncryptionKey })).code).to.equal(200);
      });

    it('may change in everything else (CF5)', async () => {
      const { code, text } = await patch({ defaultServiceType: 'LoadBalancer', podLabels: { a: 'b' } });
      expect(code, text).to.equal(200);
    });
  });
});
