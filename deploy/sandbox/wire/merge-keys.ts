/**
 * Which lists of Kubernetes' kinds are merged item by item in a strategic merge patch, and what tells their items apart.
 *
 * Kubernetes says it in its published schemas (`x-kubernetes-patch-merge-key`). All other lists are replaced as a whole.
 */

/** A list of objects is merged by this field; `true` for a list of words, which are joined. */
export type MergeKey = string | true | undefined;

const byField: Readonly<Record<string, MergeKey>> = {
  // metadata
  ownerReferences: 'uid',
  // pods
  containers: 'name',
  initContainers: 'name',
  ephemeralContainers: 'name',
  volumes: 'name',
  env: 'name',
  volumeMounts: 'mountPath',
  volumeDevices: 'devicePath',
  imagePullSecrets: 'name',
  hostAliases: 'ip',
  topologySpreadConstraints: 'topologyKey',
  schedulingGates: 'name',
  resourceClaims: 'name',
  podIPs: 'ip',
  hostIPs: 'ip',
  // several kinds
  conditions: 'type',
  secrets: 'name',
  // nodes
  addresses: 'type',
  podCIDRs: true,
};

/** @param parent the field in which the list's object stands: `containers`, `spec` */
export function mergeKeyOf(field: string, parent: string): MergeKey {
  if (field === 'ports') return parent === 'spec' ? 'port' : 'containerPort';
  // Those of a namespace's spec are replaced.
  if (field === 'finalizers') return parent === 'metadata' ? true : undefined;
  // Those of Endpoints are replaced.
  if (field === 'addresses') return parent === 'status' ? 'type' : undefined;
  return Object.hasOwn(byField, field) ? byField[field] : undefined;
}
