/**
 * Which volume a claim gets: one that is there and fits, or a new one. Pure.
 */
import { apiVersionOf } from '../../../../openapi/machinery/meta.ts';
import { parseQuantity } from '../../../../openapi/machinery/quantity.ts';
import type { StorageClass } from '../../kinds/storageclasses.ts';
import type { Claim, PersistentVolume } from '../../kinds/volumes/volume.ts';

const sizeOf = (amounts: Record<string, string | number> | undefined): bigint =>
  parseQuantity(amounts?.storage ?? '0') ?? 0n;

export const requested = ({ spec }: Claim): bigint => sizeOf(spec.resources?.requests);

/** Has the claim asked for more than it has? */
export const outgrown = (claim: Claim): boolean => requested(claim) > sizeOf(claim.status?.capacity);

/** May this claim have this volume? */
export function fits(claim: Claim, { metadata, spec }: PersistentVolume): boolean {
  const { claimRef } = spec;
  const promised = claimRef?.name === claim.metadata.name && claimRef.namespace === claim.metadata.namespace;
  if (metadata.deletionTimestamp || (claimRef && !promised)) return false;
  if (claimRef?.uid && claimRef.uid !== claim.metadata.uid) return false;
  if (claim.spec.volumeName) return claim.spec.volumeName === metadata.name;
  return (
    (claim.spec.storageClassName ?? '') === (spec.storageClassName ?? '') &&
    (claim.spec.volumeMode ?? 'Filesystem') === (spec.volumeMode ?? 'Filesystem') &&
    (claim.spec.accessModes ?? []).every((mode) => spec.accessModes?.includes(mode)) &&
    sizeOf(spec.capacity) >= requested(claim)
  );
}

/** The one that fits best: promised to the claim, else the smallest. */
export const bestOf = (claim: Claim, volumes: Iterable<PersistentVolume>): PersistentVolume | undefined =>
  [...volumes]
    .filter((volume) => fits(claim, volume))
    .sort(
      (a, b) =>
        Number(!a.spec.claimRef) - Number(!b.spec.claimRef) ||
        compare(sizeOf(a.spec.capacity), sizeOf(b.spec.capacity)),
    )[0];

const compare = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);

export const referenceTo = (claim: Claim) => ({
  apiVersion: apiVersionOf({ group: '', version: 'v1' }),
  kind: 'PersistentVolumeClaim',
  namespace: claim.metadata.namespace ?? '',
  name: claim.metadata.name,
  uid: claim.metadata.uid ?? '',
});

/** A new volume for a claim. It names a driver that exists nowhere else, since there is nothing to be mounted. */
export const volumeFor = (claim: Claim, kind: StorageClass): PersistentVolume => {
  const name = `pvc-${claim.metadata.uid}`;
  const { accessModes, volumeMode, resources } = claim.spec;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name, annotations: { 'pv.kubernetes.io/provisioned-by': kind.provisioner ?? '' } },
    spec: {
      ...(accessModes && { accessModes }),
      capacity: { storage: resources?.requests?.storage ?? '0' },
      claimRef: referenceTo(claim),
      csi: { driver: kind.provisioner ?? '', volumeHandle: name },
      persistentVolumeReclaimPolicy: kind.reclaimPolicy ?? 'Delete',
      storageClassName: kind.metadata.name,
      ...(volumeMode && { volumeMode }),
    },
  };
};
