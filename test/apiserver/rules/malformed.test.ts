/**
 * What people get to read when they send something malformed: documents with typical mistakes, and every word of the answer.
 *
 * The answers are kept in malformed.json, to be read by a person whenever they change; KUBEDIRECTOR_TEST_GOLDEN=write writes them anew.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { appDocument, appsPath, clusterDocument, clustersPath, publishedCluster } from '../../make/documents.ts';
import { startServer, type TestServer } from '../serving.ts';

const golden = join(import.meta.dirname, 'malformed.json');
const roles = (...list: object[]) => clusterDocument('demo', { roles: list });
const head = { id: 'head' };
const worker = (more: object) => roles(head, { id: 'worker', ...more });
const published = clustersPath.replace('/v1beta1/', '/v1alpha1/');

const mistakes: Readonly<Record<string, readonly [path: string, body: unknown]>> = {
  'a cluster without a spec': [clustersPath, { ...clusterDocument(), spec: undefined }],
  'a cluster whose spec is a text': [clustersPath, { ...clusterDocument(), spec: 'demo-app' }],
  'a cluster without a name': [clustersPath, { ...clusterDocument(), metadata: {} }],
  'a cluster with a name of capitals and blanks': [clustersPath, clusterDocument('My Cluster')],
  'a cluster of an app that is misspelled': [clustersPath, clusterDocument('demo', { app: 'demo_app' })],
  'a cluster with a role that is misspelled': [clustersPath, roles(head, { id: 'workers' })],
  'a cluster with roles as a map': [clustersPath, clusterDocument('demo', { roles: { head: 1, worker: 2 } })],
  'a cluster without roles': [clustersPath, clusterDocument('demo', { roles: [] })],
  'a cluster with members as a text': [clustersPath, worker({ members: '2' })],
  'a cluster with half a member': [clustersPath, worker({ members: 1.5 })],
  'a cluster with too few members': [clustersPath, worker({ members: 0 })],
  'a cluster with amounts that are none': [
    clustersPath,
    worker({ resources: { requests: { cpu: 'two', memory: '4 GB' } }, storage: { size: '-1Gi' } }),
  ],
  'a cluster with a type of Service that there is not': [
    clustersPath,
    clusterDocument('demo', { serviceType: 'Ingress' }),
  ],
  'a cluster with a field that is misspelled': [
    `${clustersPath}?fieldValidation=Strict`,
    worker({ member: 2, storage: { size: '1Gi', class: 'fast' } }),
  ],
  'a cluster with a relative path': [
    clustersPath,
    worker({ volumeProjections: [{ pvcName: 'data', mountPath: 'data' }], secret: { name: 'site', mountPath: 'etc' } }),
  ],
  'a cluster with words of both versions that disagree': [
    published,
    publishedCluster('demo', { roles: [{ name: 'head', id: 'worker' }] }),
  ],
  'a cluster in v1alpha1 with too few members': [
    published,
    publishedCluster('demo', { roles: [{ name: 'head' }, { name: 'worker', replicas: 0 }] }),
  ],
  'an app as a cluster': [clustersPath, appDocument()],
  'an app of a version that there is not': [appsPath, { ...appDocument(), apiVersion: 'kubedirector.hpe.com/v1beta1' }],
  'an app with a cardinality in words': [
    appsPath,
    appDocument('other', { roles: [{ id: 'head', cardinality: 'one' }] }),
  ],
  'an app with a cardinality as a number': [
    appsPath,
    appDocument('other', { roles: [{ id: 'head', cardinality: 1 }] }),
  ],
  'an app with a package that is no archive': [
    appsPath,
    appDocument('other', { defaultConfigPackage: { packageURL: 'https://example.com/setup.zip' } }),
  ],
  'an app without anything': [appsPath, { ...appDocument('other'), spec: {} }],
};

describe('what is malformed', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer();
    await server.admin.ask(appsPath, { body: appDocument() });
  });
  after(() => server.stop());

  it('is refused in these words', async () => {
    const told: Record<string, string[]> = {};
    for (const [mistake, [path, body]] of Object.entries(mistakes)) {
      const { code, body: answer } = await server.admin.ask(path, { body });
      expect(code, mistake).to.be.within(400, 422);
      const causes = answer.details?.causes as { field: string; message: string }[] | undefined;
      told[mistake] = causes?.map(({ field, message }) => `${field}: ${message}`) ?? [answer.message];
    }
    if (process.env.KUBEDIRECTOR_TEST_GOLDEN === 'write') writeFileSync(golden, `${JSON.stringify(told, null, 2)}\n`);
    expect(told).to.deep.equal(JSON.parse(readFileSync(golden, 'utf8')));
  });
});
