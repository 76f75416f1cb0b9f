/**
 * Whether the one node takes a pod, and if not, the sentence that a scheduler would say. Pure.
 */
import type { Node } from '../../kinds/nodes.ts';
import type { Pod } from '../../kinds/pods/pod.ts';
import type { Claim } from '../../kinds/volumes/volume.ts';
import { behaviourAnnotation, behaviourOf } from './behaviour.ts';

export interface Obstacle {
  readonly message: string;
  /** Is somebody about to remove it, so that it need not be told at once? */
  readonly passing?: boolean;
}

const noNode = '0/1 nodes are available:';

/**
 * @param node undefined when it was deleted
 * @param claimNamed a claim in the pod's namespace
 */
export function obstacle(
  pod: Pod,
  node: Node | undefined,
  claimNamed: (name: string) => Claim | undefined,
): Obstacle | undefined {
  if (!node) return { message: 'no nodes available to schedule pods' };
  if (behaviourOf(pod) === 'Unschedulable')
    return { message: `${noNode} the pod's annotation ${behaviourAnnotation} says so.` };
  if (node.spec?.unschedulable) return { message: `${noNode} 1 node(s) were unschedulable.` };
  const labels = node.metadata.labels ?? {};
  const wanted = Object.entries(pod.spec.nodeSelector ?? {});
  if (wanted.some(([label, value]) => labels[label] !== value))
    return { message: `${noNode} 1 node(s) didn't match Pod's node affinity/selector.` };
  return claimObstacle(pod, claimNamed);
}

function claimObstacle(
  { spec: { volumes = [] } }: Pod,
  claimNamed: (name: string) => Claim | undefined,
): Obstacle | undefined {
  for (const { persistentVolumeClaim } of volumes) {
    if (!persistentVolumeClaim) continue;
    const { claimName } = persistentVolumeClaim;
    const claim = claimNamed(claimName);
    if (!claim) return { message: `${noNode} persistentvolumeclaim "${claimName}" not found.`, passing: true };
    if (claim.metadata.deletionTimestamp)
      return { message: `${noNode} persistentvolumeclaim "${claimName}" is being deleted.` };
    if (claim.status?.phase !== 'Bound')
      return { message: `${noNode} pod has unbound immediate PersistentVolumeClaims.`, passing: true };
  }
  return undefined;
}
