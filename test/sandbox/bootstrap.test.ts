/** What is there at the first start, and what a restart leaves as it is. */
import { expect } from 'chai';
import { type Anything, aService, aStatefulSet, type Sandbox, sandboxes } from './sandbox.ts';

const aSandbox = sandboxes();

describe('a new sandbox', () => {
  it('has namespaces, a node, a StorageClass and a name for KubeDirector', async () => {
    const sandbox = await aSandbox();
    expect(sandbox.names('namespaces')).to.deep.equal(['default', 'kube-public', 'kube-system']);
    expect(sandbox.names('nodes')).to.deep.equal(['sandbox']);
    expect(sandbox.names('storageclasses')).to.deep.equal(['standard']);
    expect(sandbox.peek('serviceaccounts', 'default/kubedirector')).to.be.an('object');
    expect(sandbox.names('clusterroles')).to.include.members([
      'admin',
      'cluster-admin',
      'edit',
      'kubedirector',
      'system:basic-user',
      'system:discovery',
      'system:public-info-viewer',
      'view',
    ]);
  });

  it('says plainly that its node is simulated', async () => {
    const sandbox = await aSandbox();
    await sandbox.until('the node is there', () => sandbox.peek('nodes', 'sandbox').status);
    expect(JSON.stringify(sandbox.peek('nodes', 'sandbox').status)).to.contain('the sandbox runs no containers');
  });

  it('has an APIService for every group and version', async () => {
    const sandbox = await aSandbox();
    expect(sandbox.names('apiservices')).to.include.members(['v1.', 'v1.apps', 'v1.rbac.authorization.k8s.io']);
  });
});

describe('after a restart on the same store', () => {
  it('nothing is written: everything is as it was left', async () => {
    const first = await aSandbox();
    await first.create(aStatefulSet('web', { replicas: 2 }));
    await first.create(aService('web', { type: 'NodePort' }));
    await first.until('it is ready', () => first.peek('statefulsets', 'default/web')?.status?.readyReplicas === 2);
    await first.quiet();
    await first.stop();
    const before = await first.kv.currentRevision(AbortSignal.timeout(1000));
    const second = await aSandbox({ kv: first.kv });
    await second.quiet();
    expect(await second.kv.currentRevision(AbortSignal.timeout(1000))).to.equal(before);
  });

  it('pods that were on their way come up', async () => {
    const first = await aSandbox({ delays: { scheduleMs: 0, startMs: 60_000, stopMs: 0 } });
    await first.create(aStatefulSet('web', { replicas: 2 }));
    await first.until('a pod is bound', () => first.peek('pods', 'default/web-0')?.spec.nodeName);
    await first.stop();
    const second = await aSandbox({ kv: first.kv });
    await second.until('both are ready', () => second.peek('statefulsets', 'default/web')?.status?.readyReplicas === 2);
  });

  it('pods that were on their way out go', async () => {
    const first = await aSandbox({ delays: { scheduleMs: 0, startMs: 0, stopMs: 60_000 } });
    await first.create(aStatefulSet('web'));
    await first.until('it is ready', () => first.peek('statefulsets', 'default/web')?.status?.readyReplicas === 1);
    await first.delete('statefulsets', 'default/web');
    await first.until('its pod is going', () => first.peek('pods', 'default/web-0')?.metadata.deletionTimestamp);
    await first.stop();
    const second = await aSandbox({ kv: first.kv });
    await second.until('it is gone', () => !second.names('pods').length);
  });

  it('addresses of pods are not given twice', async () => {
    const ips = (sandbox: Sandbox) => sandbox.list('pods').map(({ status }: Anything) => status.podIP);
    const first = await aSandbox();
    await first.create(aStatefulSet('old', { replicas: 3 }));
    await first.until('they are ready', () => first.peek('statefulsets', 'default/old')?.status?.readyReplicas === 3);
    await first.stop();
    const second = await aSandbox({ kv: first.kv });
    await second.create(aStatefulSet('new', { replicas: 3 }));
    await second.until('they are ready', () => second.peek('statefulsets', 'default/new')?.status?.readyReplicas === 3);
    expect(new Set(ips(second)).size).to.equal(6);
  });

  it('what a user changed stays changed', async () => {
    const first = await aSandbox();
    await first.edit('storageclasses', 'standard', ({ metadata }) => {
      metadata.annotations = {};
    });
    await first.edit('nodes', 'sandbox', ({ metadata }) => {
      metadata.labels.gpu = 'yes';
    });
    await first.stop();
    const second = await aSandbox({ kv: first.kv });
    expect((await second.get('storageclasses', 'standard')).metadata.annotations).to.deep.equal({});
    expect((await second.get('nodes', 'sandbox')).metadata.labels.gpu).to.equal('yes');
  });

  it('stock roles get back what they lack and keep what was added, unless they are left alone', async () => {
    const first = await aSandbox();
    const extra = { apiGroups: [''], resources: ['pods'], verbs: ['get'] };
    for (const name of ['system:basic-user', 'system:discovery'])
      await first.edit('clusterroles', name, (role) => {
        role.rules = [extra];
        if (name === 'system:discovery')
          role.metadata.annotations['rbac.authorization.kubernetes.io/autoupdate'] = 'false';
      });
    await first.stop();
    const second = await aSandbox({ kv: first.kv });
    const rules = async (name: string): Promise<Anything[]> => (await second.get('clusterroles', name)).rules;
    expect(await rules('system:basic-user'))
      .to.deep.include(extra)
      .and.to.have.length(3);
    expect(await rules('system:discovery')).to.deep.equal([extra]);
  });
});
