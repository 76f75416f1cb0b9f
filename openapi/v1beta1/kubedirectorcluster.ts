/**
 * KubeDirectorCluster: one running instance of an app. Which app, which of its roles, how many members each, with what resources.
 *
 * Schema and types of the hub version. What values mean together (cardinality, the app's roles) is judged by the registry.
 */
import type { V1SecretKeySelector } from '@kubernetes/client-node';
import { kubernetesType } from '../core/index.ts';
import { labels } from '../labels.ts';
import type { KubeObject } from '../machinery/meta.ts';
import { objectMetaSchema } from '../schema/object-meta.ts';
import {
  asField,
  boolean,
  formed,
  integer,
  listByKey,
  listOf,
  nullable,
  object,
  oneOf,
  quantity,
  setOf,
  string,
  type TypeOf,
} from '../schema/schema.ts';
import { affinity, conditions, environment, resourceRequirements, stringMap } from './core.ts';

const definition = (name: string) => `io.bluedata.kubedirector.v1beta1.${name}`;

const secretMount = object(
  'A Secret mounted into members.',
  {
    name: string('Name of the Secret, in the namespace of the cluster.', { minLength: 1, example: 'site-credentials' }),
    mountPath: formed('^/', 'Directory in the member.', { example: '/etc/site' }),
    defaultMode: integer('Mode of the files, as a decimal number (420 is 0644). Absent: that of Kubernetes.', {
      minimum: 0,
      maximum: 511,
      example: 420,
    }),
    readOnly: boolean('Whether it is mounted read-only. Absent: no.'),
  },
  { required: ['name', 'mountPath'], definition: definition('SecretMount') },
);

const storage = object(
  'A persistent volume of each member, which keeps the directories that the app names.',
  {
    size: quantity('Size of the volume.', { example: '40Gi' }),
    storageClassName: string(
      'StorageClass of the volume. Absent: the default of the configuration, then of Kubernetes.',
      {
        minLength: 1,
        example: 'standard',
      },
    ),
  },
  { required: ['size'], definition: definition('Storage') },
);

const blockStorage = object(
  'Raw block devices of each member.',
  {
    storageClassName: string('StorageClass of the devices.', { minLength: 1, example: 'fast-block' }),
    pathPrefix: formed('^/.*$', 'Path of the devices in the member, to which a number is appended.', {
      example: '/dev/disk',
    }),
    numDevices: integer('How many devices each member gets.', { minimum: 1, example: 2 }),
    size: quantity('Size of each device. Absent: 1Gi.', { example: '10Gi' }),
  },
  { required: ['storageClassName', 'pathPrefix', 'numDevices'], definition: definition('BlockStorage') },
);

const fileInjection = object(
  'A file that each member fetches before it is configured.',
  {
    srcURL: formed('^https?://.+$', 'Where the member fetches the file from.', {
      example: 'https://example.com/site.conf',
    }),
    destDir: formed('^/.*$', 'Directory in the member that receives it.', { example: '/etc/site' }),
    permissions: nullable(
      object(
        'Mode and owner of the file.',
        {
          fileMode: integer('Mode, as a decimal number (420 is 0644).', { minimum: 0, maximum: 0o7777, example: 420 }),
          fileOwner: string('Name or number of the owner.', { example: 'root' }),
          fileGroup: string('Name or number of the group.', { example: 'root' }),
        },
        { definition: definition('FilePermissions') },
      ),
    ),
  },
  { required: ['srcURL', 'destDir'], definition: definition('FileInjection') },
);

const secretKeySource = object(
  'Where a secret value is kept.',
  {
    secretKeyRef: asField(
      kubernetesType<V1SecretKeySelector>('SecretKeySelector'),
      `A key of a Secret of the namespace; the Secret needs the label ${labels.secretType}, with whatever value. Members are not set up before it is there, unless it is optional, and are given the value again when it changes.`,
      { example: { name: 'site-credentials', key: 'password' } },
    ),
  },
  { required: ['secretKeyRef'], definition: definition('SecretKeySource') },
);

