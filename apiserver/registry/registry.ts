/**
 * One resource's verbs over documents: what HTTP handlers call. Documents are in the form of a served version; behind this file
 * everything is in the hub's form.
 *
 * Controllers in this process use `reads`, `writes` and `deletion` directly, with objects.
 */
import type { Clock } from '../../openapi/machinery/clock.ts';
import { type FieldError, invalid, metadata as metadataPath } from '../../openapi/machinery/field.ts';
import { copyOf } from '../../openapi/machinery/json.ts';
import { apiVersionOf, isRecord, type KubeObject } from '../../openapi/machinery/meta.ts';
import { isAlreadyExists, isNotFound, StatusError } from '../../openapi/machinery/status.ts';
import type { Keyspace } from '../../storage/keys.ts';
import type { Store } from '../../storage/store.ts';
import type { WindowLimits } from '../cache/event-window.ts';
import type { ResourceCache } from '../cache/resource-cache.ts';
import type { Snapshot } from '../cache/snapshot.ts';
import type { WatchCache } from '../cache/watch-cache.ts';
import type { Admission } from './admission.ts';
import { checkedConfiguration, heedRepetitions, preconditionsIn } from './configuration.ts';
import { type Deleted, type DeleteOptions, Deletion } from './deletion.ts';
import {
  checkName,
  checkRevision,
  type DocumentOptions,
  Documents,
  metadataOf,
  type ReceivedDocument,
} from './documents.ts';
import { type CompiledForm, KindCodec } from './kind-codec.ts';
import { Ownership, setManagedFields } from './ownership.ts';
import { broughtFaults } from './ratcheting.ts';
import { type ListRequest, Reads } from './reads.ts';
import type { OwnedThrough, Resource, Subresource } from './resource.ts';
import type { Manager, WriteContext } from './strategy.ts';
import { Writes } from './writes.ts';

export interface ApplyOptions extends DocumentOptions {
  readonly manager: Manager;
  /** Are fields taken that others own? */
  readonly force: boolean;
}

/** A patch that is no apply. */
export interface Patch {
  /** The patched document from the present one, which it may take apart. @throws StatusError */
  apply(document: Record<string, unknown>): unknown;
  /** What is unknown or stands twice in the patch itself (K-148). */
  readonly findings: readonly string[];
}

/** Where a write goes: an object, seen in a version. */
export interface Target {
  readonly namespace: string;
  readonly name: string;
  readonly version: string;
}

export class ObjectRegistry<T extends KubeObject = KubeObject> {
  readonly resource: Resource<T>;
  readonly codec: KindCodec<T>;
  readonly cache: ResourceCache;
  /** Prefix of all its keys. */
  readonly root: string;
  readonly reads: Reads;
  readonly writes: Writes<T>;
  readonly deletion: Deletion<T>;
  readonly #documents: Documents<T>;
  readonly #ownership: Ownership<T> | undefined;

  constructor(parts: {
    resource: Resource<T>;
    store: Store;
    keyspace: Keyspace;
    watchCache: WatchCache;
    admission: Admission;
    clock: Clock;
    window?: WindowLimits;
  }) {
    const { resource, store, watchCache, admission, clock, window } = parts;
    const root = parts.keyspace.listPrefix(resource.group, resource.plural);
    const codec = new KindCodec(resource);
    const cache = watchCache.register(root, codec, window);
    this.resource = resource;
    this.root = root;
    this.codec = codec;
    this.cache = cache;
    this.#documents = new Documents(codec);
    this.reads = new Reads({ codec: codec as unknown as KindCodec, store, watchCache, cache, root });
    const ownership = resource.tracksOwnership === false ? undefined : new Ownership(codec, clock);
    this.#ownership = ownership;
    const known = (key: string): Snapshot | undefined => cache.readable.get(key);
    this.writes = new Writes({ codec, store, admission, clock, root, known, ...(ownership && { ownership }) });
    this.deletion = new Deletion({ codec, store, admission, clock, root });
  }

