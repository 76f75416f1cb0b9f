/**
 * Gives every claim a volume, lets claims grow, and keeps a claim that is being deleted while pods use it.
 */
import type { Log } from '../../../../openapi/machinery/log.ts';
import { isAlreadyExists, isNotFound } from '../../../../openapi/machinery/status.ts';
import { actingAsController } from '../../engine/acting.ts';
import { Controller } from '../../engine/controller.ts';
import type { Informers } from '../../engine/informers.ts';
import type { Recorder } from '../../engine/recorder.ts';
import type { HostRegistries } from '../../kinds/index.ts';
import type { StorageClass } from '../../kinds/storageclasses.ts';
import { bindSubresource } from '../../kinds/volumes/claims.ts';
import { type Claim, claimProtection, type PersistentVolume } from '../../kinds/volumes/volume.ts';
import type { PodRecords } from '../pod-records.ts';
import { bestOf, outgrown, referenceTo, volumeFor } from './provisioning.ts';

const binder = actingAsController('persistent-volume-binder');
const protector = actingAsController('pvc-protection-controller');

interface Parts {
  readonly host: HostRegistries;
  readonly informers: Informers;
  readonly pods: PodRecords;
  readonly recorder: Recorder;
  readonly log: Log;
}

export class ClaimBinder {
  readonly controller: Controller;
  readonly #host: HostRegistries;
  readonly #pods: PodRecords;
  readonly #recorder: Recorder;
  /** Claims without a volume: looked at again when there are new volumes or classes. */
  readonly #pending = new Set<string>();
  /** Volumes without a claim; few, since most are made for one. */
  readonly #available = new Map<string, PersistentVolume>();

