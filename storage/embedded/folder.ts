/**
 * The folder of an embedded store: one process at a time may hold it, and its file must be whole enough to be opened.
 *
 * lmdb trusts its file: it ends the process with a signal when the first pages are not its own, or when the file ends before
 * its map does. So both are looked at here, before lmdb sees the file. Nothing here knows what the store keeps in it.
 */
import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { StorageError } from '../errors.ts';

export interface HeldFolder {
  readonly path: string;
  release(): void;
}

/**
 * Takes the folder for this process, and makes it when it is not there.
 *
 * The lock is one of the kernel's on the file `in-use`. It ends with the process, however that ends, knows nothing of process
 * numbers, which come again and mean nothing in another container, and holds between containers that share a volume. Node
 * offers no such lock except through its SQLite; that is all that SQLite is used for, the file stays empty.
 *
 * @throws StorageError Unavailable when another process holds the folder, or when it cannot be written to
 */
export async function holdFolder(directory: string): Promise<HeldFolder> {
  const path = resolve(directory);
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    closeSync(openSync(join(path, 'in-use'), 'a', 0o600));
  } catch (cause) {
    throw new StorageError('Unavailable', `the folder ${path} cannot be written to: ${(cause as Error).message}`, {
      cause,
    });
  }
  const { DatabaseSync } = await import('node:sqlite');
  const lock = new DatabaseSync(join(path, 'in-use'));
  const holder = join(path, 'holder');
  try {
    lock.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (cause) {
    lock.close();
    throw new StorageError(
      'Unavailable',
      `the folder ${path} is in use by ${textOf(holder) ?? 'another process'}; only one process at a time may open it`,
      { cause },
    );
  }
  writeFileSync(holder, `process ${process.pid} on ${hostname()}`);
  return {
    path,
    release: () => {
      rmSync(holder, { force: true });
      lock.close();
    },
  };
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}

/** So that a file made in the folder is found in it after the power failed. */
export function syncFolder(path: string): void {
  if (process.platform === 'win32') return; // It cannot open folders, and need not.
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** `cut short`: the file ends before its map does, and has been filled up with zeros, which lmdb recognises as no pages. */
export type FileState = 'absent' | 'whole' | 'cut short';

/**
 * Looks at the first two pages, which are lmdb's two newest roots, in data format 2 of lmdb-js 3.
 *
 * A file may end early and be whole, when its last pages were given back before they were ever written; the caller has to
 * find out by reading everything.
 *
 * @throws StorageError Unreadable when the file is no lmdb file, or one of another format
 */
export function inspectFile(file: string): FileState {
  let handle: number;
  try {
    handle = openSync(file, 'r+');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return 'absent';
    throw new StorageError('Unavailable', `${file} cannot be opened: ${(cause as Error).message}`, { cause });
  }
  try {
    const { size } = fstatSync(handle);
    if (size === 0) return 'absent';
    const first = rootAt(handle, 0);
    const second = first && rootAt(handle, first.pageBytes);
    if (!first || !second)
      throw new StorageError(
        'Unreadable',
        `${file} is damaged, or was not written by this version of the embedded store`,
      );
    const pages = Math.max(first.lastPage, second.lastPage) + 1;
    if (size >= pages * first.pageBytes) return 'whole';
    ftruncateSync(handle, pages * first.pageBytes);
    return 'cut short';
  } finally {
    closeSync(handle);
  }
}

const magic = 0xbeefc0de;
const dataFormat = 2;

function rootAt(handle: number, position: number): { pageBytes: number; lastPage: number } | undefined {
  const page = Buffer.alloc(160);
  if (readSync(handle, page, 0, page.length, position) < page.length) return undefined;
  if (page.readUInt32LE(24) !== magic || page.readUInt32LE(28) !== dataFormat) return undefined;
  const pageBytes = page.readUInt32LE(48);
  if (pageBytes < 512 || pageBytes > 65536) return undefined;
  return { pageBytes, lastPage: page.readUInt32LE(144) + page.readUInt32LE(148) * 0x1_0000_0000 };
}
