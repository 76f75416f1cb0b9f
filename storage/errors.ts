/**
 * What can go wrong in a store, in few codes. The API server turns them into Statuses in one exhaustive switch.
 */

export type StorageErrorCode =
  /** The key is not there. */
  | 'KeyNotFound'
  /** The key is there already. */
  | 'KeyExists'
  /** Somebody wrote since we read, and the caller did not allow another try. */
  | 'RevisionConflict'
  /** History before some revision is gone, and this revision with it. */
  | 'Compacted'
  /** That revision has not happened yet. */
  | 'FutureRevision'
  /** The store cannot be reached or has no quorum; nothing was written. */
  | 'Unavailable'
  /** The store did not answer in time, or the connection broke after a write was sent: it may have happened. */
  | 'OutcomeUnknown'
  /** The store takes no more: the disk is full or the quota is used up. */
  | 'NoSpace'
  /** One value or transaction is larger than the store accepts. */
  | 'TooLarge'
  /** What is stored cannot be read: damaged, or encrypted with a key that we do not have. */
  | 'Unreadable'
  /** The store was closed. */
  | 'Closed';

export interface StorageErrorDetails {
  readonly key?: string;
  /** Compacted, FutureRevision: the revision asked for. */
  readonly revision?: number;
  /** FutureRevision: the newest revision. Compacted: the oldest that is still readable, when known. */
  readonly limit?: number;
  readonly cause?: unknown;
}

export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly code: StorageErrorCode;
  readonly key: string | undefined;
  readonly revision: number | undefined;
  readonly limit: number | undefined;

  constructor(code: StorageErrorCode, message: string, { key, revision, limit, cause }: StorageErrorDetails = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.key = key;
    this.revision = revision;
    this.limit = limit;
  }
}

export const isStorageError = (error: unknown, code: StorageErrorCode): error is StorageError =>
  error instanceof StorageError && error.code === code;

export const compacted = (revision: number, oldest?: number): StorageError =>
  new StorageError('Compacted', `revision ${revision} has been compacted`, {
    revision,
    ...(oldest !== undefined && { limit: oldest }),
  });

export const futureRevision = (revision: number, newest: number): StorageError =>
  new StorageError('FutureRevision', `revision ${revision} has not happened yet, the newest is ${newest}`, {
    revision,
    limit: newest,
  });

export const closed = (): StorageError => new StorageError('Closed', 'the store is closed');
