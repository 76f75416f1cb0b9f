/** Whatever is sent, the answer is an object or a Status: never a fault of ours. */
import { expect } from 'chai';
import fc from 'fast-check';
import { StatusError } from '../../openapi/machinery/status.ts';
import { aClaim, aNamespace, aPod, aService, aStatefulSet, type Manifest, type Sandbox, sandboxes } from './sandbox.ts';

const aSandbox = sandboxes();

/** Words that mean something to some kind, so that random objects come near to real ones. */
const words = [
  ...['spec', 'status', 'metadata', 'name', 'data', 'stringData', 'type', 'rules', 'verbs', 'apiGroups', 'resources'],
  ...[
    'containers',
    'initContainers',
    'image',
    'volumes',
    'volumeMounts',
    'env',
    'ports',
    'port',
    'nodePort',
    'targetPort',
  ],
  ...['template', 'selector', 'matchLabels', 'replicas', 'volumeClaimTemplates', 'updateStrategy', 'rollingUpdate'],
  ...['clusterIP', 'clusterIPs', 'externalName', 'accessModes', 'requests', 'storage', 'claimRef', 'capacity'],
  ...['roleRef', 'subjects', 'kind', 'aggregationRule', 'clusterRoleSelectors', 'persistentVolumeClaimRetentionPolicy'],
  ...['involvedObject', 'source', 'provisioner', 'restartPolicy', 'ordinals', 'finalizers', 'livenessProbe', 'limits'],
];
const scalar = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom('NodePort', '1Gi', 'None'),
);
const { junk } = fc.letrec<{ junk: unknown; fields: Record<string, unknown> }>((tie) => ({
  fields: fc.dictionary(fc.constantFrom(...words), tie('junk'), { maxKeys: 6 }),
  junk: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    scalar,
    fc.array(tie('junk'), { maxLength: 3 }),
    tie('fields'),
  ),
}));
const fields = fc.dictionary(fc.constantFrom(...words.filter((word) => word !== 'metadata' && word !== 'kind')), junk, {
  maxKeys: 5,
});

/** @returns what went wrong with us, if anything did */
async function mishap(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof StatusError)) return (error as Error).stack;
    if (error.code === 500 && !error.message.includes('range is full')) return error.message;
  }
  return undefined;
}

const bob = { name: 'bob', groups: [] };

const trial = async (
  sandbox: Sandbox,
  manifest: Manifest,
  plural: string,
  change: object,
): Promise<string | undefined> => {
  const key = manifest.metadata.namespace ? `default/${manifest.metadata.name}` : (manifest.metadata.name ?? '');
  const created = (await mishap(sandbox.create(manifest))) ?? (await mishap(sandbox.create(manifest, { user: bob })));
  if (created) return created;
  for (const subresource of ['', 'status']) {
    const edited = await mishap(sandbox.patch(plural, key, (object) => Object.assign(object, change), subresource));
    if (edited) return edited;
  }
  if (sandbox.peek(plural, key)) sandbox.cells(plural, key);
  return undefined;
};

describe('whatever is sent', () => {
  it('as one of the host’s kinds is taken or refused', async function () {
    this.timeout(30_000);
    const sandbox = await aSandbox({ controllers: false });
    const byPlural = new Map(sandbox.host.resources.map((resource) => [resource.plural, resource]));
    let count = 0;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...byPlural.keys()), fields, fields, async (plural, sent, change) => {
        const { group, kind, namespaced } = byPlural.get(plural)!;
        count += 1;
        const metadata = { name: `x${count}`, ...(namespaced && { namespace: 'default' }) };
        const manifest = { ...sent, apiVersion: group ? `${group}/v1` : 'v1', kind, metadata };
        expect(await trial(sandbox, manifest, plural, change)).to.equal(undefined);
      }),
      { numRuns: 1500 },
    );
  });

  it('in place of any part of a sound object is taken or refused', async function () {
    this.timeout(30_000);
    const sandbox = await aSandbox({ controllers: false });
    let count = 0;
    const property = fc.asyncProperty(fc.nat(sound.length - 1), fc.nat(), junk, async (which, where, value) => {
      count += 1;
      const manifest = structuredClone(sound[which]!) as Manifest;
      const [apart, plural] = [structuredClone(manifest) as Manifest, sandbox.registryOf(manifest).resource.plural];
      replacePart(apart, where, value);
      for (const [document, suffix] of [
        [manifest, 'a'],
        [apart, 'b'],
      ] as const)
        document.metadata.name = `x${count}${suffix}`;
      expect(await mishap(sandbox.create(apart)), 'create').to.equal(undefined);
      const { metadata } = await sandbox.create(manifest);
      const key = metadata.namespace ? `${metadata.namespace}/${metadata.name}` : metadata.name;
      const { metadata: _, ...change } = apart;
      expect(await mishap(sandbox.patch(plural, key, (object) => Object.assign(object, change))), 'patch').to.equal(
        undefined,
      );
      await sandbox.get(plural, key);
      sandbox.cells(plural, key);
    });
    await fc.assert(property, { numRuns: 2000 });
  });
});

