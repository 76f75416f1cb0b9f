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
import { affinity, environment, resourceRequirements, stringMap } from './core.ts';
import { type ClusterStatus, clusterStatus } from './kubedirectorcluster-status.ts';

const definition = (name: string) => `io.bluedata.kubedirector.v1beta1.${name}`;

const secretMount = object(
  'A Secret of the namespace, mounted as files, one for each of its keys.',
  {
    name: string('Name of the Secret. Whoever writes it here must be allowed to read the Secret.', {
      minLength: 1,
      example: 'site-credentials',
    }),
    mountPath: formed('^/', 'Directory in members where its files are; not one that KubeDirector mounts itself.', {
      example: '/etc/site',
    }),
    defaultMode: integer(
      'Mode of the files. JSON knows only decimal numbers: 420 is 0644, 256 is 0400. Absent: 420, as for Kubernetes.',
      {
        minimum: 0,
        maximum: 511,
        example: 420,
      },
    ),
    readOnly: boolean('Whether members can only read what is there. Absent: no.'),
  },
  { required: ['name', 'mountPath'], definition: definition('SecretMount') },
);

const storage = object(
  'A volume for each member, with a claim of its own, on which the directories live that the app wants kept.',
  {
    size: quantity('Size of the volume of each member.', { example: '40Gi' }),
    storageClassName: string(
      'StorageClass of the volume. Absent: the one that the KubeDirectorConfig names, else the default of Kubernetes.',
      {
        minLength: 1,
        example: 'standard',
      },
    ),
  },
  { required: ['size'], definition: definition('Storage') },
);

const blockStorage = object(
  'Raw block devices for each member, each with a claim of its own.',
  {
    storageClassName: string('StorageClass of the devices.', { minLength: 1, example: 'fast-block' }),
    pathPrefix: formed('^/.*$', 'Path of the devices in members, to which 0, 1 … is appended: /dev/disk0.', {
      example: '/dev/disk',
    }),
    numDevices: integer('How many devices each member gets.', { minimum: 1, example: 2 }),
    size: quantity('Size of each device. Absent: 1Gi.', { example: '10Gi' }),
  },
  { required: ['storageClassName', 'pathPrefix', 'numDevices'], definition: definition('BlockStorage') },
);

