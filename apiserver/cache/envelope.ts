/**
 * Stored bytes and served bytes: the same JSON, apart from `metadata.resourceVersion`, which only the store can know (K-533).
 *
 * Our encoding always begins `{"apiVersion":…,"kind":…,"metadata":{`, so the version is spliced in at a known place and nobody
 * parses JSON in order to write it out again.
 */
import { jsonText } from '../../openapi/machinery/json.ts';
import type { KubeObject } from '../../openapi/machinery/meta.ts';

const field = Buffer.from('"resourceVersion":"');
const afterVersion = Buffer.from('",');
const [quote, backslash, openBrace, closeBrace] = [0x22, 0x5c, 0x7b, 0x7d];

/** How objects of one kind and version begin. */
export class Envelope {
  readonly #head: Buffer;

  constructor(apiVersion: string, kind: string) {
    this.#head = Buffer.from(`{"apiVersion":${JSON.stringify(apiVersion)},"kind":${JSON.stringify(kind)},"metadata":{`);
  }

  /** The bytes to store. The object's own resourceVersion is left out. */
  stored({ apiVersion, kind, metadata: { resourceVersion: _, ...metadata }, ...rest }: KubeObject): Buffer {
    return Buffer.from(jsonText({ apiVersion, kind, metadata, ...rest }));
  }

  /** Were these bytes written by `stored` for this kind and version? */
  fits(stored: Buffer): boolean {
    return stored.length > this.#head.length && this.#head.compare(stored, 0, this.#head.length) === 0;
  }

  /** Served bytes: stored ones that fit, with their version. In memory of their own, since they are kept long. */
  served(stored: Buffer, revision: number): Buffer {
    return this.#joined(stored, this.#head.length, revision);
  }

  /** Served bytes with another version: what a DELETED event carries (K-220, K-221). */
  reversioned(served: Buffer, revision: number): Buffer {
    const end = served.indexOf(quote, this.#head.length + field.length);
    return this.#joined(served, end + afterVersion.length, revision);
  }

  /** Where the metadata of every object begins in its bytes. */
  get metadataStart(): number {
    return this.#head.length - 1;
  }

  /** Where that of one ends. */
  metadataEnd(bytes: Buffer): number {
    return endOfObject(bytes, this.metadataStart);
  }

  #joined(source: Buffer, from: number, revision: number): Buffer {
    const version = String(revision);
    const head = this.#head.length;
    const bytes = Buffer.allocUnsafeSlow(
      head + field.length + version.length + afterVersion.length + source.length - from,
    );
    this.#head.copy(bytes, 0);
    let at = head + field.copy(bytes, head);
    at += bytes.write(version, at, 'latin1');
    at += afterVersion.copy(bytes, at);
    source.copy(bytes, at, from);
    return bytes;
  }
}

/** Where the object that begins at `start` ends, in JSON that we wrote. */
function endOfObject(json: Buffer, start: number): number {
  let depth = 0;
  for (let at = start; at < json.length; at += 1) {
    const byte = json[at];
    if (byte === quote) at = endOfString(json, at);
    else if (byte === openBrace) depth += 1;
    else if (byte === closeBrace && --depth === 0) return at + 1;
  }
  return json.length;
}

/** Where the string that begins at `start` has its last quote. */
function endOfString(json: Buffer, start: number): number {
  let at = start + 1;
  while (at < json.length && json[at] !== quote) at += json[at] === backslash ? 2 : 1;
  return at;
}
