/** The pods of a StatefulSet, as Kubernetes documents them, told on a simulated node. */
import { expect } from 'chai';
import { behaviourAnnotation } from '../../deploy/sandbox/controllers/node/behaviour.ts';
import { type Anything, aPod, aStatefulSet, sandboxes } from './sandbox.ts';
import { isReady, ready, statusOf, web, withBehaviour } from './web-set.ts';

const aSandbox = sandboxes();

describe('the pods of a StatefulSet', () => {
  it('start one after another, each when the one before is ready', async () => {
    const sandbox = await aSandbox();
    const order: string[] = [];
    sandbox.follow('pods', (type, pod) => {
      if (type === 'ADDED' || isReady(pod)) order.push(`${pod.metadata.name} ${isReady(pod) ? 'ready' : 'created'}`);
    });
    await sandbox.create(aStatefulSet('web', { replicas: 3 }));
    await ready(sandbox, 3);
    expect(order).to.deep.equal([
      ...['web-0 created', 'web-0 ready'],
      ...['web-1 created', 'web-1 ready'],
      ...['web-2 created', 'web-2 ready'],
    ]);
  });

  it('wait for one that is not ready, and go on when it is', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(aStatefulSet('web', { replicas: 2, ...withBehaviour('NotReady') }));
    await sandbox.until('web-0 runs', () => sandbox.peek('pods', 'default/web-0')?.status.phase === 'Running');
    await sandbox.quiet();
    expect(sandbox.names('pods')).to.deep.equal(['web-0']);
    await sandbox.annotate('pods', 'default/web-0', { [behaviourAnnotation]: undefined });
    await sandbox.until('web-1 is there', () => sandbox.peek('pods', 'default/web-1'));
  });

  it('start all at once with podManagementPolicy Parallel', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(
      aStatefulSet('web', { replicas: 3, podManagementPolicy: 'Parallel', ...withBehaviour('NotReady') }),
    );
    await sandbox.until('three are there', () => sandbox.names('pods').length === 3);
  });

  it('have the names, labels and owner that others rely on', async () => {
    const sandbox = await aSandbox();
    const set = await sandbox.create(aStatefulSet('web', { serviceName: 'internal' }));
    await ready(sandbox, 1);
    const { metadata, spec } = sandbox.peek('pods', 'default/web-0');
    const revision = statusOf(sandbox).updateRevision;
    expect(revision).to.match(/^web-[a-z0-9]{10}$/);
    expect(metadata.labels).to.deep.equal({
      app: 'web',
      'apps.kubernetes.io/pod-index': '0',
      'controller-revision-hash': revision,
      'statefulset.kubernetes.io/pod-name': 'web-0',
    });
    expect(metadata.ownerReferences).to.deep.equal([
      {
        apiVersion: 'apps/v1',
        kind: 'StatefulSet',
        name: 'web',
        uid: set.metadata.uid,
        controller: true,
        blockOwnerDeletion: true,
      },
    ]);
    expect(spec).to.include({ hostname: 'web-0', subdomain: 'internal', nodeName: 'sandbox' });
  });

  it('are numbered from ordinals.start', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(aStatefulSet('web', { replicas: 2, ordinals: { start: 5 } }));
    await ready(sandbox, 2);
    expect(sandbox.names('pods')).to.deep.equal(['web-5', 'web-6']);
  });

  it('are replaced under the same name when they are deleted', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(aStatefulSet('web', { replicas: 2 }));
    await ready(sandbox, 2);
    const { uid } = sandbox.peek('pods', 'default/web-1').metadata;
    await sandbox.delete('pods', 'default/web-1');
    await sandbox.until('another web-1', () => {
      const pod = sandbox.peek('pods', 'default/web-1');
      return pod && pod.metadata.uid !== uid && isReady(pod);
    });
  });

  it('are replaced when the node has thrown them out', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(aStatefulSet('web'));
    await ready(sandbox, 1);
    const { uid } = sandbox.peek('pods', 'default/web-0').metadata;
    await sandbox.annotate('pods', 'default/web-0', { [behaviourAnnotation]: 'Evicted' });
    await sandbox.until('another web-0', () => {
      const pod = sandbox.peek('pods', 'default/web-0');
      return pod && pod.metadata.uid !== uid && isReady(pod);
    });
  });

  it('are left to a new set when the old one is deleted as an orphan', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(aStatefulSet('web', { replicas: 2 }));
    await ready(sandbox, 2);
    const uids = sandbox.list('pods').map(({ metadata }) => metadata.uid);
    await sandbox.delete('statefulsets', web, { propagationPolicy: 'Orphan' });
    await sandbox.until('the set is gone', () => !sandbox.peek('statefulsets', web));
    for (const pod of sandbox.list('pods')) expect(pod.metadata.ownerReferences).to.equal(undefined);
    const next = await sandbox.create(aStatefulSet('web', { replicas: 2 }));
    await ready(sandbox, 2);
    expect(sandbox.list('pods').map(({ metadata }) => metadata.uid)).to.deep.equal(uids);
    for (const pod of sandbox.list('pods')) expect(pod.metadata.ownerReferences[0].uid).to.equal(next.metadata.uid);
  });

  it('are not taken from strangers: the set says so and waits', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(aPod('web-0', {}, { labels: { app: 'another' } }));
    await sandbox.create(aStatefulSet('web'));
    const event = await sandbox.until('an event', () =>
      sandbox.list('events').find(({ reason }) => reason === 'FailedCreate'),
    );
    expect(event.message).to.contain('create Pod web-0 in StatefulSet web failed error: pods "web-0" already exists');
    expect(event.involvedObject).to.include({
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      name: 'web',
      namespace: 'default',
    });
    await sandbox.delete('pods', 'default/web-0');
    await ready(sandbox, 1);
  });

  it('are released when their labels do not fit any more', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(aStatefulSet('web'));
    await ready(sandbox, 1);
    await sandbox.edit('pods', 'default/web-0', ({ metadata }) => {
      metadata.labels.app = 'set-aside';
    });
    await sandbox.until('web-0 is free', () => !sandbox.peek('pods', 'default/web-0').metadata.ownerReferences);
  });
});

