/**
 * Delete: preconditions, propagation, finalizers and grace, decided and carried out in one conditional write (K-289 to K-302).
 *
 * What comes after, collecting dependents, is the garbage collector's work.
 */
import { type Clock, timestamp } from '../../openapi/machinery/clock.ts';
import { sameJson } from '../../openapi/machinery/json.ts';
import type { KubeObject } from '../../openapi/machinery/meta.ts';
import { StatusError } from '../../openapi/machinery/status.ts';
import type { Entry } from '../../storage/kv.ts';
import type { Edit, Store } from '../../storage/store.ts';
import type { Snapshot } from '../cache/snapshot.ts';
import type { Admission } from './admission.ts';
import { statusFor } from './errors.ts';
import type { KindCodec } from './kind-codec.ts';
import type { Resource } from './resource.ts';
import { isHeld, type WriteContext } from './strategy.ts';
import type { Preconditions } from './writes.ts';

export type PropagationPolicy = 'Foreground' | 'Background' | 'Orphan';

export interface DeleteOptions {
  readonly preconditions?: Preconditions;
  /** Absent: as the object's finalizers say, else background. */
  readonly propagationPolicy?: PropagationPolicy;
  readonly gracePeriodSeconds?: number;
}

export interface Deleted {
  readonly snapshot: Snapshot;
  /** Is it gone, or only marked? */
  readonly gone: boolean;
}

/** A lifetime: beyond some hundred thousand years there are no dates. */
const maxGraceSeconds = 2 ** 31 - 1;

export class Deletion<T extends KubeObject = KubeObject> {
  readonly #codec: KindCodec<T>;
  readonly #store: Store;
  readonly #admission: Admission;
  readonly #clock: Clock;
  readonly #root: string;

  constructor(parts: { codec: KindCodec<T>; store: Store; admission: Admission; clock: Clock; root: string }) {
    this.#codec = parts.codec;
    this.#store = parts.store;
    this.#admission = parts.admission;
    this.#clock = parts.clock;
    this.#root = parts.root;
  }

  /**
   * @param key `namespace/name`
   * @throws StatusError 404, 409 for preconditions, and what admission and the strategy refuse
   */
  async delete(key: string, options: DeleteOptions, context: WriteContext, signal: AbortSignal): Promise<Deleted> {
    const { resource } = this.#codec;
    const name = key.slice(key.indexOf('/') + 1);
    let gone = false;
    let now: T | undefined;
    let whole = true;
    const edit = async (entry: Entry): Promise<Edit> => {
      const opened = this.#codec.opened(entry);
      const old = opened.object;
      whole = opened.whole;
      this.#check(old, options.preconditions ?? {});
      await this.#admission.admit(attributes(resource as Resource, old, context), signal);
      const related = await resource.strategy.related?.(undefined, old, context, signal);
      resource.strategy.checkDelete?.(old, related);
      const alongside = resource.strategy.alongside?.(undefined, old, related);
      now = this.#marked(old, options);
      gone = !isHeld(now, resource.strategy);
      if (context.dryRun) return 'unchanged';
      if (gone) return { remove: true, ...(alongside && { alongside }) };
      if (sameJson(now, old)) return 'unchanged';
      return { write: opened.stored(now), ...(alongside && { alongside }) };
    };
    try {
      const { entry, outcome } = await this.#store.update(this.#root + key, edit, signal);
      const object = now as T;
      const stored = outcome === 'written' && whole ? entry.value : this.#codec.envelope.stored(object);
      return { snapshot: this.#codec.snapshot(object, stored, entry.revision, entry.createRevision, whole), gone };
    } catch (error) {
      throw statusFor(error, { group: resource.group, resource: resource.plural }, name);
    }
  }

  /** The object as it is once its deletion has been asked for. */
  #marked(old: T, { propagationPolicy, gracePeriodSeconds }: DeleteOptions): T {
    const { strategy, countsGenerations: counts = true } = this.#codec.resource;
    const finalizers = finalizersFor(old.metadata.finalizers ?? [], propagationPolicy);
    const { finalizers: _, ...rest } = old.metadata;
    const metadata = { ...rest, ...(finalizers.length && { finalizers }) };
    const grace = Math.min(Math.max(strategy.graceSeconds?.(old, gracePeriodSeconds) ?? 0, 0), maxGraceSeconds);
    const already = old.metadata.deletionTimestamp !== undefined;
    if (already && grace >= (old.metadata.deletionGracePeriodSeconds ?? 0)) return { ...old, metadata };
    const marked = {
      ...old,
      metadata: {
        ...metadata,
        deletionTimestamp: timestamp(this.#clock.now() + grace * 1000),
        deletionGracePeriodSeconds: grace,
        ...(!already && counts && { generation: (old.metadata.generation ?? 0) + 1 }),
      },
    };
    return strategy.prepareForDelete?.(marked) ?? marked;
  }

  /** The texts name the kind, where all other conflicts name the resource (K-291). */
  #check({ metadata }: T, { uid, resourceVersion }: Preconditions): void {
    const { group, kind } = this.#codec.resource;
    const conflict = (cause: string): StatusError =>
      StatusError.conflict({ group, resource: kind }, metadata.name, cause);
    if (uid !== undefined && uid !== metadata.uid)
      throw conflict(
        `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`,
      );
    if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion)
      throw conflict(
        `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`,
      );
  }
}

const attributes = (resource: Resource, { metadata }: KubeObject, { user, dryRun, subresource }: WriteContext) => ({
  resource,
  operation: 'DELETE' as const,
  subresource,
  namespace: metadata.namespace ?? '',
  name: metadata.name,
  user,
  dryRun,
});

/** The finalizer that stands for a policy; `Background` has none (K-294). */
const finalizerOf = { Foreground: 'foregroundDeletion', Orphan: 'orphan' } as const;

function finalizersFor(present: readonly string[], policy: PropagationPolicy | undefined): string[] {
  if (!policy) return [...present];
  const others = present.filter((name) => name !== 'foregroundDeletion' && name !== 'orphan');
  return policy === 'Background' ? others : [...others, finalizerOf[policy]];
}
