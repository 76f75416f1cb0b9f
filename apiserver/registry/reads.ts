/**
 * Get, list and watch, answered from the watch cache at the consistency that the request asks for (K-169 to K-199, K-208 to K-229).
 */
import type { GroupResource } from '../../openapi/machinery/status.ts';
import { StatusError } from '../../openapi/machinery/status.ts';
import type { Store } from '../../storage/store.ts';
import { type Objects, objectsUnder } from '../cache/objects.ts';
import type { ResourceCache } from '../cache/resource-cache.ts';
import type { Snapshot } from '../cache/snapshot.ts';
import type { Unreadable } from '../cache/unreadable.ts';
import type { WatchCache } from '../cache/watch-cache.ts';
import { type ContinueToken, continueToken, parseContinueToken } from './continue-token.ts';
import { statusFor } from './errors.ts';
import type { KindCodec } from './kind-codec.ts';
import { keyPrefix, picks, type Selection, selected } from './selection.ts';
import { Turns } from './turns.ts';
import { WatchReader, type WatchRequest } from './watch-reader.ts';

export interface ListRequest {
  readonly selection: Selection;
  /** 0: all. */
  readonly limit: number;
  /** Empty: from the beginning. */
  readonly continue: string;
  /** Undefined: the newest state. */
  readonly resourceVersion: number | undefined;
  readonly exact: boolean;
}

export interface ListAnswer {
  readonly items: readonly Snapshot[];
  readonly revision: number;
  readonly continue: string | undefined;
  readonly remaining: number | undefined;
}

export class Reads {
  readonly #codec: KindCodec;
  readonly #store: Store;
  readonly #watchCache: WatchCache;
  readonly #cache: ResourceCache;
  readonly #root: string;
  readonly #groupResource: GroupResource;
  readonly #readers = new Turns(readersAtOnce);

  constructor(parts: {
    codec: KindCodec;
    store: Store;
    watchCache: WatchCache;
    cache: ResourceCache;
    /** Prefix of all keys of the resource. */
    root: string;
  }) {
    this.#codec = parts.codec;
    this.#store = parts.store;
    this.#watchCache = parts.watchCache;
    this.#cache = parts.cache;
    this.#root = parts.root;
    this.#groupResource = { group: parts.codec.resource.group, resource: parts.codec.resource.plural };
  }

