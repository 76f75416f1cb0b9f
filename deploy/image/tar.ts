/**
 * The same files, the same bytes: tar archives that depend on names, contents and modes and on nothing else.
 *
 * GNU tar writes them; it is on every Debian, and knows about long names, links and big files.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { run } from './programs.ts';

/** Everybody is root, everything is from 1970; a second name of a file is a file of its own. */
const alike = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--format=gnu'];

/** What a umask would leave to chance: files that programs wrote may be read by everybody, and written by their owner. */
const plainModes = '--mode=u+rwX,go+rX,go-w,a-s,a-t';

export interface TarOptions {
  /** Are modes as their packages say, set-user-id bits and all? Otherwise they are made plain. */
  readonly keepModes?: boolean;
}

/** @param folder everything in it, without itself */
export async function writeTar(folder: string, file: string, { keepModes = false }: TarOptions = {}): Promise<void> {
  const modes = keepModes ? [] : [plainModes];
  // By their names rather than as `.`: readers of images look for `manifest.json`, not for `./manifest.json`.
  const names = (await readdir(folder)).sort();
  const where = [`--file=${file}`, `--directory=${folder}`];
  await run('tar', ['--create', ...where, '--hard-dereference', ...alike, ...modes, '--', ...names]);
}

/** @returns the SHA-256 of a file, in hexadecimal */
export async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
