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
  'What clusters get that do not say otherwise, and what all of them have to keep to. A change counts for what is made from then on, unless a field says otherwise.',
  {
    defaultStorageClassName: string(
      'StorageClass of the volumes of roles that name none. Absent: the default of Kubernetes.',
      {
        minLength: 1,
        example: 'standard',
      },
    ),
    defaultServiceType: oneOf(
      serviceTypes,
      'Type of the Services of members, of clusters that name none. Absent: NodePort.',
    ),
    nativeSystemdSupport: boolean(
      'Whether the container runtime of the nodes provides what systemd needs in a container. true, or absent: nothing of the node is mounted. false: members of apps with systemdRequired get the cgroup tree of their node, which has to be of version 1.',
    ),
    requiredSecretPrefix: string(
      'What the names of Secrets have to begin with that clusters mount from now on. Absent: any may be mounted that their author may read.',
      {
        example: 'site-',
      },
    ),
    clusterSvcDomainBase: formed(
      '^(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$',
      'The end of the host names of members, behind their namespace; begins with a dot. All clusters are told of a change. Absent: .svc.cluster.local.',
      {
        example: '.svc.cluster.local',
      },
    ),
    defaultNamingScheme: oneOf(
      namingSchemes,
      'How StatefulSets, Services and pods are named, of clusters that do not say. Absent: Readable.',
    ),
    masterEncryptionKey: string(
      'Key with which secretKeys of clusters are encrypted: 16, 24 or 32 bytes in hex, as `openssl rand -hex 32` prints it. It cannot be changed while there are clusters. Absent: the server makes one.',
      {
        pattern: '^([0-9a-fA-F]{32}|[0-9a-fA-F]{48}|[0-9a-fA-F]{64})$',
        format: 'password',
        hint: '32, 48 or 64 hexadecimal digits',
      },
    ),
    podLabels: nullable(stringMap('Labels for the pods of all clusters; they win over those of a role.')),
    podAnnotations: nullable(stringMap('Annotations for the pods of all clusters; they win over those of a role.')),
    serviceLabels: nullable(
      stringMap('Labels for the Services of members of all clusters; they win over those of a role.'),
    ),
    serviceAnnotations: nullable(
      stringMap('Annotations for the Services of members of all clusters; they win over those of a role.'),
    ),
    backupClusterStatus: boolean('Not used: children are adopted by labels after a restore.'),
    allowRestoreWithoutConnections: boolean('Not used: missing connections never hold a cluster back.'),
    forceSharedMemorySizeSupport: boolean('Whether clusters may set sharedMemory. Absent: yes.'),
  },
  { definition: definition('KubeDirectorConfigSpec') },
);
export type ConfigSpec = TypeOf<typeof configSpec>;

const configStatus = object(
  'Whether the configuration is in force. Written by KubeDirector.',
  {
    state: oneOf(['creating', 'ready'], 'ready: it is in force, which it is as soon as it is stored.'),
    generationUID: string('Not used: kept from releases that guarded status with it.'),
  },
  { definition: definition('KubeDirectorConfigStatus') },
);

export const kubeDirectorConfig = object(
  'What an administrator has set for all clusters. There is one, named kd-global-config, in the namespace of KubeDirector.',
  {
    apiVersion: string('Group and version of the API that the object is written in.'),
    kind: string('The kind of the object, KubeDirectorConfig.'),
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
