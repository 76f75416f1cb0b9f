/**
 * The rules of clusters: what is refused at which field, what is accepted, what is only warned of, and what may change.
 */
import { expect } from 'chai';
import { appDocument, appsPath, clusterDocument, clustersPath } from '../../make/documents.ts';
import { startServer, type TestServer } from '../serving.ts';
import { describeRules, faultsOf } from './judging.ts';

const configsPath = clustersPath.replace('kubedirectorclusters', 'kubedirectorconfigs');
const configPath = `${configsPath}/kd-global-config`;

/** A head and a worker; `worker` says more of the latter. */
const withWorker = (worker: object, spec: object = {}) =>
  clusterDocument('judged', { roles: [{ id: 'head' }, { id: 'worker', ...worker }], ...spec });
const ofApp = (app: string, worker: object = {}) => withWorker(worker, { app });

const secret = (mountPath: string, name = 'site') => ({ name, mountPath });
const taken = (more: object = {}) => ({
  name: 'password',
  valueFrom: { secretKeyRef: { name: 'site', key: 'password', ...more } },
});
const claim = (mountPath: string) => ({ pvcName: 'data', mountPath });
const long = 'x'.repeat(64);

/** What the apps of this file add to the usual one. */
const withRoles = (worker: object, spec: object = {}) => ({
  roles: [
    { id: 'head', cardinality: '1' },
    { id: 'worker', cardinality: '1+', ...worker },
  ],
  ...spec,
});
const apps = {
  'demo-app': {},
  optional: withRoles({ cardinality: '0+' }),
  hungry: withRoles({ minResources: { cpu: '1', memory: '2Gi', 'nvidia.com/gpu': '1' } }),
  storing: withRoles({ minStorage: { size: '10Gi' } }),
  maystore: withRoles({ minStorage: { size: '10Gi', ephemeralModeSupported: true } }),
  keeping: withRoles({ persistDirs: ['/data'] }),
  booting: withRoles({}, { systemdRequired: true }),
};

const fromPod = { fieldRef: { fieldPath: 'metadata.name' } };

