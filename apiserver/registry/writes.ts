/**
 * Create and update, in Kubernetes' order: decode, look up, default, prepare, validate, admit, write (K-135). Written once for all
 * kinds; a kind says only how it differs (strategy.ts).
 *
 * Everything that changes an object passes through `modify`: PUT, PATCH, subresources, and controllers in this process.
 */
import { randomInt } from 'node:crypto';
import type { Clock } from '../../openapi/machinery/clock.ts';
import type { FieldError } from '../../openapi/machinery/field.ts';
import { copyOf, sameJson } from '../../openapi/machinery/json.ts';
import type { KubeObject, ManagedFieldsEntry, ObjectMeta } from '../../openapi/machinery/meta.ts';
import { safeAlphabet } from '../../openapi/machinery/names.ts';
import { type GroupResource, StatusError } from '../../openapi/machinery/status.ts';
import { isStorageError } from '../../storage/errors.ts';
import type { Entry } from '../../storage/kv.ts';
import type { Alongside, Edit, Store } from '../../storage/store.ts';
import type { Snapshot } from '../cache/snapshot.ts';
import type { Admission } from './admission.ts';
import { statusFor } from './errors.ts';
import { judgeable } from './judgeable.ts';
import type { KindCodec } from './kind-codec.ts';
import {
  dedupeOwners,
  managedFieldsFaults,
  metadataChangeFaults,
  metadataFaults,
  metadataForCreate,
  metadataForUpdate,
} from './metadata.ts';
import { type Ownership, setManagedFields } from './ownership.ts';
import type { Resource } from './resource.ts';
import { isHeld, type WriteContext } from './strategy.ts';

/** Kubernetes tries so many generated names before it gives up (K-162). */
const nameAttempts = 8;
const suffixLength = 5;
/** Names keep room for the suffix. */
const maxPrefixLength = 58;

/** What a write must find, or else it is a conflict (K-233, K-291). */
export interface Preconditions {
  readonly uid?: string;
  readonly resourceVersion?: string;
}

/**
 * The object as it is to be, from the object as it is. Runs again when somebody wrote meanwhile, so it must derive its answer from
 * its arguments alone; the first is its own to change, the second is the same as it is stored, and must not be changed.
 *
 * @throws StatusError to refuse the write
 */
export type Change<T> = (old: T, stored: T) => T | Promise<T>;

export class Writes<T extends KubeObject = KubeObject> {
  readonly #codec: KindCodec<T>;
  readonly #store: Store;
  readonly #admission: Admission;
  readonly #clock: Clock;
  readonly #root: string;
  readonly #known: (key: string) => Snapshot | undefined;
  readonly #ownership: Ownership<T> | undefined;

  constructor(parts: {
    codec: KindCodec<T>;
    store: Store;
    admission: Admission;
    clock: Clock;
    root: string;
    /** What the cache believes an object to be. */
    known: (key: string) => Snapshot | undefined;
    /** Absent: nobody is said to own fields. */
    ownership?: Ownership<T>;
  }) {
    this.#codec = parts.codec;
    this.#store = parts.store;
    this.#admission = parts.admission;
    this.#clock = parts.clock;
    this.#root = parts.root;
    this.#known = parts.known;
    this.#ownership = parts.ownership;
  }

