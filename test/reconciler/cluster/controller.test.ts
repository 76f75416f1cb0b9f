/** Stories of one cluster, told with a whole world in memory. */
import { expect } from 'chai';
import { silentLog } from '../../../openapi/machinery/log.ts';
import { StatusError } from '../../../openapi/machinery/status.ts';
import { runClusterController } from '../../../reconciler/cluster/controller.ts';
import { aCluster, anApp, aRole, cassandra } from '../../make/kubedirector.ts';
import { quiet } from '../../make/set-timers.ts';
import { World } from '../world.ts';

const workerSet = 'spark-instance-worker-4dvst';
const controllerSet = 'spark-instance-controller-fdbm2';
const headless = 'svc-spark-instance-8ct8d';

const resize = (world: World, role: string, members: number) =>
  world.edit('spark-instance', ({ roles }) => {
    roles.find(({ id }) => id === role)!.members = members;
  });

async function running(spec: Parameters<typeof aCluster>[0] = {}, app = anApp()): Promise<World> {
  const world = new World();
  world.setApp(app);
  world.create(aCluster(spec));
  await world.settle();
  world.writes.length = 0;
  world.told.length = 0;
  return world;
}

const membersOf = (world: World, role: string) =>
  world.cluster().status!.roles!.find(({ id }) => id === role)?.members ?? [];
/** Members have nothing to hear of each other. */
const withoutScripts = anApp({ defaultConfigPackage: null });
const nodeIDs = (world: World, role: string) => membersOf(world, role).map(({ nodeID }) => nodeID);

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
      message: '3 of 3 members are ready, 1 leaving',
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

describe('a cluster without its app', () => {
  it('gets a condition and nothing else', async () => {
    const world = new World();
    world.removeApp('spark221e2');
    world.create(aCluster());
    await world.settle();
    expect(world.children.size).to.equal(0);
    expect(world.condition('Ready')).to.include({
      status: 'False',
      reason: 'AppNotFound',
      message: 'app spark221e2 was not found',
    });
    expect(world.condition('Progressing')).to.include({ status: 'False', reason: 'AppNotFound' });
    expect(world.writes).to.deep.equal(['updateStatus spark-instance']);
    expect(world.cluster().status).to.include({ state: 'creating', observedGeneration: 1 });
    world.setApp(anApp());
    await world.settle();
    expect(world.condition('Ready')?.status).to.equal('True');
  });

  it('keeps everything that it has', async () => {
    const world = await running();
    const [children, members] = [world.children.size, world.cluster().status!.roles];
    world.removeApp('spark221e2');
    resize(world, 'worker', 0);
    await world.settle();
    expect(world.children.size).to.equal(children);
    expect(world.cluster().status!.roles).to.deep.equal(members);
  });

  it('looks for it in its own namespace first, then in the system catalog', async () => {
    const world = new World();
    world.removeApp('spark221e2');
    world.setApp(anApp({}, { namespace: 'kubedirector' }));
    world.create(aCluster());
    await world.settle();
    expect(world.child('Service', headless)!.metadata.labels).to.include({
      'kubedirector.bluedata.io/appCatalog': 'system',
    });
  });

  it('does not look where it was told not to', async () => {
    const world = new World();
    world.create(aCluster({ appCatalog: 'system' }));
    await world.settle();
    expect(world.condition('Ready')!.message).to.equal('app spark221e2 was not found in the system catalog');
  });

  it('says so when the app has no such role, and leaves what the role has alone', async () => {
    const world = await running();
    const { roles } = anApp().spec;
    world.setApp(anApp({ roles: roles.filter(({ id }) => id !== 'worker') }));
    resize(world, 'worker', 0);
    await world.settle();
    expect(world.condition('Ready')).to.include({ reason: 'RoleNotInApp' });
    expect(world.condition('Ready')!.message).to.match(/^app spark221e2 has no role worker; /);
    expect(world.names('StatefulSet')).to.include(workerSet);
    expect(world.names('Service')).to.include(`svc-${workerSet}-0`);
  });
});

