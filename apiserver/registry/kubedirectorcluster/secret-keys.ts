/**
 * Secret values on their way in: what a user gives in the clear is encrypted before anything else becomes of the cluster, so that it is
 * stored, answered, watched and owned in its encrypted form only (K1 to K3 of the original's rules).
 *
 * A value that is given again, as every `kubectl apply` does, keeps its ciphertext: the cluster does not change by it. One that is kept
 * in a Secret never comes here: the cluster says where it is, and the reconciler reads it.
 */
import {
  type FieldError,
  type FieldPath,
  forbidden,
  invalid,
  required,
  spec as specPath,
} from '../../../openapi/machinery/field.ts';
import { jsonText } from '../../../openapi/machinery/json.ts';
import { isRecord, type ObjectMeta, recordsIn } from '../../../openapi/machinery/meta.ts';
import { configKeyFaults } from '../../../openapi/machinery/names.ts';
import { decryptSecretValue, encryptSecretValue } from '../../../openapi/secret-values.ts';
import type { ClusterRole, ClusterSpec, KubeDirectorCluster } from '../../../openapi/v1beta1/kubedirectorcluster.ts';
import { lastAppliedAnnotation, lastAppliedIn } from '../../managedfields/last-applied.ts';

type SecretKey = NonNullable<ClusterRole['secretKeys']>[number];

export interface SealedRoles {
  /** Without values in the clear, but for those that there is a fault of. */
  readonly roles: ClusterRole[];
  readonly faults: readonly FieldError[];
}

/** @param masterKey of the configuration; undefined when it has none */
export function sealedRoles(
  now: ClusterSpec,
  old: ClusterSpec | undefined,
  masterKey: string | undefined,
): SealedRoles {
  const faults: FieldError[] = [];
  const roles = now.roles.map((role, i) => {
    if (!role.secretKeys) return role;
    const kept = keptValues(old?.roles ?? [], role.id);
    const at = specPath.child('roles').index(i).child('secretKeys');
    const secretKeys = role.secretKeys.map((given, j) => {
      const sealed = sealedKey(given, kept.get(given.name), masterKey, at.index(j));
      if (!('faults' in sealed)) return sealed;
      faults.push(...sealed.faults);
      return given;
    });
    return { ...role, secretKeys };
  });
  return { roles, faults };
}

function sealedKey(
  given: SecretKey,
  kept: string | undefined,
  masterKey: string | undefined,
  at: FieldPath,
): SecretKey | { faults: readonly FieldError[] } {
  const { name, value = '', encryptedValue, valueFrom } = given;
  if (valueFrom) {
    const faults = sourceFaults(given, kept, at.child('valueFrom'));
    return faults.length ? { faults } : { name, valueFrom };
  }
  if (!value && encryptedValue) {
    // One could have been seen in a cluster of somebody else's, and would be readable in a member of this one.
    if (encryptedValue === kept) return { name, encryptedValue };
    return { faults: [forbidden(at.child('encryptedValue'), 'it is set by the server; give the value instead')] };
  }
  if (!masterKey) return { faults: [forbidden(at.child('value'), noKey)] };
  if (kept !== undefined && decryptSecretValue(kept, masterKey) === value) return { name, encryptedValue: kept };
  return { name, encryptedValue: encryptSecretValue(value, masterKey) };
}

/** As Kubernetes judges the variables of a container; a name that nothing can have is told of with those of other references. */
function sourceFaults(
  { value, encryptedValue, valueFrom }: SecretKey,
  kept: string | undefined,
  at: FieldPath,
): FieldError[] {
  const { name, key = '' } = valueFrom?.secretKeyRef ?? {};
  const ref = at.child('secretKeyRef');
  // What the server has set itself stays behind where somebody applies a source in place of a value.
  const brought = encryptedValue !== kept;
  return [
    // What is given beside it is not repeated: it may be a value in the clear.
    ...(value ? [invalid(at, '', 'may not be specified when `value` is not empty')] : []),
    ...(encryptedValue && brought ? [invalid(at, '', 'may not be specified when `encryptedValue` is not empty')] : []),
    ...(name ? [] : [required(ref.child('name'))]),
    ...(key ? configKeyFaults(key).map((text) => invalid(ref.child('key'), key, text)) : [required(ref.child('key'))]),
  ];
}

const noKey =
  "it cannot be encrypted, and is never kept otherwise: an administrator has to create the KubeDirectorConfig kd-global-config in KubeDirector's namespace, which then gets a masterEncryptionKey";

/** Encrypted values of a role, by name. */
function keptValues(roles: readonly ClusterRole[], id: string): Map<string, string> {
  const keys = roles.find((role) => role.id === id)?.secretKeys ?? [];
  return new Map(keys.flatMap(({ name, encryptedValue }) => (encryptedValue ? [[name, encryptedValue]] : [])));
}

/** The cluster as it may be kept. */
export function withSealedValues(
  { metadata, spec, ...rest }: KubeDirectorCluster,
  { roles }: SealedRoles,
  masterKey: string | undefined,
): KubeDirectorCluster {
  return { ...rest, metadata: withoutNotedValues(metadata, roles, masterKey), spec: { ...spec, roles } };
}

/**
 * kubectl notes all that it applies in an annotation, values in the clear included. There, too, they become what the server keeps: so
 * the note can still be applied as it stands, and kubectl finds in it every field that it looks for. One that is not the value of
 * this cluster (any more) goes without anything in its place.
 *
 * No warning is given: there is nothing that a user should do about it.
 */
function withoutNotedValues(
  metadata: ObjectMeta,
  roles: readonly ClusterRole[],
  masterKey: string | undefined,
): ObjectMeta {
  const noted = lastAppliedIn(metadata);
  const spec = isRecord(noted) && isRecord(noted.spec) ? noted.spec : {};
  let changed = false;
  for (const role of recordsIn(spec.roles)) {
    // In v1alpha1, the id of a role is its name.
    const kept = keptValues(roles, String(role.id ?? role.name));
    for (const key of recordsIn(role.secretKeys)) {
      if (key.value === undefined) continue;
      const { value } = key;
      const encryptedValue = kept.get(String(key.name));
      delete key.value;
      changed = true;
      if (encryptedValue && masterKey && decryptSecretValue(encryptedValue, masterKey) === value)
        key.encryptedValue = encryptedValue;
    }
  }
  if (!changed) return metadata;
  return {
    ...metadata,
    annotations: { ...metadata.annotations, [lastAppliedAnnotation]: `${jsonText(noted)}\n` },
  };
}
