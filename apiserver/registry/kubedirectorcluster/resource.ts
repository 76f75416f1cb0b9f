/**
 * KubeDirectorCluster as a resource.
 */
import { labelFaults, type NameRule, subdomainFaults } from '../../../openapi/machinery/names.ts';
import { kubeDirectorClusterV1alpha1 } from '../../../openapi/v1alpha1/kubedirectorcluster.ts';
import { type KubeDirectorCluster, kubeDirectorCluster } from '../../../openapi/v1beta1/kubedirectorcluster.ts';
import type { AccessReader } from '../access.ts';
import { ageColumn, nameColumn, type Resource } from '../resource.ts';
import type { ClusterLookups, ClusterRelated } from './lookups.ts';
import { scaleSubresource } from './scale.ts';
import { clusterStrategy } from './strategy.ts';

/** History has clusters named `ubuntu18.04`; beyond the dots a name must fit into a label, since it is the value of one. */
const clusterName: NameRule = (name) => {
  const faults = subdomainFaults(name);
  return faults.length ? faults : labelFaults(name.replaceAll('.', '-'));
};

export const kubeDirectorClusters = (
  lookups: ClusterLookups,
  access: AccessReader,
): Resource<KubeDirectorCluster, ClusterRelated> => ({
  group: 'kubedirector.bluedata.io',
  plural: 'kubedirectorclusters',
  singular: 'kubedirectorcluster',
  kind: 'KubeDirectorCluster',
  listKind: 'KubeDirectorClusterList',
  shortNames: ['kdcluster', 'kdc'],
  categories: ['kubedirector'],
  namespaced: true,
  forms: [{ version: 'v1beta1', schema: kubeDirectorCluster }, kubeDirectorClusterV1alpha1],
  nameRule: clusterName,
  strategy: clusterStrategy(lookups, access),
  hasStatus: true,
  subresources: [scaleSubresource],
  selectableFields: [
    { label: 'spec.app', value: ({ spec }) => spec.app, indexed: true },
    { label: 'status.state', value: ({ status }) => status?.state ?? '', indexed: true },
    { label: 'status.conditions.Ready', value: (cluster) => readyCondition(cluster)?.status ?? '', indexed: true },
  ],
  columns: [
    nameColumn,
    { name: 'App', type: 'string', description: 'The app that it is an instance of.', cell: ({ spec }) => spec.app },
    { name: 'State', type: 'string', description: 'One word for it all.', cell: ({ status }) => status?.state ?? null },
    { name: 'Members', type: 'string', description: 'Members that are ready, of those desired.', cell: membersCell },
    {
      name: 'Catalog',
      type: 'string',
      description: 'Where the app lives.',
      priority: 1,
      cell: ({ spec }) => spec.appCatalog ?? null,
    },
    {
      name: 'Service',
      type: 'string',
      description: 'The headless service that gives members their host names.',
      priority: 1,
      cell: ({ status }) => status?.clusterService ?? null,
    },
    {
      name: 'Message',
      type: 'string',
      description: 'What the Ready condition says.',
      priority: 1,
      cell: (cluster) => readyCondition(cluster)?.message ?? null,
    },
    ageColumn,
  ],
});

const readyCondition = ({ status }: KubeDirectorCluster) => status?.conditions?.find(({ type }) => type === 'Ready');

function membersCell({ spec, status }: KubeDirectorCluster): string {
  const desired = spec.roles.reduce((sum, { members = 0 }) => sum + members, 0);
  return `${status?.readyMembers ?? 0}/${desired}`;
}
