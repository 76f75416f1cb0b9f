/**
 * What a write of a cluster names and that is not there, or not fit for it: said as warnings, since it may come later, or be mended.
 *
 * Asked only about what this write adds, and only for as long as a user may be kept waiting for advice.
 */
import { type FieldPath, spec as specPath } from '../../../openapi/machinery/field.ts';
import { isRecord, type KubeObject } from '../../../openapi/machinery/meta.ts';
import { underSignals, withinMs } from '../../../openapi/machinery/signal.ts';
import type { ClusterSpec } from '../../../openapi/v1beta1/kubedirectorcluster.ts';
import type { ClusterLookups } from './lookups.ts';
import { addedReferences, referenced } from './references.ts';

/** An answer takes some milliseconds; a host that takes longer has other worries. */
const patienceMs = 1000;
/** Nobody reads more warnings than this, and each is a question to the host. */
const mostAsked = 20;

interface Named {
  readonly what: { readonly group: string; readonly version: string; readonly resource: string; readonly kind: string };
  /** Empty for what is in no namespace. */
  readonly namespace: string;
  readonly name: string;
  readonly at: FieldPath;
}

export async function missingWarnings(
  lookups: Pick<ClusterLookups, 'findNamed'>,
  now: ClusterSpec,
  old: ClusterSpec | undefined,
  namespace: string,
  signal: AbortSignal,
): Promise<string[]> {
  const references = addedReferences(now, old).map(({ to, name, at }) => ({ what: to, namespace, name, at }));
  const named = [...references, ...addedClasses(now, old)].slice(0, mostAsked);
  const texts = await withinMs(patienceMs, (patience) =>
    underSignals([signal, patience], (either) =>
      Promise.all(named.map((one) => warningsAbout(one, lookups, now, either))),
    ),
  );
  return texts.flat();
}

async function warningsAbout(
  { what, namespace, name, at }: Named,
  lookups: Pick<ClusterLookups, 'findNamed'>,
  cluster: ClusterSpec,
  signal: AbortSignal,
): Promise<string[]> {
  const { group, version, resource: plural, kind } = what;
  try {
    const found = await lookups.findNamed({ group, version, plural, namespace, name }, signal);
    if (found) return what === referenced.claim ? claimWarnings(found, name, cluster, at) : [];
    return [`${at}: there is no ${kind} ${JSON.stringify(name)}${namespace && ` in the namespace "${namespace}"`}`];
  } catch {
    // We may not look, or nobody answers: there is nothing to be said then.
    return [];
  }
}

/** Members of several nodes need a claim that several nodes may have, and a directory needs a file system. */
function claimWarnings(
  { spec }: KubeObject & { spec?: unknown },
  name: string,
  cluster: ClusterSpec,
  at: FieldPath,
): string[] {
  const { volumeMode, accessModes } = isRecord(spec) ? spec : {};
  const users = cluster.roles.filter(({ volumeProjections }) =>
    volumeProjections?.some(({ pvcName }) => pvcName === name),
  );
  const members = users.reduce((sum, role) => sum + (role.members ?? 1), 0);
  const shared = Array.isArray(accessModes) && accessModes.some((mode) => /^Read(Write|Only)Many$/.test(String(mode)));
  return [
    ...(volumeMode === 'Block' ? [`${at}: the claim is a block device, which cannot be mounted as a directory`] : []),
    ...(members > 1 && !shared
      ? [`${at}: ${members} members share the claim, which is neither ReadWriteMany nor ReadOnlyMany`]
      : []),
  ];
}

const storageClass = { group: 'storage.k8s.io', version: 'v1', resource: 'storageclasses', kind: 'StorageClass' };

function addedClasses(now: ClusterSpec, old: ClusterSpec | undefined): Named[] {
  const known = new Set(old && classesOf(old).map(({ name }) => name));
  return classesOf(now).filter(({ name }) => !known.has(name) && known.add(name));
}

const classesOf = ({ roles }: ClusterSpec): Named[] =>
  roles.flatMap((role, i) =>
    (['storage', 'blockStorage'] as const).flatMap((field) => {
      const name = role[field]?.storageClassName;
      const at = specPath.child('roles').index(i).child(field).child('storageClassName');
      return name ? [{ what: storageClass, namespace: '', name, at }] : [];
    }),
  );
