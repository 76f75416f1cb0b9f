/** Tables as `kubectl get` of a real cluster prints them, in its columns and words. */
import { expect } from 'chai';
import {
  type Anything,
  aClaim,
  aNamespace,
  aPod,
  aService,
  aStatefulSet,
  type Manifest,
  type Sandbox,
  sandboxes,
} from './sandbox.ts';

const aSandbox = sandboxes();

const columnsOf = (sandbox: Sandbox, plural: string): string => {
  const { resource } = sandbox.registries.all.find((registry) => registry.resource.plural === plural)!;
  const names = (wide: boolean) =>
    resource.columns.filter(({ priority = 0 }) => priority > 0 === wide).map(({ name }) => name.toUpperCase());
  const wide = names(true);
  return names(false).join(' | ') + (wide.length ? ` || ${wide.join(' | ')}` : '');
};

describe('the columns of', () => {
  for (const [plural, columns] of [
    ['namespaces', 'NAME | STATUS | AGE'],
    [
      'nodes',
      'NAME | STATUS | ROLES | AGE | VERSION || INTERNAL-IP | EXTERNAL-IP | OS-IMAGE | KERNEL-VERSION | CONTAINER-RUNTIME',
    ],
    ['pods', 'NAME | READY | STATUS | RESTARTS | AGE || IP | NODE | NOMINATED NODE | READINESS GATES'],
    ['services', 'NAME | TYPE | CLUSTER-IP | EXTERNAL-IP | PORT(S) | AGE || SELECTOR'],
    ['endpoints', 'NAME | ENDPOINTS | AGE'],
    [
      'persistentvolumeclaims',
      'NAME | STATUS | VOLUME | CAPACITY | ACCESS MODES | STORAGECLASS | VOLUMEATTRIBUTESCLASS | AGE || VOLUMEMODE',
    ],
    [
      'persistentvolumes',
      'NAME | CAPACITY | ACCESS MODES | RECLAIM POLICY | STATUS | CLAIM | STORAGECLASS | VOLUMEATTRIBUTESCLASS | REASON | AGE || VOLUMEMODE',
    ],
    ['secrets', 'NAME | TYPE | DATA | AGE'],
    ['configmaps', 'NAME | DATA | AGE'],
    ['serviceaccounts', 'NAME | SECRETS | AGE'],
    ['events', 'LAST SEEN | TYPE | REASON | OBJECT | MESSAGE || SUBOBJECT | SOURCE | FIRST SEEN | COUNT | NAME'],
    ['statefulsets', 'NAME | READY | AGE || CONTAINERS | IMAGES'],
    ['roles', 'NAME | CREATED AT'],
    ['clusterroles', 'NAME | CREATED AT'],
    ['rolebindings', 'NAME | ROLE | AGE || USERS | GROUPS | SERVICEACCOUNTS'],
    ['clusterrolebindings', 'NAME | ROLE | AGE || USERS | GROUPS | SERVICEACCOUNTS'],
    ['storageclasses', 'NAME | PROVISIONER | RECLAIMPOLICY | VOLUMEBINDINGMODE | ALLOWVOLUMEEXPANSION | AGE'],
    ['leases', 'NAME | HOLDER | AGE'],
    ['apiservices', 'NAME | SERVICE | AVAILABLE | AGE'],
  ] as const)
    it(plural, async () => expect(columnsOf(await aSandbox(), plural)).to.equal(columns));
});

