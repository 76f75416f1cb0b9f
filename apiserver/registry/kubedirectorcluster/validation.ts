/**
 * What a cluster must keep to beyond its schema: its app exists, offers the roles, and allows their sizes.
 *
 * Pure: the app has been looked up.
 */
import { admits, parseCardinality } from '../../../openapi/cardinality.ts';
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
import type { AppSpec } from '../../../openapi/v1beta1/kubedirectorapp.ts';
import type { ClusterRole, ClusterSpec, KubeDirectorCluster } from '../../../openapi/v1beta1/kubedirectorcluster.ts';
import type { FoundApp } from './lookups.ts';

/** The whole cluster must fit into one stored object. */
const maxMembers = 1000;

export function validateCluster(
  { metadata, spec: cluster }: KubeDirectorCluster,
  found: FoundApp | undefined,
): FieldError[] {
  if (!found) return [notFound(spec.child('app'), cluster.app)];
  const app = found.app.spec;
  const roles = spec.child('roles');
  return [
    ...cluster.roles.flatMap((role, i) => roleFaults(role, app, roles.index(i))),
    ...missingRoles(cluster, app, roles),
    ...sizeFaults(cluster, roles),
    ...scaleRoleFaults(cluster),
    ...nameFaults(metadata.name, cluster),
  ];
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
