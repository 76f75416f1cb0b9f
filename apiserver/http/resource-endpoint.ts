/**
 * From a path to a verb: which registry answers, and with what (K-020 to K-032).
 */
import { StatusError } from '../../openapi/machinery/status.ts';
import { statusFor } from '../registry/errors.ts';
import type { Registries } from '../registry/registries.ts';
import type { ObjectRegistry } from '../registry/registry.ts';
import { allVerbs } from '../registry/resource.ts';
import type { RequestAttributes } from './attributes.ts';
import type { Connections } from './connections.ts';
import type { Exchange } from './exchange.ts';
import type { ObjectHandlers } from './objects.ts';
import type { Endpoint } from './pipeline.ts';
import { sendNoPage } from './respond.ts';
import type { SubresourceHandlers } from './subresources.ts';
import { answerVirtual } from './virtual-resources.ts';

/** Verbs that only GET means, whatever path they came by. */
const reading: ReadonlySet<string> = new Set(['get', 'list', 'watch']);

export class ResourceEndpoint implements Endpoint {
  readonly #registries: Registries;
  readonly #objects: ObjectHandlers;
  readonly #subresources: SubresourceHandlers;
  readonly #connections: Connections;

  constructor(
    registries: Registries,
    objects: ObjectHandlers,
    subresources: SubresourceHandlers,
    connections: Connections,
  ) {
    this.#registries = registries;
    this.#objects = objects;
    this.#subresources = subresources;
    this.#connections = connections;
  }

  handle(exchange: Exchange): Promise<void> {
    const { attributes } = exchange;
    const virtual = this.#registries.findVirtual(attributes.group, attributes.resource);
    if (virtual?.version === attributes.version) return answerVirtual(exchange, virtual);
    if (!this.#registries.hasVersion(attributes.group, attributes.version)) return sendNoPage(exchange);
    const registry = this.#registryFor(attributes);
    const answered =
      attributes.subresource === '' ? this.#onObjects(exchange, registry) : this.#onSubresource(exchange, registry);
    // Storage may fail wherever it is asked, be it in order to word a refusal.
    return answered.catch((error: unknown) => {
      throw statusFor(error, registry.writes.groupResource, attributes.name);
    });
  }

  /** @throws StatusError 404 for what is not served */
  #registryFor({ group, version, resource, rest }: RequestAttributes): ObjectRegistry {
    const registry = this.#registries.find(group, resource);
    const served = registry?.resource.forms.some((form) => form.version === version);
    if (!registry || !served || rest.length) throw StatusError.noSuchResource();
    return registry;
  }

  #onObjects(exchange: Exchange, registry: ObjectRegistry): Promise<void> {
    const { verb, name, namespace } = exchange.attributes;
    const { namespaced, verbs = allVerbs } = registry.resource;
    if (reading.has(verb) && exchange.request.method !== 'GET') throw StatusError.methodNotAllowed();
    // Objects of a namespace cannot be made or named without it.
    const placeless = namespaced && namespace === '' && verb !== 'list' && verb !== 'watch';
    if (placeless || !(verbs as readonly string[]).includes(verb)) throw StatusError.methodNotAllowed();
    switch (verb) {
      case 'get':
        return this.#objects.get(exchange, registry);
      case 'list':
        return this.#objects.list(exchange, registry);
      case 'watch':
        return this.#objects.watch(exchange, registry);
      case 'create':
        if (name !== '') throw StatusError.methodNotAllowed();
        return this.#objects.create(exchange, registry);
      case 'update':
        if (name === '') throw StatusError.methodNotAllowed();
        return this.#objects.update(exchange, registry);
      case 'patch':
        if (name === '') throw StatusError.methodNotAllowed();
        return this.#objects.patch(exchange, registry);
      case 'delete':
        return this.#objects.delete(exchange, registry);
      case 'deletecollection':
        return this.#objects.deleteCollection(exchange, registry);
      default:
        throw StatusError.methodNotAllowed();
    }
  }

  #onSubresource(exchange: Exchange, registry: ObjectRegistry): Promise<void> {
    const { verb, subresource: name } = exchange.attributes;
    const connection = registry.resource.connections?.find((one) => one.name === name);
    if (connection) return this.#connections.answer(exchange, registry, connection);
    const subresource = registry.subresource(name);
    const isStatus = name === 'status' && registry.resource.hasStatus;
    if (!subresource && !isStatus) throw StatusError.noSuchResource();
    if (verb !== 'get' && verb !== 'update' && verb !== 'patch') throw StatusError.methodNotAllowed();
    if (verb === 'get' && exchange.request.method !== 'GET') throw StatusError.methodNotAllowed();
    if (!subresource) return this.#objects[verb](exchange, registry);
    return this.#subresources[verb](exchange, registry, subresource);
  }
}