describe('the row of', () => {
  const row = async (
    manifest: Manifest,
    plural: string,
    until: (object: Anything) => unknown = () => true,
  ): Promise<Record<string, Anything>> => {
    const sandbox = await aSandbox();
    const { metadata } = await sandbox.create(manifest);
    const key = metadata.namespace ? `${metadata.namespace}/${metadata.name}` : metadata.name;
    await sandbox.until('it is as it should be', () => sandbox.peek(plural, key) && until(sandbox.peek(plural, key)));
    return sandbox.cells(plural, key);
  };

  it('a running pod', async () => {
    const cells = await row(aPod('one'), 'pods', ({ status }) => status.phase === 'Running');
    expect(cells).to.deep.include({
      Name: 'one',
      Ready: '1/1',
      Status: 'Running',
      Restarts: '0',
      Node: 'sandbox',
      'Nominated Node': '<none>',
      'Readiness Gates': '<none>',
    });
    expect(cells.IP).to.match(/^10\.244\./);
    expect(cells.Age.since).to.be.a('string');
  });

  it('a StatefulSet', async () => {
    const cells = await row(
      aStatefulSet('web', { replicas: 2 }),
      'statefulsets',
      ({ status }) => status.readyReplicas === 2,
    );
    expect(cells).to.include({ Name: 'web', Ready: '2/2', Containers: 'app', Images: 'example/app:1' });
  });

  it('a Service with node ports', async () => {
    const ports = [
      { name: 'a', port: 80, nodePort: 30_080 },
      { name: 'b', port: 53, protocol: 'UDP', nodePort: 30_053 },
    ];
    const cells = await row(aService('web', { type: 'NodePort', ports }), 'services');
    expect(cells).to.include({
      Type: 'NodePort',
      'External-IP': '<none>',
      'Port(s)': '80:30080/TCP,53:30053/UDP',
      Selector: 'app=web',
    });
  });

  it('a headless Service, and an external name', async () => {
    const cells = await row(aService('web', { clusterIP: 'None', selector: { b: '2', a: '1' } }), 'services');
    expect(cells).to.include({ Type: 'ClusterIP', 'Cluster-IP': 'None', 'Port(s)': '80/TCP', Selector: 'a=1,b=2' });
    const far = await row(
      aService('far', { type: 'ExternalName', externalName: 'example.com', ports: [], selector: {} }),
      'services',
    );
    expect(far).to.include({
      'Cluster-IP': '<none>',
      'External-IP': 'example.com',
      'Port(s)': '<none>',
      Selector: '<none>',
    });
  });

  it('a bound claim and its volume', async () => {
    const sandbox = await aSandbox();
    const { metadata } = await sandbox.create(aClaim('data', { accessModes: ['ReadWriteMany', 'ReadWriteOnce'] }));
    await sandbox.until(
      'it is bound',
      () => sandbox.peek('persistentvolumeclaims', 'default/data')?.status.phase === 'Bound',
    );
    const volume = `pvc-${metadata.uid}`;
    expect(sandbox.cells('persistentvolumeclaims', 'default/data')).to.include({
      Status: 'Bound',
      Volume: volume,
      Capacity: '1Gi',
      'Access Modes': 'RWO,RWX',
      StorageClass: 'standard',
      VolumeAttributesClass: '<unset>',
      VolumeMode: 'Filesystem',
    });
    expect(sandbox.cells('persistentvolumes', volume)).to.include({
      Capacity: '1Gi',
      'Access Modes': 'RWO,RWX',
      'Reclaim Policy': 'Delete',
      Status: 'Bound',
      Claim: 'default/data',
      StorageClass: 'standard',
      Reason: '',
    });
  });

  it('a claim that waits', async () => {
    const cells = await row(aClaim('data', { storageClassName: 'none-such' }), 'persistentvolumeclaims');
    expect(cells).to.include({
      Status: 'Pending',
      Volume: '',
      Capacity: '',
      'Access Modes': '',
      StorageClass: 'none-such',
    });
  });

  it('a Secret, a ConfigMap and a ServiceAccount', async () => {
    const secret = await row(
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, stringData: { a: '1', b: '2' } },
      'secrets',
    );
    expect(secret).to.include({ Type: 'Opaque', Data: 2 });
    const map = await row(
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { a: '1' }, binaryData: { b: 'AAAA' } },
      'configmaps',
    );
    expect(map).to.include({ Data: 2 });
    const account = await row({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'a' } }, 'serviceaccounts');
    expect(account).to.include({ Secrets: 0 });
  });

  it('an Event', async () => {
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'e' },
      involvedObject: { kind: 'Pod', namespace: 'default', name: 'web-0', fieldPath: 'spec.containers{app}' },
      reason: 'Pulled',
      message: 'Pulled it\n',
      type: 'Normal',
      source: { component: 'kubelet', host: 'sandbox' },
      firstTimestamp: '2026-01-01T00:00:00Z',
      lastTimestamp: '2026-01-01T01:00:00Z',
      count: 4,
    };
    const sandbox = await aSandbox({ controllers: false });
    await sandbox.create(event);
    await sandbox.until('it is there', () => sandbox.peek('events', 'default/e'));
    expect(sandbox.cells('events', 'default/e')).to.deep.equal({
      'Last Seen': { since: '2026-01-01T01:00:00Z' },
      Type: 'Normal',
      Reason: 'Pulled',
      Object: 'pod/web-0',
      Subobject: 'spec.containers{app}',
      Source: 'kubelet, sandbox',
      Message: 'Pulled it',
      'First Seen': { since: '2026-01-01T00:00:00Z' },
      Count: 4,
      Name: 'e',
    });
  });

  it('a namespace and the node', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(aNamespace('demo'));
    await sandbox.until(
      'both are there',
      () => sandbox.peek('namespaces', 'demo') && sandbox.peek('nodes', 'sandbox').status,
    );
    expect(sandbox.cells('namespaces', 'demo')).to.include({ Name: 'demo', Status: 'Active' });
    expect(sandbox.cells('nodes', 'sandbox')).to.include({
      Status: 'Ready',
      Roles: 'simulated',
      'Internal-IP': '192.0.2.1',
      'External-IP': '<none>',
      'Container-Runtime': 'simulated://0',
    });
  });

  it('roles, bindings, the default StorageClass, APIServices and leases', async () => {
    const sandbox = await aSandbox();
    expect(sandbox.cells('clusterroles', 'view')['Created At']).to.match(/^\d{4}-\d\d-\d\dT/);
    expect(sandbox.cells('clusterrolebindings', 'kubedirector')).to.include({
      Role: 'ClusterRole/kubedirector',
      Users: '',
      Groups: '',
      ServiceAccounts: 'default/kubedirector',
    });
    expect(sandbox.cells('storageclasses', 'standard')).to.include({
      Name: 'standard (default)',
      ReclaimPolicy: 'Delete',
      VolumeBindingMode: 'Immediate',
      AllowVolumeExpansion: true,
    });
    expect(sandbox.cells('apiservices', 'v1.apps')).to.include({ Service: 'Local', Available: 'True' });
    const lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'l' },
      spec: { holderIdentity: 'me' },
    };
    await sandbox.create(lease);
    await sandbox.until('it is there', () => sandbox.peek('leases', 'default/l'));
    expect(sandbox.cells('leases', 'default/l')).to.include({ Holder: 'me' });
  });
});

