/**
 * What the sandbox reads and writes of PersistentVolumeClaims and PersistentVolumes.
 */
import type { KubeObject } from '../../../../openapi/machinery/meta.ts';
import type { ObjectReference } from '../events.ts';

export interface ClaimSpec {
  accessModes?: string[];
  resources?: { requests?: Record<string, string | number>; limits?: Record<string, string | number> };
  storageClassName?: string;
  volumeName?: string;
  volumeMode?: string;
  volumeAttributesClassName?: string;
  selector?: object;
  [field: string]: unknown;
}

export interface Claim extends KubeObject {
  spec: ClaimSpec;
  status?: {
    phase?: 'Pending' | 'Bound' | 'Lost';
    accessModes?: string[];
    capacity?: Record<string, string | number>;
    currentVolumeAttributesClassName?: string;
    conditions?: object[];
  };
}

export interface VolumeSpec {
  capacity?: Record<string, string | number>;
  accessModes?: string[];
  persistentVolumeReclaimPolicy?: string;
  storageClassName?: string;
  volumeMode?: string;
  volumeAttributesClassName?: string;
  claimRef?: ObjectReference;
  [source: string]: unknown;
}

export interface PersistentVolume extends KubeObject {
  spec: VolumeSpec;
  status?: {
    phase?: 'Pending' | 'Available' | 'Bound' | 'Released' | 'Failed';
    reason?: string;
    message?: string;
    lastPhaseTransitionTime?: string;
  };
}

/** Keeps a claim while pods use it. */
export const claimProtection = 'kubernetes.io/pvc-protection';
/** Keeps a volume while a claim is bound to it. */
export const volumeProtection = 'kubernetes.io/pv-protection';

const abbreviations: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};

/** `RWO,ROX`, always in the same order. */
export const accessModesText = (modes: readonly string[] = []): string =>
  Object.keys(abbreviations)
    .filter((mode) => modes.includes(mode))
    .map((mode) => abbreviations[mode])
    .join(',');
