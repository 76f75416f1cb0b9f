/** Events: told about the right object, counted when they repeat, gone after an hour. */
import { expect } from 'chai';
import { Recorder } from '../../deploy/sandbox/engine/recorder.ts';
import { type Anything, aPod, sandboxes } from './sandbox.ts';

const aSandbox = sandboxes();

const about: Anything = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'one', namespace: 'default', uid: 'u-1' } };
const happening = { about, type: 'Normal', reason: 'Happened', message: 'it happened', component: 'test' } as const;

describe('an event', () => {
  it('names its object so that kubectl describe finds it (K-630, K-633)', async () => {
    const sandbox = await aSandbox();
    const pod = await sandbox.create(aPod('one'));
    const event = await sandbox.until('it is told', () =>
      sandbox.list('events').find(({ reason }) => reason === 'Scheduled'),
    );
    expect(event.involvedObject).to.include({
      apiVersion: 'v1',
      kind: 'Pod',
      namespace: 'default',
      name: 'one',
      uid: pod.metadata.uid,
    });
    expect(event.metadata.name).to.match(/^one\.[0-9a-f]+$/);
    expect(event).to.include({ type: 'Normal', message: 'Successfully assigned default/one to sandbox', count: 1 });
    expect(event.source).to.deep.equal({ component: 'default-scheduler' });
  });

  it('that repeats is counted (K-632)', async () => {
    const sandbox = await aSandbox();
    const recorder = new Recorder(sandbox.host.registries.events, { now: () => Date.now() });
    recorder.start(sandbox.signal);
    for (let i = 0; i < 3; i += 1) recorder.tell(happening);
    await sandbox.until('it was counted', () => sandbox.list('events').find(({ count }) => count === 3));
    expect(sandbox.list('events').filter(({ reason }) => reason === 'Happened')).to.have.length(1);
  });

  it('of one object comes 25 times at once, then seldom (K-632)', async () => {
    const sandbox = await aSandbox();
    const recorder = new Recorder(sandbox.host.registries.events, { now: () => Date.now() });
    recorder.start(sandbox.signal);
    for (let i = 0; i < 100; i += 1) recorder.tell({ ...happening, message: `number ${i}` });
    await sandbox.quiet();
    expect(sandbox.list('events').filter(({ reason }) => reason === 'Happened')).to.have.length(25);
  });

  it('that cannot be told is nobody’s trouble (K-634)', async () => {
    const sandbox = await aSandbox();
    const recorder = new Recorder(sandbox.host.registries.events, { now: () => Date.now() });
    recorder.start(sandbox.signal);
    const lost = { ...about, metadata: { ...about.metadata, namespace: 'nowhere' } };
    recorder.tell({ ...happening, about: lost });
    recorder.tell(happening);
    await sandbox.until('the next is told', () => sandbox.list('events').some(({ reason }) => reason === 'Happened'));
  });

  it('is gone an hour after it was told', async () => {
    const time = { at: Date.parse('2026-01-01T00:00:00Z') };
    const first = await aSandbox({ clock: { now: () => time.at } });
    await first.create(aPod('one'));
    await first.until('it is told', () => first.list('events').length);
    await first.stop();
    time.at += 3_500_000;
    const second = await aSandbox({ kv: first.kv, clock: { now: () => time.at } });
    await second.quiet();
    expect(second.list('events')).not.to.deep.equal([]);
    await second.stop();
    time.at += 200_000;
    const third = await aSandbox({ kv: first.kv, clock: { now: () => time.at } });
    await third.until('it is gone', () => !third.list('events').length);
  });

  it('lives beside its object', async () => {
    const sandbox = await aSandbox();
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'e' },
      involvedObject: { kind: 'Pod', namespace: 'other' },
    };
    const refused = await sandbox.create(event).catch((error: Error) => error.message);
    expect(refused).to.equal(
      'Event "e" is invalid: involvedObject.namespace: Invalid value: "other": does not match event.namespace',
    );
  });
});
