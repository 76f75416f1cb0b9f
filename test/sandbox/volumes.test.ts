/** Claims get volumes, are kept while they are used, and their volumes go or stay as they say. */
import { expect } from 'chai';
import { type Anything, aClaim, aPod, type Manifest, type Sandbox, sandboxes } from './sandbox.ts';

const aSandbox = sandboxes();

const data = 'default/data';
const claim = (sandbox: Sandbox): Anything => sandbox.peek('persistentvolumeclaims', data);
const bound = (sandbox: Sandbox) =>
  sandbox.until('it is bound', () => claim(sandbox)?.status.phase === 'Bound' && claim(sandbox));
const aClass = (name: string, fields: object = {}): Manifest => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name },
  provisioner: 'example.com/disks',
  ...fields,
});
const aVolume = (name: string, spec: object = {}): Manifest => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name },
  spec: {
    capacity: { storage: '2Gi' },
    accessModes: ['ReadWriteOnce'],
    storageClassName: '',
    hostPath: { path: '/x' },
    ...spec,
  },
});
const aUser = aPod('user', { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] });

describe('a claim', () => {
  it('gets the default class and a volume made for it', async () => {
    const sandbox = await aSandbox();
    const created = await sandbox.create(aClaim('data'));
    expect(created.spec).to.include({ storageClassName: 'standard', volumeMode: 'Filesystem' });
    expect(created.metadata.finalizers).to.deep.equal(['kubernetes.io/pvc-protection']);
    const { spec, status } = await bound(sandbox);
    expect(spec.volumeName).to.equal(`pvc-${created.metadata.uid}`);
    expect(status).to.deep.equal({ phase: 'Bound', accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' } });
    const volume = sandbox.peek('persistentvolumes', spec.volumeName);
    expect(volume.status.phase).to.equal('Bound');
    expect(volume.spec.claimRef).to.include({
      kind: 'PersistentVolumeClaim',
      namespace: 'default',
      name: 'data',
      uid: created.metadata.uid,
    });
  });

  it('is written twice and its volume once', async () => {
    const sandbox = await aSandbox();
    const told: string[] = [];
    for (const plural of ['persistentvolumes', 'persistentvolumeclaims'])
      sandbox.follow(plural, (type, { kind, status }) => told.push(`${type} ${kind} ${status.phase}`));
    await sandbox.create(aClaim('data'));
    await bound(sandbox);
    await sandbox.quiet();
    expect(told).to.deep.equal([
      'ADDED PersistentVolumeClaim Pending',
      'ADDED PersistentVolume Bound',
      'MODIFIED PersistentVolumeClaim Bound',
    ]);
  });

  it('of an unknown class says so, and gets its volume when the class comes', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(aClaim('data', { storageClassName: 'fast' }));
    const event = await sandbox.until('an event', () =>
      sandbox.list('events').find(({ reason }) => reason === 'ProvisioningFailed'),
    );
    expect(event.message).to.equal('storageclass.storage.k8s.io "fast" not found');
    expect(claim(sandbox).status.phase).to.equal('Pending');
    await sandbox.create(aClass('fast'));
    await bound(sandbox);
  });

  it('of a class that waits for consumers waits for one', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(aClass('lazy', { volumeBindingMode: 'WaitForFirstConsumer' }));
    await sandbox.create(aClaim('data', { storageClassName: 'lazy' }));
    await sandbox.quiet();
    expect(claim(sandbox).status.phase).to.equal('Pending');
    await sandbox.create(aUser);
    await bound(sandbox);
    await sandbox.until('its pod runs', () => sandbox.peek('pods', 'default/user').status.phase === 'Running');
  });

  it('takes a volume that is there and fits best', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(aVolume('large', { capacity: { storage: '9Gi' } }));
    await sandbox.create(aVolume('small', { capacity: { storage: '1Mi' } }));
    await sandbox.create(aVolume('right'));
    await sandbox.until('all are there', () => sandbox.names('persistentvolumes').length === 3);
    await sandbox.create(aClaim('data', { storageClassName: '' }));
    expect((await bound(sandbox)).spec.volumeName).to.equal('right');
    expect(sandbox.peek('persistentvolumes', 'right').status.phase).to.equal('Bound');
  });

  it('grows when its class allows it, and never shrinks', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(aClaim('data'));
    await bound(sandbox);
    const resize = (storage: string) =>
      sandbox.edit('persistentvolumeclaims', data, ({ spec }) => {
        spec.resources.requests.storage = storage;
      });
    await resize('2Gi');
    await sandbox.until('it is larger', () => claim(sandbox).status.capacity.storage === '2Gi');
    expect(sandbox.peek('persistentvolumes', claim(sandbox).spec.volumeName).spec.capacity.storage).to.equal('2Gi');
    expect(await resize('1Gi').catch((error: Error) => error.message)).to.equal(
      'PersistentVolumeClaim "data" is invalid: spec.resources.requests.storage: Forbidden: field can not be less than status.capacity',
    );
  });

  it('does not change otherwise', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(aClaim('data'));
    await bound(sandbox);
    const change = sandbox.edit('persistentvolumeclaims', data, ({ spec }) => {
      spec.storageClassName = 'other';
    });
    expect(await change.catch((error: Error) => error.message)).to.equal(
      'PersistentVolumeClaim "data" is invalid: spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
    );
  });

  it('is refused when it says too little', async () => {
    const sandbox = await aSandbox();
    const created = sandbox.create(aClaim('data', { accessModes: [], resources: {} }));
    expect(await created.catch((error: Error) => error.message)).to.equal(
      'PersistentVolumeClaim "data" is invalid: [spec.accessModes: Required value: at least 1 access mode is required, spec.resources[storage]: Required value]',
    );
  });
});

