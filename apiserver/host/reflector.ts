/**
 * A reflector: tells what happens to the objects of one resource at the host, however often the connection breaks (K-608 to K-614).
 * It begins with a watch that sends what there is, where the host knows such, else with a list.
 *
 * It keeps no objects; whoever listens does. The end of a stream is never taken for a deletion: after a gap everything is listed
 * again, and the listener is given all that there is.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../openapi/machinery/log.ts';
import type { KubeObject } from '../../openapi/machinery/meta.ts';
import { StatusError } from '../../openapi/machinery/status.ts';
import type { HostClient, HostList, HostResource, HostWatchEvent } from './rest.ts';

/** Told of changes one after the other. Every object has its apiVersion and kind. */
export interface ReflectorListener<T> {
  /** All there is, at this resourceVersion: what is not among them is gone. */
  replace(objects: readonly T[], resourceVersion: string): void;
  put(object: T): void;
  /** The last state, under the revision of the deletion. */
  remove(object: T): void;
  /** The host refuses to tell; it is asked again. */
  refused?(error: StatusError): void;
}

export interface ReflectorOptions<T extends KubeObject> {
  readonly client: HostClient;
  readonly resource: HostResource;
  /** Absent: all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly listener: ReflectorListener<T>;
  readonly log: Log;
}

const pageSize = '500';
/** A watch is renewed every five to ten minutes, so that a dead connection is noticed. */
const [minWatchSeconds, maxWatchSeconds] = [300, 600];
/** After a failure: doubled each time up to the most, begun anew after two quiet minutes (K-611). */
const [firstBackoffMs, mostBackoffMs, quietMs] = [200, 30_000, 120_000];

export class Reflector<T extends KubeObject> {
  readonly #options: ReflectorOptions<T>;
  readonly #synced = Promise.withResolvers<void>();
  #backoffMs = firstBackoffMs;
  #failedAt = 0;
  /** Did the host refuse to send in a watch what there is? */
  #listsOnly = false;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
  }

  /** Resolves when the first list has been told. */
  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  /** Works until the signal aborts. Never throws. */
  async run(signal: AbortSignal): Promise<void> {
    let resourceVersion: string | undefined;
    while (!signal.aborted) {
      try {
        if (resourceVersion === undefined && (await this.#canStream(signal))) {
          resourceVersion = await this.#stream(signal);
          continue;
        }
        resourceVersion ??= await this.#list(signal);
        this.#synced.resolve();
        resourceVersion = await this.#watch({ resourceVersion }, signal);
      } catch (error) {
        if (signal.aborted) return;
        // Only what the host has forgotten makes a new list necessary; everything else goes on from where it was.
        if (error instanceof StatusError && error.code === 410) resourceVersion = undefined;
        else await this.#pause(error, signal);
      }
    }
  }

  async #pause(error: unknown, signal: AbortSignal): Promise<void> {
    const { resource, listener, log } = this.#options;
    log.warn('a watch of the host broke off', { resource: resource.plural, cause: String(error) });
    if (error instanceof StatusError) listener.refused?.(error);
    const now = performance.now();
    if (now - this.#failedAt > quietMs) this.#backoffMs = firstBackoffMs;
    this.#failedAt = now;
    await sleep(this.#backoffMs * (1 + Math.random()), undefined, { signal }).catch(() => {});
    this.#backoffMs = Math.min(this.#backoffMs * 2, mostBackoffMs);
  }

  get #selection(): Record<string, string> {
    const { labelSelector, fieldSelector } = this.#options;
    return { ...(labelSelector && { labelSelector }), ...(fieldSelector && { fieldSelector }) };
  }

  get #place(): { namespace?: string } {
    const { namespace } = this.#options;
    return namespace === undefined ? {} : { namespace };
  }

