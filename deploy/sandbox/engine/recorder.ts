/**
 * Events that the host's own parts write about objects (K-630, K-632): told aside, counted when they repeat, and never in the way.
 */

import type { ObjectRegistry } from '../../../apiserver/registry/registry.ts';
import { type Clock, timestamp } from '../../../openapi/machinery/clock.ts';
import type { KubeObject } from '../../../openapi/machinery/meta.ts';
import { isNotFound } from '../../../openapi/machinery/status.ts';
import type { Event } from '../kinds/events.ts';
import { actingAs } from './acting.ts';
import { LRUCache } from './lru.ts';

/** Beyond so many that wait to be written, new ones are dropped, as in client-go. */
const mostWaiting = 1000;
/** An object may cause so many at once, then one in five minutes. */
const burst = 25;
const refillMs = 300_000;
const remembered = 4096;

export interface Happening {
  readonly about: KubeObject;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  readonly component: string;
}

export class Recorder {
  readonly #events: ObjectRegistry<Event>;
  readonly #clock: Clock;
  readonly #waiting: Happening[] = [];
  readonly #budgets = new LRUCache<{ tokens: number; at: number }>(remembered);
  /** What was told, to the key of its event. */
  readonly #told = new LRUCache<string>(remembered);
  #signal: AbortSignal | undefined;
  #busy = false;
  #serial = 0;

  constructor(events: ObjectRegistry<Event>, clock: Clock) {
    this.#events = events;
    this.#clock = clock;
  }

  /** Writes until the signal aborts. */
  start(signal: AbortSignal): void {
    this.#signal = signal;
  }

  tell(happening: Happening): void {
    if (!this.#signal || this.#signal.aborted || this.#waiting.length >= mostWaiting) return;
    if (!this.#affords(`${happening.component}/${happening.about.metadata.uid}`)) return;
    this.#waiting.push(happening);
    if (!this.#busy) void this.#work(this.#signal);
  }

  #affords(source: string): boolean {
    const now = this.#clock.now();
    const { tokens, at } = this.#budgets.get(source) ?? { tokens: burst, at: now };
    const refilled = Math.min(tokens + (now - at) / refillMs, burst);
    this.#budgets.set(source, { tokens: Math.max(refilled - 1, 0), at: now });
    return refilled >= 1;
  }

  async #work(signal: AbortSignal): Promise<void> {
    this.#busy = true;
    for (let next = this.#waiting.shift(); next && !signal.aborted; next = this.#waiting.shift()) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      // Nothing may fail because it could not be told: the namespace may be going, the storage away.
      await this.#write(next, signal).catch(() => {});
    }
    this.#busy = false;
  }

  async #write(happening: Happening, signal: AbortSignal): Promise<void> {
    const { about, type, reason, message, component } = happening;
    const identity = [component, about.metadata.uid, type, reason, message].join('\n');
    const now = timestamp(this.#clock.now());
    const before = this.#told.get(identity);
    if (before && (await this.#again(before, now, signal))) return;
    const { name, namespace = 'default', uid = '', resourceVersion } = about.metadata;
    this.#serial += 1;
    const suffix = (BigInt(this.#clock.now()) * 1_000_000n + BigInt(this.#serial % 1_000_000)).toString(16);
    const event: Event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${name}.${suffix}`, namespace },
      involvedObject: {
        apiVersion: about.apiVersion,
        kind: about.kind,
        ...(about.metadata.namespace && { namespace: about.metadata.namespace }),
        name,
        uid,
        ...(resourceVersion && { resourceVersion }),
      },
      reason,
      message: message.slice(0, 1024),
      type,
      source: { component },
      reportingComponent: component,
      reportingInstance: '',
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
    };
    await this.#events.writes.create(event, namespace, actingAs(component).itself, signal);
    this.#told.set(identity, `${namespace}/${event.metadata.name}`);
  }

  /** Counts one more. @returns false when the event is gone */
  async #again(key: string, now: string, signal: AbortSignal): Promise<boolean> {
    try {
      const count = (old: Event): Event => ({ ...old, count: (old.count ?? 1) + 1, lastTimestamp: now });
      await this.#events.writes.modify(key, count, actingAs('event-recorder').itself, signal);
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }
}
