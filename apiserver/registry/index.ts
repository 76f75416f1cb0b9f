/**
 * The kinds that KubeDirector serves. A new kind is a line here.
 */

import { type AccessReader, noAccess } from './access.ts';
import type { AppLookups } from './kubedirectorapp/lookups.ts';
import { kubeDirectorApps } from './kubedirectorapp/resource.ts';
import type { ClusterLookups } from './kubedirectorcluster/lookups.ts';
import { kubeDirectorClusters } from './kubedirectorcluster/resource.ts';
import type { ConfigLookups } from './kubedirectorconfig/lookups.ts';
import { kubeDirectorConfigs } from './kubedirectorconfig/resource.ts';
import type { Resource } from './resource.ts';

/** What the kinds ask about one another. */
export type Lookups = AppLookups & ClusterLookups & ConfigLookups;

/**
 * @param systemNamespace where KubeDirector itself lives, and the system catalog with it
 * @param access what users may do with the objects that they name; absent: nothing
 */
export const kubeDirectorResources = (
  lookups: Lookups,
  systemNamespace: string,
  access: AccessReader = noAccess,
): Resource[] => [
  kubeDirectorApps(lookups) as unknown as Resource,
  kubeDirectorClusters(lookups, access) as unknown as Resource,
  kubeDirectorConfigs(lookups, systemNamespace) as unknown as Resource,
];
