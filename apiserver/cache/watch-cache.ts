/**
 * The watch cache: everything that is stored, in memory, kept current by one storage watch for the whole keyspace.
 *
 * Reads that may be stale are answered at once. Reads that must be current ask storage for its revision, all that wait at one
 * moment together, and are answered when the cache has come that far (K-553). Resources register; this file does not know them.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../openapi/machinery/clock.ts';
import type { Log } from '../../openapi/machinery/log.ts';
import { isAbort, orAborted, underSignals, withinMs } from '../../openapi/machinery/signal.ts';
import { StatusError } from '../../openapi/machinery/status.ts';
import { isStorageError, StorageError } from '../../storage/errors.ts';
import { type Keyspace, ownNames } from '../../storage/keys.ts';
import type { Entry, KeyValueStore, WatchBatch } from '../../storage/kv.ts';
import { keyAfter, prefixEnd } from '../../storage/kv.ts';
import { keyOf } from '../../storage/watch-hub.ts';
import type { WindowLimits } from './event-window.ts';
import type { Objects } from './objects.ts';
import { ResourceCache, type SnapshotReader } from './resource-cache.ts';
import { SharedQuestion } from './shared-question.ts';
import type { Snapshot } from './snapshot.ts';
import type { Unreadable } from './unreadable.ts';

/** How long a read waits for the cache to reach a revision (K-171, K-552). */
const patienceMs = 3000;
/** Entries per read while the cache is filled: few enough that other work gets its turn. */
const pageSize = 500;
/** Between attempts while storage is away. */
const retryMs = 500;
/** How often idle resources are trimmed. */
const trimMs = 30_000;
/** While somebody waits, storage is asked for progress this often (K-554). */
const progressMs = 100;
/** How often values that cannot be read are looked at again, and how many of them. */
const lookAgainMs = 2000;
const lookedAgain = 20;

/** What a store says of itself, before anything in it is believed. */
export interface StoreState {
  /** Undefined: it has never been opened, or was emptied under our hands. */
  readonly identity: string | undefined;
  readonly revision: number;
}

/**
 * Asked before the cache shows a state of storage for the first time, and after every gap.
 *
 * @throws Error saying why that state must not be shown: nothing is answered then, for a false "not found" costs users their workloads
 */
export type StoreJudge = (state: StoreState, signal: AbortSignal) => Promise<void>;

/** The objects of a resource at one moment. */
export interface Frozen {
  readonly objects: Objects;
  /** The revisions of those that cannot be read, by key. */
  readonly unreadable: ReadonlyMap<string, number>;
}

interface Waiter {
  readonly revision: number;
  readonly arrive: () => void;
}

export class WatchCache {
  readonly #kv: KeyValueStore;
  readonly #keyspace: Keyspace;
  readonly #identityKey: string;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #judge: StoreJudge;
  readonly #resources = new Map<string, ResourceCache>();
  readonly #waiters = new Set<Waiter>();
  /** Of the store that was shown first: no other is ever shown. */
  #identity: string | undefined;
  #judgedBefore = false;
  #revision = 0;
  #ready = false;
  /** Why it is not ready, for people. */
  #obstacle = 'the watch cache has not been filled';
  /** Ends the watch that is under way. */
  #breakOff: (reason: Error) => void = () => {};
  readonly #filled = Promise.withResolvers<void>();
  readonly #present = new SharedQuestion(() => this.#askStorage());
  #progressTimer: NodeJS.Timeout | undefined;
  #complaint = '';
  readonly #toldUnreadable = new Map<string, string>();
  #lookedAt = 0;
  /** A revision of storage that was waited for in vain: until it is shown, the cache is late. */
  #late = 0;

  constructor(parts: { kv: KeyValueStore; keyspace: Keyspace; clock: Clock; log: Log; judge?: StoreJudge }) {
    this.#kv = parts.kv;
    this.#keyspace = parts.keyspace;
    this.#identityKey = parts.keyspace.ownKey(ownNames.identity);
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#judge = parts.judge ?? (async () => {});
  }

  /** The cache shows everything up to here. */
  get revision(): number {
    return this.#revision;
  }

  /** Does it show a state of storage that can be believed? */
  get ready(): boolean {
    return this.#ready;
  }

  /** Why it does not; undefined when it does. */
  get obstacle(): string | undefined {
    return this.#ready ? undefined : this.#obstacle;
  }

