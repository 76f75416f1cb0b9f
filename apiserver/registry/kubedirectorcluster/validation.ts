/**
 * What a cluster must keep to beyond its schema: its app exists, offers the roles, and allows their sizes; members can be named,
 * mounted and labelled as it says.
 *
 * Pure: the app has been looked up. Amounts and mounts have files of their own.
 */
import { admits, maxMembers, parseCardinality } from '../../../openapi/cardinality.ts';
import { clusterNameLimit } from '../../../openapi/child-names.ts';
import {
  type FieldError,
  type FieldPath,
  forbidden,
  invalid,
  metadata as metadataPath,
  notFound,
  notSupported,
  required,
  spec,
} from '../../../openapi/machinery/field.ts';
import { subdomainFaults } from '../../../openapi/machinery/names.ts';
import type { AppRole, AppSpec } from '../../../openapi/v1beta1/kubedirectorapp.ts';
import type { ClusterRole, ClusterSpec, KubeDirectorCluster } from '../../../openapi/v1beta1/kubedirectorcluster.ts';
import type { ConfigSpec } from '../../../openapi/v1beta1/kubedirectorconfig.ts';
import { annotationFaults, labelsFaults } from '../metadata.ts';
import { amountFaults, amountWarnings } from './amounts.ts';
import { environmentFaults } from './environment.ts';
import type { ClusterRelated, FoundApp } from './lookups.ts';
import { mountFaults } from './mounts.ts';
import { addedReferences, referenced, referencesOf } from './references.ts';

/** @param old what is stored, where there is something */
export function validateCluster(
  { metadata, spec: cluster }: KubeDirectorCluster,
  old: KubeDirectorCluster | undefined,
  { found, config, sealed }: Pick<ClusterRelated, 'found' | 'config' | 'sealed'>,
): FieldError[] {
  const roles = spec.child('roles');
  return [
    ...(found ? appFaults(cluster, found, roles) : [notFound(spec.child('app'), cluster.app)]),
    ...cluster.roles.flatMap((role, i) => [
      ...amountFaults(role, offeredBy(found, role), roles.index(i)),
      ...environmentFaults(role, roles.index(i)),
      ...mapFaults(role, roles.index(i)),
    ]),
    ...sizeFaults(cluster, roles),
    ...scaleRoleFaults(cluster),
    ...nameFaults(metadata.name, cluster),
    ...referenceFaults(cluster),
    ...configFaults(cluster, old?.spec, config.spec),
    ...(sealed?.faults ?? []),
  ];
}

const offeredBy = (found: FoundApp | undefined, { id }: ClusterRole): AppRole | undefined =>
  found?.app.spec.roles.find((role) => role.id === id);

/** What can only be judged with the app. */
function appFaults(cluster: ClusterSpec, found: FoundApp, roles: FieldPath): FieldError[] {
  const app = found.app.spec;
  if (found.app.metadata.deletionTimestamp)
    return [invalid(spec.child('app'), cluster.app, 'the app is being deleted')];
  return [
    ...cluster.roles.flatMap((role, i) => roleFaults(role, app, roles.index(i))),
    ...missingRoles(cluster, app, roles),
    ...withoutRepetition(
      cluster.roles.flatMap((role, i) =>
        mountFaults(role, cluster, app, offeredBy(found, role), roles.index(i), spec.child('defaultSecret')),
      ),
    ),
  ];
}

/** The default Secret is judged in every role that has it, and told once. */
const withoutRepetition = (faults: readonly FieldError[]): FieldError[] =>
  faults.filter(
    ({ field, message }, i) => faults.findIndex((other) => other.field === field && other.message === message) === i,
  );

/** Labels and annotations for children, in Kubernetes' own words. */
function mapFaults(role: ClusterRole, at: FieldPath): FieldError[] {
  return [
    ...labelsFaults(role.podLabels ?? {}, at.child('podLabels')),
    ...annotationFaults(role.podAnnotations ?? {}, at.child('podAnnotations')),
    ...labelsFaults(role.serviceLabels ?? {}, at.child('serviceLabels')),
    ...annotationFaults(role.serviceAnnotations ?? {}, at.child('serviceAnnotations')),
  ];
}

/** Nothing of such a name can ever exist. */
const referenceFaults = (cluster: ClusterSpec): FieldError[] =>
  referencesOf(cluster).flatMap(({ name, at }) => subdomainFaults(name).map((text) => invalid(at, name, text)));

/**
 * What an administrator demands of clusters. It counts for what this write adds: a prefix that is demanded later does not keep
 * anybody from scaling.
 */
