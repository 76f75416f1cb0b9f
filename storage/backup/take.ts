/**
 * Taking a backup: every key of ours as of one revision, while others go on writing.
 *
 * Values are not decrypted, so a backup tells no more than the store itself, and needs the same keys to be read again.
 */
import { timestamp } from '../../openapi/machinery/clock.ts';
import { StorageError } from '../errors.ts';
import type { Keyspace } from '../keys.ts';
import { type KeyValueStore, keyAfter, prefixEnd } from '../kv.ts';
import { epochIn, identityIn } from '../open.ts';
import { Encoder, format } from './format.ts';

/** What a backup needs of a store, as it is beneath encryption and epoch. */
export type Source = Pick<KeyValueStore, 'range' | 'status'>;

/** How much is read at a time, when entries are as large as those before them. */
const pageBytes = 4 * 1024 * 1024;
const [firstPage, largestPage] = [50, 1000];

/**
 * @returns the bytes of the backup, a page at a time
 * @throws StorageError Compacted when it took so long that history was forgotten meanwhile: take it anew; KeyNotFound when there
 *   is no store
 */
export async function* backupOf(
  source: Source,
  keyspace: Keyspace,
  nowMs: number,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  const { prefix } = keyspace;
  const { revision } = await source.range({ start: keyspace.ownKey('identity') }, signal);
  const identity = await identityIn(source, keyspace, signal, revision);
  if (identity === undefined)
    throw new StorageError('KeyNotFound', `no store of KubeDirector is found under ${prefix}`);
  const offset = await epochIn(source, keyspace, signal, revision);
  const { version } = await source.status(signal);
  const encoder = new Encoder();
  yield encoder.header({
    ...{ format, prefix, identity },
    revision: revision + offset,
    takenAt: timestamp(nowMs),
    store: version,
  });
  let start: string = prefix;
  let limit = firstPage;
  for (;;) {
    const { entries, more } = await source.range(
      { start, end: prefixEnd(prefix), limit, revision, uncounted: true },
      signal,
    );
    const lines = entries.map(({ key, value, ...entry }) =>
      encoder.entry({
        key: key.slice(prefix.length),
        revision: entry.revision + offset,
        createRevision: entry.createRevision + offset,
        value,
      }),
    );
    if (lines.length) yield Buffer.concat(lines);
    const last = entries.at(-1);
    if (!more || !last) break;
    start = keyAfter(last.key);
    const bytes = entries.reduce((sum, { value }) => sum + value.length, 1);
    limit = Math.max(1, Math.min(largestPage, Math.floor((pageBytes * entries.length) / bytes)));
  }
  yield encoder.trailer();
}
