/**
 * From documents that were received to objects: is it one of this kind, in which spelling, with what faults.
 *
 * The verbs are registry.ts'; what a kind's own rules are is its strategy's. Texts are Kubernetes'.
 */
import { type FieldError, invalid } from '../../openapi/machinery/field.ts';
import { inWords, jsonText } from '../../openapi/machinery/json.ts';
import { isRecord, type KubeObject } from '../../openapi/machinery/meta.ts';
import { StatusError } from '../../openapi/machinery/status.ts';
import { lastAppliedIn } from '../managedfields/last-applied.ts';
import type { CompiledForm, KindCodec } from './kind-codec.ts';
import { metadataFaults } from './metadata.ts';
import type { WriteContext } from './strategy.ts';

/** What is to be done about unknown and repeated fields (K-143 to K-145). */
export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

export interface DocumentOptions extends WriteContext {
  readonly fieldValidation: FieldValidation;
}

/** A document as it was decoded. */
export interface ReceivedDocument {
  readonly value: unknown;
  /** What its decoder has to say about it: `duplicate field "spec.app"`. */
  readonly duplicates: readonly string[];
  /** What stands before them in a refusal. */
  readonly preface?: string;
}

export class Documents<T extends KubeObject = KubeObject> {
  readonly #codec: KindCodec<T>;

  constructor(codec: KindCodec<T>) {
    this.#codec = codec;
  }

  /** Is this a document of this kind in this version at all (K-154 to K-156)? */
  checked(document: unknown, { apiVersion }: CompiledForm): Record<string, unknown> {
    const { kind, group } = this.#codec.resource;
    const text = () => jsonText(document);
    const refusal = (why: string): StatusError =>
      StatusError.badRequest(`the object provided is unrecognized (must be of type ${kind}): ${why}`);
    if (!isRecord(document))
      throw refusal(
        `couldn't get version/kind; json parse error: not an object (${snippet(Buffer.from(text()).toString('hex'))})`,
      );
    if (!document.kind) throw refusal(`Object 'Kind' is missing in '${text()}' (${snippet(text())})`);
    if (!document.apiVersion) throw refusal(`Object 'apiVersion' is missing in '${text()}' (${snippet(text())})`);
    for (const field of ['apiVersion', 'kind'])
      if (typeof document[field] !== 'string')
        throw refusal(`couldn't get version/kind; json parse error: ${field} is not a string (${snippet(text())})`);
    if (/\/.*\//.test(document.apiVersion as string))
      throw refusal(`unexpected GroupVersion string: ${document.apiVersion} (${snippet(text())})`);
    if (document.apiVersion !== apiVersion)
      throw StatusError.badRequest(
        `the API version in the data (${document.apiVersion}) does not match the expected API version (${apiVersion})`,
      );
    if (document.kind !== kind) {
      const { name } = metadataOf(document);
      const fault = invalid('kind', document.kind, `must be ${kind}`);
      throw StatusError.invalid({ group, kind: String(document.kind) }, typeof name === 'string' ? name : '', [fault]);
    }
    return document;
  }

  /** The same of what a patch has made of a document, which could be read before (K-250). */
  checkedPatch(document: Record<string, unknown>, form: CompiledForm): Record<string, unknown> {
    const { kind } = this.#codec.resource;
    const { apiVersion } = document;
    for (const [field, word] of [
      ['kind', 'Kind'],
      ['apiVersion', 'apiVersion'],
    ] as const)
      if (!document[field]) throw unreadablePatch(document, `Object '${word}' is missing in '${jsonText(document)}'`);
      else if (typeof document[field] !== 'string') throw unreadablePatch(document, `${field} is not a string`);
    if (apiVersion === form.apiVersion) return this.checked(document, form);
    const { name } = metadataOf(document);
    const fault = invalid('apiVersion', apiVersion, `must be ${form.apiVersion}`);
    const [group = ''] = String(apiVersion).includes('/') ? String(apiVersion).split('/', 1) : [];
    throw StatusError.invalid({ group, kind }, typeof name === 'string' ? name : '', [fault]);
  }

  /** A document as an object, with the faults that its schema finds; the strategy must not see an object that has any. */
  decoded(
    document: Record<string, unknown>,
    { duplicates, preface = '' }: ReceivedDocument,
    form: CompiledForm,
    { fieldValidation, warn }: DocumentOptions,
  ): { object: T; faults: readonly FieldError[] } {
    const { unknown, faults } = this.#codec.normalise(document, form, warn);
    const findings = [...duplicates, ...unknown.map(unknownField)];
    if (fieldValidation === 'Strict')
      this.#codec.refuseLoose(findings, form.form.version, duplicates.length ? preface : '');
    if (fieldValidation === 'Warn') for (const finding of findings) warn(finding);
    return this.#converted(document, form, faults);
  }

  /** Judged in the words of the form; then in the hub's, which may ask for more than the form can say. */
  #converted(
    document: Record<string, unknown>,
    form: CompiledForm,
    faults: readonly FieldError[],
  ): { object: T; faults: readonly FieldError[] } {
    const found = [...faults, ...form.validate(document)];
    const object = this.#codec.toObject(document, form);
    const { hub } = this.#codec;
    return { object, faults: found.length || form === hub ? found : hub.validate(object) };
  }

