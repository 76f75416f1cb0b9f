/** The small engine under the host's controllers: what changed is told, keys are worked on once, and nothing is left running. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import { Informer } from '../../apiserver/cache/informer.ts';
import { Controller, type Reconcile } from '../../deploy/sandbox/engine/controller.ts';
import { WakeUps } from '../../deploy/sandbox/engine/wake-ups.ts';
import type { LogFields } from '../../openapi/machinery/log.ts';
import { silentLog } from '../../openapi/machinery/log.ts';
import { StatusError } from '../../openapi/machinery/status.ts';
import { type Manifest, sandboxes } from './sandbox.ts';

const turns = async (count = 5): Promise<void> => {
  for (let i = 0; i < count; i += 1) await nextTurn();
};

describe('a controller', () => {
  const running: AbortController[] = [];
  afterEach(() => {
    for (const abort of running.splice(0)) abort.abort();
  });
  const start = (reconcile: Reconcile, log = silentLog) => {
    const abort = new AbortController();
    running.push(abort);
    const controller = new Controller({ name: 'test', reconcile, log });
    return { controller, abort, done: controller.run(abort.signal) };
  };

  it('works on a key once, however often it is asked for', async () => {
    const seen: string[] = [];
    const { controller } = start(async (key) => void seen.push(key));
    for (const key of ['a', 'b', 'a', 'a']) controller.enqueue(key);
    await turns();
    expect(seen).to.deep.equal(['a', 'b']);
  });

  it('works once more on a key that is asked for meanwhile, and never twice at a time', async () => {
    let [active, most, count] = [0, 0, 0];
    const { controller } = start(async () => {
      count += 1;
      active += 1;
      most = Math.max(most, active);
      await turns(2);
      active -= 1;
    });
    controller.enqueue('a');
    await nextTurn();
    for (let i = 0; i < 5; i += 1) controller.enqueue('a');
    await turns(20);
    expect([count, most]).to.deep.equal([2, 1]);
  });

  it('tries again when it fails, until it succeeds, and tells only what nobody expects', async () => {
    const told: string[] = [];
    const log = {
      ...silentLog,
      with: () => log,
      error: (message: string, _: unknown, fields?: LogFields) => void told.push(`${message} ${fields?.key}`),
    };
    let failures = 3;
    let done: () => void = () => {};
    const success = new Promise<void>((resolve) => (done = resolve));
    const { controller } = start(async (key) => {
      failures -= 1;
      if (failures >= 1)
        throw failures === 1 ? new Error('oh') : StatusError.conflict({ group: '', resource: 'pods' }, key);
      done();
    }, log);
    controller.enqueue('a');
    await success;
    expect(told).to.deep.equal(['cannot reconcile a']);
  });

  it('looks again when it said it would', async () => {
    let count = 0;
    let done: () => void = () => {};
    const again = new Promise<void>((resolve) => (done = resolve));
    const { controller } = start(async () => {
      count += 1;
      if (count === 2) done();
      return count === 1 ? 1 : undefined;
    });
    controller.enqueue('a');
    await again;
  });

  it('waits at the end for what is under way, and begins nothing new', async () => {
    let finished = false;
    const seen: string[] = [];
    const { controller, abort, done } = start(async (key) => {
      seen.push(key);
      await turns(5);
      finished = true;
    });
    controller.enqueue('a');
    await turns(2);
    controller.enqueueAfter(1, 'b');
    abort.abort();
    controller.enqueue('c');
    await done;
    expect(finished).to.equal(true);
    // Longer than what was to come later.
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(seen).to.deep.equal(['a']);
  });

  it('lets other work in between', async () => {
    let others = 0;
    const keys = 2000;
    const { promise: done, resolve } = Promise.withResolvers<void>();
    let left = keys;
    const { controller } = start(async () => {
      left -= 1;
      if (left === 0) resolve();
    });
    const turn = (): void => {
      others += 1;
      if (left > 0) setImmediate(turn);
    };
    setImmediate(turn);
    for (let i = 0; i < keys; i += 1) controller.enqueue(String(i));
    await done;
    expect(others).to.be.above(2);
  });
});

describe('wake-ups', () => {
  /** Those that have come, until the one that comes after all others. */
  const untilLast = (name: string) => {
    const { promise: last, resolve } = Promise.withResolvers<void>();
    const woken: string[] = [];
    const wakeUps = new WakeUps((key) => {
      woken.push(key);
      if (key === name) resolve();
    });
    return { woken, wakeUps, last };
  };

  it('come in the order of their times, each key once, at its earliest', async () => {
    const { woken, wakeUps, last } = untilLast('last');
    for (const [delay, key] of [
      [12, 'c'],
      [4, 'a'],
      [8, 'b'],
      [30, 'a'],
      [1, 'c'],
      [40, 'last'],
    ] as const)
      wakeUps.after(delay, key);
    await last;
    expect(woken).to.deep.equal(['c', 'a', 'b', 'last']);
  });

  it('are forgotten when they are not wanted any more', async () => {
    const { woken, wakeUps, last } = untilLast('last');
    for (let i = 0; i < 100; i += 1) wakeUps.after(1 + Math.random() * 5, String(i));
    for (let i = 0; i < 100; i += 1) if (i !== 42) wakeUps.forget(String(i));
    wakeUps.after(10, 'last');
    await last;
    expect(woken).to.deep.equal(['42', 'last']);
  });
});

