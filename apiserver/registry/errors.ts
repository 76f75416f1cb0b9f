/**
 * What storage says, as clients are told it. The one place where StorageErrors become Statuses.
 */
import { type GroupResource, StatusError } from '../../openapi/machinery/status.ts';
import { StorageError } from '../../storage/errors.ts';

/** Seconds that clients wait before they try again while the store is away. */
const retryAfterSeconds = 1;

/** The texts of K-184 and K-194. */
export const listTooOld = 'The resourceVersion for the provided list is too old.';

/** The Status for `error`; whatever is not a StorageError is returned as it is. */
export function statusFor(error: unknown, resource: GroupResource, name: string): unknown {
  if (!(error instanceof StorageError)) return error;
  switch (error.code) {
    case 'KeyNotFound':
      return StatusError.notFound(resource, name);
    case 'KeyExists':
      return StatusError.alreadyExists(resource, name);
    case 'RevisionConflict':
      return StatusError.conflict(resource, name);
    case 'Compacted': // Informers answer it by listing again.
      return StatusError.expired(listTooOld).because(error);
    case 'FutureRevision':
      return StatusError.revisionTooLarge(error.revision ?? 0, error.limit ?? 0);
    case 'Unavailable':
      return StatusError.unavailable('the storage cannot be reached', retryAfterSeconds).because(error);
    case 'Closed':
      return StatusError.unavailable('apiserver is shutting down', retryAfterSeconds).because(error);
    case 'OutcomeUnknown': // It may have happened: the client must look before it tries again, so no Retry-After.
      return StatusError.timeout('the storage did not confirm the request, which may have been carried out').because(
        error,
      );
    case 'NoSpace':
      return StatusError.unavailable('the storage has no space left', retryAfterSeconds).because(error);
    case 'TooLarge':
      return StatusError.entityTooLarge('etcdserver: request is too large').because(error);
    case 'Unreadable':
      return StatusError.internal(
        `the stored object cannot be read${error.key === undefined ? '' : `: ${error.key}`}`,
      ).because(error);
    default:
      return error.code satisfies never;
  }
}
