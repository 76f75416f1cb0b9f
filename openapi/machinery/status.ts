/**
 * The Status object that answers whatever cannot be done, and the error that carries it through the program.
 *
 * One constructor per row of the catalogue K-360 to K-384, with the texts that clients match on. Nothing here knows HTTP
 * beyond the code that a Status holds.
 */
import { type FieldError, faultText } from './field.ts';
import type { ListMeta } from './meta.ts';

export interface StatusCause {
  reason?: string;
  message?: string;
  field?: string;
}

export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: StatusCause[];
  retryAfterSeconds?: number;
}

export interface Status {
  kind: 'Status';
  apiVersion: 'v1';
  metadata: ListMeta;
  status: 'Success' | 'Failure';
  message?: string;
  reason?: string;
  details?: StatusDetails;
  code?: number;
}

/** What an error is about: the plural for most errors, the kind where Kubernetes says the kind (K-354). */
export interface GroupResource {
  group: string;
  resource: string;
}

export interface GroupKind {
  group: string;
  kind: string;
}

const qualified = (name: string, group: string): string => (group ? `${name}.${group}` : name);

const about = ({ group, resource }: GroupResource, name: string): StatusDetails => ({
  ...(name && { name }),
  ...(group && { group }),
  kind: resource,
});

const failure = (code: number, reason: string | undefined, message: string, details?: StatusDetails): StatusError =>
  new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    ...(reason && { reason }),
    ...(details && { details }),
    code,
  });

