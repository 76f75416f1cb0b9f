/**
 * `kubedirector restore`: a backup in the place of what a store holds, while no server works on it.
 *
 * A restored store has another identity, so that `serve` shows nothing of it before `confirm-store`: what was made after the
 * backup is missing, and the host would delete what belongs to it.
 */
import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { isStorageError } from '../../storage/errors.ts';
import { Keyspace } from '../../storage/keys.ts';
import { findStore, inWords, storeFlags } from './find-store.ts';
import { type Flag, readFlags, UsageError } from './flags.ts';
import { storageFaults, storageIn } from './storage-flags.ts';

export const restoreFlags = {
  input: { value: 'FILE', help: 'the backup' },
  replace: {
    value: 'BOOL',
    help: 'also if the store is not empty: what it holds is lost',
    fallback: 'false',
    alone: 'true',
  },
  ...storeFlags,
} as const satisfies Record<string, Flag>;

/** @throws UsageError */
export async function restoreCommand(args: readonly string[]): Promise<void> {
  const { values, rest } = readFlags(restoreFlags, args);
  const faults = storageFaults(values);
  if (!values.input) faults.unshift('Which backup? Say so with --input.');
  if (values.replace !== 'true' && values.replace !== 'false')
    faults.push(`--replace=${values.replace}: it is true or false.`);
  if (rest.length) faults.unshift(`What is meant by ${rest.join(' ')}?`);
  if (faults.length) throw new UsageError(faults.join('\n'));
  const file = resolve(values.input ?? '');
  const ended = new AbortController();
  try {
    const options = await findStore(storageIn(values), values, AbortSignal.timeout(30_000));
    const keyspace = new Keyspace(options.prefix);
    const [{ openKind }, { Restore }] = await Promise.all([
      import('../../storage/open.ts'),
      import('../../storage/backup/restore.ts'),
    ]);
    const kv = await openKind(options, keyspace);
    try {
      const restore = new Restore(kv, keyspace, () => createReadStream(file));
      const { header, objects, revision } = await restore.run({ replace: values.replace === 'true' }, ended.signal);
      process.stdout.write(
        `${objects} objects are as they were on ${header.takenAt}, at revision ${header.revision}. Revisions go on at ${revision}.\n` +
          '"kubedirector serve" shows nothing of them before "kubedirector confirm-store" says that this is right.\n',
      );
    } finally {
      await kv.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new UsageError(`There is no file ${file}.`);
    if (isStorageError(error, 'KeyExists'))
      throw new UsageError(`${error.message}. --replace gives it up for the backup.`, { cause: error });
    throw inWords(error);
  }
}
