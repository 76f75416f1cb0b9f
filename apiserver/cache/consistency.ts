/**
 * Does the watch cache show what is stored? Asked now and then, of both at one revision, since everybody is answered from the cache
 * (K-564). A cache that does not is filled anew.
 *
 * What is compared are keys and revisions: a value that a cache has under the right revision came from the same write.
 */
import { randomInt } from 'node:crypto';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../openapi/machinery/log.ts';
import type { KeyValueStore } from '../../storage/kv.ts';
import { keyAfter, prefixEnd } from '../../storage/kv.ts';
import type { Frozen, WatchCache } from './watch-cache.ts';

/** An object of which the cache and storage do not have the same write. */
export interface Difference {
  /** In storage. */
  readonly key: string;
  /** The revision that the cache has; undefined: it has no such object. */
  readonly cached: number | undefined;
  readonly stored: number | undefined;
}

/** How the checks of one resource ended, under Kubernetes' names. */
export interface Outcomes {
  success: number;
  failure: number;
  /** No answer: storage did not give one, or the cache had nothing to show. */
  error: number;
}

/** As often as Kubernetes checks: five minutes, and up to half of that more, so that replicas do not all read at once. */
const intervalMs = 5 * 60_000;
const jitterMs = intervalMs / 2;
/** Few enough that other work gets its turn. */
const pageSize = 500;
/** The most keys that are named in the log. */
const named = 20;

export class ConsistencyChecker {
  readonly #cache: WatchCache;
  readonly #kv: KeyValueStore;
  readonly #log: Log;
  readonly #outcomes = new Map<string, Outcomes>();

  constructor({ cache, kv, log }: { cache: WatchCache; kv: KeyValueStore; log: Log }) {
    this.#cache = cache;
    this.#kv = kv;
    this.#log = log;
  }

  /** By list prefix of the resource. */
  get outcomes(): ReadonlyMap<string, Outcomes> {
    return this.#outcomes;
  }

  /** Checks until the signal aborts; then returns. */
  async run(signal: AbortSignal): Promise<void> {
    for (;;) {
      await sleep(intervalMs + randomInt(jitterMs), undefined, { signal, ref: false }).catch(() => {});
      if (signal.aborted) return;
      await this.check(signal);
    }
  }

  /**
   * Compares all resources as they are at one revision, and has the cache filled anew when one differs.
   *
   * @returns the differences
   */
  async check(signal: AbortSignal): Promise<readonly Difference[]> {
    const { revision, resources } = this.#cache.frozen();
    const found: Difference[] = [];
    for (const [prefix, frozen] of resources) {
      if (!this.#cache.ready) {
        this.#count(prefix, 'error');
        continue;
      }
      try {
        const differences = await this.differences(prefix, frozen, revision, signal);
        this.#count(prefix, differences.length ? 'failure' : 'success');
        found.push(...differences);
      } catch (error) {
        if (signal.aborted) return [];
        this.#count(prefix, 'error');
        this.#log.error('the watch cache could not be compared with storage', error, { prefix });
      }
    }
    if (found.length) this.#cache.rebuild(new Error(complaintOf(found, revision)));
    return found;
  }

  /**
   * @param frozen what the cache shows of the resource at `revision`; what cannot be read is known by its revision, too
   * @throws StorageError
   */
  async differences(
    prefix: string,
    { objects, unreadable }: Frozen,
    revision: number,
    signal: AbortSignal,
  ): Promise<readonly Difference[]> {
    const cachedRevision = (name: string): number | undefined => objects.get(name)?.revision ?? unreadable.get(name);
    const unmatched = new Set([...objects.keys(), ...unreadable.keys()]);
    const found: Difference[] = [];
    const end = prefixEnd(prefix);
    for (let start = prefix; ; ) {
      const page = await this.#kv.range(
        { start, end, revision, limit: pageSize, keysOnly: true, uncounted: true },
        signal,
      );
      for (const entry of page.entries) {
        const name = entry.key.slice(prefix.length);
        const cached = cachedRevision(name);
        unmatched.delete(name);
        if (cached !== entry.revision) found.push({ key: entry.key, cached, stored: entry.revision });
      }
      const last = page.entries.at(-1);
      if (!page.more || !last) break;
      start = keyAfter(last.key);
      await nextTurn();
    }
    for (const name of unmatched) found.push({ key: prefix + name, cached: cachedRevision(name), stored: undefined });
    return found;
  }

  #count(prefix: string, outcome: keyof Outcomes): void {
    const outcomes = this.#outcomes.get(prefix) ?? { success: 0, failure: 0, error: 0 };
    outcomes[outcome] += 1;
    this.#outcomes.set(prefix, outcomes);
  }
}

const revisionText = (revision: number | undefined): string => (revision === undefined ? 'nothing' : String(revision));

function complaintOf(differences: readonly Difference[], revision: number): string {
  const some = differences
    .slice(0, named)
    .map(({ key, cached, stored }) => `${key} (cached ${revisionText(cached)}, stored ${revisionText(stored)})`);
  const rest = differences.length > named ? ` and ${differences.length - named} more` : '';
  return `the watch cache differs from storage at revision ${revision}: ${some.join(', ')}${rest}`;
}
