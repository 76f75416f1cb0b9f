/**
 * Subresources whose document is not the object itself, such as `scale`: get, update and patch (K-308 to K-316).
 */
import type { Clock } from '../../openapi/machinery/clock.ts';
import { invalid } from '../../openapi/machinery/field.ts';
import { copyOf, inWords, jsonText } from '../../openapi/machinery/json.ts';
import { apiVersionOf, isRecord, type KubeObject } from '../../openapi/machinery/meta.ts';
import { StatusError } from '../../openapi/machinery/status.ts';
import { Path } from '../../openapi/schema/path.ts';
import { compilePruning, type Pruner } from '../../openapi/schema/prune.ts';
import { compileValidation, type Validator } from '../../openapi/schema/validate.ts';
import { metadataBody, metadataItem } from '../codec/protobuf/meta.ts';
import { preconditionsIn } from '../registry/configuration.ts';
import { checkName, type DocumentOptions, type ReceivedDocument, unknownField } from '../registry/documents.ts';
import { inVersion } from '../registry/kind-codec.ts';
import type { ObjectRegistry } from '../registry/registry.ts';
import type { OwnedThrough, Subresource } from '../registry/resource.ts';
import { applyOptions, applyType, readConfiguration } from './apply.ts';
import { receiveDocument } from './body.ts';
import type { Exchange } from './exchange.ts';
import { bareType } from './negotiation.ts';
import { receivePatch, viewOf } from './objects.ts';
import { revisionOf, writeOptions } from './options.ts';
import type { View } from './representation.ts';
import { sendJson, sendValue } from './respond.ts';
import { documentTable } from './table.ts';

