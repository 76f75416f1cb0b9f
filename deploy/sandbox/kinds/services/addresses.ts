/**
 * The addresses and node ports of Services: each is held by one service at a time.
 *
 * What is held is read from the services themselves, so nothing is kept that could be lost or contradict them: after a restart
 * everything is known again once the cache is filled. What has been promised to a service that is just being written is remembered
 * by the service's key until it shows up. This takes for granted that one process writes services.
 */
import { randomInt } from 'node:crypto';
import type { Clock } from '../../../../openapi/machinery/clock.ts';
import { spec as at, type FieldError, type FieldPath, invalid } from '../../../../openapi/machinery/field.ts';
import { StatusError } from '../../../../openapi/machinery/status.ts';
import type { ServiceRanges } from './ranges.ts';
import { hasClusterIp, hasNodePorts, headless, nodePortsOf, type Service, type ServiceSpec } from './service.ts';

/** What a service is to have besides what it asked for. */
export interface Allotment {
  readonly clusterIP: string | undefined;
  /** One for each port that has none, in order. */
  readonly nodePorts: readonly number[];
  /** What it asked for and cannot have. */
  readonly faults: readonly FieldError[];
}

/** A write ends, one way or the other, well before this. */
const promiseMs = 120_000;

interface Promised {
  readonly values: ReadonlySet<string | number>;
  readonly until: number;
}

/** What addresses are taken from. */
interface Range<T> {
  readonly size: number;
  at(i: number): T;
  has(value: string | number): value is T & (string | number);
}

const taken = <T extends string | number>(chosen: Set<string | number>, value: T): T => {
  chosen.add(value);
  return value;
};