const secretKey = object(
  'A named secret value that the setup scripts of the app may read.',
  {
    name: string('Name under which scripts find it.', { minLength: 1, example: 'admin_password' }),
    value: string(
      'The value. It is encrypted as it comes and never shown again. Absent: that of valueFrom or encryptedValue, else the empty one.',
      { example: 'correct horse' },
    ),
    valueFrom: asField(secretKeySource, 'Where the value is kept, instead of here. Absent: it is given in value.', {
      example: { secretKeyRef: { name: 'site-credentials', key: 'password' } },
    }),
    encryptedValue: string('The value as it is kept. The server sets it, and takes no other from anybody.', {
      minLength: 1,
    }),
  },
  { required: ['name'], definition: definition('SecretKey') },
);

const volumeProjection = object(
  'An existing claim mounted into each member.',
  {
    pvcName: string('Name of the PersistentVolumeClaim.', { minLength: 1, example: 'site-data' }),
    mountPath: formed('^/.+$', 'Directory in the member.', { example: '/mnt/site' }),
    readOnly: boolean('Whether it is mounted read-only. Absent: no.'),
  },
  { required: ['pvcName', 'mountPath'], definition: definition('VolumeProjection') },
);

export const clusterRole = object(
  'One role of the app, and the members that it gets in this cluster.',
  {
    id: string('Which role of the app this is.', { minLength: 1, maxLength: 63, example: 'worker' }),
    members: integer(
      'How many members the role has. Absent: as many as it has already; at first the number in the cardinality that the app gives the role.',
      {
        minimum: 0,
        example: 2,
      },
    ),
    resources: resourceRequirements,
    affinity: nullable(affinity),
    storage: nullable(asField(storage, `${storage.description} Absent: what members write goes with them.`)),
    blockStorage: nullable(blockStorage),
    env: environment,
    sharedMemory: quantity('Size of a memory-backed /dev/shm.', { example: '1Gi' }),
    fileInjections: listOf(fileInjection, 'Files that each member fetches before it is configured.'),
    secret: nullable(asField(secretMount, 'The Secret mounted into members of the role. Absent: defaultSecret.')),
    serviceAccountName: string('ServiceAccount that members run as. Absent: none, and no token is mounted.', {
      minLength: 1,
      example: 'spark',
    }),
    secretKeys: listByKey(['name'], secretKey, 'Secret values for the setup scripts of the app.'),
    volumeProjections: listByKey(['mountPath'], volumeProjection, 'Existing claims mounted into each member.'),
    podLabels: nullable(stringMap('More labels for the pods of the role.')),
    podAnnotations: nullable(stringMap('More annotations for the pods of the role.')),
    serviceLabels: nullable(stringMap('More labels for the services of members.')),
    serviceAnnotations: nullable(stringMap('More annotations for the services of members.')),
  },
  { required: ['id'], definition: definition('ClusterRole') },
);
export type ClusterRole = TypeOf<typeof clusterRole>;

const connections = object(
  'Other objects of the namespace whose content the setup scripts of the app are given.',
  {
    clusters: nullable(
      setOf(string('Name of a KubeDirectorCluster.'), 'Clusters to connect to.', { example: ['kafka'] }),
    ),
    configmaps: nullable(
      setOf(string('Name of a ConfigMap.'), 'ConfigMaps to publish to members.', { example: ['site-settings'] }),
    ),
    secrets: nullable(
      setOf(string('Name of a Secret.'), 'Secrets to publish to members.', { example: ['site-credentials'] }),
    ),
  },
  { definition: definition('Connections') },
);

const claimRetention = object(
  'What happens to the claims of members that go, as StatefulSets say it.',
  {
    whenDeleted: oneOf(['Delete', 'Retain'], 'When the cluster is deleted.', { default: 'Delete' }),
    whenScaled: oneOf(['Delete', 'Retain'], 'When a role shrinks.', { default: 'Delete' }),
  },
  { definition: definition('ClaimRetention') },
);

export const serviceTypes = ['ClusterIP', 'NodePort', 'LoadBalancer'] as const;
export const namingSchemes = ['Readable', 'UID', 'CrNameRole'] as const;

