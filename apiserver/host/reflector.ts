/**
 * A reflector: keeps a copy of the objects of one resource at the host, by list and watch, however often the connection breaks (K-608
 * to K-614).
 *
 * The end of a stream is never taken for a deletion; after a gap everything is listed again and what is missing is told as deleted.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../openapi/machinery/log.ts';
import type { KubeObject } from '../../openapi/machinery/meta.ts';
import { StatusError } from '../../openapi/machinery/status.ts';
import type { HostClient, HostResource, HostWatchEvent } from './rest.ts';

/** Told of changes one after the other, never twice of the same state. */
export interface ReflectorHandler<T> {
  /** `old` is absent for an object that was not known. */
  put(object: T, old: T | undefined): void;
  /** The last state that is known. */
  remove(object: T): void;
}

export interface ReflectorOptions<T extends KubeObject> {
  readonly client: HostClient;
  readonly resource: HostResource;
  readonly labelSelector?: string;
  readonly handler: ReflectorHandler<T>;
  readonly log: Log;
}

const pageSize = '500';
/** A watch is renewed about every five to ten minutes, so that a dead connection is noticed. */
const [minWatchSeconds, maxWatchSeconds] = [300, 600];
/** After a failure: doubled each time up to the most, begun anew after two quiet minutes. */
const [firstBackoffMs, mostBackoffMs, quietMs] = [200, 30_000, 120_000];

export class Reflector<T extends KubeObject> {
  readonly #options: ReflectorOptions<T>;
  readonly #objects = new Map<string, T>();
  readonly #synced = Promise.withResolvers<void>();
  #backoffMs = firstBackoffMs;
  #failedAt = 0;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
  }

  /** Resolves when the first list has been told. */
  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  get(namespace: string, name: string): T | undefined {
    return this.#objects.get(`${namespace}/${name}`);
  }

  values(): Iterable<T> {
    return this.#objects.values();
  }

  /** Works until the signal aborts. Never throws. */
  async run(signal: AbortSignal): Promise<void> {
    let resourceVersion: string | undefined;
    while (!signal.aborted) {
      try {
        resourceVersion ??= await this.#list(signal);
        this.#synced.resolve();
        resourceVersion = await this.#watch(resourceVersion, signal);
      } catch (error) {
        if (signal.aborted) return;
        // Only what the host has forgotten makes a new list necessary; everything else goes on from where it was.
        if (error instanceof StatusError && (error.code === 410 || error.reason === 'Expired'))
          resourceVersion = undefined;
        else {
          this.#options.log.warn('a watch of the host broke off', {
            resource: this.#options.resource.plural,
            cause: String(error),
          });
          await this.#pause(signal);
        }
      }
    }
  }

  async #pause(signal: AbortSignal): Promise<void> {
    const now = performance.now();
    if (now - this.#failedAt > quietMs) this.#backoffMs = firstBackoffMs;
    this.#failedAt = now;
    await sleep(this.#backoffMs * (1 + Math.random()), undefined, { signal }).catch(() => {});
    this.#backoffMs = Math.min(this.#backoffMs * 2, mostBackoffMs);
  }

  /** Reads everything, page by page, and tells the differences. @returns the revision to watch from */
  async #list(signal: AbortSignal): Promise<string> {
    const { client, resource, labelSelector } = this.#options;
    const found = new Map<string, T>();
    let resourceVersion = '';
    let token = '';
    do {
      const query = { limit: pageSize, ...(labelSelector && { labelSelector }), ...(token && { continue: token }) };
      const page = await client.list<T>(resource, { query }, signal);
      for (const object of page.items) found.set(keyOf(object), object);
      resourceVersion = page.metadata.resourceVersion ?? '';
      token = page.metadata.continue ?? '';
    } while (token);
    for (const [key, object] of this.#objects) if (!found.has(key)) this.#remove(key, object);
    for (const object of found.values()) this.#put(object);
    return resourceVersion;
  }

  /** @returns the revision to go on from when the host ended the watch */
  async #watch(from: string, signal: AbortSignal): Promise<string> {
    const { client, resource, labelSelector } = this.#options;
    const timeoutSeconds = Math.floor(minWatchSeconds + Math.random() * (maxWatchSeconds - minWatchSeconds));
    const query = {
      resourceVersion: from,
      allowWatchBookmarks: 'true',
      timeoutSeconds: String(timeoutSeconds),
      ...(labelSelector && { labelSelector }),
    };
    let resourceVersion = from;
    try {
      for await (const event of client.watch<T>(resource, { query }, signal))
        resourceVersion = this.#take(event, resourceVersion);
    } catch (error) {
      if (error instanceof StatusError || signal.aborted) throw error;
      // A broken connection loses nothing: what came before counts.
      this.#options.log.warn('a watch of the host broke off', { resource: resource.plural, cause: String(error) });
      await this.#pause(signal);
    }
    return resourceVersion;
  }

  #take({ type, object }: HostWatchEvent<T>, before: string): string {
    if (type === 'ERROR') throw new StatusError(object as unknown as StatusError['status']);
    if (type === 'ADDED' || type === 'MODIFIED') this.#put(object);
    if (type === 'DELETED') this.#remove(keyOf(object), object);
    return object.metadata.resourceVersion ?? before;
  }

  #put(object: T): void {
    const key = keyOf(object);
    const old = this.#objects.get(key);
    if (old && old.metadata.resourceVersion === object.metadata.resourceVersion) return;
    this.#objects.set(key, object);
    this.#options.handler.put(object, old);
  }

  #remove(key: string, last: T): void {
    if (!this.#objects.delete(key)) return;
    this.#options.handler.remove(last);
  }
}

const keyOf = ({ metadata }: KubeObject): string => `${metadata.namespace ?? ''}/${metadata.name}`;
