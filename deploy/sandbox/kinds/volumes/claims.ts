/**
 * PersistentVolumeClaims: given the default class, kept while pods use them, and bound by controllers/volumes/.
 */
import type { Resource } from '../../../../apiserver/registry/resource.ts';
import { ageColumn, nameColumn } from '../../../../apiserver/registry/resource.ts';
import type { Strategy } from '../../../../apiserver/registry/strategy.ts';
import {
  spec as at,
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  required,
} from '../../../../openapi/machinery/field.ts';
import { sameJson } from '../../../../openapi/machinery/json.ts';
import { parseQuantity } from '../../../../openapi/machinery/quantity.ts';
import { listOf, mapOf, object, quantity, string } from '../../../../openapi/schema/schema.ts';
import { column, unset } from '../cells.ts';
import { hostKind, statusOf } from '../host-kind.ts';
import { accessModesText, type Claim, type ClaimSpec, claimProtection } from './volume.ts';

/** The write with which a claim gets its volume; its status follows from that. */
export const bindSubresource = 'bind';

/** Fills what is absent, in place. Claim templates are filled by the same rules. */
export function fillClaimSpec(spec: ClaimSpec): void {
  spec.volumeMode ??= 'Filesystem';
  spec.resources ??= {};
}

const accessModes = ['ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOncePod'];

function claimFaults({ spec }: Claim): FieldError[] {
  const faults: FieldError[] = [];
  const modes = spec.accessModes ?? [];
  if (!modes.length) faults.push(required(at.child('accessModes'), 'at least 1 access mode is required'));
  for (const mode of modes)
    if (!accessModes.includes(mode)) faults.push(notSupported(at.child('accessModes'), mode, accessModes));
  const requested = spec.resources?.requests?.storage;
  if (requested === undefined) faults.push(required(at.child('resources').key('storage')));
  else if ((parseQuantity(requested) ?? 0n) <= 0n)
    faults.push(invalid(at.child('resources').key('storage'), requested, 'must be greater than zero'));
  return faults;
}

const frozen =
  'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';

function claimChangeFaults(claim: Claim, old: Claim, subresource: string): FieldError[] {
  const fixed = ({ spec: { resources: _, volumeAttributesClassName: _1, volumeName, ...rest } }: Claim): unknown => [
    rest,
    subresource === bindSubresource ? '' : (volumeName ?? ''),
  ];
  const bound = old.status?.phase === 'Bound';
  const resized = !sameJson(claim.spec.resources, old.spec.resources);
  const faults = claimFaults(claim);
  if (!sameJson(fixed(claim), fixed(old)) || (resized && !bound)) faults.push(forbidden(at, frozen));
  const shrunk =
    (parseQuantity(size(claim)) ?? 0n) < (parseQuantity(String(old.status?.capacity?.storage ?? '0')) ?? 0n);
  if (bound && resized && shrunk)
    faults.push(
      forbidden(at.child('resources').child('requests').child('storage'), 'field can not be less than status.capacity'),
    );
  return faults;
}

const size = ({ spec }: Claim): string => String(spec.resources?.requests?.storage ?? '0');

/** A claim that has its volume. */
const bound = (claim: Claim): Claim => ({
  ...claim,
  status: {
    phase: 'Bound',
    ...(claim.spec.accessModes && { accessModes: claim.spec.accessModes }),
    capacity: { storage: size(claim) },
  },
});

/** @param defaultClass name of the class for claims that name none */
const strategyFor = (defaultClass: () => string | undefined): Strategy<Claim, string | undefined> => ({
  related: async () => defaultClass(),
  prepareForCreate({ metadata, ...claim }, storageClassName) {
    const spec = claim.spec ?? {};
    fillClaimSpec(spec);
    if (storageClassName) spec.storageClassName ??= storageClassName;
    const finalizers = [...new Set([...(metadata.finalizers ?? []), claimProtection])];
    return { ...claim, metadata: { ...metadata, finalizers }, spec, status: { phase: 'Pending' } };
  },
  prepareForUpdate(claim, _, _1, { subresource }) {
    claim.spec ??= {};
    if (subresource === '') fillClaimSpec(claim.spec);
    return subresource === bindSubresource ? bound(claim) : claim;
  },
  validate: claimFaults,
  validateUpdate: (claim, old, _, { subresource }) =>
    subresource === 'status' ? [] : claimChangeFaults(claim, old, subresource),
});

const quantities = mapOf(quantity('How much.'), 'Amounts by their names.');

export const claimSpecSchema = object(
  'What is claimed.',
  {
    accessModes: listOf(string('Mode.'), 'How the volume is used.'),
    resources: object('How much is claimed.', { requests: quantities, limits: quantities }),
    storageClassName: string('How the volume is made.'),
    volumeName: string('The volume.'),
    volumeMode: string('Filesystem or Block.'),
    volumeAttributesClassName: string('Attributes of the volume that may change.'),
  },
  { preserveUnknown: true },
);

export const claimResource = (defaultClass: () => string | undefined): Resource<Claim, string | undefined> =>
  hostKind<Claim, string | undefined>({
    group: '',
    kind: 'PersistentVolumeClaim',
    plural: 'persistentvolumeclaims',
    description: 'A claim to storage.',
    definitions: 'io.k8s.api.core.v1',
    shortNames: ['pvc'],
    fields: { spec: claimSpecSchema },
    status: statusOf({
      phase: string('Pending, Bound or Lost.'),
      accessModes: listOf(string('Mode.'), 'How the volume is used.'),
      capacity: quantities,
    }),
    strategy: strategyFor(defaultClass),
    columns: [
      nameColumn,
      column('Status', 'Whether there is a volume.', ({ metadata, status }) =>
        metadata.deletionTimestamp ? 'Terminating' : (status?.phase ?? ''),
      ),
      column('Volume', 'The volume.', (claim) => claim.spec.volumeName ?? ''),
      column('Capacity', 'Its size.', (claim) =>
        claim.spec.volumeName ? String(claim.status?.capacity?.storage ?? '') : '',
      ),
      column('Access Modes', 'How the volume is used.', (claim) =>
        claim.spec.volumeName ? accessModesText(claim.status?.accessModes) : '',
      ),
      column('StorageClass', 'How the volume is made.', (claim) => claim.spec.storageClassName ?? ''),
      column(
        'VolumeAttributesClass',
        'Attributes of the volume that may change.',
        (claim) => claim.spec.volumeAttributesClassName ?? unset,
      ),
      ageColumn,
      column('VolumeMode', 'Filesystem or Block.', (claim) => claim.spec.volumeMode ?? unset, { wide: true }),
    ],
  });
