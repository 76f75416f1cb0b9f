/**
 * The storage contract: bytes under keys, and one revision that every transaction in the keyspace advances.
 *
 * This is etcd's model, reduced to what an API server needs. Nothing here knows kinds, JSON or HTTP. Clients of the API meet a
 * revision as resourceVersion. etcd/, embedded/ and memory.ts keep this contract, and one suite (test/contract/kv.ts) judges them.
 *
 * Keys are compared as strings of UTF-8 bytes. A revision is a positive integer below 2^53.
 * Every call may throw a StorageError (errors.ts); every call that waits ends with the signal's reason when the signal aborts.
 */

import type { StorageError } from './errors.ts';

/** What a key held at some revision. */
export interface Entry {
  readonly key: string;
  /** Not to be written to: it may be shared with a cache or point into a memory map's copy. */
  readonly value: Buffer;
  /** The revision that wrote this value. */
  readonly revision: number;
  /** The revision that created the key; a key that was deleted and put again has a new one. */
  readonly createRevision: number;
  /**
   * Why the value, which is empty here, cannot be read: it is damaged, or encrypted with a key that we do not have. Only whoever asks
   * for such entries meets them: a tolerant range, and every watch.
   */
  readonly unreadable?: StorageError;
  /** It is stored in a way in which it would not be written now, such as with an older key: worth writing again, unchanged. */
  readonly stale?: true;
}

export interface RangeRequest {
  /** First key of the range. */
  readonly start: string;
  /** The key that ends the range, itself outside; absent: only `start`. */
  readonly end?: string;
  /** At most so many entries; absent or 0: all. */
  readonly limit?: number;
  /** Read as of this revision; absent: the newest, linearizable. */
  readonly revision?: number;
  /** Leave the values out (they are empty buffers). */
  readonly keysOnly?: boolean;
  /** How many keys follow is of no interest, only whether any do: then reading all pages of a range takes no longer than the range. */
  readonly uncounted?: boolean;
  /** Entries whose values cannot be read are among the others, marked so; else one of them fails the whole range. */
  readonly tolerant?: boolean;
}

export interface RangeResult {
  /** In the order of their keys. */
  readonly entries: readonly Entry[];
  /** Were there more than `limit`? */
  readonly more: boolean;
  /** How many keys the whole range holds, whatever the limit; with `uncounted` it may be less, but above those returned if more follow. */
  readonly count: number;
  /** The newest revision of the store when it answered; not the revision that was read at. */
  readonly revision: number;
}

/** Holds when `key` was last written at `revision`; 0 asks that the key be absent. */
export interface Compare {
  readonly key: string;
  readonly revision: number;
}

export type Operation =
  | { readonly put: string; readonly value: Buffer }
  /** Deleting an absent key is no error and makes no event. */
  | { readonly delete: string };

export interface TxnRequest {
  /** All must hold. */
  readonly when: readonly Compare[];
  /** Carried out together, under one revision; a key may appear once. */
  readonly perform: readonly Operation[];
  /** Keys to read, in the same transaction, when a comparison fails. */
  readonly otherwise?: readonly string[];
}

export interface TxnResult {
  readonly succeeded: boolean;
  /** Of this transaction when it succeeded and changed anything; else the newest of the store. */
  readonly revision: number;
  /** What `otherwise` asked for, in its order; empty when the transaction succeeded. */
  readonly current: readonly (Entry | undefined)[];
}

export type WatchEvent =
  | { readonly type: 'put'; readonly entry: Entry }
  | { readonly type: 'delete'; readonly key: string; readonly revision: number };

/** Events in the order of their revisions. The events of one revision are never spread over two batches. */
export interface WatchBatch {
  /** May be empty: then the batch only tells how far the watch has come. */
  readonly events: readonly WatchEvent[];
  /** Every event of the prefix up to and including this revision has been delivered with this batch. */
  readonly revision: number;
}

export interface StoreStatus {
  /** `etcd 3.5.13`, `embedded 1`. */
  readonly version: string;
  /** Bytes on disk. */
  readonly sizeBytes: number;
  /** Present when the store refuses writes, saying why (`NOSPACE`). */
  readonly alarm?: string;
}

export interface KeyValueStore {
  /** @throws StorageError Compacted, FutureRevision; Unreadable, naming the key */
  range(request: RangeRequest, signal: AbortSignal): Promise<RangeResult>;

  /**
   * Compares and, if all holds, writes: durably, before the promise resolves.
   *
   * @throws StorageError OutcomeUnknown when the request may or may not have been carried out; it is never repeated
   */
  txn(request: TxnRequest, signal: AbortSignal): Promise<TxnResult>;

  /**
   * All changes to keys that begin with `prefix`, from revision `from` on, without a gap and without repetition, however
   * often the connection has to be made anew. Ends when the signal aborts, by returning. An entry whose value cannot be read is told
   * as such, so that it keeps nobody from what comes after it.
   *
   * @throws StorageError Compacted when history from `from` on is gone: read everything again
   */
  watch(prefix: string, from: number, signal: AbortSignal): AsyncIterable<WatchBatch>;

  /** Asks that running watches soon deliver a batch, be it empty, that tells the newest revision. */
  requestProgress(): void;

  /** The newest revision, linearizable: at least that of every transaction that was answered before the call. */
  currentRevision(signal: AbortSignal): Promise<number>;

  /** Forgets what keys held before `revision`; their state at `revision` and later stays readable. */
  compact(revision: number, signal: AbortSignal): Promise<void>;

  status(signal: AbortSignal): Promise<StoreStatus>;

  /** Ends every watch and call, then lets go of files and connections. */
  close(): Promise<void>;
}

/** The key after every key that begins with `prefix` (whose last character is below U+D7FF, as all of ours are). */
export const prefixEnd = (prefix: string): string =>
  prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);

/** The first key after `key`. */
export const keyAfter = (key: string): string => `${key}\u0000`;

/** An entry of which only key and revisions can be told. */
export const unreadableEntry = ({ key, revision, createRevision }: Omit<Entry, 'value'>, why: StorageError): Entry => ({
  key,
  value: noValue,
  revision,
  createRevision,
  unreadable: why,
});

const noValue = Buffer.alloc(0);
