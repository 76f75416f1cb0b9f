/** Namespaces: what every one has, and how one goes with everything in it. */
import { expect } from 'chai';
import { type Anything, aClaim, aNamespace, aService, aStatefulSet, type Sandbox, sandboxes } from './sandbox.ts';

const aSandbox = sandboxes();

const namespace = (sandbox: Sandbox): Anything => sandbox.peek('namespaces', 'demo');
const inDemo = <M extends { metadata: object }>(manifest: M): M => ({
  ...manifest,
  metadata: { ...manifest.metadata, namespace: 'demo' },
});
const aSecret = (name: string, finalizers: string[] = []) =>
  inDemo({ apiVersion: 'v1', kind: 'Secret', metadata: { name, finalizers }, stringData: { a: 'b' } });
const created = async (sandbox: Sandbox) => {
  const made = await sandbox.create(aNamespace('demo'));
  await sandbox.until('it has a service account', () => sandbox.peek('serviceaccounts', 'demo/default'));
  return made;
};
const gone = (sandbox: Sandbox) => sandbox.until('it is gone', () => !namespace(sandbox));
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => 'accepted',
    (error: Error) => error.message,
  );

describe('a namespace', () => {
  it('is active, carries its name as a label, and has a default service account', async () => {
    const sandbox = await aSandbox();
    const { metadata, spec, status } = await created(sandbox);
    expect(metadata.labels).to.deep.equal({ 'kubernetes.io/metadata.name': 'demo' });
    expect(spec).to.deep.equal({ finalizers: ['kubernetes'] });
    expect(status).to.deep.equal({ phase: 'Active' });
  });

  it('gets its default service account back', async () => {
    const sandbox = await aSandbox();
    await created(sandbox);
    const { uid } = sandbox.peek('serviceaccounts', 'demo/default').metadata;
    await sandbox.delete('serviceaccounts', 'demo/default');
    await sandbox.until('there is another', () => {
      const account = sandbox.peek('serviceaccounts', 'demo/default');
      return account && account.metadata.uid !== uid;
    });
  });

  for (const name of ['default', 'kube-system', 'kube-public'])
    it(`${name} is there and cannot be deleted`, async () => {
      const sandbox = await aSandbox();
      expect(sandbox.peek('namespaces', name).status.phase).to.equal('Active');
      expect(await refusal(sandbox.delete('namespaces', name))).to.equal(
        `namespaces "${name}" is forbidden: this namespace may not be deleted`,
      );
    });

  it('must be there for things to be created in it (K-455)', async () => {
    const sandbox = await aSandbox();
    expect(await refusal(sandbox.create(aSecret('a')))).to.equal('namespaces "demo" not found');
  });

  it('keeps its finalizers and its label whatever an update says', async () => {
    const sandbox = await aSandbox();
    await created(sandbox);
    const { spec, metadata } = await sandbox.edit('namespaces', 'demo', (object) => {
      object.spec.finalizers = [];
      object.metadata.labels = { team: 'a' };
    });
    expect(spec.finalizers).to.deep.equal(['kubernetes']);
    expect(metadata.labels).to.deep.equal({ team: 'a', 'kubernetes.io/metadata.name': 'demo' });
  });
});

describe('a deleted namespace', () => {
  it('goes at once when it is empty', async () => {
    const sandbox = await aSandbox();
    await created(sandbox);
    await sandbox.delete('namespaces', 'demo');
    await gone(sandbox);
    expect(sandbox.list('serviceaccounts', 'demo')).to.deep.equal([]);
  });

  it('takes everything with it, whatever depends on what', async () => {
    const sandbox = await aSandbox();
    await created(sandbox);
    await sandbox.create(inDemo(aService('web', { type: 'NodePort' })));
    await sandbox.create(inDemo(aClaim('extra')));
    await sandbox.create(aSecret('password'));
    const template = {
      metadata: { name: 'data' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    };
    await sandbox.create(inDemo(aStatefulSet('web', { replicas: 3, volumeClaimTemplates: [template] })));
    await sandbox.until('the pods run', () => sandbox.peek('statefulsets', 'demo/web')?.status?.readyReplicas === 3);
    await sandbox.delete('namespaces', 'demo');
    await gone(sandbox);
    for (const { resource } of sandbox.registries.all)
      if (resource.namespaced) expect(sandbox.names(resource.plural, 'demo'), resource.plural).to.deep.equal([]);
    await sandbox.until('and its volumes', () => !sandbox.names('persistentvolumes').length);
    expect(sandbox.names('namespaces')).to.include.members(['default', 'kube-system']);
  });

  it('is Terminating while something in it does not go, and says what (K-458, K-640)', async () => {
    const time = { at: Date.now() };
    const sandbox = await aSandbox({ clock: { now: () => time.at } });
    await created(sandbox);
    await sandbox.create(aSecret('held', ['example.com/hold']));
    await sandbox.delete('namespaces', 'demo');
    await sandbox.until('the secret is going', () => sandbox.peek('secrets', 'demo/held').metadata.deletionTimestamp);
    expect(sandbox.cells('namespaces', 'demo').Status).to.equal('Terminating');
    time.at += 2000;
    await sandbox.annotate('secrets', 'demo/held', { look: 'again' });
    const { status } = await sandbox.until(
      'it says so',
      () => namespace(sandbox).status.conditions && namespace(sandbox),
    );
    expect(
      status.conditions.map(({ type, status: is, message }: Anything) => `${type}=${is}: ${message}`),
    ).to.deep.equal([
      'NamespaceContentRemaining=True: Some resources are remaining: secrets. has 1 resource instances',
      'NamespaceFinalizersRemaining=True: Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances',
    ]);
    await sandbox.edit('secrets', 'demo/held', ({ metadata }) => {
      metadata.finalizers = [];
    });
    await gone(sandbox);
  });

  it('takes nothing new (K-456)', async () => {
    const sandbox = await aSandbox();
    await created(sandbox);
    await sandbox.create(aSecret('held', ['example.com/hold']));
    await sandbox.delete('namespaces', 'demo');
    await sandbox.until('it is going', () => namespace(sandbox).metadata.deletionTimestamp);
    expect(await refusal(sandbox.create(aSecret('late')))).to.equal(
      'secrets "late" is forbidden: unable to create new content in namespace demo because it is being terminated',
    );
  });

  it('can be finalized by hand, as people do who know no better', async () => {
    const sandbox = await aSandbox({ controllers: false });
    await sandbox.create(aNamespace('demo'));
    await sandbox.delete('namespaces', 'demo');
    await sandbox.edit(
      'namespaces',
      'demo',
      (object) => {
        object.spec = {};
      },
      'finalize',
    );
    await gone(sandbox);
  });

  it('goes on going after a restart', async () => {
    const sleeping = await aSandbox({ controllers: false });
    await sleeping.create(aNamespace('demo'));
    await sleeping.create(aSecret('left'));
    await sleeping.delete('namespaces', 'demo');
    await sleeping.stop();
    const awake = await aSandbox({ kv: sleeping.kv });
    await gone(awake);
    expect(awake.list('secrets', 'demo')).to.deep.equal([]);
  });
});
