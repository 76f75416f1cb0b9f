/** Clusters that something keeps from being: an app that is not there, predecessors, strangers, the end of a namespace. */
import { expect } from 'chai';
import { aCluster, anApp, aRole } from '../../../make/kubedirector.ts';
import { World } from '../../world.ts';
import { controllerSet, headless, nodeIDs, resize, running, workerSet } from './story.ts';

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