describe('the successor of a deleted cluster', () => {
  it('waits for the children of its predecessor, touches none of them, and then has its own (K-637)', async () => {
    const world = await running({ roles: [aRole({ id: 'worker', members: 2, storage: { size: '1Gi' } })] });
    const before = new Map(world.children);
    world.delete('spark-instance');
    world.create(aCluster({ roles: [aRole({ id: 'worker', members: 1, storage: { size: '1Gi' } })] }));
    world.restart();
    await world.reconcile();
    expect(world.writes).to.deep.equal(['updateStatus spark-instance']);
    expect(new Map(world.children)).to.deep.equal(before);
    expect(world.condition('Ready')).to.include({ reason: 'WaitingForPredecessor' });
    world.collectGarbage();
    await world.settle();
    expect(world.condition('Ready')?.status).to.equal('True');
    expect(
      [...world.children.values()].map(({ metadata }) => metadata.uid).filter((uid) => before.has(uid!)),
    ).to.deep.equal([]);
  });

  it('waits for a claim that is on its way out, which its member would lose', async () => {
    const world = await running({ roles: [aRole({ id: 'worker', storage: { size: '1Gi' } })] });
    const claim = world.child('PersistentVolumeClaim', `p-${workerSet}-0`)!;
    claim.metadata.finalizers = ['kubernetes.io/pvc-protection'];
    claim.metadata.deletionTimestamp = '2026-11-21T10:00:00Z';
    world.delete('spark-instance');
    for (const { kind, metadata } of [...world.children.values()])
      if (kind !== 'PersistentVolumeClaim') world.remove(kind, metadata.name);
    world.put(claim);
    world.create(aCluster({ roles: [aRole({ id: 'worker', storage: { size: '1Gi' } })] }));
    await world.reconcile();
    expect(world.names('StatefulSet')).to.deep.equal([]);
    expect(world.condition('Ready')!.message).to.include(`waiting for claim p-${workerSet}-0`);
    world.remove('PersistentVolumeClaim', `p-${workerSet}-0`);
    await world.settle();
    expect(world.condition('Ready')?.status).to.equal('True');
  });
});

describe('a restored cluster', () => {
  it('still removes a role that was being removed when its status was lost', async () => {
    const world = await running({ roles: [aRole({ id: 'controller' }), aRole({ storage: { size: '1Gi' } })] });
    world.edit('spark-instance', (spec) => void spec.roles.pop());
    world.tamper('spark-instance', (cluster) => void delete cluster.status);
    await world.settle();
    expect(world.names('StatefulSet')).to.deep.equal([controllerSet]);
    expect(world.names('PersistentVolumeClaim')).to.deep.equal([]);
    expect(world.names('Service')).to.have.members([headless, `svc-${controllerSet}-0`]);
  });

  it('gives no node id again that was only remembered by the headless Service', async () => {
    const world = await running();
    resize(world, 'worker', 6);
    await world.settle();
    resize(world, 'worker', 2);
    await world.settle();
    world.tamper('spark-instance', (cluster) => void delete cluster.status);
    resize(world, 'worker', 3);
    await world.settle();
    expect(nodeIDs(world, 'worker')).to.deep.equal([2, 3, 9]);
  });

  it('adopts children that carry its labels and belong to nobody, with the node ids that they remember', async () => {
    const world = await running();
    resize(world, 'controller', 0);
    await world.settle();
    resize(world, 'worker', 3);
    await world.settle();
    expect(nodeIDs(world, 'worker')).to.deep.equal([2, 3, 5]);
    const uids = [...world.children.values()].map(({ metadata }) => metadata.uid);
    for (const { kind, metadata } of [...world.children.values()])
      if (kind !== 'Pod') world.change(kind, metadata.name, (child) => void delete child.metadata.ownerReferences);
    world.delete('spark-instance');
    const { roles } = world.create(aCluster()).spec;
    world.edit('spark-instance', (spec) => {
      spec.roles = [{ ...roles[1]!, members: 3 }, roles[2]!];
    });
    world.restart();
    await world.settle();
    expect(nodeIDs(world, 'worker')).to.deep.equal([2, 3, 5]);
    expect(nodeIDs(world, 'jupyter')).to.deep.equal([4]);
    expect([...world.children.values()].map(({ metadata }) => metadata.uid)).to.have.members(uids);
    for (const { kind, metadata } of world.children.values())
      if (kind !== 'Pod') expect(metadata.ownerReferences![0]!.uid).to.equal(world.cluster().metadata.uid);
    world.edit('spark-instance', (spec) => void spec.roles.push(aRole({ id: 'controller' })));
    await world.settle();
    expect(nodeIDs(world, 'controller')).to.deep.equal([6]);
  });
});