  /**
   * A patched document is refused in other words (K-148).
   *
   * @param inPatch what was found in the patch itself
   */
  decodedPatch(
    document: Record<string, unknown>,
    form: CompiledForm,
    options: DocumentOptions,
    inPatch: readonly string[] = [],
  ): { object: T; faults: readonly FieldError[] } {
    const strict = options.fieldValidation === 'Strict';
    const text = strict ? jsonText(document) : '';
    const refusal = (why: string): StatusError => unreadablePatch(document, why, text);
    try {
      const { unknown, faults } = this.#codec.normalise(document, form, options.warn);
      const findings = [...inPatch, ...unknown.map(unknownField)];
      if (strict && findings.length) throw refusal(`strict decoding error: ${findings.join(', ')}`);
      if (options.fieldValidation === 'Warn') for (const finding of findings) options.warn(finding);
      return this.#converted(document, form, faults);
    } catch (error) {
      // Metadata of wrong types: a patch that cannot be carried out, where it would be a body that cannot be read.
      if (error instanceof StatusError && error.code === 400) throw refusal(error.message);
      throw error;
    }
  }

  /** @throws StatusError 422 with these faults, and those of the metadata beside them */
  refuseIllTyped({ metadata }: T, faults: readonly FieldError[]): void {
    const { group, kind, nameRule } = this.#codec.resource;
    if (!faults.length) return;
    throw StatusError.invalid({ group, kind }, metadata.name, [
      ...faults,
      ...metadataFaults(metadata, nameRule, false),
    ]);
  }

  /** Puts a merge patch into today's spelling, in place. @throws StatusError 422 when two spellings disagree */
  respellPatch(patch: unknown, version: string, warn: (text: string) => void): void {
    if (!isRecord(patch)) return;
    const { form, apiVersion } = this.#codec.form(version);
    const file = form.keepWhatIsSaid && lastAppliedIn(metadataOf(patch));
    if (isRecord(file) && file.apiVersion === apiVersion) form.keepWhatIsSaid?.(patch, file);
    this.respell(patch, version, warn);
  }

  /** Puts a document into today's spelling, in place. @throws StatusError 422 when two spellings disagree */
  respell(patch: unknown, version: string, warn: (text: string) => void): void {
    const { group, kind } = this.#codec.resource;
    const faults = isRecord(patch) ? (this.#codec.form(version).form.respell?.(patch, warn) ?? []) : [];
    if (faults.length) throw StatusError.invalid({ group, kind }, '', faults);
  }
}

const unreadablePatch = (document: unknown, why: string, text = ''): StatusError =>
  StatusError.invalid({ group: '', kind: '' }, '', [invalid('patch', text || jsonText(document), why)]);

export const unknownField = (path: string): string => `unknown field ${JSON.stringify(path)}`;

/** Whatever a document has for metadata; empty when that is none. */
export const metadataOf = (document: object): Record<string, unknown> => {
  const { metadata } = document as { metadata?: unknown };
  return isRecord(metadata) ? metadata : {};
};

/** The name in a body must be the one in the path (K-230, K-255). */
export function checkName(
  document: object,
  { name: expected, namespace: expectedNamespace }: { name: string; namespace: string },
): void {
  const { name, namespace } = metadataOf(document);
  if (name === undefined || name === '')
    throw StatusError.badRequest(
      `the name of the object (${expected} based on URL) was undeterminable: name must be provided`,
    );
  if (name !== expected)
    throw StatusError.badRequest(
      `the name of the object (${inWords(name)}) does not match the name on the URL (${expected})`,
    );
  if (namespace !== undefined && namespace !== '' && namespace !== expectedNamespace)
    throw StatusError.badRequest(
      `the namespace of the object (${inWords(namespace)}) does not match the namespace on the request (${expectedNamespace})`,
    );
}

/** What is no revision at all is a mistake, not a conflict that reading again would settle. The text is Go's. */
export function checkRevision(resourceVersion: string): void {
  if (/^\d*$/.test(resourceVersion)) return;
  throw StatusError.badRequest(`strconv.ParseUint: parsing ${JSON.stringify(resourceVersion)}: invalid syntax`);
}

/** The beginning of a body, to recognise it by. */
export const snippet = (text: string): string => (text.length > 30 ? `${text.slice(0, 30)} ...` : text || '<empty>');
