/**
 * The StatefulSet of a role: made when nothing of an earlier one is in its way, scaled and mended while it is wanted, scaled down and
 * removed when it is not.
 */

import { claimName, podName } from '../../../openapi/child-names.ts';
import { controllerReference } from '../../../openapi/machinery/meta.ts';
import type { KubeDirectorCluster } from '../../../openapi/v1beta1/kubedirectorcluster.ts';
import type { StatefulSet } from '../../host-types.ts';
import { nodeIDsAnnotation } from '../annotations.ts';
import type { RoleBlueprint } from '../blueprint.ts';
import { type Current, controllerOf, isGoing } from '../current.ts';
import type { Problem } from '../problems.ts';
import { apply, create, type Part, remove, type Step } from '../steps.ts';
import { statefulSetFor } from './desired.ts';
import { ownEntries, statefulSetConfiguration, unchangeable } from './drift.ts';
import { takenBy } from './services.ts';

const nothing: Part = { steps: [], problems: [] };
const onlySteps = (steps: readonly Step[]): Part => ({ steps, problems: [] });
const waitFor = (message: string, reason: Problem['reason'] = 'WaitingForPredecessor'): Part => ({
  steps: [],
  problems: [{ reason, message }],
});

/** @param seen whatever has its name now */
export function planStatefulSet(blueprint: RoleBlueprint, seen: StatefulSet | undefined, current: Current): Part {
  const { cluster, role, replicas } = blueprint;
  const wanted = statefulSetFor(blueprint);
  const { name } = wanted.metadata;
  if (!seen) {
    if (replicas === 0) return nothing;
    const left = leftBehind(wanted, replicas, current);
    if (left) return waitFor(`role ${role.id} is waiting for ${left} of an earlier ${name} to go`);
    return onlySteps([create(wanted, `role ${role.id} is to have ${replicas} members`)]);
  }
  if (current.standingOf(seen) === 'other') return { steps: [], problems: [takenBy(cluster, seen)] };
  if (isGoing(seen)) return waitFor(`StatefulSet ${name} is being deleted and will be made again`, 'ChildTerminating');
  const change = statefulSetConfiguration(seen, wanted.metadata, replicas);
  const differences = unchangeable(seen, wanted);
  return {
    steps: change ? [apply(seen, change, reasonOf(seen, wanted, role.id))] : [],
    problems:
      differences.length > 0
        ? [{ reason: 'CannotBeChanged', message: `StatefulSet ${name} cannot be changed: ${differences.join('; ')}` }]
        : [],
  };
}

function reasonOf(seen: StatefulSet, wanted: StatefulSet, role: string): string {
  const [from, to] = [seen.spec.replicas, wanted.spec.replicas];
  return from === to
    ? `StatefulSet ${seen.metadata.name} has drifted`
    : `role ${role} is to have ${to} members, not ${from}`;
}

/**
 * Removes the StatefulSet of a role that has no members, or scales it down until then.
 *
 * @param statefulSet ours, or an orphan
 * @param members how many are left
 * @param replicas how many pods are still to be there
 */
export function retire(
  statefulSet: StatefulSet | undefined,
  members: number,
  replicas: number,
  cluster: KubeDirectorCluster,
): Part {
  if (!statefulSet || isGoing(statefulSet)) return nothing;
  if (members === 0) return onlySteps([remove(statefulSet, 'the role has no members')]);
  const metadata = {
    labels: ownEntries(statefulSet, 'labels'),
    annotations: { ...ownEntries(statefulSet, 'annotations'), [nodeIDsAnnotation]: '' },
    ownerReferences: [controllerReference(cluster)],
  };
  const change = statefulSetConfiguration(statefulSet, metadata, replicas);
  return change ? onlySteps([apply(statefulSet, change, 'the role is being removed')]) : nothing;
}

/**
 * Pods and claims under the names that a new StatefulSet would use, which belong to somebody that is gone: its members would find
 * their names taken, or a claim that vanishes under them. Pods and claims that nobody owns are adopted by the StatefulSet.
 *
 * @returns one of them, in words
 */
function leftBehind({ metadata, spec }: StatefulSet, replicas: number, current: Current): string | undefined {
  for (let ordinal = 0; ordinal < replicas; ordinal += 1) {
    const pod = podName(metadata.name, ordinal);
    const found = current.pods.get(pod);
    if (found && (controllerOf(found) || isGoing(found))) return `pod ${pod}`;
    for (const template of spec.volumeClaimTemplates ?? []) {
      const claim = current.claims.get(claimName(template.metadata.name, pod));
      if (claim && (current.standingOf(claim) === 'other' || isGoing(claim))) return `claim ${claim.metadata.name}`;
    }
  }
  return undefined;
}
