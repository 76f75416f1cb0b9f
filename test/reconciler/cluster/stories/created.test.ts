/** What happens to a cluster from its creation until it is Ready. */
import { expect } from 'chai';
import { aCluster, anApp, aRole, cassandra } from '../../../make/kubedirector.ts';
import { World } from '../../world.ts';
import { controllerSet, headless, membersOf, nodeIDs, resize, running, workerSet } from './story.ts';

describe('a cluster that is created', () => {
  it('has its members in status, with node ids, before it has children', async () => {
    const world = new World();
    world.create(aCluster());
    world.refuse = (verb) => (verb === 'create' ? new Error('not yet') : undefined);
    await world.reconcile();
    expect(nodeIDs(world, 'controller')).to.deep.equal([1]);
    expect(nodeIDs(world, 'worker')).to.deep.equal([2, 3]);
    expect(world.children.size).to.equal(0);
    expect(world.cluster().status).to.include({ state: 'creating', desiredMembers: 4, readyMembers: 0, lastNodeID: 4 });
  });

  it('comes up with three writes of its status, as members come up and are configured, and one of each child', async () => {
    const world = new World();
    world.create(aCluster());
    await world.settle();
    expect(world.writes).to.have.length(3 + 1 + 3 + 4);
    expect(world.writes.filter((write) => write.startsWith('updateStatus'))).to.have.length(3);
    expect(world.names('StatefulSet')).to.deep.equal([controllerSet, 'spark-instance-jupyter-tfnw5', workerSet]);
    expect(world.child('StatefulSet', workerSet)!.metadata.annotations).to.include({
      'kubedirector.bluedata.io/nodeIDs': '2-3',
    });
    expect(world.condition('Ready')).to.include({
      status: 'True',
      reason: 'AllMembersReady',
      message: 'all 4 members are ready',
    });
    expect(world.cluster().status).to.deep.include({
      state: 'configured',
      readyMembers: 4,
      clusterService: headless,
      scale: {
        role: 'worker',
        replicas: 2,
        selector: 'kubedirector.bluedata.io/kdcluster=spark-instance,kubedirector.bluedata.io/role=worker',
      },
    });
  });

  it('is told of in a few events', async () => {
    const world = new World();
    world.create(aCluster());
    await world.settle();
    expect(world.told).to.deep.equal([
      'Normal Cluster new',
      'Normal Role creating role controller: 1 member',
      'Normal Role creating role worker: 2 members',
      'Normal Role creating role jupyter: 1 member',
      `Normal Member 4 members ready: ${controllerSet}-0, ${workerSet}-0, ${workerSet}-1, spark-instance-jupyter-tfnw5-0`,
      'Normal Cluster stable',
    ]);
  });

  it('gets as many members as the cardinality says where it does not say itself', async () => {
    const world = new World();
    world.setApp(cassandra());
    const { members: _, ...seed } = aRole({ id: 'seed' });
    world.create(aCluster({ app: 'cassandra311', roles: [seed] }));
    await world.settle();
    expect(membersOf(world, 'seed')).to.have.length(2);
  });

  it('keeps roles of size 0 out of status and off the host', async () => {
    const world = await running({ roles: [aRole({ id: 'controller' }), aRole({ id: 'worker', members: 0 })] });
    expect(world.cluster().status!.roles!.map(({ id }) => id)).to.deep.equal(['controller']);
    expect(world.names('StatefulSet')).to.deep.equal([controllerSet]);
  });

  it('with members without ports says n/a where the name of their Service would be', async () => {
    const world = new World();
    world.setApp(anApp({ config: { selectedRoles: ['worker'], roleServices: [] } }));
    world.create(aCluster({ roles: [aRole()] }));
    await world.settle();
    expect(membersOf(world, 'worker')[0]!.service).to.equal('n/a');
    expect(world.names('Service')).to.deep.equal([headless]);
    resize(world, 'worker', 0);
    await world.settle();
    expect(world.cluster().status!.roles).to.deep.equal([]);
  });

  it('keeps what the registry has resolved of scale, and counts for it', async () => {
    const world = new World();
    const scale = { role: 'jupyter', selector: 'a=b' };
    world.create({ ...aCluster(), status: { scale } });
    await world.settle();
    expect(world.cluster().status!.scale).to.deep.equal({ ...scale, replicas: 1 });
  });

  it('has room for a thousand members', async () => {
    const world = new World();
    world.create(aCluster({ roles: [aRole({ id: 'worker', members: 1000, storage: { size: '1Gi' } })] }));
    for (let i = 0; i < 1000; i += 1)
      world.stuck.set(`${workerSet}-${i}`, {
        phase: 'Pending',
        conditions: [
          { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'no node '.repeat(500) },
        ],
      });
    await world.reconcile();
    // The world itself is quadratic: pods are put there without its StatefulSet controller.
    const { metadata } = world.child('StatefulSet', workerSet)!;
    for (const [name, status] of world.stuck)
      world.put({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: {
          name,
          namespace: 'team1',
          labels: { ...metadata.labels },
          ownerReferences: [
            { apiVersion: 'apps/v1', kind: 'StatefulSet', name: metadata.name, uid: metadata.uid!, controller: true },
          ],
        },
        ...(status && { status }),
      });
    await world.timers.advance(500);
    await world.reconcile();
    expect(JSON.stringify(world.cluster()).length).to.be.lessThan(1_000_000);
    expect(world.condition('Ready')!.message.length).to.be.lessThan(2_000);
  });
});
