/**
 * From client-side to server-side apply: what kubectl once noted in an annotation counts as owned by kubectl (K-287).
 *
 * Only the manager that is called `kubectl` is treated so; whoever takes another name is an ordinary manager.
 */
import { isRecord, type KubeObject } from '../../openapi/machinery/meta.ts';
import { decodeJson } from '../codec/json.ts';
import { compare } from './compare.ts';
import type { Conflict } from './conflicts.ts';
import { faultsOf } from './faults.ts';
import { FieldSet } from './field-set.ts';
import { appliedFields } from './field-sets-of.ts';
import type { FieldType } from './field-type.ts';
import { canonicalJson } from './path-element.ts';

/** Where kubectl notes what it applied from the client's side. */
export const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';
/** Of all annotations of an object together. */
const maxAnnotationBytes = 262_144;

export const upgradesFromClientSide = (manager: string): boolean => manager === 'kubectl';

/** The conflicts that are none, since the field still has the value that kubectl gave it, are left out. */
export function realConflicts(
  conflicts: readonly Conflict[],
  type: FieldType,
  live: KubeObject,
  apiVersion: string,
): readonly Conflict[] {
  const allowed = lastAppliedFields(type, live, apiVersion);
  return conflicts.filter(({ path }) => !allowed.has(path));
}

/** What was last applied from the client and is still so. */
function lastAppliedFields(type: FieldType, live: KubeObject, apiVersion: string): FieldSet {
  const configuration = lastAppliedIn(live.metadata);
  if (!isRecord(configuration) || configuration.apiVersion !== apiVersion) return FieldSet.empty;
  if (faultsOf(type, configuration).length || faultsOf(type, live).length) return FieldSet.empty;
  const { added, modified, removed } = compare(type, configuration, live);
  return appliedFields(type, configuration).difference(modified).difference(added).difference(removed);
}

/** What is noted there, as a value of its own; undefined when it is nothing that kubectl would have written. */
export function lastAppliedIn({ annotations }: { readonly annotations?: unknown }): unknown {
  const text = isRecord(annotations) ? annotations[lastAppliedAnnotation] : undefined;
  try {
    return typeof text === 'string' ? decodeJson(Buffer.from(text)).value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The object with the annotation in step, if it has it: both ways of applying may then go on side by side.
 *
 * As in Kubernetes, it is dropped rather than grow too large.
 */
export function withLastApplied(object: KubeObject, configuration: Record<string, unknown>): KubeObject {
  const { [lastAppliedAnnotation]: present, ...annotations } = object.metadata?.annotations ?? {};
  if (!present) return object;
  const noted = { ...annotations, [lastAppliedAnnotation]: `${canonicalJson(withoutAnnotation(configuration))}\n` };
  const bytes = Object.entries(noted).reduce((sum, [key, value]) => sum + Buffer.byteLength(key + value), 0);
  return {
    ...object,
    metadata: { ...object.metadata, annotations: bytes > maxAnnotationBytes ? annotations : noted },
  };
}

function withoutAnnotation(configuration: Record<string, unknown>): Record<string, unknown> {
  const { metadata } = configuration;
  if (!isRecord(metadata) || !isRecord(metadata.annotations)) return configuration;
  const { [lastAppliedAnnotation]: _, ...annotations } = metadata.annotations;
  return { ...configuration, metadata: { ...metadata, annotations } };
}