/** An answer that is not success. Thrown anywhere below the HTTP handlers, which send `status` as it is. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly status: Status;

  constructor(status: Status, cause?: unknown) {
    super(status.message ?? status.reason ?? 'failure', cause === undefined ? undefined : { cause });
    this.status = status;
  }

  get code(): number {
    return this.status.code ?? 500;
  }

  get reason(): string {
    return this.status.reason ?? '';
  }

  /** The same answer, remembering what led to it for the log. */
  because(cause: unknown): StatusError {
    return new StatusError(this.status, cause);
  }

  static badRequest(message: string): StatusError {
    return failure(400, 'BadRequest', message);
  }

  static unauthorized(): StatusError {
    return failure(401, 'Unauthorized', 'Unauthorized');
  }

  /** @param cause the sentence after `is forbidden: ` (K-402, K-405) */
  static forbidden(resource: GroupResource, name: string, cause: string, causes?: StatusCause[]): StatusError {
    const subject = resource.resource ? qualified(resource.resource, resource.group) : '';
    const prefix = [subject, name && JSON.stringify(name), subject ? 'is forbidden' : 'forbidden'].filter(Boolean);
    return failure(403, 'Forbidden', `${prefix.join(' ')}: ${cause}`, {
      ...(resource.resource ? about(resource, name) : {}),
      ...(causes && { causes }),
    });
  }

  static notFound(resource: GroupResource, name: string): StatusError {
    return failure(
      404,
      'NotFound',
      `${qualified(resource.resource, resource.group)} "${name}" not found`,
      about(resource, name),
    );
  }

  /** No such resource type; kubectl recognises the text (K-032). */
  static noSuchResource(): StatusError {
    return failure(404, 'NotFound', 'the server could not find the requested resource', {});
  }

  static methodNotAllowed(): StatusError {
    return failure(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {});
  }

  static notAcceptable(accepted: readonly string[]): StatusError {
    return failure(406, 'NotAcceptable', `only the following media types are accepted: ${accepted.join(', ')}`);
  }

  static alreadyExists(resource: GroupResource, name: string, prefix = ''): StatusError {
    return failure(
      409,
      'AlreadyExists',
      `${prefix}${qualified(resource.resource, resource.group)} "${name}" already exists`,
      about(resource, name),
    );
  }

  /** Every name that was tried for a `generateName` is taken (K-163). */
  static nameNotGenerated(resource: GroupResource, name: string): StatusError {
    return failure(
      409,
      'AlreadyExists',
      `${qualified(resource.resource, resource.group)} "${name}" already exists, the server was not able to generate a unique name for the object`,
      { ...about(resource, name), retryAfterSeconds: 1 },
    );
  }

  static conflict(resource: GroupResource, name: string, cause = modified): StatusError {
    return failure(
      409,
      'Conflict',
      `Operation cannot be fulfilled on ${qualified(resource.resource, resource.group)} "${name}": ${cause}`,
      about(resource, name),
    );
  }

  /** Fields that others own: nothing but the causes says which object it is about (K-266). */
  static applyConflict(message: string, causes: readonly StatusCause[]): StatusError {
    return failure(409, 'Conflict', message, { causes: [...causes] });
  }

  /** @param next a continue token with which a client may go on without consistency (K-184) */
  static expired(message: string, next?: string): StatusError {
    const { status } = failure(410, 'Expired', message);
    return new StatusError(next ? { ...status, metadata: { continue: next } } : status);
  }

  static entityTooLarge(message: string): StatusError {
    return failure(413, 'RequestEntityTooLarge', message);
  }

  static unsupportedMediaType(accepted: readonly string[]): StatusError {
    return failure(
      415,
      'UnsupportedMediaType',
      `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
    );
  }

  /** All faults of one object at once; equal texts stand in the message once (K-399, K-401). */
  static invalid(kind: GroupKind, name: string, faults: readonly FieldError[]): StatusError {
    const texts = [...new Set(faults.map(faultText))];
    const list = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
    return failure(422, 'Invalid', `${qualified(kind.kind, kind.group)} ${JSON.stringify(name)} is invalid: ${list}`, {
      ...(name && { name }),
      ...(kind.group && { group: kind.group }),
      ...(kind.kind && { kind: kind.kind }),
      causes: faults.map(({ reason, message, field }) => ({ reason, message, field })),
    });
  }

  /**
   * A patch that cannot be carried out on this object (K-249). Kubernetes says no more than that.
   *
   * @param field which part of the patch; kubectl prints causes, and hides the message where there are any
   */
  static unprocessable(field: string, why: string): StatusError {
    return failure(422, 'Invalid', 'the server rejected our request due to an error in our request', {
      causes: [{ reason: 'FieldValueInvalid', message: why, field }],
    });
  }

  static tooManyRequests(message: string, retryAfterSeconds = 1): StatusError {
    return failure(429, 'TooManyRequests', message, { retryAfterSeconds });
  }

  static internal(cause: string): StatusError {
    return failure(500, 'InternalError', `Internal error occurred: ${cause}`, { causes: [{ message: cause }] });
  }

  /** Objects that are stored and cannot be read: a list without them would say that they are not there (K-543). */
  static unreadable(
    { group, resource }: GroupResource,
    objects: readonly { readonly key: string; readonly why: string }[],
  ): StatusError {
    const keys = objects.map(({ key }) => key);
    const rest = keys.length > mostNamed ? ` and ${keys.length - mostNamed} more` : '';
    return failure(
      500,
      'StorageReadError',
      `failed to read one or more ${qualified(resource, group)} from the storage: ${keys.slice(0, mostNamed).join(', ')}${rest}`,
      {
        ...(group && { group }),
        kind: resource,
        causes: objects.slice(0, mostNamed).map(({ key, why }) => ({
          reason: 'UnexpectedServerResponse',
          message: why,
          field: key,
        })),
      },
    );
  }

  static unavailable(message: string, retryAfterSeconds?: number): StatusError {
    return failure(503, 'ServiceUnavailable', message, retryAfterSeconds ? { retryAfterSeconds } : undefined);
  }

  static timeout(cause: string, retryAfterSeconds?: number): StatusError {
    return failure(504, 'Timeout', `Timeout: ${cause}`, retryAfterSeconds ? { retryAfterSeconds } : {});
  }

  /** The client knows a revision that we do not have yet (K-384); reflectors look for the cause. */
  static revisionTooLarge(wanted: number, current: number): StatusError {
    return failure(504, 'Timeout', `Timeout: Too large resource version: ${wanted}, current: ${current}`, {
      causes: [{ reason: tooLarge, message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    });
  }
}

const tooLarge = 'ResourceVersionTooLarge';

/** Of keys in one answer. */
const mostNamed = 20;

const modified = 'the object has been modified; please apply your changes to the latest version and try again';

/** Is this an answer with that reason? */
export const hasReason = (error: unknown, reason: string): error is StatusError =>
  error instanceof StatusError && error.reason === reason;

export const isNotFound = (error: unknown): error is StatusError => hasReason(error, 'NotFound');
export const isConflict = (error: unknown): error is StatusError => hasReason(error, 'Conflict');
export const isAlreadyExists = (error: unknown): error is StatusError => hasReason(error, 'AlreadyExists');
/** Is it about a revision that we do not have yet? */
export const isRevisionTooLarge = (error: unknown): error is StatusError =>
  error instanceof StatusError && error.status.details?.causes?.[0]?.reason === tooLarge;

/** The answer to a delete that took effect at once: kubectl waits by `details.uid` (K-292). */
export const deleted = (resource: GroupResource, name: string, uid: string): Status => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Success',
  details: { ...about(resource, name), ...(uid && { uid }) },
});