export const clusterSpec = object(
  'What the cluster is to be.',
  {
    app: string('Name of the KubeDirectorApp that this is an instance of.', { minLength: 1, example: 'spark221e2' }),
    appCatalog: oneOf(
      ['local', 'system'],
      'Where the app lives: in the namespace of the cluster, or in that of KubeDirector. Absent: wherever it is found, local first.',
    ),
    serviceType: oneOf(
      serviceTypes,
      'Type of the services of members. Absent: the default of the configuration, then NodePort.',
    ),
    namingScheme: oneOf(
      namingSchemes,
      'How children are named. Absent: the default of the configuration, then Readable.',
    ),
    scaleRole: string(
      'The role that the scale subresource and `kubectl scale` change. Absent: the choice of the app.',
      {
        minLength: 1,
        example: 'worker',
      },
    ),
    connections: nullable(connections),
    claimRetention,
    defaultSecret: nullable(asField(secretMount, 'The Secret mounted into members of roles that name none.')),
    roles: listByKey(['id'], clusterRole, 'The roles that the cluster has, in the order in which they are set up.', {
      example: [{ id: 'worker', members: 2 } as ClusterRole],
    }),
  },
  { required: ['app', 'roles'], definition: definition('KubeDirectorClusterSpec') },
);
export type ClusterSpec = TypeOf<typeof clusterSpec>;

export const containerStates = [
  'running',
  'waiting',
  'initializing',
  'unresponsive',
  'terminated',
  'absent',
  'unknown',
] as const;
export type ContainerState = (typeof containerStates)[number];

const memberStateDetail = object(
  'What is known about the state of a member beyond the word.',
  {
    configErrorDetail: string('Why the member could not be configured.'),
    lastConfigDataGeneration: integer('Generation of the configuration that the member was given last.', {
      format: 'int64',
    }),
    lastSetupGeneration: integer('Generation of the configuration that its scripts have processed.', {
      format: 'int64',
    }),
    configuringContainer: string('Id of the container that is being configured.'),
    lastConfiguredContainer: string('Id of the container that was configured last.'),
    lastKnownContainerState: oneOf(containerStates, 'What its container was seen to do last.'),
    lastConnectionVersion: integer('Version of the connections that the member has processed.', { format: 'int64' }),
    startScriptStdoutMessage: string('End of what the failed script wrote to stdout.'),
    startScriptStderrMessage: string('End of what the failed script wrote to stderr.'),
    schedulingErrorMessage: string('Why the pod of the member has no node.'),
    storageInitProgress: string('How far the first copy of the persisted directories has come.'),
    setupAttempt: integer('How often its scripts have been asked to configure the present container.', {
      format: 'int64',
    }),
    announced: boolean('Whether the other members have been told of it.'),
    updateTries: integer('How often it could not be given the present configuration.', { format: 'int64' }),
    retryTime: string('When what has failed is tried again. Absent: not by itself.', { format: 'date-time' }),
    leaveTime: string('When a member that is to go does so at the latest, whether the others have been told or not.', {
      format: 'date-time',
    }),
    pendingNotifyCmds: listOf(
      object('A notification that waits to be delivered.', {
        arguments: listOf(string('Argument.'), 'Arguments of the script.'),
        id: string('Tells it from others.'),
        tries: integer('How often it has failed.', { format: 'int64' }),
        retryTime: string('When it is tried again. Absent: at once, or, after several failures, not by itself.', {
          format: 'date-time',
        }),
      }),
      'Notifications that wait to be delivered to the member.',
    ),
  },
  { definition: definition('MemberStateDetail') },
);

export const memberStates = [
  'create pending',
  'creating',
  'configured',
  'config error',
  'delete pending',
  'deleting',
] as const;
export type MemberState = (typeof memberStates)[number];

const memberStatus = object(
  'One member of a role.',
  {
    pod: string('Name of its pod.', { example: 'spark221e2-worker-b7x2q-0' }),
    nodeID: integer('Number of the member, unique in the cluster for ever.', { format: 'int64' }),
    joinedGeneration: integer('Generation of the configuration that first had the member.', { format: 'int64' }),
    service: string('Name of its service; n/a when the role has no ports.'),
    pvc: string('Name of its claim.'),
    blockDevicePaths: listOf(string('Path.'), 'Paths of its block devices.'),
    authToken: string('Not used: tokens are kept in Secrets.'),
    state: oneOf(memberStates, 'Where the member is in its life.'),
    stateDetail: memberStateDetail,
  },
  { required: ['pod', 'state'], definition: definition('MemberStatus') },
);
export type MemberStatus = TypeOf<typeof memberStatus>;

