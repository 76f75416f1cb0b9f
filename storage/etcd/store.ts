/**
 * The storage contract kept by etcd, 3.4 or newer.
 *
 * Reads and writes take the short way (transport.ts); watches, status and alarms go through the etcd3 package (clients.ts). Only
 * keys of one keyspace are touched or watched, so that an etcd may be shared; compaction alone concerns the whole of it.
 */
import type { Log } from '../../openapi/machinery/log.ts';
import { silentLog } from '../../openapi/machinery/log.ts';
import { orAborted } from '../../openapi/machinery/signal.ts';
import { closed, compacted, isStorageError, StorageError } from '../errors.ts';
import type { Keyspace } from '../keys.ts';
import type {
  KeyValueStore,
  RangeRequest,
  RangeResult,
  StoreStatus,
  TxnRequest,
  TxnResult,
  WatchBatch,
} from '../kv.ts';
import { prefixEnd } from '../kv.ts';
import { checkRevision, checkTxn } from '../requests.ts';
import { Clients } from './clients.ts';
import { inOurWords, revisionError } from './errors.ts';
import type { RangeAnswer, RangeQuestion } from './messages.ts';
import { decodeRange, decodeTxn, encodeCompaction, encodeRange, encodeTxn } from './messages.ts';
import { Progress } from './progress.ts';
import type { TlsOptions } from './tls.ts';
import { Transport } from './transport.ts';
import { EtcdWatch } from './watch.ts';

export interface EtcdOptions extends TlsOptions {
  /** `https://host:2379`, one or several; each is asked when those before it do not answer. */
  readonly endpoints: readonly string[];
  readonly keyspace: Keyspace;
  /** Default: 10 seconds, a little more than etcd allows itself. */
  readonly requestTimeoutMs?: number;
  /** Is told of watches that were interrupted. */
  readonly log?: Log;
}

export class EtcdStore implements KeyValueStore {
  readonly #keyspace: Keyspace;
  readonly #timeoutMs: number;
  readonly #log: Log;
  readonly #transport: Transport;
  readonly #clients: Clients;
  readonly #progress: Progress;
  readonly #life = new AbortController();
  #newestSeen = 0;

