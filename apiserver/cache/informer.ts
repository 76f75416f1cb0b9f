/**
 * What happens to the objects of one resource, told in order to everybody in this process who follows it.
 *
 * It reads the window of events that the cache keeps anyway and holds no objects of its own: those who listen keep what they need
 * of an object, which is much less. An object is parsed once per change, and only if somebody asks for it.
 */

import { type Log, silentLog } from '../../openapi/machinery/log.ts';
import type { KubeObject } from '../../openapi/machinery/meta.ts';
import type { Position } from './event-window.ts';
import type { ResourceCache } from './resource-cache.ts';
import type { Snapshot } from './snapshot.ts';

export class Change<T extends KubeObject = KubeObject> {
  readonly snapshot: Snapshot;
  /** Was the object removed? Then the snapshot is its last state. */
  readonly gone: boolean;
  #object: T | undefined;

  constructor(snapshot: Snapshot, gone: boolean) {
    this.snapshot = snapshot;
    this.gone = gone;
  }

  get key(): string {
    return this.snapshot.key;
  }

  /** Shared by all listeners, hence not to be changed. */
  get object(): T {
    this.#object ??= this.snapshot.object<T>();
    return this.#object;
  }
}

export interface Listener<T extends KubeObject = KubeObject> {
  changed(change: Change<T>): void;
  /** Everything begins anew: what follows is every object there is. */
  reset?(): void;
}

export class Informer<T extends KubeObject = KubeObject> {
  readonly #cache: ResourceCache;
  readonly #log: Log;
  readonly #listeners: Listener<T>[] = [];
  #generation = -1;
  #position: Position = 0;

  /** @param log is told of listeners that fail */
  constructor(cache: ResourceCache, log: Log = silentLog) {
    this.#cache = cache;
    this.#log = log;
  }

  /** To be called before the first change is told. */
  subscribe(listener: Listener<T>): void {
    this.#listeners.push(listener);
  }

  /** Tells changes as they come. @returns how to stop */
  start(): () => void {
    this.catchUp();
    return this.#cache.listen(() => this.catchUp());
  }

  /** Tells everything that the cache knows by now. */
  catchUp(): void {
    const { generation, window } = this.#cache;
    if (generation !== this.#generation || !window.holds(this.#position)) this.#beginAnew();
    for (let event = window.at(this.#position); event; event = window.at(this.#position)) {
      this.#position += 1;
      this.#tell(new Change<T>(event.current, event.type === 'DELETED'));
    }
  }

  #beginAnew(): void {
    this.#generation = this.#cache.generation;
    this.#position = this.#cache.window.end;
    for (const listener of this.#listeners) listener.reset?.();
    for (const snapshot of this.#cache.readable.values()) this.#tell(new Change<T>(snapshot, false));
  }

  /** What one listener cannot cope with must not keep the others, or the cache itself, from going on. */
  #tell(change: Change<T>): void {
    for (const listener of this.#listeners)
      try {
        listener.changed(change);
      } catch (error) {
        this.#log.error('a change cannot be taken in', error, { key: change.key });
      }
  }
}
