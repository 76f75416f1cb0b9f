/**
 * What Kubernetes fills into a StatefulSet.
 */

import { fillPodSpec } from '../pods/defaults.ts';
import { fillClaimSpec } from '../volumes/claims.ts';
import type { StatefulSet } from './statefulset.ts';

/** Fills what is absent, in place. */
export function fillStatefulSet(set: StatefulSet): void {
  set.spec ??= {} as StatefulSet['spec'];
  const { spec } = set;
  spec.replicas ??= 1;
  spec.podManagementPolicy ??= 'OrderedReady';
  spec.updateStrategy ??= { type: 'RollingUpdate' };
  spec.updateStrategy.type ??= 'RollingUpdate';
  if (spec.updateStrategy.type === 'RollingUpdate')
    spec.updateStrategy.rollingUpdate = { partition: 0, ...spec.updateStrategy.rollingUpdate };
  spec.revisionHistoryLimit ??= 10;
  spec.persistentVolumeClaimRetentionPolicy = {
    whenDeleted: spec.persistentVolumeClaimRetentionPolicy?.whenDeleted ?? 'Retain',
    whenScaled: spec.persistentVolumeClaimRetentionPolicy?.whenScaled ?? 'Retain',
  };
  if (spec.template?.spec) fillPodSpec(spec.template.spec);
  for (const template of spec.volumeClaimTemplates ?? []) {
    template.apiVersion = 'v1';
    template.kind = 'PersistentVolumeClaim';
    template.spec ??= {};
    fillClaimSpec(template.spec);
    template.status ??= { phase: 'Pending' };
  }
}
