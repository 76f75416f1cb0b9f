/**
 * The file of a backup: lines of JSON, so that it can be read without us, and streamed both ways.
 *
 *   {"format":"kubedirector backup 1","prefix":"/registry/","identity":…,"revision":…,"takenAt":…,"store":"etcd 3.5.13"}
 *   {"key":"kubedirector.bluedata.io/kubedirectorapps/demo/spark","revision":…,"createRevision":…,"value":"eyJ…"}
 *   …
 *   {"entries":2,"sha256":"9f86d0…"}
 *
 * Keys are without the prefix and in their order, values as they are stored, hence encrypted if they were, in base64. Revisions are
 * those that clients saw. The checksum is of every byte before its line.
 */
import { createHash } from 'node:crypto';
import { isRecord } from '../../openapi/machinery/meta.ts';
import { StorageError } from '../errors.ts';

export const format = 'kubedirector backup 1';

export interface Header {
  readonly format: string;
  readonly prefix: string;
  /** Of the store that the backup was taken of. */
  readonly identity: string;
  /** What the backup shows, as clients saw it. */
  readonly revision: number;
  readonly takenAt: string;
  readonly store: string;
}

export interface BackupEntry {
  /** Without the prefix. */
  readonly key: string;
  readonly revision: number;
  readonly createRevision: number;
  readonly value: Buffer;
}

/** Turns a backup into bytes, line by line. */
export class Encoder {
  readonly #hash = createHash('sha256');
  #entries = 0;

  header(header: Header): Buffer {
    return this.#line(header);
  }

  entry({ value, ...rest }: BackupEntry): Buffer {
    this.#entries += 1;
    return this.#line({ ...rest, value: value.toString('base64') });
  }

  trailer(): Buffer {
    return bytesOf({ entries: this.#entries, sha256: this.#hash.digest('hex') });
  }

  #line(content: unknown): Buffer {
    const bytes = bytesOf(content);
    this.#hash.update(bytes);
    return bytes;
  }
}

const bytesOf = (content: unknown): Buffer => Buffer.from(`${JSON.stringify(content)}\n`);

/**
 * Reads a backup: first its header, then its entries. Only when the last has been read is it known that all of them are right.
 *
 * @throws StorageError Unreadable when it is no backup, was cut short or changed
 */
export async function* decoded(chunks: AsyncIterable<Buffer>): AsyncGenerator<Header | BackupEntry, void, undefined> {
  const hash = createHash('sha256');
  let entries = -1;
  let held: Buffer | undefined;
  for await (const line of linesOf(chunks)) {
    if (held) {
      hash.update(held);
      yield entries < 0 ? headerIn(held) : entryIn(held);
      entries += 1;
    }
    held = line;
  }
  const trailer = held && parsed(held);
  if (!held || entries < 0 || trailer?.sha256 === undefined) throw unreadable('it was cut short');
  if (trailer.sha256 !== hash.digest('hex') || trailer.entries !== entries)
    throw unreadable('its checksum does not match');
}

export const isHeader = (part: Header | BackupEntry): part is Header => 'format' in part;

/** With their ends; the last may lack it. */
async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  let begun: Buffer[] = [];
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      yield Buffer.concat([...begun, chunk.subarray(from, end + 1)]);
      begun = [];
      from = end + 1;
    }
    if (from < chunk.length) begun.push(chunk.subarray(from));
  }
  if (begun.length) yield Buffer.concat(begun);
}

function headerIn(line: Buffer): Header {
  const header = parsed(line);
  if (header?.format !== format)
    throw unreadable(`it is no backup of the format "${format}"${header?.format ? `, but "${header.format}"` : ''}`);
  if (typeof header.prefix !== 'string' || !Number.isSafeInteger(header.revision))
    throw unreadable('its header is wrong');
  return header as unknown as Header;
}

function entryIn(line: Buffer): BackupEntry {
  const entry = parsed(line);
  if (typeof entry?.key !== 'string' || typeof entry.value !== 'string')
    throw unreadable('one of its lines is no entry');
  return { ...(entry as unknown as BackupEntry), value: Buffer.from(entry.value, 'base64') };
}

function parsed(line: Buffer): Record<string, unknown> | undefined {
  try {
    const content: unknown = JSON.parse(line.toString());
    return isRecord(content) ? content : undefined;
  } catch {
    return undefined;
  }
}

const unreadable = (why: string): StorageError => new StorageError('Unreadable', `the backup cannot be used: ${why}`);
