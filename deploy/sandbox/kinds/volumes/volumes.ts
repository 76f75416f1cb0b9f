/**
 * PersistentVolumes: storage that a claim can have. In the sandbox they hold nothing.
 */
import { ageColumn, nameColumn } from '../../../../apiserver/registry/resource.ts';
import type { Strategy } from '../../../../apiserver/registry/strategy.ts';
import { spec as at, type FieldError, notSupported, required } from '../../../../openapi/machinery/field.ts';
import { listOf, mapOf, object, quantity, string } from '../../../../openapi/schema/schema.ts';
import { column, unset } from '../cells.ts';
import { hostKind, statusOf } from '../host-kind.ts';
import { accessModesText, type PersistentVolume, volumeProtection } from './volume.ts';

const reclaimPolicies = ['Delete', 'Recycle', 'Retain'];

function volumeFaults({ spec }: PersistentVolume): FieldError[] {
  const faults: FieldError[] = [];
  if (!spec.accessModes?.length) faults.push(required(at.child('accessModes')));
  if (spec.capacity?.storage === undefined) faults.push(required(at.child('capacity')));
  const policy = spec.persistentVolumeReclaimPolicy ?? '';
  if (!reclaimPolicies.includes(policy))
    faults.push(notSupported(at.child('persistentVolumeReclaimPolicy'), policy, reclaimPolicies));
  return faults;
}

const strategy: Strategy<PersistentVolume> = {
  prepareForCreate({ metadata, ...volume }) {
    const spec = volume.spec ?? {};
    spec.persistentVolumeReclaimPolicy ??= 'Retain';
    spec.volumeMode ??= 'Filesystem';
    const finalizers = [...new Set([...(metadata.finalizers ?? []), volumeProtection])];
    // A volume that is made for a claim is bound from the beginning.
    const phase = spec.claimRef?.uid ? ('Bound' as const) : ('Available' as const);
    return { ...volume, metadata: { ...metadata, finalizers }, spec, status: { phase } };
  },
  prepareForUpdate(volume) {
    volume.spec ??= {};
    return volume;
  },
  validate: volumeFaults,
};

const spec = object(
  'The storage.',
  {
    capacity: mapOf(quantity('How much.'), 'How much there is.'),
    accessModes: listOf(string('Mode.'), 'How it may be used.'),
    persistentVolumeReclaimPolicy: string('What becomes of it when its claim is gone.'),
    storageClassName: string('How it was made.'),
    volumeMode: string('Filesystem or Block.'),
    claimRef: object(
      'The claim.',
      {
        namespace: string('Namespace of the claim.'),
        name: string('Name of the claim.'),
        uid: string('UID of the claim.'),
      },
      { preserveUnknown: true },
    ),
  },
  { preserveUnknown: true },
);

export const volumes = hostKind<PersistentVolume>({
  group: '',
  kind: 'PersistentVolume',
  plural: 'persistentvolumes',
  description: 'Storage that a claim can have.',
  definitions: 'io.k8s.api.core.v1',
  shortNames: ['pv'],
  namespaced: false,
  fields: { spec },
  status: statusOf({ phase: string('Whether a claim has it.'), reason: string('Why.') }),
  strategy,
  columns: [
    nameColumn,
    column('Capacity', 'Its size.', (volume) => String(volume.spec.capacity?.storage ?? '')),
    column('Access Modes', 'How it may be used.', (volume) => accessModesText(volume.spec.accessModes)),
    column(
      'Reclaim Policy',
      'What becomes of it when its claim is gone.',
      (volume) => volume.spec.persistentVolumeReclaimPolicy ?? '',
    ),
    column('Status', 'Whether a claim has it.', ({ metadata, status }) =>
      metadata.deletionTimestamp ? 'Terminating' : (status?.phase ?? ''),
    ),
    column('Claim', 'The claim that has it.', ({ spec: { claimRef } }) =>
      claimRef ? `${claimRef.namespace}/${claimRef.name}` : '',
    ),
    column('StorageClass', 'How it was made.', (volume) => volume.spec.storageClassName ?? ''),
    column(
      'VolumeAttributesClass',
      'Attributes that may change.',
      (volume) => volume.spec.volumeAttributesClassName ?? unset,
    ),
    column('Reason', 'Why it is as it is.', ({ status }) => status?.reason ?? ''),
    ageColumn,
    column('VolumeMode', 'Filesystem or Block.', (volume) => volume.spec.volumeMode ?? unset, { wide: true }),
  ],
});
