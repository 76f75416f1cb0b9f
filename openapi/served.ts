/**
 * What a server serves: groups, versions, resources and their verbs. Discovery and the OpenAPI documents are computed from this,
 * and this is computed from the registry, so that nobody keeps a second list.
 */
import type { Schema } from './schema/schema.ts';

export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch';

/** `R/scale`, `R/status`: documents of their own below a resource. */
export interface ServedSubresource {
  readonly name: string;
  readonly kind: string;
  /** Absent: those of the resource. A Scale is `autoscaling/v1` (K-045). */
  readonly group?: string;
  readonly version?: string;
  /** In alphabetical order. */
  readonly verbs: readonly Verb[];
  /** Absent: the schema of the resource. */
  readonly schema?: Schema;
  /** It is no document but a connection, of which the documents tell nothing. */
  readonly connects?: boolean;
}

export interface ServedResource {
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly listKind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  /** In alphabetical order. */
  readonly verbs: readonly Verb[];
  readonly subresources: readonly ServedSubresource[];
  readonly schema: Schema;
  /** What clients that validate documents themselves should accept; absent: `schema`. */
  readonly inputSchema?: Schema;
  /** What field selectors may ask for besides name and namespace, `spec.app`. Absent: nothing. */
  readonly selectableFields?: readonly string[];
  /** The version in which objects are stored; its hash is published (K-047). */
  readonly storageVersion: string;
}

export interface ServedVersion {
  readonly version: string;
  readonly resources: readonly ServedResource[];
  /** Media types that PATCH takes, as the documents list them (K-064). */
  readonly patchTypes: readonly string[];
}

export interface ServedGroup {
  /** Empty for the core group, which is served under `/api`. */
  readonly group: string;
  /** The preferred version first (K-043). */
  readonly versions: readonly ServedVersion[];
}
