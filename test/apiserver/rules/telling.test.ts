/**
 * How faults are told: all at once, whether a schema or a rule finds them, and in the words of the version that was written in.
 */
import { expect } from 'chai';
import { appDocument, appsPath, clusterDocument, clustersPath, publishedCluster } from '../../make/documents.ts';
import { type Answer, startServer, type TestServer } from '../serving.ts';
import { faultsOf } from './judging.ts';

describe('faults', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer();
    await server.admin.ask(appsPath, { body: appDocument() });
  });
  after(() => server.stop());
  const send = (method: string, path: string, body: unknown, type?: string): Promise<Answer> =>
    server.admin.ask(path, { method, body, ...(type && { type }) });
  const placesIn = (answer: Answer): string[] => faultsOf(answer).map((text) => text.split(': ')[0]!);

  describe('of values that a schema forbids are told with those of rules that the rest breaks (K-399)', () => {
    const path = `${clustersPath}/mended`;
    const roles = [{ id: 'head', members: 2 }, { id: 'worker', members: -1 }, { id: 'tail' }];
    const told = [
      'spec.roles[1].members: Invalid value: -1: spec.roles[1].members in body should be greater than or equal to 0',
      'spec.roles[0].members: Invalid value: 2: the app allows 1',
      'spec.roles[2].id: Unsupported value: "tail": supported values: "head", "worker"',
    ];
    let resourceVersion: string;
    before(async () => {
      const made = await send('POST', clustersPath, clusterDocument('mended'));
      ({ resourceVersion } = made.body.metadata);
    });

    it('when an object is created', async () =>
      expect(faultsOf(await send('POST', clustersPath, clusterDocument('fresh', { roles })))).to.deep.equal(told));

    it('when it is replaced', async () =>
      expect(
        faultsOf(await send('PUT', path, clusterDocument('mended', { roles }, { resourceVersion }))),
      ).to.deep.equal(told));

    it('when it is patched', async () =>
      expect(faultsOf(await send('PATCH', path, { spec: { roles } }, 'application/merge-patch+json'))).to.deep.equal(
        told,
      ));

    for (const name of ['mended', 'fresh'])
      it(`when it is applied, and ${name === 'fresh' ? 'is not there' : 'is there'}`, async () => {
        const document = clusterDocument(name, { roles });
        const query = '?fieldManager=me&force=true';
        const answer = await send('PATCH', `${clustersPath}/${name}${query}`, document, 'application/apply-patch+yaml');
        expect(faultsOf(answer)).to.deep.equal(told);
      });

    it('and with those of metadata (K-400)', async () =>
      expect(placesIn(await send('POST', clustersPath, clusterDocument('Fresh', { roles })))).to.deep.equal([
        'spec.roles[1].members',
        'metadata.name',
        'spec.roles[0].members',
        'spec.roles[2].id',
      ]));

    it('but not when something is missing without which the rest cannot be judged', async () =>
      expect(
        placesIn(await send('POST', clustersPath, clusterDocument('fresh', { app: undefined, roles }))),
      ).to.deep.equal(['spec.app', 'spec.roles[1].members']));
  });

  describe('of v1alpha1 speak of its fields', () => {
    const inV1alpha1 = (path: string): string => `${path.replace('/v1beta1/', '/v1alpha1/')}?dryRun=All`;

    it('in a cluster', async () => {
      const roles = [{ name: 'head', replicas: 2 }, { name: 'worker' }, { name: 'tail' }];
      const faulty = publishedCluster('old', { roles });
      expect(faultsOf(await send('POST', inV1alpha1(clustersPath), faulty))).to.deep.equal([
        'spec.roles[0].replicas: Invalid value: 2: the app allows 1',
        'spec.roles[2].name: Unsupported value: "tail": supported values: "head", "worker"',
      ]);
    });

    it('in an app', async () => {
      const { label, version, roles } = appDocument().spec;
      const faulty = {
        ...{ apiVersion: 'kubedirector.bluedata.io/v1alpha1', kind: 'KubeDirectorApp', metadata: { name: 'old' } },
        spec: {
          ...{ label, version, roles, distro_id: 'demo/app' },
          config: { selected_roles: ['no'], node_services: [{ role_id: 'head', service_ids: ['none'] }] },
        },
      };
      expect(placesIn(await send('POST', inV1alpha1(appsPath), faulty))).to.deep.equal([
        'spec.roles[0].image.repoTag',
        'spec.roles[1].image.repoTag',
        'spec.config.selected_roles[0]',
        'spec.config.node_services[0].service_ids[0]',
      ]);
    });
  });
});
