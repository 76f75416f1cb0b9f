/**
 * The effective app: what a role gets once its own values have won over the defaults of the app. Computed whenever it is needed and
 * never written back, so that what the author of the app wrote stays as it was written.
 */
import { type Cardinality, parseCardinality } from '../../openapi/cardinality.ts';
import { type AppRole, type AppSpec, lifecycleEvents } from '../../openapi/v1beta1/kubedirectorapp.ts';
import { namedPorts, type RolePort } from './children/port-names.ts';

export type SetupPackage = NonNullable<AppRole['configPackage']>;
export type LifecycleEvent = (typeof lifecycleEvents)[number];

export interface EffectiveRole {
  readonly id: string;
  readonly cardinality: Cardinality;
  readonly image: string | undefined;
  /** Absent: members need no setting up. */
  readonly setupPackage: SetupPackage | undefined;
  /** Directories that the app wants kept; those that KubeDirector adds come with the volume. */
  readonly persistDirs: readonly string[];
  readonly events: readonly LifecycleEvent[];
  /** Bytes of script output that status keeps. */
  readonly maxLogSize: number;
  /** In the order of the services of the app, whatever order the role names them in. */
  readonly ports: readonly RolePort[];
  readonly stdin: boolean;
  readonly tty: boolean;
}

const defaultMaxLogSize = 256;

/** @returns undefined when the app has no such role */
export function effectiveRole(app: AppSpec, id: string): EffectiveRole | undefined {
  const role = app.roles.find((candidate) => candidate.id === id);
  if (!role) return undefined;
  // Three-valued: a role may say null, and then has no package even where the app has a default.
  const setupPackage = role.configPackage === undefined ? app.defaultConfigPackage : role.configPackage;
  return {
    id,
    cardinality: parseCardinality(role.cardinality),
    image: role.imageRepoTag ?? app.defaultImageRepoTag,
    setupPackage: setupPackage ?? undefined,
    persistDirs: role.persistDirs ?? app.defaultPersistDirs ?? [],
    events: role.eventList ?? app.defaultEventList ?? lifecycleEvents,
    maxLogSize: role.maxLogSizeDump ?? app.defaultMaxLogSizeDump ?? defaultMaxLogSize,
    ports: portsOf(app, id),
    stdin: role.containerSpec?.stdin ?? false,
    tty: role.containerSpec?.tty ?? false,
  };
}

function portsOf(app: AppSpec, role: string): RolePort[] {
  const ids = new Set(app.config.roleServices.find(({ roleID }) => roleID === role)?.serviceIDs);
  return namedPorts((app.services ?? []).filter(({ id }) => ids.has(id)));
}
