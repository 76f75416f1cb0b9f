/** Stories of members that are set up and kept up to date by the scripts of their app, told with a whole world in memory. */
import { expect } from 'chai';
import { aCluster, anApp, aRole } from '../../../make/kubedirector.ts';
import { failed } from '../../guests.ts';
import { World } from '../../world.ts';

const workerSet = 'spark-instance-worker-4dvst';
const controllerSet = 'spark-instance-controller-fdbm2';
const notebookSet = 'spark-instance-jupyter-tfnw5';
const domain = 'svc-spark-instance-8ct8d.team1.svc.cluster.local';
const nodes = '--nodegroup 1';

const resize = (world: World, role: string, members: number) =>
  world.edit('spark-instance', ({ roles }) => {
    roles.find(({ id }) => id === role)!.members = members;
  });

async function running(spec: Parameters<typeof aCluster>[0] = {}, app = anApp()): Promise<World> {
  const world = new World();
  world.setApp(app);
  world.create(aCluster(spec));
  await world.settle();
  world.guests.calls.length = 0;
  world.told.length = 0;
  return world;
}

const statusOf = (world: World, pod: string) =>
  world
    .cluster()
    .status!.roles!.flatMap(({ members = [] }) => members)
    .find((member) => member.pod === pod)!;
const detailOf = (world: World, pod: string) => statusOf(world, pod).stateDetail!;

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
      message: `member ${workerSet}-0 is being configured: configuring; 3 of 4 members are ready`,
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

describe('a member that cannot be set up', () => {
  const refusing = async (attempts: number) => {
    const world = new World();
    let failures = 0;
    world.guests.answer = (pod, call) => {
      if (pod !== `${workerSet}-1` || call.verb !== 'setup' || failures >= attempts) return undefined;
      failures += 1;
      return [
        { type: 'output', stream: 'stdout', text: 'begun\n' },
        { type: 'output', stream: 'stderr', text: 'no route\nto the master\n' },
        { type: 'result', result: failed('script', '3') },
      ];
    };
    world.create(aCluster());
    await world.settle();
    return world;
  };

  it('is in error, with the exit code and the last line of its script; the others are not', async () => {
    const world = await refusing(99);
    expect(statusOf(world, `${workerSet}-1`).state).to.equal('config error');
    expect(detailOf(world, `${workerSet}-1`)).to.deep.include({
      configErrorDetail: 'execution of app config failed: exit status 3',
      startScriptStdoutMessage: 'begun\n',
      startScriptStderrMessage: 'no route\nto the master\n',
    });
    expect(world.condition('Ready')).to.include({
      status: 'False',
      reason: 'ConfigError',
      message: `member ${workerSet}-1 could not be configured: execution of app config failed: exit status 3: to the master; 3 of 4 members are ready`,
    });
    expect(world.condition('Degraded')).to.include({ status: 'True', reason: 'ConfigError' });
    expect(world.cluster().status!.memberStateRollup).to.include({ configErrors: true });
    expect(world.cluster().status!.readyMembers).to.equal(3);
  });

  it('is tried twice more by itself, later each time, and is then given up', async () => {
    const world = await refusing(99);
    for (const seconds of [10, 30, 90, 300]) {
      await world.timers.advance(seconds * 1000);
      await world.settle();
    }
    expect(world.guests.told.filter((line) => line.startsWith(`${workerSet}-1`))).to.deep.equal(
      [1, 2, 3].map((attempt) => `${workerSet}-1 setup ${attempt}`),
    );
    expect(world.cluster().status!.state).to.equal('configured');
    expect(world.condition('Progressing')).to.include({ status: 'False', reason: 'ConfigError' });
    expect(world.condition('Stalled')).to.include({ status: 'True', reason: 'ConfigError' });
  });

  it('that works the second time is like any other, and is announced then', async () => {
    const world = await running();
    let failures = 0;
    world.guests.answer = (pod, call) => {
      if (pod !== `${workerSet}-2` || call.verb !== 'setup' || failures > 0) return undefined;
      failures += 1;
      return [{ type: 'result', result: failed('package', 'the package could not be fetched: 404') }];
    };
    resize(world, 'worker', 3);
    await world.settle();
    expect(world.guests.told.filter((line) => line.includes('--addnodes'))).to.deep.equal([]);
    await world.timers.advance(10_000);
    await world.settle();
    expect(world.guests.told.filter((line) => line.includes('--addnodes'))).to.have.length(4);
    expect(detailOf(world, `${workerSet}-2`)).not.to.have.any.keys('configErrorDetail', 'setupAttempt', 'retryTime');
    expect(world.condition('Ready')!.status).to.equal('True');
    expect(world.condition('Degraded')!.status).to.equal('False');
  });

  it('is tried again when somebody says so, and once for each time that they do', async () => {
    const world = await refusing(3);
    for (const seconds of [10, 30]) {
      await world.timers.advance(seconds * 1000);
      await world.settle();
    }
    const annotate = () =>
      world.tamper('spark-instance', ({ metadata }) => {
        metadata.annotations = { 'kubedirector.bluedata.io/retry': 'now' };
      });
    annotate();
    await world.settle();
    expect(world.guests.told.at(-1)).to.equal(`${workerSet}-1 setup 4`);
    expect(world.condition('Ready')!.status).to.equal('True');
    expect(world.cluster().status!.lastRetry).to.equal('now');
    const calls = world.guests.calls.length;
    annotate();
    await world.settle();
    expect(world.guests.calls.length).to.equal(calls);
  });

  it('because its program is not one is told in the words of its last breath', async () => {
    const world = new World();
    world.guests.run = async (container, command, output) => {
      world.guests.calls.push({ pod: container.pod, call: undefined as never });
      output.stderr(Buffer.from('sh: head: not found\n'));
      return command.argv.length > 0 ? 127 : 0;
    };
    world.create(aCluster({ roles: [aRole({ id: 'controller' })] }));
    await world.settle();
    expect(detailOf(world, `${controllerSet}-0`).configErrorDetail).to.equal(
      'execution of app config failed: the program in the member ended with exit code 127: sh: head: not found',
    );
  });
});

