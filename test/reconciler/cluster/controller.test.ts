/** The controller as it runs: what wakes it, and when it ends. */
import { expect } from 'chai';
import { silentLog } from '../../../openapi/machinery/log.ts';
import { runClusterController } from '../../../reconciler/cluster/controller.ts';
import { aCluster, anApp } from '../../make/kubedirector.ts';
import { quiet } from '../../make/set-timers.ts';
import { World } from '../world.ts';
import { resize, workerSet } from './stories/story.ts';

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
