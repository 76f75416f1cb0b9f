/**
 * One look at one cluster: see, decide, act, report.
 *
 * Level-based: it is told which cluster, never what happened; calling it twice is the same as calling it once. What it keeps between
 * looks is only when it wrote last, so as not to write too often; nothing is true because of it.
 */
import { sameJson } from '../../openapi/machinery/json.ts';
import type { Log } from '../../openapi/machinery/log.ts';
import { keyText, type ObjectKey } from '../../openapi/machinery/meta.ts';
import { hasReason } from '../../openapi/machinery/status.ts';
import type { KubeDirectorCluster } from '../../openapi/v1beta1/kubedirectorcluster.ts';
import type { ClusterStatus } from '../../openapi/v1beta1/kubedirectorcluster-status.ts';
import type { ConfigSpec } from '../../openapi/v1beta1/kubedirectorconfig.ts';
import type { Result } from '../controller.ts';
import type { EventRecorder } from '../events.ts';
import type { GuestJobs } from '../guest/jobs.ts';
import type { Timers } from '../timers.ts';
import { catalogsOf, findApp } from './app-lookup.ts';
import { apply, type Outcome } from './apply.ts';
import type { FoundApp } from './blueprint.ts';
import { unconnected } from './guests/connected.ts';
import { dataKindsFor, type SeenConnections, seeConnections, type TokensWanted } from './guests/connections.ts';
import { makeTokens } from './guests/tokens.ts';
import { newsBetween } from './news.ts';
import { plan } from './plan.ts';
import type { Ports } from './ports.ts';
import type { Problem } from './problems.ts';
import { statusFor } from './status.ts';

export interface ReconcilerOptions {
  readonly ports: Ports;
  /** The namespace of KubeDirector, where the apps of the system catalog live. */
  readonly systemNamespace: string;
  readonly recorder: Pick<EventRecorder, 'tell'>;
  readonly timers: Timers;
  readonly log: Log;
  readonly jobs: Pick<GuestJobs, 'views' | 'ensure'>;
  /** Told which apps and which other clusters a cluster depends on, whether they exist or not. */
  readonly dependsOn: (cluster: ObjectKey, on: Dependencies) => void;
}

export interface Dependencies {
  readonly apps: readonly ObjectKey[];
  readonly clusters: readonly ObjectKey[];
}

/** A member that comes up changes its cluster's status a few times within moments; readers are told at most twice a second. */
const statusIntervalMs = 500;

/** A namespace that goes takes its clusters with it; until then every create is refused. */
const pauseMs = 30_000;

/** Somebody else has a name that we need: they may remove it, but nobody tells us when. */
const nameTakenMs = 30_000;

/** Rights come by the hand of a person, and nobody tells us. */
const tokensAgainMs = 30_000;

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
      options.dependsOn(key, { apps: [], clusters: [] });
      options.ports.data.follow(key, []);
      options.jobs.ensure(key, []);
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
    const { ports, timers, jobs } = this.#options;
    const [found, config] = await Promise.all([this.#findApp(cluster), ports.config.get(this.#signal)]);
    const { connected, tokensWanted } = await this.#connections(cluster, found, config);
    const decided = plan(
      { cluster, found, config },
      {
        nowMs: timers.now(),
        children: ports.host.children(this.#key),
        ...{ connected, works: jobs.views(this.#key) },
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
    jobs.ensure(this.#key, decided.work);
    const untokened = tokensWanted && (await this.#makeTokens(tokensWanted, cluster));
    const outcomes = await apply(decided.steps, cluster, ports.host, this.#signal);
    this.#logFailures(outcomes);
    const failures = outcomes.flatMap((outcome) => ('problem' in outcome ? outcome.problem : []));
    const status = decided.assessment
      ? statusFor(decided.assessment, untokened ? [untokened, ...failures] : failures)
      : decided.status;
    const wait = await this.#report(recorded, status);
    return this.#result(outcomes, wait, earlier(decided.wakeAfterMs, untokened && tokensAgainMs));
  }

  async #connections(
    cluster: KubeDirectorCluster,
    found: FoundApp | undefined,
    config: ConfigSpec,
  ): Promise<SeenConnections> {
    if (!found) return { connected: unconnected, tokensWanted: undefined };
    const { data, clusters, apps } = this.#options.ports;
    data.follow(this.#key, dataKindsFor(cluster.spec, found.app.spec));
    return seeConnections(cluster, found, config, data, {
      cluster: (key) => clusters.get(key, this.#signal),
      app: (other) => findApp(other, apps, this.#options.systemNamespace, this.#signal),
    });
  }

  /** @returns why there are none yet */
  async #makeTokens(wanted: TokensWanted, cluster: KubeDirectorCluster): Promise<Problem | undefined> {
    try {
      await makeTokens(wanted, cluster, this.#options.ports.data, this.#signal);
      return undefined;
    } catch (error) {
      if (this.#signal.aborted) throw error;
      const why = error instanceof Error ? error.message : String(error);
      this.#options.log.warn('tokens could not be made', { cluster: keyText(this.#key), why });
      const reason = hasReason(error, 'Forbidden') ? 'ConnectionForbidden' : 'ChildNotCreated';
      return { reason, message: `Secret ${wanted.secret} with the tokens of services could not be made: ${why}` };
    }
  }

  async #findApp(cluster: KubeDirectorCluster): Promise<FoundApp | undefined> {
    const { ports, systemNamespace, dependsOn } = this.#options;
    const { connections } = cluster.spec;
    const { namespace } = this.#key;
    dependsOn(this.#key, {
      apps: catalogsOf(cluster, systemNamespace).map(({ key }) => key),
      clusters: (connections?.clusters ?? []).map((name) => ({ namespace, name })),
    });
    return findApp(cluster, ports.apps, systemNamespace, this.#signal);
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

const earlier = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
