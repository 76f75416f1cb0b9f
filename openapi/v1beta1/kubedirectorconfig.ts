/**
 * KubeDirectorConfig: the one object `kd-global-config` with the defaults of an installation.
 */
import type { KubeObject } from '../machinery/meta.ts';
import { objectMetaSchema } from '../schema/object-meta.ts';
import { boolean, formed, nullable, object, oneOf, string, type TypeOf } from '../schema/schema.ts';
import { stringMap } from './core.ts';
import { namingSchemes, serviceTypes } from './kubedirectorcluster.ts';

const definition = (name: string) => `io.bluedata.kubedirector.v1beta1.${name}`;

export const configSpec = object(
  'Defaults for all clusters of this installation.',
  {
    defaultStorageClassName: string('StorageClass for role storage that names none. Absent: that of Kubernetes.', {
      minLength: 1,
      example: 'standard',
    }),
    defaultServiceType: oneOf(
      serviceTypes,
      'Type of the services of members, where a cluster names none. Absent: NodePort.',
    ),
    nativeSystemdSupport: boolean(
      'Whether the container runtime takes care of systemd by itself. If false, members that run systemd get the cgroup tree of their node, which has to be of version 1. Absent: nothing of the node is mounted.',
    ),
    requiredSecretPrefix: string('What the names of mounted Secrets must begin with. Absent: anything.', {
      example: 'site-',
    }),
    clusterSvcDomainBase: formed(
      '^(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$',
      'Appended to the namespace in host names of members. Absent: .svc.cluster.local.',
      {
        example: '.svc.cluster.local',
      },
    ),
    defaultNamingScheme: oneOf(
      namingSchemes,
      'How children are named, where a cluster does not say. Absent: Readable.',
    ),
    masterEncryptionKey: string(
      'Key for secretKeys, in hex: 16, 24 or 32 bytes, as `openssl rand -hex 32` prints it. It stays while there are clusters. Absent: a new one is made.',
      {
        pattern: '^([0-9a-fA-F]{32}|[0-9a-fA-F]{48}|[0-9a-fA-F]{64})$',
        format: 'password',
        hint: '32, 48 or 64 hexadecimal digits',
      },
    ),
    podLabels: nullable(stringMap('Labels for all pods of members.')),
    podAnnotations: nullable(stringMap('Annotations for all pods of members.')),
    serviceLabels: nullable(stringMap('Labels for all services of members.')),
    serviceAnnotations: nullable(stringMap('Annotations for all services of members.')),
    backupClusterStatus: boolean('Not used: children are adopted by labels after a restore.'),
    allowRestoreWithoutConnections: boolean('Not used: missing connections never hold a cluster back.'),
    forceSharedMemorySizeSupport: boolean(
      'Sizes of shared memory are used (true) or refused (false), whatever the host says.',
    ),
  },
  { definition: definition('KubeDirectorConfigSpec') },
);
export type ConfigSpec = TypeOf<typeof configSpec>;

const configStatus = object(
  'What has become of the configuration.',
  {
    state: oneOf(['creating', 'ready'], 'Whether it is in force.'),
    generationUID: string('Not used: kept from releases that guarded status with it.'),
  },
  { definition: definition('KubeDirectorConfigStatus') },
);

export const kubeDirectorConfig = object(
  'The defaults of an installation. There is one, named kd-global-config, in the namespace of KubeDirector.',
  {
    apiVersion: string('Version of this form.'),
    kind: string('KubeDirectorConfig.'),
    metadata: objectMetaSchema,
    spec: nullable(configSpec),
    status: configStatus,
  },
  { definition: definition('KubeDirectorConfig') },
);

export interface KubeDirectorConfig extends KubeObject {
  spec?: ConfigSpec | null;
  status?: TypeOf<typeof configStatus>;
}