describe('a member that cannot be told something', () => {
  const deaf = async () => {
    const world = await running();
    world.guests.answer = (pod, call) => {
      if (pod !== `${controllerSet}-0` || call.verb !== 'update') return undefined;
      return [
        ...call.notifications.map(({ id }) => ({ type: 'notified' as const, id, exitCode: 1 })),
        { type: 'output', stream: 'stderr', text: 'who?\n' },
        { type: 'result', result: { ok: true } },
      ];
    };
    resize(world, 'worker', 3);
    await world.settle();
    return world;
  };

  it('is tried a few times, and keeps back nobody', async () => {
    const world = await deaf();
    expect(world.condition('Ready')!.status).to.equal('True');
    expect(world.condition('Degraded')).to.include({
      status: 'True',
      reason: 'NotificationFailed',
      message: `member ${controllerSet}-0 has not heard everything: its start script failed 1 times when it was told --addnodes: who?`,
    });
    for (const seconds of [10, 30, 90, 300]) {
      await world.timers.advance(seconds * 1000);
      await world.settle();
    }
    const tries = world.guests.told.filter((line) => line.startsWith(`${controllerSet}-0 --addnodes`));
    expect(tries).to.have.length(3);
    expect(detailOf(world, `${controllerSet}-0`).pendingNotifyCmds).to.have.length(1);
    expect(world.cluster().status!.state).to.equal('configured');
    // The spec may change all the same.
    resize(world, 'worker', 4);
    await world.settle();
    expect(statusOf(world, `${workerSet}-3`).state).to.equal('configured');
  });

  it('is told what was given up when somebody says so', async () => {
    const world = await deaf();
    for (const seconds of [10, 30]) {
      await world.timers.advance(seconds * 1000);
      await world.settle();
    }
    world.guests.answer = () => undefined;
    world.tamper('spark-instance', ({ metadata }) => {
      metadata.annotations = { 'kubedirector.bluedata.io/retry': '1' };
    });
    await world.settle();
    expect(detailOf(world, `${controllerSet}-0`)).not.to.have.property('pendingNotifyCmds');
    expect(world.condition('Degraded')!.status).to.equal('False');
  });

  it('because the way there is broken is told of, and told later', async () => {
    const world = await running();
    world.guests.answer = (_, call) => (call.verb === 'update' ? 'breaks' : undefined);
    resize(world, 'worker', 3);
    for (let i = 0; i < 8; i += 1) {
      await world.reconcile();
      world.runStatefulSets();
      world.runPods();
      await world.timers.advance(500);
    }
    expect(world.condition('Degraded')).to.include({ status: 'True', reason: 'MemberUnreachable' });
    expect(world.condition('Degraded')!.message).to.include('the connection was reset');
    world.guests.answer = () => undefined;
    await world.timers.advance(60_000);
    await world.settle();
    expect(world.condition('Degraded')!.status).to.equal('False');
    expect(detailOf(world, `${controllerSet}-0`).lastConfigDataGeneration).to.equal(2);
  });
});

