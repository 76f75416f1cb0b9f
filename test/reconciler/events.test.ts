/** Events: their form, their aggregation, and that they never hold anybody up. */
import { expect } from 'chai';
import { silentLog } from '../../openapi/machinery/log.ts';
import { StatusError } from '../../openapi/machinery/status.ts';
import { EventRecorder, type EventSink } from '../../reconciler/events.ts';
import type { Event } from '../../reconciler/host-types.ts';
import { aCluster } from '../make/kubedirector.ts';
import { SetTimers } from '../make/set-timers.ts';

const resource = { group: '', resource: 'events' };

function recording(sink: Partial<EventSink> = {}) {
  const timers = new SetTimers();
  const calls: { verb: 'create' | 'patch'; event: Event }[] = [];
  const recorder = new EventRecorder({
    sink: {
      create: async (event, signal) => {
        await sink.create?.(event, signal);
        calls.push({ verb: 'create', event });
      },
      patch: async (event, signal) => {
        await sink.patch?.(event, signal);
        calls.push({ verb: 'patch', event });
      },
    },
    instance: 'kubedirector-0',
    timers,
    log: silentLog,
  });
  const stop = new AbortController();
  const ended = recorder.run(stop.signal);
  const end = async () => {
    stop.abort();
    await ended;
  };
  const say = (message: string, reason = 'Role', object = aCluster()) =>
    recorder.tell(object, [{ type: 'Normal', reason, message }]);
  return { timers, calls, recorder, end, say };
}

describe('an event', () => {
  it('has what kubectl describe looks for (K-630, K-633)', async () => {
    const { timers, calls, end, say } = recording();
    say('creating role worker');
    await timers.advance(0);
    await end();
    const { metadata, ...event } = calls[0]!.event;
    expect(event).to.deep.equal({
      apiVersion: 'v1',
      kind: 'Event',
      involvedObject: {
        apiVersion: 'kubedirector.bluedata.io/v1beta1',
        kind: 'KubeDirectorCluster',
        namespace: 'team1',
        name: 'spark-instance',
        uid: 'uid-of-spark-instance',
        resourceVersion: '1',
      },
      type: 'Normal',
      reason: 'Role',
      message: 'creating role worker',
      source: { component: 'kubedirector' },
      reportingComponent: 'kubedirector',
      reportingInstance: 'kubedirector-0',
      firstTimestamp: '2026-11-21T10:00:00Z',
      lastTimestamp: '2026-11-21T10:00:00Z',
      count: 1,
    });
    expect(metadata.name).to.match(/^spark-instance\.[0-9a-f]+$/);
    expect(metadata.namespace).to.equal('team1');
  });

  it('that was told before is counted, not told again (K-632)', async () => {
    const { timers, calls, end, say } = recording();
    say('waiting');
    await timers.advance(5_000);
    say('waiting');
    await timers.advance(0);
    await end();
    expect(calls.map(({ verb }) => verb)).to.deep.equal(['create', 'patch']);
    const [first, second] = calls.map(({ event }) => event);
    expect(second!.metadata).to.deep.equal(first!.metadata);
    expect(second).to.include({
      count: 2,
      firstTimestamp: '2026-11-21T10:00:00Z',
      lastTimestamp: '2026-11-21T10:00:05Z',
    });
  });

  it('that is the eleventh of its kind within ten minutes stands for all that follow (K-632)', async () => {
    const { timers, calls, end, say } = recording();
    for (let i = 1; i <= 13; i += 1) say(`member ${i} is ready`);
    say('something else', 'Cluster');
    await timers.advance(0);
    await end();
    expect(calls.slice(0, 10).every(({ verb }) => verb === 'create')).to.equal(true);
    expect(calls.slice(10).map(({ verb, event }) => `${verb} ${event.count} ${event.message}`)).to.deep.equal([
      'create 1 (combined from similar events): member 11 is ready',
      'patch 2 (combined from similar events): member 12 is ready',
      'patch 3 (combined from similar events): member 13 is ready',
      'create 1 something else',
    ]);
  });

  it('of an object that has told 25 at once waits for its turn, one in five minutes; others are not concerned (K-632)', async () => {
    const { timers, calls, end, say } = recording();
    for (let i = 0; i < 40; i += 1) say('again');
    await timers.advance(0);
    expect(calls).to.have.length(25);
    say('mine', 'Role', aCluster({}, { name: 'other' }));
    await timers.advance(300_000);
    say('again');
    say('again');
    await timers.advance(0);
    expect(calls).to.have.length(27);
    await end();
  });

  it('that the host has forgotten is made again', async () => {
    let forgotten = true;
    const { timers, calls, end, say } = recording({
      patch: async ({ metadata }) => {
        if (forgotten) throw StatusError.notFound(resource, metadata.name);
        forgotten = false;
      },
    });
    say('waiting');
    say('waiting');
    await timers.advance(0);
    await end();
    expect(calls.map(({ verb, event }) => `${verb} ${event.count}`)).to.deep.equal(['create 1', 'create 2']);
  });

  it('that cannot be sent is tried twelve times, ten seconds apart, and dropped (K-634)', async () => {
    let tries = 0;
    const { timers, recorder, end, say } = recording({
      create: async () => {
        tries += 1;
        throw new Error('no route to host');
      },
    });
    say('waiting');
    await timers.advance(109_999);
    expect([tries, recorder.dropped]).to.deep.equal([11, 0]);
    await timers.advance(1);
    expect([tries, recorder.dropped]).to.deep.equal([12, 1]);
    await end();
    expect(timers.pending).to.equal(0);
  });

  it('that is refused is dropped at once', async () => {
    let tries = 0;
    const { timers, recorder, end, say } = recording({
      create: async () => {
        tries += 1;
        throw StatusError.forbidden(resource, 'x', 'because it is being terminated');
      },
    });
    say('waiting');
    await timers.advance(200_000);
    expect([tries, recorder.dropped]).to.deep.equal([1, 1]);
    await end();
  });

  it('never blocks the one who tells it, and is dropped when too many wait', async () => {
    const { timers, recorder, end } = recording({ create: () => new Promise(() => {}) });
    for (let i = 0; i < 3000; i += 1)
      recorder.tell(aCluster({}, { name: `c${i}`, uid: 'same lane' }), [
        { type: 'Normal', reason: 'Role', message: 'x' },
      ]);
    await timers.advance(0);
    expect(recorder.dropped).to.be.greaterThan(0);
    void end();
  });
});
