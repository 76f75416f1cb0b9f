/**
 * One informer per resource, shared by all controllers, so that each change is read once.
 */

import { Informer } from '../../../apiserver/cache/informer.ts';
import type { ObjectRegistry } from '../../../apiserver/registry/registry.ts';
import type { Log } from '../../../openapi/machinery/log.ts';
import type { KubeObject } from '../../../openapi/machinery/meta.ts';

export class Informers {
  readonly #log: Log;
  readonly #all = new Map<unknown, Informer>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Whoever wants to be told everything subscribes before `start`. */
  of<T extends KubeObject>({ cache }: ObjectRegistry<T>): Informer<T> {
    const informer = this.#all.get(cache) ?? new Informer(cache, this.#log);
    this.#all.set(cache, informer);
    return informer as unknown as Informer<T>;
  }

  /** Tells all that is there, then what changes. @returns how to stop */
  start(): () => void {
    const stops = [...this.#all.values()].map((informer) => informer.start());
    return () => {
      for (const stop of stops) stop();
    };
  }

  /** Tells everything that the caches know by now, of all resources. */
  catchUp(): void {
    for (const informer of this.#all.values()) informer.catchUp();
  }
}
