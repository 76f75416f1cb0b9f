/**
 * Continue tokens: where the next page of a list begins, and which revision all its pages show (K-179 to K-187).
 *
 * A token holds a key relative to the list's root, so it cannot reach what the list itself could not.
 */
import { inWords } from '../../openapi/machinery/json.ts';
import { isRecord } from '../../openapi/machinery/meta.ts';
import { StatusError } from '../../openapi/machinery/status.ts';

const version = 'meta.k8s.io/v1';

export interface ContinueToken {
  /** -1: go on at the newest revision, consistency being lost already (K-184). */
  readonly revision: number;
  /** The last key that was returned, relative to the root of the list. */
  readonly after: string;
}

export const continueToken = ({ revision, after }: ContinueToken): string =>
  Buffer.from(JSON.stringify({ v: version, rv: revision, start: `${after}\u0000` })).toString('base64url');

const refusal = (why: string): StatusError =>
  StatusError.badRequest(`invalid continue token: continue key is not valid: ${why}`);

/** @throws StatusError BadRequest (K-182) */
export function parseContinueToken(text: string): ContinueToken {
  let token: unknown;
  try {
    token = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch (error) {
    throw refusal((error as Error).message);
  }
  if (!isRecord(token)) throw refusal('it is not an object');
  const { v, rv, start } = token;
  if (v !== version) throw refusal(`server does not recognize this encoded version ${inWords(v)}`);
  if (typeof rv !== 'number' || !Number.isSafeInteger(rv) || rv === 0)
    throw refusal(`incorrect encoded start resourceVersion (version ${version})`);
  if (typeof start !== 'string' || start === '') throw refusal(`encoded start key empty (version ${version})`);
  const after = start.endsWith('\u0000') ? start.slice(0, -1) : start;
  if (after.startsWith('/') || after.split('/').some((part) => part === '..' || part === '.')) throw refusal(start);
  return { revision: rv, after };
}
