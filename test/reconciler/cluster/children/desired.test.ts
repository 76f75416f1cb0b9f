/** The children of a cluster: those of the published story first, then each field that a role or the configuration can ask for. */
import { expect } from 'chai';
import {
  headlessServiceFor,
  memberServiceFor,
  statefulSetFor,
} from '../../../../reconciler/cluster/children/desired.ts';
import { effectiveRole } from '../../../../reconciler/cluster/effective-role.ts';
import { anApp, cassandra } from '../../../make/kubedirector.ts';
import { blueprintOf, roleBlueprintOf } from '../blueprints.ts';

const kd = 'kubedirector.bluedata.io';
const ownerReferences = [
  {
    apiVersion: `${kd}/v1beta1`,
    kind: 'KubeDirectorCluster',
    name: 'spark-instance',
    uid: 'uid-of-spark-instance',
    controller: true,
    blockOwnerDeletion: true,
  },
];
const commonLabels = {
  [`${kd}/kdcluster`]: 'spark-instance',
  [`${kd}/kdapp`]: 'spark221e2',
  [`${kd}/appCatalog`]: 'local',
  'app.kubernetes.io/name': 'spark221e2',
  'app.kubernetes.io/instance': 'spark-instance',
  'app.kubernetes.io/version': '2.5',
  'app.kubernetes.io/managed-by': 'kubedirector',
};
const prettyName = { [`${kd}/kdapp-prettyName`]: 'Spark 2.2.1 on centos7x with Jupyter' };

