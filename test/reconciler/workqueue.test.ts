/** The laws of the work queue. */
import { expect } from 'chai';
import fc from 'fast-check';
import { WorkQueue } from '../../reconciler/workqueue.ts';
import { quiet, SetTimers } from '../make/set-timers.ts';

const opened = () => {
  const timers = new SetTimers();
  return { timers, queue: new WorkQueue(timers) };
};

describe('a work queue', () => {
  it('hands out keys in the order in which they came', async () => {
    const { queue } = opened();
    for (const key of ['b', 'a', 'c']) queue.add(key);
    expect([await queue.take(), await queue.take(), await queue.take()]).to.deep.equal(['b', 'a', 'c']);
  });

  it('holds a key once, however often it is added (K-616)', async () => {
    const { queue } = opened();
    for (let i = 0; i < 3; i += 1) queue.add('a');
    expect(queue.depth).to.equal(1);
    await queue.take();
    expect(queue.depth).to.equal(0);
  });

  it('hands a key that is being worked on out again, but only after it is done (K-616)', async () => {
    const { queue } = opened();
    queue.add('a');
    await queue.take();
    queue.add('a');
    queue.add('a');
    expect(queue.depth).to.equal(0);
    queue.done('a');
    expect(queue.depth).to.equal(1);
  });

  it('gives a key that comes later to the worker that waits longest', async () => {
    const { queue } = opened();
    const [first, second] = [queue.take(), queue.take()];
    queue.add('a');
    queue.add('b');
    expect([await first, await second]).to.deep.equal(['a', 'b']);
  });

  it('delays failures of one key by 5 ms, 10 ms, 20 ms … up to 1000 s, until it is forgotten (K-617)', async () => {
    const { timers, queue } = opened();
    const delays: number[] = [];
    for (let i = 0; i < 4; i += 1) {
      const before = timers.now();
      queue.addRateLimited('a');
      while (queue.depth === 0) await timers.advance(1);
      delays.push(timers.now() - before);
      queue.done((await queue.take())!);
    }
    expect(delays).to.deep.equal([5, 10, 20, 40]);
    expect(queue.failures('a')).to.equal(4);
    queue.forget('a');
    queue.addRateLimited('a');
    await timers.advance(5);
    expect(queue.depth).to.equal(1);
  });

  it('never delays a key by more than 1000 s (K-617)', async () => {
    const { timers, queue } = opened();
    for (let i = 0; i < 40; i += 1) {
      queue.addRateLimited('a');
      await timers.advance(1_000_000);
      queue.done((await queue.take())!);
    }
    expect(queue.failures('a')).to.equal(40);
  });

  it('keeps the earliest of several delays (K-618)', async () => {
    const { timers, queue } = opened();
    queue.addAfter('a', 500);
    queue.addAfter('a', 100);
    queue.addAfter('a', 300);
    await timers.advance(99);
    expect(queue.depth).to.equal(0);
    await timers.advance(1);
    expect(queue.depth).to.equal(1);
    expect(timers.pending).to.equal(0);
  });

  it('drains when it is shut down: nothing comes in, what waits goes out, then workers are sent home (K-618)', async () => {
    const { timers, queue } = opened();
    queue.add('a');
    queue.addAfter('b', 10);
    queue.shutDown();
    queue.add('c');
    expect(timers.pending).to.equal(0);
    expect(await queue.take()).to.equal('a');
    let drained = false;
    const watching = queue.drained().then(() => {
      drained = true;
    });
    const idle = queue.take();
    await quiet();
    expect(drained).to.equal(false);
    queue.done('a');
    await watching;
    expect(await idle).to.equal(undefined);
  });

  it('whatever happens, never gives one key to two workers, and loses none', async () => {
    const command = fc.record({
      what: fc.constantFrom('add', 'addAfter', 'fail', 'take', 'done', 'wait'),
      key: fc.constantFrom('a', 'b', 'c'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 60 }), async (commands) => {
        const { timers, queue } = opened();
        const running = new Set<string>();
        /** Added, and not begun since. */
        const owed = new Set<string>();
        const take = async () => {
          const key = (await queue.take())!;
          expect(running.has(key)).to.equal(false);
          running.add(key);
          owed.delete(key);
        };
        for (const { what, key } of commands) {
          if (what === 'add') queue.add(key);
          if (what === 'addAfter') queue.addAfter(key, 20);
          if (what === 'fail') queue.addRateLimited(key);
          if (what === 'add' || what === 'addAfter' || what === 'fail') owed.add(key);
          if (what === 'take' && queue.depth > 0) await take();
          if (what === 'done' && running.delete(key)) queue.done(key);
          if (what === 'wait') await timers.advance(7);
        }
        for (const key of running) queue.done(key);
        running.clear();
        await timers.advance(2_000_000);
        while (queue.depth > 0) {
          await take();
          for (const key of running) queue.done(key);
          running.clear();
        }
        expect([...owed]).to.deep.equal([]);
      }),
    );
  });
});
