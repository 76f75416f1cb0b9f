/**
 * The kinds that KubeDirector serves. A new kind is a line here.
 */

import { kubeDirectorApps } from './kubedirectorapp/resource.ts';
import type { ClusterLookups } from './kubedirectorcluster/lookups.ts';
import { kubeDirectorClusters } from './kubedirectorcluster/resource.ts';
import { kubeDirectorConfigs } from './kubedirectorconfig/resource.ts';
import type { Resource } from './resource.ts';

/** @param systemNamespace where KubeDirector itself lives, and the system catalog with it */
export const kubeDirectorResources = (lookups: ClusterLookups, systemNamespace: string): Resource[] => [
  kubeDirectorApps as unknown as Resource,
  kubeDirectorClusters(lookups) as unknown as Resource,
  kubeDirectorConfigs(systemNamespace) as unknown as Resource,
];
