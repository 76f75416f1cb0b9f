/**
 * The verbs of a resource over HTTP: options and bodies in, the registry's answer out in the form that the client asked for.
 */
import { demanded } from '../../openapi/machinery/field-selector.ts';
import { copyOf } from '../../openapi/machinery/json.ts';
import { isRecord } from '../../openapi/machinery/meta.ts';
import { deleted as deletedStatus, isRevisionTooLarge, StatusError } from '../../openapi/machinery/status.ts';
import type { Authorizer } from '../auth/authorizer.ts';
import type { Snapshot } from '../cache/snapshot.ts';
import { type Decoded, DecodeError, decodeJson } from '../codec/json.ts';
import { decodeYaml } from '../codec/yaml.ts';
import { jsonPatched, parseJsonPatch, unknownMembers } from '../patch/json-patch.ts';
import { mergePatched } from '../patch/merge-patch.ts';
import type { ListAnswer, ListRequest } from '../registry/reads.ts';
import { patchTypesOf } from '../registry/registries.ts';
import type { ObjectRegistry, Patch, Target } from '../registry/registry.ts';
import type { Resource, WireForms } from '../registry/resource.ts';
import { type Selection, type Selectors, selectionBy } from '../registry/selection.ts';
import { brokenWatch, type WatchSource } from '../registry/watch-reader.ts';
import { applyOptions, applyType, mayCreate, readConfiguration } from './apply.ts';
import { decoding, deleteOptionsFrom, fromProtobuf, readBody, receiveDocument, repeatedField } from './body.ts';
import type { Exchange } from './exchange.ts';
import { bareType, bodyMedia, negotiate } from './negotiation.ts';
import {
  deleteOptions,
  includeObject,
  type ListOptions,
  listOptions,
  revisionOf,
  revisionOfMany,
  watchOptions,
  writeOptions,
} from './options.ts';
import type { Representation, View } from './representation.ts';
import { sendJson, sendList, sendStatus } from './respond.ts';
import { streamWatch } from './watch-stream.ts';

export class ObjectHandlers {
  readonly #representation: Representation;
  readonly #authorizer: Authorizer;

  /** @param authorizer is asked where a request turns out to do more than its verb says */
  constructor(representation: Representation, authorizer: Authorizer) {
    this.#representation = representation;
    this.#authorizer = authorizer;
  }

  async get(exchange: Exchange, registry: ObjectRegistry): Promise<void> {
    const view = viewOf(exchange, false);
    const version = revisionOf(exchange.query.get('resourceVersion') ?? '');
    const snapshot = await registry.reads.get(registry.keyOf(exchange.attributes), version, exchange.signal);
    return this.#sendObject(exchange, 200, registry, snapshot, view);
  }

  async list(exchange: Exchange, registry: ObjectRegistry): Promise<void> {
    const view = viewOf(exchange, true);
    const options = listOptions(exchange);
    const request = requestOf(options, selectionOf(exchange, registry, options));
    const answer = await registry.reads.list(request, exchange.signal);
    return this.#sendList(exchange, registry, answer, view);
  }

