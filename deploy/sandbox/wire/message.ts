/**
 * Protobuf messages, read by tables: bytes to the JSON that Kubernetes would make of them.
 *
 * Kubernetes' Go code writes every field that is no pointer, empty or not, and leaves empty ones out of JSON. So a type here says
 * whether an empty value means anything (`given`) or not. Unknown fields are passed over, as newer clients may send them.
 */
import { DecodeError } from '../../../apiserver/codec/json.ts';
import { setOwn } from '../../../openapi/machinery/json.ts';

const [varint, fixed64, delimited, fixed32] = [0, 1, 2, 5];

/** How a field's value is read. */
export interface FieldType {
  readonly wire: number;
  /** @returns undefined for a value that says nothing */
  read(value: bigint | Buffer): unknown;
  /** Puts a further value beside those that were read before; absent: the last one counts. */
  readonly add?: (before: unknown, value: unknown) => unknown;
}

/** Fields by their numbers. */
type Fields = ReadonlyMap<number, { readonly name: string; readonly type: FieldType }>;

export type Description = Readonly<Record<string, readonly [number: number, type: FieldType]>>;

interface Field {
  readonly number: number;
  readonly wire: number;
  readonly value: bigint | Buffer;
}

/** @throws DecodeError when the bytes are no message */
export function* fieldsOf(bytes: Buffer): Generator<Field, void, undefined> {
  let at = 0;
  const truncated = (): DecodeError => new DecodeError('unexpected EOF');
  const readVarint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at];
      if (byte === undefined) throw truncated();
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new DecodeError('proto: integer overflow');
  };
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw truncated();
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = Number(readVarint());
    const [number, wire] = [tag >>> 3, tag & 7];
    if (wire === varint) yield { number, wire, value: readVarint() };
    else if (wire === delimited) yield { number, wire, value: take(Number(readVarint())) };
    else if (wire === fixed64) yield { number, wire, value: take(8) };
    else if (wire === fixed32) yield { number, wire, value: take(4) };
    else throw new DecodeError(`proto: illegal wireType ${wire}`);
  }
}

function readMessage(fields: Fields, bytes: Buffer): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const { number, wire, value } of fieldsOf(bytes)) {
    const field = fields.get(number);
    if (!field) continue;
    if (field.type.wire !== wire) throw new DecodeError(`proto: wrong wireType = ${wire} for field ${field.name}`);
    const read = field.type.read(value);
    if (read === undefined) continue;
    object[field.name] = field.type.add ? field.type.add(object[field.name], read) : read;
  }
  return object;
}

/** A message; its fields are described once it is first read, so that descriptions may stand in any order. */
export function message(describe: () => Description): FieldType {
  let fields: Fields | undefined;
  const known = (): Fields => {
    fields ??= new Map(Object.entries(describe()).map(([name, [number, type]]) => [number, { name, type }]));
    return fields;
  };
  return { wire: delimited, read: (value) => readMessage(known(), value as Buffer) };
}

export const text: FieldType = { wire: delimited, read: (value) => value.toString() || undefined };
export const integer: FieldType = { wire: varint, read: (value) => signed(value as bigint) || undefined };
export const flag: FieldType = { wire: varint, read: (value) => value !== 0n || undefined };
/** Bytes are base64 in JSON. */
export const bytes: FieldType = { wire: delimited, read: (value) => (value as Buffer).toString('base64') };

const signed = (value: bigint): number => Number(BigInt.asIntN(64, value));

/** A pointer in Go: an empty value was meant. */
export function given(type: FieldType): FieldType {
  const empty = type.wire === delimited ? '' : type === flag ? false : 0;
  return { ...type, read: (value) => type.read(value) ?? empty };
}

/** Values one by one, the empty ones among them. */
export const listOf = (type: FieldType): FieldType => {
  const item = type === text ? given(text) : type;
  return {
    wire: type.wire,
    read: item.read,
    add: (before, value) => [...((before as unknown[]) ?? []), value],
  };
};

/** Entries of a map are messages with a key and a value. */
export const mapOf = (type: FieldType): FieldType => {
  const entry = message(() => ({ key: [1, given(text)], value: [2, given(type)] }));
  return {
    wire: delimited,
    read: entry.read,
    add: (before, value) => {
      const map = { ...(before as Record<string, unknown>) };
      const { key = '', value: held = '' } = value as { key?: string; value?: unknown };
      setOwn(map, key, held);
      return map;
    },
  };
};
