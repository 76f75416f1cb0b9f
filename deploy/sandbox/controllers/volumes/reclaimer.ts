/**
 * What becomes of a volume when its claim is gone: it is deleted or kept, as it says itself.
 */
import type { Log } from '../../../../openapi/machinery/log.ts';
import { isConflict, isNotFound } from '../../../../openapi/machinery/status.ts';
import { actingAsController } from '../../engine/acting.ts';
import { Controller } from '../../engine/controller.ts';
import type { Informers } from '../../engine/informers.ts';
import type { HostRegistries } from '../../kinds/index.ts';
import { type PersistentVolume, volumeProtection } from '../../kinds/volumes/volume.ts';

const me = actingAsController('persistent-volume-binder');

export class VolumeReclaimer {
  readonly controller: Controller;
  readonly #host: HostRegistries;

  constructor({ host, informers, log }: { host: HostRegistries; informers: Informers; log: Log }) {
    this.#host = host;
    this.controller = new Controller({
      name: 'volumes',
      reconcile: (key, signal) => this.#reconcile(key, signal),
      log,
    });
    informers.of(host.claims).subscribe({
      changed: ({ gone, object }) => {
        if (gone && object.spec.volumeName) this.controller.enqueue(object.spec.volumeName);
      },
    });
    informers.of(host.volumes).subscribe({
      changed: ({ key, gone, object }) => {
        if (!gone && !this.#isInUse(object)) this.controller.enqueue(key);
      },
    });
  }

  /** Has it a claim, and is that the one it was given to? */
  #isInUse({ spec: { claimRef } }: PersistentVolume): boolean {
    if (!claimRef?.uid) return false;
    return this.#host.claims.cache.get(`${claimRef.namespace}/${claimRef.name}`)?.uid === claimRef.uid;
  }

  async #reconcile(name: string, signal: AbortSignal): Promise<void> {
    const volume = this.#host.volumes.cache.get(name)?.object<PersistentVolume>();
    if (!volume || this.#isInUse(volume)) return;
    const { uid = '', deletionTimestamp } = volume.metadata;
    const preconditions = { uid };
    try {
      if (!deletionTimestamp) {
        // A volume that nobody has had yet waits for a claim.
        if (!volume.spec.claimRef?.uid) return;
        if (volume.spec.persistentVolumeReclaimPolicy !== 'Delete') return await this.#keep(volume, signal);
        await this.#host.volumes.deletion.delete(name, { preconditions }, me.itself, signal);
      }
      await this.#letGo(volume, signal);
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }

  async #keep({ metadata: { name, uid = '' }, status }: PersistentVolume, signal: AbortSignal): Promise<void> {
    if (status?.phase === 'Released') return;
    const released = (old: PersistentVolume): PersistentVolume => ({
      ...old,
      status: { ...old.status, phase: 'Released' },
    });
    await this.#host.volumes.writes.modify(name, released, me.status, signal, { uid });
  }

  async #letGo({ metadata: { name, uid = '', finalizers } }: PersistentVolume, signal: AbortSignal): Promise<void> {
    if (!finalizers?.includes(volumeProtection)) return;
    const unprotected = ({ metadata, ...rest }: PersistentVolume): PersistentVolume => {
      const { finalizers: all = [], ...kept } = metadata;
      const others = all.filter((finalizer) => finalizer !== volumeProtection);
      return { ...rest, metadata: { ...kept, ...(others.length && { finalizers: others }) } };
    };
    await this.#host.volumes.writes.modify(name, unprotected, me.itself, signal, { uid });
  }
}