  async watch(exchange: Exchange, registry: ObjectRegistry): Promise<void> {
    const view = viewOf(exchange, false, true);
    const options = watchOptions(exchange);
    const { bookmarks, timeoutSeconds } = options;
    const selection = ofName(selectionOf(exchange, registry, options), exchange.attributes.name);
    const resourceVersion = revisionOfMany(options.resourceVersion);
    const initialEvents = options.sendInitialEvents ?? !resourceVersion;
    const reader = await registry.reads
      .watch({ selection, resourceVersion, initialEvents }, exchange.signal)
      .catch(toldInStream);
    return streamWatch(exchange, this.#representation, {
      reader,
      codec: registry.codec,
      view,
      bookmarks,
      timeoutSeconds,
    });
  }

  async create(exchange: Exchange, registry: ObjectRegistry): Promise<void> {
    const view = viewOf(exchange, false);
    const decode = await receiveDocument(exchange, registry.resource);
    const options = writeOptions(exchange, 'CreateOptions');
    const snapshot = await registry.create(decode(), targetOf(exchange), options, exchange.signal);
    return this.#sendObject(exchange, 201, registry, snapshot, view);
  }

  async update(exchange: Exchange, registry: ObjectRegistry): Promise<void> {
    const view = viewOf(exchange, false);
    const decode = await receiveDocument(exchange, registry.resource);
    const options = writeOptions(exchange, 'UpdateOptions');
    const snapshot = await registry.replace(decode(), targetOf(exchange), options, exchange.signal);
    return this.#sendObject(exchange, 200, registry, snapshot, view);
  }

  async patch(exchange: Exchange, registry: ObjectRegistry): Promise<void> {
    const applies = registry.resource.tracksOwnership !== false;
    if (applies && bareType(exchange.header('content-type')) === applyType) return this.#apply(exchange, registry);
    const view = viewOf(exchange, false);
    const decode = await receivePatch(exchange, registry.resource, (patch) =>
      registry.respell(patch, exchange.attributes.version, exchange.warn),
    );
    const options = writeOptions(exchange, 'PatchOptions');
    const snapshot = await registry.patch(decode(), targetOf(exchange), options, exchange.signal);
    return this.#sendObject(exchange, 200, registry, snapshot, view);
  }

  async #apply(exchange: Exchange, registry: ObjectRegistry): Promise<void> {
    const view = viewOf(exchange, false);
    const options = applyOptions(exchange);
    const configuration = await readConfiguration(exchange);
    const allowed = () => mayCreate(exchange, this.#authorizer);
    const target = targetOf(exchange);
    const { snapshot, created } = await registry.apply(configuration, target, options, allowed, exchange.signal);
    return this.#sendObject(exchange, created ? 201 : 200, registry, snapshot, view);
  }

  async delete(exchange: Exchange, registry: ObjectRegistry): Promise<void> {
    const view = viewOf(exchange, false);
    const body = await optionalBody(exchange, registry.resource);
    const { options, dryRun, isCascading } = deleteOptions(exchange, body);
    const { user, warn, attributes } = exchange;
    const context = { user, warn, dryRun, subresource: '' };
    const { snapshot, gone } = await registry.delete(attributes, options, context, exchange.signal);
    // Only those who ask in the old way are told so that it is not over yet (K-297).
    if (!gone) return this.#sendObject(exchange, isCascading ? 202 : 200, registry, snapshot, view);
    const { name, uid } = snapshot;
    return sendStatus(exchange, deletedStatus(registry.writes.groupResource, name, uid));
  }

  async deleteCollection(exchange: Exchange, registry: ObjectRegistry): Promise<void> {
    const view = viewOf(exchange, true);
    const list = listOptions(exchange);
    const selection = selectionOf(exchange, registry, list);
    const { options, dryRun } = deleteOptions(exchange, await optionalBody(exchange, registry.resource));
    const { user, warn } = exchange;
    const answer = await registry.deleteCollection(
      requestOf(list, selection),
      options,
      { user, warn, dryRun, subresource: '' },
      exchange.signal,
    );
    return this.#sendList(exchange, registry, answer, view);
  }

  #sendObject(
    exchange: Exchange,
    code: number,
    { codec }: ObjectRegistry,
    snapshot: Snapshot,
    view: View,
  ): Promise<void> {
    return sendJson(exchange, code, view.negotiated.media, this.#representation.single(codec, snapshot, view));
  }

  #sendList(exchange: Exchange, { codec }: ObjectRegistry, answer: ListAnswer, view: View): Promise<void> {
    const meta = {
      resourceVersion: String(answer.revision),
      ...(answer.continue && { continue: answer.continue }),
      ...(answer.remaining !== undefined && { remainingItemCount: answer.remaining }),
    };
    return sendList(exchange, view.negotiated.media, this.#representation.list(codec, answer.items, view, meta));
  }
}

/** @throws StatusError 400 */
function requestOf({ limit, match, ...options }: ListOptions, selection: Selection): ListRequest {
  const resourceVersion = revisionOfMany(options.resourceVersion);
  if (options.continue !== '' && resourceVersion)
    throw StatusError.badRequest('specifying resource version is not allowed when using continue');
  // A version with a limit has always meant exactly that version (K-191).
  const exact =
    match === 'Exact' || (match === '' && limit > 0 && resourceVersion !== undefined && resourceVersion > 0);
  return { selection, limit, continue: options.continue, resourceVersion, exact };
}

/** A state that does not come in time is told of in the stream (K-218). @throws all others */
function toldInStream(error: unknown): WatchSource {
  if (isRevisionTooLarge(error)) return brokenWatch(error);
  throw error;
}

