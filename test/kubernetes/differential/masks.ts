/**
 * Where we and Kubernetes 1.20 differ and mean to, and what is left of an answer when that is taken out.
 *
 * Lists are compared as sets, and containers without content are overlooked, for the reasons in known-differences.ts of
 * test/apiserver/managedfields/judge. The other reasons stand below, and in writers.ts where something is not asked at all.
 */
import { FieldSet } from '../../../apiserver/managedfields/field-set.ts';
import { readFieldsV1, writeFieldsV1 } from '../../../apiserver/managedfields/fields-v1.ts';
import { canonicalJson } from '../../../apiserver/managedfields/path-element.ts';
import { isRecord, type ManagedFieldsEntry } from '../../../openapi/machinery/meta.ts';
import { comparable } from '../../apiserver/managedfields/judge/known-differences.ts';
import type { Answer } from './sides.ts';

const moments = ['creationTimestamp', 'deletionTimestamp'];

/** What everybody must agree on. */
export function comparableAnswer({ code, body }: Answer): unknown {
  return { code, body: body.kind === 'Status' ? comparableStatus(body) : comparableObject(body) };
}

const unexplained = 'the server rejected our request due to an error in our request';

function comparableStatus({ reason, message, details, status }: Record<string, unknown>): unknown {
  // Where Kubernetes says no more than this, we say why.
  if (message === unexplained) return { status, reason, message };
  const causes = isRecord(details) ? ((details.causes ?? []) as { reason: string; message: string }[]) : [];
  // The library of 1.20 tells some paths twice in place of others, so whom the conflicts are with is what counts.
  if (causes.some((cause) => cause.reason === 'FieldManagerConflict'))
    return { status, reason, with: causes.map((cause) => plain(cause.message)).sort() };
  // Which faults are told, and how, has changed since; recorded answers of a newer server judge that (test/apiserver/wire).
  if (reason === 'Invalid') return { status, reason };
  return { status, reason, message: plain(String(message ?? '')), details: plainDetails(details) };
}

const plainDetails = (details: unknown): unknown => JSON.parse(plain(JSON.stringify(comparable(details) ?? null)));

const plain = (text: string): string =>
  text
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, 'TIME')
    // 1.20 prints values as Go does, later servers as JSON.
    .replaceAll('map[string]interface {}', '')
    // Of whom a conflict is with, 1.20 tells the moment of an update, and no subresource.
    .replace(/ at TIME/g, '')
    .replace(/ with subresource \\?"\w+\\?"/g, '')
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'UID');

function comparableObject({ metadata, ...rest }: Record<string, unknown>): unknown {
  // Lists that come in another order are a change where the order is the configuration's, and none where it is not: so generations
  // differ, too.
  const {
    uid,
    resourceVersion,
    managedFields: _,
    generation: __,
    ...its
  } = (metadata ?? {}) as Record<string, unknown>;
  for (const moment of moments) if (its[moment]) its[moment] = 'TIME';
  return comparable({
    ...rest,
    metadata: {
      ...its,
      ...(uid !== undefined && { uid: 'UID' }),
      ...(resourceVersion !== undefined && { resourceVersion: 'REVISION' }),
    },
  });
}

/** Manager, operation and version → fields. 1.20 tells no subresources. */
export function comparableOwners({ body }: Answer): unknown {
  if (!isRecord(body.metadata) || body.kind === 'Status') return undefined;
  const { managedFields = [] } = body.metadata as { managedFields?: ManagedFieldsEntry[] };
  const sets = new Map<string, FieldSet>();
  for (const { manager, operation, apiVersion, fieldsV1 } of managedFields) {
    const who = `${manager} ${operation} ${apiVersion}`;
    const fields = readFieldsV1(withWholeOwners((fieldsV1 ?? {}) as Fields));
    sets.set(who, (sets.get(who) ?? FieldSet.empty).union(fields));
  }
  return Object.fromEntries([...sets].map(([who, fields]) => [who, writeFieldsV1(fields)]));
}

type Fields = Record<string, Record<string, Record<string, unknown>>>;

/** An owner reference is owned as a whole, since 1.23. */
function withWholeOwners(fields: Fields): Fields {
  const references = fields['f:metadata']?.['f:ownerReferences'];
  if (!references) return fields;
  const whole = Object.fromEntries(Object.keys(references).map((key) => [key, {}]));
  return { ...fields, 'f:metadata': { ...fields['f:metadata'], 'f:ownerReferences': whole } };
}

const containers =
  /^(f:(metadata|spec|status)|f:metadata f:(labels|annotations|finalizers|ownerReferences)|f:spec f:(roles|tags)( k:\S+( f:resources)?)?)$/;

/**
 * Does somebody own a container and nothing in it? The library of 1.20 took that for the mark of a field that was atomic once, and gave
 * them all that is in it with the next write. Its authors have taken that back ("treated as if they were always granular").
 */
export function hasHollowOwner({ body }: Answer): boolean {
  const { managedFields = [] } = (body.metadata ?? {}) as { managedFields?: ManagedFieldsEntry[] };
  const isHollow = (fields: Record<string, unknown>, path: readonly string[]): boolean =>
    path.length > 0 && Object.keys(fields).every((key) => key === '.')
      ? containers.test(path.join(' '))
      : Object.entries(fields).some(
          ([key, inner]) => key !== '.' && isHollow(inner as Record<string, unknown>, [...path, key]),
        );
  return managedFields.some(({ fieldsV1 }) => isHollow((fieldsV1 ?? {}) as Record<string, unknown>, []));
}

/**
 * Was an object that nobody owned applied to for the first time? Then 1.20 gave all of it to before-first-apply, and later servers only
 * what can be written where it was applied: either all but status, or status alone.
 */
export const gaveAwayTooMuch = ({ body }: Answer): boolean =>
  JSON.stringify(body.metadata ?? {}).includes('"before-first-apply"');

/** Did the library of 1.20 leave null where the last item of a list or map was taken away? Ours leaves it empty, or takes it away. */
export const leftNull = ({ code, body }: Answer): boolean =>
  code === 422 && / must be of type (array|object): "null"/.test(String(body.message));

/** Was an object that is gone written to under its uid? 1.20 says that nothing has another uid (409), we that it is not there. */
export const missedByUid = ({ code, body }: Answer): boolean =>
  code === 409 && String(body.message).endsWith('UID in object meta: ');

/** @throws Error that shows both as they are */
export function expectSame(what: string, ours: unknown, theirs: unknown): void {
  const [our, their] = [canonicalJson(ours ?? null), canonicalJson(theirs ?? null)];
  if (our !== their) throw new Error(`${what}\n  ours:   ${our}\n  theirs: ${their}`);
}
