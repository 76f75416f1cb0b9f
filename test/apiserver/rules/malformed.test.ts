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
const configsPath = clustersPath.replace('kubedirectorclusters', 'kubedirectorconfigs');
const configDocument = (spec: object, name = 'kd-global-config') => ({
  apiVersion: 'kubedirector.bluedata.io/v1beta1',
  kind: 'KubeDirectorConfig',
  metadata: { name },
  spec,
});
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
  'a cluster with amounts in gigabytes': [
    clustersPath,
    worker({
      resources: { limits: { memory: '2GB', cpu: '2 cores' } },
      storage: { size: '10 GB' },
      sharedMemory: '64MB',
    }),
  ],
  'a cluster with resources that no host has': [
    clustersPath,
    worker({ resources: { limits: { mem: '2Gi', CPU: 2, 'my gpu/x': 1 } } }),
  ],
  'a cluster with resources without limits or requests': [
    `${clustersPath}?fieldValidation=Strict`,
    worker({ resources: { cpu: 2, memory: '2Gi' } }),
  ],
  'a cluster with variables as a map': [clustersPath, worker({ env: { TZ: 'UTC' } })],
  'a cluster with variables that no pod can have': [
    clustersPath,
    worker({
      env: [
        { name: 'A=B', value: 'c' },
        { name: 'TOKEN', value: 'x', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
        { name: 'EMPTY', valueFrom: {} },
      ],
    }),
  ],
  'a cluster with one role twice': [clustersPath, roles(head, { id: 'worker' }, { id: 'worker', members: 3 })],
  'a cluster with words in another case': [
    clustersPath,
    clusterDocument('demo', { serviceType: 'nodeport', namingScheme: 'readable', appCatalog: 'System' }),
  ],
  'a cluster with words of v1alpha1': [
    `${clustersPath}?fieldValidation=Strict`,
    roles(head, { name: 'worker', replicas: 2 }),
  ],
  'a cluster with storage, Secret and connections as texts': [
    clustersPath,
    clusterDocument('demo', {
      connections: { clusters: 'kafka' },
      roles: [head, { id: 'worker', storage: '10Gi', secret: 'site' }],
    }),
  ],
  'a cluster with files from and to nowhere': [
    clustersPath,
    worker({
      fileInjections: [
        { srcURL: 'ftp://x/y', destDir: 'etc', permissions: { fileMode: '0644' } },
        { srcURL: 'https://x/y', destDir: '/etc', permissions: { fileMode: 6440 } },
        { destDir: '/etc' },
      ],
    }),
  ],
  'a cluster with mistakes of every sort at once': [
    clustersPath,
    clusterDocument('Demo', {
      serviceType: 'Ingress',
      roles: [
        { id: 'head', members: 3 },
        { id: 'worker', members: 'two', resources: { limits: { cpu: '1' }, requests: { cpu: '2' } } },
        { id: 'wroker' },
      ],
    }),
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
  'an app with a role without a cardinality': [appsPath, appDocument('other', { roles: [{ id: 'head' }] })],
  'an app with numbers for texts, and texts for numbers': [
    appsPath,
    appDocument('other', { version: 1.5, configSchemaVersion: '7', systemdRequired: 'yes', capabilities: 'IPC_LOCK' }),
  ],
  'an app with ports out of range': [
    appsPath,
    appDocument('other', {
      services: [
        { id: 'web', endpoint: { port: 80800 } },
        { id: 'ssh', endpoint: { port: -1, isDashboard: true } },
        { id: 'none', endpoint: { port: '22' } },
      ],
    }),
  ],
  'an app with ids twice, and ids of nothing': [
    appsPath,
    appDocument('other', {
      services: [{ id: 'web' }, { id: 'web' }],
      config: {
        selectedRoles: ['head', 'wroker', 'head'],
        roleServices: [
          { roleID: 'head', serviceIDs: ['wbe', 'web', 'web'] },
          { roleID: 'Worker', serviceIDs: [] },
        ],
      },
    }),
  ],
  'an app with ids that have blanks': [
    appsPath,
    appDocument('other', { services: [{ id: 'my web' }], roles: [{ id: 'head node', cardinality: '1' }] }),
  ],
  'an app with lists and maps confused': [
    appsPath,
    appDocument('other', { label: 'Mine', services: { web: 80 }, roles: { head: '1' }, config: [] }),
  ],
  'an app with directories, events and minima that are none': [
    appsPath,
    appDocument('other', {
      roles: [
        {
          ...{ id: 'head', cardinality: '1', persistDirs: ['data', '/etc/'], eventList: ['addnode'] },
          ...{ minResources: { mem: '2Gi', cpu: -1, memory: '2GB' }, minStorage: '10Gi', containerSpec: { tty: true } },
        },
      ],
    }),
  ],
  'an app of v1alpha1 in words of several releases that disagree': [
    appsPath.replace('/v1beta1/', '/v1alpha1/'),
    {
      ...appDocument('other', { distro_id: 'acme/other', image: { repoTag: 'acme/other:1' } }),
      apiVersion: 'kubedirector.bluedata.io/v1alpha1',
    },
  ],
  'a configuration with a name and a namespace of its own': [
    configsPath.replace('/default/', '/other/'),
    configDocument({}, 'my-config'),
  ],
  'a configuration with words that there are not': [
    configsPath,
    configDocument({ defaultServiceType: 'nodePort', defaultNamingScheme: 'uid', nativeSystemdSupport: 'true' }),
  ],
  'a configuration with a key too short, which is not said again': [
    configsPath,
    configDocument({ masterEncryptionKey: '00112233445566778899aabbccddeeff0' }),
  ],
  'a configuration with a domain, labels and annotations that are none': [
    configsPath,
    configDocument({
      clusterSvcDomainBase: 'svc cluster local',
      podLabels: { 'a b': 'c' },
      podAnnotations: ['a'],
      requiredSecretPrefix: 7,
    }),
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
