/**
 * StorageClasses: how volumes for claims are made. One of them may be the default.
 */

import { ageColumn, nameColumn } from '../../../apiserver/registry/resource.ts';
import type { Strategy } from '../../../apiserver/registry/strategy.ts';
import { type FieldError, forbidden, invalid, notSupported, required, root } from '../../../openapi/machinery/field.ts';
import { sameJson } from '../../../openapi/machinery/json.ts';
import type { KubeObject } from '../../../openapi/machinery/meta.ts';
import { anything, boolean, listOf, mapOf, string } from '../../../openapi/schema/schema.ts';
import { column, unset } from './cells.ts';
import { hostKind } from './host-kind.ts';

export interface StorageClass extends KubeObject {
  provisioner?: string;
  parameters?: Record<string, string>;
  reclaimPolicy?: string;
  mountOptions?: string[];
  allowVolumeExpansion?: boolean;
  volumeBindingMode?: string;
}

export const defaultClassAnnotation = 'storageclass.kubernetes.io/is-default-class';

export const isDefaultClass = ({ metadata }: StorageClass): boolean =>
  metadata.annotations?.[defaultClassAnnotation] === 'true';

const reclaimPolicies = ['Delete', 'Retain'];
const bindingModes = ['Immediate', 'WaitForFirstConsumer'];

const at = (field: keyof StorageClass) => root.child(field);

const strategy: Strategy<StorageClass> = {
  prepareForCreate: (kind) => ({
    ...kind,
    reclaimPolicy: kind.reclaimPolicy ?? 'Delete',
    volumeBindingMode: kind.volumeBindingMode ?? 'Immediate',
  }),
  validate({ provisioner, reclaimPolicy = '', volumeBindingMode = '' }) {
    const faults: FieldError[] = [];
    if (!provisioner) faults.push(required(at('provisioner')));
    if (!reclaimPolicies.includes(reclaimPolicy))
      faults.push(notSupported(at('reclaimPolicy'), reclaimPolicy, reclaimPolicies));
    if (!bindingModes.includes(volumeBindingMode))
      faults.push(notSupported(at('volumeBindingMode'), volumeBindingMode, bindingModes));
    return faults;
  },
  validateUpdate(now, old) {
    const faults: FieldError[] = [];
    for (const field of ['parameters', 'provisioner', 'reclaimPolicy'] as const)
      if (!sameJson(now[field], old[field])) faults.push(forbidden(at(field), `updates to ${field} are forbidden.`));
    const { volumeBindingMode: mode } = now;
    if (mode !== old.volumeBindingMode) faults.push(invalid(at('volumeBindingMode'), mode, 'field is immutable'));
    return faults;
  },
};

export const storageClasses = hostKind<StorageClass>({
  group: 'storage.k8s.io',
  kind: 'StorageClass',
  plural: 'storageclasses',
  description: 'How volumes for claims are made.',
  definitions: 'io.k8s.api.storage.v1',
  shortNames: ['sc'],
  namespaced: false,
  fields: {
    provisioner: string('Who makes the volumes.'),
    parameters: mapOf(string('Value.'), 'What the provisioner is told.'),
    reclaimPolicy: string('What becomes of a volume whose claim is gone.'),
    mountOptions: listOf(string('Option.'), 'How volumes are mounted.'),
    allowVolumeExpansion: boolean('Whether claims may grow.'),
    volumeBindingMode: string('When volumes are made.'),
    allowedTopologies: listOf(anything('A topology.'), 'Where volumes may be.'),
  },
  strategy,
  columns: [
    { ...nameColumn, cell: (kind: StorageClass) => `${kind.metadata.name}${isDefaultClass(kind) ? ' (default)' : ''}` },
    column('Provisioner', 'Who makes the volumes.', ({ provisioner }) => provisioner ?? ''),
    column('ReclaimPolicy', 'What becomes of a volume whose claim is gone.', (kind) => kind.reclaimPolicy ?? 'Delete'),
    column('VolumeBindingMode', 'When volumes are made.', ({ volumeBindingMode }) => volumeBindingMode ?? unset),
    column('AllowVolumeExpansion', 'Whether claims may grow.', (kind) => kind.allowVolumeExpansion ?? false),
    ageColumn,
  ],
});
