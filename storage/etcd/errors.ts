/**
 * What etcd and the way to it answered, as StorageErrors. The texts are those of etcd's rpctypes package; its codes alone do not
 * tell a full disk from a busy server.
 */
import { compacted, futureRevision, StorageError } from '../errors.ts';
import { GrpcError, grpcStatus } from './connection.ts';

/** @param call what was tried, for people: `reading`, `writing` */
export function inOurWords(error: unknown, call: { name: string; write: boolean }): unknown {
  if (!(error instanceof GrpcError)) return error;
  const { status, message, reached } = error;
  const about = `${call.name} etcd failed: ${message}`;
  const is = (text: string): boolean => message.includes(text);
  if (is('database space exceeded')) return new StorageError('NoSpace', about, { cause: error });
  if (is('request is too large') || is('too many operations'))
    return new StorageError('TooLarge', about, { cause: error });
  if (status === grpcStatus.dataLoss) return new StorageError('Unreadable', about, { cause: error });
  if (call.write && reached && !isRefusal(error))
    return new StorageError('OutcomeUnknown', `${about}; the write may have happened`, { cause: error });
  return new StorageError('Unavailable', about, { cause: error });
}

/** Answers that etcd gives before it proposes a write to its peers, so that nothing has happened. */
const isRefusal = ({ status, answered, message }: GrpcError): boolean =>
  answered && (refusals.has(status) || message === 'etcdserver: too many requests');

const refusals: ReadonlySet<number> = new Set([
  grpcStatus.invalidArgument,
  grpcStatus.permissionDenied,
  grpcStatus.failedPrecondition,
  grpcStatus.unimplemented,
  grpcStatus.unauthenticated,
]);

/** @param newest asks for the newest revision, which etcd does not tell */
export async function revisionError(
  error: unknown,
  revision: number,
  newest: () => Promise<number>,
): Promise<StorageError | undefined> {
  if (!(error instanceof GrpcError) || error.status !== grpcStatus.outOfRange) return undefined;
  if (error.message.includes('has been compacted')) return compacted(revision);
  if (error.message.includes('is a future revision')) return futureRevision(revision, await newest());
  return undefined;
}
