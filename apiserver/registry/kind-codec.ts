/**
 * Between documents and objects: one resource's forms compiled, so that no request interprets a schema.
 *
 * A document is what a client sent, in the form of a served version; an object is in the hub's form. Decoding spells anew, checks
 * metadata's types, prunes and defaults, in Kubernetes' order (K-135); it does not judge values.
 */
import type { Form } from '../../openapi/form.ts';
import { type FieldError, faultText } from '../../openapi/machinery/field.ts';
import type { FieldValue } from '../../openapi/machinery/field-selector.ts';
import { copyOf, inWords, jsonText, setOwn } from '../../openapi/machinery/json.ts';
import { apiVersionOf, isRecord, type KubeObject } from '../../openapi/machinery/meta.ts';
import { StatusError } from '../../openapi/machinery/status.ts';
import { compileDefaults, type Defaulter } from '../../openapi/schema/defaults.ts';
import { compileNulls, type NullDropper } from '../../openapi/schema/nulls.ts';
import { objectMetaSchema } from '../../openapi/schema/object-meta.ts';
import { Path } from '../../openapi/schema/path.ts';
import { compilePruning, type Pruner } from '../../openapi/schema/prune.ts';
import { compileValidation, type Validator } from '../../openapi/schema/validate.ts';
import { StorageError } from '../../storage/errors.ts';
import type { Entry } from '../../storage/kv.ts';
import { Envelope } from '../cache/envelope.ts';
import { Snapshot } from '../cache/snapshot.ts';
import { parseOwn } from '../codec/json.ts';
import { withForeignFields } from './foreign-fields.ts';
import { hubForm, type Resource } from './resource.ts';
import { type Selectable, selectableIn } from './selection.ts';

const judgeMetadata = compileValidation({
  type: 'object',
  properties: { metadata: { ...objectMetaSchema, required: [] } },
});

/** What could not be read as metadata. Repetitions and gaps can be read; registry/metadata.ts judges them. */
const wrongTypes = (document: unknown): FieldError[] =>
  judgeMetadata(document).filter(({ reason }) => reason === 'FieldValueTypeInvalid' || reason === 'FieldValueInvalid');

/** A served version, ready for use. */
export interface CompiledForm {
  readonly form: Form;
  readonly apiVersion: string;
  readonly prune: Pruner | undefined;
  readonly dropNulls: NullDropper | undefined;
  readonly fillDefaults: Defaulter | undefined;
  readonly validate: Validator;
  readonly selectable: Selectable;
}

/** What decoding found besides the document. */
export interface Findings {
  /** Paths of fields that the schema does not know, sorted; they have been removed. */
  readonly unknown: readonly string[];
  /** Two spellings of one field that disagree. */
  readonly faults: readonly FieldError[];
}

/** An object that is stored, ready to be changed. */
export interface Opened<T> {
  readonly object: T;
  /** Is it all that is stored? If not, a newer server stored fields that we do not know. */
  readonly whole: boolean;
  /** The bytes to store in the place of what there is. What we do not know stays (foreign-fields.ts). */
  stored(next: T): Buffer;
}

interface Foreign<T> {
  readonly known: T;
  readonly stored: unknown;
}

interface Read<T> {
  readonly object: T;
  /** Would it be stored differently now? */
  readonly outdated: boolean;
  readonly foreign: Foreign<T> | undefined;
}

/** `KubeDirectorCluster in version "v1beta1" cannot be handled as a KubeDirectorCluster` */
export const inVersion = ({ kind, version }: { readonly kind: string; readonly version: string }): string =>
  `${kind} in version ${JSON.stringify(version)} cannot be handled as a ${kind}`;

export class KindCodec<T extends KubeObject = KubeObject> {
  readonly resource: Resource<T>;
  readonly hub: CompiledForm;
  readonly envelope: Envelope;
  readonly indexedFields: readonly string[];
  readonly #forms: ReadonlyMap<string, CompiledForm>;

  constructor(resource: Resource<T>) {
    this.resource = resource;
    this.#forms = new Map(resource.forms.map((form) => [form.version, compiled(form, resource)]));
    this.hub = this.form(hubForm(resource).version);
    this.envelope = new Envelope(this.hub.apiVersion, resource.kind);
    this.indexedFields = (resource.selectableFields ?? []).filter(({ indexed }) => indexed).map(({ label }) => label);
  }

