/**
 * The blueprint of a cluster: everything that what we build is derived from, looked up once per look.
 */
import type { KubeDirectorApp } from '../../openapi/v1beta1/kubedirectorapp.ts';
import type { ClusterRole, KubeDirectorCluster } from '../../openapi/v1beta1/kubedirectorcluster.ts';
import type { ConfigSpec } from '../../openapi/v1beta1/kubedirectorconfig.ts';
import type { EffectiveRole } from './effective-role.ts';

/** An app, and in which of the two catalogs it was found. */
export interface FoundApp {
  readonly catalog: 'local' | 'system';
  readonly app: KubeDirectorApp;
}

export interface Blueprint {
  readonly cluster: KubeDirectorCluster;
  readonly found: FoundApp;
  readonly config: ConfigSpec;
  /** Name of the headless Service. */
  readonly clusterService: string;
}

/** One role of the cluster, as the cluster and its app describe it together. */
export interface RoleBlueprint extends Blueprint {
  readonly role: ClusterRole;
  readonly effective: EffectiveRole & { readonly image: string };
  readonly statefulSet: string;
  readonly replicas: number;
  /** Written to the annotation of the StatefulSet. */
  readonly nodeIDs: string;
}

export const namespaceOf = ({ cluster }: Pick<Blueprint, 'cluster'>): string => cluster.metadata.namespace ?? '';