  /** Connects when it is first asked for something. */
  constructor({ endpoints, keyspace, requestTimeoutMs = 10_000, log = silentLog, ...tls }: EtcdOptions) {
    if (!endpoints.length) throw new TypeError('no endpoint of etcd is given');
    this.#keyspace = keyspace;
    this.#timeoutMs = requestTimeoutMs;
    this.#log = log;
    this.#transport = new Transport({ endpoints, tls, requestTimeoutMs });
    this.#clients = new Clients(endpoints, tls);
    this.#progress = new Progress({
      newestSeen: () => this.#newestSeen,
      writeMark: () => {
        const mark = { put: keyspace.ownKey('progress'), value: Buffer.alloc(0) };
        return this.txn({ when: [], perform: [mark] }, this.#life.signal);
      },
      versions: () => this.#versions(),
    });
  }

  async range(request: RangeRequest, signal: AbortSignal): Promise<RangeResult> {
    const { revision } = request;
    this.#check(signal);
    if (revision !== undefined) checkRevision(revision);
    this.#checkKey(request.start);
    if (request.end !== undefined && request.end !== prefixEnd(this.#keyspace.prefix)) this.#checkKey(request.end);
    return this.#read(request, signal);
  }

  async txn(request: TxnRequest, signal: AbortSignal): Promise<TxnResult> {
    this.#check(signal);
    checkTxn(request);
    for (const key of keysOf(request)) this.#checkKey(key);
    const bytes = await this.#write(encodeTxn(request), signal);
    const { succeeded, revision, ranges } = decodeTxn(bytes);
    this.#saw(revision);
    return { succeeded, revision, current: succeeded ? [] : ranges.map(({ entries }) => entries[0]) };
  }

  async *watch(prefix: string, from: number, signal: AbortSignal): AsyncGenerator<WatchBatch, void, undefined> {
    this.#checkKey(prefix);
    checkRevision(from);
    const watch = new EtcdWatch(
      {
        clients: this.#clients,
        prefix: this.#keyspace.prefix,
        life: this.#life.signal,
        log: this.#log,
        assertReadable: (revision) => this.#assertReadable(revision),
        currentRevision: () => this.currentRevision(this.#life.signal),
        met: (memberId) => this.#progress.meet(memberId),
      },
      prefix,
      from,
      signal,
    );
    this.#progress.add(watch);
    try {
      yield* watch.batches();
    } finally {
      this.#progress.delete(watch);
    }
  }

  requestProgress(): void {
    if (!this.#life.signal.aborted) this.#progress.request();
  }

  async currentRevision(signal: AbortSignal): Promise<number> {
    const { revision } = await this.#read({ start: this.#keyspace.ownKey('progress'), countOnly: true }, signal);
    return revision;
  }

  async compact(revision: number, signal: AbortSignal): Promise<void> {
    this.#check(signal);
    try {
      await this.#transport.call('/etcdserverpb.KV/Compact', encodeCompaction(revision), { repeatable: true, signal });
    } catch (error) {
      const wrong = await revisionError(error, revision, () => this.currentRevision(signal));
      if (wrong?.code === 'Compacted') return; // By somebody else, or by a try of ours whose answer was lost.
      throw wrong ?? this.#explained(error, { name: 'compacting', write: false });
    }
  }

  async status(signal: AbortSignal): Promise<StoreStatus> {
    this.#check(signal);
    try {
      return await orAborted(this.#status(), signal);
    } catch (error) {
      this.#check(signal);
      const cause = error as Error;
      throw new StorageError('Unavailable', `asking etcd for its status failed: ${cause.message}`, { cause });
    }
  }

  async close(): Promise<void> {
    this.#life.abort(closed());
    this.#progress.close();
    this.#transport.close();
    this.#clients.close();
  }

  async #read(question: RangeQuestion, signal: AbortSignal): Promise<RangeAnswer> {
    this.#check(signal);
    try {
      const frame = encodeRange(question);
      const bytes = await this.#transport.call('/etcdserverpb.KV/Range', frame, { repeatable: true, signal });
      const answer = decodeRange(bytes);
      this.#saw(answer.revision);
      return answer;
    } catch (error) {
      const newest = (): Promise<number> => this.currentRevision(signal);
      throw (
        (await revisionError(error, question.revision ?? 0, newest)) ??
        this.#explained(error, { name: 'reading from', write: false })
      );
    }
  }

  async #write(frame: Buffer, signal: AbortSignal): Promise<Buffer> {
    try {
      return await this.#transport.call('/etcdserverpb.KV/Txn', frame, { repeatable: false, signal });
    } catch (error) {
      throw this.#explained(error, { name: 'writing to', write: true });
    }
  }

  /** @throws StorageError Compacted, naming the revision after this one, which is where a watch would begin */
  async #assertReadable(revision: number): Promise<void> {
    if (revision < 1) return;
    try {
      await this.#read({ start: this.#keyspace.ownKey('progress'), countOnly: true, revision }, this.#life.signal);
    } catch (error) {
      throw isStorageError(error, 'Compacted') ? compacted(revision + 1) : error;
    }
  }

  /** The first endpoint that answers speaks for all. */
  async #status(): Promise<StoreStatus> {
    let failure: unknown;
    for (let endpoint = 0; endpoint < this.#clients.count; endpoint++)
      try {
        const { version, dbSize } = await this.#clients.status(endpoint, this.#timeoutMs);
        // Each member raises its own.
        const alarm = [...new Set(await this.#clients.alarms(endpoint, this.#timeoutMs))].join(', ');
        return { version: `etcd ${version}`, sizeBytes: Number(dbSize), ...(alarm && { alarm }) };
      } catch (error) {
        failure = error;
      }
    throw failure;
  }

  async #versions(): Promise<Map<string, string>> {
    const endpoints = Array.from({ length: this.#clients.count }, (_, endpoint) => endpoint);
    const asked = await Promise.allSettled(
      endpoints.map((endpoint) => this.#clients.status(endpoint, this.#timeoutMs)),
    );
    return new Map(
      asked.flatMap((answer) =>
        answer.status === 'fulfilled' ? [[answer.value.header.member_id, answer.value.version] as const] : [],
      ),
    );
  }

  #explained(error: unknown, call: { name: string; write: boolean }): unknown {
    const explained = inOurWords(error, call);
    // What broke because we closed it is no news; a write that broke so is.
    return this.#life.signal.aborted && isStorageError(explained, 'Unavailable') ? closed() : explained;
  }

  #saw(revision: number): void {
    if (revision > this.#newestSeen) this.#newestSeen = revision;
  }

  #check(signal: AbortSignal): void {
    signal.throwIfAborted();
    this.#life.signal.throwIfAborted();
  }

  #checkKey(key: string): void {
    if (!key.startsWith(this.#keyspace.prefix)) throw new TypeError(`${key} is not below ${this.#keyspace.prefix}`);
  }
}

const keysOf = ({ when, perform, otherwise = [] }: TxnRequest): string[] => [
  ...when.map(({ key }) => key),
  ...perform.map((operation) => ('put' in operation ? operation.put : operation.delete)),
  ...otherwise,
];