describe('a deleted claim', () => {
  it('goes at once with its volume when nobody uses it', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(aClaim('data'));
    await bound(sandbox);
    await sandbox.delete('persistentvolumeclaims', data);
    await sandbox.until('both are gone', () => !claim(sandbox) && !sandbox.names('persistentvolumes').length);
  });

  it('stays Terminating while a pod uses it', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(aClaim('data'));
    await sandbox.create(aUser);
    await sandbox.until('its pod runs', () => sandbox.peek('pods', 'default/user')?.status.phase === 'Running');
    await sandbox.delete('persistentvolumeclaims', data);
    await sandbox.quiet();
    expect(sandbox.cells('persistentvolumeclaims', data).Status).to.equal('Terminating');
    await sandbox.delete('pods', 'default/user');
    await sandbox.until('it is gone', () => !claim(sandbox));
  });

  it('leaves a volume behind that is to be retained', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(aClass('precious', { reclaimPolicy: 'Retain' }));
    await sandbox.create(aClaim('data', { storageClassName: 'precious' }));
    const { spec } = await bound(sandbox);
    await sandbox.delete('persistentvolumeclaims', data);
    await sandbox.until(
      'it is released',
      () => sandbox.peek('persistentvolumes', spec.volumeName).status.phase === 'Released',
    );
    await sandbox.delete('persistentvolumes', spec.volumeName);
    await sandbox.until('it is gone', () => !sandbox.names('persistentvolumes').length);
  });
});

describe('a deleted volume', () => {
  it('stays Terminating while it is bound, and a claim that loses it is Lost', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(aClaim('data'));
    const { spec } = await bound(sandbox);
    await sandbox.delete('persistentvolumes', spec.volumeName);
    await sandbox.quiet();
    expect(sandbox.cells('persistentvolumes', spec.volumeName).Status).to.equal('Terminating');
    await sandbox.edit('persistentvolumes', spec.volumeName, ({ metadata }) => {
      metadata.finalizers = [];
    });
    await sandbox.until('the claim is lost', () => claim(sandbox).status.phase === 'Lost');
  });
});
