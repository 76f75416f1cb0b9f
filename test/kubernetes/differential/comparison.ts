/**
 * What is left of an answer to compare: code, headers that clients act on, warnings, and the body without what no two servers share.
 *
 * Ownership has a comparison of its own (masks.ts). Why answers that differ may do so, differences.ts says.
 */
import { canonicalJson } from '../../../apiserver/managedfields/path-element.ts';
import { isRecord } from '../../../openapi/machinery/meta.ts';
import type { Answer, Request } from './sides.ts';
import { causesIn, inLaterWords, isCauses } from './wording.ts';

export interface Said {
  readonly code: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly warnings: readonly string[];
  readonly body: Readonly<Record<string, unknown>>;
}

const compared = ['content-type', 'cache-control', 'retry-after', 'location', 'x-content-type-options'];

/** Of fields that are unknown or stand twice clients are told since 1.23 (K-144). */
const isNew = (warning: string): boolean => /^299 - "(unknown|duplicate) field |^299 - "line \d+: key /.test(warning);

export function said({ code, headers, warnings, body }: Answer, request: Request): Said {
  const told = Object.fromEntries(compared.map((name) => [name, headers[name]]).filter(([, value]) => value));
  const whole = shared(body) as Record<string, unknown>;
  return {
    code,
    headers: told,
    warnings: warnings.filter((warning) => !isNew(warning)),
    body: isFromCache(request) ? sorted(whole) : whole,
  };
}

export const isSame = (ours: unknown, theirs: unknown): boolean =>
  canonicalJson((ours ?? null) as never) === canonicalJson((theirs ?? null) as never);

/** The cache of 1.20 has no order. */
const isFromCache = ({ query = {} }: Request): boolean => query.resourceVersion !== undefined;

const sorted = (body: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(body).map(([name, value]) => [
      name,
      (name === 'items' || name === 'events') && Array.isArray(value) ? [...value].sort(byText) : value,
    ]),
  );

const byName = (one: { name: string }, other: { name: string }): number => (one.name < other.name ? -1 : 1);

const byText = (one: unknown, other: unknown): number =>
  canonicalJson(one as never) < canonicalJson(other as never) ? -1 : 1;

const moments = new Set(['creationTimestamp', 'deletionTimestamp', 'time']);
const uuid = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** Without identities, moments and owners. */
function shared(value: unknown): unknown {
  if (typeof value === 'string') return textIn(value);
  if (Array.isArray(value)) return value.map(shared);
  if (!isRecord(value)) return value;
  const entries = Object.entries(value)
    .map(([name, inner]): [string, unknown] => [name, standIn(name, inner, value)])
    .filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(entries);
}

/** @returns undefined for what is not compared */
function standIn(name: string, value: unknown, whole: Record<string, unknown>): unknown {
  // Who names causes says the same in the message once more.
  if (name === 'message' && whole.reason === 'Invalid' && isRecord(whole.details) && isCauses(whole.details.causes))
    return undefined;
  if (name === 'causes' && isCauses(value)) return causesIn(shared(value) as never);
  // 1.20 repeats a selfLink in dry runs of patches; never is one told since (K-343).
  if (name === 'selfLink') return undefined;
  if (name === 'managedFields' || value === '' || (value === null && moments.has(name))) return undefined;
  if (moments.has(name) && typeof value === 'string') return 'TIME';
  if (name === 'resourceVersion' && /^\d+$/.test(String(value))) return 'REVISION';
  if (name === 'continue') return 'TOKEN';
  // Words of the product.
  if (name === 'description') return undefined;
  // Ages go on while one waits for the other.
  if (name === 'cells' && Array.isArray(value))
    return value.map((cell) => (/^\d+s$/.test(String(cell)) ? 'AGE' : cell));
  if (name === 'verbs' && Array.isArray(value)) return [...value].sort();
  if (name === 'resources' && Array.isArray(value)) return shared(value.sort(byName));
  // Go leaves a zero out of a Scale (K-309).
  if (name === 'spec' && whole.kind === 'Scale' && isRecord(value)) return { replicas: 0, ...value };
  // What cannot be read here is compared by those who can (test/apiserver/protobuf.test.ts).
  if (name === 'text' && String(value).startsWith('k8s\0')) return 'PROTOBUF';
  return shared(value);
}

const textIn = (text: string): string =>
  inLaterWords(
    text
      .replace(uuid, 'UID')
      .replace(/(in record|in the precondition) \(\d+\)/g, '$1 (REVISION)')
      .replace(/\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ| \d\d:\d\d:\d\d \+0000 UTC)/g, 'TIME')
      // 1.20 leaves the prefix of keys out in a dry run.
      .replace('Key: /registry/', 'Key: /')
      // Names are made of these prefixes in stories/.
      .replace(/\b(Bad_|g-)[a-z0-9]{5}\b/g, '$1SUFFIX'),
  );
