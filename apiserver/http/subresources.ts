/**
 * Subresources whose document is not the object itself, such as `scale`: get, update and patch (K-308 to K-316).
 */
import type { Clock } from '../../openapi/machinery/clock.ts';
import { inWords } from '../../openapi/machinery/json.ts';
import { apiVersionOf, isRecord, type KubeObject } from '../../openapi/machinery/meta.ts';
import { StatusError } from '../../openapi/machinery/status.ts';
import { compileValidation, type Validator } from '../../openapi/schema/validate.ts';
import { metadataBody, metadataItem } from '../codec/protobuf/meta.ts';
import { checkName, type ReceivedDocument } from '../registry/documents.ts';
import type { ObjectRegistry } from '../registry/registry.ts';
import type { OwnedThrough, Subresource } from '../registry/resource.ts';
import { applyOptions, applyType, readConfiguration } from './apply.ts';
import { readDocument } from './body.ts';
import type { Exchange } from './exchange.ts';
import { bareType } from './negotiation.ts';
import { readPatch, viewOf } from './objects.ts';
import { revisionOf, writeOptions } from './options.ts';
import { documentTable } from './representation.ts';
import { sendJson, sendValue } from './respond.ts';

export class SubresourceHandlers {
  readonly #clock: Clock;
  readonly #validators = new WeakMap<Subresource<KubeObject>, Validator>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async get(exchange: Exchange, registry: ObjectRegistry, subresource: Subresource<KubeObject>): Promise<void> {
    const version = revisionOf(exchange.query.get('resourceVersion') ?? '');
    const snapshot = await registry.reads.get(registry.keyOf(exchange.attributes), version, exchange.signal);
    return this.#send(exchange, registry.readSubresource(snapshot, subresource), subresource);
  }

  async update(exchange: Exchange, registry: ObjectRegistry, subresource: Subresource<KubeObject>): Promise<void> {
    const options = writeOptions(exchange, 'UpdateOptions');
    const { wire } = registry.resource;
    const received = await readDocument(exchange, { kind: subresource.kind, ...(wire && { wire }) });
    const { attributes, signal } = exchange;
    const edit = (present: KubeObject): KubeObject => {
      const document = this.#checked(received.value, subresource, attributes);
      // Both are preconditions only when they are given (K-312).
      const { resourceVersion = '', uid = '' } = document.metadata;
      return {
        ...document,
        metadata: {
          ...document.metadata,
          resourceVersion: resourceVersion || (present.metadata.resourceVersion ?? ''),
          uid: uid || (present.metadata.uid ?? ''),
        },
      };
    };
    const document = await registry.writeSubresource(subresource, edit, attributes, options, signal);
    return this.#send(exchange, document, subresource);
  }

  async patch(exchange: Exchange, registry: ObjectRegistry, subresource: Subresource<KubeObject>): Promise<void> {
    const { owned } = subresource;
    const applies = owned && registry.resource.tracksOwnership !== false;
    if (applies && bareType(exchange.header('content-type')) === applyType)
      return this.#apply(exchange, registry, { ...subresource, owned });
    const { wire } = registry.resource;
    const patcher = await readPatch(exchange, { ...(wire && { wire }), tracksOwnership: false }, () => {});
    const options = writeOptions(exchange, 'PatchOptions');
    const { attributes, signal } = exchange;
    const edit = (present: KubeObject): KubeObject =>
      this.#checked(patcher(present as unknown as Record<string, unknown>), subresource, attributes);
    const document = await registry.writeSubresource(subresource, edit, attributes, options, signal);
    return this.#send(exchange, document, subresource);
  }

  async #apply(
    exchange: Exchange,
    registry: ObjectRegistry,
    subresource: Subresource<KubeObject> & { readonly owned: OwnedThrough<KubeObject> },
  ): Promise<void> {
    const options = applyOptions(exchange);
    const received = await readConfiguration(exchange);
    const { attributes, signal } = exchange;
    const judge = (document: KubeObject): KubeObject => this.#checked(document, subresource, attributes);
    const document = await registry.applySubresource(subresource, received, judge, attributes, options, signal);
    return this.#send(exchange, document, subresource);
  }

  #send(exchange: Exchange, document: KubeObject, subresource: Subresource<KubeObject>): Promise<void> {
    const { transform, media, metaVersion } = viewOf(exchange, false).negotiated;
    if (transform === 'Table')
      return sendJson(exchange, 200, media, documentTable(document, subresource.columns, metaVersion, this.#clock));
    if (media === 'protobuf') return sendJson(exchange, 200, media, metadataBody(metadataItem(document), metaVersion));
    if (!transform) return sendValue(exchange, 200, media, document);
    const { metadata } = document;
    const alone = { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${metaVersion}`, metadata };
    return sendValue(exchange, 200, media, alone);
  }

  /** @throws StatusError 400 for another kind or name, 422 for what the schema refuses */
  #checked(
    document: ReceivedDocument['value'],
    subresource: Subresource<KubeObject>,
    attributes: { name: string; namespace: string },
  ): KubeObject {
    const { kind, group } = subresource;
    const apiVersion = apiVersionOf(subresource);
    if (!isRecord(document)) throw StatusError.badRequest(`the body is not a ${kind}`);
    if (document.kind !== kind || document.apiVersion !== apiVersion)
      throw StatusError.badRequest(
        `the body is a ${inWords(document.apiVersion)}, Kind=${inWords(document.kind)}; expected ${apiVersion}, Kind=${kind}`,
      );
    checkName(document, attributes);
    const faults = this.#validatorOf(subresource)(document);
    if (faults.length) throw StatusError.invalid({ group, kind }, attributes.name, faults);
    return document as unknown as KubeObject;
  }

  #validatorOf(subresource: Subresource<KubeObject>): Validator {
    const known = this.#validators.get(subresource);
    if (known) return known;
    const validator = compileValidation(subresource.schema);
    this.#validators.set(subresource, validator);
    return validator;
  }
}
