/** What a controller does about each way in which a look can end (K-619). */
import { expect } from 'chai';
import { type Log, silentLog } from '../../openapi/machinery/log.ts';
import { Metrics } from '../../openapi/machinery/metrics.ts';
import { StatusError } from '../../openapi/machinery/status.ts';
import { type Reconcile, runController } from '../../reconciler/controller.ts';
import { ControllerMetrics } from '../../reconciler/metrics.ts';
import { WorkQueue } from '../../reconciler/workqueue.ts';
import { quiet, SetTimers } from '../make/set-timers.ts';

const resource = { group: 'g', resource: 'things' };

function running(reconcile: Reconcile, workers = 1) {
  const timers = new SetTimers();
  const queue = new WorkQueue(timers);
  const stop = new AbortController();
  const errors: string[] = [];
  const log: Log = { ...silentLog, error: (message) => void errors.push(message) };
  const collection = new Metrics();
  const metrics = new ControllerMetrics(collection, 'test');
  const ended = runController({ name: 'test', queue, workers, reconcile, log, timers, metrics }, stop.signal);
  return { timers, queue, stop, ended, errors, text: () => collection.text() };
}

describe('a controller', () => {
  const terminating = StatusError.forbidden(resource, 'a', 'no', [{ reason: 'NamespaceTerminating' }]);
  for (const [name, ending, againAfterMs, logged] of [
    ['success is the end of it', async () => ({}), undefined, false],
    ['what could not be done is tried again after 5 ms', async () => ({ retry: true }), 5, false],
    ['a wish to look again is granted', async () => ({ wakeAfterMs: 700 }), 700, false],
    [
      'a Conflict is ordinary: it is tried again and not logged',
      () => Promise.reject(StatusError.conflict(resource, 'a')),
      5,
      false,
    ],
    ['a NotFound is the end of it', () => Promise.reject(StatusError.notFound(resource, 'a')), undefined, false],
    ['a namespace that goes is not pressed', () => Promise.reject(terminating), 30_000, false],
    ['anything else is logged, once, and tried again', () => Promise.reject(new Error('boom')), 5, true],
  ] as const)
    it(name, async () => {
      let looks = 0;
      const { timers, queue, stop, ended, errors } = running(() => {
        looks += 1;
        return looks === 1 ? ending() : Promise.resolve({});
      });
      queue.add('ns/a');
      await timers.advance((againAfterMs ?? 2_000_000) - 1);
      expect(looks).to.equal(1);
      await timers.advance(1);
      expect(looks).to.equal(againAfterMs === undefined ? 1 : 2);
      expect(errors).to.have.length(logged ? 1 : 0);
      stop.abort();
      await ended;
    });

  it('works on as many keys at a time as it has workers', async () => {
    let [busy, most] = [0, 0];
    const { queue, stop, ended } = running(async () => {
      busy += 1;
      most = Math.max(most, busy);
      await quiet();
      busy -= 1;
      return {};
    }, 3);
    for (let i = 0; i < 10; i += 1) queue.add(`ns/${i}`);
    await queue.drained();
    stop.abort();
    await ended;
    expect(most).to.equal(3);
  });

  it('ends when it is stopped, after the looks that have begun, and begins no others', async () => {
    const looked: string[] = [];
    let finish = () => {};
    const { queue, stop, ended, errors } = running(async (key, signal) => {
      looked.push(key);
      await new Promise<void>((resolve) => (finish = resolve));
      signal.throwIfAborted();
      return {};
    });
    queue.add('ns/a');
    queue.add('ns/b');
    await quiet();
    stop.abort();
    await quiet();
    finish();
    await ended;
    expect(looked).to.deep.equal(['ns/a']);
    expect(errors).to.deep.equal([]);
  });

  it('is counted under the names that dashboards know (K-601)', async () => {
    let release = () => {};
    const { queue, stop, ended, timers, text } = running((key) =>
      key === 'a' ? Promise.reject(new Error('no')) : new Promise((done) => (release = () => done({}))),
    );
    queue.add('a');
    await quiet();
    queue.add('b');
    queue.add('c');
    queue.add('c');
    await timers.advance(2);
    const said = await text();
    for (const line of [
      'controller_runtime_reconcile_total{controller="test",result="error"} 1',
      'controller_runtime_reconcile_errors_total{controller="test"} 1',
      'controller_runtime_active_workers{controller="test"} 1',
      'controller_runtime_max_concurrent_reconciles{controller="test"} 1',
      'leader_election_master_status{name="kubedirector"} 1',
      'workqueue_adds_total{name="test"} 3',
      'workqueue_retries_total{name="test"} 1',
      'workqueue_depth{name="test"} 1',
      'workqueue_longest_running_processor_seconds{name="test"} 0.002',
    ])
      expect(said).to.include(line);
    queue.shutDown();
    for (let i = 0; i < 3; i += 1) {
      release();
      await quiet();
    }
    stop.abort();
    await ended;
    expect(await text()).to.include('leader_election_master_status{name="kubedirector"} 0');
  });
});
