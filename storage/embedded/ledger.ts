/**
 * The log and the heads, read and written as keys and values at revisions. Everything here happens at once, within one turn of
 * the event loop: whoever calls decides in which transaction, and how much to ask for at a time.
 *
 * A key at a past revision is found by walking from its head from record to previous record.
 */
import { compacted, isStorageError, StorageError } from '../errors.ts';
import type { Entry, Operation, TxnRequest, TxnResult, WatchBatch, WatchEvent } from '../kv.ts';
import { unreadableEntry } from '../kv.ts';
import { revisionOf } from '../watch-hub.ts';
import type { Environment } from './environment.ts';
import type { Head, LogRecord, Place, State } from './records.ts';
import {
  decodeHead,
  decodeLogRecord,
  decodeState,
  encodeHead,
  encodeLogRecord,
  encodeState,
  logKey,
  mostOperations,
  nowhere,
  placeOf,
} from './records.ts';

/** The state that a transaction is making, and what watches will be told of it. */
export interface Draft extends State {
  readonly events: WatchEvent[];
}

/** How far the reading of a range has come. */
export interface Scan {
  /** The first key that has not been looked at. */
  next: Buffer;
  readonly end: Buffer;
  readonly revision: number;
  readonly limit: number;
  readonly keysOnly: boolean;
  /** Is it enough to know that something follows? */
  readonly uncounted: boolean;
  /** Are entries that cannot be read told among the others? */
  readonly tolerant: boolean;
  readonly entries: Entry[];
  count: number;
}

const stateKey = Buffer.from('state');

/** How much is read in one turn: about two milliseconds' worth. */
const headsAtOnce = 1000;
const recordsAtOnce = 500;
const bytesAtOnce = 1024 * 1024;

export class Ledger {
  readonly #environment: Environment;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** @throws StorageError Unreadable */
  state(): State | undefined {
    const bytes = this.#environment.meta.getBinary(stateKey);
    return bytes && decodeState(bytes);
  }

  saveState(state: State): void {
    this.#environment.meta.putSync(stateKey, encodeState(state));
  }

