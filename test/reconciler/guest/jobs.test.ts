/** Jobs in members: when they begin, what is seen of them, and when they end. */
import { expect } from 'chai';
import type { SetupCall } from '../../../openapi/guest/calls.ts';
import { silentLog } from '../../../openapi/machinery/log.ts';
import { StatusError } from '../../../openapi/machinery/status.ts';
import { GuestJobs } from '../../../reconciler/guest/jobs.ts';
import type { Work } from '../../../reconciler/guest/work.ts';
import { quiet, SetTimers } from '../../make/set-timers.ts';
import { Guests } from '../guests.ts';

const cluster = { namespace: 'team1', name: 'demo' };

const call = (container: string): SetupCall => ({
  ...{ verb: 'setup', container, generation: 1, layout: 'new', tailBytes: 256, attempt: 1 },
  ...{ injections: [], systemd: false },
});

const work = (pod = 'w-0', container = 'c1', key = `setup/${container}/1`, secrets: string[] = []): Work => ({
  ...{ verb: 'setup', pod, container, key },
  say: () => ({ call: call(container), secrets }),
});

function setting() {
  const guests = new Guests();
  const timers = new SetTimers();
  const none = () => Buffer.alloc(0);
  const jobs = new GuestJobs({
    exec: guests,
    containerName: 'app',
    program: none,
    helper: none,
    timers,
    log: silentLog,
  });
  return { guests, timers, jobs, view: (pod = 'w-0') => jobs.views(cluster).get(pod) };
}

describe('a job in a member', () => {
  it('ends with a result, which stays to be seen until something else is wanted', async () => {
    const { guests, jobs, view } = setting();
    let changes = 0;
    jobs.subscribe(() => (changes += 1));
    jobs.ensure(cluster, [work()]);
    await quiet();
    expect(view()).to.include({ state: 'done', phase: 'configuring' });
    expect(changes).to.be.greaterThan(0);
    jobs.ensure(cluster, [work()]);
    await quiet();
    expect(guests.calls).to.have.length(1);
    jobs.ensure(cluster, []);
    expect(view()).to.equal(undefined);
  });

  it('is called again when the connection breaks, later each time, and says why meanwhile', async () => {
    const { guests, timers, jobs, view } = setting();
    guests.answer = () => 'breaks';
    jobs.ensure(cluster, [work()]);
    await quiet();
    expect(view()).to.include({ state: 'running', trouble: 'the connection was reset' });
    for (const [seconds, calls] of [
      [1, 2],
      [1, 2],
      [1, 3],
      [4, 4],
    ] as const) {
      await timers.advance(seconds * 1000);
      expect(guests.calls).to.have.length(calls);
    }
    guests.answer = () => undefined;
    await timers.advance(8_000);
    expect(view()).to.include({ state: 'done', trouble: undefined });
  });

  it('names the right that KubeDirector lacks', async () => {
    const { guests, jobs, view } = setting();
    const refusal = StatusError.forbidden({ group: '', resource: 'pods/exec' }, 'w-0', 'no');
    guests.run = async () => {
      throw refusal;
    };
    jobs.ensure(cluster, [work()]);
    await quiet();
    expect(view()!.trouble).to.equal(`KubeDirector may not run programs in it: ${refusal.message}`);
    await jobs.stop();
  });

  it('that says nothing for a minute and a half is called again', async () => {
    const { guests, timers, jobs, view } = setting();
    guests.answer = () => 'hangs';
    jobs.ensure(cluster, [work()]);
    await timers.advance(89_000);
    expect(guests.calls).to.have.length(1);
    await timers.advance(3_000);
    expect(guests.calls).to.have.length(2);
    expect(view()!.state).to.equal('running');
    await jobs.stop();
    expect(guests.hanging).to.equal(0);
    expect(timers.pending).to.equal(0);
  });

  it('goes on while newer work for the same container waits, and ends when the container is another one', async () => {
    const { guests, jobs, view } = setting();
    guests.answer = () => 'hangs';
    jobs.ensure(cluster, [work()]);
    await quiet();
    jobs.ensure(cluster, [work('w-0', 'c1', 'update')]);
    await quiet();
    expect(view()!.key).to.equal('setup/c1/1');
    expect(guests.hanging).to.equal(1);
    jobs.ensure(cluster, [work('w-0', 'c2')]);
    await quiet();
    expect(view()!.key).to.equal('setup/c2/1');
    expect(guests.hanging).to.equal(1);
    await jobs.stop();
  });

  it('keeps no place among those that talk while its script runs', async () => {
    const { guests, jobs } = setting();
    guests.answer = () => 'hangs';
    jobs.ensure(
      cluster,
      Array.from({ length: 100 }, (_, i) => work(`w-${i}`)),
    );
    await quiet();
    await quiet();
    expect(guests.hanging).to.equal(100);
    await jobs.stop();
    expect(guests.hanging).to.equal(0);
  });

  it('begins when a place is free, and one that is no longer wanted does not wait for it', async () => {
    const { guests, jobs } = setting();
    let running = 0;
    let most = 0;
    const waiting: (() => void)[] = [];
    guests.run = (_, __, ___, signal) =>
      new Promise<number>((resolve, reject) => {
        running += 1;
        most = Math.max(most, running);
        const end = () => (running -= 1);
        waiting.push(() => resolve(end() * 0 + 1));
        signal.addEventListener('abort', () => reject(Error(String(end()))));
      });
    const works = Array.from({ length: 40 }, (_, i) => work(`w-${i}`));
    jobs.ensure(cluster, works);
    await quiet();
    expect(running).to.equal(32);
    jobs.ensure(cluster, works.slice(0, 36));
    for (const end of waiting.splice(0)) end();
    await quiet();
    expect(running).to.equal(4);
    expect(most).to.equal(32);
    await jobs.stop();
    expect(running).to.equal(0);
  });

  it('repeats nothing that was told in confidence', async () => {
    const { guests, jobs, view } = setting();
    guests.answer = () => [
      { type: 'output', stream: 'stdout', text: 'password hunter22, and base64 hunter2-and-more' },
      { type: 'result', result: { ok: false, failure: 'member', detail: 'hunter22 is wrong' } },
    ];
    jobs.ensure(cluster, [work('w-0', 'c1', 'k', ['hunter22', 'hunter2-and-more', 'and'])]);
    await quiet();
    expect(view()!.stdout).to.equal('password [redacted], and base64 [redacted]');
    expect(view()!.failure!.detail).to.equal('[redacted] is wrong');
  });
});