describe('a name that a stranger has', () => {
  it('is reported, and looked at again now and then', async () => {
    const world = new World();
    world.put({ apiVersion: 'v1', kind: 'Service', metadata: { name: headless, namespace: 'team1' }, spec: {} });
    world.create(aCluster());
    const result = await world.reconcile();
    expect(result).to.deep.equal({ retry: false, wakeAfterMs: 500 });
    await world.timers.advance(500);
    expect(await world.reconcile()).to.deep.equal({ retry: false, wakeAfterMs: 30_000 });
    expect(world.condition('Ready')).to.include({ status: 'False', reason: 'NameTaken' });
    expect(world.condition('Ready')!.message).to.match(
      new RegExp(`^Service ${headless} is needed but is not KubeDirector's`),
    );
    world.remove('Service', headless);
    await world.settle();
    expect(world.condition('Ready')?.status).to.equal('True');
  });
});

describe('a namespace that goes', () => {
  it('stops the making of children, without hot retries (K-619)', async () => {
    const world = new World();
    world.terminatingNamespaces.add('team1');
    world.create(aCluster());
    const first = await world.reconcile();
    expect(first.retry).to.equal(false);
    await world.timers.advance(500);
    const creates: string[] = [];
    world.refuse = (verb, name) => {
      if (verb === 'create') creates.push(name);
      return undefined;
    };
    const second = await world.reconcile();
    expect(creates).to.deep.equal([]);
    expect(second).to.deep.equal({ retry: false, wakeAfterMs: 29_500 });
    expect(world.condition('Ready')).to.include({ reason: 'NamespaceTerminating' });
    expect(world.condition('Ready')!.message).to.match(/^namespace team1 is being terminated; /);
    expect(world.condition('Progressing')?.status).to.equal('False');
  });
});

