/**
 * One watch that outlives its connections: it remembers how far it has come and goes on from there, on any etcd that answers.
 *
 * What is known for certain is the last revision of a response that was handed on whole. Neither the revision in the answer to
 * the creation of a watch nor that in the header of events says that everything before it was sent; so neither is believed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../openapi/machinery/log.ts';
import { underSignals } from '../../openapi/machinery/signal.ts';
import { closed, compacted, StorageError } from '../errors.ts';
import type { WatchBatch, WatchEvent } from '../kv.ts';
import { prefixEnd } from '../kv.ts';
import { keyOf, revisionOf } from '../watch-hub.ts';
import type { Clients, IWatchCreateRequest, IWatchResponse, WatchStream } from './clients.ts';

/** What a watch asks of the store that it belongs to. */
export interface WatchSurroundings {
  readonly clients: Clients;
  /** The keys that are watched, of which each watch hands on those below its prefix. */
  readonly prefix: string;
  readonly life: AbortSignal;
  readonly log: Log;
  /** @throws StorageError Compacted when the state at this revision is gone; Unavailable */
  assertReadable(revision: number): Promise<void>;
  currentRevision(): Promise<number>;
  /** A watch has begun on this etcd. */
  met(memberId: string): void;
}

/** How long an etcd may take to answer that the watch is created. */
const createTimeoutMs = 5_000;
const firstPauseMs = 50;
const longestPauseMs = 2_000;

export class EtcdWatch {
  readonly #around: WatchSurroundings;
  readonly #prefix: string;
  readonly #signal: AbortSignal;
  /** The first revision that has not been handed on. */
  #next: number;
  /** The newest revision that etcd is known to have had. */
  #seen = 0;
  #endpoint = 0;
  #stream: WatchStream | undefined;
  #memberId = '';
  #clusterId = '';

  constructor(around: WatchSurroundings, prefix: string, from: number, signal: AbortSignal) {
    this.#around = around;
    this.#prefix = prefix;
    this.#next = from;
    this.#signal = signal;
  }

  /** Everything up to this revision has been handed on. */
  get reached(): number {
    return this.#next - 1;
  }

  /** The etcd that the watch is on at present. */
  get memberId(): string {
    return this.#memberId;
  }

  /** Asks etcd to tell how far this watch has come. Only for versions that know: progress.ts. */
  askProgress(): void {
    this.#stream?.write({ progress_request: {} });
  }

