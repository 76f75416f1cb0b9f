/**
 * The messages that kubectl's typed commands send (`kubectl create namespace`, `auth can-i`): Kubernetes' published field numbers.
 *
 * Pods and StatefulSets are not among them: kubectl sends those as JSON.
 */
import { timestamp } from '../../../openapi/machinery/clock.ts';
import { bytes, type FieldType, fieldsOf, flag, given, integer, listOf, mapOf, message, text } from './message.ts';

/** Seconds and nanoseconds; a time that is not set has neither. */
const timeWith = (print: (seconds: number, nanos: number) => string): FieldType => {
  const parts = message(() => ({ seconds: [1, integer], nanos: [2, integer] }));
  return {
    wire: parts.wire,
    read(value) {
      const { seconds, nanos = 0 } = parts.read(value) as { seconds?: number; nanos?: number };
      return seconds === undefined ? undefined : print(seconds, nanos);
    },
  };
};
const time = timeWith((seconds) => timestamp(seconds * 1000));
/** With six digits of a second (K-339), more than a Date holds. */
const microTime = timeWith((seconds, nanos) => {
  const micros = String(Math.trunc(nanos / 1000)).padStart(6, '0');
  return timestamp(seconds * 1000).replace('Z', `.${micros}Z`);
});

/** A number or a word: field 1 says which. */
const intOrString: FieldType = {
  wire: text.wire,
  read(value) {
    const found = new Map([...fieldsOf(value as Buffer)].map((field) => [field.number, field.value]));
    return found.get(1) === 1n ? (found.get(3)?.toString() ?? '') : Number(found.get(2) ?? 0n);
  },
};

const ownerReference = message(() => ({
  kind: [1, text],
  name: [3, text],
  uid: [4, text],
  apiVersion: [5, text],
  controller: [6, given(flag)],
  blockOwnerDeletion: [7, given(flag)],
}));

const metadata = message(() => ({
  name: [1, text],
  generateName: [2, text],
  namespace: [3, text],
  uid: [5, text],
  resourceVersion: [6, text],
  generation: [7, integer],
  creationTimestamp: [8, time],
  deletionTimestamp: [9, time],
  deletionGracePeriodSeconds: [10, given(integer)],
  labels: [11, mapOf(text)],
  annotations: [12, mapOf(text)],
  ownerReferences: [13, listOf(ownerReference)],
  finalizers: [14, listOf(text)],
}));

const requirement = message(() => ({ key: [1, text], operator: [2, text], values: [3, listOf(text)] }));
const labelSelector = message(() => ({ matchLabels: [1, mapOf(text)], matchExpressions: [2, listOf(requirement)] }));

const preconditions = message(() => ({ uid: [1, given(text)], resourceVersion: [2, given(text)] }));

const deleteOptions = message(() => ({
  gracePeriodSeconds: [1, given(integer)],
  preconditions: [2, preconditions],
  orphanDependents: [3, given(flag)],
  propagationPolicy: [4, given(text)],
  dryRun: [5, listOf(text)],
}));

const namespace = message(() => ({
  metadata: [1, metadata],
  spec: [2, message(() => ({ finalizers: [1, listOf(text)] }))],
}));

const configMap = message(() => ({
  metadata: [1, metadata],
  data: [2, mapOf(text)],
  binaryData: [3, mapOf(bytes)],
  immutable: [4, given(flag)],
}));

const secret = message(() => ({
  metadata: [1, metadata],
  data: [2, mapOf(bytes)],
  type: [3, text],
  stringData: [4, mapOf(text)],
  immutable: [5, given(flag)],
}));

const objectReference = message(() => ({
  kind: [1, text],
  namespace: [2, text],
  name: [3, text],
  uid: [4, text],
  apiVersion: [5, text],
  resourceVersion: [6, text],
  fieldPath: [7, text],
}));

const serviceAccount = message(() => ({
  metadata: [1, metadata],
  secrets: [2, listOf(objectReference)],
  imagePullSecrets: [3, listOf(message(() => ({ name: [1, text] })))],
  automountServiceAccountToken: [4, given(flag)],
}));

const servicePort = message(() => ({
  name: [1, text],
  protocol: [2, text],
  port: [3, integer],
  targetPort: [4, intOrString],
  nodePort: [5, integer],
  appProtocol: [6, given(text)],
}));

const clientIp = message(() => ({ timeoutSeconds: [1, given(integer)] }));

const serviceSpec = message(() => ({
  ports: [1, listOf(servicePort)],
  selector: [2, mapOf(text)],
  clusterIP: [3, text],
  type: [4, text],
  externalIPs: [5, listOf(text)],
  sessionAffinity: [7, text],
  loadBalancerIP: [8, text],
  loadBalancerSourceRanges: [9, listOf(text)],
  externalName: [10, text],
  externalTrafficPolicy: [11, text],
  healthCheckNodePort: [12, integer],
  publishNotReadyAddresses: [13, flag],
  sessionAffinityConfig: [14, message(() => ({ clientIP: [1, clientIp] }))],
  ipFamilyPolicy: [17, given(text)],
  clusterIPs: [18, listOf(text)],
  ipFamilies: [19, listOf(text)],
  allocateLoadBalancerNodePorts: [20, given(flag)],
  loadBalancerClass: [21, given(text)],
  internalTrafficPolicy: [22, given(text)],
  trafficDistribution: [23, given(text)],
}));