  form(version: string): CompiledForm {
    const found = this.#forms.get(version);
    if (!found) throw new Error(`${this.resource.plural} is not served in ${version}`);
    return found;
  }

  /**
   * Puts a document into shape: today's spelling, no unknown fields, no nulls that mean nothing, defaults filled. In place.
   *
   * @throws StatusError BadRequest when metadata holds values of wrong types (K-158)
   */
  normalise(
    document: Record<string, unknown>,
    { form, prune, dropNulls, fillDefaults }: CompiledForm,
    warn: (text: string) => void,
  ): Findings {
    const faults = form.respell?.(document, warn) ?? [];
    emptyNulls(document.metadata);
    // Go reads a null as "not set"; kubectl itself sends `creationTimestamp: null` (K-338).
    dropNulls?.(document);
    const unknown: string[] = [];
    prune?.(document, new Path(), (path) => unknown.push(path));
    const [wrong] = wrongTypes(document);
    if (wrong) throw StatusError.badRequest(`${this.#inVersion(form.version)}: ${faultText(wrong)}`);
    dropEmpty(document.metadata);
    fillDefaults?.(document);
    return { unknown: unknown.sort(), faults };
  }

  #inVersion(version: string): string {
    return inVersion({ kind: this.resource.kind, version });
  }

  /** @throws StatusError BadRequest naming every finding (K-145) */
  refuseLoose(findings: readonly string[], version: string, preface: string): void {
    if (findings.length)
      throw StatusError.badRequest(
        `${this.#inVersion(version)}: strict decoding error: ${preface}${findings.join(', ')}`,
      );
  }

  /** A document of this form as an object. The document is taken over. */
  toObject(document: Record<string, unknown>, { form }: CompiledForm): T {
    const object = (form.toHub?.(document) ?? document) as unknown as T;
    object.apiVersion = this.hub.apiVersion;
    object.kind = this.resource.kind;
    if (!isRecord(object.metadata)) object.metadata = { name: '' };
    object.metadata.name ??= '';
    return object;
  }

  /** An object as a document of this form. The object is taken over. */
  toDocument(object: T, { form, apiVersion }: CompiledForm): Record<string, unknown> {
    const document = form.fromHub?.(object) ?? (object as unknown as Record<string, unknown>);
    document.apiVersion = apiVersion;
    return document;
  }

  /** The object as the cache keeps it, from what was just written. */
  snapshot(object: T, stored: Buffer, revision: number, createRevision: number, whole = true): Snapshot {
    return this.#snapshot(object, this.envelope.served(stored, revision), revision, createRevision, whole);
  }

  /** What a dry run of a create answers: an object without a resourceVersion (K-139). */
  unversioned(object: T, stored: Buffer): Snapshot {
    return this.#snapshot(object, stored, 0, 0, true);
  }

  #snapshot(object: T, bytes: Buffer, revision: number, createRevision: number, whole: boolean): Snapshot {
    const { metadata } = object;
    return new Snapshot({
      key: metadata.namespace ? `${metadata.namespace}/${metadata.name}` : metadata.name,
      namespace: metadata.namespace ?? '',
      name: metadata.name,
      uid: metadata.uid ?? '',
      revision,
      createRevision,
      labels: metadata.labels,
      fields: this.#fieldsOf(object),
      bytes,
      whole,
    });
  }

  /**
   * The object as the cache keeps it, from what is stored.
   *
   * @throws StorageError Unreadable when the bytes are not an object of this kind
   */
  snapshotOf({ key, value, revision, createRevision }: Entry): Snapshot {
    const { object, outdated, foreign } = this.#read(key, value);
    const stored = outdated || foreign ? this.envelope.stored(object) : value;
    try {
      return this.snapshot(object, stored, revision, createRevision, !foreign);
    } catch (cause) {
      // It lacks what every object of the kind has, such as a spec: nobody of ours wrote it.
      throw unreadable(key, cause);
    }
  }

  /**
   * What is stored, as it would be written now: defaulted and in the storage version (K-534).
   *
   * @returns undefined when it is stored so already
   * @throws StorageError Unreadable when the bytes are not an object of this kind
   */
  renewed({ key, value }: Entry): Buffer | undefined {
    const { object, outdated, foreign } = this.#read(key, value);
    return outdated ? this.#stored(object, foreign) : undefined;
  }

  /**
   * The object that an entry holds, from storage or from the cache, with its resourceVersion.
   *
   * @throws StorageError Unreadable when the bytes are not an object of this kind
   */
  opened({ key, value, revision }: Entry): Opened<T> {
    const { object, foreign } = this.#read(key, value);
    object.metadata.resourceVersion = String(revision);
    return { object, whole: !foreign, stored: (next) => this.#stored(next, foreign) };
  }

  #stored(object: T, foreign: Foreign<T> | undefined): Buffer {
    if (!foreign) return this.envelope.stored(object);
    return this.envelope.stored(withForeignFields(object, foreign.known, foreign.stored, this.hub.form.schema));
  }

  /** Values that were written under an older schema are converted and defaulted as they are read. */
  #read(key: string, value: Buffer): Read<T> {
    try {
      const document = parseOwn(value);
      if (!isRecord(document) || !isRecord(document.metadata) || document.kind !== this.resource.kind)
        throw new Error(`not a ${this.resource.kind}: ${jsonText(document).slice(0, 40)}`);
      if (document.apiVersion !== this.hub.apiVersion) return this.#readAs(this.#formOf(document.apiVersion), document);
      const object = document as unknown as T;
      const pruned = this.hub.prune?.(object, new Path()) ?? false;
      const filled = this.hub.fillDefaults?.(object) ?? false;
      const foreign = pruned ? { known: copyOf(object), stored: parseOwn(value) } : undefined;
      return { object, outdated: filled || !this.envelope.fits(value), foreign };
    } catch (cause) {
      throw unreadable(key, cause);
    }
  }

  /** What is stored in another version than it would be now. */
  #readAs(form: CompiledForm, document: Record<string, unknown>): Read<T> {
    form.form.respell?.(document, () => {});
    form.prune?.(document, new Path());
    form.fillDefaults?.(document);
    const object = this.toObject(document, form);
    this.hub.fillDefaults?.(object);
    return { object, outdated: true, foreign: undefined };
  }

  /** @throws Error when a newer server stored it in a version that we do not know */
  #formOf(apiVersion: unknown): CompiledForm {
    for (const form of this.#forms.values()) if (form.apiVersion === apiVersion) return form;
    throw new Error(`it is stored in ${inWords(apiVersion)}, which this version of the server does not know`);
  }

  #fieldsOf(object: T): Record<string, FieldValue> {
    const fields: Record<string, FieldValue> = {
      'metadata.name': object.metadata.name,
      'metadata.namespace': object.metadata.namespace ?? '',
    };
    for (const field of this.resource.selectableFields ?? []) fields[field.label] = field.value(object);
    return fields;
  }
}