describe('a cluster', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer();
    for (const [name, spec] of Object.entries(apps)) {
      const { code, text } = await server.admin.ask(appsPath, { body: appDocument(name, spec) });
      expect(code, text).to.equal(201);
    }
    const config = { apiVersion: 'kubedirector.bluedata.io/v1beta1', kind: 'KubeDirectorConfig' };
    const { code, text } = await server.admin.ask(configsPath, {
      body: { ...config, metadata: { name: 'kd-global-config' } },
    });
    expect(code, text).to.equal(201);
  });
  after(() => server.stop());
  const send = (method: string, path: string, body?: object) =>
    server.admin.ask(path, { method, ...(body && { body }) });

  const enough = { requests: { cpu: '1', memory: '2Gi', 'nvidia.com/gpu': '1' } };
  const least = (change: object) => ofApp('hungry', { resources: { requests: { ...enough.requests, ...change } } });

  describeRules(() => server, clustersPath, [
    {
      rule: 'is an instance of an app that exists (F1)',
      accepted: ofApp('demo-app'),
      refused: ofApp('nonesuch'),
      fault: 'spec.app: Not found: "nonesuch"',
    },
    {
      rule: 'finds its app in the catalog that it names (F1)',
      accepted: withWorker({}, { appCatalog: 'system' }),
      refused: withWorker({}, { appCatalog: 'elsewhere' }),
      fault: 'spec.appCatalog: Unsupported value: "elsewhere"',
    },
    {
      rule: 'has exactly as many members in a role as a closed cardinality says (C1)',
      accepted: clusterDocument('judged', { roles: [{ id: 'head', members: 1 }, { id: 'worker' }] }),
      refused: clusterDocument('judged', { roles: [{ id: 'head', members: 2 }, { id: 'worker' }] }),
      fault: 'spec.roles[0].members: Invalid value: 2: the app allows 1',
    },
    {
      rule: 'has at least as many members in a role as an open cardinality says (C1)',
      accepted: withWorker({ members: 1 }),
      refused: withWorker({ members: 0 }),
      fault: 'spec.roles[1].members: Invalid value: 0: the app allows 1+',
    },
    {
      rule: 'has at most 1000 members (C2)',
      accepted: withWorker({ members: 999 }),
      refused: withWorker({ members: 1000 }),
      fault: 'spec.roles: Invalid value: 1001: a cluster has at most 1000 members',
    },
    {
      rule: 'wants labels on pods that pods can have (C3)',
      accepted: withWorker({ podLabels: { 'example.com/tier': 'gold' } }),
      refused: withWorker({ podLabels: { tier: 'not gold' } }),
      fault: 'spec.roles[1].podLabels: Invalid value: "not gold": a valid label must be',
    },
    {
      rule: 'wants labels on Services that Services can have (C3)',
      accepted: withWorker({ serviceLabels: { tier: 'gold' } }),
      refused: withWorker({ serviceLabels: { [long]: 'gold' } }),
      fault: `spec.roles[1].serviceLabels: Invalid value: "${long}": name part must be no more than 63 bytes`,
    },
    {
      rule: 'wants annotations on pods that pods can have (C3)',
      accepted: withWorker({ podAnnotations: { 'example.com/Note': 'any text at all' } }),
      refused: withWorker({ podAnnotations: { 'a/b/c': '' } }),
      fault: 'spec.roles[1].podAnnotations: Invalid value: "a/b/c"',
    },
    {
      rule: 'wants annotations on Services that fit into them (C3)',
      accepted: withWorker({ serviceAnnotations: { note: 'x'.repeat(200_000) } }),
      refused: withWorker({ serviceAnnotations: { note: 'x'.repeat(300_000) } }),
      fault: 'spec.roles[1].serviceAnnotations: Too long: may not be more than 262144 bytes',
    },
    {
      rule: 'has roles that its app has (R1)',
      accepted: withWorker({}),
      refused: clusterDocument('judged', { roles: [{ id: 'head' }, { id: 'worker' }, { id: 'tail' }] }),
      fault: 'spec.roles[2].id: Unsupported value: "tail": supported values: "head", "worker"',
    },
    {
      rule: 'has each role once (R2)',
      accepted: withWorker({}),
      refused: clusterDocument('judged', { roles: [{ id: 'head' }, { id: 'worker' }, { id: 'worker' }] }),
      fault: 'spec.roles[2]: Duplicate value: {"id":"worker"}',
    },
    {
      rule: 'has the selected roles that must have members (R3)',
      accepted: clusterDocument('judged', { app: 'optional', roles: [{ id: 'head' }] }),
      refused: clusterDocument('judged', { roles: [{ id: 'head' }] }),
      fault: 'spec.roles: Required value: the app needs role "worker" with 1+ members',
    },
    {
      rule: 'names resources that containers can have',
      accepted: withWorker({
        resources: { limits: { 'ephemeral-storage': '1Gi', 'hugepages-2Mi': '4Mi', 'amd.com/gpu': 1 } },
      }),
      refused: withWorker({ resources: { limits: { mem: '1Gi' } } }),
      fault: 'spec.roles[1].resources.limits[mem]: Invalid value: "mem": must be a standard resource for containers',
    },
    {
      rule: 'names variables as containers can have them',
      accepted: withWorker({ env: [{ name: 'spark.executor memory', value: '' }] }),
      refused: withWorker({ env: [{ name: 'A=B', value: '' }] }),
      fault: 'spec.roles[1].env[0].name: Invalid value: "A=B": a valid environment variable name must',
    },
    {
      rule: 'has a value for a variable, or one place to read it from',
      accepted: withWorker({ env: [{ name: 'A', value: '', valueFrom: fromPod }] }),
      refused: withWorker({ env: [{ name: 'A', value: 'a', valueFrom: fromPod }] }),
      fault: 'spec.roles[1].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
    },
    {
      rule: 'has no two places to read a variable from',
      accepted: withWorker({ env: [{ name: 'A', valueFrom: fromPod }] }),
      refused: withWorker({ env: [{ name: 'A', valueFrom: { ...fromPod, secretKeyRef: { name: 's', key: 'k' } } }] }),
      fault: 'spec.roles[1].env[0].valueFrom: Invalid value: "": may not have more than one field',
    },
    {
      rule: 'requests what its app needs at least (M1)',
      accepted: least({}),
      refused: least({ memory: '1Gi' }),
      fault: 'spec.roles[1].resources.requests[memory]: Invalid value: "1Gi": the app needs at least 2Gi',
    },
    {
      rule: 'requests its limits where it requests nothing, as Kubernetes has it (M1)',
      accepted: ofApp('hungry', { resources: { limits: enough.requests } }),
      refused: ofApp('hungry', { resources: {} }),
      fault: 'spec.roles[1].resources.requests[cpu]: Invalid value: "0": the app needs at least 1',
    },
    {
      rule: 'requests of a GPU what its app needs at least (M1)',
      accepted: least({ 'nvidia.com/gpu': 2 }),
      refused: least({ 'nvidia.com/gpu': 0 }),
      fault: 'spec.roles[1].resources.requests[nvidia.com/gpu]: Invalid value: 0: the app needs at least 1',
    },
    {
      rule: 'requests no more than its limits',
      accepted: withWorker({ resources: { limits: { cpu: '1' }, requests: { cpu: '1000m' } } }),
      refused: withWorker({ resources: { limits: { cpu: '1' }, requests: { cpu: '1001m' } } }),
      fault: 'spec.roles[1].resources.requests[cpu]: Invalid value: "1001m": must be less than or equal to cpu limit',
    },
    {
      rule: 'requests nothing below zero',
      accepted: withWorker({ resources: { limits: { cpu: '0' } } }),
      refused: withWorker({ resources: { limits: { cpu: '-1' } } }),
      fault: 'spec.roles[1].resources.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0',
    },
    {
      rule: 'has storage where its app needs some (S1)',
      accepted: ofApp('maystore'),
      refused: ofApp('storing'),
      fault: 'spec.roles[1].storage: Required value: the app needs at least 10Gi',
    },
    {
      rule: 'has as much storage as its app needs (S2)',
      accepted: ofApp('storing', { storage: { size: '10240Mi' } }),
      refused: ofApp('storing', { storage: { size: '10G' } }),
      fault: 'spec.roles[1].storage.size: Invalid value: "10G": the app needs at least 10Gi',
    },
    {
      rule: 'has as much storage as its app needs, also where it need not have any (S2)',
      accepted: ofApp('maystore', { storage: { size: '11Gi' } }),
      refused: ofApp('maystore', { storage: { size: '9Gi' } }),
      fault: 'spec.roles[1].storage.size: Invalid value: "9Gi": the app needs at least 10Gi',
    },
    {
      rule: 'says the size of its storage as a quantity (ST1)',
      accepted: withWorker({ storage: { size: '1Gi' } }),
      refused: withWorker({ storage: { size: 'large' } }),
      fault: 'spec.roles[1].storage.size: Invalid value: "large"',
    },
    {
      rule: 'has storage of more than nothing (ST2)',
      accepted: withWorker({ storage: { size: 1 } }),
      refused: withWorker({ storage: { size: '0Gi' } }),
      fault: 'spec.roles[1].storage.size: Invalid value: "0Gi": must be greater than zero',
    },
    {
      rule: 'has block devices of more than nothing',
      accepted: withWorker({
        blockStorage: { storageClassName: 'fast', pathPrefix: '/dev/d', numDevices: 1, size: '1Gi' },
      }),
      refused: withWorker({
        blockStorage: { storageClassName: 'fast', pathPrefix: '/dev/d', numDevices: 1, size: '-1Gi' },
      }),
      fault: 'spec.roles[1].blockStorage.size: Invalid value: "-1Gi": must be greater than zero',
    },
    {
      rule: 'says the size of shared memory as a quantity (SH3)',
      accepted: withWorker({ sharedMemory: '1Gi' }),
      refused: withWorker({ sharedMemory: 'much' }),
      fault: 'spec.roles[1].sharedMemory: Invalid value: "much"',
    },
    {
      rule: 'has shared memory of more than nothing (SH4)',
      accepted: withWorker({ sharedMemory: '1' }),
      refused: withWorker({ sharedMemory: '0' }),
      fault: 'spec.roles[1].sharedMemory: Invalid value: "0": must be greater than zero',
    },
    {
      rule: 'names service accounts that can exist (SA1)',
      accepted: withWorker({ serviceAccountName: 'runner' }),
      refused: withWorker({ serviceAccountName: 'Runner' }),
      fault: 'spec.roles[1].serviceAccountName: Invalid value: "Runner": a lowercase RFC 1123 subdomain',
    },
    {
      rule: 'names Secrets that can exist (SE2)',
      accepted: withWorker({}, { defaultSecret: secret('/etc/site') }),
      refused: withWorker({}, { defaultSecret: secret('/etc/site', 'a/../b') }),
      fault: 'spec.defaultSecret.name: Invalid value: "a/../b": a lowercase RFC 1123 subdomain',
    },
    {
      rule: 'connects to objects that can exist',
      accepted: withWorker({}, { connections: { clusters: ['a'], configmaps: ['b'], secrets: ['c'] } }),
      refused: withWorker({}, { connections: { configmaps: ['B'] } }),
      fault: 'spec.connections.configmaps[0]: Invalid value: "B": a lowercase RFC 1123 subdomain',
    },
    {
      rule: 'gives secret values, never what they are encrypted to (K1)',
      accepted: withWorker({ secretKeys: [{ name: 'password', value: 's3cret' }] }),
      refused: withWorker({ secretKeys: [{ name: 'password', encryptedValue: 'c0ffee' }] }),
      fault: 'spec.roles[1].secretKeys[0].encryptedValue: Forbidden: it is set by the server; give the value instead',
    },
    {
      rule: 'gives a secret value or says where it is kept, not both',
      accepted: withWorker({ secretKeys: [taken()] }),
      refused: withWorker({ secretKeys: [{ ...taken(), value: 's3cret' }] }),
      fault: 'spec.roles[1].secretKeys[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
    },
    {
      rule: 'says where a secret value is kept, and never what it is encrypted to',
      accepted: withWorker({ secretKeys: [{ ...taken(), value: '' }] }),
      refused: withWorker({ secretKeys: [{ ...taken(), encryptedValue: 'c0ffee' }] }),
      fault:
        'spec.roles[1].secretKeys[0].valueFrom: Invalid value: "": may not be specified when `encryptedValue` is not empty',
    },
    {
      rule: 'says of a secret value that is kept elsewhere where that is',
      accepted: withWorker({ secretKeys: [taken({ optional: true })] }),
      refused: withWorker({ secretKeys: [{ name: 'password', valueFrom: {} }] }),
      fault: 'spec.roles[1].secretKeys[0].valueFrom.secretKeyRef: Required value',
    },
    ...(
      [
        ['names the Secret of a secret value', { name: '' }, 'name: Required value'],
        [
          'names a Secret that can exist for a secret value',
          { name: 'A' },
          'name: Invalid value: "A": a lowercase RFC',
        ],
        ['names the key of a secret value', { key: '' }, 'key: Required value'],
        [
          'names a key that can exist for a secret value',
          { key: 'a b' },
          'key: Invalid value: "a b": a valid config key',
        ],
        ['names no directory for a secret value', { key: '..' }, `key: Invalid value: "..": must not be '..'`],
        [
          'says by yes or no whether there must be a secret value',
          { optional: 'no' },
          'optional: Invalid value: "string"',
        ],
      ] as const
    ).map(([rule, wrong, fault]) => ({
      rule,
      accepted: withWorker({ secretKeys: [taken({ name: 'a.b', key: 'Key_1.txt', optional: false })] }),
      refused: withWorker({ secretKeys: [taken(wrong)] }),
      fault: `spec.roles[1].secretKeys[0].valueFrom.secretKeyRef.${fault}`,
    })),
    {
      rule: 'names each secret value once',
      accepted: withWorker({ secretKeys: [{ name: 'a' }, { name: 'b' }] }),
      refused: withWorker({ secretKeys: [{ name: 'a' }, { name: 'a' }] }),
      fault: 'spec.roles[1].secretKeys[1]: Duplicate value: {"name":"a"}',
    },
    {
      rule: 'mounts one claim at one path of a role (V5)',
      accepted: withWorker({ volumeProjections: [claim('/a'), claim('/b')] }),
      refused: withWorker({ volumeProjections: [claim('/a'), claim('/a')] }),
      fault: 'spec.roles[1].volumeProjections[1]: Duplicate value: {"mountPath":"/a"}',
    },
    {
      rule: 'mounts one claim at one path of a role, however the path is written (V5)',
      accepted: withWorker({ volumeProjections: [claim('/a'), claim('/a/b')] }),
      refused: withWorker({ volumeProjections: [claim('/a'), claim('/a/')] }),
      fault:
        'spec.roles[1].volumeProjections[1].mountPath: Invalid value: "/a/": clashes with the mount path of volumeProjections[0]',
    },
    ...['/tmp', '/run', '/run/lock/'].map((path) => ({
      rule: `mounts no claim at ${path} (V6)`,
      accepted: withWorker({ volumeProjections: [claim(`${path}/below`)] }),
      refused: withWorker({ volumeProjections: [claim(path)] }),
      fault: `spec.roles[1].volumeProjections[0].mountPath: Invalid value: "${path}": clashes with a mount that every member has`,
    })),
    {
      rule: 'mounts no claim at /dev/shm where it has shared memory (V6)',
      accepted: withWorker({ volumeProjections: [claim('/dev/shm')] }),
      refused: withWorker({ volumeProjections: [claim('/dev/shm')], sharedMemory: '1Gi' }),
      fault: 'spec.roles[1].volumeProjections[0].mountPath: Invalid value: "/dev/shm": clashes',
    },
    {
      rule: 'mounts no claim at /sys/fs/cgroup where systemd runs (V6)',
      accepted: withWorker({ volumeProjections: [claim('/sys/fs/cgroup')] }),
      refused: ofApp('booting', { volumeProjections: [claim('/sys/fs/cgroup')] }),
      fault: 'spec.roles[1].volumeProjections[0].mountPath: Invalid value: "/sys/fs/cgroup": clashes',
    },
    {
      rule: 'mounts no claim where it mounts its Secret (V6)',
      accepted: withWorker({ secret: secret('/etc/site'), volumeProjections: [claim('/etc/site/more')] }),
      refused: withWorker({ secret: secret('/etc/site'), volumeProjections: [claim('/etc/site')] }),
      fault:
        'spec.roles[1].volumeProjections[0].mountPath: Invalid value: "/etc/site": clashes with the mount path of the Secret',
    },
    {
      rule: 'mounts no claim where it mounts the default Secret (V6)',
      accepted: withWorker({ secret: secret('/b'), volumeProjections: [claim('/a')] }, { defaultSecret: secret('/a') }),
      refused: withWorker({ volumeProjections: [claim('/a')] }, { defaultSecret: secret('/a') }),
      fault:
        'spec.roles[1].volumeProjections[0].mountPath: Invalid value: "/a": clashes with the mount path of defaultSecret',
    },
    {
      rule: 'mounts no claim at a directory that is kept on the volume of a member',
      accepted: ofApp('keeping', { volumeProjections: [claim('/data')] }),
      refused: ofApp('keeping', { volumeProjections: [claim('/data')], storage: { size: '1Gi' } }),
      fault:
        'spec.roles[1].volumeProjections[0].mountPath: Invalid value: "/data": clashes with a directory that is kept',
    },
    {
      rule: 'mounts no Secret over what members have',
      accepted: withWorker({ secret: secret('/run/site') }),
      refused: withWorker({ secret: secret('/run') }),
      fault: 'spec.roles[1].secret.mountPath: Invalid value: "/run": clashes with a mount that every member has',
    },
    {
      rule: 'mounts nothing at the root directory',
      accepted: withWorker({ secret: secret('/site') }),
      refused: withWorker({ secret: secret('/') }),
      fault: 'spec.roles[1].secret.mountPath: Invalid value: "/": must not be the root directory',
    },
    {
      rule: 'mounts at paths that Kubernetes takes',
      accepted: withWorker({ volumeProjections: [claim('/a;b')] }),
      refused: withWorker({ volumeProjections: [claim('/a:b')] }),
      fault: `spec.roles[1].volumeProjections[0].mountPath: Invalid value: "/a:b": must not contain ':'`,
    },
    {
      rule: 'scales a role that it has',
      accepted: withWorker({}, { scaleRole: 'worker' }),
      refused: withWorker({}, { scaleRole: 'tail' }),
      fault: 'spec.scaleRole: Unsupported value: "tail": supported values: "head", "worker"',
    },
    {
      rule: 'has a name from which its children can be named',
      accepted: { ...withWorker({}), metadata: { name: 'ubuntu18.04' } },
      refused: { ...withWorker({}), metadata: { name: 'a'.repeat(60) } },
      fault: `metadata.name: Invalid value: "${'a'.repeat(60)}": must be no more than 39 characters`,
    },
  ]);

  it('is told all its faults at once, whether they need the app or not', async () => {
    const faulty = ofApp('hungry', {
      members: 0,
      resources: { requests: { cpu: '-1' } },
      podLabels: { a: 'b c' },
      storage: { size: '0' },
      serviceAccountName: 'A',
      volumeProjections: [claim('/tmp')],
    });
    const fields = faultsOf(await send('POST', clustersPath, faulty)).map((text) => text.split(': ')[0]);
    expect(fields).to.include.members([
      'spec.roles[1].members',
      'spec.roles[1].resources.requests[cpu]',
      'spec.roles[1].resources.requests[memory]',
      'spec.roles[1].podLabels',
      'spec.roles[1].storage.size',
      'spec.roles[1].serviceAccountName',
      'spec.roles[1].volumeProjections[0].mountPath',
    ]);
  });

  it('is warned of GPUs that Kubernetes would give to no pod', async () => {
    const gpu = (limits: object, requests: object) => withWorker({ resources: { limits, requests } });
    const warned = async (body: object) => (await send('POST', `${clustersPath}?dryRun=All`, body)).warnings;
    expect(await warned(gpu({ 'amd.com/gpu': 2, cpu: '1.5' }, { 'amd.com/gpu': '2', cpu: '500m' }))).to.deep.equal([]);
    const unequal = 'Kubernetes makes no pods with it unless the limit of amd.com/gpu is equal';
    for (const limits of [{}, { 'amd.com/gpu': 2 }])
      expect(await warned(gpu(limits, { 'amd.com/gpu': 1 }))).to.deep.equal([
        `299 - "spec.roles[1].resources.requests[amd.com/gpu]: ${unequal}"`,
      ]);
    expect(await warned(gpu({ 'amd.com/gpu': '500m' }, {}))).to.deep.equal([
      '299 - "spec.roles[1].resources.limits[amd.com/gpu]: Kubernetes makes no pods with 500m of it: it must be an integer"',
    ]);
  });

  it('is warned where rounding up lets an amount pass for the minimum, as it always did (M1)', async () => {
    const { code, warnings } = await send('POST', `${clustersPath}?dryRun=All`, least({ cpu: '500m' }));
    expect(code).to.equal(201);
    expect(warnings).to.include.members([
      '299 - "spec.roles[1].resources.requests[cpu]: 500m is less than the 1 that the app needs, and is accepted since it is rounded up"',
    ]);
  });

  describe('when the configuration', () => {
    const configure = async (spec: object): Promise<void> => {
      const kind = { apiVersion: 'kubedirector.bluedata.io/v1beta1', kind: 'KubeDirectorConfig' };
      await send('DELETE', configPath);
      const made = await send('POST', configsPath, { ...kind, metadata: { name: 'kd-global-config' }, spec });
      expect(made.code, made.text).to.equal(201);
    };
    afterEach(async () => {
      await send('DELETE', clustersPath);
      await send('DELETE', configPath);
    });

    it('demands a prefix, mounts only Secrets that have it (SE1, SE3)', async () => {
      await configure({ requiredSecretPrefix: 'kd-' });
      const good = withWorker({ secret: secret('/a', 'kd-a') }, { defaultSecret: secret('/b', 'kd-b') });
      expect((await send('POST', `${clustersPath}?dryRun=All`, good)).code).to.equal(201);
      const bad = withWorker({ secret: secret('/a', 'a') }, { defaultSecret: secret('/b', 'b') });
      const why = 'must begin with "kd-", as the configuration demands of mounted Secrets';
      expect(faultsOf(await send('POST', clustersPath, bad))).to.have.members([
        `spec.defaultSecret.name: Invalid value: "b": ${why}`,
        `spec.roles[1].secret.name: Invalid value: "a": ${why}`,
      ]);
    });

    it('demands a prefix, mounts no Secret without it that is connected to as well (SE1, SE3)', async () => {
      await configure({ requiredSecretPrefix: 'kd-' });
      const connections = { secrets: ['a', 'b'] };
      const connected = await send('POST', clustersPath, withWorker({}, { connections }));
      expect(connected.code, connected.text).to.equal(201);
      const mounting = withWorker({ secret: secret('/a', 'a') }, { connections, defaultSecret: secret('/b', 'b') });
      const why = 'must begin with "kd-", as the configuration demands of mounted Secrets';
      const faults = [
        `spec.defaultSecret.name: Invalid value: "b": ${why}`,
        `spec.roles[1].secret.name: Invalid value: "a": ${why}`,
      ];
      const { metadata } = connected.body;
      const later = { ...mounting, metadata };
      expect(faultsOf(await send('PUT', `${clustersPath}/${metadata.name}`, later))).to.have.members(faults);
      await send('DELETE', clustersPath);
      expect(faultsOf(await send('POST', clustersPath, mounting))).to.have.members(faults);
    });

    it('demands a prefix, still scales with the Secret that it had before', async () => {
      const before = { ...withWorker({ secret: secret('/a', 'a') }), metadata: { name: 'earlier' } };
      const { body } = await send('POST', clustersPath, before);
      await configure({ requiredSecretPrefix: 'kd-' });
      body.spec.roles[1].members = 3;
      const scaled = await send('PUT', `${clustersPath}/earlier`, body);
      expect(scaled.code, scaled.text).to.equal(200);
      const another = scaled.body;
      another.spec.roles[1].secret.name = 'b';
      expect((await send('PUT', `${clustersPath}/earlier`, another)).code).to.equal(422);
    });

    it('switches shared memory off, asks for none (SH2)', async () => {
      await configure({ forceSharedMemorySizeSupport: true });
      const sharing = withWorker({ sharedMemory: '1Gi' });
      expect((await send('POST', `${clustersPath}?dryRun=All`, sharing)).code).to.equal(201);
      await configure({ forceSharedMemorySizeSupport: false });
      expect(faultsOf(await send('POST', clustersPath, sharing))).to.deep.equal([
        'spec.roles[1].sharedMemory: Forbidden: sizes of shared memory are switched off in the configuration',
      ]);
    });
  });

  describe('that changes', () => {
    beforeEach(() => send('POST', clustersPath, clusterDocument('changing', { app: 'optional' })));
    afterEach(() => send('DELETE', `${clustersPath}/changing`));
    const change = (spec: object) =>
      server.admin.ask(`${clustersPath}/changing`, {
        method: 'PATCH',
        body: { spec },
        type: 'application/merge-patch+json',
      });
    const roles = (...worker: object[]) => ({ roles: [{ id: 'head', members: 1 }, ...worker] });

    for (const [what, spec] of [
      ['the members of a role', roles({ id: 'worker', members: 7 })],
      [
        'the resources of a role that has members (not I3)',
        roles({ id: 'worker', resources: { limits: { cpu: '3' } } }),
      ],
      ['which roles it has (not I4)', roles()],
      ['the type of its Services', { serviceType: 'ClusterIP' }],
      ['how new children are named', { namingScheme: 'UID' }],
      ['its connections', { connections: { configmaps: ['settings'] } }],
      ['its default Secret', { defaultSecret: secret('/etc/site') }],
      ['which role is scaled', { scaleRole: 'worker' }],
    ] as const)
      it(`may change ${what}`, async () => {
        const { code, text } = await change(spec);
        expect(code, text).to.equal(200);
      });

    for (const [field, value, row] of [
      ['app', 'demo-app', 'I1'],
      ['appCatalog', 'system', 'I2'],
    ] as const)
      it(`keeps ${field}, and says why (${row})`, async () => {
        expect(faultsOf(await change({ [field]: value }))).to.include(
          `spec.${field}: Forbidden: a cluster stays an instance of the app that it was made from`,
        );
      });

    it('keeps its catalog when a document leaves it out (I2)', async () => {
      const { body } = await change({ appCatalog: null });
      expect(body.spec.appCatalog).to.equal('local');
    });

    it('keeps how many members a role has when a document leaves that out, and gives a role that is new the least', async () => {
      await change(roles());
      await change(roles({ id: 'worker', members: 7 }));
      const least = { id: 'worker' };
      expect((await change({ roles: [least, { id: 'head' }] })).body.spec.roles).to.deep.equal([
        { id: 'worker', members: 7 },
        { id: 'head', members: 1 },
      ]);
      await change({ roles: [{ id: 'head' }] });
      expect((await change({ roles: [{ id: 'head' }, least] })).body.spec.roles[1].members).not.to.equal(7);
    });

    it('may change twice before anybody has worked on the first change (not G1 to G4)', async () => {
      expect((await change(roles({ id: 'worker', members: 2 }))).code).to.equal(200);
      expect((await change(roles({ id: 'worker', members: 3 }))).code).to.equal(200);
    });
  });
});
