/**
 * JSON merge patch (RFC 7386): objects are merged, null deletes, anything else replaces (K-247).
 */
import { ownValue, setOwn } from '../../openapi/machinery/json.ts';
import { isRecord } from '../../openapi/machinery/meta.ts';

/** `target` with `patch` merged in. Neither is changed, but the result shares nodes with both. */
export function mergePatched(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const result: Record<string, unknown> = isRecord(target) ? { ...target } : {};
  for (const key of Object.keys(patch)) {
    const change = patch[key];
    if (change === null) delete result[key];
    else setOwn(result, key, mergePatched(ownValue(result, key), change));
  }
  return result;
}
