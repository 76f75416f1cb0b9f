/** Clusters whose members learn of something besides themselves: connections and tokens. */
import { expect } from 'chai';
import { aCluster, anApp, aRole } from '../../../make/kubedirector.ts';
import { failed } from '../../guests.ts';
import { World } from '../../world.ts';
import { controllerSet, detailOf, notebookSet, workerSet } from './story.ts';

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

  it('does not show what kubectl kept of a Secret in an annotation when a script prints what it was given', async () => {
    const world = new World();
    const { metadata, ...login } = typed('Secret', 'login', { user: 'YWRtaW4=' });
    const applied = `${JSON.stringify({ kind: 'Secret', stringData: { user: 'admin', before: 'canary-5d1e' } })}\n`;
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': applied, managed: 'true' };
    world.setData({ ...login, metadata: { ...metadata, annotations } });
    world.guests.answer = (pod, call) => {
      if (pod !== `${notebookSet}-0` || call.verb !== 'setup') return undefined;
      const [given] = JSON.parse(call.setup!.configmeta).connections.secrets.site;
      const kept = given.annotations['kubectl.kubernetes.io/last-applied-configuration'];
      expect(Buffer.from(kept, 'base64').toString()).to.equal(applied);
      return [
        { type: 'output', stream: 'stdout', text: `${kept.slice(9)} is true\n${JSON.stringify(given.annotations)}\n` },
        { type: 'output', stream: 'stderr', text: applied },
        { type: 'result', result: failed('script', '1') },
      ];
    };
    world.create(aCluster({ connections: { secrets: ['login'] } }));
    await world.settle();
    const { startScriptStdoutMessage: stdout, startScriptStderrMessage: stderr } = detailOf(world, `${notebookSet}-0`);
    expect(stdout).to.match(/^\[redacted\] is true\n\{"kubectl.*":"\[redacted\]","managed":"\[redacted\]"\}\n$/);
    expect(stderr).to.match(/^\[redacted\]\n?$/);
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
