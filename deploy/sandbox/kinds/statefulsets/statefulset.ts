/**
 * What the sandbox reads and writes of a StatefulSet.
 */
import type { StructuredSelector } from '../../../../openapi/machinery/label-selector.ts';
import type { KubeObject, ObjectMeta } from '../../../../openapi/machinery/meta.ts';
import type { PodTemplate } from '../pods/pod.ts';
import type { ClaimSpec } from '../volumes/volume.ts';

export interface ClaimTemplate {
  apiVersion?: string;
  kind?: string;
  metadata: Pick<ObjectMeta, 'name' | 'labels' | 'annotations'>;
  spec: ClaimSpec;
  status?: object;
}

export type RetentionPolicy = 'Retain' | 'Delete';

export interface StatefulSetSpec {
  replicas: number;
  selector: StructuredSelector;
  template: PodTemplate;
  serviceName?: string;
  podManagementPolicy: 'OrderedReady' | 'Parallel';
  updateStrategy: { type: 'RollingUpdate' | 'OnDelete'; rollingUpdate?: { partition?: number } };
  volumeClaimTemplates?: ClaimTemplate[];
  persistentVolumeClaimRetentionPolicy: { whenDeleted: RetentionPolicy; whenScaled: RetentionPolicy };
  revisionHistoryLimit?: number;
  minReadySeconds?: number;
  ordinals?: { start?: number };
}

export interface StatefulSetStatus {
  observedGeneration?: number;
  replicas: number;
  readyReplicas?: number;
  currentReplicas?: number;
  updatedReplicas?: number;
  availableReplicas: number;
  currentRevision?: string;
  updateRevision?: string;
  collisionCount?: number;
}

export interface StatefulSet extends KubeObject {
  spec: StatefulSetSpec;
  status?: StatefulSetStatus;
}
