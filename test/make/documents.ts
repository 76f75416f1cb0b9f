/**
 * Documents as users write them: an app and a cluster of it, valid until told otherwise.
 */

export const appDocument = (name = 'demo-app', spec: object = {}) => ({
  apiVersion: 'kubedirector.bluedata.io/v1beta1',
  kind: 'KubeDirectorApp',
  metadata: { name },
  spec: {
    label: { name: 'Demo' },
    distroID: 'demo/app',
    version: '1.0',
    configSchemaVersion: 7,
    defaultImageRepoTag: 'docker.io/demo/app:1',
    services: [{ id: 'web', label: { name: 'Web' }, endpoint: { port: 80, urlScheme: 'http' } }],
    roles: [
      { id: 'head', cardinality: '1' },
      { id: 'worker', cardinality: '1+' },
    ],
    config: {
      selectedRoles: ['head', 'worker'],
      roleServices: [
        { roleID: 'head', serviceIDs: ['web'] },
        { roleID: 'worker', serviceIDs: ['web'] },
      ],
    },
    ...spec,
  },
});

export const clusterDocument = (name = 'demo', spec: object = {}, metadata: object = {}) => ({
  apiVersion: 'kubedirector.bluedata.io/v1beta1',
  kind: 'KubeDirectorCluster',
  metadata: { name, ...metadata },
  spec: {
    app: 'demo-app',
    roles: [
      { id: 'head', members: 1 },
      { id: 'worker', members: 2 },
    ],
    ...spec,
  },
});

/** The cluster in the form published in 2018. */
export const publishedCluster = (name = 'demo', spec: object = {}) => ({
  apiVersion: 'kubedirector.bluedata.io/v1alpha1',
  kind: 'KubeDirectorCluster',
  metadata: { name },
  spec: {
    app: 'demo-app',
    roles: [
      { name: 'head', replicas: 1 },
      { name: 'worker', replicas: 2 },
    ],
    ...spec,
  },
});

const group = '/apis/kubedirector.bluedata.io';
export const appsPath = `${group}/v1beta1/namespaces/default/kubedirectorapps`;
export const clustersPath = `${group}/v1beta1/namespaces/default/kubedirectorclusters`;
export const publishedClustersPath = `${group}/v1alpha1/namespaces/default/kubedirectorclusters`;