describe('the children of a cluster', () => {
  it('begin with a headless Service, never used but for names, that has the cluster for its controller (K-639)', () => {
    expect(headlessServiceFor(blueprintOf(), 4)).to.deep.equal({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        name: 'svc-spark-instance-8ct8d',
        namespace: 'team1',
        labels: commonLabels,
        annotations: { ...prettyName, [`${kd}/lastNodeID`]: '4' },
        ownerReferences,
      },
      spec: {
        type: 'ClusterIP',
        clusterIP: 'None',
        selector: { [`${kd}/headless`]: 'spark-instance' },
        publishNotReadyAddresses: true,
        ports: [{ name: 'port', port: 8888, protocol: 'TCP', targetPort: 8888 }],
      },
    });
  });

  it('have a StatefulSet per role', () => {
    const labels = {
      ...commonLabels,
      [`${kd}/role`]: 'worker',
      [`${kd}/headless`]: 'spark-instance',
      'app.kubernetes.io/component': 'worker',
    };
    expect(statefulSetFor(roleBlueprintOf({ members: 2 }))).to.deep.equal({
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: {
        name: 'spark-instance-worker-xxxxx',
        namespace: 'team1',
        labels,
        annotations: { ...prettyName, [`${kd}/nodeIDs`]: '1' },
        ownerReferences,
      },
      spec: {
        replicas: 2,
        serviceName: 'svc-spark-instance-8ct8d',
        podManagementPolicy: 'Parallel',
        selector: { matchLabels: { [`${kd}/kdcluster`]: 'spark-instance', [`${kd}/role`]: 'worker' } },
        template: {
          metadata: { labels, annotations: prettyName },
          spec: {
            automountServiceAccountToken: false,
            containers: [
              {
                name: 'app',
                image: 'bluedata/sparkbase:2.0',
                resources: { limits: { cpu: '2', memory: '4Gi' }, requests: { cpu: '2', memory: '4Gi' } },
                ports: [
                  { name: 'ssh', containerPort: 22, protocol: 'TCP' },
                  { name: 'spark-worker', containerPort: 8081, protocol: 'TCP' },
                ],
                env: [{ name: 'NVIDIA_VISIBLE_DEVICES', value: 'void' }],
                volumeMounts: [
                  { name: 'tmpfs-tmp', mountPath: '/tmp' },
                  { name: 'tmpfs-run', mountPath: '/run' },
                  { name: 'tmpfs-run-lock', mountPath: '/run/lock' },
                ],
              },
            ],
            volumes: ['tmpfs-tmp', 'tmpfs-run', 'tmpfs-run-lock'].map((name) => ({
              name,
              emptyDir: { medium: 'Memory', sizeLimit: '20Gi' },
            })),
            dnsConfig: { searches: ['svc-spark-instance-8ct8d.team1.svc.cluster.local'] },
          },
        },
      },
    });
  });

  it('have a Service per member', () => {
    expect(memberServiceFor(roleBlueprintOf(), 'svc-x-0', 'x-0')).to.deep.equal({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        name: 'svc-x-0',
        namespace: 'team1',
        labels: { ...commonLabels, [`${kd}/role`]: 'worker', 'app.kubernetes.io/component': 'worker' },
        annotations: prettyName,
        ownerReferences,
      },
      spec: {
        type: 'NodePort',
        selector: { 'statefulset.kubernetes.io/pod-name': 'x-0' },
        publishNotReadyAddresses: true,
        ports: [
          { name: 'generic-ssh', port: 22, protocol: 'TCP', targetPort: 22 },
          { name: 'http-spark-work', port: 8081, protocol: 'TCP', targetPort: 8081 },
        ],
      },
    });
  });

  for (const [app, role, ports] of [
    [anApp(), 'controller', [22, 8080, 7077, 8081]],
    [anApp(), 'jupyter', [22, 8888]],
    [anApp(), 'worker', [22, 8081]],
    [cassandra(), 'seed', [22, 9042]],
    [cassandra(), 'worker', [22, 9042]],
  ] as const)
    it(`${app.metadata.name} ${role} has the published ports in the published order: ${ports.join(', ')}`, () => {
      const blueprint = roleBlueprintOf({ id: role }, app);
      expect(memberServiceFor(blueprint, 's', 'p')!.spec.ports!.map(({ port }) => port)).to.deep.equal(ports);
      const [container] = statefulSetFor(blueprint).spec.template.spec.containers;
      expect(container!.ports!.map(({ containerPort }) => containerPort)).to.deep.equal(ports);
    });

  for (const [name, serviceType, defaultServiceType, type] of [
    ['NodePort, as published', undefined, undefined, 'NodePort'],
    ['what the configuration says', undefined, 'LoadBalancer', 'LoadBalancer'],
    ['what the cluster says', 'ClusterIP', 'LoadBalancer', 'ClusterIP'],
  ] as const)
    it(`member Services are of the type ${name}`, () => {
      const spec = serviceType ? { serviceType } : {};
      const config = defaultServiceType ? { defaultServiceType } : {};
      expect(memberServiceFor(roleBlueprintOf({}, anApp(), spec, config), 's', 'p')!.spec.type).to.equal(type);
    });

  it('have no Service for members of a role without ports', () => {
    const app = anApp({ config: { selectedRoles: ['worker'], roleServices: [] } });
    expect(memberServiceFor(roleBlueprintOf({}, app), 's', 'p')).to.equal(undefined);
    expect(statefulSetFor(roleBlueprintOf({}, app)).spec.template.spec.containers[0]).not.to.have.property('ports');
  });

  it('cannot be taken away by labels of users, whose other labels they have', () => {
    const blueprint = roleBlueprintOf(
      {
        podLabels: { tier: 'a', [`${kd}/headless`]: 'mine' },
        serviceLabels: { tier: 'b', [`${kd}/kdcluster`]: 'mine' },
        podAnnotations: { note: 'role' },
        serviceAnnotations: { note: 'role' },
      },
      anApp(),
      {},
      { podLabels: { site: 'x' }, podAnnotations: { note: 'config' }, serviceLabels: { site: 'y' } },
    );
    const { metadata } = statefulSetFor(blueprint).spec.template;
    expect(metadata.labels).to.include({ tier: 'a', site: 'x', [`${kd}/headless`]: 'spark-instance' });
    expect(metadata.annotations).to.include({ note: 'config' });
    const service = memberServiceFor(blueprint, 's', 'p')!.metadata;
    expect(service.labels).to.include({ tier: 'b', site: 'y', [`${kd}/kdcluster`]: 'spark-instance' });
    expect(service.annotations).to.include({ note: 'role' });
  });

  it('leave out the version of an app that is no label', () => {
    const { labels } = headlessServiceFor(blueprintOf(anApp({ version: '2.5 (beta)' })), 0).metadata;
    expect(labels).not.to.have.property('app.kubernetes.io/version');
  });
});

