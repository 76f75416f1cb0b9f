/**
 * A client that watches as an informer does: lists, watches from there, goes on from the last revision it was told at whichever
 * server, and lists again when that is too old. It records everything, for watch-checker.ts to judge.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'undici';
import { type StatusBody, wrongWith } from './answers.ts';
import { collection, group, type StoredApp, seenIn } from './client.ts';
import type { History, Seen } from './history.ts';
import type { Seeded } from './seeded.ts';

/** What a watch asks to see. */
export interface Scope {
  readonly namespace?: string;
  readonly name?: string;
  readonly parity?: string;
}

export type WatchRecord =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly seen: Seen }
  | { readonly type: 'BOOKMARK'; readonly revision: number; readonly endsInitial: boolean };

/** One watch request, and what came of it. */
export interface Segment {
  /** The revision that it began at; absent: it began with the present state. */
  readonly from: number | undefined;
  /** The list that it goes on from, when it goes on from one. */
  readonly listed: readonly Seen[] | undefined;
  readonly records: WatchRecord[];
}

export interface WatcherParts {
  readonly name: string;
  readonly scope: Scope;
  /** Let watches send the initial state, rather than list? */
  readonly sendsInitial: boolean;
  readonly chance: Seeded;
  readonly history: History;
  readonly pools: readonly Pool[];
  /** Objects elsewhere are not looked at. */
  readonly namespaces: readonly string[];
}

interface WatchLine {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: StoredApp & StatusBody;
}

export class Watcher {
  readonly segments: Segment[] = [];
  readonly #parts: WatcherParts;
  /** Where to go on; undefined: list anew. */
  #revision: number | undefined;
  #initialDone = false;

  constructor(parts: WatcherParts) {
    this.#parts = parts;
  }

  get name(): string {
    return this.#parts.name;
  }

  get scope(): Scope {
    return this.#parts.scope;
  }

  /** Everything up to here has been told. */
  get reached(): number {
    return this.#revision ?? 0;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const pool = this.#parts.chance.pick(this.#parts.pools);
        if (this.#revision !== undefined)
          await this.#watch(pool, { from: this.#revision, listed: undefined, records: [] }, signal);
        else if (this.#parts.sendsInitial)
          await this.#watch(pool, { from: undefined, listed: undefined, records: [] }, signal);
        else await this.#listAndWatch(pool, signal);
      } catch {
        // The connection broke, or never came about.
      }
      await sleep(this.#parts.chance.integer(5, 50));
    }
  }

  get #path(): string {
    const { namespace } = this.#parts.scope;
    return namespace ? collection(namespace) : `${group}/kubedirectorapps`;
  }

  get #selectors(): Record<string, string> {
    const { parity, name } = this.#parts.scope;
    return {
      ...(parity && { labelSelector: `parity=${parity}` }),
      ...(name && { fieldSelector: `metadata.name=${name}` }),
    };
  }

  async #listAndWatch(pool: Pool, signal: AbortSignal): Promise<void> {
    const path = `${this.#path}?${new URLSearchParams(this.#selectors)}`;
    const response = await pool.request({ method: 'GET', path, signal });
    const text = await response.body.text();
    if (response.statusCode !== 200) return this.#judge(response.statusCode, response.headers['retry-after'], text);
    const { metadata, items } = JSON.parse(text) as { metadata: { resourceVersion: string }; items: StoredApp[] };
    const listed = items.map(seenIn).filter((seen) => this.#isOurs(seen));
    for (const { value } of listed) this.#parts.history.saw(value);
    this.#revision = Number(metadata.resourceVersion);
    await this.#watch(pool, { from: this.#revision, listed, records: [] }, signal);
  }

  async #watch(pool: Pool, segment: Segment, signal: AbortSignal): Promise<void> {
    const query = new URLSearchParams({
      watch: 'true',
      allowWatchBookmarks: 'true',
      // A bookmark comes two seconds before the end.
      timeoutSeconds: String(this.#parts.chance.integer(3, 6)),
      ...this.#selectors,
      ...(segment.from !== undefined
        ? { resourceVersion: String(segment.from) }
        : { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' }),
    });
    this.#initialDone = segment.from !== undefined;
    const response = await pool.request({ method: 'GET', path: `${this.#path}?${query}`, signal });
    if (response.statusCode !== 200) {
      const text = await response.body.text();
      if (response.statusCode === 410) this.#revision = undefined;
      return this.#judge(response.statusCode, response.headers['retry-after'], text);
    }
    this.segments.push(segment);
    let rest = '';
    for await (const chunk of response.body) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#take(segment, JSON.parse(line) as WatchLine);
    }
  }

  #take(segment: Segment, { type, object }: WatchLine): void {
    if (type === 'ERROR') this.#failed(object);
    else if (type === 'BOOKMARK') this.#takeBookmark(segment, object);
    else this.#takeEvent(segment, type, seenIn(object));
  }

  #takeBookmark({ records }: Segment, { metadata }: StoredApp): void {
    const revision = Number(metadata.resourceVersion);
    const endsInitial = metadata.annotations?.['k8s.io/initial-events-end'] === 'true';
    records.push({ type: 'BOOKMARK', revision, endsInitial });
    this.#initialDone ||= endsInitial;
    this.#revision = revision;
  }

  #takeEvent({ records }: Segment, type: 'ADDED' | 'MODIFIED' | 'DELETED', seen: Seen): void {
    // While the initial state is told, it cannot be gone on from.
    if (this.#initialDone) this.#revision = seen.revision;
    if (!this.#isOurs(seen)) return;
    this.#parts.history.saw(seen.value);
    records.push({ type, seen });
  }

  #failed(status: StatusBody): void {
    const retryable = status.code === 410 && status.reason === 'Expired';
    if (!retryable && status.code !== 504)
      this.#parts.history.faults.push(`${this.name}: a watch ended with ${JSON.stringify(status)}`);
    this.#revision = undefined;
  }

  #judge(code: number, retryAfter: string | string[] | undefined, text: string): void {
    const wrong = wrongWith({ code, retryAfter: retryAfter as string | undefined, text });
    if (wrong) this.#parts.history.faults.push(`${this.name}: ${wrong}`);
  }

  #isOurs({ key }: Seen): boolean {
    return this.#parts.namespaces.includes(key.slice(0, key.indexOf('/')));
  }
}
