/**
 * Whether the one node takes a pod, and if not, the sentence that a scheduler would say. Pure.
 */
import { parseQuantity } from '../../../../openapi/machinery/quantity.ts';
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
  const lacking = tooMuch(pod, node.status?.allocatable ?? {});
  if (lacking.length) return { message: `${noNode} ${lacking.map((name) => `1 Insufficient ${name}`).join(', ')}.` };
  return claimObstacle(pod, claimNamed);
}

/**
 * Resources of which the pod alone wants more than the node has. What other pods use is not reckoned, for nothing runs here; and
 * what the node does not know, such as a GPU, it pretends to have.
 */
function tooMuch({ spec: { containers } }: Pod, allocatable: Readonly<Record<string, string>>): string[] {
  return Object.entries(allocatable)
    .filter(([name, most]) => {
      const wanted = containers.map(
        ({ resources: { requests = {}, limits = {} } = {} }) => requests[name] ?? limits[name],
      );
      const sum = wanted.reduce((all, quantity) => all + (parseQuantity(quantity ?? '0') ?? 0n), 0n);
      return sum > (parseQuantity(most) ?? 0n);
    })
    .map(([name]) => name);
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