export class SubresourceHandlers {
  readonly #clock: Clock;
  readonly #schemas = new WeakMap<Subresource<KubeObject>, CompiledSchema>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async get(exchange: Exchange, registry: ObjectRegistry, subresource: Subresource<KubeObject>): Promise<void> {
    const view = viewOf(exchange, false);
    const version = revisionOf(exchange.query.get('resourceVersion') ?? '');
    const snapshot = await registry.reads.get(registry.keyOf(exchange.attributes), version, exchange.signal);
    return this.#send(exchange, registry.readSubresource(snapshot, subresource), subresource, view);
  }

  async update(exchange: Exchange, registry: ObjectRegistry, subresource: Subresource<KubeObject>): Promise<void> {
    const view = viewOf(exchange, false);
    const { wire } = registry.resource;
    const decode = await receiveDocument(exchange, { kind: subresource.kind, ...(wire && { wire }) });
    const options = writeOptions(exchange, 'UpdateOptions');
    const received = decode();
    const { attributes, signal } = exchange;
    const edit = (present: KubeObject): KubeObject => {
      const { document, unknown } = this.#checked(copyOf(received.value), subresource, attributes);
      heed([...received.duplicates, ...unknown], options, (why) =>
        StatusError.badRequest(`${inVersion(subresource)}: ${why}`),
      );
      const { resourceVersion = '', uid = '' } = present.metadata;
      return { ...document, metadata: { ...document.metadata, resourceVersion, uid } };
    };
    // Both are preconditions only when they are given (K-312).
    const preconditions = isRecord(received.value) ? preconditionsIn(received.value) : {};
    const document = await registry.writeSubresource(subresource, edit, attributes, options, signal, preconditions);
    return this.#send(exchange, document, subresource, view);
  }

  async patch(exchange: Exchange, registry: ObjectRegistry, subresource: Subresource<KubeObject>): Promise<void> {
    const view = viewOf(exchange, false);
    const { owned } = subresource;
    const applies = owned && registry.resource.tracksOwnership !== false;
    if (applies && bareType(exchange.header('content-type')) === applyType)
      return this.#apply(exchange, registry, { ...subresource, owned }, view);
    const { wire } = registry.resource;
    const decode = await receivePatch(exchange, { ...(wire && { wire }), tracksOwnership: applies === true }, () => {});
    const options = writeOptions(exchange, 'PatchOptions');
    const patch = decode();
    const { attributes, signal } = exchange;
    const edit = (present: KubeObject): KubeObject => {
      const patched = patch.apply(present as unknown as Record<string, unknown>);
      const text = jsonText(patched);
      const { document, unknown } = this.#checked(patched, subresource, attributes);
      heed([...patch.findings, ...unknown], options, (why) =>
        StatusError.invalid({ group: '', kind: '' }, '', [invalid('patch', text, why)]),
      );
      return document;
    };
    const document = await registry.writeSubresource(subresource, edit, attributes, options, signal);
    return this.#send(exchange, document, subresource, view);
  }

  async #apply(
    exchange: Exchange,
    registry: ObjectRegistry,
    subresource: Subresource<KubeObject> & { readonly owned: OwnedThrough<KubeObject> },
    view: View,
  ): Promise<void> {
    const options = applyOptions(exchange);
    const received = await readConfiguration(exchange);
    const { attributes, signal } = exchange;
    const judge = (document: KubeObject): KubeObject => this.#checked(document, subresource, attributes).document;
    const document = await registry.applySubresource(subresource, received, judge, attributes, options, signal);
    return this.#send(exchange, document, subresource, view);
  }

  /** @param view agreed upon before anything was read or written */
  #send(
    exchange: Exchange,
    document: KubeObject,
    subresource: Subresource<KubeObject>,
    { negotiated: { transform, media, metaVersion } }: View,
  ): Promise<void> {
    if (transform === 'Table')
      return sendJson(exchange, 200, media, documentTable(document, subresource.columns, metaVersion, this.#clock));
    if (media === 'protobuf') return sendJson(exchange, 200, media, metadataBody(metadataItem(document), metaVersion));
    if (!transform) return sendValue(exchange, 200, media, document);
    const { metadata } = document;
    const alone = { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${metaVersion}`, metadata };
    return sendValue(exchange, 200, media, alone);
  }

  /**
   * The document without what its schema does not know, and what that was.
   *
   * @throws StatusError 400 for another kind or name, 422 for what the schema refuses
   */
  #checked(
    document: ReceivedDocument['value'],
    subresource: Subresource<KubeObject>,
    attributes: { name: string; namespace: string },
  ): { document: KubeObject; unknown: string[] } {
    const { kind, group } = subresource;
    const apiVersion = apiVersionOf(subresource);
    if (!isRecord(document)) throw StatusError.badRequest(`the body is not a ${kind}`);
    // Whoever puts something to a path of Scales means a Scale.
    if (document.kind === undefined && document.apiVersion === undefined) Object.assign(document, { apiVersion, kind });
    if (document.kind !== kind || document.apiVersion !== apiVersion)
      throw StatusError.badRequest(
        `the body is a ${inWords(document.apiVersion)}, Kind=${inWords(document.kind)}; expected ${apiVersion}, Kind=${kind}`,
      );
    checkName(document, attributes);
    const { prune, validate } = this.#compiled(subresource);
    const unknown: string[] = [];
    prune?.(document, new Path(), (path) => unknown.push(unknownField(path)));
    const faults = validate(document);
    if (faults.length) throw StatusError.invalid({ group, kind }, attributes.name, faults);
    return { document: document as unknown as KubeObject, unknown: unknown.sort() };
  }

  #compiled(subresource: Subresource<KubeObject>): CompiledSchema {
    const known = this.#schemas.get(subresource);
    if (known) return known;
    const { schema } = subresource;
    const compiled = { prune: compilePruning(schema), validate: compileValidation(schema) };
    this.#schemas.set(subresource, compiled);
    return compiled;
  }
}

interface CompiledSchema {
  readonly prune: Pruner | undefined;
  readonly validate: Validator;
}

/** What stands twice or is unknown is refused, told or overlooked, as the client wishes (K-143 to K-145). */
function heed(
  findings: readonly string[],
  { fieldValidation, warn }: DocumentOptions,
  refusal: (why: string) => StatusError,
): void {
  if (fieldValidation === 'Strict' && findings.length) throw refusal(`strict decoding error: ${findings.join(', ')}`);
  if (fieldValidation === 'Warn') for (const finding of findings) warn(finding);
}