export class ServiceAddresses {
  readonly #ranges: ServiceRanges;
  readonly #clock: Clock;
  /** Address or port to the key of the service that has it. */
  readonly #held = new Map<string | number, string>();
  readonly #heldBy = new Map<string, readonly (string | number)[]>();
  readonly #promised = new Map<string | number, string>();
  readonly #promises = new Map<string, Promised>();
  #upToDate: () => void = () => {
    throw StatusError.tooManyRequests('storage is (re)initializing');
  };

  constructor(ranges: ServiceRanges, clock: Clock) {
    this.#ranges = ranges;
    this.#clock = clock;
  }

  /** @param upToDate makes sure that every service in the cache has been told to `show` or `forget`; throws while it is filled */
  follow(upToDate: () => void): void {
    this.#upToDate = upToDate;
  }

  reset(): void {
    this.#held.clear();
    this.#heldBy.clear();
  }

  /** A service has these addresses now. */
  show(key: string, { spec }: Service): void {
    this.forget(key);
    const values = [...(spec.clusterIP && spec.clusterIP !== headless ? [spec.clusterIP] : []), ...nodePortsOf(spec)];
    for (const value of values) this.#held.set(value, key);
    if (values.length) this.#heldBy.set(key, values);
    const promise = this.#promises.get(key);
    if (promise && [...promise.values].every((value) => values.includes(value))) this.#withdraw(key);
  }

  /** A service is gone. */
  forget(key: string): void {
    for (const value of this.#heldBy.get(key) ?? []) if (this.#held.get(value) === key) this.#held.delete(value);
    this.#heldBy.delete(key);
  }

  /**
   * Promises a service what it lacks. A second call for the same service may promise the same again.
   *
   * @param binding false on a dry run: then nothing is kept for it
   * @throws StatusError 429 until it is known what is held; 500 when nothing is left
   */
  allot(key: string, spec: ServiceSpec, binding: boolean): Allotment {
    this.#upToDate();
    this.#expire();
    const wanted = hasClusterIp(spec) && !spec.clusterIP;
    const chosen = new Set<string | number>();
    const faults = this.#refusals(key, spec);
    const clusterIP = wanted ? this.#freeIp(key, chosen) : undefined;
    for (const port of nodePortsOf(spec)) chosen.add(port);
    const lacking = hasNodePorts(spec) ? (spec.ports ?? []).filter(({ nodePort }) => !nodePort) : [];
    const nodePorts = lacking.map(() => this.#freePort(key, chosen));
    if (spec.clusterIP && spec.clusterIP !== headless) chosen.add(spec.clusterIP);
    if (binding && !faults.length && chosen.size) this.#promise(key, chosen);
    return { clusterIP, nodePorts, faults };
  }

  #refusals(key: string, spec: ServiceSpec): FieldError[] {
    const faults: FieldError[] = [];
    const { clusterIP: ip = '' } = spec;
    if (ip && ip !== headless) {
      const why = this.#ranges.hasIp(ip)
        ? this.#isFree(ip, key)
          ? undefined
          : 'provided IP is already allocated'
        : `the provided IP (${ip}) is not in the valid range. The range of valid IPs is ${this.#ranges.clusterIps}`;
      if (why) faults.push(invalid(at.child('clusterIPs'), [ip], `failed to allocate IP ${ip}: ${why}`));
    }
    for (const [i, { nodePort = 0 }] of (spec.ports ?? []).entries()) {
      const place = at.child('ports').index(i).child('nodePort');
      if (nodePort && hasNodePorts(spec)) faults.push(...this.#portRefusal(key, nodePort, place));
    }
    return faults;
  }

  #portRefusal(key: string, port: number, place: FieldPath): FieldError[] {
    const { from, to } = this.#ranges.nodePorts;
    if (port < from || port > to) {
      const range = `${from}-${to}`;
      return [invalid(place, port, `provided port is not in the valid range. The range of valid ports is ${range}`)];
    }
    return this.#isFree(port, key) ? [] : [invalid(place, port, 'provided port is already allocated')];
  }

  #isFree(value: string | number, key: string): boolean {
    return [this.#held.get(value), this.#promised.get(value)].every((holder) => holder === undefined || holder === key);
  }

  /**
   * Something that nobody else has: what the service holds or was promised already, so that creates which fail again and again
   * use nothing up; else beginning anywhere, so that addresses are not soon used again.
   */
  #free<T extends string | number>(key: string, chosen: Set<string | number>, range: Range<T>): T | undefined {
    const own = [...(this.#heldBy.get(key) ?? []), ...(this.#promises.get(key)?.values ?? [])];
    const start = randomInt(range.size);
    const others = function* (): Generator<T> {
      for (let step = 0; step < range.size; step += 1) yield range.at((start + step) % range.size);
    };
    for (const value of own) if (range.has(value) && !chosen.has(value)) return taken(chosen, value);
    for (const value of others()) if (!chosen.has(value) && this.#isFree(value, '')) return taken(chosen, value);
    return undefined;
  }

  #freeIp(key: string, chosen: Set<string | number>): string {
    const ips: Range<string> = {
      size: this.#ranges.ipCount,
      at: (i) => this.#ranges.ipAt(i),
      has: (value): value is string => typeof value === 'string',
    };
    const ip = this.#free(key, chosen, ips);
    if (ip === undefined) throw StatusError.internal('failed to allocate a serviceIP: range is full');
    return ip;
  }

  #freePort(key: string, chosen: Set<string | number>): number {
    const { from, to } = this.#ranges.nodePorts;
    const ports: Range<number> = {
      size: to - from + 1,
      at: (i) => from + i,
      has: (value): value is number => typeof value === 'number',
    };
    const port = this.#free(key, chosen, ports);
    if (port === undefined) throw StatusError.internal('failed to allocate a nodePort: range is full');
    return port;
  }

  #promise(key: string, values: ReadonlySet<string | number>): void {
    this.#withdraw(key);
    for (const value of values) this.#promised.set(value, key);
    // Set anew, so that the map stays in the order of time.
    this.#promises.set(key, { values, until: this.#clock.now() + promiseMs });
  }

  #withdraw(key: string): void {
    for (const value of this.#promises.get(key)?.values ?? [])
      if (this.#promised.get(value) === key) this.#promised.delete(value);
    this.#promises.delete(key);
  }

  /** Writes that came to nothing give back what they were promised. */
  #expire(): void {
    for (const [key, { until }] of this.#promises) {
      if (until > this.#clock.now()) return;
      this.#withdraw(key);
    }
  }
}