  constructor({ host, informers, pods, recorder, log }: Parts) {
    this.#host = host;
    this.#pods = pods;
    this.#recorder = recorder;
    this.controller = new Controller({ name: 'claims', reconcile: (key, signal) => this.#reconcile(key, signal), log });
    informers.of(host.claims).subscribe({
      changed: ({ key, gone }) => {
        this.#pending.delete(key);
        if (!gone) this.controller.enqueue(key);
      },
      reset: () => this.#pending.clear(),
    });
    informers.of(host.volumes).subscribe({
      changed: ({ key, gone, object }) => {
        this.#available.delete(key);
        if (!gone && !object.spec.claimRef?.uid) {
          this.#available.set(key, object);
          this.#wakePending();
        }
        const { claimRef } = object.spec;
        if (gone && claimRef) this.controller.enqueue(`${claimRef.namespace}/${claimRef.name}`);
      },
      reset: () => this.#available.clear(),
    });
    informers.of(host.storageClasses).subscribe({ changed: () => this.#wakePending() });
    pods.watch((now, before) => {
      // A new user may be the first consumer that a claim waits for; a user that went may have been the last.
      if (now && before && now.nodeName === before.nodeName && now.phase === before.phase) return;
      const { namespace, claims } = now ?? before!;
      for (const name of claims) this.#wakeUnlessBound(`${namespace}/${name}`, !now);
    });
  }

  #wakePending(): void {
    for (const key of this.#pending) this.controller.enqueue(key);
  }

  #wakeUnlessBound(key: string, freed: boolean): void {
    if (freed || this.#pending.has(key)) this.controller.enqueue(key);
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<void> {
    const claim = this.#host.claims.cache.get(key)?.object<Claim>();
    if (!claim) return;
    if (claim.metadata.deletionTimestamp) return this.#release(key, claim, signal);
    switch (claim.status?.phase) {
      case 'Bound':
        return this.#keep(key, claim, signal);
      case 'Lost':
        return;
      default:
        this.#pending.add(key);
        return this.#provide(key, claim, signal);
    }
  }

  async #release(key: string, claim: Claim, signal: AbortSignal): Promise<void> {
    if (!claim.metadata.finalizers?.includes(claimProtection)) return;
    for (const { nodeName, phase } of this.#pods.usersOf(key))
      if (nodeName && phase !== 'Succeeded' && phase !== 'Failed') return;
    const unprotected = ({ metadata: { finalizers = [], ...metadata }, ...rest }: Claim): Claim => {
      const kept = finalizers.filter((name) => name !== claimProtection);
      return { ...rest, metadata: { ...metadata, ...(kept.length && { finalizers: kept }) } };
    };
    await this.#host.claims.writes.modify(key, unprotected, protector.itself, signal).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  }

  /** A claim that has a volume may want more of it, or find it gone. */
  async #keep(key: string, claim: Claim, signal: AbortSignal): Promise<void> {
    const { volumeName = '', storageClassName = '' } = claim.spec;
    if (!this.#host.volumes.cache.get(volumeName)) {
      const lost = (old: Claim): Claim => ({ ...old, status: { ...old.status, phase: 'Lost' } });
      await this.#host.claims.writes.modify(key, lost, binder.status, signal);
      const message = 'Bound claim has lost its PersistentVolume. Data on the volume is lost!';
      return this.#tell(claim, 'Warning', 'ClaimLost', message);
    }
    if (!outgrown(claim) || !this.#class(storageClassName)?.allowVolumeExpansion) return;
    const storage = claim.spec.resources?.requests?.storage ?? '0';
    const grown = (old: PersistentVolume): PersistentVolume => ({
      ...old,
      spec: { ...old.spec, capacity: { ...old.spec.capacity, storage } },
    });
    await this.#host.volumes.writes.modify(volumeName, grown, binder.itself, signal);
    await this.#host.claims.writes.modify(key, (old) => old, binder.on(bindSubresource), signal);
  }

  async #provide(key: string, claim: Claim, signal: AbortSignal): Promise<void> {
    const present = bestOf(claim, this.#available.values());
    if (present) return this.#take(key, claim, present, signal);
    const { storageClassName = '', volumeName } = claim.spec;
    if (volumeName) return this.#tell(claim, 'Warning', 'FailedBinding', `volume "${volumeName}" not found`);
    if (!storageClassName) {
      const message = 'no persistent volumes available for this claim and no storage class is set';
      return this.#tell(claim, 'Normal', 'FailedBinding', message);
    }
    const kind = this.#class(storageClassName);
    if (!kind) {
      const message = `storageclass.storage.k8s.io "${storageClassName}" not found`;
      return this.#tell(claim, 'Warning', 'ProvisioningFailed', message);
    }
    if (kind.volumeBindingMode === 'WaitForFirstConsumer' && !hasAny(this.#pods.usersOf(key))) {
      const message = 'waiting for first consumer to be created before binding';
      return this.#tell(claim, 'Normal', 'WaitForFirstConsumer', message);
    }
    const volume = volumeFor(claim, kind);
    try {
      await this.#host.volumes.writes.create(volume, '', binder.itself, signal);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
    await this.#bind(key, claim, volume.metadata.name, signal);
  }

  /** Takes a volume that was there before. */
  async #take(key: string, claim: Claim, { metadata, spec }: PersistentVolume, signal: AbortSignal): Promise<void> {
    const claimRef = { ...spec.claimRef, ...referenceTo(claim) };
    const given = (old: PersistentVolume): PersistentVolume => ({ ...old, spec: { ...old.spec, claimRef } });
    const bound = (old: PersistentVolume): PersistentVolume => ({ ...old, status: { ...old.status, phase: 'Bound' } });
    const resourceVersion = metadata.resourceVersion ?? '';
    await this.#host.volumes.writes.modify(metadata.name, given, binder.itself, signal, { resourceVersion });
    await this.#host.volumes.writes.modify(metadata.name, bound, binder.status, signal);
    await this.#bind(key, claim, metadata.name, signal);
  }

  async #bind(key: string, { metadata }: Claim, volumeName: string, signal: AbortSignal): Promise<void> {
    const bound = (claim: Claim): Claim => ({
      ...claim,
      metadata: {
        ...claim.metadata,
        annotations: {
          ...claim.metadata.annotations,
          'pv.kubernetes.io/bind-completed': 'yes',
          'pv.kubernetes.io/bound-by-controller': 'yes',
        },
      },
      spec: { ...claim.spec, volumeName },
    });
    const preconditions = { uid: metadata.uid ?? '' };
    await this.#host.claims.writes.modify(key, bound, binder.on(bindSubresource), signal, preconditions);
  }

  #class(name: string): StorageClass | undefined {
    return this.#host.storageClasses.cache.get(name)?.object<StorageClass>();
  }

  #tell(about: Claim, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#recorder.tell({ about, type, reason, message, component: 'persistentvolume-controller' });
  }
}

const hasAny = (values: Iterable<unknown>): boolean => {
  for (const _ of values) return true;
  return false;
};
