/**
 * The jobs in members, of all clusters: at most one in a member at a time, begun when it is wanted and ended when it no longer is.
 *
 * A work that goes on is not disturbed by a newer one in the same container; that comes when it has ended. Results are kept until
 * something else is wanted. Nothing here is true for ever: after a restart all of it is asked for again.
 */
import type { Log } from '../../openapi/machinery/log.ts';
import { keyText, type ObjectKey } from '../../openapi/machinery/meta.ts';
import { orAborted } from '../../openapi/machinery/signal.ts';
import type { Timers } from '../timers.ts';
import { type JobOptions, runJob, viewOf } from './job.ts';
import type { ExecPort } from './ports.ts';
import { noWork, type Work, type WorkView } from './work.ts';

export interface GuestJobsOptions {
  readonly exec: ExecPort;
  /** The container of a member that is configured. */
  readonly containerName: string;
  readonly program: () => Uint8Array;
  readonly helper: () => Uint8Array;
  readonly timers: Timers;
  readonly log: Log;
}

/** So many members are sent their packages and documents at a time; scripts that run do not count. */
const talkingAtOnce = 32;

interface Job {
  readonly work: Work;
  readonly controller: AbortController;
  view: WorkView;
}

export class GuestJobs {
  readonly #options: GuestJobsOptions;
  readonly #ofCluster = new Map<string, Map<string, Job>>();
  readonly #listeners = new Set<(cluster: ObjectKey) => void>();
  readonly #places = new Places(talkingAtOnce);
  #running = new Set<Promise<void>>();

  constructor(options: GuestJobsOptions) {
    this.#options = options;
  }

  subscribe(changed: (cluster: ObjectKey) => void): () => void {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  }

  /** What is seen of the work in members, by pod. */
  views(cluster: ObjectKey): ReadonlyMap<string, WorkView> {
    const jobs = this.#ofCluster.get(keyText(cluster));
    return jobs ? new Map([...jobs].map(([pod, { view }]) => [pod, view])) : noWork;
  }

  /** Sees to it that exactly these works go on, or have ended. */
  ensure(cluster: ObjectKey, works: readonly Work[]): void {
    const text = keyText(cluster);
    const jobs = this.#ofCluster.get(text) ?? new Map<string, Job>();
    const wanted = new Map(works.map((work) => [work.pod, work]));
    for (const [pod, { work, controller }] of jobs) {
      if (wanted.get(pod)?.container === work.container) continue;
      controller.abort();
      jobs.delete(pod);
    }
    for (const [pod, work] of wanted) {
      const present = jobs.get(pod);
      if (present && (present.work.key === work.key || present.view.state === 'running')) continue;
      jobs.set(pod, this.#start(cluster, work));
    }
    if (jobs.size > 0) this.#ofCluster.set(text, jobs);
    else this.#ofCluster.delete(text);
  }

  /** Ends all jobs; scripts in members go on. Resolves when nothing is left of them here. */
  async stop(): Promise<void> {
    for (const jobs of this.#ofCluster.values()) for (const { controller } of jobs.values()) controller.abort();
    this.#ofCluster.clear();
    await Promise.all(this.#running);
  }

  #start(cluster: ObjectKey, work: Work): Job {
    const { exec, program, helper, timers, containerName, log } = this.#options;
    const job: Job = { work, controller: new AbortController(), view: viewOf(work) };
    const options: JobOptions = { exec, program, helper, timers, place: (signal) => this.#places.take(signal) };
    const container = { namespace: cluster.namespace, pod: work.pod, container: containerName };
    const changed = (view: WorkView): void => {
      if (view.trouble && view.trouble !== job.view.trouble)
        log.warn('a member cannot be reached', { namespace: cluster.namespace, pod: work.pod, trouble: view.trouble });
      job.view = view;
      for (const listener of this.#listeners) listener(cluster);
    };
    const running = runJob(work, container, options, changed, job.controller.signal)
      .catch((error: unknown) => log.error('a job has broken', error, { namespace: cluster.namespace, pod: work.pod }))
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
    return job;
  }
}

/** A few places, and a queue for them. */
class Places {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  async take(signal: AbortSignal): Promise<() => void> {
    if (this.#free > 0) this.#free -= 1;
    else await this.#wait(signal);
    let taken = true;
    return () => {
      if (taken) this.#release();
      taken = false;
    };
  }

  async #wait(signal: AbortSignal): Promise<void> {
    let come: () => void = () => {};
    const turn = new Promise<void>((resolve) => {
      come = resolve;
      this.#waiting.push(resolve);
    });
    try {
      await orAborted(turn, signal);
    } catch (error) {
      const at = this.#waiting.indexOf(come);
      if (at >= 0) this.#waiting.splice(at, 1);
      else this.#release(); // It was our turn just then.
      throw error;
    }
  }

  #release(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free += 1;
  }
}
