/**
 * lmdb, reduced to what the embedded store needs: three tables of bytes, transactions, and errors in our words.
 *
 * This is the one file that imports lmdb. Its options are chosen here, each with its reason.
 */
import { existsSync, statfsSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RootDatabaseOptionsWithPath } from 'lmdb';
import { open } from 'lmdb';
import { StorageError } from '../errors.ts';
import { inspectFile, syncFolder } from './folder.ts';
import type { Space } from './room.ts';

/** The part of lmdb-js that we use, with the answers that its own types leave out. */
export interface Table {
  getBinary(key: Buffer): Buffer | undefined;
  /** To be read to its end, or left, before anything is awaited. */
  getRange(range: { start: Buffer; end?: Buffer }): Iterable<{ key: Buffer; value: Buffer }>;
  /** Only inside a transaction. @returns false when `append` was asked for and a later key exists */
  putSync(key: Buffer, value: Buffer, options?: { append: boolean }): boolean;
  removeSync(key: Buffer): boolean;
}

export interface Environment {
  readonly log: Table;
  readonly heads: Table;
  /** The state and the format, one row each. */
  readonly meta: Table;
  readonly mostKeyBytes: number;
  /** Was the file shorter than it ought to be? Then nothing in it is to be trusted unread. */
  readonly suspect: boolean;
  /**
   * Runs `work` in a transaction that is durable when the promise resolves, and leaves no trace when it rejects.
   *
   * @throws StorageError NoSpace, Unavailable, OutcomeUnknown; and whatever `work` throws that is a StorageError
   */
  transaction<T>(work: () => T): Promise<T>;
  sizeBytes(): number;
  /** Not while a transaction is under way. */
  space(): Space;
  close(): Promise<void>;
}

/** Address space, not memory or disk: far beyond what one API server stores, and within what every 64-bit system grants. */
const mapBytes = 64 * 1024 ** 3;

/**
 * Values beyond half a page get pages of their own. At 4 KiB that is most objects, and the file was measured at twice their
 * size; at 8 KiB it is 1.4 times, and a single small write still touches few bytes.
 */
const pageBytes = 8192;

const fileName = 'data.mdb';

/** Is there the file of a store? */
export const hasStore = (folder: string): boolean => existsSync(join(folder, fileName));

/**
 * @param readOnly when another process has it open, and has looked the file over
 * @throws StorageError Unreadable, Unavailable
 */
export function openEnvironment(folder: string, readOnly = false): Environment {
  const file = join(folder, fileName);
  const state = readOnly ? 'whole' : inspectFile(file);
  const binary = { encoding: 'binary', keyEncoding: 'binary' } as const;
  const options: RootDatabaseOptionsWithPath & { permissionsMode: number } = {
    path: folder,
    ...binary,
    noSubdir: false,
    mapSize: mapBytes,
    pageSize: pageBytes,
    maxDbs: 2,
    permissionsMode: 0o600,
    readOnly,
    // The default tells us that a transaction is committed before it is on disk.
    overlappingSync: false,
    // With it on, a commit that fails rejects a promise that nobody can reach, which ends the process.
    eventTurnBatching: false,
  };
  let opened: ReturnType<typeof open<Buffer, Buffer>> | undefined;
  try {
    const root = open<Buffer, Buffer>(options);
    opened = root;
    const table = (database: unknown): Table => database as Table;
    const log = table(root.openDB('log', binary));
    const heads = table(root.openDB('heads', binary));
    if (state === 'absent') syncFolder(folder);
    return {
      log,
      heads,
      meta: table(root),
      mostKeyBytes: (root as unknown as { maxKeySize: number }).maxKeySize,
      suspect: state === 'cut short',
      transaction: async (work) => {
        try {
          // As a child of lmdb-js's own transaction: if `work` throws, what it wrote is undone, not committed.
          return await root.childTransaction(work);
        } catch (error) {
          throw inOurWords(await causeOf(error), folder);
        }
      },
      sizeBytes: () => (existsSync(file) ? statSync(file).size : 0),
      space: () => {
        const { bavail, blocks, bsize } = statfsSync(folder);
        return { freeBytes: bavail * bsize + unusedPages([root, log, heads]) * pageBytes, diskBytes: blocks * bsize };
      },
      close: () => root.close(),
    };
  } catch (error) {
    void opened?.close();
    throw inOurWords(error, folder);
  }
}

/** What lmdb counts of the pages of a tree; of the root also of the whole file. */
interface Pages {
  readonly treeBranchPageCount: number;
  readonly treeLeafPageCount: number;
  readonly overflowPages: number;
}

interface Statistics extends Pages {
  readonly lastPageNumber: number;
  /** The tree of the pages that are free. */
  readonly free: Pages;
}

/** At the beginning of the file. */
const metaPages = 2;

/** How many pages of the file hold nothing, and are written to again before it grows. @param tables the root first */
function unusedPages(tables: readonly unknown[]): number {
  const [root, ...others] = tables.map((table) => (table as { getStats(): Statistics }).getStats());
  const used = [root!, root!.free, ...others].map(
    ({ treeBranchPageCount, treeLeafPageCount, overflowPages }) =>
      treeBranchPageCount + treeLeafPageCount + overflowPages,
  );
  return root!.lastPageNumber + 1 - metaPages - used.reduce((sum, pages) => sum + pages, 0);
}

/** lmdb-js tells why a commit failed through a promise in the error, which must be taken hold of in any case. */
async function causeOf(error: unknown): Promise<unknown> {
  const reason = (error as { commitError?: Promise<never> }).commitError;
  if (!reason) return error;
  let cause: unknown = error;
  reason.catch((why: unknown) => {
    cause = why;
  });
  await nextTurn();
  return cause;
}

// lmdb.h
const corrupted = -30796;
const pageNotFound = -30797;
const panic = -30795;
const versionMismatch = -30794;
const invalid = -30793;
const mapFull = -30792;

/** An error of lmdb's, or of reading what it gave us, as a StorageError. */
export function inOurWords(error: unknown, folder: string): StorageError {
  if (error instanceof StorageError) return error;
  const cause = error as Error & { code?: number };
  const { ENOSPC, EDQUOT, EFBIG, EIO } = constants.errno;
  switch (cause.code) {
    case mapFull:
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return noSpace(folder, cause);
    case EIO:
      // A write that the disk took only in part is an input/output error to lmdb.
      if (isFull(folder)) return noSpace(folder, cause);
      return new StorageError('Unavailable', `the disk below ${folder} failed: ${cause.message}`, { cause });
    case corrupted:
    case pageNotFound:
    case versionMismatch:
    case invalid:
      return new StorageError('Unreadable', `the embedded store in ${folder} is damaged: ${cause.message}`, { cause });
    case panic:
      return new StorageError(
        'OutcomeUnknown',
        `the disk below ${folder} failed while a write was being finished; the program must be started again`,
        { cause },
      );
    default:
      return new StorageError('Unavailable', `the embedded store in ${folder} failed: ${cause.message}`, { cause });
  }
}

/** @param cause absent: there is still some, which is kept for deletions */
export const noSpace = (folder: string, cause?: unknown): StorageError =>
  new StorageError('NoSpace', `no space is left on the disk below ${folder}`, { cause });

/** Little enough that a commit may not have fitted. */
const nearlyFull = 16 * 1024 * 1024;

function isFull(folder: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize < nearlyFull;
  } catch {
    return false;
  }
}
