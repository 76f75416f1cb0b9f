/**
 * Which objects a write of a cluster names that its user ought to hear of when they are not there, or not fit for it. Only what this
 * write adds: a warning that comes with every change is not read.
 */
import { type FieldPath, spec as specPath } from '../../../openapi/machinery/field.ts';
import { isRecord, type KubeObject } from '../../../openapi/machinery/meta.ts';
import type { ClusterRole, ClusterSpec, KubeDirectorCluster } from '../../../openapi/v1beta1/kubedirectorcluster.ts';
import type { ConfigSpec } from '../../../openapi/v1beta1/kubedirectorconfig.ts';
import { defaultClassWarnings, missingWarnings, type NamedAt, type NamedLookups, storageClassAt } from '../missing.ts';
import { addedReferences, referenced } from './references.ts';

/** @returns warnings */
export async function missingFor(
  lookups: NamedLookups,
  { metadata: { namespace = '' }, spec: now }: KubeDirectorCluster,
  old: ClusterSpec | undefined,
  { defaultStorageClassName }: ConfigSpec,
  signal: AbortSignal,
): Promise<string[]> {
  const unnamed = addedUnnamedClasses(now, old);
  const byDefault = (name: string, at: FieldPath): NamedAt => ({
    ...storageClassAt(name, at),
    named: ", which is the configuration's default",
  });
  const named = defaultStorageClassName ? unnamed.map((at) => byDefault(defaultStorageClassName, at)) : [];
  return [
    ...(await missingWarnings(lookups, [...newlyNamed(now, old, namespace), ...named], signal)),
    ...(await defaultClassWarnings(lookups, defaultStorageClassName ? [] : unnamed, signal)),
  ];
}

/** Roles that got storage with this write, and take the class that is the default. */
const addedUnnamedClasses = ({ roles }: ClusterSpec, old: ClusterSpec | undefined): FieldPath[] =>
  roles.flatMap(({ id, storage }, i) => {
    const takesDefault = (one: ClusterRole['storage']): boolean => Boolean(one) && !one?.storageClassName;
    const before = old?.roles.find((role) => role.id === id)?.storage;
    if (!takesDefault(storage) || takesDefault(before)) return [];
    return [specPath.child('roles').index(i).child('storage').child('storageClassName')];
  });

const newlyNamed = (now: ClusterSpec, old: ClusterSpec | undefined, namespace: string): NamedAt[] => [
  ...addedReferences(now, old).map(({ to, name, at }) => ({
    ...{ group: to.group, version: to.version, plural: to.resource, kind: to.kind, namespace, name, at },
    ...(to === referenced.claim && { unfit: (claim: KubeObject) => unfitFor(now, claim) }),
  })),
  ...addedClasses(now, old),
];

/** Members of several nodes need a claim that several nodes may have, and a directory needs a file system. */
function unfitFor({ roles }: ClusterSpec, { metadata, spec }: KubeObject & { spec?: unknown }): string[] {
  const { volumeMode, accessModes } = isRecord(spec) ? spec : {};
  const users = roles.filter(({ volumeProjections }) =>
    volumeProjections?.some(({ pvcName }) => pvcName === metadata.name),
  );
  const members = users.reduce((sum, role) => sum + (role.members ?? 1), 0);
  const shared = Array.isArray(accessModes) && accessModes.some((mode) => /^Read(Write|Only)Many$/.test(String(mode)));
  return [
    ...(volumeMode === 'Block' ? ['the claim is a block device, which cannot be mounted as a directory'] : []),
    ...(members > 1 && !shared
      ? [`${members} members share the claim, which is neither ReadWriteMany nor ReadOnlyMany`]
      : []),
  ];
}

function addedClasses(now: ClusterSpec, old: ClusterSpec | undefined): NamedAt[] {
  const known = new Set(old && classesOf(old).map(({ name }) => name));
  return classesOf(now).filter(({ name }) => !known.has(name) && known.add(name));
}

const classesOf = ({ roles }: ClusterSpec): NamedAt[] =>
  roles.flatMap((role, i) =>
    (['storage', 'blockStorage'] as const).flatMap((field) => {
      const name = role[field]?.storageClassName;
      const at = specPath.child('roles').index(i).child(field).child('storageClassName');
      return name ? [storageClassAt(name, at)] : [];
    }),
  );