describe('a cluster that is connected', () => {
  const typed = (kind: 'ConfigMap' | 'Secret', name: string, data: Record<string, string>) => ({
    apiVersion: 'v1' as const,
    kind,
    metadata: {
      name,
      labels: { [`kubedirector.bluedata.io/${kind === 'Secret' ? 'secretType' : 'cmType'}`]: 'site' },
    },
    data,
  });

  it('has its members told when what it is connected to changes, and once for each change (spec A.5)', async () => {
    const world = new World();
    world.setData(typed('ConfigMap', 'settings', { region: 'north' }));
    world.create(aCluster({ connections: { configmaps: ['settings'] } }));
    await world.settle();
    expect(world.guests.told.filter((line) => line.includes('--reconnect'))).to.deep.equal([]);
    const region = () => world.guests.configmeta(`${controllerSet}-0`).connections.configmaps.site[0].data.region;
    expect(region()).to.equal('north');
    world.setData(typed('ConfigMap', 'settings', { region: 'south' }));
    await world.settle();
    expect(world.guests.told.filter((line) => line.includes('--reconnect'))).to.have.length(4);
    expect(region()).to.equal('south');
    expect(detailOf(world, `${controllerSet}-0`)).to.include({ lastConnectionVersion: 1, lastSetupGeneration: 2 });
    expect(world.cluster().status).to.include({
      specGenerationToProcess: 2,
      connectionVersion: 1,
      state: 'configured',
    });
  });

  it('says what is missing, comes up without it, and has it told when it comes', async () => {
    const world = new World();
    world.create(aCluster({ connections: { secrets: ['login'] } }));
    await world.settle();
    expect(world.condition('Ready')!.status).to.equal('True');
    expect(world.condition('Degraded')).to.include({ status: 'True', reason: 'ConnectionMissing' });
    expect(world.condition('Degraded')!.message).to.match(
      /^Secret login, which the cluster is connected to, does not exist/,
    );
    world.setData(typed('Secret', 'login', { user: 'YWRtaW4=' }));
    await world.settle();
    expect(world.condition('Degraded')!.status).to.equal('False');
    expect(world.guests.configmeta(`${workerSet}-0`).connections.secrets.site[0].data).to.deep.equal({
      user: 'YWRtaW4=',
    });
  });

  it('to another cluster knows the members of it that can be used, and hears when there are others', async () => {
    const world = new World();
    world.create(aCluster({ roles: [aRole({ id: 'controller' })] }, { name: 'store' }));
    await world.settle('store');
    world.create(aCluster({ connections: { clusters: ['store'] }, roles: [aRole({ id: 'jupyter' })] }));
    await world.settle();
    const store = () => world.guests.configmeta(`${notebookSet}-0`).connections.clusters.store;
    expect(store().nodegroups['1'].roles.controller.node_ids).to.deep.equal(['1']);
    expect(store().services.ssh['1'].controller.bdvlibrefkey.slice(0, 3)).to.deep.equal([
      'connections',
      'clusters',
      'store',
    ]);
    world.guests.calls.length = 0;
    world.edit('store', (spec) => {
      spec.roles = [...spec.roles, aRole({ id: 'worker' })];
    });
    await world.settle('store');
    await world.settle();
    expect(Object.keys(store().nodegroups['1'].roles)).to.deep.equal(['controller', 'worker']);
    expect(world.guests.told).to.include(`${notebookSet}-0 --reconnect`);
  });

  it('in a circle comes to rest', async () => {
    const world = new World();
    const only = [aRole({ id: 'controller' })];
    world.create(aCluster({ connections: { clusters: ['spark-instance'] }, roles: only }, { name: 'store' }));
    world.create(aCluster({ connections: { clusters: ['store'] }, roles: only }));
    for (let i = 0; i < 3; i += 1) {
      await world.settle('store');
      await world.settle();
    }
    const calls = world.guests.calls.length;
    await world.settle('store');
    await world.settle();
    expect(world.guests.calls.length).to.equal(calls);
    expect(world.condition('Degraded', 'store')!.status).to.equal('False');
  });
});

