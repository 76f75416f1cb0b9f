/**
 * The view of the children that a host port hands out: what watches have told, and the answers to our own writes, each object by
 * the cluster that it belongs to.
 *
 * Watches are late and answers are not, so both are put in here and the newer one stays. Which requests bring them is not known here.
 * The composition root feeds it: `put` and `remove` from watch events and answers, `replace` from lists.
 */

import { labels } from '../../../openapi/labels.ts';
import { keyText, type ObjectKey } from '../../../openapi/machinery/meta.ts';
import type { Child, ChildKind } from '../../host-types.ts';
import type { Children, Unsubscribe } from '../ports.ts';

/** The cluster that a child says it belongs to, by its label, or by its owner when somebody took the label away. */
export function clusterOf({ metadata }: Child): ObjectKey | undefined {
  const owner = metadata.ownerReferences?.find(({ controller, kind }) => controller && kind === 'KubeDirectorCluster');
  const name = metadata.labels?.[labels.cluster] ?? owner?.name;
  return name ? { namespace: metadata.namespace ?? '', name } : undefined;
}

/** How many deletions are remembered, so that a late event does not bring back what is gone. Events are seconds late, not hours. */
const rememberedDeletions = 50_000;

/** The revision after all others: an object that is known to be gone for good. */
const forEver = '9'.repeat(30);

const idOf = ({ kind, metadata }: Child): string => `${kind}/${metadata.namespace}/${metadata.name}`;

/** resourceVersions of one kind are whole numbers that grow (K-340), too large for a double in principle. */
const isNewer = (a = '0', b = '0'): boolean => (a.length === b.length ? a > b : a.length > b.length);

export class ChildView {
  readonly #all = new Map<string, { child: Child; cluster: string }>();
  readonly #ofCluster = new Map<string, Map<string, Child>>();
  /** uid → revision at which it went. Objects with this uid that are not newer are ghosts. */
  readonly #gone = new Map<string, string>();
  readonly #listeners = new Set<(cluster: ObjectKey) => void>();

  subscribe(changed: (cluster: ObjectKey) => void): Unsubscribe {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  }

  children(cluster: ObjectKey): Children {
    const found: { [K in ChildKind]: Child[] } = { StatefulSet: [], Service: [], Pod: [], PersistentVolumeClaim: [] };
    for (const child of this.#ofCluster.get(keyText(cluster))?.values() ?? []) found[child.kind].push(child);
    return {
      statefulSets: found.StatefulSet,
      services: found.Service,
      pods: found.Pod,
      claims: found.PersistentVolumeClaim,
    } as unknown as Children;
  }

  /** The object is like this: said by a watch, or in answer to a write. Older news than we have are dropped. */
  put(child: Child): void {
    const id = idOf(child);
    const known = this.#all.get(id)?.child;
    const revision = child.metadata.resourceVersion;
    const gone = this.#gone.get(child.metadata.uid ?? '');
    if (gone !== undefined && !isNewer(revision, gone)) return;
    if (known && !isNewer(revision, known.metadata.resourceVersion)) return;
    this.#drop(id, child);
    const cluster = clusterOf(child);
    if (!cluster) return;
    const text = keyText(cluster);
    this.#all.set(id, { child, cluster: text });
    const siblings = this.#ofCluster.get(text) ?? new Map<string, Child>();
    this.#ofCluster.set(text, siblings.set(id, child));
    this.#tell(cluster);
  }

  /**
   * The object is gone, or no longer ours to see.
   *
   * @param child as a watch's DELETED event has it: with the revision of the deletion
   */
  remove(child: Child): void {
    this.#remove(child, child.metadata.resourceVersion ?? forEver);
  }

  /** The answer to a delete says that the object with this uid is gone for good. */
  removeForEver({
    kind,
    namespace,
    name,
    uid,
  }: {
    kind: ChildKind;
    namespace: string;
    name: string;
    uid: string;
  }): void {
    const known = this.#all.get(`${kind}/${namespace}/${name}`)?.child;
    if (known?.metadata.uid === uid) this.#remove(known, forEver);
    else this.#bury(uid, forEver);
  }

  /**
   * All objects of a kind, as a list at `resourceVersion` has them. What is not among them is gone, unless it is younger than
   * the list (K-612).
   */
  replace(kind: ChildKind, children: readonly Child[], resourceVersion: string): void {
    const listed = new Set(children.map(idOf));
    for (const [id, { child }] of this.#all) {
      if (child.kind !== kind || listed.has(id) || isNewer(child.metadata.resourceVersion, resourceVersion)) continue;
      this.#remove(child, resourceVersion);
    }
    for (const child of children) this.put(child);
  }

  #remove(child: Child, revision: string): void {
    const id = idOf(child);
    const uid = child.metadata.uid ?? '';
    this.#bury(uid, revision);
    const known = this.#all.get(id)?.child;
    // Another object of the same name may be here already; a newer state of the same one may have come back into view.
    if (!known || (known.metadata.uid ?? '') !== uid || isNewer(known.metadata.resourceVersion, revision)) return;
    this.#drop(id);
    const cluster = clusterOf(known);
    if (cluster) this.#tell(cluster);
  }

  #bury(uid: string, revision: string): void {
    this.#gone.delete(uid);
    this.#gone.set(uid, revision);
    if (this.#gone.size <= rememberedDeletions) return;
    for (const oldest of this.#gone.keys()) {
      this.#gone.delete(oldest);
      return;
    }
  }

  /** Takes the object out of its cluster's; whoever it is taken from is told, if it goes to another. */
  #drop(id: string, next?: Child): void {
    const known = this.#all.get(id);
    if (!known) return;
    this.#all.delete(id);
    const siblings = this.#ofCluster.get(known.cluster);
    siblings?.delete(id);
    if (siblings?.size === 0) this.#ofCluster.delete(known.cluster);
    const [before, after] = [clusterOf(known.child), next && clusterOf(next)];
    if (next && before && (!after || keyText(after) !== keyText(before))) this.#tell(before);
  }

  #tell(cluster: ObjectKey): void {
    for (const listener of this.#listeners) listener(cluster);
  }
}