  /** Reads everything, page by page. @returns the revision to watch from */
  async #list(signal: AbortSignal): Promise<string> {
    const { client, resource, listener } = this.#options;
    const found: T[] = [];
    let resourceVersion = '';
    let token = '';
    do {
      const query = { limit: pageSize, ...this.#selection, ...(token && { continue: token }) };
      const page = await client.list<T>(resource, { ...this.#place, query }, signal);
      found.push(...itemsOf(page));
      resourceVersion = page.metadata.resourceVersion ?? '';
      token = page.metadata.continue ?? '';
    } while (token);
    listener.replace(found, resourceVersion);
    return resourceVersion;
  }

  async #canStream(signal: AbortSignal): Promise<boolean> {
    return !this.#listsOnly && (await this.#options.client.streamsLists(signal));
  }

  /** A watch that begins with all there is, as of one moment, and goes on from there. @returns as {@link #watch} */
  async #stream(signal: AbortSignal): Promise<string | undefined> {
    const query = { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' };
    const initial = new Initial<T>();
    try {
      const resourceVersion = await this.#watch(query, signal, initial);
      if (resourceVersion === undefined && !signal.aborted)
        await this.#pause(new Error('it ended before everything was sent'), signal);
      return resourceVersion;
    } catch (error) {
      // Whatever the reason is: a list answers, or says it better.
      if (!(error instanceof StatusError) || initial.complete) throw error;
      this.#listsOnly = true;
      return undefined;
    }
  }

  /**
   * @param initial takes what there is, where the watch begins with that
   * @returns the revision to go on from when the watch has ended, whether the host ended it or the connection broke; none when it
   *   ended before everything had been told
   */
  async #watch(
    where: Readonly<Record<string, string>>,
    signal: AbortSignal,
    initial?: Initial<T>,
  ): Promise<string | undefined> {
    const { client, resource } = this.#options;
    const timeoutSeconds = Math.floor(minWatchSeconds + Math.random() * (maxWatchSeconds - minWatchSeconds));
    const query = {
      ...where,
      allowWatchBookmarks: 'true',
      timeoutSeconds: String(timeoutSeconds),
      ...this.#selection,
    };
    let resourceVersion = where.resourceVersion;
    try {
      for await (const event of client.watch<T>(resource, { ...this.#place, query }, signal)) {
        if (initial && !initial.complete) {
          if (initial.take(event)) resourceVersion = this.#begin(initial, event);
        } else resourceVersion = this.#take(event, resourceVersion);
      }
    } catch (error) {
      if (error instanceof StatusError || signal.aborted) throw error;
      await this.#pause(error, signal);
    }
    return resourceVersion;
  }

  /** Everything has been sent: it is told as a list would be. */
  #begin({ objects }: Initial<T>, { object }: HostWatchEvent<T>): string {
    const { resourceVersion = '' } = object.metadata;
    this.#options.listener.replace(objects, resourceVersion);
    this.#synced.resolve();
    return resourceVersion;
  }

  #take({ type, object }: HostWatchEvent<T>, before: string | undefined): string | undefined {
    const { listener } = this.#options;
    if (type === 'ERROR') throw new StatusError(object as unknown as StatusError['status']);
    if (type === 'ADDED' || type === 'MODIFIED') listener.put(object);
    if (type === 'DELETED') listener.remove(object);
    return object.metadata.resourceVersion ?? before;
  }
}

/** The beginning of a watch that sends what there is: objects, until a bookmark says that these were all. */
class Initial<T extends KubeObject> {
  readonly objects: T[] = [];
  complete = false;

  /** @returns whether this event was the last of the beginning */
  take({ type, object }: HostWatchEvent<T>): boolean {
    if (type === 'ERROR') throw new StatusError(object as unknown as StatusError['status']);
    if (type === 'BOOKMARK') this.complete = object.metadata.annotations?.[initialEnd] === 'true';
    else this.objects.push(object);
    return this.complete;
  }
}

const initialEnd = 'k8s.io/initial-events-end';

/** Lists of Kubernetes' own kinds leave apiVersion and kind of the items out (K-173). */
const itemsOf = <T extends KubeObject>({ apiVersion, kind, items }: HostList<T>): T[] =>
  items.map((item) => ({ ...item, apiVersion, kind: kind.replace(/List$/, '') }));