const event = message(() => ({
  metadata: [1, metadata],
  involvedObject: [2, objectReference],
  reason: [3, text],
  message: [4, text],
  source: [5, message(() => ({ component: [1, text], host: [2, text] }))],
  firstTimestamp: [6, time],
  lastTimestamp: [7, time],
  count: [8, integer],
  type: [9, text],
  eventTime: [10, microTime],
  series: [11, message(() => ({ count: [1, integer], lastObservedTime: [2, microTime] }))],
  action: [12, text],
  related: [13, objectReference],
  reportingComponent: [14, text],
  reportingInstance: [15, text],
}));

const leaseSpec = message(() => ({
  holderIdentity: [1, given(text)],
  leaseDurationSeconds: [2, given(integer)],
  acquireTime: [3, microTime],
  renewTime: [4, microTime],
  leaseTransitions: [5, given(integer)],
  strategy: [6, given(text)],
  preferredHolder: [7, given(text)],
}));

const policyRule = message(() => ({
  verbs: [1, listOf(text)],
  apiGroups: [2, listOf(text)],
  resources: [3, listOf(text)],
  resourceNames: [4, listOf(text)],
  nonResourceURLs: [5, listOf(text)],
}));

const role = message(() => ({ metadata: [1, metadata], rules: [2, listOf(policyRule)] }));

const clusterRole = message(() => ({
  metadata: [1, metadata],
  rules: [2, listOf(policyRule)],
  aggregationRule: [3, message(() => ({ clusterRoleSelectors: [1, listOf(labelSelector)] }))],
}));

const subject = message(() => ({ kind: [1, text], apiGroup: [2, text], name: [3, text], namespace: [4, text] }));

const binding = message(() => ({
  metadata: [1, metadata],
  subjects: [2, listOf(subject)],
  roleRef: [3, message(() => ({ apiGroup: [1, text], kind: [2, text], name: [3, text] }))],
}));

const resourceAttributes = message(() => ({
  namespace: [1, text],
  verb: [2, text],
  group: [3, text],
  version: [4, text],
  resource: [5, text],
  subresource: [6, text],
  name: [7, text],
}));
const nonResourceAttributes = message(() => ({ path: [1, text], verb: [2, text] }));

/** Values in a message of their own, where JSON has a plain list. */
const extraValues: FieldType = {
  wire: text.wire,
  read: (value) => (message(() => ({ items: [1, listOf(text)] })).read(value) as { items?: string[] }).items ?? [],
};

const reviewSpec = message(() => ({
  resourceAttributes: [1, resourceAttributes],
  nonResourceAttributes: [2, nonResourceAttributes],
  user: [3, text],
  groups: [4, listOf(text)],
  extra: [5, mapOf(extraValues)],
  uid: [6, text],
}));

/** A document of which only metadata and spec are sent. */
const withSpec = (spec: FieldType): FieldType => message(() => ({ metadata: [1, metadata], spec: [2, spec] }));

const boundObject = message(() => ({ kind: [1, text], apiVersion: [2, text], name: [3, text], uid: [4, text] }));
const tokenRequestSpec = message(() => ({
  audiences: [1, listOf(text)],
  boundObjectRef: [3, boundObject],
  expirationSeconds: [4, given(integer)],
}));

/** The message of a kind, if it is known here. */
export function messageFor(apiVersion: string, kind: string): FieldType | undefined {
  // Whatever is deleted, its options come in the words of its own group.
  if (kind === 'DeleteOptions') return deleteOptions;
  return messages.get(`${apiVersion}/${kind}`);
}

const messages: ReadonlyMap<string, FieldType> = new Map(
  Object.entries({
    'v1/Namespace': namespace,
    'v1/ConfigMap': configMap,
    'v1/Secret': secret,
    'v1/ServiceAccount': serviceAccount,
    'v1/Service': withSpec(serviceSpec),
    'v1/Event': event,
    'coordination.k8s.io/v1/Lease': withSpec(leaseSpec),
    'rbac.authorization.k8s.io/v1/Role': role,
    'rbac.authorization.k8s.io/v1/ClusterRole': clusterRole,
    'rbac.authorization.k8s.io/v1/RoleBinding': binding,
    'rbac.authorization.k8s.io/v1/ClusterRoleBinding': binding,
    'authorization.k8s.io/v1/SubjectAccessReview': withSpec(reviewSpec),
    'authorization.k8s.io/v1/LocalSubjectAccessReview': withSpec(reviewSpec),
    'authorization.k8s.io/v1/SelfSubjectAccessReview': withSpec(
      message(() => ({
        resourceAttributes: [1, resourceAttributes],
        nonResourceAttributes: [2, nonResourceAttributes],
      })),
    ),
    'authorization.k8s.io/v1/SelfSubjectRulesReview': withSpec(message(() => ({ namespace: [1, text] }))),
    'authentication.k8s.io/v1/SelfSubjectReview': message(() => ({ metadata: [1, metadata] })),
    'authentication.k8s.io/v1/TokenReview': withSpec(
      message(() => ({ token: [1, text], audiences: [2, listOf(text)] })),
    ),
    'authentication.k8s.io/v1/TokenRequest': withSpec(tokenRequestSpec),
  }),
);
