/**
 * The revision of a StatefulSet: a short name for its template, the same for the same template however it is written.
 *
 * Kubernetes keeps every template as a ControllerRevision; the sandbox keeps the present one only, so that it cannot go back.
 */
import { createHash } from 'node:crypto';
import { isRecord } from '../../../../openapi/machinery/meta.ts';
import { safeAlphabet } from '../../../../openapi/machinery/names.ts';
import type { StatefulSet } from '../../kinds/statefulsets/statefulset.ts';

const length = 10;

/** `web-6c8b9d5f7x`: the value of the label that pods of the revision have. */
export function revisionOf({ metadata: { name }, spec: { template } }: StatefulSet): string {
  const digest = createHash('sha256').update(canonical(template)).digest();
  const letters = Array.from({ length }, (_, i) => safeAlphabet[digest[i]! % safeAlphabet.length]);
  return `${name}-${letters.join('')}`;
}

/** JSON with the keys of every object in order. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isRecord(value)) return JSON.stringify(value) ?? 'null';
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(',')}}`;
}

/** Revisions by UID, reckoned anew only when the generation changes. */
export class Revisions {
  readonly #known = new Map<string, { generation: number; revision: string }>();

  of(set: StatefulSet): string {
    const { uid = '', generation = 0 } = set.metadata;
    const known = this.#known.get(uid);
    if (known?.generation === generation) return known.revision;
    const revision = revisionOf(set);
    this.#known.set(uid, { generation, revision });
    return revision;
  }

  forget(uid: string): void {
    this.#known.delete(uid);
  }
}