describe('the pod template', () => {
  const templateOf = (...args: Parameters<typeof roleBlueprintOf>) =>
    statefulSetFor(roleBlueprintOf(...args)).spec.template.spec;

  it('adds the capabilities of the app, and nothing else to the security of the container', () => {
    expect(templateOf({ id: 'seed' }, cassandra()).containers[0]!.securityContext).to.deep.equal({
      capabilities: { add: ['SYS_RESOURCE', 'IPC_LOCK'] },
    });
    expect(templateOf({}).containers[0]).not.to.have.property('securityContext');
  });

  for (const [systemdRequired, nativeSystemdSupport, mounts] of [
    [false, undefined, false],
    [true, undefined, false],
    [true, true, false],
    [false, false, false],
    [true, false, true],
  ] as const)
    it(`mounts ${mounts ? 'cgroups v1' : 'nothing'} of the node ${systemdRequired ? 'for systemd' : 'without systemd'} if the runtime ${nativeSystemdSupport === undefined ? 'is not known' : nativeSystemdSupport ? 'knows it' : 'does not know it'}`, () => {
      const config = nativeSystemdSupport === undefined ? {} : { nativeSystemdSupport };
      const { volumes, containers } = templateOf({}, anApp({ systemdRequired }), {}, config);
      const ofNode = volumes!.flatMap(({ hostPath }) => hostPath ?? []);
      expect(ofNode).to.deep.equal(
        mounts
          ? [
              { path: '/sys/fs/cgroup', type: 'Directory' },
              { path: '/sys/fs/cgroup/systemd', type: 'Directory' },
            ]
          : [],
      );
      if (mounts)
        expect(containers[0]!.volumeMounts!.slice(-2)).to.deep.equal([
          { name: 'cgroupfs', mountPath: '/sys/fs/cgroup', readOnly: true },
          { name: 'systemd', mountPath: '/sys/fs/cgroup/systemd', readOnly: false },
        ]);
    });

  it('mounts a token only for a service account that the role names', () =>
    expect(templateOf({ serviceAccountName: 'spark' })).to.include({
      automountServiceAccountToken: true,
      serviceAccountName: 'spark',
    }));

  for (const [name, role, useNewSetupLayout, env] of [
    ['hides GPUs that nobody asked for', {}, false, [['NVIDIA_VISIBLE_DEVICES', 'void']]],
    ['shows GPUs that were asked for', { resources: { limits: { 'nvidia.com/gpu': '1' } } }, false, []],
    [
      'hides them when none were asked for in so many words',
      { resources: { limits: { 'nvidia.com/gpu': '0' } } },
      false,
      [['NVIDIA_VISIBLE_DEVICES', 'void']],
    ],
    [
      'lets the user say otherwise',
      { env: [{ name: 'NVIDIA_VISIBLE_DEVICES', value: 'all' }] },
      false,
      [['NVIDIA_VISIBLE_DEVICES', 'all']],
    ],
    [
      'has a place for Python packages in the new setup layout',
      { env: [{ name: 'TZ', value: 'UTC' }] },
      true,
      [
        ['TZ', 'UTC'],
        ['PYTHONUSERBASE', '/usr/local'],
        ['NVIDIA_VISIBLE_DEVICES', 'void'],
      ],
    ],
  ] as const)
    it(`${name}`, () => {
      const app = anApp({ defaultConfigPackage: { packageURL: 'file:///a.tgz', useNewSetupLayout } });
      const [container] = templateOf(role as never, app).containers;
      expect((container!.env ?? []).map((variable) => [variable.name, variable.value])).to.deep.equal(env);
    });

  it('mounts the secret of the role, else the default one of the cluster', () => {
    const defaultSecret = { name: 'site.creds', mountPath: '/etc/site' };
    const own = { name: 'own', mountPath: '/etc/own', defaultMode: 256, readOnly: true };
    const [byDefault, byRole] = [
      templateOf({}, anApp(), { defaultSecret }),
      templateOf({ secret: own }, anApp(), { defaultSecret }),
    ];
    expect(byDefault.volumes!.at(-1)).to.deep.equal({ name: 'secret-vol', secret: { secretName: 'site.creds' } });
    expect(byRole.volumes!.at(-1)).to.deep.equal({
      name: 'secret-vol',
      secret: { secretName: 'own', defaultMode: 256 },
    });
    expect(byRole.containers[0]!.volumeMounts!.at(-1)).to.deep.equal({
      name: 'secret-vol',
      mountPath: '/etc/own',
      readOnly: true,
    });
  });

  it('mounts existing claims and shared memory', () => {
    const pod = templateOf({
      volumeProjections: [
        { pvcName: 'data', mountPath: '/mnt/data', readOnly: true },
        { pvcName: 'more', mountPath: '/more' },
      ],
      sharedMemory: '1Gi',
    });
    expect(pod.volumes!.slice(3)).to.deep.equal([
      { name: 'projected-vol-0', persistentVolumeClaim: { claimName: 'data', readOnly: true } },
      { name: 'projected-vol-1', persistentVolumeClaim: { claimName: 'more', readOnly: false } },
      { name: 'shmem', emptyDir: { medium: 'Memory', sizeLimit: '1Gi' } },
    ]);
    expect(pod.containers[0]!.volumeMounts!.slice(3).map(({ mountPath }) => mountPath)).to.deep.equal([
      '/mnt/data',
      '/more',
      '/dev/shm',
    ]);
  });

  it('passes on affinity, stdin and tty', () => {
    const affinity = { nodeAffinity: {} };
    const app = anApp();
    app.spec.roles[1]!.containerSpec = { stdin: true, tty: true };
    const pod = templateOf({ affinity } as never, app);
    expect(pod.affinity).to.deep.equal(affinity);
    expect(pod.containers[0]).to.include({ stdin: true, tty: true });
  });

  it('searches in the domain that the configuration names', () =>
    expect(templateOf({}, anApp(), {}, { clusterSvcDomainBase: '.svc.example.org' }).dnsConfig!.searches).to.deep.equal(
      ['svc-spark-instance-8ct8d.team1.svc.example.org'],
    ));
});