const roleStatus = object(
  'One role that has members, or is losing them.',
  {
    id: string('Which role this is.'),
    statefulSet: string('Name of its StatefulSet.'),
    conditions: asField(conditions, 'How the role is, in the words of the conditions of the cluster.'),
    members: listByKey(['pod'], memberStatus, 'Its members.'),
  },
  { required: ['id'], definition: definition('RoleStatus') },
);
export type RoleStatus = TypeOf<typeof roleStatus>;

const memberStateRollup = object(
  'Whether any member …',
  {
    membershipChanging: boolean('… is coming or going.'),
    membersDown: boolean('… should run but does not.'),
    membersInitializing: boolean('… copies its persisted directories.'),
    membersWaiting: boolean('… waits for its container.'),
    membersRestarting: boolean('… is being set up again.'),
    configErrors: boolean('… could not be configured.'),
    membersNotScheduled: boolean('… finds no node.'),
  },
  { definition: definition('MemberStateRollup') },
);

const restoreProgress = object(
  'Not used: restored clusters adopt their children by labels.',
  {
    awaitingApp: boolean('Whether the app was waited for.'),
    awaitingStatus: boolean('Whether the status of before was waited for.'),
    awaitingResources: boolean('Whether children were waited for.'),
    error: string('Why it could not be restored.'),
  },
  { definition: definition('RestoreProgress') },
);

const scaleStatus = object(
  'What the scale subresource stands for; resolved whenever the cluster is written.',
  {
    role: string('The role that is scaled.'),
    replicas: integer('How many members of it run.'),
    selector: string('Selects the pods of its members.'),
  },
  { definition: definition('ScaleStatus') },
);

export const clusterStates = ['creating', 'updating', 'configured', 'spec modified'] as const;
export type ClusterState = (typeof clusterStates)[number];

export const clusterStatus = object(
  'What the cluster is now. Written by KubeDirector only.',
  {
    observedGeneration: integer('The generation of the spec that this status is about.', { format: 'int64' }),
    state: oneOf(clusterStates, 'One word for it all.', { example: 'configured' }),
    conditions,
    desiredMembers: integer('How many members the cluster is to have.'),
    readyMembers: integer('How many members are configured and running.'),
    scale: scaleStatus,
    memberStateRollup,
    restoreProgress: nullable(restoreProgress),
    generationUID: string('Not used: kept from releases that guarded status with it.'),
    specGenerationToProcess: integer('Generation of the configuration that all members have to reach.', {
      format: 'int64',
    }),
    configurationHash: string('Hash of what members are told of the cluster itself.'),
    lastConnectionHash: string('Hash of the connected objects that members know.'),
    connectionVersion: integer('How often the connected objects have changed.', { format: 'int64' }),
    lastRetry: string('The value of the annotation kubedirector.bluedata.io/retry that was obeyed last.'),
    clusterService: string('Name of the headless service that gives members their host names.'),
    lastNodeID: integer('The highest member number ever given.', { format: 'int64' }),
    roles: listByKey(['id'], roleStatus, 'The roles that have members, or are losing them.'),
  },
  { definition: definition('KubeDirectorClusterStatus') },
);
export type ClusterStatus = TypeOf<typeof clusterStatus>;

export const kubeDirectorCluster = object(
  'A running instance of an app: its roles, their members, and what they have.',
  {
    apiVersion: string('Version of this form.'),
    kind: string('KubeDirectorCluster.'),
    metadata: objectMetaSchema,
    spec: clusterSpec,
    status: clusterStatus,
  },
  { required: ['spec'], definition: definition('KubeDirectorCluster') },
);

export interface KubeDirectorCluster extends KubeObject {
  spec: ClusterSpec;
  status?: ClusterStatus;
}
