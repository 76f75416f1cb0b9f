/**
 * How the embedded store lays out bytes: the log, one record for each change of a key, in the order of revisions, never
 * rewritten; the heads, which tell where a key's newest record is; and the store's state. All numbers are big-endian.
 *
 *   log key    revision 8 | place in its transaction 2
 *   log value  CRC-32 4 | create revision 8 | revision 8 and place 2 of the key's record before this one | key length 2 | key | value
 *   head       CRC-32 4 | revision 8 | place 2 | create revision 8                              (under the key itself)
 *   state      CRC-32 4 | revision 8 | compacted 8 | scrubbed 8
 *
 * A deletion is a record with create revision 0 and no value. Checksums cover the key under which bytes are found, so that a
 * misplaced record is recognised too. Nothing here knows lmdb.
 */
import { crc32 } from 'node:zlib';
import { StorageError } from '../errors.ts';

/** Where a record lies in the log. */
export interface Place {
  readonly revision: number;
  /** Counts the operations of one transaction. */
  readonly sub: number;
}

/** The place before a key's first record. */
export const nowhere: Place = { revision: 0, sub: 0 };

export interface Head extends Place {
  /** 0: the key is deleted. */
  readonly createRevision: number;
}

export interface LogRecord {
  readonly key: string;
  /** 0: the key was deleted. */
  readonly createRevision: number;
  readonly previous: Place;
  readonly value: Buffer;
}

/** Transactions hold at most so many operations, because a place has two bytes for them. */
export const mostOperations = 0xffff;

const logHeaderBytes = 24;
const headBytes = 22;

export function logKey(revision: number, sub = 0): Buffer {
  const bytes = Buffer.allocUnsafe(10);
  writeNumber(bytes, revision, 0);
  bytes.writeUInt16BE(sub, 8);
  return bytes;
}

export const placeOf = (key: Buffer): Place => ({ revision: readNumber(key, 0), sub: key.readUInt16BE(8) });

export function encodeLogRecord(
  at: Buffer,
  key: Buffer,
  createRevision: number,
  previous: Place,
  value: Buffer,
): Buffer {
  const bytes = Buffer.allocUnsafeSlow(logHeaderBytes + key.length + value.length);
  writeNumber(bytes, createRevision, 4);
  writeNumber(bytes, previous.revision, 12);
  bytes.writeUInt16BE(previous.sub, 20);
  bytes.writeUInt16BE(key.length, 22);
  bytes.set(key, logHeaderBytes);
  bytes.set(value, logHeaderBytes + key.length);
  return sealed(at, bytes);
}

/** @throws StorageError Unreadable */
export function decodeLogRecord(at: Buffer, bytes: Buffer): LogRecord {
  if (!isSealed(at, bytes, logHeaderBytes)) {
    const key = bytes.toString(
      'utf8',
      logHeaderBytes,
      logHeaderBytes + (bytes.length > 24 ? bytes.readUInt16BE(22) : 0),
    );
    throw damaged(`what ${key || 'a key'} held at revision ${placeOf(at).revision}`, key);
  }
  const keyEnd = logHeaderBytes + bytes.readUInt16BE(22);
  return {
    key: bytes.toString('utf8', logHeaderBytes, keyEnd),
    createRevision: readNumber(bytes, 4),
    previous: { revision: readNumber(bytes, 12), sub: bytes.readUInt16BE(20) },
    value: bytes.subarray(keyEnd),
  };
}

export function encodeHead(key: Buffer, { revision, sub, createRevision }: Head): Buffer {
  const bytes = Buffer.allocUnsafe(headBytes);
  writeNumber(bytes, revision, 4);
  bytes.writeUInt16BE(sub, 12);
  writeNumber(bytes, createRevision, 14);
  return sealed(key, bytes);
}

/** @throws StorageError Unreadable */
export function decodeHead(key: Buffer, bytes: Buffer): Head {
  if (!isSealed(key, bytes, headBytes)) throw damaged(`the entry of ${key} in the index`, key.toString());
  return { revision: readNumber(bytes, 4), sub: bytes.readUInt16BE(12), createRevision: readNumber(bytes, 14) };
}

export interface State {
  /** The newest revision. */
  revision: number;
  /** What lay before this revision has been forgotten; 0: nothing has. */
  compacted: number;
  /** How far the log has been cleaned of what was forgotten. */
  scrubbed: number;
}

const stateName = Buffer.from('state');

export function encodeState({ revision, compacted, scrubbed }: State): Buffer {
  const bytes = Buffer.allocUnsafe(28);
  for (const [i, number] of [revision, compacted, scrubbed].entries()) writeNumber(bytes, number, 4 + 8 * i);
  return sealed(stateName, bytes);
}

/** @throws StorageError Unreadable */
export function decodeState(bytes: Buffer): State {
  if (!isSealed(stateName, bytes, 28)) throw damaged('its state');
  return { revision: readNumber(bytes, 4), compacted: readNumber(bytes, 12), scrubbed: readNumber(bytes, 20) };
}

export const damaged = (what: string, key?: string): StorageError =>
  new StorageError('Unreadable', `the embedded store is damaged: ${what} cannot be read, its checksum does not match`, {
    ...(key && { key }),
  });

function sealed(at: Buffer, bytes: Buffer): Buffer {
  bytes.writeUInt32BE(crc32(bytes.subarray(4), crc32(at)), 0);
  return bytes;
}

const isSealed = (at: Buffer, bytes: Buffer, least: number): boolean =>
  bytes.length >= least && bytes.readUInt32BE(0) === crc32(bytes.subarray(4), crc32(at));

/** A number below 2^53 in eight bytes: BigInt would do the same, slower. */
function writeNumber(bytes: Buffer, number: number, at: number): void {
  bytes.writeUInt32BE(Math.floor(number / 0x1_0000_0000), at);
  bytes.writeUInt32BE(number >>> 0, at + 4);
}

const readNumber = (bytes: Buffer, at: number): number =>
  bytes.readUInt32BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4);
