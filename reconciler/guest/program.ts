/**
 * What is put into members: the program that carries out calls there, and an archive with the commands that scripts read configmeta
 * with. Both are files beside this one, in a shell's language and Python's, and the same bytes in every process.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type ArchivedFile, tarOf } from './tar.ts';

const at = (folder: string): string => join(import.meta.dirname, folder);

let program: Uint8Array | undefined;
let helper: Uint8Array | undefined;

/** Text of the program: its files in the order of their names. */
export function guestProgram(): Uint8Array {
  program ??= Buffer.concat(filesIn('program').map(({ content }) => Buffer.from(content)));
  return program;
}

/** Archive (tar.gz) with `install.sh` in it. */
export function guestHelper(): Uint8Array {
  helper ??= gzipSync(tarOf(filesIn('configcli')), { level: 9 });
  return helper;
}

const filesIn = (folder: string): ArchivedFile[] =>
  readdirSync(at(folder))
    .sort()
    .map((name) => ({ name, content: readFileSync(join(at(folder), name)) }));