  /** `namespace/name` for namespaced resources, else the name. */
  keyOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
    return this.resource.namespaced ? `${namespace}/${name}` : name;
  }

  subresource(name: string): Subresource<T> | undefined {
    return this.resource.subresources?.find((subresource) => subresource.name === name);
  }

  async create(
    received: ReceivedDocument,
    { namespace, version }: Target,
    options: DocumentOptions,
    signal: AbortSignal,
  ): Promise<Snapshot> {
    const form = this.codec.form(version);
    const document = this.#documents.checked(received.value, form);
    const { namespace: given } = metadataOf(document);
    if (given !== undefined && given !== '' && given !== namespace)
      throw StatusError.badRequest(
        'the namespace of the provided object does not match the namespace sent on the request',
      );
    const { object, faults } = this.#documents.decoded(document, received, form, options);
    return this.writes.create(object, namespace, options, signal, this.#judgedHere(faults, ''));
  }

  async replace(
    received: ReceivedDocument,
    target: Target,
    options: DocumentOptions,
    signal: AbortSignal,
  ): Promise<Snapshot> {
    const form = this.codec.form(target.version);
    const document = this.#documents.checked(received.value, form);
    const { uid, resourceVersion } = metadataOf(document);
    checkName(document, target);
    const { object, faults } = this.#documents.decoded(document, received, form, options);
    const change = async (_: T, stored: T): Promise<T> => {
      this.#checkVersion(resourceVersion, stored);
      await this.#refuseBrought(object, faults, stored, form, options, signal);
      return copyOf(object);
    };
    const preconditions = typeof uid === 'string' && uid ? { uid } : {};
    return this.writes.modify(this.keyOf(target), change, options, signal, preconditions);
  }

  async patch(patch: Patch, target: Target, options: DocumentOptions, signal: AbortSignal): Promise<Snapshot> {
    const form = this.codec.form(target.version);
    const change = async (old: T, stored: T): Promise<T> => {
      const { resourceVersion, uid } = stored.metadata;
      const patched = patch.apply(this.codec.toDocument(old, form));
      if (!isRecord(patched)) throw StatusError.unprocessable('patch', 'what it makes is no object');
      const document = this.#documents.checkedPatch(patched, form);
      // Decoding takes the document over, and finds first what nobody could compare.
      const said = { metadata: { ...metadataOf(document) } };
      const { object, faults } = this.#documents.decodedPatch(document, form, options, patch.findings);
      checkName(said, target);
      this.#checkKept(said.metadata.resourceVersion, target.name);
      this.#sameObject(said.metadata, { uid, resourceVersion }, target.name);
      await this.#refuseBrought(object, faults, stored, form, options, signal);
      return object;
    };
    return this.writes.modify(this.keyOf(target), change, options, signal);
  }

  /**
   * Server-side apply: the object is made what the configuration says as far as it says anything (K-257 to K-288).
   *
   * @param mayCreate throws when the user may not create; asked only when there is no such object (K-261)
   * @throws StatusError 400, 409 with all conflicts, 415 where nobody owns fields, 422
   */
  async apply(
    received: ReceivedDocument,
    target: Target,
    options: ApplyOptions,
    mayCreate: () => Promise<void>,
    signal: AbortSignal,
  ): Promise<{ readonly snapshot: Snapshot; readonly created: boolean }> {
    const form = this.codec.form(target.version);
    const configuration = checkedConfiguration(received.value, this.resource.kind, form.apiVersion, target);
    this.#documents.respell(configuration, target.version, options.warn);
    const { uid, resourceVersion } = preconditionsIn(configuration);
    const change = async (old: T | undefined): Promise<T> => {
      if (old) this.#sameObject({ uid }, old.metadata, target.name);
      const object = await this.#applied(configuration, old, target, options, signal);
      heedRepetitions(received, options);
      return object;
    };
    const context = { ...options, isApply: true };
    for (;;) {
      try {
        return {
          snapshot: await this.writes.modify(
            this.keyOf(target),
            change,
            context,
            signal,
            resourceVersion === undefined ? {} : { resourceVersion },
          ),
          created: false,
        };
      } catch (error) {
        if (!isNotFound(error) || options.subresource) throw error;
      }
      if (uid)
        throw StatusError.conflict(
          this.writes.groupResource,
          target.name,
          `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`,
        );
      await mayCreate();
      try {
        const object = await change(undefined);
        // Nothing is there that it could be the version of.
        delete object.metadata.resourceVersion;
        return { snapshot: await this.writes.create(object, target.namespace, context, signal), created: true };
      } catch (error) {
        // Somebody was quicker: then it is there to be changed.
        if (!isAlreadyExists(error)) throw error;
      }
    }
  }

  /** The object that applying makes of another, or of nothing. */
  async #applied(
    configuration: Record<string, unknown>,
    old: T | undefined,
    { namespace, version }: Target,
    options: ApplyOptions,
    signal: AbortSignal,
  ): Promise<T> {
    const form = this.codec.form(version);
    const { manager, subresource, force } = options;
    const ownership = this.#ownership as Ownership<T>;
    const { document, managedFields } = ownership.apply(old, { configuration, manager, subresource, force });
    const { object, faults } = this.#documents.decoded(document, { value: document, duplicates: [] }, form, options);
    if (faults.length) {
      const placed = { ...copyOf(object), metadata: { ...object.metadata, namespace } };
      const others = await this.writes.alsoWrong(placed, old, options, signal);
      this.#documents.refuseIllTyped(object, [...faults, ...others]);
    }
    setManagedFields(object, managedFields);
    return object;
  }

  /** Puts a merge patch into today's spelling, in place. @throws StatusError 422 when two spellings disagree */
  respell(patch: unknown, version: string, warn: (text: string) => void): void {
    this.#documents.respellPatch(patch, version, warn);
  }

  /** The document that stands for an object under a subresource. */
  readSubresource(snapshot: Snapshot, subresource: Subresource<T>): KubeObject {
    return subresource.read(snapshot.object<T>());
  }

  /** @param edit makes the new document from the present one; its result has passed nothing yet */
  async writeSubresource(
    subresource: Subresource<T>,
    edit: (document: KubeObject) => KubeObject,
    target: Target,
    options: DocumentOptions,
    signal: AbortSignal,
    preconditions: { readonly uid?: string; readonly resourceVersion?: string } = {},
  ): Promise<KubeObject> {
    const change = async (old: T, stored: T): Promise<T> => {
      const present = subresource.read(copyOf(old));
      const document = edit(copyOf(present));
      this.#sameObject(metadataOf(document), present.metadata, target.name);
      const object = subresource.write(old, document);
      await this.#refuseBrought(object, this.codec.hub.validate(object), stored, this.codec.hub, options, signal);
      return object;
    };
    const snapshot = await this.writes.modify(this.keyOf(target), change, options, signal, preconditions);
    return subresource.read(snapshot.object<T>());
  }

  /**
   * Server-side apply to the document that stands for an object under a subresource.
   *
   * @param judge passes the document that applying has made. @throws StatusError 400, 404, 409, 422
   */
  async applySubresource(
    subresource: Subresource<T> & { readonly owned: OwnedThrough<T> },
    received: ReceivedDocument,
    judge: (document: KubeObject) => KubeObject,
    target: Target,
    options: ApplyOptions,
    signal: AbortSignal,
  ): Promise<KubeObject> {
    const configuration = checkedConfiguration(received.value, subresource.kind, apiVersionOf(subresource), target);
    const { uid, resourceVersion } = preconditionsIn(configuration);
    const ownership = this.#ownership as Ownership<T>;
    const change = async (old: T, stored: T): Promise<T> => {
      this.#sameObject({ uid }, old.metadata, target.name);
      const applied = ownership.applyThrough(subresource, old, { configuration, ...options });
      const object = subresource.write(old, judge(applied.document));
      await this.#refuseBrought(object, this.codec.hub.validate(object), stored, this.codec.hub, options, signal);
      setManagedFields(object, applied.managedFields);
      heedRepetitions(received, options);
      return object;
    };
    const context = { ...options, isApply: true };
    const snapshot = await this.writes.modify(
      this.keyOf(target),
      change,
      context,
      signal,
      resourceVersion === undefined ? {} : { resourceVersion },
    );
    return subresource.read(snapshot.object<T>());
  }

  delete(
    target: { readonly namespace: string; readonly name: string },
    options: DeleteOptions,
    context: WriteContext,
    signal: AbortSignal,
  ): Promise<Deleted> {
    return this.deletion.delete(this.keyOf(target), options, context, signal);
  }

  /** Status is judged where it is written, and nothing else is there (K-240). */
  #judgedHere(faults: readonly FieldError[], subresource: string): readonly FieldError[] {
    if (!faults.length || !this.resource.hasStatus) return faults;
    return faults.filter(({ field }) => /^status\b/.test(field) === (subresource === 'status'));
  }

  /** @throws StatusError 422 with the faults that a write has brought into an object (K-242) */
  async #refuseBrought(
    object: T,
    faults: readonly FieldError[],
    stored: T,
    form: CompiledForm,
    options: DocumentOptions,
    signal: AbortSignal,
  ): Promise<void> {
    if (!faults.length) return;
    const inForm = (whole: T): unknown => this.codec.toDocument(copyOf(whole), form);
    // Faults speak of the form in which the client wrote, or else of the hub's.
    const told = broughtFaults(this.#judgedHere(faults, options.subresource), inForm(stored), inForm(object));
    const brought = form === this.codec.hub ? told : broughtFaults(told, stored, object);
    if (!brought.length) return;
    const others = await this.writes.alsoWrong(copyOf(object), stored, options, signal);
    // The metadata of a status is not written, so it is not judged either (K-240).
    this.#documents.refuseIllTyped(options.subresource === 'status' ? stored : object, [...brought, ...others]);
  }

  /** @returns the objects as they were before, and where the rest begins (K-301) */
  async deleteCollection(
    request: ListRequest,
    options: DeleteOptions,
    context: WriteContext,
    signal: AbortSignal,
  ): Promise<Awaited<ReturnType<Reads['list']>>> {
    const listed = await this.reads.list(request, signal);
    for (const { namespace, name } of listed.items) {
      try {
        await this.delete({ namespace, name }, options, context, signal);
      } catch (error) {
        if (!(error instanceof StatusError && error.code === 404)) throw error;
      }
    }
    return listed;
  }

  /** @throws StatusError 422 without a resourceVersion, 409 with a stale one, 400 with what is none (K-231, K-232) */
  #checkVersion(sent: unknown, { metadata }: T): void {
    if (typeof sent !== 'string' || sent === '' || sent === '0') {
      if (!this.resource.allowsUnconditionalUpdate) throw this.#unconditional(metadata.name);
      return;
    }
    checkRevision(sent);
    if (sent !== metadata.resourceVersion) throw StatusError.conflict(this.writes.groupResource, metadata.name);
  }

  /** Whoever takes the resourceVersion out of an object asks for an update without any (K-231). @throws StatusError 422 */
  #checkKept(patched: unknown, name: string): void {
    const isGone = patched === undefined || patched === null || patched === '' || patched === '0';
    if (isGone && !this.resource.allowsUnconditionalUpdate) throw this.#unconditional(name);
  }

  #unconditional(name: string): StatusError {
    const fault = invalid(metadataPath.child('resourceVersion'), 0, 'must be specified for an update');
    return StatusError.invalid({ group: this.resource.group, kind: this.resource.plural }, name, [fault]);
  }

  /** A patched resourceVersion is a precondition (K-245), a patched uid a mistake (K-255). */
  #sameObject(
    patched: Record<string, unknown>,
    { uid, resourceVersion }: { uid?: string | undefined; resourceVersion?: string | undefined },
    name: string,
  ): void {
    const { group, kind } = this.resource;
    if (patched.resourceVersion !== undefined && patched.resourceVersion !== resourceVersion) {
      if (typeof patched.resourceVersion === 'string') checkRevision(patched.resourceVersion);
      throw StatusError.conflict(this.writes.groupResource, name);
    }
    if (patched.uid !== undefined && patched.uid !== uid)
      throw StatusError.invalid({ group, kind }, name, [
        invalid(metadataPath.child('uid'), patched.uid, 'field is immutable'),
      ]);
  }
}
