/**
 * The claims of members: what a role asks for, and what the StatefulSet controller calls what it makes of that.
 */

import { claimName } from '../../../openapi/child-names.ts';
import type { ClusterRole } from '../../../openapi/v1beta1/kubedirectorcluster.ts';
import type { ConfigSpec } from '../../../openapi/v1beta1/kubedirectorconfig.ts';
import type { ClaimTemplate } from '../../host-types.ts';
import { volumeName } from './persisted.ts';

const defaultDeviceSize = '1Gi';

export const blockTemplateName = (device: number): string => `b${device}`;

/** Paths of the block devices of a member, one for each claim template `b0`, `b1` …. */
export const blockDevicePaths = ({ blockStorage }: ClusterRole): string[] =>
  Array.from({ length: blockStorage?.numDevices ?? 0 }, (_, device) => `${blockStorage!.pathPrefix}${device}`);

export function claimTemplatesFor(role: ClusterRole, config: ConfigSpec): ClaimTemplate[] {
  const { storage, blockStorage } = role;
  const templates = blockDevicePaths(role).map(
    (_, device): ClaimTemplate => ({
      metadata: { name: blockTemplateName(device) },
      spec: {
        accessModes: ['ReadWriteOnce'],
        volumeMode: 'Block',
        storageClassName: blockStorage!.storageClassName,
        resources: { requests: { storage: blockStorage!.size ?? defaultDeviceSize } },
      },
    }),
  );
  if (!storage) return templates;
  const storageClassName = storage.storageClassName ?? config.defaultStorageClassName;
  const volume: ClaimTemplate = {
    metadata: { name: volumeName },
    spec: {
      accessModes: ['ReadWriteOnce'],
      // Absent: the default class of the host.
      ...(storageClassName && { storageClassName }),
      resources: { requests: { storage: storage.size } },
    },
  };
  return [volume, ...templates];
}

/** The claims of a member, by what its status says it has: a role that is gone from the spec has claims all the same. */
export const claimNamesOf = (member: { pod: string; pvc?: string; blockDevicePaths?: readonly string[] }): string[] => [
  ...(member.pvc ? [member.pvc] : []),
  ...(member.blockDevicePaths ?? []).map((_, device) => claimName(blockTemplateName(device), member.pod)),
];
