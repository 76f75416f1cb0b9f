/**
 * Bytes to JSON values: with limits, exact integers, and every key that stands twice.
 *
 * JSON.parse is the fastest parser there is, but it drops repeated keys and rounds long integers. So one pass over the bytes decides
 * whether it may be trusted; only documents that hold something unusual are read again, slowly and exactly.
 */
import { setOwn } from '../../openapi/machinery/json.ts';
import { DuplicateScanner } from './duplicates.ts';

export interface Decoded {
  readonly value: unknown;
  /** Paths of keys that stand more than once in one object, in document order: `spec.app`. The last value counts. */
  readonly duplicates: readonly string[];
}

/** The document is not JSON, or deeper than anybody needs. The message is for the client. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
}

/** Objects of ours are less than 20 levels deep; a parser on the stack is safe far beyond this. */
export const maxDepth = 1000;
const tooDeep = (): DecodeError => new DecodeError(`exceeded max depth of ${maxDepth}`);

const [quote, backslash, colon] = [0x22, 0x5c, 0x3a];
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];
const [zero, nine, upperE, lowerE] = [0x30, 0x39, 0x45, 0x65];

/** Integers of at most 15 digits are exact in a double. */
const exactDigits = 15;

interface Survey {
  /** Members of all objects, repeated keys included. */
  readonly members: number;
  /** Is there a number that a double may not hold as it is written? */
  readonly unusualNumber: boolean;
}

/** @throws DecodeError when the document is too deep */
function survey(bytes: Uint8Array): Survey {
  let members = 0;
  let depth = 0;
  let digits = 0;
  let unusualNumber = false;
  for (let i = 0; i < bytes.length; i += 1) {
    const byte = bytes[i]!;
    if (byte >= zero && byte <= nine) {
      digits += 1;
      if (digits > exactDigits) unusualNumber = true;
      continue;
    }
    if (digits && (byte === lowerE || byte === upperE)) unusualNumber = true;
    digits = 0;
    if (byte === quote) {
      i += 1;
      while (i < bytes.length && bytes[i] !== quote) i += bytes[i] === backslash ? 2 : 1;
    } else if (byte === colon) members += 1;
    else if (byte === openBrace || byte === openBracket) {
      depth += 1;
      if (depth > maxDepth) throw tooDeep();
    } else if (byte === closeBrace || byte === closeBracket) depth -= 1;
  }
  return { members, unusualNumber };
}

/** @throws DecodeError in words for the client */
export function decodeJson(bytes: Buffer): Decoded {
  const { members, unusualNumber } = survey(bytes);
  const text = bytes.toString('utf8');
  const value = unusualNumber ? parseExactly(text) : parse(text);
  if (countMembers(value) === members) return { value, duplicates: [] };
  return { value, duplicates: new DuplicateScanner(text).paths() };
}

/** Is there an integer in the text that a double may not hold? Words that look like one only cost time. */
const mayBeLong = /[:[,]\s*-?\d{16}/;

/**
 * JSON that we wrote ourselves: of any depth, without repetitions, and every digit counts. At a third of the price of reading what
 * a client wrote.
 *
 * @throws SyntaxError when it is damaged
 */
export function parseOwn(bytes: Buffer): unknown {
  const text = bytes.toString('utf8');
  return mayBeLong.test(text) ? parseExactly(text) : JSON.parse(text);
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new DecodeError((error as Error).message);
  }
};

/** What V8 tells a reviver about a primitive; the type library does not know it yet. */
interface Source {
  readonly source?: string;
}

const [minInt64, maxInt64] = [-(2n ** 63n), 2n ** 63n - 1n];
/** `0b` and 64 bits. A million digits take seconds to convert, so nobody may have more than can matter converted. */
const maxDigits = 66;

/** The integer that digits stand for (K-112): exact when it fits 64 bits, else the nearest double. */
export function integerOf(digits: string, negative: boolean): number | bigint {
  const near = negative ? -Number(digits) : Number(digits);
  if (Number.isSafeInteger(near) || digits.length > maxDigits) return near;
  const exact = negative ? -BigInt(digits) : BigInt(digits);
  return exact >= minInt64 && exact <= maxInt64 ? exact : near;
}

function parseExactly(text: string): unknown {
  const revive = (_: string, value: unknown, { source }: Source): unknown => {
    if (typeof value !== 'number') return value;
    if (!Number.isFinite(value)) throw new DecodeError(`number ${source} is out of range`);
    if (Number.isSafeInteger(value) || source === undefined || !/^-?\d+$/.test(source)) return value;
    return integerOf(source.replace('-', ''), source.startsWith('-'));
  };
  try {
    return JSON.parse(text, revive as Parameters<typeof JSON.parse>[1]);
  } catch (error) {
    if (error instanceof DecodeError) throw error;
    throw new DecodeError((error as Error).message);
  }
}

function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) count += countMembers(item);
    return count;
  }
  for (const key of Object.keys(value)) count += 1 + countMembers((value as Record<string, unknown>)[key]);
  return count;
}

/**
 * A copy in which no two places share a node, and which is refused when it would hold too many of them, or be too deep: a node that
 * holds itself is bottomless.
 */
export function unshared(value: unknown, budget: { nodes: number }, depth = 0): unknown {
  budget.nodes -= 1;
  if (budget.nodes < 0) throw new DecodeError('the document expands to too many values');
  if (typeof value === 'number' && !Number.isFinite(value)) throw new DecodeError(`number ${value} is out of range`);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= maxDepth) throw tooDeep();
  const copied = (inner: unknown): unknown => unshared(inner, budget, depth + 1);
  if (Array.isArray(value)) return value.map(copied);
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) setOwn(copy, key, copied((value as Record<string, unknown>)[key]));
  return copy;
}