describe('an informer', () => {
  const aSandbox = sandboxes();
  const aConfigMap = (name: string): Manifest => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });

  it('tells what is there, then every change, once and in order', async () => {
    const sandbox = await aSandbox({ controllers: false });
    await sandbox.create(aConfigMap('a'));
    await sandbox.until('a is there', () => sandbox.peek('configmaps', 'default/a'));
    const told: string[] = [];
    const informer = new Informer(sandbox.host.registries.configMaps.cache);
    informer.subscribe({
      changed: ({ key, gone }) => void told.push(`${gone ? '-' : '+'}${key}`),
      reset: () => void told.push('reset'),
    });
    const stop = informer.start();
    await sandbox.create(aConfigMap('b'));
    await sandbox.delete('configmaps', 'default/a');
    await sandbox.until('a is gone', () => !sandbox.peek('configmaps', 'default/a'));
    expect(told).to.deep.equal(['reset', '+default/a', '+default/b', '-default/a']);
    stop();
    await sandbox.create(aConfigMap('c'));
    await sandbox.quiet();
    expect(told).to.have.length(4);
    informer.catchUp();
    expect(told.at(-1)).to.equal('+default/c');
  });

  it('begins anew when the cache does', async () => {
    const sandbox = await aSandbox({ controllers: false });
    await sandbox.create(aConfigMap('a'));
    await sandbox.until('a is there', () => sandbox.peek('configmaps', 'default/a'));
    const { cache } = sandbox.host.registries.configMaps;
    const told: string[] = [];
    const informer = new Informer(cache);
    informer.subscribe({ changed: ({ key }) => void told.push(key), reset: () => void told.push('reset') });
    const stop = informer.start();
    cache.replace([...cache.current().values()], sandbox.registries.cache.revision);
    expect(told).to.deep.equal(['reset', 'default/a', 'reset', 'default/a']);
    stop();
  });

  it('goes on when one of its listeners fails', async () => {
    const sandbox = await aSandbox({ controllers: false });
    const told: string[] = [];
    const informer = new Informer(sandbox.host.registries.configMaps.cache);
    informer.subscribe({
      changed: () => {
        throw new Error('cannot');
      },
    });
    informer.subscribe({ changed: ({ key }) => void told.push(key) });
    const stop = informer.start();
    await sandbox.create(aConfigMap('a'));
    await sandbox.until('it was told', () => told.length);
    stop();
  });
});
