/** Members whose scripts fail, and what is tried again, when, and by whom. */
import { expect } from 'chai';
import { aCluster, aRole } from '../../../make/kubedirector.ts';
import { failed } from '../../guests.ts';
import { World } from '../../world.ts';
import { controllerSet, detailOf, resize, running, statusOf, workerSet } from './story.ts';

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
      message: `member ${controllerSet}-0 has not heard everything: its start script failed once when it was told --addnodes: who?`,
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
