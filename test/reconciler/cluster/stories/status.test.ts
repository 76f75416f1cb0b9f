/** When and by whom status is written. */
import { expect } from 'chai';
import { StatusError } from '../../../../openapi/machinery/status.ts';
import { aCluster } from '../../../make/kubedirector.ts';
import { World } from '../../world.ts';
import { resize, running, workerSet } from './story.ts';

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