function configFaults(now: ClusterSpec, old: ClusterSpec | undefined, config: ConfigSpec): FieldError[] {
  const { requiredSecretPrefix: prefix = '', forceSharedMemorySizeSupport } = config;
  // What is mounted counts by itself: a Secret that is connected to as well has yet to have the prefix.
  const mounted = addedReferences(now, old, (reference) => reference.mounted && reference.to === referenced.secret);
  const unprefixed = mounted.filter(({ name }) => !name.startsWith(prefix));
  const shared = now.roles.flatMap((role, i) => {
    const before = old?.roles.find(({ id }) => id === role.id)?.sharedMemory;
    if (role.sharedMemory === undefined || role.sharedMemory === before) return [];
    return [spec.child('roles').index(i).child('sharedMemory')];
  });
  return [
    ...unprefixed.map(({ at, name }) =>
      invalid(at, name, `must begin with ${JSON.stringify(prefix)}, as the configuration demands of mounted Secrets`),
    ),
    ...(forceSharedMemorySizeSupport === false
      ? shared.map((at) => forbidden(at, 'sizes of shared memory are switched off in the configuration'))
      : []),
  ];
}

/** What a user ought to know although it is allowed. */
export function clusterWarnings(
  { spec: cluster }: KubeDirectorCluster,
  { found, missing }: Pick<ClusterRelated, 'found' | 'missing'>,
): string[] {
  const amounts = cluster.roles.flatMap((role, i) =>
    amountWarnings(role, offeredBy(found, role), spec.child('roles').index(i)),
  );
  return [...amounts, ...missing];
}

/** Children carry the name of the cluster in theirs; what they cannot be called is refused here, with the length that fits. */
function nameFaults(name: string, { namingScheme = 'Readable', roles }: ClusterSpec): FieldError[] {
  const { characters, because } = clusterNameLimit(
    namingScheme,
    roles.map(({ id }) => id),
  );
  const at = metadataPath.child('name');
  if (name.length <= characters) return [];
  if (characters < 1)
    return [invalid(at, name, `no name is short enough in the naming scheme ${namingScheme}: ${because}`)];
  return [invalid(at, name, `must be no more than ${characters} characters, because ${because}`)];
}

/** What stays as it was for the life of a cluster. */
export function validateClusterChange(
  { spec: now }: KubeDirectorCluster,
  { spec: old }: KubeDirectorCluster,
): FieldError[] {
  const faults: FieldError[] = [];
  if (now.app !== old.app)
    faults.push(forbidden(spec.child('app'), 'a cluster stays an instance of the app that it was made from'));
  if (now.appCatalog !== old.appCatalog && old.appCatalog !== undefined)
    faults.push(forbidden(spec.child('appCatalog'), 'a cluster stays an instance of the app that it was made from'));
  return faults;
}

function roleFaults(role: ClusterRole, app: AppSpec, at: FieldPath): FieldError[] {
  const offered = app.roles.find(({ id }) => id === role.id);
  if (!offered)
    return [
      notSupported(
        at.child('id'),
        role.id,
        app.roles.map(({ id }) => id),
      ),
    ];
  const { members } = role;
  if (members === undefined || admits(parseCardinality(offered.cardinality), members)) return [];
  return [invalid(at.child('members'), members, `the app allows ${offered.cardinality}`)];
}

/** Selected roles that need members must be there. */
const missingRoles = (cluster: ClusterSpec, app: AppSpec, at: FieldPath): FieldError[] =>
  app.roles
    .filter(({ id }) => app.config.selectedRoles.includes(id))
    .filter(({ cardinality }) => parseCardinality(cardinality).least > 0)
    .filter(({ id }) => !cluster.roles.some((role) => role.id === id))
    .map(({ id, cardinality }) =>
      required(
        at,
        `the app needs role ${JSON.stringify(id)} with ${cardinality} ${cardinality === '1' ? 'member' : 'members'}`,
      ),
    );

function sizeFaults({ roles }: ClusterSpec, at: FieldPath): FieldError[] {
  const members = roles.reduce((sum, role) => sum + (role.members ?? 0), 0);
  return members > maxMembers ? [invalid(at, members, `a cluster has at most ${maxMembers} members`)] : [];
}

const scaleRoleFaults = ({ scaleRole, roles }: ClusterSpec): FieldError[] =>
  scaleRole === undefined || roles.some(({ id }) => id === scaleRole)
    ? []
    : [
        notSupported(
          spec.child('scaleRole'),
          scaleRole,
          roles.map(({ id }) => id),
        ),
      ];
