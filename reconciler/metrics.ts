/**
 * What there is to count about controllers, under the names of controller-runtime and client-go, which dashboards and alerts know
 * (K-601).
 *
 * A process leads again and again: the numbers go on, whichever queue is being worked on.
 */
import type { Metrics } from '../openapi/machinery/metrics.ts';
import type { WorkQueue } from './workqueue.ts';

/** As controller-runtime tells them apart. */
export type ReconcileResult = 'success' | 'error' | 'requeue' | 'requeue_after';

/** Seconds, as both projects have them. */
const workBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export class ControllerMetrics {
  readonly #count: (result: ReconcileResult) => void;
  readonly #countError: () => void;
  readonly #time: (seconds: number) => void;
  readonly #queueObserver: NonNullable<WorkQueue['observer']>;
  #queue: WorkQueue | undefined;
  #workers = 0;
  #leads = false;

  constructor(metrics: Metrics, controller: string) {
    const ofController = { controller };
    const count = metrics.counter('controller_runtime_reconcile_total', 'Looks at an object, by how they ended.', [
      'controller',
      'result',
    ]);
    const labels = ['controller'] as const;
    const errors = metrics.counter('controller_runtime_reconcile_errors_total', 'Looks that failed.', labels);
    const time = metrics.histogram('controller_runtime_reconcile_time_seconds', 'Of a look.', labels, workBuckets);
    this.#count = (result) => count({ ...ofController, result });
    this.#countError = () => errors(ofController);
    this.#time = (seconds) => time(ofController, seconds);
    const gauge = (name: string, help: string, read: () => number) =>
      metrics.gauge(name, help, labels, () => [[ofController, read()]]);
    gauge('controller_runtime_active_workers', 'Looks that go on.', () => this.#queue?.running.size ?? 0);
    gauge('controller_runtime_max_concurrent_reconciles', 'Looks that may go on at a time.', () => this.#workers);
    metrics.gauge('leader_election_master_status', 'Whether this replica leads.', ['name'], () => [
      [{ name: 'kubedirector' }, this.#leads ? 1 : 0],
    ]);
    this.#queueObserver = this.#observeQueue(metrics, controller);
  }

  /** The queue that is worked on from now on. @returns what to call when it no longer is */
  watch(queue: WorkQueue, workers: number): () => void {
    queue.observer = this.#queueObserver;
    this.#queue = queue;
    this.#workers = workers;
    this.#leads = true;
    return () => {
      this.#queue = undefined;
      this.#leads = false;
    };
  }

  reconciled(result: ReconcileResult, elapsedMs: number): void {
    this.#count(result);
    if (result === 'error') this.#countError();
    this.#time(elapsedMs / 1000);
  }

  #observeQueue(metrics: Metrics, name: string): NonNullable<WorkQueue['observer']> {
    const labels = ['name'] as const;
    const ofQueue = { name };
    const adds = metrics.counter('workqueue_adds_total', 'Keys that were added.', labels);
    const retries = metrics.counter('workqueue_retries_total', 'Keys that were added again after a failure.', labels);
    const wait = metrics.histogram('workqueue_queue_duration_seconds', 'Of waiting for a worker.', labels, workBuckets);
    const work = metrics.histogram('workqueue_work_duration_seconds', 'Of work on a key.', labels, workBuckets);
    const gauge = (metric: string, help: string, read: (queue: WorkQueue) => number) =>
      metrics.gauge(metric, help, labels, () => [[ofQueue, this.#queue ? read(this.#queue) : 0]]);
    const ages = (queue: WorkQueue): number[] =>
      [...queue.running.values()].map((since) => queue.elapsedSince(since) / 1000);
    gauge('workqueue_depth', 'Keys that wait.', ({ depth }) => depth);
    gauge('workqueue_unfinished_work_seconds', 'Of all work that goes on.', (queue) =>
      ages(queue).reduce((sum, age) => sum + age, 0),
    );
    gauge('workqueue_longest_running_processor_seconds', 'Of the longest work that goes on.', (queue) =>
      Math.max(0, ...ages(queue)),
    );
    return {
      added: () => adds(ofQueue),
      retried: () => retries(ofQueue),
      waited: (ms) => wait(ofQueue, ms / 1000),
      worked: (ms) => work(ofQueue, ms / 1000),
    };
  }
}
