/**
 * Server-side apply over HTTP: PATCH with a configuration in YAML or JSON (K-257 to K-261).
 */
import { FieldPath, required } from '../../openapi/machinery/field.ts';
import { StatusError } from '../../openapi/machinery/status.ts';
import type { Authorizer } from '../auth/authorizer.ts';
import { refusal } from '../auth/authorizer.ts';
import { DecodeError, decodeJson } from '../codec/json.ts';
import { decodeYaml } from '../codec/yaml.ts';
import type { ReceivedDocument } from '../registry/documents.ts';
import type { ApplyOptions } from '../registry/registry.ts';
import { readBody, repeatedField } from './body.ts';
import type { Exchange } from './exchange.ts';
import { writeOptions } from './options.ts';
import { isYes } from './query.ts';

export const applyType = 'application/apply-patch+yaml';

/** @throws StatusError 422 when nobody says who applies (K-257) */
export function applyOptions(exchange: Exchange): ApplyOptions {
  const options = writeOptions(exchange, 'PatchOptions', true);
  if (!exchange.query.get('fieldManager')) {
    const fault = required(new FieldPath('fieldManager'), 'is required for apply patch');
    throw StatusError.invalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', [fault]);
  }
  return { ...options, force: isYes(exchange.query.get('force')) };
}

/** @throws StatusError 400 (K-260), 413 */
export async function readConfiguration(exchange: Exchange): Promise<ReceivedDocument> {
  const body = await readBody(exchange);
  try {
    // JSON is YAML, but its own reader keeps every digit, and is quicker.
    if (body[0] !== 0x7b)
      return { ...decodeYaml(body), preface: 'error converting YAML to JSON: yaml: unmarshal errors:\n  ' };
    const { value, duplicates } = decodeJson(body);
    return { value, duplicates: duplicates.map(repeatedField) };
  } catch (error) {
    if (error instanceof DecodeError) throw StatusError.badRequest(`error decoding YAML: ${error.message}`);
    throw error;
  }
}

/** What is not there is created, by those who may create (K-261, K-430). @throws StatusError Forbidden */
export async function mayCreate({ attributes, user, signal }: Exchange, authorizer: Authorizer): Promise<void> {
  const wish = { ...attributes, user, verb: 'create' };
  const { verdict, reason } = await authorizer.authorize(wish, signal);
  if (verdict !== 'allow') throw refusal(wish, reason);
}
