/**
 * What a cluster names besides its app: Secrets, ConfigMaps, claims, service accounts and other clusters of its namespace.
 *
 * One list, for whoever judges the names, asks whether the user may use them, or tells that one is missing.
 */
import { type FieldPath, spec as specPath } from '../../../openapi/machinery/field.ts';
import type { ClusterRole, ClusterSpec } from '../../../openapi/v1beta1/kubedirectorcluster.ts';

/** A kind of objects, and the right to one that lets a user have it in a cluster (THREATS.md says why that one). */
export interface ReferencedKind {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly kind: string;
  readonly verb: 'get' | 'impersonate';
}

const core = (resource: string, kind: string, verb: ReferencedKind['verb'] = 'get'): ReferencedKind => ({
  ...{ group: '', version: 'v1', resource, kind, verb },
});

export const referenced = {
  secret: core('secrets', 'Secret'),
  configMap: core('configmaps', 'ConfigMap'),
  claim: core('persistentvolumeclaims', 'PersistentVolumeClaim'),
  serviceAccount: core('serviceaccounts', 'ServiceAccount', 'impersonate'),
  cluster: {
    group: 'kubedirector.bluedata.io',
    version: 'v1beta1',
    resource: 'kubedirectorclusters',
    kind: 'KubeDirectorCluster',
    verb: 'get',
  },
} as const satisfies Record<string, ReferencedKind>;

export interface Reference {
  readonly to: ReferencedKind;
  readonly name: string;
  readonly at: FieldPath;
  /** Is it mounted as a file? Then `requiredSecretPrefix` counts. */
  readonly mounted: boolean;
  /** The one key that members get; undefined: all that is in it. */
  readonly key: string | undefined;
}

export function referencesOf({ connections, defaultSecret, roles }: ClusterSpec): Reference[] {
  const named = (to: ReferencedKind, names: readonly string[] | null | undefined, list: string): Reference[] =>
    (names ?? []).map((name, i) => ({
      ...{ to, name, at: specPath.child('connections').child(list).index(i), mounted: false, key: undefined },
    }));
  return [
    ...named(referenced.cluster, connections?.clusters, 'clusters'),
    ...named(referenced.configMap, connections?.configmaps, 'configmaps'),
    ...named(referenced.secret, connections?.secrets, 'secrets'),
    ...one(referenced.secret, defaultSecret?.name, specPath.child('defaultSecret').child('name'), { mounted: true }),
    ...roles.flatMap((role, i) => referencesOfRole(role, specPath.child('roles').index(i))),
  ];
}

function referencesOfRole(
  { secret, serviceAccountName, secretKeys, volumeProjections, env }: ClusterRole,
  at: FieldPath,
): Reference[] {
  return [
    ...one(referenced.secret, secret?.name, at.child('secret').child('name'), { mounted: true }),
    ...one(referenced.serviceAccount, serviceAccountName, at.child('serviceAccountName')),
    ...(secretKeys ?? []).flatMap(({ valueFrom }, i) =>
      selected(
        referenced.secret,
        valueFrom?.secretKeyRef,
        at.child('secretKeys').index(i).child('valueFrom').child('secretKeyRef'),
      ),
    ),
    ...(volumeProjections ?? []).flatMap(({ pvcName }, i) =>
      one(referenced.claim, pvcName, at.child('volumeProjections').index(i).child('pvcName')),
    ),
    ...(env ?? []).flatMap((variable, i) => referencesOfVariable(variable, at.child('env').index(i))),
  ];
}

/** As Kubernetes' containers have it: a variable may come from a key of a Secret or a ConfigMap. */
interface Variable {
  readonly name: string;
  readonly valueFrom?: {
    readonly secretKeyRef?: KeySelector;
    readonly configMapKeyRef?: KeySelector;
  } | null;
}

interface KeySelector {
  readonly name?: string;
  readonly key?: string;
}

function referencesOfVariable({ valueFrom }: Variable, at: FieldPath): Reference[] {
  const from = at.child('valueFrom');
  return [
    ...selected(referenced.secret, valueFrom?.secretKeyRef, from.child('secretKeyRef')),
    ...selected(referenced.configMap, valueFrom?.configMapKeyRef, from.child('configMapKeyRef')),
  ];
}

const selected = (to: ReferencedKind, selector: KeySelector | undefined, at: FieldPath): Reference[] =>
  one(to, selector?.name, at.child('name'), { key: selector?.key });

const one = (
  to: ReferencedKind,
  name: string | undefined,
  at: FieldPath,
  { mounted = false, key }: { readonly mounted?: boolean; readonly key?: string | undefined } = {},
): Reference[] => (name ? [{ to, name, at, mounted, key }] : []);

/**
 * What a write adds: objects that the cluster did not name before, wherever it did, and other keys of those of which it named a key.
 * Each object once, at its first place.
 *
 * @param counts which references are looked at, of those before and of those now
 */
export function addedReferences(
  now: ClusterSpec,
  old: ClusterSpec | undefined,
  counts: (reference: Reference) => boolean = () => true,
): Reference[] {
  const had = new Set(old && referencesOf(old).filter(counts).map(contentOf));
  const told = new Set<string>();
  return referencesOf(now)
    .filter(counts)
    .filter((reference) => {
      const object = contentOf({ ...reference, key: undefined });
      if (had.has(object) || had.has(contentOf(reference)) || told.has(object)) return false;
      return told.add(object);
    });
}

/** What of which object. Names have no slashes. */
const contentOf = ({ to, name, key }: Reference): string =>
  `${to.group}/${to.resource}/${name}${key === undefined ? '' : `/${key}`}`;
