/**
 * One Service, headless or of a member: made when it is missing, mended when it has drifted, waited for when it is somebody else's.
 */
import type { KubeDirectorCluster } from '../../../openapi/v1beta1/kubedirectorcluster.ts';
import type { Child, Service } from '../../host-types.ts';
import { type Current, controllerOf, isGoing } from '../current.ts';
import type { Problem } from '../problems.ts';
import { create, type Part } from '../steps.ts';
import { serviceStep } from './drift.ts';

export function planService(wanted: Service, cluster: KubeDirectorCluster, current: Current, reason: string): Part {
  const { name } = wanted.metadata;
  const seen = current.services.get(name);
  if (!seen) return { steps: [create(wanted, reason)], problems: [] };
  if (current.standingOf(seen) === 'other') return { steps: [], problems: [takenBy(cluster, seen)] };
  if (isGoing(seen)) {
    const message = `Service ${name} is being deleted and will be made again`;
    return { steps: [], problems: [{ reason: 'ChildTerminating', message }] };
  }
  const mending = serviceStep(seen, wanted);
  return { steps: mending ? [mending] : [], problems: [] };
}

/** A name that we need is in use: by a deleted cluster of the same name, which passes, or by a stranger, which does not. */
export function takenBy(cluster: KubeDirectorCluster, child: Child): Problem {
  const controller = controllerOf(child);
  const what = `${child.kind} ${child.metadata.name}`;
  if (controller?.kind === cluster.kind && controller.name === cluster.metadata.name)
    return { reason: 'WaitingForPredecessor', message: `${what} of a deleted cluster of the same name has yet to go` };
  const owner = controller ? `belongs to ${controller.kind} ${controller.name}` : "is not KubeDirector's";
  return { reason: 'NameTaken', message: `${what} is needed but ${owner}` };
}
