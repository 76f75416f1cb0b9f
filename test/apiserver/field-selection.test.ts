/** What people select our kinds by, in the words of the version they use. */
import { expect } from 'chai';
import { appDocument, appsPath, clusterDocument, clustersPath, publishedClustersPath } from '../make/documents.ts';
import { startServer, type TestServer } from './serving.ts';

const publishedAppsPath = appsPath.replace('v1beta1', 'v1alpha1');
const query = (selector: string): string => `fieldSelector=${encodeURIComponent(selector)}`;

describe('selecting by fields', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer();
    await create(appsPath, appDocument());
    const roles = [
      { id: 'head', cardinality: '1', imageRepoTag: 'docker.io/demo/head:2' },
      { id: 'worker', cardinality: '1+' },
    ];
    await create(appsPath, appDocument('other-app', { distroID: 'demo/other', roles }));
    for (const [name, app] of Object.entries({ a: 'demo-app', b: 'other-app', c: 'demo-app' }))
      await create(clustersPath, clusterDocument(name, { app }));
    await report('a', { state: 'configured' }, 'True');
    await report('b', { state: 'creating' }, 'False');
  });
  after(() => server.stop());

  const create = (path: string, body: object) => server.admin.ask(path, { body });
  const report = async (name: string, status: object, ready: string): Promise<void> => {
    const lastTransitionTime = '2026-01-01T00:00:00Z';
    const conditions = [
      { type: 'Progressing', status: 'Unknown', reason: 'Testing', message: '', lastTransitionTime },
      { type: 'Ready', status: ready, reason: 'Testing', message: '', lastTransitionTime },
    ];
    const { code } = await server.admin.ask(`${clustersPath}/${name}/status`, {
      method: 'PATCH',
      body: { status: { ...status, conditions } },
      type: 'application/merge-patch+json',
    });
    expect(code).to.equal(200);
  };
  const names = async (path: string, selector: string): Promise<string[]> => {
    const { code, body } = await server.admin.ask(`${path}?${query(selector)}`);
    expect(code, selector).to.equal(200);
    return body.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name);
  };

  for (const [selector, expected] of [
    ['spec.app=demo-app', ['a', 'c']],
    ['spec.app!=demo-app', ['b']],
    ['spec.app=demo-app,status.state=configured', ['a']],
    ['spec.app=none', []],
    ['status.state=', ['c']],
    ['status.conditions.Ready=True', ['a']],
    ['status.conditions.Ready!=True', ['b', 'c']],
    ['metadata.name=b', ['b']],
    ['metadata.name=b,spec.app=demo-app', []],
  ] as const)
    it(`${selector} picks ${expected.join(', ') || 'no cluster'} (K-204)`, async () =>
      expect(await names(clustersPath, selector)).to.deep.equal(expected));

  for (const [selector, expected] of [
    ['status.state=ready', ['a']],
    ['status.state!=ready', ['b', 'c']],
    ['spec.app=other-app,status.state=creating', ['b']],
    ['status.conditions.Ready=False', ['b']],
  ] as const)
    it(`${selector} picks ${expected.join(', ')}, in the words of v1alpha1 (K-204)`, async () =>
      expect(await names(publishedClustersPath, selector)).to.deep.equal(expected));

  for (const [path, selector, expected] of [
    [appsPath, 'spec.distroID=demo/other', ['other-app']],
    [appsPath, 'spec.roles.imageRepoTag=docker.io/demo/app:1', ['demo-app', 'other-app']],
    [appsPath, 'spec.roles.imageRepoTag=docker.io/demo/head:2', ['other-app']],
    [appsPath, 'spec.roles.imageRepoTag!=docker.io/demo/head:2', ['demo-app']],
    [publishedAppsPath, 'spec.distro_id=demo/other', ['other-app']],
    [publishedAppsPath, 'spec.roles.image.repoTag=docker.io/demo/head:2', ['other-app']],
  ] as const)
    it(`${selector} picks the app${expected.length > 1 ? 's' : ''} ${expected.join(', ')} (K-204)`, async () =>
      expect(await names(path, selector)).to.deep.equal(expected));

  it('asks for fields in the words of the version, others are refused (K-204)', async () => {
    const { code, body } = await server.admin.ask(`${publishedAppsPath}?${query('spec.distroID=a')}`);
    expect([code, body.message]).to.deep.equal([400, 'field label not supported: spec.distroID']);
  });

  it('publishes in each version what can be selected by, as that version says it (K-066)', async () => {
    const published = async (version: string, kind: string): Promise<string[]> => {
      const { body } = await server.admin.ask(`/openapi/v3/apis/kubedirector.bluedata.io/${version}`);
      const schema = body.components.schemas[`io.bluedata.kubedirector.${version}.${kind}`];
      return schema['x-kubernetes-selectable-fields'].map(({ fieldPath }: { fieldPath: string }) => fieldPath);
    };
    const ofClusters = ['spec.app', 'status.state', 'status.conditions.Ready'];
    expect(await published('v1beta1', 'KubeDirectorCluster')).to.deep.equal(ofClusters);
    expect(await published('v1alpha1', 'KubeDirectorCluster')).to.deep.equal(ofClusters);
    expect(await published('v1beta1', 'KubeDirectorApp')).to.deep.equal(['spec.distroID', 'spec.roles.imageRepoTag']);
    expect(await published('v1alpha1', 'KubeDirectorApp')).to.deep.equal([
      'spec.distro_id',
      'spec.roles.image.repoTag',
    ]);
  });

  it('means the same to a watch: what comes to be selected is added, what ceases to be is deleted (K-206)', async () => {
    const { body } = await server.admin.ask(clustersPath);
    const ready = `${publishedClustersPath}?watch=1&${query('status.state=ready')}`;
    const later = server.admin.watch(
      `${ready}&resourceVersion=${body.metadata.resourceVersion}`,
      (seen) => seen.length === 2,
    );
    await report('b', { state: 'configured' }, 'True');
    await report('b', { state: 'creating' }, 'False');
    expect((await later).map(({ type, object }) => `${type} ${object.metadata.name}`)).to.deep.equal([
      'ADDED b',
      'DELETED b',
    ]);

    const initial = '&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
    const present = await server.admin.watch(ready + initial, (seen) => seen.at(-1)?.type === 'BOOKMARK');
    expect(present.slice(0, -1).map(({ object }) => object.metadata.name)).to.deep.equal(['a']);
  });

  it('means the same when all that is selected is deleted (K-206)', async () => {
    for (const name of ['d', 'e']) await create(clustersPath, clusterDocument(name, { app: 'other-app' }));
    await report('e', { state: 'configured' }, 'True');
    const selected = query('spec.app=other-app,status.state=ready');
    expect((await server.admin.ask(`${publishedClustersPath}?${selected}`, { method: 'DELETE' })).code).to.equal(200);
    expect(await names(clustersPath, '')).to.deep.equal(['a', 'b', 'c', 'd']);
  });
});
