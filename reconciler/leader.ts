/**
 * Leader election: of several replicas the one that holds the Lease works (client-go's leaderelection; K-621 to K-623).
 *
 * Nobody's clock is compared with anybody else's: a Lease has expired when we have watched it stand still for as long as it says.
 * The Lease calls are a port. What the leader does, and in which namespace the Lease is, is not known here.
 */
import { microTimestamp } from '../openapi/machinery/clock.ts';
import type { Log } from '../openapi/machinery/log.ts';
import { underSignals } from '../openapi/machinery/signal.ts';
import type { Lease } from './host-types.ts';
import { pause, type Timers } from './timers.ts';

/** One Lease. */
export interface LeasePort {
  get(signal: AbortSignal): Promise<Lease | undefined>;
  /** @throws StatusError AlreadyExists */
  create(spec: Lease['spec'], signal: AbortSignal): Promise<Lease>;
  /** Writes `spec` if the Lease is still at its resourceVersion. @throws StatusError Conflict */
  update(lease: Lease, spec: Lease['spec'], signal: AbortSignal): Promise<Lease>;
}

export interface ElectionOptions {
  readonly lease: LeasePort;
  /** This replica's, unique among all that were ever started. */
  readonly identity: string;
  readonly timers: Timers;
  readonly log: Log;
  /** From 0 to 1: spreads the attempts of candidates. */
  readonly random?: () => number;
  readonly leaseDurationMs?: number;
  /** After so long without a renewal the leader gives up, well before others may take over. */
  readonly renewDeadlineMs?: number;
  readonly retryPeriodMs?: number;
}

/** client-go's periods, and its jitter: attempts are up to 2.2 periods apart. */
const defaults = { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000, random: Math.random };
const jitter = 1.2;

/**
 * Waits to be elected, then runs `work`; whenever the Lease is lost, aborts its signal, waits for it to end, and stands again.
 * Returns when `signal` has aborted and the Lease was given back.
 *
 * @param work has to end soon after its signal aborts: others begin when the Lease expires
 */
export async function leadWhenElected(
  options: ElectionOptions,
  work: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const candidate = new Candidate({ ...defaults, ...options });
  try {
    while (!signal.aborted) {
      await candidate.elected(signal);
      const lost = new AbortController();
      await underSignals([signal, lost.signal], async (leading) => {
        const renewing = candidate.renewUntilLost(leading).finally(() => lost.abort(new Error('the Lease was lost')));
        try {
          await work(leading);
        } finally {
          lost.abort(new Error('the work of the leader has ended'));
          await renewing;
        }
      });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await candidate.giveBack();
  }
}

class Candidate {
  readonly #options: ElectionOptions & typeof defaults;
  /** As it was when it last changed, and when we saw that. */
  #seen: { lease: Lease; atMs: number } | undefined;
  #renewedAtMs = 0;
  #leads = false;

  constructor(options: ElectionOptions & typeof defaults) {
    this.#options = options;
  }

  /** Resolves when the Lease is ours. @throws the signal's reason */
  async elected(signal: AbortSignal): Promise<void> {
    const { timers, log, identity } = this.#options;
    while (!(await this.#tried(signal))) await pause(this.#period(), timers, signal);
    log.info('became leader', { identity });
  }

  /** Keeps the Lease, and resolves when it is lost, or when the signal aborts. */
  async renewUntilLost(signal: AbortSignal): Promise<void> {
    const { timers, renewDeadlineMs, retryPeriodMs, log, identity } = this.#options;
    while (!signal.aborted) {
      const leftMs = this.#renewedAtMs + renewDeadlineMs - timers.elapsed();
      if (leftMs <= 0) break;
      try {
        await pause(Math.min(retryPeriodMs, leftMs), timers, signal);
        // A call that hangs is no renewal: it is given up when the time is.
        const deadline = new AbortController();
        const callOff = timers.after(this.#renewedAtMs + renewDeadlineMs - timers.elapsed(), () => deadline.abort());
        await underSignals([signal, deadline.signal], (within) => this.#tried(within)).finally(callOff);
      } catch {
        // The signal has aborted, or the deadline has: the loop sees which.
      }
      if (this.#seen && !this.#isOurs()) break;
    }
    if (!signal.aborted) log.warn('lost the Lease', { identity });
    this.#leads = this.#leads && signal.aborted;
  }

  /** Lets others begin at once (K-623). Failing is no harm: the Lease expires. */
  async giveBack(): Promise<void> {
    const { lease, identity, timers, retryPeriodMs, log } = this.#options;
    if (!this.#leads || !this.#seen || !this.#isOurs()) return;
    const now = microTimestamp(timers.now());
    const { leaseTransitions = 0 } = this.#seen.lease.spec;
    const deadline = new AbortController();
    const callOff = timers.after(retryPeriodMs, () => deadline.abort());
    try {
      const spec = { holderIdentity: '', leaseDurationSeconds: 1, acquireTime: now, renewTime: now, leaseTransitions };
      await lease.update(this.#seen.lease, spec, deadline.signal);
      this.#leads = false;
    } catch (error) {
      log.warn('the Lease was not given back', {
        identity,
        why: error instanceof Error ? error.message : String(error),
      });
    } finally {
      callOff();
    }
  }

  /** Acquires or renews. @returns whether the Lease is ours now; every failure is a no */
  async #tried(signal: AbortSignal): Promise<boolean> {
    const { lease, log } = this.#options;
    try {
      const startedAtMs = this.#options.timers.elapsed();
      const present = await lease.get(signal);
      if (present) this.#see(present);
      else this.#seen = undefined;
      if (present && !this.#isOurs() && !this.#hasExpired()) return false;
      const spec = this.#specAfter(present);
      this.#see(await (present ? lease.update(present, spec, signal) : lease.create(spec, signal)));
      // Counted from before the call: others saw it change no earlier than that.
      this.#renewedAtMs = startedAtMs;
      this.#leads = true;
      return true;
    } catch (error) {
      signal.throwIfAborted();
      log.info('the Lease was not acquired', { why: error instanceof Error ? error.message : String(error) });
      return false;
    }
  }

  #specAfter(present: Lease | undefined): Lease['spec'] {
    const { identity, leaseDurationMs, timers } = this.#options;
    const now = microTimestamp(timers.now());
    const keeps = present !== undefined && this.#isOurs();
    const { acquireTime, leaseTransitions = 0 } = present?.spec ?? {};
    return {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(leaseDurationMs / 1000),
      acquireTime: keeps && acquireTime ? acquireTime : now,
      renewTime: now,
      leaseTransitions: keeps || !present ? leaseTransitions : leaseTransitions + 1,
    };
  }

  #see(lease: Lease): void {
    const changed = lease.metadata.resourceVersion !== this.#seen?.lease.metadata.resourceVersion;
    this.#seen = { lease, atMs: changed || !this.#seen ? this.#options.timers.elapsed() : this.#seen.atMs };
  }

  #isOurs(): boolean {
    return this.#seen?.lease.spec.holderIdentity === this.#options.identity;
  }

  #hasExpired(): boolean {
    if (!this.#seen) return true;
    const { holderIdentity, leaseDurationSeconds = 0 } = this.#seen.lease.spec;
    return !holderIdentity || this.#options.timers.elapsed() >= this.#seen.atMs + leaseDurationSeconds * 1000;
  }

  #period(): number {
    const { retryPeriodMs, random } = this.#options;
    return retryPeriodMs * (1 + jitter * random());
  }
}
