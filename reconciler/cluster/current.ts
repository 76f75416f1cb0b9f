/**
 * What a cluster has now: its children by name, and to whom each belongs.
 *
 * Three standings matter. `ours`: the cluster is its controller. `orphan`: nobody is, but it carries our label, as after a restore
 * or a delete with `--cascade=orphan`; it is adopted. `other`: it belongs to somebody else, mostly to a deleted cluster of the same
 * name whose garbage is not collected yet; it is waited for and never touched.
 */

import { labels } from '../../openapi/labels.ts';
import type { OwnerReference } from '../../openapi/machinery/meta.ts';
import type { KubeDirectorCluster } from '../../openapi/v1beta1/kubedirectorcluster.ts';
import type { Child, PersistentVolumeClaim, Pod, Service, StatefulSet } from '../host-types.ts';
import type { Children } from './ports.ts';

export type Standing = 'ours' | 'orphan' | 'other';

export interface Current {
  readonly statefulSets: ReadonlyMap<string, StatefulSet>;
  readonly services: ReadonlyMap<string, Service>;
  readonly pods: ReadonlyMap<string, Pod>;
  readonly claims: ReadonlyMap<string, PersistentVolumeClaim>;
  standingOf(child: Child): Standing;
}

export const currentOf = (cluster: KubeDirectorCluster, children: Children): Current => ({
  statefulSets: byName(children.statefulSets),
  services: byName(children.services),
  pods: byName(children.pods),
  claims: byName(children.claims),
  standingOf: (child) => standingOf(cluster, child),
});

/** In the order of their names, so that what is decided does not depend on the order in which news came. */
const byName = <T extends Child>(children: readonly T[]): Map<string, T> =>
  new Map(children.map((child): [string, T] => [child.metadata.name, child]).sort(([a], [b]) => (a < b ? -1 : 1)));

export function standingOf(cluster: KubeDirectorCluster, child: Child): Standing {
  const controller = controllerOf(child);
  if (controller) return controller.uid === cluster.metadata.uid ? 'ours' : 'other';
  return child.metadata.labels?.[labels.cluster] === cluster.metadata.name ? 'orphan' : 'other';
}

export const controllerOf = ({ metadata }: Child): OwnerReference | undefined =>
  metadata.ownerReferences?.find(({ controller }) => controller);

export const isGoing = ({ metadata }: Child): boolean => metadata.deletionTimestamp !== undefined;

/** Which role a StatefulSet is of: its selector tells, which nobody can edit. */
export const roleOf = ({ spec }: StatefulSet): string | undefined => spec.selector.matchLabels[labels.role];

/** The StatefulSet of a role that is not in status, because status was lost: ours before orphans. */
export function statefulSetOfRole({ statefulSets, standingOf }: Current, role: string): StatefulSet | undefined {
  const candidates = [...statefulSets.values()].filter((candidate) => roleOf(candidate) === role);
  return (
    candidates.find((candidate) => standingOf(candidate) === 'ours') ??
    candidates.find((candidate) => standingOf(candidate) === 'orphan')
  );
}

/** The headless Service, found in the same way. */
export function headlessServiceIn({ services, standingOf }: Current): Service | undefined {
  const candidates = [...services.values()].filter(({ spec }) => spec.clusterIP === 'None');
  return (
    candidates.find((candidate) => standingOf(candidate) === 'ours') ??
    candidates.find((candidate) => standingOf(candidate) === 'orphan')
  );
}

/** The pod of a member, if it is the present StatefulSet's: one that a deleted StatefulSet left behind is not. */
export function podOf({ pods }: Current, statefulSet: StatefulSet | undefined, name: string): Pod | undefined {
  const pod = pods.get(name);
  return pod && statefulSet && controllerOf(pod)?.uid === statefulSet.metadata.uid ? pod : undefined;
}