  /**
   * @param key `namespace/name`
   * @param resourceVersion undefined: the newest state; 0: any; otherwise at least that (K-169 to K-171)
   * @throws StatusError 404; 504 when the state asked for does not come in time
   */
  async get(key: string, resourceVersion: number | undefined, signal: AbortSignal): Promise<Snapshot> {
    const found = await this.find(key, await this.#consistent(resourceVersion, signal), signal);
    if (!found) throw StatusError.notFound(this.#groupResource, key.slice(key.indexOf('/') + 1));
    return found;
  }

  /** @param late where storage is to be read, as the watch cache says; undefined: the object as the cache has it */
  async find(key: string, late: number | undefined, signal: AbortSignal): Promise<Snapshot | undefined> {
    if (late === undefined) return this.peek(key);
    try {
      const entry = await this.#store.get(this.#root + key, signal, late);
      return entry && this.#codec.snapshotOf(entry);
    } catch (error) {
      throw statusFor(error, this.#groupResource, key.slice(key.indexOf('/') + 1));
    }
  }

  /** The object as the cache has it now, be it a little old. @throws StatusError 500 when it is there and cannot be read */
  peek(key: string): Snapshot | undefined {
    return this.#told(() => this.#cache.get(key), key);
  }

  async list(request: ListRequest, signal: AbortSignal): Promise<ListAnswer> {
    const token = request.continue ? parseContinueToken(request.continue) : undefined;
    if (token && token.revision > 0) return this.#page(request, token.revision, token, signal);
    if (request.exact && request.resourceVersion)
      return this.#page(request, request.resourceVersion, undefined, signal);
    const late = await this.#consistent(token ? undefined : request.resourceVersion, signal);
    if (late !== undefined) return this.#stored(request, late, token, signal);
    return this.#fromCache(request, token);
  }

  /**
   * Opens a watch. The reader begins with the events, or the present state, that the request asks for.
   *
   * @throws StatusError before the stream begins: 429 while the cache is filled, 504 for a state that does not come
   */
  async watch(request: WatchRequest, signal: AbortSignal): Promise<WatchReader> {
    const { resourceVersion, initialEvents } = request;
    if (initialEvents || !resourceVersion) await this.#shown(resourceVersion, signal);
    else if (!this.#watchCache.ready) throw StatusError.tooManyRequests('storage is (re)initializing');
    this.#refuseUnreadable(request.selection);
    return new WatchReader(
      request,
      this.#cache,
      () => this.#watchCache.revision,
      (keys) => this.#unreadable(keys),
    );
  }

  /** @returns where to read storage itself, since the cache is late (K-553); undefined when the cache has what is asked for */
  async #consistent(resourceVersion: number | undefined, signal: AbortSignal): Promise<number | undefined> {
    if (resourceVersion !== undefined) {
      await this.#watchCache.reach(resourceVersion, signal);
      return undefined;
    }
    try {
      return await this.#watchCache.lateAt(signal);
    } catch (error) {
      throw statusFor(error, this.#groupResource, '');
    }
  }

  /** Waits until the cache has what is asked for. */
  async #shown(resourceVersion: number | undefined, signal: AbortSignal): Promise<void> {
    if (resourceVersion !== undefined) return this.#watchCache.reach(resourceVersion, signal);
    try {
      await this.#watchCache.current(signal);
    } catch (error) {
      throw statusFor(error, this.#groupResource, '');
    }
  }

  #among(selection: Selection): Objects {
    return this.#cache.among(selection.fields, keyPrefix(selection));
  }

  #told<T>(read: () => T, key: string): T {
    try {
      return read();
    } catch (error) {
      throw statusFor(error, this.#groupResource, key.slice(key.indexOf('/') + 1));
    }
  }

  /** @throws StatusError 500 when an object that may be selected cannot be read */
  #refuseUnreadable(selection: Selection): void {
    const unreadable = this.#cache.unreadable.under(keyPrefix(selection));
    if (unreadable.length) throw this.#unreadable(unreadable);
  }

  /** Whoever may list them may know why. */
  #unreadable(objects: readonly Unreadable[]): StatusError {
    const told = objects.map(({ key, why }) => ({ key: this.#root + key, why: why.message }));
    return StatusError.unreadable(this.#groupResource, told).because(objects[0]?.why);
  }

  #fromCache(request: ListRequest, token: ContinueToken | undefined): ListAnswer {
    // `limit` is not honoured for resourceVersion=0, as with Kubernetes' watch cache (K-189).
    const limit = request.resourceVersion === 0 ? 0 : request.limit;
    this.#refuseUnreadable(request.selection);
    const revision = this.#watchCache.revision;
    const answer = firstOf(this.#among(request.selection), { ...request, limit }, revision, token);
    if (answer.continue) this.#cache.keep(revision);
    return answer;
  }

  /** A page of the state at exactly `revision`: from a kept state, else from storage. */
  async #page(
    request: ListRequest,
    revision: number,
    token: ContinueToken | undefined,
    signal: AbortSignal,
  ): Promise<ListAnswer> {
    // Where the cache is late, storage knows whether there is such a revision.
    if (revision > this.#watchCache.revision) await this.#watchCache.comesTo(revision, signal);
    if (revision === this.#watchCache.revision) this.#refuseUnreadable(request.selection);
    const isNow = revision === this.#watchCache.revision;
    const kept = isNow ? this.#among(request.selection) : this.#cache.kept(revision);
    if (kept) return firstOf(kept, request, revision, token);
    return this.#stored(request, revision, token, signal);
  }

  /** From storage, as of a revision; not many at once, since each takes the memory of what it reads. */
  async #stored(
    request: ListRequest,
    revision: number,
    token: ContinueToken | undefined,
    signal: AbortSignal,
  ): Promise<ListAnswer> {
    const leave = await this.#readers.enter(signal);
    try {
      return await this.#fromStorage(request, revision, token, signal);
    } catch (error) {
      const status = statusFor(error, this.#groupResource, '');
      if (token && status instanceof StatusError && status.code === 410) throw tokenTooOld(token);
      throw status;
    } finally {
      leave();
    }
  }

  /** Reads on until the page is full and it is known whether anything follows (K-178). */
  async #fromStorage(
    { selection, limit }: ListRequest,
    revision: number,
    token: ContinueToken | undefined,
    signal: AbortSignal,
  ): Promise<ListAnswer> {
    const prefix = this.#root + under(selection);
    const page = new Page(selection, limit, revision);
    let after = token && prefix + token.after;
    for (let size = limit || maxRead; ; size = Math.min(size * 2, maxRead)) {
      const read = await this.#store.list(
        prefix,
        { limit: size, revision, ...(after !== undefined && { after }) },
        signal,
      );
      for (const entry of read.entries) page.offer(this.#codec.snapshotOf(entry));
      const last = read.entries.at(-1);
      if (!read.remaining || !last) return page.answer();
      if (page.full && !picks(selection)) return page.answer(read.remaining);
      if (page.overfull) return page.answer();
      after = last.key;
    }
  }
}

/** Lists of one resource that are read from storage at once. */
const readersAtOnce = 4;
/** The most entries that are read from storage at once (K-178). */
const maxRead = 10_000;

const under = ({ namespace }: Selection): string => (namespace ? `${namespace}/` : '');

/** The first objects of a state, as many as the request allows. */
function firstOf(
  objects: Objects,
  { selection, limit }: ListRequest,
  revision: number,
  token: ContinueToken | undefined,
): ListAnswer {
  const page = new Page(selection, limit, revision);
  for (const snapshot of objectsUnder(objects, keyPrefix(selection), token && under(selection) + token.after)) {
    page.offer(snapshot);
    // Only lists without selectors tell how many remain (K-177).
    if (page.overfull && picks(selection)) break;
  }
  return page.answer();
}

/** One page in the making: takes objects in order until it is full, then counts what follows. */
class Page {
  readonly #selection: Selection;
  readonly #limit: number;
  readonly #revision: number;
  readonly #items: Snapshot[] = [];
  #following = 0;

  constructor(selection: Selection, limit: number, revision: number) {
    this.#selection = selection;
    this.#limit = limit;
    this.#revision = revision;
  }

  get full(): boolean {
    return this.#limit > 0 && this.#items.length >= this.#limit;
  }

  /** Full, and something follows. */
  get overfull(): boolean {
    return this.#following > 0;
  }

  offer(snapshot: Snapshot): void {
    if (!selected(this.#selection, snapshot)) return;
    if (this.full) this.#following += 1;
    else this.#items.push(snapshot);
  }

  /** @param unread objects that follow and have not been offered */
  answer(unread = 0): ListAnswer {
    const following = this.#following + unread;
    const last = this.#items.at(-1);
    return {
      items: this.#items,
      revision: this.#revision,
      continue:
        following && last
          ? continueToken({ revision: this.#revision, after: last.key.slice(under(this.#selection).length) })
          : undefined,
      remaining: following && !picks(this.#selection) ? following : undefined,
    };
  }
}

const tokenTooOld = ({ after }: ContinueToken): StatusError =>
  StatusError.expired(
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
    continueToken({ revision: -1, after }),
  );