const rbac = 'rbac.authorization.k8s.io/v1';
const sound: Manifest[] = [
  aNamespace('x'),
  aPod('x', {
    volumes: [
      { name: 'v', persistentVolumeClaim: { claimName: 'c' } },
      { name: 's', secret: { secretName: 's' } },
    ],
    initContainers: [{ name: 'i', image: 'i', env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'a' } } }] }],
    containers: [
      {
        name: 'a',
        image: 'a',
        ports: [{ containerPort: 1 }],
        resources: { limits: { cpu: 1 }, requests: { memory: '1Gi' } },
        volumeMounts: [{ name: 'v', mountPath: '/' }],
        readinessProbe: { httpGet: { port: 1 } },
      },
    ],
    readinessGates: [{ conditionType: 'a/b' }],
    nodeSelector: { a: 'b' },
    tolerations: [{ key: 'a' }],
  }),
  aStatefulSet('x', {
    replicas: 1,
    ordinals: { start: 1 },
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } },
    volumeClaimTemplates: [
      { metadata: { name: 'd' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: 1 } } } },
    ],
    persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete' },
  }),
  aService('x', { type: 'NodePort', ports: [{ name: 'a', port: 1, targetPort: 'b' }], externalIPs: ['1.2.3.4'] }),
  aClaim('x'),
  {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'x' },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      claimRef: { name: 'a', namespace: 'b', uid: 'c' },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'x' },
    type: 'Opaque',
    data: { a: 'AAAA' },
    stringData: { b: 'c' },
  },
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data: { a: 'b' }, binaryData: { c: 'AAAA' } },
  {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'x' },
    involvedObject: { kind: 'Pod', name: 'a', namespace: 'default' },
    source: { component: 'a' },
    series: { count: 1 },
  },
  {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { name: 'x' },
    subsets: [{ addresses: [{ ip: '1.2.3.4' }], ports: [{ port: 1 }] }],
  },
  {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'x', labels: { 'node-role.kubernetes.io/a': '' } },
    spec: { unschedulable: true },
  },
  {
    apiVersion: rbac,
    kind: 'Role',
    metadata: { name: 'x' },
    rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }],
  },
  {
    apiVersion: rbac,
    kind: 'ClusterRole',
    metadata: { name: 'x' },
    rules: [],
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] },
  },
  {
    apiVersion: rbac,
    kind: 'RoleBinding',
    metadata: { name: 'x' },
    roleRef: { kind: 'Role', name: 'r' },
    subjects: [{ kind: 'User', name: 'a' }],
  },
  {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'x' },
    provisioner: 'a',
    parameters: { a: 'b' },
  },
  { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'x' }, spec: { holderIdentity: 'a' } },
];

/** Puts `value` in the place of one part, be it an object, an item or a word. */
function replacePart(manifest: Manifest, where: number, value: unknown): void {
  const places: [parent: Record<string, unknown>, key: string][] = [];
  const collect = (parent: Record<string, unknown>): void => {
    for (const [key, inner] of Object.entries(parent)) {
      if (parent === manifest && ['apiVersion', 'kind', 'metadata'].includes(key)) continue;
      places.push([parent, key]);
      if (typeof inner === 'object' && inner !== null) collect(inner as Record<string, unknown>);
    }
  };
  collect(manifest);
  const place = places[where % Math.max(places.length, 1)];
  if (place) place[0][place[1]] = value;
}