describe('discovery', () => {
  it('has the short names and categories that people type', async () => {
    const sandbox = await aSandbox();
    const named = Object.fromEntries(
      sandbox.host.resources.map(({ plural, shortNames = [], categories = [] }) => [
        plural,
        [...shortNames, ...categories].join(' '),
      ]),
    );
    expect(named).to.deep.include({
      pods: 'po all',
      services: 'svc all',
      statefulsets: 'sts all',
      persistentvolumeclaims: 'pvc',
      persistentvolumes: 'pv',
      namespaces: 'ns',
      configmaps: 'cm',
      serviceaccounts: 'sa',
      events: 'ev',
      nodes: 'no',
      endpoints: 'ep',
      storageclasses: 'sc',
    });
  });

  it('has the fields that people select by', async () => {
    const sandbox = await aSandbox();
    const labels = (plural: string) =>
      sandbox.host.resources
        .find((resource) => resource.plural === plural)!
        .selectableFields!.map(({ label }) => label);
    expect(labels('pods')).to.include.members(['spec.nodeName', 'status.phase', 'status.podIP', 'spec.restartPolicy']);
    expect(labels('events')).to.include.members([
      'involvedObject.kind',
      'involvedObject.uid',
      'involvedObject.name',
      'involvedObject.namespace',
      'reason',
      'type',
    ]);
    expect(labels('secrets')).to.deep.equal(['type']);
  });
});
