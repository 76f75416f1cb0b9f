/**
 * The correlator of events: what was said before is counted, what is said in many variants is drawn together, and who says too much
 * is not listened to (client-go's EventCorrelator; K-632).
 */
import type { Event } from './host-types.ts';
import type { Timers } from './timers.ts';

/** An event that is new, or one that the host knows already with a higher count. */
export interface Correlated {
  readonly event: Event;
  readonly known: boolean;
}

const rememberedKeys = 4096;
/** So many different messages with one reason about one object within so long; the next ones become one event. */
const similarAllowed = 10;
const similarWithinMs = 600_000;
/** Per object: so many events at once, and then one in five minutes. */
const burst = 25;
const refillMs = 300_000;

interface Similar {
  readonly messages: Set<string>;
  lastAtMs: number;
}

interface Bucket {
  tokens: number;
  filledAtMs: number;
}

export class EventCorrelator {
  readonly #timers: Timers;
  readonly #similar = new Recent<Similar>(rememberedKeys);
  readonly #said = new Recent<Event>(rememberedKeys);
  readonly #buckets = new Recent<Bucket>(rememberedKeys);
  #named = 0;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** @returns undefined when the object has had its share of events */
  correlate(event: Omit<Event, 'metadata'>): Correlated | undefined {
    const subject = subjectOf(event);
    if (!this.#hasToken(subject)) return undefined;
    const kind = `${subject}\n${event.type}\n${event.reason}`;
    const combined = this.#isOneOfMany(kind, event.message);
    const message = combined ? `(combined from similar events): ${event.message}` : event.message;
    const key = combined ? kind : `${kind}\n${message}`;
    const earlier = this.#said.get(key);
    const next: Event = earlier
      ? { ...earlier, message, count: earlier.count + 1, lastTimestamp: event.lastTimestamp }
      : { ...event, message, metadata: this.#metadataFor(event) };
    this.#said.set(key, next);
    return { event: next, known: earlier !== undefined };
  }

  #isOneOfMany(kind: string, message: string): boolean {
    const now = this.#timers.elapsed();
    let similar = this.#similar.get(kind);
    if (!similar || now - similar.lastAtMs > similarWithinMs) similar = { messages: new Set(), lastAtMs: now };
    similar.lastAtMs = now;
    this.#similar.set(kind, similar);
    if (similar.messages.has(message)) return false;
    if (similar.messages.size >= similarAllowed) return true;
    similar.messages.add(message);
    return false;
  }

  #hasToken(subject: string): boolean {
    const now = this.#timers.elapsed();
    const bucket = this.#buckets.get(subject) ?? { tokens: burst, filledAtMs: now };
    const refill = Math.floor((now - bucket.filledAtMs) / refillMs);
    if (refill > 0) {
      bucket.tokens = Math.min(burst, bucket.tokens + refill);
      bucket.filledAtMs += refill * refillMs;
    }
    this.#buckets.set(subject, bucket);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  /** `OBJECT.HEX`, where the number is the time in nanoseconds; a counter stands for what the clock cannot tell apart. */
  #metadataFor({ involvedObject: { name, namespace } }: Pick<Event, 'involvedObject'>): Event['metadata'] {
    this.#named = (this.#named + 1) % 1_000_000;
    const nanos = BigInt(Math.trunc(this.#timers.now())) * 1_000_000n + BigInt(this.#named);
    return { name: `${name}.${nanos.toString(16)}`, namespace };
  }
}

const subjectOf = ({ involvedObject: { apiVersion, kind, namespace, name, uid } }: Omit<Event, 'metadata'>): string =>
  [apiVersion, kind, namespace, name, uid].join('\n');

/** A map that forgets what was used longest ago. */
class Recent<V> {
  readonly #most: number;
  readonly #entries = new Map<string, V>();

  constructor(most: number) {
    this.#most = most;
  }

  get(key: string): V | undefined {
    return this.#entries.get(key);
  }

  set(key: string, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#most) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }
}