describe('the storage of a member', () => {
  const withStorage = (storage: object, config = {}) =>
    statefulSetFor(roleBlueprintOf({ id: 'seed', storage } as never, cassandra(), {}, config)).spec;

  it('is a claim that an init container fills once, and that the app finds under its own paths', () => {
    const { template, volumeClaimTemplates } = withStorage({ size: '40Gi', storageClassName: 'standard' });
    expect(volumeClaimTemplates).to.deep.equal([
      {
        metadata: { name: 'p' },
        spec: {
          accessModes: ['ReadWriteOnce'],
          storageClassName: 'standard',
          resources: { requests: { storage: '40Gi' } },
        },
      },
    ]);
    const [app] = template.spec.containers;
    expect(app!.volumeMounts!.slice(0, 4)).to.deep.equal(
      ['/etc', '/opt', '/usr', '/data'].map((dir) => ({ name: 'p', mountPath: dir, subPath: dir.slice(1) })),
    );
    const [init] = template.spec.initContainers!;
    expect(init).to.deep.include({
      name: 'init',
      image: 'bluedata/cassandra:3.0',
      resources: app!.resources,
      securityContext: { runAsUser: 0 },
      volumeMounts: [{ name: 'p', mountPath: '/mnt' }],
    });
    // Directories are arguments: nothing that an app says becomes part of the script.
    expect(init!.command!.slice(3)).to.deep.equal(['copy', '/etc', '/opt', '/usr', '/data']);
    expect(init!.command![2]).not.to.include('/data');
  });

  for (const [name, config, storageClassName] of [
    ['the class of the configuration', { defaultStorageClassName: 'fast' }, 'fast'],
    ['none, which leaves it to the host', {}, undefined],
  ] as const)
    it(`without a class has ${name}`, () =>
      expect(withStorage({ size: '1Gi' }, config).volumeClaimTemplates![0]!.spec.storageClassName).to.equal(
        storageClassName,
      ));

  it('can be block devices', () => {
    const blockStorage = { storageClassName: 'raw', pathPrefix: '/dev/disk', numDevices: 2 };
    const { template, volumeClaimTemplates } = statefulSetFor(roleBlueprintOf({ blockStorage })).spec;
    expect(volumeClaimTemplates!.map(({ metadata, spec }) => [metadata.name, spec.volumeMode])).to.deep.equal([
      ['b0', 'Block'],
      ['b1', 'Block'],
    ]);
    expect(volumeClaimTemplates![0]!.spec.resources.requests.storage).to.equal('1Gi');
    expect(template.spec.containers[0]!.volumeDevices).to.deep.equal([
      { name: 'b0', devicePath: '/dev/disk0' },
      { name: 'b1', devicePath: '/dev/disk1' },
    ]);
    expect(template.spec).not.to.have.property('initContainers');
  });
});

describe('the effective app', () => {
  const app = anApp({
    defaultImageRepoTag: 'default:1',
    defaultPersistDirs: ['/d'],
    defaultEventList: ['configure'],
    defaultMaxLogSizeDump: 10,
    roles: [
      { id: 'plain', cardinality: '1' },
      {
        id: 'own',
        cardinality: '2+',
        imageRepoTag: 'own:1',
        configPackage: { packageURL: 'file:///own.tgz' },
        persistDirs: ['/o'],
        eventList: ['addnodes'],
        maxLogSizeDump: 0,
      },
      { id: 'none', cardinality: '1', configPackage: null, persistDirs: [] },
    ],
  }).spec;
  const defaultPackage = { packageURL: 'https://example.com/spark221e2/appconfig.tgz' };

  for (const [id, expected] of [
    [
      'plain',
      { image: 'default:1', setupPackage: defaultPackage, persistDirs: ['/d'], events: ['configure'], maxLogSize: 10 },
    ],
    [
      'own',
      {
        image: 'own:1',
        setupPackage: { packageURL: 'file:///own.tgz' },
        persistDirs: ['/o'],
        events: ['addnodes'],
        maxLogSize: 0,
      },
    ],
    ['none', { image: 'default:1', setupPackage: undefined, persistDirs: [], events: ['configure'], maxLogSize: 10 }],
  ] as const)
    it(`of the role ${id}`, () => expect(effectiveRole(app, id)).to.deep.include(expected));

  it('is computed, not written: the app stays as its author wrote it', () => {
    const before = JSON.stringify(app);
    effectiveRole(app, 'plain');
    expect(JSON.stringify(app)).to.equal(before);
  });

  it('has nothing to say about roles that the app lacks', () =>
    expect(effectiveRole(app, 'missing')).to.equal(undefined));
});
