/**
 * A document ready to be served: its bytes and the hash that says whether they changed. Made when somebody asks for it first, once.
 *
 * What is in it, and over which path it travels, is not known here.
 */
import { createHash } from 'node:crypto';
import { jsonText } from '../machinery/json.ts';
import { isRecord } from '../machinery/meta.ts';

export interface PublishedDocument {
  /** The document as JSON, keys sorted, so that every replica of one build serves the same bytes (K-061). */
  readonly json: Buffer;
  /** Upper-case hex SHA-512 of `json`. */
  readonly hash: string;
  /** The hash as an entity tag: in double quotes (K-053, K-060). */
  readonly etag: string;
}

/** @param document plain JSON; the order of its keys does not matter */
export function published(document: unknown): PublishedDocument {
  const json = Buffer.from(jsonText(sorted(document)));
  const hash = createHash('sha512').update(json).digest('hex').toUpperCase();
  return { json, hash, etag: `"${hash}"` };
}

/** The same value, with the keys of every object in order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isRecord(value)) return value;
  const keys = Object.keys(value).sort();
  return Object.fromEntries(keys.map((key) => [key, sorted(value[key])]));
}

/** What `make` returns, made at the first call and kept. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