const unreadable = (key: string, cause: unknown): StorageError =>
  new StorageError('Unreadable', `what ${key} holds cannot be read: ${(cause as Error).message}`, { key, cause });

/** The values of these are texts in Go, of which a null is an empty one. */
function emptyNulls(metadata: unknown): void {
  if (!isRecord(metadata)) return;
  for (const texts of [metadata.labels, metadata.annotations])
    if (isRecord(texts)) for (const [key, value] of Object.entries(texts)) if (value === null) setOwn(texts, key, '');
}

/** Kubernetes' metadata holds no empty lists and maps; that nobody manages a field is something to say, so that one stays (K-252). */
function dropEmpty(metadata: unknown): void {
  if (!isRecord(metadata)) return;
  for (const field of ['labels', 'annotations', 'finalizers', 'ownerReferences']) {
    const value = metadata[field];
    if (typeof value === 'object' && value !== null && Object.keys(value).length === 0) delete metadata[field];
  }
}

const compiled = <T extends KubeObject>(form: Form, { group, selectableFields }: Resource<T>): CompiledForm => ({
  form,
  selectable: selectableIn(selectableFields, form),
  apiVersion: apiVersionOf({ group, version: form.version }),
  prune: compilePruning(form.schema),
  dropNulls: compileNulls(form.schema),
  fillDefaults: compileDefaults(form.schema),
  validate: compileValidation({
    ...form.schema,
    properties: { ...form.schema.properties, metadata: { type: 'object' } },
  }),
});