  /**
   * What a key held at a revision that has happened and is not compacted.
   *
   * @param floor the compacted revision
   * @throws StorageError Unreadable
   */
  entryAt(key: string, revision: number, floor: number, keysOnly = false, tolerant = false): Entry | undefined {
    const bytes = keyBytes(key);
    // What could not be written is not there; lmdb itself would throw.
    if (bytes.length > this.#environment.mostKeyBytes) return undefined;
    const head = this.#head(bytes);
    return head && this.#entryFrom(head, bytes, key, revision, floor, keysOnly, tolerant);
  }

  /**
   * Where a range begins or ends, as a key that lmdb can look for.
   *
   * No key is as long as one that is too long, so the next place after its beginning has the same keys on either side.
   */
  bound(key: string): Buffer {
    const most = this.#environment.mostKeyBytes;
    const bytes = keyBytes(key);
    if (bytes.length <= most) return bytes;
    const beginning = Buffer.from(bytes.subarray(0, most));
    // UTF-8 has no byte 255, so that there is always a next one.
    beginning[most - 1]! += 1;
    return beginning;
  }

  /**
   * Reads on, for about one turn.
   *
   * @returns is there more to read?
   * @throws StorageError Unreadable
   */
  scan(scan: Scan, floor: number): boolean {
    let heads = 0;
    let bytes = 0;
    for (const { key, value } of this.#environment.heads.getRange({ start: scan.next, end: scan.end })) {
      if (heads++ === headsAtOnce || bytes > bytesAtOnce) {
        scan.next = key;
        return true;
      }
      const head = decodeHead(key, value);
      const wanted = scan.limit === 0 || scan.entries.length < scan.limit;
      if (head.revision <= scan.revision && !wanted) {
        if (head.createRevision) scan.count++;
        if (scan.uncounted && head.createRevision) return false;
        continue;
      }
      const keysOnly = scan.keysOnly || !wanted;
      const entry = this.#entryFrom(head, key, key.toString(), scan.revision, floor, keysOnly, scan.tolerant);
      if (!entry) continue;
      scan.count++;
      if (!wanted && scan.uncounted) return false;
      if (!wanted) continue;
      scan.entries.push(entry);
      bytes += entry.value.length;
    }
    return false;
  }

  /**
   * The events from revision `from` on, whole revisions, for about one turn.
   *
   * @throws StorageError Compacted, Unreadable
   */
  history(prefix: string, from: number, { revision: newest, compacted: floor }: State): WatchBatch {
    if (from <= floor) throw compacted(from, floor);
    const events: WatchEvent[] = [];
    let records = 0;
    let bytes = 0;
    let reached = from - 1;
    for (const { key: at, value } of this.#environment.log.getRange({ start: logKey(from), end: logKey(newest + 1) })) {
      const { revision } = placeOf(at);
      if (revision !== reached && (records >= recordsAtOnce || bytes > bytesAtOnce))
        return { events, revision: reached };
      reached = revision;
      records++;
      bytes += value.length;
      const record = decodeLogRecord(at, value);
      if (record.key.startsWith(prefix)) events.push(eventOf(record, revision));
    }
    return { events, revision: newest };
  }

  /** Compares and, if all holds, writes: inside a transaction, on top of what `draft` has seen already. */
  apply(request: TxnRequest, draft: Draft): TxnResult {
    const { when, perform, otherwise = [] } = request;
    if (!when.every(({ key, revision }) => this.#presentRevision(keyBytes(key)) === revision)) {
      const current = otherwise.map((key) => this.entryAt(key, draft.revision, draft.compacted));
      return { succeeded: false, revision: draft.revision, current };
    }
    const revision = draft.revision + 1;
    for (const [sub, operation] of perform.entries()) {
      const event = this.#change(operation, { revision, sub });
      if (event) draft.events.push(event);
    }
    const last = draft.events.at(-1);
    if (last && revisionOf(last) === revision) draft.revision = revision;
    return { succeeded: true, revision: draft.revision, current: [] };
  }

  /**
   * Cleans the log of some of what has been forgotten: every record with a successor that is not newer than the compacted
   * revision, and deletions. Doing it again does no harm.
   *
   * @returns is there more to clean?
   */
  scrub(draft: Draft): boolean {
    const { log, heads } = this.#environment;
    let records = 0;
    const doomed: Place[] = [];
    const forgotten: Buffer[] = [];
    let more = false;
    const range = { start: logKey(draft.scrubbed + 1), end: logKey(draft.compacted + 1) };
    for (const { key: at, value } of log.getRange(range)) {
      const place = placeOf(at);
      if (records >= recordsAtOnce && place.revision > draft.scrubbed) {
        more = true;
        break;
      }
      records++;
      draft.scrubbed = place.revision;
      const record = readable(at, value);
      // Of what is damaged nobody knows what was before it. It goes itself when its successor is met.
      if (!record) continue;
      if (record.previous.revision) doomed.push(record.previous);
      if (record.createRevision) continue;
      doomed.push(place);
      const key = keyBytes(record.key);
      const head = this.#head(key);
      if (head && isSame(head, place)) forgotten.push(key);
    }
    for (const { revision, sub } of doomed) log.removeSync(logKey(revision, sub));
    for (const key of forgotten) heads.removeSync(key);
    if (!more) draft.scrubbed = draft.compacted;
    return more;
  }

  /** Reads everything once. @throws StorageError Unreadable, naming the first thing that cannot be read */
  verify({ revision }: State): void {
    for (const { key: at, value } of this.#environment.log.getRange({ start: logKey(0), end: logKey(revision + 1) }))
      decodeLogRecord(at, value);
    for (const { key, value } of this.#environment.heads.getRange({ start: Buffer.from([0]) })) {
      const head = decodeHead(key, value);
      this.#record(head, key.toString());
    }
  }

  #head(key: Buffer): Head | undefined {
    const bytes = this.#environment.heads.getBinary(key);
    return bytes && decodeHead(key, bytes);
  }

  #presentRevision(key: Buffer): number {
    const head = this.#head(key);
    return head?.createRevision ? head.revision : 0;
  }

  #record(place: Place, key: string): LogRecord {
    const at = logKey(place.revision, place.sub);
    const bytes = this.#environment.log.getBinary(at);
    const record = bytes && decodeLogRecord(at, bytes);
    if (record?.key !== key)
      throw new StorageError(
        'Unreadable',
        `the embedded store is damaged: what ${key} held at revision ${place.revision} is missing`,
        { key, revision: place.revision },
      );
    return record;
  }

