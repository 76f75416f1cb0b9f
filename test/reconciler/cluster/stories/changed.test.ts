/** Clusters that grow, shrink, and change what can be changed. */
import { expect } from 'chai';
import { aCluster, aRole } from '../../../make/kubedirector.ts';
import { controllerSet, headless, membersOf, nodeIDs, resize, running, withoutScripts, workerSet } from './story.ts';

describe('a cluster that is changed', () => {
  it('grows at the top, with new node ids, and leaves everybody else alone', async () => {
    const world = await running();
    resize(world, 'worker', 4);
    await world.settle();
    expect(nodeIDs(world, 'worker')).to.deep.equal([2, 3, 5, 6]);
    expect(world.writes.filter((write) => !write.startsWith('updateStatus'))).to.deep.equal([
      `apply Service ${headless}`,
      `apply StatefulSet ${workerSet}`,
      `create Service svc-${workerSet}-2`,
      `create Service svc-${workerSet}-3`,
    ]);
    expect(world.told[0]).to.equal('Normal Role expanding role worker: 2 members');
    expect(world.cluster().status).to.include({ state: 'configured', observedGeneration: 2 });
  });

  it('shrinks from the top: first the mark, then the pod, then its Service and its claim', async () => {
    const roles = [aRole({ id: 'worker', members: 3, storage: { size: '1Gi' } })];
    const world = await running({ roles });
    resize(world, 'worker', 1);
    await world.settle();
    expect(world.writes.filter((write) => !write.startsWith('updateStatus'))).to.deep.equal([
      `apply StatefulSet ${workerSet}`,
      ...[1, 2].flatMap((i) => [
        `delete Service svc-${workerSet}-${i}`,
        `delete PersistentVolumeClaim p-${workerSet}-${i}`,
      ]),
    ]);
    expect(world.writes[0]).to.equal('updateStatus spark-instance');
    expect(world.told).to.deep.equal([
      'Normal Role shrinking role worker: 2 members of 3',
      'Normal Configuration configuration 2: members or what they have are others, and members are told',
      'Normal Cluster stable',
    ]);
    expect(nodeIDs(world, 'worker')).to.deep.equal([1]);
  });

  it('is Ready while members leave, and says that they do', async () => {
    const world = await running();
    resize(world, 'worker', 1);
    await world.reconcile();
    expect(world.condition('Ready')?.status).to.equal('True');
    expect(world.condition('Progressing')).to.include({
      status: 'True',
      reason: 'MembersLeaving',
      message: `3 of 3 members are ready, 1 leaving, once it is known to ${controllerSet}-0 and 2 more`,
    });
    expect(world.cluster().status!.state).to.equal('updating');
  });

  it('gives a new member the place of one that is leaving only when that is gone with all it had', async () => {
    const roles = [aRole({ id: 'worker', members: 2, storage: { size: '1Gi' } })];
    const world = await running({ roles }, withoutScripts);
    resize(world, 'worker', 1);
    await world.reconcile();
    resize(world, 'worker', 3);
    await world.timers.advance(500);
    await world.reconcile();
    expect(world.child('StatefulSet', workerSet)!.spec.replicas).to.equal(1);
    expect(membersOf(world, 'worker').map(({ state }) => state)).to.deep.equal(['configured', 'deleting']);
    await world.settle();
    expect(nodeIDs(world, 'worker')).to.deep.equal([1, 3, 4]);
    expect(world.writes).to.include(`delete PersistentVolumeClaim p-${workerSet}-1`);
  });

  it('does not delete what belongs to a member before its StatefulSet has heard of the end', async () => {
    const world = await running(
      { roles: [aRole({ id: 'worker', members: 2, storage: { size: '1Gi' } })] },
      withoutScripts,
    );
    resize(world, 'worker', 1);
    await world.reconcile();
    // Somebody else removes the pod, and the StatefulSet controller, which is late, would make it again.
    world.remove('Pod', `${workerSet}-1`);
    await world.timers.advance(500);
    await world.reconcile();
    expect(world.writes.filter((write) => write.startsWith('delete'))).to.deep.equal([]);
    world.runStatefulSets();
    await world.reconcile();
    expect(world.writes).to.include(`delete PersistentVolumeClaim p-${workerSet}-1`);
  });

  it('does not delete what belongs to a member while its pod is still stopping', async () => {
    const world = await running(
      { roles: [aRole({ id: 'worker', members: 2, storage: { size: '1Gi' } })] },
      withoutScripts,
    );
    resize(world, 'worker', 1);
    await world.reconcile();
    world.change('StatefulSet', workerSet, (set) => {
      set.status = { observedGeneration: set.metadata.generation! };
    });
    world.change('Pod', `${workerSet}-1`, ({ metadata }) => {
      metadata.deletionTimestamp = '2026-11-21T10:00:00Z';
    });
    await world.timers.advance(500);
    await world.reconcile();
    expect(world.writes.filter((write) => write.startsWith('delete'))).to.deep.equal([]);
    expect(membersOf(world, 'worker').map(({ state }) => state)).to.deep.equal(['configured', 'deleting']);
    await world.settle();
    expect(world.writes).to.include(`delete PersistentVolumeClaim p-${workerSet}-1`);
  });

  it('gives its claims an owner, or takes it away, as it is told what becomes of them', async () => {
    const world = await running({ roles: [aRole({ id: 'worker', storage: { size: '1Gi' } })] });
    const owners = () =>
      world.child('PersistentVolumeClaim', `p-${workerSet}-0`)!.metadata.ownerReferences?.map(({ name }) => name);
    expect(owners()).to.deep.equal(['spark-instance']);
    world.edit('spark-instance', (spec) => {
      spec.claimRetention = { whenDeleted: 'Retain' };
    });
    await world.settle();
    expect(owners()).to.deep.equal([]);
    world.delete('spark-instance');
    world.collectGarbage();
    expect([...world.children.values()].map(({ kind }) => kind)).to.deep.equal(['PersistentVolumeClaim']);
    world.create(aCluster({ roles: [aRole({ id: 'worker', storage: { size: '1Gi' } })] }));
    await world.settle();
    expect(owners(), 'the successor takes it over').to.deep.equal(['spark-instance']);
  });

  it('keeps claims of members that go, if it is told to', async () => {
    const roles = [aRole({ id: 'worker', members: 2, storage: { size: '1Gi' } })];
    const world = await running({ roles, claimRetention: { whenScaled: 'Retain' } });
    resize(world, 'worker', 0);
    await world.settle();
    expect(world.names('PersistentVolumeClaim')).to.have.length(2);
    expect(world.names('StatefulSet')).to.deep.equal([]);
    resize(world, 'worker', 1);
    await world.settle();
    expect(world.names('Pod')).to.deep.equal([`${workerSet}-0`]);
    expect(nodeIDs(world, 'worker')).to.deep.equal([3]);
  });

  it('loses the claims of block devices too', async () => {
    const blockStorage = { storageClassName: 'raw', pathPrefix: '/dev/disk', numDevices: 2 };
    const world = await running({ roles: [aRole({ id: 'worker', members: 1, blockStorage })] });
    expect(membersOf(world, 'worker')[0]!.blockDevicePaths).to.deep.equal(['/dev/disk0', '/dev/disk1']);
    resize(world, 'worker', 0);
    await world.settle();
    expect(world.names('PersistentVolumeClaim')).to.deep.equal([]);
  });

  it('adds and removes roles, with everything that they have', async () => {
    const world = await running({ roles: [aRole({ id: 'controller' })] });
    world.edit('spark-instance', (spec) => spec.roles.push(aRole({ id: 'worker', storage: { size: '1Gi' } })));
    await world.settle();
    expect(world.names('StatefulSet')).to.deep.equal([controllerSet, workerSet]);
    world.edit('spark-instance', (spec) => {
      spec.roles = spec.roles.filter(({ id }) => id === 'worker');
    });
    await world.settle();
    expect(world.names('StatefulSet')).to.deep.equal([workerSet]);
    expect(world.names('Service')).to.deep.equal([`svc-${workerSet}-0`, headless].sort());
    expect(world.told).to.include('Normal Role role controller is removed');
    expect(world.cluster().status!.roles!.map(({ id }) => id)).to.deep.equal(['worker']);
  });

  it('changes the type of its Services in place', async () => {
    const world = await running();
    world.edit('spark-instance', (spec) => {
      spec.serviceType = 'ClusterIP';
    });
    await world.settle();
    expect(world.child('Service', `svc-${workerSet}-0`)!.spec.type).to.equal('ClusterIP');
    expect(world.writes.some((write) => write.startsWith('delete'))).to.equal(false);
  });

  it('goes on using names that its status holds, whatever the naming scheme says now', async () => {
    const world = await running();
    world.edit('spark-instance', (spec) => {
      spec.namingScheme = 'UID';
    });
    world.remove('Service', headless);
    world.remove('StatefulSet', workerSet);
    world.collectGarbage();
    await world.settle();
    expect(world.names('StatefulSet')).to.include(workerSet);
    expect(world.names('Service')).to.include(headless);
    expect(nodeIDs(world, 'worker')).to.deep.equal([2, 3]);
  });
});
