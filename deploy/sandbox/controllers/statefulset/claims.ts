/**
 * The claims of a StatefulSet's pods: made before the pod, found again by the next pod of that name, and given to owners as the
 * retention policy says.
 */
import type { ObjectRegistry } from '../../../../apiserver/registry/registry.ts';
import { sameJson } from '../../../../openapi/machinery/json.ts';
import { isAlreadyExists, isNotFound, StatusError } from '../../../../openapi/machinery/status.ts';
import { actingAsController } from '../../engine/acting.ts';
import type { StatefulSet } from '../../kinds/statefulsets/statefulset.ts';
import type { Claim } from '../../kinds/volumes/volume.ts';
import type { PodRecord } from '../pod-records.ts';
import { claimOwners, claimsOf } from './children.ts';
import { isWanted } from './plan.ts';

const me = actingAsController('statefulset-controller');

const hasPolicy = ({ spec }: StatefulSet): boolean => {
  const { whenDeleted, whenScaled } = spec.persistentVolumeClaimRetentionPolicy;
  return Boolean(spec.volumeClaimTemplates?.length) && (whenDeleted === 'Delete' || whenScaled === 'Delete');
};

export class SetClaims {
  readonly #claims: ObjectRegistry<Claim>;

  constructor(claims: ObjectRegistry<Claim>) {
    this.#claims = claims;
  }

  /**
   * Makes the claims of a pod that are not there.
   *
   * @throws StatusError when one of them is on its way out: the pod has to wait for a new one
   */
  async ensure(set: StatefulSet, podName: string, signal: AbortSignal): Promise<void> {
    for (const claim of claimsOf(set, podName)) {
      const { name, namespace = '' } = claim.metadata;
      const present = this.#claims.cache.get(`${namespace}/${name}`)?.object<Claim>();
      if (present?.metadata.deletionTimestamp) throw isGoing(name);
      if (present) continue;
      try {
        const ownerReferences = claimOwners(claim, set, undefined, false);
        const made = { ...claim, metadata: { ...claim.metadata, ...(ownerReferences.length && { ownerReferences }) } };
        await this.#claims.writes.create(made, namespace, me.itself, signal);
      } catch (error) {
        if (!isAlreadyExists(error)) throw error;
      }
    }
  }

  /** Before a pod is deleted: its claims go with it if that is the policy. */
  async letGo(set: StatefulSet, pod: PodRecord, condemned: boolean, signal: AbortSignal): Promise<void> {
    if (condemned && hasPolicy(set)) await this.#own(set, pod, true, signal);
  }

  /** The claims of all pods belong to whom the policy says. */
  async retain(set: StatefulSet, pods: readonly PodRecord[], signal: AbortSignal): Promise<void> {
    if (set.metadata.deletionTimestamp || !set.spec.volumeClaimTemplates?.length) return;
    for (const pod of pods) await this.#own(set, pod, !isWanted(set, pod.ordinal), signal);
  }

  async #own(set: StatefulSet, pod: PodRecord, condemned: boolean, signal: AbortSignal): Promise<void> {
    for (const { metadata } of claimsOf(set, pod.name)) {
      const key = `${pod.namespace}/${metadata.name}`;
      const present = this.#claims.cache.get(key);
      // Nothing to take away and nothing to give: the usual case, told without reading the claim.
      if (!present || (!hasPolicy(set) && !present.bytes.includes('"ownerReferences"'))) continue;
      const change = (claim: Claim): Claim => {
        const { ownerReferences: _, ...rest } = claim.metadata;
        const owners = claimOwners(claim, set, pod, condemned);
        return { ...claim, metadata: { ...rest, ...(owners.length && { ownerReferences: owners }) } };
      };
      const claim = present.object<Claim>();
      if (sameJson(change(claim).metadata, claim.metadata)) continue;
      try {
        await this.#claims.writes.modify(key, change, me.itself, signal);
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    }
  }
}

const isGoing = (name: string): StatusError =>
  StatusError.conflict({ group: '', resource: 'persistentvolumeclaims' }, name, `pvc ${name} is being deleted`);
