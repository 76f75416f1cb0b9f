/**
 * What judging a cluster needs to know of other objects, and how it is asked for.
 */
import type { KubeDirectorApp } from '../../../openapi/v1beta1/kubedirectorapp.ts';
import type { ConfigSpec } from '../../../openapi/v1beta1/kubedirectorconfig.ts';
import type { Alongside } from '../../../storage/store.ts';
import type { NamedLookups } from '../missing.ts';
import type { SealedRoles } from './secret-keys.ts';

export type Catalog = 'local' | 'system';

export interface FoundApp {
  readonly app: KubeDirectorApp;
  readonly catalog: Catalog;
  /** Holds as long as the app is as it was found, and tells those who change it of a new cluster. */
  readonly bond: Alongside;
}

export interface ClusterLookups extends NamedLookups {
  /**
   * The app of that name, in the namespace of the cluster or in KubeDirector's own; local first when no catalog is given. Not older
   * than the call.
   */
  findApp(
    name: string,
    namespace: string,
    catalog: Catalog | undefined,
    signal: AbortSignal,
  ): Promise<FoundApp | undefined>;
  /** The global configuration, as it is when an app has just been looked for; empty when there is none. */
  config(): FoundConfig;
}

export interface FoundConfig {
  readonly spec: ConfigSpec;
  /** Holds as long as the configuration is as it was found, and tells those who change it of a new cluster. */
  readonly bond: Alongside;
}

/** What a write of a cluster is judged with. */
export interface ClusterRelated {
  readonly found: FoundApp | undefined;
  readonly config: FoundConfig;
  /** The roles with their secret values encrypted; absent where those are not written. */
  readonly sealed?: SealedRoles;
  /** What is named and not there, in words. */
  readonly missing: readonly string[];
}
