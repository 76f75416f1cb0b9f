/**
 * Events go an hour after they were last written, as kube-apiserver lets them (`--event-ttl`).
 */
import type { Clock } from '../../../openapi/machinery/clock.ts';
import type { Log } from '../../../openapi/machinery/log.ts';
import { isNotFound } from '../../../openapi/machinery/status.ts';
import { actingAsController } from '../engine/acting.ts';
import { Controller } from '../engine/controller.ts';
import type { Informers } from '../engine/informers.ts';
import type { Event } from '../kinds/events.ts';
import type { HostRegistries } from '../kinds/index.ts';

const me = actingAsController('event-expiry');
const lifeMs = 3_600_000;
/** Events are looked at together; a minute more or less is nobody's loss. */
const sweepMs = 60_000;
const sweep = 'sweep';

export class EventExpiry {
  readonly controller: Controller;
  readonly #host: HostRegistries;
  readonly #clock: Clock;
  /** When each event was written last, in milliseconds since the epoch. */
  readonly #writtenAt = new Map<string, number>();

  constructor({ host, informers, clock, log }: { host: HostRegistries; informers: Informers; clock: Clock; log: Log }) {
    this.#host = host;
    this.#clock = clock;
    this.controller = new Controller({ name: 'events', reconcile: (_, signal) => this.#sweep(signal), log });
    informers.of(host.events).subscribe({
      changed: (change) => {
        if (change.gone) this.#writtenAt.delete(change.key);
        else this.#writtenAt.set(change.key, lastWritten(change.object));
      },
      reset: () => this.#writtenAt.clear(),
    });
    this.controller.enqueue(sweep);
  }

  async #sweep(signal: AbortSignal): Promise<number> {
    const expired = this.#clock.now() - lifeMs;
    for (const [key, atMs] of this.#writtenAt) if (atMs <= expired) await this.#remove(key, signal);
    return sweepMs;
  }

  async #remove(key: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#host.events.deletion.delete(key, {}, me.itself, signal);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}

function lastWritten({ metadata, series, lastTimestamp, eventTime }: Event): number {
  const times = [series?.lastObservedTime, lastTimestamp, eventTime, metadata.creationTimestamp];
  return Math.max(0, ...times.map((time) => Date.parse(time ?? '')).filter((time) => !Number.isNaN(time)));
}
