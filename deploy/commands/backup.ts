/**
 * `kubedirector backup`: everything that is stored, as of one moment, in a file. Servers go on working meanwhile.
 *
 * It reads the store itself, so the file has values as they are stored: encrypted ones stay so. What is unencrypted in it may be
 * secret, hence nobody else may read the file.
 */
import { closeSync, createWriteStream, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { systemClock } from '../../openapi/machinery/clock.ts';
import type { KeyValueReader } from '../../storage/embedded/reader.ts';
import { isStorageError } from '../../storage/errors.ts';
import { Keyspace } from '../../storage/keys.ts';
import type { StoreOptions } from '../../storage/open.ts';
import { findStore, inWords, storeFlags } from './find-store.ts';
import { type Flag, readFlags, UsageError } from './flags.ts';
import { storageFaults, storageIn } from './storage-flags.ts';

export const backupFlags = {
  output: { value: 'FILE', help: 'where the backup goes; - is standard output' },
  ...storeFlags,
} as const satisfies Record<string, Flag>;

/** A backup that compaction overtook is taken anew; it has five minutes each time. */
const attempts = 3;

/** @throws UsageError */
export async function backupCommand(args: readonly string[]): Promise<void> {
  const { values, rest } = readFlags(backupFlags, args);
  const faults = storageFaults(values);
  if (!values.output) faults.unshift('Where to? Say so with --output.');
  if (rest.length) faults.unshift(`What is meant by ${rest.join(' ')}?`);
  if (faults.length) throw new UsageError(faults.join('\n'));
  const output = values.output ?? '';
  const ended = new AbortController();
  try {
    const options = await findStore(storageIn(values), values, AbortSignal.timeout(30_000));
    const keyspace = new Keyspace(options.prefix);
    const source = await readerOf(options, keyspace);
    const { backupOf } = await import('../../storage/backup/take.ts');
    const chunks = () => backupOf(source, keyspace, systemClock.now(), ended.signal);
    try {
      if (output === '-') await pipeline(Readable.from(chunks()), process.stdout, { end: false });
      else await writeWhole(resolve(output), chunks);
    } finally {
      await source.close();
    }
  } catch (error) {
    throw inWords(error);
  }
  if (output !== '-') process.stdout.write(`The backup is in ${resolve(output)}.\n`);
}

async function readerOf(options: StoreOptions, keyspace: Keyspace): Promise<KeyValueReader> {
  if (options.kind === 'embedded') {
    const { openEmbeddedReader } = await import('../../storage/embedded/reader.ts');
    return openEmbeddedReader(options);
  }
  const { openKind } = await import('../../storage/open.ts');
  return openKind(options, keyspace);
}

/** Under its name there is a whole backup, or what was there before. */
async function writeWhole(file: string, chunks: () => AsyncIterable<Buffer>): Promise<void> {
  const next = `${file}.next`;
  try {
    for (let attempt = 1; ; attempt += 1)
      try {
        if (existsSync(next)) rmSync(next);
        await pipeline(Readable.from(chunks()), createWriteStream(next, { mode: 0o600, flags: 'wx' }));
        break;
      } catch (error) {
        if (attempt === attempts || !isStorageError(error, 'Compacted')) throw error;
      }
    const handle = openSync(next, 'r+');
    fsyncSync(handle);
    closeSync(handle);
    renameSync(next, file);
  } catch (error) {
    rmSync(next, { force: true });
    const { code, message } = error as NodeJS.ErrnoException;
    throw code && /^E[A-Z]+$/.test(code)
      ? new UsageError(`The backup cannot be written: ${message}.`, { cause: error })
      : error;
  }
}
