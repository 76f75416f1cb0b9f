/**
 * The cluster controller: which changes make it look at which clusters. What it then does is in reconcile.ts.
 */
import type { Log } from '../../openapi/machinery/log.ts';
import { keyFromText, keyText, type ObjectKey } from '../../openapi/machinery/meta.ts';
import { runController } from '../controller.ts';
import { EventRecorder } from '../events.ts';
import { GuestJobs } from '../guest/jobs.ts';
import type { ControllerMetrics } from '../metrics.ts';
import { pause, systemTimers, type Timers } from '../timers.ts';
import { WorkQueue } from '../workqueue.ts';
import { appContainer } from './children/pod-template.ts';
import { withStorageProgress } from './children/storage-progress.ts';
import type { Ports } from './ports.ts';
import { clusterReconciler } from './reconcile.ts';

export interface ClusterControllerOptions {
  /** The namespace of KubeDirector: apps of the system catalog live there. */
  readonly systemNamespace: string;
  /** How many clusters are worked on at a time. Workers wait for the host most of the time. */
  readonly workers?: number;
  readonly log: Log;
  /** Text of the program that runs in members, and the archive of what scripts read configmeta with. */
  readonly guest: { readonly program: () => Uint8Array; readonly helper: () => Uint8Array };
  /** Who reports events: the name of this process among its replicas. */
  readonly instance: string;
  readonly timers?: Timers;
  readonly metrics?: ControllerMetrics | undefined;
}

const defaultWorkers = 16;
const listAgainMs = 1_000;

/** Children change in bursts, as when ten are made at once or a thousand pods start: one look serves them all. */
const gatherMs = 20;

/**
 * Runs until `signal` aborts: shutdown, or the loss of the Lease. Then nothing is written any more.
 *
 * Begins when the view of the host is complete, with a look at every cluster.
 */
export async function runClusterController(
  given: Ports,
  options: ClusterControllerOptions,
  signal: AbortSignal,
): Promise<void> {
  const { timers = systemTimers, systemNamespace, instance, workers = defaultWorkers } = options;
  const ports = { ...given, host: withStorageProgress(given.host, given.exec, timers, signal) };
  const log = options.log.with({ controller: 'cluster' });
  const queue = new WorkQueue(timers);
  const [ofApps, ofClusters] = [new Dependents(), new Dependents()];
  const recorder = new EventRecorder({ sink: ports.events, instance, timers, log });
  const jobs = new GuestJobs({ exec: ports.exec, containerName: appContainer, ...options.guest, timers, log });
  const look = clusterReconciler({
    ...{ ports, systemNamespace, recorder, timers, log, jobs },
    dependsOn: (cluster, { apps, clusters }) => {
      ofApps.set(keyText(cluster), apps.map(keyText));
      ofClusters.set(keyText(cluster), clusters.map(keyText));
    },
  });
  const add = (key: ObjectKey) => queue.add(keyText(key));
  const addAll = async () => {
    for (;;) {
      try {
        for (const key of await ports.clusters.keys(signal)) add(key);
        return;
      } catch (error) {
        if (signal.aborted) return;
        log.error('clusters could not be listed', error);
        await pause(listAgainMs, timers, signal).catch(() => {});
      }
    }
  };
  const unsubscribe = [
    ports.clusters.subscribe((cluster) => {
      add(cluster);
      for (const connected of ofClusters.of(keyText(cluster))) queue.addAfter(connected, gatherMs);
    }),
    ports.host.subscribe((cluster) => queue.addAfter(keyText(cluster), gatherMs)),
    ports.data.subscribe((cluster) => queue.addAfter(keyText(cluster), gatherMs)),
    jobs.subscribe((cluster) => queue.addAfter(keyText(cluster), gatherMs)),
    ports.apps.subscribe((app) => {
      for (const cluster of ofApps.of(keyText(app))) queue.add(cluster);
    }),
    // The one change that concerns everybody; it is rare.
    ports.config.subscribe(() => void addAll()),
  ];
  const recording = recorder.run(signal);
  try {
    await ports.host.synced(signal);
    await addAll();
    await runController(
      {
        name: 'cluster',
        queue,
        workers,
        log,
        timers,
        metrics: options.metrics,
        reconcile: (text, abort) => look(keyFromText(text), abort),
      },
      signal,
    );
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    queue.shutDown();
    for (const letGo of unsubscribe) letGo();
    await Promise.all([recording, jobs.stop()]);
  }
}

/** Which clusters depend on which others, or on which apps: so that a change concerns those that depend on it and nobody else. */
class Dependents {
  readonly #dependenciesOf = new Map<string, readonly string[]>();
  readonly #clustersOf = new Map<string, Set<string>>();

  of(dependency: string): Iterable<string> {
    return this.#clustersOf.get(dependency) ?? [];
  }

  set(cluster: string, apps: readonly string[]): void {
    for (const app of this.#dependenciesOf.get(cluster) ?? []) {
      const clusters = this.#clustersOf.get(app);
      clusters?.delete(cluster);
      if (clusters?.size === 0) this.#clustersOf.delete(app);
    }
    if (apps.length === 0) this.#dependenciesOf.delete(cluster);
    else this.#dependenciesOf.set(cluster, apps);
    for (const app of apps) {
      const clusters = this.#clustersOf.get(app) ?? new Set<string>();
      this.#clustersOf.set(app, clusters.add(cluster));
    }
  }
}