  /** Everything as it is at this moment, by list prefix, for as long as anybody wants to read it. */
  frozen(): { readonly revision: number; readonly resources: ReadonlyMap<string, Frozen> } {
    const resources = new Map([...this.#resources].map(([prefix, cache]) => [prefix, frozen(cache)]));
    return { revision: this.#revision, resources };
  }

  /** Shows nothing more, and reads everything again. */
  rebuild(reason: Error): void {
    this.#distrust(reason.message);
    this.#breakOff(reason);
  }

  /** Waits until it has been filled. */
  filled(signal: AbortSignal): Promise<void> {
    return orAborted(this.#filled.promise, signal);
  }

  /** @param prefix the list prefix of the resource: its keys are `prefix + namespace/name` */
  register(prefix: string, reader: SnapshotReader, limits?: WindowLimits): ResourceCache {
    const cache = new ResourceCache(reader, this.#clock, limits);
    this.#resources.set(prefix, cache);
    return cache;
  }

  /** Fills the cache and keeps it current until the signal aborts. Storage may come and go meanwhile. */
  async run(signal: AbortSignal): Promise<void> {
    // What happened long ago is forgotten also while nothing happens.
    const trimming = setInterval(() => this.#trim(), trimMs);
    const looking = this.#keepLooking(signal);
    while (!signal.aborted) {
      try {
        const revision = await this.#fill(signal);
        const broken = new AbortController();
        this.#breakOff = (reason) => broken.abort(reason);
        await underSignals([signal, broken.signal], (watching) => this.#follow(revision + 1, watching));
        broken.signal.throwIfAborted();
      } catch (error) {
        if (signal.aborted) break;
        this.#complain(error);
        await sleep(retryMs, undefined, { signal }).catch(() => {});
      }
    }
    clearInterval(trimming);
    this.#late = 0;
    await looking;
  }

  async #keepLooking(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(lookAgainMs, undefined, { signal, ref: false }).catch(() => {});
      // Storage that does not answer is the matter of the watch.
      if (!signal.aborted && this.#ready) await this.#lookAgain(signal).catch(() => {});
    }
  }

  async #follow(from: number, signal: AbortSignal): Promise<void> {
    for await (const batch of this.#kv.watch(this.#keyspace.prefix, from, signal)) this.#apply(batch);
  }

  /** Says each thing once. */
  #complain(error: unknown): void {
    if (isStorageError(error, 'Compacted')) {
      this.#log.warn('history was compacted away; reading everything again');
      return;
    }
    if (isStorageError(error, 'Unreadable')) this.#distrust(error.message);
    const message = error instanceof Error ? error.message : String(error);
    if (message === this.#complaint) return;
    this.#complaint = message;
    this.#log.error('the watch cache cannot follow its storage', error);
  }

  /** From now on nothing is shown, until storage has been read and judged again. */
  #distrust(why: string): void {
    this.#ready = false;
    this.#obstacle = why;
  }

  #trim(): void {
    for (const cache of this.#resources.values()) cache.trim();
  }

  /**
   * Waits until the cache shows `revision`.
   *
   * @throws StatusError 504 when it does not come (K-384); 429 when the cache is still being filled (K-219)
   */
  async reach(revision: number, signal: AbortSignal): Promise<void> {
    if (!this.#ready) throw StatusError.tooManyRequests('storage is (re)initializing');
    if (revision <= this.#revision) return;
    let timer: NodeJS.Timeout | undefined;
    let waiter: Waiter | undefined;
    const arrival = new Promise<void>((resolve, reject) => {
      waiter = { revision, arrive: resolve };
      this.#waiters.add(waiter);
      timer = setTimeout(() => reject(StatusError.revisionTooLarge(revision, this.#revision)), patienceMs);
    });
    this.#askForProgress();
    try {
      await orAborted(arrival, signal);
    } finally {
      clearTimeout(timer);
      if (waiter) this.#waiters.delete(waiter);
    }
  }

  /**
   * Waits until the cache shows whatever was written before this call, by anybody (K-561).
   *
   * @returns the revision that is certainly shown
   */
  async current(signal: AbortSignal): Promise<number> {
    const revision = await orAborted(this.#present.answer(), signal);
    await this.reach(revision, signal);
    return revision;
  }

  /**
   * Waits as `current` does, but not for ever for a watch that tells nothing, as one on a half-open connection does: then storage has to
   * be read itself. While it is known to be late, nobody else waits for it.
   *
   * @returns a revision to read storage at, linearizable; undefined when the cache shows everything
   * @throws StatusError 503 when storage is not the one that is shown; 429
   */
  async lateAt(signal: AbortSignal): Promise<number | undefined> {
    const revision = await orAborted(this.#present.answer(), signal);
    if (this.#ready && revision > this.#revision && this.#revision < this.#late) this.#askForProgress();
    else if (await this.comesTo(revision, signal)) return undefined;
    const newest = await this.#judgedRevision(signal);
    this.#late = Math.max(this.#late, newest);
    return newest;
  }

  /** Waits until the cache shows `revision`. @returns has it in time? @throws StatusError 429 */
  async comesTo(revision: number, signal: AbortSignal): Promise<boolean> {
    if (this.#ready && revision > this.#revision && revision <= this.#late) return false;
    try {
      await this.reach(revision, signal);
      return true;
    } catch (error) {
      if (isTooLate(error)) return false;
      throw error;
    }
  }

  /** The revision of storage, and is it still the one that was judged? */
  async #judgedRevision(signal: AbortSignal): Promise<number> {
    const { entries, revision } = await this.#kv.range({ start: this.#identityKey }, signal);
    if (this.#ready && entries[0]?.value.toString() === this.#identity) return revision;
    const error = new StorageError('Unreadable', 'the store lost its identity: it is being replaced');
    this.rebuild(error);
    throw StatusError.unavailable(error.message, 1);
  }

  /**
   * The revision of storage.
   *
   * @throws StorageError Unavailable when it does not answer in time; StatusError 503 when it has gone back, which it does when it
   *   was wiped or restored
   */
  async #askStorage(): Promise<number> {
    const shown = this.#revision;
    const revision = await this.#revisionOfStorage();
    if (revision >= shown) return revision;
    const error = new StorageError('Unreadable', `storage went back from revision ${shown} to ${revision}`);
    this.rebuild(error);
    throw StatusError.unavailable(error.message, 1);
  }

  async #revisionOfStorage(): Promise<number> {
    try {
      return await withinMs(patienceMs, (patience) => this.#kv.currentRevision(patience));
    } catch (cause) {
      if (!isAbort(cause)) throw cause;
      throw new StorageError('Unavailable', `the storage did not tell its revision within ${patienceMs} ms`, { cause });
    }
  }

  #askForProgress(): void {
    if (this.#progressTimer) return;
    const ask = (): void => {
      this.#progressTimer = undefined;
      if (!this.#waiters.size && this.#revision >= this.#late) return;
      this.#kv.requestProgress();
      this.#progressTimer = setTimeout(ask, progressMs);
    };
    this.#progressTimer = setTimeout(ask, progressMs / 10);
  }

  /** Reads all that is stored, as of one revision, and shows it if it can be believed. */
  async #fill(signal: AbortSignal): Promise<number> {
    await this.#judged(signal);
    const found = new Map<string, Snapshot[]>([...this.#resources.keys()].map((prefix) => [prefix, []]));
    const unreadable = new Map<string, Unreadable[]>([...this.#resources.keys()].map((prefix) => [prefix, []]));
    const end = prefixEnd(this.#keyspace.prefix);
    let start: string = this.#keyspace.prefix;
    let revision: number | undefined;
    for (;;) {
      const wanted = { start, end, limit: pageSize, uncounted: true, tolerant: true };
      const page = await this.#kv.range({ ...wanted, ...(revision !== undefined && { revision }) }, signal);
      revision ??= page.revision;
      for (const entry of page.entries) this.#read(entry, found, unreadable);
      const last = page.entries.at(-1);
      if (!page.more || !last) break;
      start = keyAfter(last.key);
    }
    for (const [prefix, snapshots] of found)
      this.#resources.get(prefix)?.replace(snapshots, revision, unreadable.get(prefix));
    // Judged good though it may be older: an administrator has said so.
    this.#revision = revision;
    this.#ready = true;
    this.#complaint = '';
    this.#filled.resolve();
    this.#advance(revision);
    return revision;
  }

  async #judged(signal: AbortSignal): Promise<void> {
    const { entries, revision } = await this.#kv.range({ start: this.#identityKey }, signal);
    const identity = entries[0]?.value.toString();
    try {
      await this.#judge({ identity, revision }, signal);
      if (this.#judgedBefore && identity !== this.#identity)
        throw new Error('the store was replaced while it was served; the server has to be started anew');
      this.#identity = identity;
      this.#judgedBefore = true;
    } catch (error) {
      this.#distrust(error instanceof Error ? error.message : String(error));
      throw error;
    }
  }

  #read(entry: Entry, found: Map<string, Snapshot[]>, unreadable: Map<string, Unreadable[]>): void {
    const prefix = this.#prefixOf(entry.key);
    const cache = prefix && this.#resources.get(prefix);
    if (!cache) return;
    try {
      if (entry.unreadable) throw entry.unreadable;
      found.get(prefix)?.push(cache.read(entry));
    } catch (why) {
      if (!isStorageError(why, 'Unreadable')) throw why;
      const { key, revision } = entry;
      unreadable.get(prefix)?.push({ key: key.slice(prefix.length), revision, why, last: undefined });
      this.#tellUnreadable(key, why);
    }
  }

  /** Once for each state of a value, however often it is met. */
  #tellUnreadable(key: string, why: StorageError): void {
    if (this.#toldUnreadable.get(key) === why.message) return;
    this.#toldUnreadable.set(key, why.message);
    this.#log.error('a stored object cannot be read; its resource is refused where it may be asked for', why, { key });
  }

  /** Has one of those that could not be read become readable, since a key of encryption is there by now? Then all is read again. */
  async #lookAgain(signal: AbortSignal): Promise<void> {
    const all = [...this.#resources].flatMap(([prefix, cache]) =>
      [...cache.unreadable.values()].map(({ key }) => ({ cache, key: prefix + key })),
    );
    for (let i = 0; i < Math.min(all.length, lookedAgain); i += 1) {
      const { cache, key } = all[this.#lookedAt++ % all.length]!;
      const { entries } = await this.#kv.range({ start: key, tolerant: true }, signal);
      if (!entries[0] || entries[0].unreadable || !isReadable(cache, entries[0])) continue;
      this.#toldUnreadable.delete(key);
      this.rebuild(new Error(`${key} can be read again`));
      return;
    }
  }

  /** @throws StorageError Unreadable when the store is being replaced: what is deleted on that occasion is not "not found" */
  #apply({ events, revision }: WatchBatch): void {
    if (events.some((event) => keyOf(event) === this.#identityKey))
      throw new StorageError('Unreadable', 'the store lost its identity: it is being replaced');
    const touched = new Set<ResourceCache>();
    for (const event of events) {
      const key = keyOf(event);
      const prefix = this.#prefixOf(key);
      const cache = prefix && this.#resources.get(prefix);
      if (!cache) continue;
      if (event.type === 'put') {
        const why = cache.put(key.slice(prefix.length), event.entry);
        if (why) this.#tellUnreadable(key, why);
        else if (this.#toldUnreadable.size) this.#toldUnreadable.delete(key);
      }
      if (event.type === 'delete') cache.remove(key.slice(prefix.length), event.revision);
      touched.add(cache);
    }
    this.#advance(revision);
    for (const cache of touched) cache.announce();
  }

  #advance(revision: number): void {
    if (revision > this.#revision) this.#revision = revision;
    for (const waiter of this.#waiters) if (waiter.revision <= this.#revision) waiter.arrive();
  }

  /** `/registry/<group>/<resource>/` of a key; undefined for our own bookkeeping. */
  #prefixOf(key: string): string | undefined {
    if (this.#keyspace.isOwn(key)) return undefined;
    const afterGroup = key.indexOf('/', this.#keyspace.prefix.length) + 1;
    const afterResource = afterGroup && key.indexOf('/', afterGroup) + 1;
    return afterResource ? key.slice(0, afterResource) : undefined;
  }
}

const isTooLate = (error: unknown): boolean => error instanceof StatusError && error.code === 504;

const frozen = (cache: ResourceCache): Frozen => ({
  objects: cache.frozen(),
  unreadable: new Map([...cache.unreadable.values()].map(({ key, revision }) => [key, revision])),
});

function isReadable(cache: ResourceCache, entry: Entry): boolean {
  try {
    cache.read(entry);
    return true;
  } catch (error) {
    if (isStorageError(error, 'Unreadable')) return false;
    throw error;
  }
}
