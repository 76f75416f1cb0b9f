/**
 * Events: what a controller tells people about an object, as `kubectl describe` shows it (K-630 to K-634).
 *
 * Telling costs the teller nothing: events are correlated in memory, queued, and sent on the side. What cannot be sent, or is too
 * much, is dropped; nothing depends on an event.
 */
import { timestamp } from '../openapi/machinery/clock.ts';
import type { Log } from '../openapi/machinery/log.ts';
import type { KubeObject } from '../openapi/machinery/meta.ts';
import { isNotFound, StatusError } from '../openapi/machinery/status.ts';
import { EventCorrelator } from './event-correlator.ts';
import type { Event } from './host-types.ts';
import { pause, type Timers } from './timers.ts';

/** What happened, before it is known how often. */
export interface News {
  readonly type: 'Normal' | 'Warning';
  /** CamelCase, at most 128 characters. */
  readonly reason: string;
  readonly message: string;
}

/** The calls that events need; the composition root implements them with the host's core/v1 events. */
export interface EventSink {
  create(event: Event, signal: AbortSignal): Promise<void>;
  /** A merge patch of an event that was created before. @throws StatusError NotFound when the host has forgotten it */
  patch(event: Event, signal: AbortSignal): Promise<void>;
}

export interface EventRecorderOptions {
  readonly sink: EventSink;
  /** Which of several replicas tells. */
  readonly instance: string;
  readonly timers: Timers;
  readonly log: Log;
}

interface Sending {
  readonly event: Event;
  readonly known: boolean;
}

export const component = 'kubedirector';

const attempts = 12;
const retryAfterMs = 10_000;
/** Events of one object keep their order: they go through one lane. A lane that hangs holds a quarter of them up, not all. */
const laneCount = 4;
/** A thousand clusters that begin at once say about this much. */
const laneCapacity = 2_500;

export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #correlator: EventCorrelator;
  readonly #lanes = Array.from({ length: laneCount }, () => new Lane());
  #dropped = 0;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#correlator = new EventCorrelator(options.timers);
  }

  /** How many events were given up: too many at once, or refused. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Returns at once, whatever becomes of it. */
  tell(object: KubeObject, news: readonly News[]): void {
    for (const item of news) {
      const correlated = this.#correlator.correlate(this.#eventFor(object, item));
      if (!correlated) continue;
      const lane = this.#lanes[laneOf(object.metadata.uid ?? '')]!;
      if (!lane.push(correlated)) this.#dropped += 1;
    }
  }

  /** Sends what is told, until `signal` aborts. Never throws. */
  async run(signal: AbortSignal): Promise<void> {
    const wake = () => {
      for (const lane of this.#lanes) lane.wake();
    };
    signal.addEventListener('abort', wake, { once: true });
    try {
      await Promise.all(this.#lanes.map((lane) => this.#drive(lane, signal)));
    } finally {
      signal.removeEventListener('abort', wake);
    }
  }

  async #drive(lane: Lane, signal: AbortSignal): Promise<void> {
    for (;;) {
      const sending = await lane.next(signal);
      if (!sending) return;
      try {
        await this.#send(sending, signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#dropped += 1;
        this.#options.log.warn('event was not recorded', {
          event: sending.event.message,
          why: error instanceof Error ? error.message : String(error),
        });
      }
    }
  }

  async #send({ event, known }: Sending, signal: AbortSignal): Promise<void> {
    const { sink, timers } = this.#options;
    let patching = known;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await (patching ? sink.patch(event, signal) : sink.create(event, signal));
        return;
      } catch (error) {
        if (patching && isNotFound(error)) patching = false;
        else if (attempt >= attempts || signal.aborted || isFinal(error)) throw error;
        else await pause(retryAfterMs, timers, signal);
      }
    }
  }

  #eventFor({ apiVersion, kind, metadata }: KubeObject, { type, reason, message }: News): Omit<Event, 'metadata'> {
    const at = timestamp(this.#options.timers.now());
    return {
      apiVersion: 'v1',
      kind: 'Event',
      involvedObject: {
        ...{ apiVersion, kind, name: metadata.name, uid: metadata.uid ?? '' },
        namespace: metadata.namespace ?? 'default',
        ...(metadata.resourceVersion && { resourceVersion: metadata.resourceVersion }),
      },
      ...{ type, reason, message: message.slice(0, longestMessage) },
      source: { component },
      reportingComponent: component,
      reportingInstance: this.#options.instance,
      firstTimestamp: at,
      lastTimestamp: at,
      count: 1,
    };
  }
}

/** What the host keeps of a message. */
const longestMessage = 1024;

/** An answer that would be the same next time. */
const isFinal = (error: unknown): boolean => error instanceof StatusError && error.code < 500 && error.code !== 429;

const laneOf = (uid: string): number => {
  let hash = 0;
  for (let i = 0; i < uid.length; i += 1) hash = (hash * 31 + uid.charCodeAt(i)) >>> 0;
  return hash % laneCount;
};

/** A bounded queue with one reader. */
class Lane {
  readonly #queue: Sending[] = [];
  #wake: () => void = () => {};

  /** @returns false when it is full */
  push(sending: Sending): boolean {
    if (this.#queue.length >= laneCapacity) return false;
    this.#queue.push(sending);
    this.#wake();
    return true;
  }

  /** @returns undefined when the signal has aborted; whoever aborts it calls `wake` */
  async next(signal: AbortSignal): Promise<Sending | undefined> {
    while (!signal.aborted) {
      const sending = this.#queue.shift();
      if (sending) return sending;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return undefined;
  }

  wake(): void {
    this.#wake();
  }
}
