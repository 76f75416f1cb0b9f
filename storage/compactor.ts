/**
 * Keeps history short: every five minutes, what is older than five minutes is forgotten (K-548, K-549).
 *
 * Any number of replicas run this on one store. Each tries to write the key `compaction` on top of what it saw there last time;
 * the one that succeeds compacts, to the revision that it learned last time, and the others only learn.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../openapi/machinery/clock.ts';
import { systemClock, timestamp } from '../openapi/machinery/clock.ts';
import type { Log } from '../openapi/machinery/log.ts';
import { silentLog } from '../openapi/machinery/log.ts';
import type { Keyspace } from './keys.ts';
import type { KeyValueStore } from './kv.ts';

export interface CompactorOptions {
  readonly kv: KeyValueStore;
  readonly keyspace: Keyspace;
  /** Default: five minutes, as Kubernetes has it. */
  readonly intervalMs?: number;
  readonly clock?: Clock;
  readonly log?: Log;
}

const fiveMinutesMs = 5 * 60_000;

/** Compacts until the signal aborts; then returns. Errors are logged, and the next turn tries again. */
export async function keepCompacting(options: CompactorOptions, signal: AbortSignal): Promise<void> {
  const { intervalMs = fiveMinutesMs, clock = systemClock, log = silentLog } = options;
  const compactor = new Compactor(options);
  let due = clock.now() + intervalMs;
  while (!signal.aborted) {
    // A clock that was set back must not put the next turn off.
    due = Math.min(due, clock.now() + intervalMs);
    await sleep(Math.max(due - clock.now(), 0), undefined, { signal }).catch(() => {});
    if (signal.aborted || clock.now() < due) continue;
    due = clock.now() + intervalMs;
    try {
      const revision = await compactor.turn(signal);
      if (revision !== undefined) log.info('history was compacted', { revision });
    } catch (error) {
      if (!signal.aborted) log.error('history was not compacted', error);
    }
  }
}

/** The turns of one replica. */
export class Compactor {
  readonly #kv: KeyValueStore;
  readonly #key: string;
  readonly #clock: Clock;
  /** The revision that the key `compaction` had. */
  #seen = 0;
  /** The newest revision there was at the last turn. */
  #then: number | undefined;

  constructor({ kv, keyspace, clock = systemClock }: CompactorOptions) {
    this.#kv = kv;
    this.#key = keyspace.ownKey('compaction');
    this.#clock = clock;
  }

  /**
   * @returns the revision that was compacted to, when it was our turn
   * @throws StorageError
   */
  async turn(signal: AbortSignal): Promise<number | undefined> {
    const revision = this.#then;
    const told = JSON.stringify({ at: timestamp(this.#clock.now()), revision });
    const result = await this.#kv.txn(
      {
        when: [{ key: this.#key, revision: this.#seen }],
        perform: [{ put: this.#key, value: Buffer.from(told) }],
        otherwise: [this.#key],
      },
      signal,
    );
    this.#seen = result.succeeded ? result.revision : (result.current[0]?.revision ?? 0);
    this.#then = result.revision;
    if (!result.succeeded || revision === undefined) return undefined;
    await this.#kv.compact(revision, signal);
    return revision;
  }
}
