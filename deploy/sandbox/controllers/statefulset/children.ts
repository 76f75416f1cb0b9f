/**
 * What a StatefulSet makes: its pods and their claims, with the names and labels that Kubernetes gives them. Pure.
 */
import type { Labels } from '../../../../openapi/machinery/label-selector.ts';
import { controllerReference, type OwnerReference } from '../../../../openapi/machinery/meta.ts';
import type { Pod, Volume } from '../../kinds/pods/pod.ts';
import type { ClaimTemplate, StatefulSet } from '../../kinds/statefulsets/statefulset.ts';
import type { Claim } from '../../kinds/volumes/volume.ts';
import { hashLabel, type PodRecord } from '../pod-records.ts';

const podNameLabel = 'statefulset.kubernetes.io/pod-name';
const podIndexLabel = 'apps.kubernetes.io/pod-index';

export const podNameOf = (set: StatefulSet, ordinal: number): string => `${set.metadata.name}-${ordinal}`;

const claimNameOf = (template: ClaimTemplate, podName: string): string => `${template.metadata.name}-${podName}`;

export function podOf(set: StatefulSet, ordinal: number, revision: string): Pod {
  const { template, serviceName = '', volumeClaimTemplates = [] } = set.spec;
  const name = podNameOf(set, ordinal);
  const { labels, annotations } = template.metadata ?? {};
  const claimed: Volume[] = volumeClaimTemplates.map((claim) => ({
    name: claim.metadata.name,
    persistentVolumeClaim: { claimName: claimNameOf(claim, name) },
  }));
  // A claim takes the place of a volume of the same name.
  const others = (template.spec.volumes ?? []).filter((volume) => !claimed.some((mine) => mine.name === volume.name));
  const volumes = [...claimed, ...others];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      generateName: `${set.metadata.name}-`,
      namespace: set.metadata.namespace ?? '',
      labels: {
        ...labels,
        [hashLabel]: revision,
        [podNameLabel]: name,
        [podIndexLabel]: String(ordinal),
      },
      ...(annotations && { annotations }),
      ownerReferences: [controllerReference(set)],
    },
    spec: { ...template.spec, ...(volumes.length && { volumes }), hostname: name, subdomain: serviceName },
  };
}

/** The claims of one pod. */
export const claimsOf = (set: StatefulSet, podName: string): Claim[] =>
  (set.spec.volumeClaimTemplates ?? []).map((template) => {
    const { annotations, labels } = template.metadata;
    const all: Labels = { ...labels, ...set.spec.selector.matchLabels };
    return {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: {
        name: claimNameOf(template, podName),
        namespace: set.metadata.namespace ?? '',
        labels: { ...all },
        ...(annotations && { annotations }),
      },
      spec: template.spec,
    };
  });

/**
 * The owners of a pod's claim, as the set's retention policy has it; references of others stay.
 *
 * A claim that is to go with the set belongs to the set; one that is to go with a pod that is not wanted any more belongs to that
 * pod. So the garbage collector does the rest.
 */
export function claimOwners(
  claim: Claim,
  set: StatefulSet,
  pod: PodRecord | undefined,
  condemned: boolean,
): OwnerReference[] {
  const { whenDeleted, whenScaled } = set.spec.persistentVolumeClaimRetentionPolicy;
  const podReference = pod && {
    apiVersion: 'v1',
    kind: 'Pod',
    name: pod.name,
    uid: pod.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
  const owned = (claim.metadata.ownerReferences ?? []).filter(
    ({ uid, kind, name }) => uid !== set.metadata.uid && !(kind === 'Pod' && name === pod?.name),
  );
  if (condemned && whenScaled === 'Delete' && podReference) return [...owned, podReference];
  return whenDeleted === 'Delete' ? [...owned, controllerReference(set)] : owned;
}
