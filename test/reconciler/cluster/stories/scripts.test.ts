/** Members that are set up by the scripts of their app, and told of each other. */
import { expect } from 'chai';
import { aCluster, anApp, aRole } from '../../../make/kubedirector.ts';
import { World } from '../../world.ts';
import { controllerSet, detailOf, domain, notebookSet, resize, running, statusOf, workerSet } from './story.ts';

const nodes = '--nodegroup 1';

describe('a cluster whose app has scripts', () => {
  it('has each member set up once, and tells none of the others: each knows them from its configuration', async () => {
    const world = new World();
    world.create(aCluster());
    await world.settle();
    expect(world.guests.told.sort()).to.deep.equal([
      `${controllerSet}-0 setup 1`,
      `${notebookSet}-0 setup 1`,
      `${workerSet}-0 setup 1`,
      `${workerSet}-1 setup 1`,
    ]);
    const meta = world.guests.configmeta(`${workerSet}-1`);
    expect(meta.node).to.include({ role_id: 'worker', id: '3', fqdn: `${workerSet}-1.${domain}` });
    expect(meta.nodegroups['1'].roles.controller.fqdns).to.deep.equal([`${controllerSet}-0.${domain}`]);
    expect(detailOf(world, `${workerSet}-1`)).to.include({
      lastConfigDataGeneration: 1,
      lastSetupGeneration: 1,
      lastConnectionVersion: 0,
    });
    expect(world.cluster().status).to.include({ specGenerationToProcess: 1, state: 'configured', readyMembers: 4 });
  });

  it('is not Ready before they have run', async () => {
    const world = new World();
    world.guests.answer = (pod) => (pod === `${workerSet}-0` ? 'hangs' : undefined);
    world.create(aCluster());
    await world.settle();
    expect(statusOf(world, `${workerSet}-0`).state).to.equal('creating');
    expect(world.cluster().status).to.include({ state: 'creating', readyMembers: 3 });
    expect(world.condition('Ready')).to.include({
      reason: 'MemberConfiguring',
      message: `member ${workerSet}-0 is being configured: its start script runs; 3 of 4 members are ready`,
    });
  });

  it('goes on without a member whose script hangs', async () => {
    const world = new World();
    world.guests.answer = (pod) => (pod === `${workerSet}-0` ? 'hangs' : undefined);
    world.create(aCluster());
    await world.settle();
    resize(world, 'worker', 3);
    await world.settle();
    expect(statusOf(world, `${workerSet}-2`).state).to.equal('configured');
    expect(world.guests.told).to.include(
      `${controllerSet}-0 --addnodes ${nodes} --role worker --fqdns ${workerSet}-2.${domain}`,
    );
    resize(world, 'jupyter', 0);
    await world.settle();
    expect(world.names('StatefulSet')).not.to.include(notebookSet);
    expect(world.guests.hanging).to.equal(1);
  });

  it('names the member whose script hangs when it is told of others', async () => {
    const world = await running();
    world.guests.answer = (pod, call) => (call.verb === 'update' && pod === `${controllerSet}-0` ? 'hangs' : undefined);
    resize(world, 'worker', 3);
    await world.settle();
    expect(world.condition('Ready')!.status).to.equal('True');
    expect(world.condition('Progressing')).to.include({
      status: 'True',
      reason: 'MembersUpdating',
      message: `5 of 5 members are ready; being told of changes: ${controllerSet}-0`,
    });
  });

  it('has everybody told of members that come, once they are of use (spec A.2)', async () => {
    const world = await running();
    resize(world, 'worker', 4);
    await world.settle();
    const news = `--addnodes ${nodes} --role worker --fqdns ${workerSet}-2.${domain},${workerSet}-3.${domain}`;
    expect(world.guests.told.filter((line) => line.includes('--addnodes')).sort()).to.deep.equal([
      `${controllerSet}-0 ${news}`,
      `${notebookSet}-0 ${news}`,
      `${workerSet}-0 ${news}`,
      `${workerSet}-1 ${news}`,
    ]);
    expect(world.guests.configmeta(`${controllerSet}-0`).nodegroups['1'].roles.worker.node_ids).to.deep.equal([
      ...['2', '3', '5', '6'],
    ]);
    expect(detailOf(world, `${controllerSet}-0`)).to.include({ lastConfigDataGeneration: 2, lastSetupGeneration: 2 });
    expect(detailOf(world, `${controllerSet}-0`)).not.to.have.property('pendingNotifyCmds');
    expect(world.cluster().status).to.include({ specGenerationToProcess: 2, state: 'configured' });
    // It has come to rest once, when everything was told.
    expect(world.told.filter((line) => line === 'Normal Cluster stable')).to.have.length(1);
  });

  it('has everybody told of members that go before they go (spec A.3)', async () => {
    const world = await running();
    let podsWhenTold: string[] = [];
    world.guests.answer = (pod, call) => {
      if (pod === `${controllerSet}-0` && call.verb === 'update' && call.notifications.length > 0)
        podsWhenTold = world.names('Pod');
      return undefined;
    };
    resize(world, 'worker', 1);
    await world.settle();
    expect(world.guests.told.filter((line) => line.includes('--delnodes')).sort()).to.deep.equal(
      [`${controllerSet}-0`, `${notebookSet}-0`, `${workerSet}-0`].map(
        (pod) => `${pod} --delnodes ${nodes} --role worker --fqdns ${workerSet}-1.${domain}`,
      ),
    );
    expect(podsWhenTold).to.include(`${workerSet}-1`);
    expect(world.names('Pod')).not.to.include(`${workerSet}-1`);
    expect(world.guests.configmeta(`${controllerSet}-0`).nodegroups['1'].roles.worker.node_ids).to.deep.equal(['2']);
  });

  it('lets members go whom nobody can be told of, after ten minutes', async () => {
    const world = await running();
    world.guests.answer = (pod, call) => (call.verb === 'update' && pod === `${controllerSet}-0` ? 'hangs' : undefined);
    resize(world, 'worker', 1);
    await world.settle();
    expect(statusOf(world, `${workerSet}-1`).state).to.equal('delete pending');
    expect(world.names('Pod')).to.include(`${workerSet}-1`);
    expect(world.condition('Progressing')).to.include({
      reason: 'MembersLeaving',
      message: `3 of 3 members are ready, 1 leaving, once it is known to ${controllerSet}-0`,
    });
    const { wakeAfterMs } = await world.reconcile();
    expect(wakeAfterMs).to.be.within(500_000, 600_000);
    await world.timers.advance(600_000);
    await world.settle();
    expect(world.names('Pod')).not.to.include(`${workerSet}-1`);
  });

  it('lets a member go at once that was never of use', async () => {
    const world = new World();
    world.stuck.set(`${workerSet}-1`, { phase: 'Pending' });
    world.create(aCluster());
    await world.settle();
    resize(world, 'worker', 1);
    await world.settle();
    expect(world.guests.told.filter((line) => line.includes('--delnodes'))).to.deep.equal([]);
    expect(world.names('Pod')).not.to.include(`${workerSet}-1`);
  });

  it('tells only those whose role wants to hear it', async () => {
    const [controller, worker, jupyter] = anApp().spec.roles;
    const roles = [
      { ...controller!, eventList: ['configure' as const, 'addnodes' as const] },
      { ...worker!, eventList: ['configure' as const] },
      { ...jupyter!, configPackage: null },
    ];
    const world = await running({}, anApp({ roles }));
    resize(world, 'worker', 3);
    await world.settle();
    resize(world, 'worker', 1);
    await world.settle();
    expect(world.guests.told.filter((line) => line.includes('nodes --nodegroup'))).to.deep.equal([
      `${controllerSet}-0 --addnodes ${nodes} --role worker --fqdns ${workerSet}-2.${domain}`,
    ]);
    expect(detailOf(world, `${notebookSet}-0`)).not.to.have.property('lastConfigDataGeneration');
  });

  it('hears late of those who came while it was still being set up', async () => {
    const world = new World();
    let hangs = true;
    world.guests.answer = (pod) => (hangs && pod === `${controllerSet}-0` ? 'hangs' : undefined);
    world.create(aCluster());
    await world.settle();
    resize(world, 'worker', 3);
    await world.settle();
    hangs = false;
    world.restart(); // A new leader finds the script at its end.
    await world.settle();
    expect(world.guests.told.filter((line) => line.startsWith(controllerSet))).to.deep.equal([
      `${controllerSet}-0 setup 1`,
      `${controllerSet}-0 setup 1`,
      `${controllerSet}-0 --addnodes ${nodes} --role worker --fqdns ${workerSet}-2.${domain}`,
    ]);
  });
});

