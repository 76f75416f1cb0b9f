/**
 * The part of every Kubernetes object that all kinds share: type, metadata, lists and conditions.
 *
 * Shapes only, as the API conventions give them; what may be written into them is names.ts' and the registry's business.
 * Times are RFC 3339 in UTC with whole seconds (K-338).
 */

export interface TypeMeta {
  apiVersion: string;
  kind: string;
}

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

export interface ManagedFieldsEntry {
  manager?: string;
  operation?: 'Apply' | 'Update';
  apiVersion?: string;
  time?: string;
  fieldsType?: 'FieldsV1';
  fieldsV1?: Record<string, unknown>;
  subresource?: string;
}

/** `name` is the empty string only while a create with `generateName` is on its way to its name. */
export interface ObjectMeta {
  name: string;
  generateName?: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
  managedFields?: ManagedFieldsEntry[];
}

/** Any object of any kind. What lies beside `metadata` is known only to its kind. */
export interface KubeObject extends TypeMeta {
  metadata: ObjectMeta;
}

export interface ListMeta {
  resourceVersion?: string;
  continue?: string;
  remainingItemCount?: number;
}

/** API conventions, "Typical status properties" (K-625). `lastTransitionTime` moves only when `status` does. */
export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  observedGeneration?: number;
  lastTransitionTime: string;
  reason: string;
  message: string;
}

/** Where a namespaced object lives; `namespace` is empty for a cluster-scoped one. */
export interface ObjectKey {
  namespace: string;
  name: string;
}

/** `namespace/name`, the way work queues and logs write a key. */
export const keyText = ({ namespace, name }: ObjectKey): string => (namespace ? `${namespace}/${name}` : name);

/** What `keyText` was made of. */
export function keyFromText(text: string): ObjectKey {
  const slash = text.indexOf('/');
  return { namespace: slash < 0 ? '' : text.slice(0, slash), name: text.slice(slash + 1) };
}

/** The key of an object that has its name. */
export const keyOf = ({ metadata }: { metadata: ObjectMeta }): ObjectKey => ({
  namespace: metadata.namespace ?? '',
  name: metadata.name,
});

export interface GroupVersion {
  group: string;
  version: string;
}

/** `apps/v1`, or `v1` for the core group. */
export const apiVersionOf = ({ group, version }: GroupVersion): string => (group ? `${group}/${version}` : version);

/** The reference that makes `owner` the controller of a child and lets foreground deletion wait for the child. */
export const controllerReference = (owner: KubeObject): OwnerReference => ({
  apiVersion: owner.apiVersion,
  kind: owner.kind,
  name: owner.metadata.name,
  uid: owner.metadata.uid ?? '',
  controller: true,
  blockOwnerDeletion: true,
});

/** Is this a JSON object (neither null nor an array)? */
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The objects in what may or may not be a list: for code that reads data nobody has validated yet. */
export const recordsIn = (list: unknown): Record<string, unknown>[] =>
  Array.isArray(list) ? list.filter(isRecord) : [];