  async *batches(): AsyncGenerator<WatchBatch, void, undefined> {
    const { life, log } = this.#around;
    if (life.aborted) throw closed();
    const stop = (): void => this.#stream?.cancel();
    this.#signal.addEventListener('abort', stop, { once: true });
    life.addEventListener('abort', stop, { once: true });
    try {
      for (let failures = 0; !this.#ended; ) {
        try {
          for await (const batch of this.#follow()) {
            if (failures) log.info('the watch on etcd goes on', { revision: this.#next });
            failures = 0;
            if (this.#ended) return;
            yield batch;
          }
        } catch (error) {
          if (this.#ended) return;
          if (error instanceof StorageError && isFinal(error)) throw error;
          if (!failures++)
            log.warn('the watch on etcd was interrupted', { revision: this.#next, reason: String(error) });
        }
        this.#endpoint++;
        await this.#pause(failures);
      }
    } finally {
      this.#signal.removeEventListener('abort', stop);
      life.removeEventListener('abort', stop);
    }
  }

  get #ended(): boolean {
    return this.#signal.aborted || this.#around.life.aborted;
  }

  /** One stream, until it breaks. */
  async *#follow(): AsyncGenerator<WatchBatch, void, undefined> {
    const stream = await this.#around.clients.watchStream(this.#endpoint);
    const timer = setTimeout(() => stream.cancel(), createTimeoutMs);
    this.#stream = stream;
    try {
      if (this.#ended) return;
      stream.write({ create_request: this.#creation() });
      let behind = false;
      let events: WatchEvent[] = [];
      for await (const response of stream as unknown as AsyncIterable<IWatchResponse>) {
        if (response.canceled) throw this.#cancellation(response);
        const revision = Number(response.header.revision);
        this.#seen = Math.max(this.#seen, revision);
        if (response.created) {
          clearTimeout(timer);
          behind = revision >= this.#next;
          await this.#assertContinues(revision, response.header.cluster_id);
          this.#memberId = response.header.member_id;
          this.#around.met(this.#memberId);
          continue;
        }
        for (const event of response.events) events.push(eventOf(event, response.events.length > manyEvents));
        // A large revision comes in pieces, and is handed on whole.
        if (response.fragment || (events.length && !response.events.length)) continue;
        if (behind) {
          // What etcd read for us may have been compacted under its hands: if it is still readable now, it was then.
          await this.#around.assertReadable(this.#next - 1);
          behind = false;
        }
        const last = events.at(-1);
        const reached = last ? revisionOf(last) : revision;
        const ours = events.filter((event) => keyOf(event).startsWith(this.#prefix));
        events = [];
        if (reached < this.#next) continue;
        const batch = { events: ours, revision: reached };
        this.#next = reached + 1;
        yield batch;
      }
      throw new Error('etcd ended the stream');
    } finally {
      clearTimeout(timer);
      this.#stream = undefined;
      stream.cancel();
    }
  }

  #creation(): IWatchCreateRequest {
    const { prefix } = this.#around;
    return {
      key: Buffer.from(prefix),
      range_end: Buffer.from(prefixEnd(prefix)),
      start_revision: String(this.#next),
      progress_notify: true,
      fragment: true,
    };
  }

  /** @param revision the newest of the etcd that has just created the watch */
  async #assertContinues(revision: number, clusterId: string): Promise<void> {
    if (this.#clusterId && clusterId !== this.#clusterId)
      throw new StorageError('Unreadable', `the watch met another etcd: cluster ${clusterId}, not ${this.#clusterId}`);
    this.#clusterId = clusterId;
    // etcd itself lets a watch begin at the compacted revision, where deletions may be missing.
    if (revision >= this.#next) await this.#around.assertReadable(this.#next - 1);
    if (revision >= this.reached || this.#seen <= revision) return;
    // A follower may be late. The whole of etcd may not: then it was restored from a backup.
    const newest = await this.#around.currentRevision();
    if (newest < this.#seen)
      throw new StorageError(
        'Unreadable',
        `etcd went back from revision ${this.#seen} to ${newest}: it was wiped, or restored from a backup`,
      );
  }

  #cancellation({ compact_revision, cancel_reason }: IWatchResponse): Error {
    const oldest = Number(compact_revision);
    if (oldest > 0) return compacted(this.#next, oldest);
    return new Error(`etcd ended the watch: ${cancel_reason || 'it gave no reason'}`);
  }

  async #pause(failures: number): Promise<void> {
    const pauseMs = Math.min(firstPauseMs * 2 ** (failures - 1), longestPauseMs) * (0.5 + Math.random());
    try {
      await underSignals([this.#signal, this.#around.life], (either) => sleep(pauseMs, undefined, { signal: either }));
    } catch {
      // Woken: the watch has ended.
    }
  }
}

/** Errors that another connection does not mend. */
const isFinal = ({ code }: StorageError): boolean => code === 'Compacted' || code === 'Unreadable';

/** @param copied lest one value that stays in a cache keep all of a large answer in memory */
function eventOf({ type, kv }: IWatchResponse['events'][number], copied: boolean): WatchEvent {
  const key = kv.key.toString();
  const revision = Number(kv.mod_revision);
  if (type === 'Delete') return { type: 'delete', key, revision };
  const value = copied ? Buffer.from(kv.value) : kv.value;
  return { type: 'put', entry: { key, value, revision, createRevision: Number(kv.create_revision) } };
}

const manyEvents = 16;
