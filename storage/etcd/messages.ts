/**
 * The few messages of etcd's KV service that we send and read, as bytes in gRPC frames.
 *
 * The text below is the part of etcd's rpc.proto and kv.proto (API version 3) that we use; fields that are not in it are passed
 * over when read. Watches and maintenance go through the etcd3 package, which brings its own.
 */
import protobuf from 'protobufjs';
import type { Entry, Operation, TxnRequest } from '../kv.ts';

const { root } = protobuf.parse(
  `syntax = "proto3";
  message ResponseHeader { int64 revision = 3; }
  message KeyValue { bytes key = 1; int64 create_revision = 2; int64 mod_revision = 3; bytes value = 5; }

  message RangeRequest {
    bytes key = 1; bytes range_end = 2; int64 limit = 3; int64 revision = 4; bool keys_only = 8; bool count_only = 9;
  }
  message RangeResponse { ResponseHeader header = 1; repeated KeyValue kvs = 2; bool more = 3; int64 count = 4; }

  message PutRequest { bytes key = 1; bytes value = 2; }
  message DeleteRangeRequest { bytes key = 1; }
  message RequestOp {
    oneof request { RangeRequest request_range = 1; PutRequest request_put = 2; DeleteRangeRequest request_delete_range = 3; }
  }
  message ResponseOp { oneof response { RangeResponse response_range = 1; } }
  message Compare { int32 target = 2; bytes key = 3; oneof target_union { int64 mod_revision = 6; } }
  message TxnRequest { repeated Compare compare = 1; repeated RequestOp success = 2; repeated RequestOp failure = 3; }
  message TxnResponse { ResponseHeader header = 1; bool succeeded = 2; repeated ResponseOp responses = 3; }

  message CompactionRequest { int64 revision = 1; }`,
  { keepCase: true },
);
const type = (name: string): protobuf.Type => root.lookupType(name);
const rangeRequest = type('RangeRequest');
const rangeResponse = type('RangeResponse');
const txnRequest = type('TxnRequest');
const txnResponse = type('TxnResponse');
const compactionRequest = type('CompactionRequest');

/** `Compare.CompareTarget`; the result we ask for, EQUAL, is 0. */
const comparesModRevision = 2;

export interface RangeQuestion {
  readonly start: string;
  readonly end?: string | undefined;
  readonly limit?: number | undefined;
  readonly revision?: number | undefined;
  readonly keysOnly?: boolean | undefined;
  readonly countOnly?: boolean | undefined;
}

export interface RangeAnswer {
  /** The newest one of the store. */
  readonly revision: number;
  readonly entries: readonly Entry[];
  readonly more: boolean;
  readonly count: number;
}

export interface TxnAnswer {
  readonly revision: number;
  readonly succeeded: boolean;
  /** What its reads found, in order. */
  readonly ranges: readonly RangeAnswer[];
}

export function encodeRange({ start, end, limit, revision, keysOnly, countOnly }: RangeQuestion): Buffer {
  return framed(rangeRequest, {
    key: Buffer.from(start),
    ...(end !== undefined && { range_end: Buffer.from(end) }),
    ...(limit && { limit }),
    ...(revision && { revision }),
    ...(keysOnly && { keys_only: true }),
    ...(countOnly && { count_only: true }),
  });
}

export const encodeTxn = ({ when, perform, otherwise = [] }: TxnRequest): Buffer =>
  framed(txnRequest, {
    compare: when.map(({ key, revision }) => ({
      target: comparesModRevision,
      key: Buffer.from(key),
      mod_revision: revision,
    })),
    success: perform.map(requestOf),
    failure: otherwise.map((key) => ({ request_range: { key: Buffer.from(key) } })),
  });

export const encodeCompaction = (revision: number): Buffer => framed(compactionRequest, { revision });

const requestOf = (operation: Operation): object =>
  'put' in operation
    ? { request_put: { key: Buffer.from(operation.put), value: operation.value } }
    : { request_delete_range: { key: Buffer.from(operation.delete) } };

/** A gRPC frame: not compressed, length in four bytes, message. */
function framed(of: protobuf.Type, message: object): Buffer {
  const bytes = of.encode(message).finish();
  const frame = Buffer.allocUnsafe(5 + bytes.length);
  frame[0] = 0;
  frame.writeUInt32BE(bytes.length, 1);
  frame.set(bytes, 5);
  return frame;
}

/** int64, which protobufjs gives as a Long; revisions and counts are exact as numbers. */
type Int64 = number | { toNumber(): number };

interface RangeMessage {
  readonly header: { readonly revision: Int64 };
  readonly kvs: readonly { key: Buffer; create_revision: Int64; mod_revision: Int64; value: Buffer }[];
  readonly more: boolean;
  readonly count: Int64;
}

interface TxnMessage {
  readonly header: { readonly revision: Int64 };
  readonly succeeded: boolean;
  readonly responses: readonly { readonly response_range?: RangeMessage }[];
}

/** @throws RangeError when the bytes are no such message */
export const decodeRange = (bytes: Buffer): RangeAnswer =>
  // A value that stays in a cache must not keep the whole of a long list in memory.
  rangeAnswer(rangeResponse.decode(bytes) as unknown as RangeMessage, bytes.length > longAnswer);

const longAnswer = 64 * 1024;

/** @throws RangeError when the bytes are no such message */
export function decodeTxn(bytes: Buffer): TxnAnswer {
  const { header, succeeded, responses } = txnResponse.decode(bytes) as unknown as TxnMessage;
  const ranges = responses.flatMap(({ response_range }) =>
    response_range ? [rangeAnswer(response_range, false)] : [],
  );
  return { revision: number(header.revision), succeeded, ranges };
}

const rangeAnswer = ({ header, kvs, more, count }: RangeMessage, copied: boolean): RangeAnswer => ({
  // The ranges inside a transaction have no header of their own.
  revision: header ? number(header.revision) : 0,
  entries: kvs.map(({ key, value, mod_revision, create_revision }) => ({
    key: key.toString(),
    value: copied ? Buffer.from(value) : value,
    revision: number(mod_revision),
    createRevision: number(create_revision),
  })),
  more,
  count: number(count),
});

const number = (value: Int64): number => (typeof value === 'number' ? value : value.toNumber());