const fileInjection = object(
  'A file from a server, and where it is put.',
  {
    srcURL: formed('^https?://.+$', 'URL that each member fetches the file from; it has to reach the server itself.', {
      example: 'https://example.com/site.conf',
    }),
    destDir: formed('^/.*$', 'Directory in members that the file is put into, under the name that it has in the URL.', {
      example: '/etc/site',
    }),
    permissions: nullable(
      object(
        'Mode and owner of the file. Absent: as the member makes files, owned by root.',
        {
          fileMode: integer('Mode of the file. JSON knows only decimal numbers: 420 is 0644. Absent: as it is made.', {
            minimum: 0,
            maximum: 0o7777,
            example: 420,
          }),
          fileOwner: string('Name or number of the user that owns it. Absent: root.', { example: 'root' }),
          fileGroup: string('Name or number of its group. Absent: root.', { example: 'root' }),
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
  'A secret value and the name that scripts read it by.',
  {
    name: string('Name by which scripts find it in configmeta.json (`secret_keys`); unique in the role.', {
      minLength: 1,
      example: 'admin_password',
    }),
    value: string(
      'The value itself. It is encrypted as it comes and never shown again. Absent: that of valueFrom or encryptedValue, else the empty one.',
      { example: 'correct horse' },
    ),
    valueFrom: asField(secretKeySource, 'Where the value is kept, instead of here. Absent: it is given in value.', {
      example: { secretKeyRef: { name: 'site-credentials', key: 'password' } },
    }),
    encryptedValue: string(
      'The value as the server keeps it. Set by the server; sent back unchanged it keeps the value.',
      {
        minLength: 1,
      },
    ),
  },
  { required: ['name'], definition: definition('SecretKey') },
);

const volumeProjection = object(
  'A PersistentVolumeClaim that is there already, and where it is mounted.',
  {
    pvcName: string(
      'Name of the claim, in the namespace of the cluster. With more than one member it has to be one that many pods may mount.',
      { minLength: 1, example: 'site-data' },
    ),
    mountPath: formed('^/.+$', 'Directory in members where it is mounted; unique in the role.', {
      example: '/mnt/site',
    }),
    readOnly: boolean('Whether members can only read what is there. Absent: no.'),
  },
  { required: ['pvcName', 'mountPath'], definition: definition('VolumeProjection') },
);

export const clusterRole = object(
  'One role of the app: how many members it has in this cluster, and what each of them gets.',
  {
    id: string('Id of the role in the app.', { minLength: 1, maxLength: 63, example: 'worker' }),
    members: integer(
      'How many members the role has, within the cardinality that the app gives it; 1000 at most in all roles together. Absent: as many as it has already, at first the number in that cardinality.',
      {
        minimum: 0,
        example: 2,
      },
    ),
    resources: resourceRequirements,
    affinity: nullable(affinity),
    storage: nullable(
      asField(storage, `${storage.description} Absent: what members write goes with their pods.`, {
        example: { size: '40Gi' },
      }),
    ),
    blockStorage: nullable(
      asField(blockStorage, `${blockStorage.description} Absent: none.`, {
        example: { storageClassName: 'fast-block', pathPrefix: '/dev/disk', numDevices: 2, size: '10Gi' },
      }),
    ),
    env: environment,
    sharedMemory: quantity(
      'Size of /dev/shm in members, which is kept in memory. Absent: that of the container runtime, often 64Mi.',
      { example: '1Gi' },
    ),
    fileInjections: listOf(fileInjection, 'Files that each member fetches before it is set up, in this order.', {
      example: [{ srcURL: 'https://example.com/site.conf', destDir: '/etc/site' }],
    }),
    secret: nullable(
      asField(secretMount, 'The Secret mounted into members of the role. Absent: defaultSecret.', {
        example: { name: 'site-credentials', mountPath: '/etc/site', readOnly: true },
      }),
    ),
    serviceAccountName: string(
      'ServiceAccount of the namespace that pods of members run as. Absent: the default one, without its token.',
      {
        minLength: 1,
        example: 'spark',
      },
    ),
    secretKeys: listByKey(
      ['name'],
      secretKey,
      'Secret values that the scripts of the app are given in configmeta.json, in the clear.',
      { example: [{ name: 'admin_password', value: 'correct horse' }] },
    ),
    volumeProjections: listByKey(['mountPath'], volumeProjection, 'Claims that all members of the role mount.', {
      example: [{ pvcName: 'site-data', mountPath: '/mnt/site', readOnly: true }],
    }),
    podLabels: nullable(
      stringMap('Labels for the pods of members, besides those that KubeDirector and its configuration put on them.'),
    ),
    podAnnotations: nullable(stringMap('Annotations for the pods of members, besides those of the configuration.')),
    serviceLabels: nullable(
      stringMap(
        'Labels for the Services of members, besides those that KubeDirector and its configuration put on them.',
      ),
    ),
    serviceAnnotations: nullable(
      stringMap('Annotations for the Services of members, besides those of the configuration.'),
    ),
  },
  { required: ['id'], definition: definition('ClusterRole') },
);
export type ClusterRole = TypeOf<typeof clusterRole>;

const connections = object(
  'Other objects of the namespace whose content scripts are given in configmeta.json (`connections`); when that changes they are told (`--reconnect`). They may come later than the cluster.',
  {
    clusters: nullable(
      setOf(
        string('Name of a KubeDirectorCluster.'),
        'Names of KubeDirectorClusters: scripts learn of their members and services.',
        { example: ['kafka'] },
      ),
    ),
    configmaps: nullable(
      setOf(
        string('Name of a ConfigMap.'),
        'Names of ConfigMaps; they need the label kubedirector.bluedata.io/cmType, by whose value scripts find them.',
        { example: ['site-settings'] },
      ),
    ),
    secrets: nullable(
      setOf(
        string('Name of a Secret.'),
        'Names of Secrets; they need the label kubedirector.bluedata.io/secretType, by whose value scripts find them.',
        { example: ['site-credentials'] },
      ),
    ),
  },
  { definition: definition('Connections') },
);

const claimRetention = object(
  'Whether the claims of members that go stay behind with their data, in the words of StatefulSets.',
  {
    whenDeleted: oneOf(['Delete', 'Retain'], 'What becomes of all claims when the cluster is deleted.', {
      default: 'Delete',
    }),
    whenScaled: oneOf(['Delete', 'Retain'], 'What becomes of the claims of members that go when a role shrinks.', {
      default: 'Delete',
    }),
  },
  { definition: definition('ClaimRetention'), example: { whenDeleted: 'Retain', whenScaled: 'Delete' } },
);

export const serviceTypes = ['ClusterIP', 'NodePort', 'LoadBalancer'] as const;
export const namingSchemes = ['Readable', 'UID', 'CrNameRole'] as const;

export const clusterSpec = object(
  'What the cluster is to be. All but app and appCatalog may be changed at any time.',
  {
    app: string('Name of the KubeDirectorApp that this is an instance of. It cannot be changed.', {
      minLength: 1,
      example: 'spark221e2',
    }),
    appCatalog: oneOf(
      ['local', 'system'],
      'Where the app is: in the namespace of the cluster (local), or in that of KubeDirector (system). It cannot be changed. Absent: where the app is found when the cluster is created, local first.',
    ),
    serviceType: oneOf(
      serviceTypes,
      'Type of the Services of members. Absent: defaultServiceType of the KubeDirectorConfig, else NodePort.',
    ),
    namingScheme: oneOf(
      namingSchemes,
      'How what is made of the cluster is named from now on: in full, which limits the length of names (Readable: CLUSTER-ROLE-xxxxx), by letters alone (UID: kdss-xxxxxxxxxx), or cut where it is too long (CrNameRole: CLUSTER-ROLE-xxxxx). Absent: defaultNamingScheme of the KubeDirectorConfig, else Readable.',
    ),
    scaleRole: string(
      'Id of the role whose members `kubectl scale` and autoscalers change. Absent: scaleRole of the app, else its first selected role with an open cardinality that the cluster has.',
      {
        minLength: 1,
        example: 'worker',
      },
    ),
    connections: nullable(asField(connections, connections.description!, { example: { clusters: ['kafka'] } })),
    claimRetention,
    defaultSecret: nullable(
      asField(secretMount, 'The Secret mounted into members of the roles that name none. Absent: those mount none.', {
        example: { name: 'site-credentials', mountPath: '/etc/site' },
      }),
    ),
    roles: listByKey(['id'], clusterRole, 'The roles that the cluster has, in the order in which they are made.', {
      example: [{ id: 'worker', members: 2, resources: { limits: { cpu: '2', memory: '4Gi' } } } as ClusterRole],
    }),
  },
  { required: ['app', 'roles'], definition: definition('KubeDirectorClusterSpec') },
);
export type ClusterSpec = TypeOf<typeof clusterSpec>;

export const kubeDirectorCluster = object(
  'A running instance of a KubeDirectorApp: which of its roles, how many members of each, and what each member gets. KubeDirector makes StatefulSets and Services of it, and has members set up by the scripts of the app.',
  {
    apiVersion: string('Group and version of the API that the object is written in.'),
    kind: string('The kind of the object, KubeDirectorCluster.'),
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
