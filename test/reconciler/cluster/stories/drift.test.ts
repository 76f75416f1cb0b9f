/** What is done about children that somebody else has changed or taken away, and about members that are not well. */
import { expect } from 'chai';
import { aCluster, aRole } from '../../../make/kubedirector.ts';
import { World } from '../../world.ts';
import { headless, nodeIDs, running, workerSet } from './story.ts';

describe('a cluster whose children drift', () => {
  it('mends what is mendable', async () => {
    const world = await running();
    world.change('StatefulSet', workerSet, ({ spec, metadata }) => {
      spec.replicas = 7;
      metadata.labels!['kubedirector.bluedata.io/role'] = 'x';
    });
    world.change('Service', `svc-${workerSet}-0`, ({ spec }) => {
      spec.ports = [{ name: 'x', port: 1 }];
    });
    world.remove('Service', `svc-${workerSet}-1`);
    await world.reconcile();
    expect(world.writes).to.have.members([
      `apply StatefulSet ${workerSet}`,
      `patch Service svc-${workerSet}-0`,
      `create Service svc-${workerSet}-1`,
    ]);
    await world.settle();
    expect(world.child('StatefulSet', workerSet)!.spec.replicas).to.equal(2);
  });

  it('tells what is not, once, and stays Ready', async () => {
    const world = await running();
    world.change('StatefulSet', workerSet, ({ spec }) => {
      spec.template.spec.containers[0]!.image = 'other:1';
    });
    await world.settle();
    expect(world.condition('Ready')?.status).to.equal('True');
    expect(world.condition('Progressing')).to.include({ status: 'False', reason: 'CannotBeChanged' });
    expect(world.condition('Progressing')!.message).to.include(
      'members run the image other:1, not bluedata/sparkbase:2.0',
    );
    expect(world.writes).to.deep.equal(['updateStatus spark-instance']);
  });

  it('makes a StatefulSet again that somebody deleted; its members are who they were', async () => {
    const world = await running({ roles: [aRole({ id: 'worker', members: 2, storage: { size: '1Gi' } })] });
    world.remove('StatefulSet', workerSet);
    await world.reconcile();
    // Its pods are still there, and belong to nobody that lives.
    expect(world.writes).not.to.include(`create StatefulSet ${workerSet}`);
    expect(world.condition('Ready')!.message).to.match(
      /role worker is waiting for pod .*-0 of an earlier .* to go; 0 of 2/,
    );
    await world.settle();
    expect(nodeIDs(world, 'worker')).to.deep.equal([1, 2]);
    expect(world.writes.some((write) => write.startsWith('delete'))).to.equal(false);
    expect(world.condition('Ready')?.status).to.equal('True');
  });

  it('waits for a StatefulSet or a Service that is on its way out before it makes it again', async () => {
    const world = await running();
    world.change('StatefulSet', workerSet, ({ metadata, spec }) => {
      metadata.deletionTimestamp = '2026-11-21T10:00:00Z';
      metadata.finalizers = ['foregroundDeletion'];
      spec.replicas = 0;
    });
    world.change('Service', headless, ({ metadata }) => {
      metadata.deletionTimestamp = '2026-11-21T10:00:00Z';
      metadata.finalizers = ['service.kubernetes.io/load-balancer-cleanup'];
    });
    world.change('Pod', `${workerSet}-0`, ({ metadata }) => {
      metadata.deletionTimestamp = '2026-11-21T10:00:00Z';
    });
    await world.settle();
    expect(world.writes.filter((write) => !write.startsWith('updateStatus'))).to.deep.equal([]);
    expect(world.condition('Ready')!.message).to.equal(
      `Service ${headless} is being deleted and will be made again; 3 of 4 members are ready`,
    );
  });

  it('finds a child that lost its label and vanished from view', async () => {
    const world = await running();
    world.change('Service', headless, ({ metadata }) => {
      metadata.labels = {};
    });
    // A watch by label says of it that it is gone.
    const { ports } = world;
    const hidden = ports.host.children({ namespace: 'team1', name: 'spark-instance' });
    const lookedAt: string[] = [];
    const look = world.reconcileWith({
      ...ports,
      host: {
        ...ports.host,
        children: () => ({ ...hidden, services: hidden.services.filter(({ metadata }) => metadata.name !== headless) }),
        lookAt: (child, signal) => {
          lookedAt.push(child.name);
          return ports.host.lookAt(child, signal);
        },
      },
    });
    expect(await look).to.deep.include({ retry: true });
    expect(lookedAt).to.deep.equal([headless]);
    await world.settle();
    expect(world.child('Service', headless)!.metadata.labels).to.include({
      'kubedirector.bluedata.io/kdcluster': 'spark-instance',
    });
  });
});

describe('a member', () => {
  it('that restarts in a new container becomes configured again, and keeps its node id', async () => {
    const world = await running();
    world.startContainer(`${workerSet}-1`);
    world.change('Pod', `${workerSet}-1`, ({ status }) => {
      status!.conditions = [{ type: 'Ready', status: 'False', message: 'starting' }];
    });
    await world.reconcile();
    expect(world.cluster().status).to.include({ state: 'updating', readyMembers: 3 });
    expect(world.cluster().status!.memberStateRollup).to.include({
      membersRestarting: true,
      membershipChanging: false,
    });
    expect(world.condition('Ready')!.message).to.equal(
      `member ${workerSet}-1 is being configured; 3 of 4 members are ready`,
    );
    world.startContainer(`${workerSet}-1`);
    await world.settle();
    expect(world.cluster().status!.state).to.equal('configured');
    expect(nodeIDs(world, 'worker')).to.deep.equal([2, 3]);
  });

  it('without a node is named, with what the scheduler says', async () => {
    const world = new World();
    world.stuck.set(`${workerSet}-1`, {
      phase: 'Pending',
      conditions: [
        { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes are available' },
      ],
    });
    world.create(aCluster());
    await world.settle();
    expect(world.condition('Ready')).to.include({
      status: 'False',
      reason: 'Unschedulable',
      message: `member ${workerSet}-1 is waiting for a node: 0/1 nodes are available; 3 of 4 members are ready`,
    });
    expect(world.cluster().status!.memberStateRollup).to.include({ membersNotScheduled: true, membersWaiting: true });
    expect(world.told.filter((line) => line.startsWith('Warning'))).to.have.length(1);
  });
});