describe('a service that is guarded by a token', () => {
  const services = anApp().spec.services!.map((service) =>
    service.id === 'jupyter-notebook' ? { ...service, endpoint: { ...service.endpoint, hasAuthToken: true } } : service,
  );
  const secret = 'svc-spark-instance-8ct8d-tokens';

  it('has it made once, in a Secret of the cluster, and given to members', async () => {
    const world = new World();
    world.setApp(anApp({ services }));
    world.create(aCluster());
    await world.settle();
    const kept = world.data.get(`Secret/team1/${secret}`)!;
    expect(Object.keys(kept.data!)).to.deep.equal(['jupyter']);
    const token = Buffer.from(kept.data!.jupyter!, 'base64').toString();
    expect(token).to.match(/^[0-9a-f]{32}$/);
    const { jupyter } = world.guests.configmeta(`${workerSet}-0`).nodegroups['1'].roles;
    expect(jupyter.services['jupyter-notebook'].authToken).to.equal(token);
    expect(jupyter.services.ssh.authToken).to.equal('');
    expect(kept.metadata.ownerReferences![0]!.name).to.equal('spark-instance');
    expect(JSON.stringify([...world.children.values()])).not.to.include(token);
    expect(JSON.stringify(world.cluster())).not.to.include(token);
    expect(world.writes.filter((write) => write.includes(secret))).to.deep.equal([`create Secret ${secret}`]);
  });

  it('waits for the right to make it, and names it', async () => {
    const world = new World();
    world.setApp(anApp({ services }));
    world.secretsRefused = 'secrets is forbidden: User "kubedirector" cannot list resource "secrets"';
    world.create(aCluster());
    await world.settle();
    expect(world.guests.calls).to.deep.equal([]);
    expect(world.condition('Ready')).to.include({ status: 'False', reason: 'ConnectionForbidden' });
    expect(world.condition('Ready')!.message).to.include(`Secret ${secret} of namespace team1: secrets is forbidden`);
    world.secretsRefused = undefined;
    await world.settle();
    expect(world.condition('Ready')!.status).to.equal('True');
  });

  it('does not show in what a script says', async () => {
    const world = new World();
    world.setApp(anApp({ services }));
    world.guests.answer = (pod, call) => {
      if (pod !== `${notebookSet}-0` || call.verb !== 'setup') return undefined;
      const meta = JSON.parse(call.setup!.configmeta);
      const token = meta.nodegroups['1'].roles.jupyter.services['jupyter-notebook'].authToken;
      return [
        { type: 'output', stream: 'stderr', text: `starting with --token=${token}\n` },
        { type: 'result', result: failed('script', '1') },
      ];
    };
    world.create(aCluster());
    await world.settle();
    expect(detailOf(world, `${notebookSet}-0`).startScriptStderrMessage).to.equal('starting with --token=[redacted]\n');
    expect(world.condition('Ready')!.message).to.include('starting with --token=[redacted]');
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