describe('scaling a StatefulSet', () => {
  it('down takes pods from the top, one after another', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(aStatefulSet('web', { replicas: 3 }));
    await ready(sandbox, 3);
    const order: string[] = [];
    sandbox.follow('pods', (type, { metadata }) => {
      if (type === 'DELETED') order.push(`${metadata.name} gone`);
      else if (metadata.deletionTimestamp) order.push(`${metadata.name} going`);
    });
    await sandbox.edit('statefulsets', web, ({ spec }) => {
      spec.replicas = 0;
    });
    await sandbox.until('none is left', () => !sandbox.names('pods').length);
    expect(order).to.deep.equal([
      'web-2 going',
      'web-2 gone',
      'web-1 going',
      'web-1 gone',
      'web-0 going',
      'web-0 gone',
    ]);
    await ready(sandbox, 0);
  });

  it('up and down through its scale (K-309, K-310, K-313)', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(aStatefulSet('web', { replicas: 1 }));
    await ready(sandbox, 1);
    const registry = sandbox.registryOf({ apiVersion: 'apps/v1', kind: 'StatefulSet' });
    const scale = registry.subresource('scale')!;
    const seen: Anything = scale.read(sandbox.peek('statefulsets', web));
    expect(seen).to.deep.include({
      kind: 'Scale',
      apiVersion: 'autoscaling/v1',
      spec: { replicas: 1 },
      status: { replicas: 1, selector: 'app=web' },
    });
    await sandbox.edit('statefulsets', web, (set) => {
      Object.assign(set, scale.write(set, { ...seen, spec: { replicas: 3 } }));
    });
    await ready(sandbox, 3);
    expect(() => scale.write(sandbox.peek('statefulsets', web), { ...seen, spec: { replicas: -4 } })).to.throw(
      'Scale.autoscaling "web" is invalid: spec.replicas: Invalid value: -4: must be greater than or equal to 0',
    );
  });
});
