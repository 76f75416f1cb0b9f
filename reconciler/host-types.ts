/**
 * The objects of the host cluster that we make or look at: the fields that we use, and no others.
 *
 * Shapes as in core/v1 and apps/v1. Where we write, what we leave out is the host's to fill; where we read, what is not named here
 * does not matter to us.
 */
import type { KubeObject } from '../openapi/machinery/meta.ts';

/** A quantity as JSON has it: `4Gi`, or 2 where somebody wrote a number. */
export type Amount = string | number;

export interface ContainerPort {
  name?: string;
  containerPort: number;
  protocol?: string;
}

export interface VolumeMount {
  name: string;
  mountPath: string;
  subPath?: string;
  readOnly?: boolean;
}

export interface Container {
  name: string;
  image: string;
  command?: string[];
  resources?: { limits?: Record<string, Amount>; requests?: Record<string, Amount> };
  ports?: ContainerPort[];
  env?: { name: string; value?: string; valueFrom?: object }[];
  volumeMounts?: VolumeMount[];
  volumeDevices?: { name: string; devicePath: string }[];
  securityContext?: { capabilities?: { add: string[] }; runAsUser?: number };
  stdin?: boolean;
  tty?: boolean;
}

export interface Volume {
  name: string;
  emptyDir?: { medium?: 'Memory'; sizeLimit?: Amount };
  secret?: { secretName: string; defaultMode?: number };
  persistentVolumeClaim?: { claimName: string; readOnly?: boolean };
  hostPath?: { path: string; type?: 'Directory' };
}

export interface PodSpec {
  automountServiceAccountToken?: boolean;
  serviceAccountName?: string;
  affinity?: unknown;
  initContainers?: Container[];
  containers: Container[];
  volumes?: Volume[];
  dnsConfig?: { searches: string[] };
}

export interface PodTemplate {
  metadata: { labels: Record<string, string>; annotations?: Record<string, string> };
  spec: PodSpec;
}

export interface ClaimSpec {
  accessModes: string[];
  volumeMode?: 'Block' | 'Filesystem';
  storageClassName?: string;
  resources: { requests: { storage: Amount } };
}

export interface ClaimTemplate {
  metadata: { name: string };
  spec: ClaimSpec;
}

export interface StatefulSet extends KubeObject {
  apiVersion: 'apps/v1';
  kind: 'StatefulSet';
  spec: {
    replicas?: number;
    serviceName: string;
    podManagementPolicy?: 'OrderedReady' | 'Parallel';
    selector: { matchLabels: Record<string, string> };
    template: PodTemplate;
    volumeClaimTemplates?: ClaimTemplate[];
  };
  status?: { observedGeneration?: number; replicas?: number };
}

export interface ServicePort {
  name: string;
  port: number;
  protocol?: string;
  targetPort?: number | string;
  nodePort?: number;
}

export interface Service extends KubeObject {
  apiVersion: 'v1';
  kind: 'Service';
  spec: {
    type?: string;
    clusterIP?: string;
    selector?: Record<string, string>;
    publishNotReadyAddresses?: boolean;
    ports?: ServicePort[];
  };
}

export interface ContainerStatus {
  name: string;
  containerID?: string;
  ready?: boolean;
  state?: {
    waiting?: { reason?: string; message?: string };
    running?: { startedAt?: string };
    terminated?: ContainerTermination;
  };
  lastState?: { terminated?: ContainerTermination };
}

export interface ContainerTermination {
  exitCode?: number;
  reason?: string;
  message?: string;
}

export interface PodCondition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
}

export interface Pod extends KubeObject {
  apiVersion: 'v1';
  kind: 'Pod';
  /** Not the host's: what the init container has told us (storage-progress.ts). */
  storageInitProgress?: string;
  status?: {
    phase?: string;
    reason?: string;
    message?: string;
    conditions?: PodCondition[];
    initContainerStatuses?: ContainerStatus[];
    containerStatuses?: ContainerStatus[];
  };
}

export interface PersistentVolumeClaim extends KubeObject {
  apiVersion: 'v1';
  kind: 'PersistentVolumeClaim';
  spec?: Partial<ClaimSpec>;
  status?: { phase?: string };
}

/** What belongs to a cluster on the host. Pods and claims are made by StatefulSets, but are watched and cleaned up by us. */
export type Child = StatefulSet | Service | Pod | PersistentVolumeClaim;
export type ChildKind = Child['kind'];

/** A ConfigMap, or a Secret, whose values are in base64. */
export interface DataObject extends KubeObject {
  apiVersion: 'v1';
  kind: 'ConfigMap' | 'Secret';
  type?: string;
  data?: Record<string, string>;
}
export type DataKind = DataObject['kind'];

/** core/v1 Event (K-630). */
export interface Event {
  apiVersion: 'v1';
  kind: 'Event';
  metadata: { name: string; namespace: string };
  involvedObject: ObjectReference;
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
  source: { component: string };
  reportingComponent: string;
  reportingInstance: string;
  firstTimestamp: string;
  lastTimestamp: string;
  count: number;
}

export interface ObjectReference {
  apiVersion: string;
  kind: string;
  namespace: string;
  name: string;
  uid: string;
  resourceVersion?: string;
}

/** coordination.k8s.io/v1 Lease. Times are MicroTime (K-339). */
export interface Lease extends KubeObject {
  apiVersion: 'coordination.k8s.io/v1';
  kind: 'Lease';
  spec: {
    /** Empty when it was given back. */
    holderIdentity?: string;
    leaseDurationSeconds?: number;
    acquireTime?: string;
    renewTime?: string;
    leaseTransitions?: number;
  };
}