  #entryFrom(
    head: Head,
    bytes: Buffer,
    key: string,
    revision: number,
    floor: number,
    keysOnly: boolean,
    tolerant: boolean,
  ): Entry | undefined {
    try {
      return this.#readFrom(head, bytes, key, revision, floor, keysOnly);
    } catch (error) {
      // The head alone tells of the newest record, and only of that.
      if (!tolerant || head.revision > revision || !isStorageError(error, 'Unreadable')) throw error;
      return unreadableEntry({ key, revision: head.revision, createRevision: head.createRevision }, error);
    }
  }

  #readFrom(
    head: Head,
    bytes: Buffer,
    key: string,
    revision: number,
    floor: number,
    keysOnly: boolean,
  ): Entry | undefined {
    if (head.revision <= revision && (keysOnly || !head.createRevision))
      return head.createRevision
        ? { key, value: noValue, revision: head.revision, createRevision: head.createRevision }
        : undefined;
    let place: Place = head;
    while (place.revision > revision) {
      const { createRevision, previous } = this.#record(place, key);
      // Before it was created there was nothing, or a deletion that may be forgotten by now.
      if (!previous.revision || (createRevision === place.revision && previous.revision <= floor)) return undefined;
      place = previous;
    }
    const { createRevision, value } = this.#record(place, key);
    if (!createRevision) return undefined;
    if (place === head && head.createRevision !== createRevision)
      throw new StorageError('Unreadable', `the embedded store is damaged: index and log disagree about ${bytes}`, {
        key,
      });
    return { key, value: keysOnly ? noValue : value, revision: place.revision, createRevision };
  }

  #change(operation: Operation, place: Place): WatchEvent | undefined {
    const { log, heads } = this.#environment;
    const { revision, sub } = place;
    const key = 'put' in operation ? operation.put : operation.delete;
    const bytes = keyBytes(key);
    const old = this.#head(bytes);
    if ('delete' in operation && !old?.createRevision) return undefined;
    const value = 'put' in operation ? operation.value : noValue;
    const createRevision = 'put' in operation ? old?.createRevision || revision : 0;
    const at = logKey(revision, sub);
    // Appending fills pages to the brim, where inserting splits them in halves.
    const appended = log.putSync(at, encodeLogRecord(at, bytes, createRevision, old ?? nowhere, value), {
      append: true,
    });
    if (!appended) throw new Error(`the log holds a record of revision ${revision} already`);
    heads.putSync(bytes, encodeHead(bytes, { revision, sub, createRevision }));
    return createRevision
      ? { type: 'put', entry: { key, value, revision, createRevision } }
      : { type: 'delete', key, revision };
  }

  /** @throws StorageError TooLarge */
  checkSize({ when, perform, otherwise = [] }: TxnRequest): void {
    if (perform.length > mostOperations)
      throw new StorageError('TooLarge', `a transaction of ${perform.length} operations is too large`);
    const most = this.#environment.mostKeyBytes;
    const changed = perform.map((operation) => ('put' in operation ? operation.put : operation.delete));
    for (const key of [...when.map((compare) => compare.key), ...changed, ...otherwise])
      if (Buffer.byteLength(key) > most)
        throw new StorageError('TooLarge', `a key is longer than ${most} bytes: ${key}`, { key });
  }
}

const noValue = Buffer.alloc(0);
const keyBytes = (key: string): Buffer => Buffer.from(key, 'utf8');
const isSame = (a: Place, b: Place): boolean => a.revision === b.revision && a.sub === b.sub;

/** @returns undefined when the record is damaged */
function readable(at: Buffer, bytes: Buffer): LogRecord | undefined {
  try {
    return decodeLogRecord(at, bytes);
  } catch (error) {
    if (isStorageError(error, 'Unreadable')) return undefined;
    throw error;
  }
}

function eventOf({ key, createRevision, value }: LogRecord, revision: number): WatchEvent {
  return createRevision
    ? { type: 'put', entry: { key, value, revision, createRevision } }
    : { type: 'delete', key, revision };
}
