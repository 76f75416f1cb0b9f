/**
 * One look at one cluster: see, decide, act, report.
 *
 * Level-based: it is told which cluster, never what happened; calling it twice is the same as calling it once. What it keeps between
 * looks is only when it wrote last, so as not to write too often; nothing is true because of it.
 */
import { sameJson } from '../../openapi/machinery/json.ts';
import type { Log } from '../../openapi/machinery/log.ts';
import { keyText, type ObjectKey } from '../../openapi/machinery/meta.ts';
import type { ClusterStatus, KubeDirectorCluster } from '../../openapi/v1beta1/kubedirectorcluster.ts';
import type { Result } from '../controller.ts';
import type { EventRecorder } from '../events.ts';
import type { Timers } from '../timers.ts';
import { apply, type Outcome } from './apply.ts';
import type { FoundApp } from './blueprint.ts';
import { newsBetween } from './news.ts';
import { plan } from './plan.ts';
import type { Ports } from './ports.ts';
import { statusFor } from './status.ts';

export interface ReconcilerOptions {
  readonly ports: Ports;
  /** The namespace of KubeDirector, where the apps of the system catalog live. */
  readonly systemNamespace: string;
  readonly recorder: Pick<EventRecorder, 'tell'>;
  readonly timers: Timers;
  readonly log: Log;
  /** Told which apps a cluster depends on, whether they exist or not. */
  readonly dependsOn: (cluster: ObjectKey, apps: readonly ObjectKey[]) => void;
}

/** A member that comes up changes its cluster's status a few times within moments; readers are told at most twice a second. */
const statusIntervalMs = 500;

/** A namespace that goes takes its clusters with it; until then every create is refused. */
const pauseMs = 30_000;

/** Somebody else has a name that we need: they may remove it, but nobody tells us when. */
const nameTakenMs = 30_000;

interface Memory {
  wroteAtMs: number;
  pausedUntilMs: number;
}

/** @returns the function that looks at a cluster; it throws what ends the look: a Conflict, an unreachable port, an abort */
export function clusterReconciler(
  options: ReconcilerOptions,
): (key: ObjectKey, signal: AbortSignal) => Promise<Result> {
  const memories = new Map<string, Memory>();
  return async (key, signal) => {
    const cluster = await options.ports.clusters.get(key, signal);
    if (!cluster) {
      // Deleted since it was queued: owner references let the garbage collector finish.
      memories.delete(keyText(key));
      options.dependsOn(key, []);
      return {};
    }
    const memory = memories.get(keyText(key)) ?? { wroteAtMs: Number.NEGATIVE_INFINITY, pausedUntilMs: 0 };
    memories.set(keyText(key), memory);
    return new Look(options, key, memory, signal).at(cluster);
  };
}

class Look {
  readonly #options: ReconcilerOptions;
  readonly #key: ObjectKey;
  readonly #memory: Memory;
  readonly #signal: AbortSignal;

  constructor(options: ReconcilerOptions, key: ObjectKey, memory: Memory, signal: AbortSignal) {
    this.#options = options;
    this.#key = key;
    this.#memory = memory;
    this.#signal = signal;
  }

  async at(cluster: KubeDirectorCluster): Promise<Result> {
    const { ports, timers } = this.#options;
    const [found, config] = await Promise.all([this.#findApp(cluster), ports.config.get(this.#signal)]);
    const decided = plan(
      { cluster, found, config },
      {
        nowMs: timers.now(),
        children: ports.host.children(this.#key),
        pausedForMs: this.#memory.pausedUntilMs - timers.elapsed(),
      },
    );
    if (!decided.status) return {};

    let recorded = cluster;
    if (decided.recordFirst) {
      const wait = this.#writeWaitMs();
      if (wait > 0) return { wakeAfterMs: wait };
      recorded = await this.#record(cluster, decided.status);
    }
    const outcomes = await apply(decided.steps, cluster, ports.host, this.#signal);
    this.#logFailures(outcomes);
    const status = decided.assessment
      ? statusFor(
          decided.assessment,
          outcomes.flatMap((outcome) => ('problem' in outcome ? outcome.problem : [])),
        )
      : decided.status;
    const wait = await this.#report(recorded, status);
    return this.#result(outcomes, wait, decided.wakeAfterMs);
  }

  async #findApp({ metadata, spec }: KubeDirectorCluster): Promise<FoundApp | undefined> {
    const { ports, systemNamespace, dependsOn } = this.#options;
    const namespaces = { local: metadata.namespace ?? '', system: systemNamespace };
    const catalogs = spec.appCatalog ? [spec.appCatalog] : (['local', 'system'] as const);
    dependsOn(
      this.#key,
      catalogs.map((catalog) => ({ namespace: namespaces[catalog], name: spec.app })),
    );
    for (const catalog of catalogs) {
      const app = await ports.apps.find({ namespace: namespaces[catalog], name: spec.app }, this.#signal);
      if (app) return { catalog, app };
    }
    return undefined;
  }

  /** How long until status may be written again. */
  #writeWaitMs(): number {
    return this.#memory.wroteAtMs + statusIntervalMs - this.#options.timers.elapsed();
  }

  /** @returns how long to wait before trying again, if it is too early */
  async #report(cluster: KubeDirectorCluster, status: ClusterStatus): Promise<number | undefined> {
    if (sameJson(cluster.status, status)) return undefined;
    const wait = this.#writeWaitMs();
    if (wait > 0) return wait;
    await this.#record(cluster, status);
    return undefined;
  }

  async #record(cluster: KubeDirectorCluster, status: ClusterStatus): Promise<KubeDirectorCluster> {
    const { ports, timers, recorder } = this.#options;
    const stored = await ports.clusters.updateStatus({ ...cluster, status }, this.#signal);
    this.#memory.wroteAtMs = timers.elapsed();
    recorder.tell(stored, newsBetween(cluster.status, status));
    return stored;
  }

  #logFailures(outcomes: readonly Outcome[]): void {
    for (const outcome of outcomes)
      if (outcome.result === 'refused')
        this.#options.log.warn(outcome.problem.message, { cluster: keyText(this.#key), step: outcome.step.reason });
  }

  #result(outcomes: readonly Outcome[], statusWaitMs: number | undefined, planWaitMs: number | undefined): Result {
    const waits = [statusWaitMs, planWaitMs];
    if (outcomes.some(({ result }) => result === 'paused')) {
      this.#memory.pausedUntilMs = this.#options.timers.elapsed() + pauseMs;
      waits.push(pauseMs);
    }
    const isTaken = (outcome: Outcome) => 'problem' in outcome && outcome.problem.reason === 'NameTaken';
    if (outcomes.some(isTaken)) waits.push(nameTakenMs);
    const known = waits.filter((wait) => wait !== undefined);
    return {
      retry: outcomes.some(
        (outcome) => outcome.result === 'stale' || (outcome.result === 'refused' && !isTaken(outcome)),
      ),
      ...(known.length > 0 && { wakeAfterMs: Math.max(0, Math.min(...known)) }),
    };
  }
}