  get #resource(): Resource<T> {
    return this.#codec.resource;
  }

  get #countsGenerations(): boolean {
    return this.#resource.countsGenerations !== false;
  }

  get groupResource(): GroupResource {
    return { group: this.#resource.group, resource: this.#resource.plural };
  }

  /**
   * @param object in the hub's form, defaulted; it is taken over
   * @param faults found while it was decoded; told together with the others
   * @throws StatusError 409, 422, and what admission and the strategy refuse
   */
  async create(
    object: T,
    namespace: string,
    context: WriteContext,
    signal: AbortSignal,
    faults: readonly FieldError[] = [],
  ): Promise<Snapshot> {
    const { generateName = '', name } = object.metadata;
    await this.#admit('CREATE', namespace, name, context, signal);
    for (let attempt = 1; ; attempt += 1) {
      const candidate = {
        ...object,
        metadata: metadataForCreate(object.metadata, namespace, this.#countsGenerations, this.#clock),
      };
      if (!name && generateName) candidate.metadata.name = generated(generateName);
      try {
        return await this.#createNamed(candidate, object.metadata, context, signal, faults);
      } catch (error) {
        const taken = error instanceof StatusError && error.reason === 'AlreadyExists' && !name;
        if (!taken) throw error;
        if (attempt === nameAttempts) throw StatusError.nameNotGenerated(this.groupResource, candidate.metadata.name);
      }
    }
  }

  async #createNamed(
    given: T,
    { managedFields, resourceVersion = '0' }: ObjectMeta,
    context: WriteContext,
    signal: AbortSignal,
    faults: readonly FieldError[],
  ): Promise<Snapshot> {
    const { strategy, hasStatus, namespaced, nameRule } = this.#resource;
    if (hasStatus) delete (given as { status?: unknown }).status;
    const early = [...faults, ...metadataFaults(given.metadata, nameRule, namespaced)];
    if (early.length) this.#refuse(given, [...early, ...(await this.alsoWrong(given, undefined, context, signal))]);
    if (resourceVersion !== '' && resourceVersion !== '0')
      throw StatusError.badRequest('resourceVersion should not be set on objects to be created');
    warnOfRepeated(dedupeOwners(given), context);

    const key = this.#keyOf(given);
    let object = given;
    const make = async (): Promise<{ write: Buffer; alongside?: Alongside }> => {
      const related = await strategy.related?.(copyOf(given), undefined, context, signal);
      object = strategy.prepareForCreate?.(copyOf(given), related) ?? copyOf(given);
      const called = this.#fieldsIn(context);
      this.#refuse(object, (strategy.validate?.(object, related) ?? []).map(calledSo(called)));
      for (const text of strategy.warnings?.(object, undefined, related) ?? []) context.warn(called(text));
      const alongside = strategy.alongside?.(object, undefined, related);
      this.#own(object, undefined, managedFields, context);
      return { write: this.#codec.envelope.stored(object), ...(alongside && { alongside }) };
    };
    try {
      if (context.dryRun) return await this.#dryCreate(key, object.metadata.name, make, () => object, signal);
      const { value, revision } = await this.#store.create(this.#root + key, make, signal);
      return this.#codec.snapshot(object, value, revision, revision);
    } catch (error) {
      if (isStorageError(error, 'KeyExists')) throw await this.#exists(key, object.metadata.name, signal);
      throw statusFor(error, this.groupResource, object.metadata.name);
    }
  }

  /** Everything but the write. The answer has no resourceVersion (K-139). */
  async #dryCreate(
    key: string,
    name: string,
    make: () => Promise<{ write: Buffer }>,
    object: () => T,
    signal: AbortSignal,
  ): Promise<Snapshot> {
    const { write } = await make();
    if (await this.#store.get(this.#root + key, signal)) throw await this.#exists(key, name, signal);
    return this.#codec.unversioned(object(), write);
  }

  /** @returns what to tell who wanted to create it */
  async #exists(key: string, name: string, signal: AbortSignal): Promise<unknown> {
    try {
      const present = await this.#store.get(this.#root + key, signal);
      const going = present && this.#codec.opened(present).object.metadata.deletionTimestamp !== undefined;
      return StatusError.alreadyExists(this.groupResource, name, going ? 'object is being deleted: ' : '');
    } catch (error) {
      return statusFor(error, this.groupResource, name);
    }
  }

  /**
   * Changes an object that is there.
   *
   * @param key `namespace/name`
   * @returns the object as stored, or as it was last when the change removed it (the last finalizer of an object being deleted, K-243)
   * @throws StatusError 404, 409, 422, and what `change`, admission and the strategy refuse
   */
  async modify(
    key: string,
    change: Change<T>,
    context: WriteContext,
    signal: AbortSignal,
    preconditions: Preconditions = {},
  ): Promise<Snapshot> {
    const name = key.slice(key.indexOf('/') + 1);
    let now: T | undefined;
    let whole = true;
    let warnings: readonly string[] = [];
    const known = this.#entryOf(key);
    const edit = async (entry: Entry): Promise<Edit> => {
      const opened = this.#codec.opened(entry);
      const old = opened.object;
      whole = opened.whole;
      this.#check(old, preconditions);
      const { resourceVersion } = old.metadata;
      const judged = await this.#judged(await change(copyOf(old), old), old, context, signal);
      now = judged.object;
      warnings = judged.warnings;
      const { alongside } = judged;
      const last = now.metadata.deletionTimestamp !== undefined && !isHeld(now, this.#resource.strategy);
      now.metadata.resourceVersion = resourceVersion ?? '';
      if (context.dryRun) return 'unchanged';
      if (last) return { remove: true, ...(alongside && { alongside }) };
      // What is stored in an outdated way is written though nothing changes, so that reading and writing all renews all (K-563).
      if (sameJson(now, old) && (entry === known || this.#isStoredWell(entry))) return 'unchanged';
      return { write: opened.stored(now), ...(alongside && { alongside }) };
    };
    try {
      const { entry, outcome } = await this.#store.update(this.#root + key, edit, signal, known);
      for (const text of warnings) context.warn(this.#fieldsIn(context)(text));
      const object = now as T;
      const stored = outcome === 'written' && whole ? entry.value : this.#codec.envelope.stored(object);
      return this.#codec.snapshot(object, stored, entry.revision, entry.createRevision, whole);
    } catch (error) {
      throw statusFor(error, this.groupResource, name);
    }
  }

  /** In the newest form, with the newest key. */
  #isStoredWell(entry: Entry): boolean {
    return !entry.stale && this.#codec.renewed(entry) === undefined;
  }

  /**
   * What rules have to say of an object that is refused anyway, so that its author hears of everything at once.
   *
   * @param old absent when the object is created
   */
  async alsoWrong(given: T, old: T | undefined, context: WriteContext, signal: AbortSignal): Promise<FieldError[]> {
    const { strategy } = this.#resource;
    const whole = old ? this.#within(given, old, context.subresource) : given;
    const changes = old ? metadataChangeFaults(whole.metadata, old.metadata) : [];
    const rest = judgeable(whole, this.#codec.hub.validate);
    if (!rest) return changes;
    try {
      const related = await strategy.related?.(rest.object, old, context, signal);
      const object = old
        ? (strategy.prepareForUpdate?.(rest.object, old, related, context) ?? rest.object)
        : (strategy.prepareForCreate?.(rest.object, related) ?? rest.object);
      const faults =
        old && strategy.validateUpdate
          ? strategy.validateUpdate(object, old, related, context)
          : (strategy.validate?.(object, related) ?? []);
      return [...changes, ...faults.filter(rest.isNews).map(calledSo(this.#fieldsIn(context)))];
    } catch (error) {
      // What may not be named is said when nothing else is wrong.
      if (error instanceof StatusError && error.code === 403) return changes;
      throw error;
    }
  }

  /** What `change` made of the object, prepared and found good. */
  async #judged(
    given: T,
    old: T,
    context: WriteContext,
    signal: AbortSignal,
  ): Promise<{ object: T; warnings: readonly string[]; alongside: Alongside | undefined }> {
    const { strategy, namespaced, nameRule } = this.#resource;
    await this.#admit('UPDATE', old.metadata.namespace ?? '', old.metadata.name, context, signal);
    let object = this.#within(given, old, context.subresource);
    warnOfRepeated(dedupeOwners(object), context);
    const related = await strategy.related?.(object, old, context, signal);
    object = strategy.prepareForUpdate?.(object, old, related, context) ?? object;
    if (this.#countsGenerations && !sameJson(this.#desired(object), this.#desired(old)))
      object.metadata.generation = (old.metadata.generation ?? 0) + 1;
    const faults = strategy.validateUpdate
      ? strategy.validateUpdate(object, old, related, context)
      : strategy.validate?.(object, related);
    this.#refuse(object, [
      ...metadataFaults(object.metadata, nameRule, namespaced),
      ...metadataChangeFaults(object.metadata, old.metadata),
      ...(faults ?? []).map(calledSo(this.#fieldsIn(context))),
    ]);
    const warnings = strategy.warnings?.(object, old, related) ?? [];
    const alongside = strategy.alongside?.(object, old, related);
    // What is said about ownership on a subresource counts for nothing (K-281).
    const { managedFields } = (context.subresource && !context.isApply ? old : given).metadata;
    this.#own(object, old, managedFields, context);
    return { object, warnings, alongside };
  }

  /** @param said what the write itself says about who owns what */
  #own(object: T, old: T | undefined, said: ManagedFieldsEntry[] | undefined, context: WriteContext): void {
    if (!this.#ownership) return;
    if (context.isApply) setManagedFields(object, said);
    else if (context.manager) this.#ownership.record(object, old, said, context, context.manager);
    // Whatever the server writes there itself is well formed.
    if (said?.length) this.#refuse(object, managedFieldsFaults(object.metadata.managedFields));
  }

  /** Status is written through its own path only, and nothing else through that one (K-240). */
  #within(given: T, old: T, subresource: string): T {
    const metadata = metadataForUpdate(given.metadata, old.metadata);
    if (!this.#resource.hasStatus) return { ...given, metadata };
    const status = (object: T & { status?: unknown }): { status?: unknown } =>
      object.status === undefined ? {} : { status: object.status };
    if (subresource === 'status')
      return { ...withoutStatus(old), ...status(given), metadata: metadataForUpdate(old.metadata, old.metadata) };
    return { ...withoutStatus(given), ...status(old), metadata };
  }

  #desired(object: T): unknown {
    if (this.#resource.strategy.desired) return this.#resource.strategy.desired(object);
    const { metadata: _, ...rest } = this.#resource.hasStatus ? withoutStatus(object) : object;
    return rest;
  }

  #check({ metadata }: T, { uid, resourceVersion }: Preconditions): void {
    if (uid !== undefined && uid !== metadata.uid)
      throw StatusError.conflict(
        this.groupResource,
        metadata.name,
        `StorageError: invalid object, Code: 4, Key: ${this.#root}${this.#keyOf({ metadata })}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`,
      );
    if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion)
      throw StatusError.conflict(this.groupResource, metadata.name);
  }

  #admit(
    operation: 'CREATE' | 'UPDATE',
    namespace: string,
    name: string,
    { user, dryRun, subresource }: WriteContext,
    signal: AbortSignal,
  ): Promise<void> {
    const resource = this.#resource as Resource;
    return this.#admission.admit({ resource, operation, subresource, namespace, name, user, dryRun }, signal);
  }

  /** How the version in which the client speaks calls fields of the hub's. */
  #fieldsIn({ manager }: WriteContext): (field: string) => string {
    const { group, forms } = this.#resource;
    const form = forms.find(({ version }) => `${group}/${version}` === manager?.apiVersion);
    return form?.fieldCalled ?? ((field) => field);
  }

  #refuse({ metadata }: T, faults: readonly FieldError[]): void {
    const { group, kind } = this.#resource;
    if (faults.length) throw StatusError.invalid({ group, kind }, metadata.name, faults);
  }

  #keyOf({ metadata }: Pick<KubeObject, 'metadata'>): string {
    return this.#resource.namespaced ? `${metadata.namespace}/${metadata.name}` : metadata.name;
  }

  /** What the cache believes the key holds, in the shape of an entry; undefined when the cache does not have all of it. */
  #entryOf(key: string): Entry | undefined {
    const known = this.#known(key);
    if (!known?.whole) return undefined;
    return {
      key: this.#root + key,
      value: known.bytes,
      revision: known.revision,
      createRevision: known.createRevision,
    };
  }
}

const calledSo =
  (called: (field: string) => string) =>
  (fault: FieldError): FieldError => ({ ...fault, field: called(fault.field) });

const withoutStatus = <T extends KubeObject>(object: T): T => {
  const { status: _, ...rest } = object as T & { status?: unknown };
  return rest as unknown as T;
};

/** Of a patch Kubernetes says when it looked, which is after admission (K-167). */
function warnOfRepeated(uids: readonly string[], { isPatch, warn }: WriteContext): void {
  const when = isPatch ? ' after mutating admission happens' : '';
  if (uids.length)
    warn(
      `.metadata.ownerReferences contains duplicate entries${when}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${uids.join(', ')}`,
    );
}

/** A name from its prefix (K-162). */
export const generated = (prefix: string): string =>
  prefix.slice(0, maxPrefixLength) +
  Array.from({ length: suffixLength }, () => safeAlphabet[randomInt(safeAlphabet.length)]).join('');
