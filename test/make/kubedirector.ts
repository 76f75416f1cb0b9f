/**
 * Objects of KubeDirector's kinds, valid until told otherwise: the cluster and the two apps that the project was first shown with,
 * in the hub's form.
 */
import type { ObjectMeta } from '../../openapi/machinery/meta.ts';
import type { AppSpec, KubeDirectorApp } from '../../openapi/v1beta1/kubedirectorapp.ts';
import type { ClusterRole, ClusterSpec, KubeDirectorCluster } from '../../openapi/v1beta1/kubedirectorcluster.ts';
import type { ConfigSpec, KubeDirectorConfig } from '../../openapi/v1beta1/kubedirectorconfig.ts';

const apiVersion = 'kubedirector.bluedata.io/v1beta1';
const created = '2026-11-21T10:00:00Z';

const resources = { limits: { cpu: '2', memory: '4Gi' }, requests: { cpu: '2', memory: '4Gi' } };

/** A role of a cluster: one worker with 2 CPUs and 4 GiB. */
export const aRole = (role: Partial<ClusterRole> = {}): ClusterRole => ({
  id: 'worker',
  members: 1,
  resources,
  ...role,
});

/** `spark-instance` in `team1`: a controller, two workers and a notebook. */
export const aCluster = (
  spec: Partial<ClusterSpec> = {},
  { name = 'spark-instance', ...metadata }: Partial<ObjectMeta> = {},
): KubeDirectorCluster => ({
  apiVersion,
  kind: 'KubeDirectorCluster',
  metadata: {
    name,
    namespace: 'team1',
    uid: `uid-of-${name}`,
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: created,
    ...metadata,
  },
  spec: {
    app: 'spark221e2',
    roles: [aRole({ id: 'controller' }), aRole({ id: 'worker', members: 2 }), aRole({ id: 'jupyter' })],
    ...spec,
  },
});

/** `spark221e2`, as published in 2018. */
export const anApp = (
  spec: Partial<AppSpec> = {},
  { name = 'spark221e2', ...metadata }: Partial<ObjectMeta> = {},
): KubeDirectorApp => ({
  apiVersion,
  kind: 'KubeDirectorApp',
  metadata: {
    name,
    namespace: 'team1',
    uid: `uid-of-${name}`,
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: created,
    ...metadata,
  },
  spec: {
    label: { name: 'Spark 2.2.1 on centos7x with Jupyter', description: 'Spark 2.2.1 multirole with Jupyter' },
    distroID: 'bluedata/spark221e2',
    version: '2.5',
    configSchemaVersion: 7,
    defaultConfigPackage: { packageURL: 'https://example.com/spark221e2/appconfig.tgz' },
    services: [
      { id: 'ssh', label: { name: 'SSH' }, endpoint: { port: 22, isDashboard: false } },
      { id: 'spark', label: { name: 'Spark master console' }, endpoint: { urlScheme: 'http', port: 8080, path: '/' } },
      { id: 'spark_master', label: { name: 'Spark master' }, endpoint: { urlScheme: 'spark', port: 7077 } },
      { id: 'spark_worker', label: { name: 'Spark worker' }, endpoint: { urlScheme: 'http', port: 8081, path: '/' } },
      { id: 'jupyter-notebook', label: { name: 'Jupyter' }, endpoint: { urlScheme: 'http', port: 8888, path: '/' } },
    ],
    roles: [
      { id: 'controller', cardinality: '1', imageRepoTag: 'bluedata/sparkbase:2.0' },
      { id: 'worker', cardinality: '0+', imageRepoTag: 'bluedata/sparkbase:2.0' },
      { id: 'jupyter', cardinality: '0+', imageRepoTag: 'bluedata/jupyter:2.2' },
    ],
    config: {
      selectedRoles: ['controller', 'worker', 'jupyter'],
      // Not in the order of the services, which is the one that counts.
      roleServices: [
        { roleID: 'controller', serviceIDs: ['spark_worker', 'ssh', 'spark', 'spark_master'] },
        { roleID: 'worker', serviceIDs: ['ssh', 'spark_worker'] },
        { roleID: 'jupyter', serviceIDs: ['ssh', 'jupyter-notebook'] },
      ],
    },
    systemdRequired: true,
    ...spec,
  },
});

/** `cassandra311`: two seeds or more, workers, directories that are kept, and capabilities. */
export const cassandra = (spec: Partial<AppSpec> = {}): KubeDirectorApp =>
  anApp(
    {
      label: { name: 'Cassandra 3.11' },
      distroID: 'bluedata/cassandra311',
      version: '3.0',
      defaultImageRepoTag: 'bluedata/cassandra:3.0',
      defaultConfigPackage: { packageURL: 'https://example.com/cassandra311/appconfig.tgz' },
      defaultPersistDirs: ['/data'],
      capabilities: ['SYS_RESOURCE', 'IPC_LOCK'],
      services: [
        { id: 'ssh', label: { name: 'SSH' }, endpoint: { port: 22 } },
        { id: 'cassandra', label: { name: 'Cassandra' }, endpoint: { urlScheme: 'cql', port: 9042 } },
      ],
      roles: [
        { id: 'seed', cardinality: '2+' },
        { id: 'worker', cardinality: '0+' },
      ],
      config: {
        selectedRoles: ['seed', 'worker'],
        roleServices: [
          { roleID: 'seed', serviceIDs: ['ssh', 'cassandra'] },
          { roleID: 'worker', serviceIDs: ['ssh', 'cassandra'] },
        ],
      },
      ...spec,
    },
    { name: 'cassandra311' },
  );

/** The one configuration of an installation. */
export const aConfig = (spec: ConfigSpec = {}): KubeDirectorConfig => ({
  apiVersion,
  kind: 'KubeDirectorConfig',
  metadata: {
    name: 'kd-global-config',
    namespace: 'kubedirector',
    uid: 'uid-of-kd-global-config',
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: created,
  },
  spec,
});
