/**
 * Members that go: their pod first, which the StatefulSet takes away, then what was theirs alone.
 */

import { ordinalOf } from '../../openapi/child-names.ts';
import type { KubeDirectorCluster } from '../../openapi/v1beta1/kubedirectorcluster.ts';
import type { MemberStatus } from '../../openapi/v1beta1/kubedirectorcluster-status.ts';
import type { Child, StatefulSet } from '../host-types.ts';
import { claimNamesOf } from './children/claims.ts';
import { type Current, isGoing } from './current.ts';
import { remove, type Step } from './steps.ts';

export interface Farewell {
  readonly steps: readonly Step[];
  /** Those that are not gone yet. */
  readonly remaining: readonly MemberStatus[];
}

/**
 * @param leaving the members of a role that go; the steps are carried out only once status says so of each of them
 * @param statefulSet the role's, if it has one
 */
export function farewellTo(
  leaving: readonly MemberStatus[],
  statefulSet: StatefulSet | undefined,
  cluster: KubeDirectorCluster,
  current: Current,
): Farewell {
  const keepClaims = cluster.spec.claimRetention?.whenScaled === 'Retain';
  const steps: Step[] = [];
  const remaining = leaving.filter((member) => {
    if (current.pods.has(member.pod) || !letGo(statefulSet, ordinalOf(member.pod))) return true;
    const belongings = [
      current.services.get(member.service ?? ''),
      ...(keepClaims ? [] : claimNamesOf(member).map((name) => current.claims.get(name))),
    ].filter((child): child is NonNullable<typeof child> => child !== undefined && isMine(current, child));
    for (const child of belongings) if (!isGoing(child)) steps.push(remove(child, `member ${member.pod} is gone`));
    return belongings.length > 0;
  });
  return { steps, remaining };
}

const isMine = (current: Current, child: Child): boolean => current.standingOf(child) !== 'other';

/** Has the StatefulSet controller heard that this pod is not to be? Otherwise it may still be making it. */
const letGo = (statefulSet: StatefulSet | undefined, ordinal: number): boolean => {
  if (!statefulSet) return true;
  const { metadata, spec, status } = statefulSet;
  return (spec.replicas ?? 1) <= ordinal && (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);
};