const targetOf = ({ attributes: { namespace, name, version } }: Exchange): Target => ({ namespace, name, version });

const selectionOf = (
  { attributes }: Exchange,
  { codec }: ObjectRegistry,
  { selectors }: { selectors: Selectors },
): Selection => selectionBy(attributes.namespace, selectors, codec.form(attributes.version).selectable);

/** On the old paths of watches the name stands in the path (K-030). @throws StatusError 400 when a selector says another (K-205) */
function ofName(selection: Selection, name: string): Selection {
  const { fields } = selection;
  if (name === '' || demanded(fields, 'metadata.name') === name) return selection;
  if (fields.length) throw StatusError.badRequest("fieldSelector metadata.name doesn't match requested name");
  return { ...selection, fields: [{ field: 'metadata.name', negated: false, value: name }] };
}

/** @throws StatusError NotAcceptable, also when a single object is asked for as a list and the reverse (K-119) */
export function viewOf(exchange: Exchange, list: boolean, watch = false): View {
  const negotiated = negotiate(exchange.request.headers.accept, watch);
  const { transform } = negotiated;
  if (list && transform === 'PartialObjectMetadata')
    throw notAcceptable('you requested PartialObjectMetadata, but the requested object is a list');
  if (!list && transform === 'PartialObjectMetadataList')
    throw notAcceptable('you requested PartialObjectMetadataList, but the requested object is not a list');
  // Only tables have rows, so nobody else is told what is wrong with this.
  const rows = transform === 'Table' ? includeObject(exchange) : 'Metadata';
  return { version: exchange.attributes.version, negotiated, includeObject: rows };
}

const notAcceptable = (message: string): StatusError => {
  const { status } = StatusError.notAcceptable([]);
  return new StatusError({ ...status, message });
};

/** A body that may be absent, as JSON or YAML. */
async function optionalBody(exchange: Exchange, { wire }: Resource): Promise<unknown> {
  const body = await readBody(exchange);
  if (!body.length) return undefined;
  const decoded = fromProtobuf(exchange, body, wire) ?? deleteOptionsFrom(exchange, body);
  if (decoded) return decoded;
  const media = bodyMedia(exchange.header('content-type'));
  return decoding(() => (media === 'yaml' ? decodeYaml(body) : decodeJson(body)).value);
}

/**
 * Receives a patch that is no apply.
 *
 * @param respell puts a merge patch into today's spelling
 * @returns what decodes it, and throws StatusError 400 and 413: in Kubernetes' order options are judged in between (K-135)
 * @throws StatusError 413, 415
 */
export async function receivePatch(
  exchange: Exchange,
  resource: Pick<Resource, 'wire' | 'tracksOwnership'>,
  respell: (patch: unknown) => void,
): Promise<() => Patch> {
  const type = bareType(exchange.header('content-type'));
  const offered = patchTypesOf(resource);
  if (!offered.includes(type) || type === applyType) throw StatusError.unsupportedMediaType(offered);
  const body = await readBody(exchange);
  return () => patchIn(body, type, resource.wire, respell);
}

function patchIn(body: Buffer, type: string, wire: WireForms | undefined, respell: (patch: unknown) => void): Patch {
  const { value: patch, duplicates } = decodePatch(body);
  const repeated = duplicates.map(repeatedField);
  if (type === 'application/json-patch+json') {
    const operations = parseJsonPatch(patch);
    const findings = [...repeated, ...unknownMembers(patch)].map((finding) => `json patch ${finding}`);
    return { apply: (document) => jsonPatched(document, operations), findings };
  }
  if (!isRecord(patch)) throw StatusError.badRequest('error decoding patch: a merge patch is an object');
  // What is merged holds parts of the patch, and is pruned and defaulted in place; yet the patch may have to be merged again.
  if (type === 'application/strategic-merge-patch+json' && wire)
    return { apply: (document) => wire.strategicMerge(document, copyOf(patch)), findings: repeated };
  respell(patch);
  return { apply: (document) => mergePatched(document, copyOf(patch)), findings: repeated };
}

function decodePatch(body: Buffer): Decoded {
  try {
    return decodeJson(body);
  } catch (error) {
    if (error instanceof DecodeError) throw StatusError.badRequest(`error decoding patch: ${error.message}`);
    throw error;
  }
}