describe('status', () => {
  it('is written twice a second at most', async () => {
    const world = await running();
    const times: number[] = [];
    world.onStatus = () => times.push(world.timers.now());
    for (let i = 0; i < 40; i += 1) {
      if (i % 2 === 0) world.stuck.set(`${workerSet}-0`, { phase: 'Pending' });
      else world.stuck.delete(`${workerSet}-0`);
      if (i % 7 === 0) resize(world, 'worker', 2 + (i % 3));
      world.runPods();
      await world.reconcile();
      await world.timers.advance(100);
    }
    expect(times.length).to.be.greaterThan(5);
    for (let i = 1; i < times.length; i += 1) expect(times[i]! - times[i - 1]!).to.be.at.least(500);
  });

  it('moves lastTransitionTime only when the condition changes its status (K-625)', async () => {
    const world = new World();
    world.stuck.set(`${workerSet}-0`, { phase: 'Pending' });
    world.create(aCluster());
    await world.settle();
    const since = world.condition('Ready')!.lastTransitionTime;
    await world.timers.advance(60_000);
    world.stuck.set(`${workerSet}-0`, { phase: 'Failed' });
    world.runPods();
    await world.reconcile();
    expect(world.condition('Ready')).to.include({ reason: 'PodFailed', lastTransitionTime: since });
    world.stuck.delete(`${workerSet}-0`);
    await world.timers.advance(60_000);
    await world.settle();
    expect(world.condition('Ready')).to.include({ status: 'True' });
    expect(world.condition('Ready')!.lastTransitionTime).not.to.equal(since);
  });

  it('leaves conditions of others alone', async () => {
    const world = await running();
    const other = {
      type: 'Backup',
      status: 'True',
      reason: 'Done',
      message: '',
      lastTransitionTime: '2026-11-21T10:00:00Z',
    } as const;
    world.tamper('spark-instance', ({ status }) => void status!.conditions!.push(other));
    resize(world, 'worker', 3);
    await world.settle();
    expect(world.condition('Backup')).to.deep.equal(other);
  });

  it('that somebody else wrote meanwhile is a Conflict, and nothing is done on the old one', async () => {
    const world = await running();
    resize(world, 'worker', 3);
    const { ports } = world;
    const stale = world.cluster();
    world.tamper('spark-instance', ({ metadata }) => {
      metadata.labels = { a: 'b' };
    });
    let thrown: unknown;
    await world
      .reconcileWith({ ...ports, clusters: { ...ports.clusters, get: async () => stale } })
      .catch((error: unknown) => {
        thrown = error;
      });
    expect(thrown).to.be.instanceOf(StatusError).and.to.include({ reason: 'Conflict' });
    expect(world.writes).to.deep.equal([]);
  });
});

describe('the cluster controller', () => {
  const run = (world: World) => {
    const stop = new AbortController();
    const guest = { program: () => Buffer.from('a program\n'), helper: () => Buffer.from('an archive') };
    const options = { systemNamespace: 'kubedirector', instance: 'test', log: silentLog, timers: world.timers, guest };
    return { stop, ended: runClusterController(world.ports, options, stop.signal) };
  };
  const hostWorks = async (world: World) => {
    for (let i = 0; i < 6; i += 1) {
      world.runStatefulSets();
      world.runPods();
      world.collectGarbage();
      await world.timers.advance(500);
    }
  };

  it('follows every change without being asked, until it is stopped', async () => {
    const world = new World();
    world.create(aCluster());
    const { stop, ended } = run(world);
    await hostWorks(world);
    expect(world.condition('Ready')?.status).to.equal('True');
    world.create(aCluster({ app: 'later' }, { name: 'other' }));
    await hostWorks(world);
    expect(world.condition('Ready', 'other')?.reason).to.equal('AppNotFound');
    world.setApp(anApp({}, { name: 'later' }));
    await hostWorks(world);
    expect(world.condition('Ready', 'other')?.status).to.equal('True');
    world.setConfig({ defaultServiceType: 'ClusterIP' });
    await hostWorks(world);
    expect(world.child('Service', `svc-${workerSet}-0`)!.spec.type).to.equal('ClusterIP');
    expect(world.events.map(({ message }) => message)).to.include('stable');
    stop.abort();
    await ended;
    const writes = world.writes.length;
    resize(world, 'worker', 0);
    await quiet();
    expect(world.writes.length).to.equal(writes);
    expect(world.timers.pending).to.equal(0);
  });

  it('looks at nothing before the view of the host is complete', async () => {
    const world = new World();
    world.create(aCluster());
    let synced = () => {};
    const { ports } = world;
    const host = { ...ports.host, synced: () => new Promise<void>((resolve) => (synced = resolve)) };
    const stop = new AbortController();
    const guest = { program: () => Buffer.from('a program\n'), helper: () => Buffer.from('an archive') };
    const options = { systemNamespace: 'kubedirector', instance: 'test', log: silentLog, timers: world.timers, guest };
    const ended = runClusterController({ ...ports, host }, options, stop.signal);
    await quiet();
    expect(world.writes).to.deep.equal([]);
    synced();
    await quiet();
    expect(world.writes.length).to.be.greaterThan(0);
    stop.abort();
    await ended;
  });
});