describe('a member whose container is another one', () => {
  it('is set up from the beginning, and nobody is told (spec A.4)', async () => {
    const world = await running();
    world.startContainer(`${workerSet}-1`);
    await world.settle();
    expect(world.guests.told).to.deep.equal([`${workerSet}-1 setup 1`]);
    expect(world.cluster().status).to.include({ specGenerationToProcess: 1, state: 'configured' });
  });

  it('on a volume is asked what it did before, and still hears what it has missed', async () => {
    const roles = [aRole({ id: 'controller', storage: { size: '1Gi' } }), aRole({ id: 'worker' })];
    const world = await running({ roles });
    const kept = detailOf(world, `${controllerSet}-0`);
    world.guests.answer = (pod, call) =>
      pod === `${controllerSet}-0` && call.verb === 'update' ? 'breaks' : undefined;
    resize(world, 'worker', 2);
    for (let i = 0; i < 8; i += 1) {
      await world.reconcile();
      world.runStatefulSets();
      world.runPods();
      await world.timers.advance(500);
    }
    world.guests.answer = () => undefined;
    world.guests.calls.length = 0;
    world.startContainer(`${controllerSet}-0`);
    await world.settle();
    expect(world.guests.told).to.deep.equal([
      `${controllerSet}-0 setup 1`,
      `${controllerSet}-0 --addnodes ${nodes} --role worker --fqdns ${workerSet}-1.${domain}`,
    ]);
    expect(detailOf(world, `${controllerSet}-0`).lastConfiguredContainer).not.to.equal(kept.lastConfiguredContainer);
  });
});

describe('a new process', () => {
  it('finds members at work and does not disturb them', async () => {
    const world = new World();
    world.guests.answer = () => 'hangs';
    world.create(aCluster({ roles: [aRole({ id: 'controller' })] }));
    await world.settle();
    world.restart();
    world.guests.answer = () => undefined;
    await world.settle();
    // The same attempt in the same container: the program there knows it.
    expect(world.guests.told).to.deep.equal([`${controllerSet}-0 setup 1`, `${controllerSet}-0 setup 1`]);
    expect(world.condition('Ready')!.status).to.equal('True');
  });

  it('tells members what they have not been told, and nothing else', async () => {
    const world = await running();
    world.restart();
    await world.settle();
    expect(world.guests.calls).to.deep.equal([]);
  });
});
