/** What the host answers instead of what it was asked for, as an error. */
import { isRecord } from '../../openapi/machinery/meta.ts';
import { type Status, StatusError } from '../../openapi/machinery/status.ts';
import { decodeJson } from '../codec/json.ts';

/** The host's own Status, or one made from the code when it sent something else (K-353). */
export function failureOf(code: number, body: Buffer): StatusError {
  try {
    const { value } = decodeJson(body);
    if (isRecord(value) && value.kind === 'Status') return new StatusError({ ...(value as unknown as Status), code });
  } catch {
    // Not JSON: a proxy's or a filter's text.
  }
  const message = body.toString('utf8').trim().slice(0, 300);
  return new StatusError({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, code });
}
