/**
 * The routes of a resource, from its verbs and subresources (K-020 to K-029).
 *
 * The path-style watches of K-030 are left out: they are long deprecated, and documents of custom resources do not have them either.
 */
import type { Schema } from '../schema/schema.ts';
import type { ServedResource, ServedSubresource, ServedVersion, Verb } from '../served.ts';
import type { Entity, GroupVersionKind } from './definitions.ts';
import { deleteOptions, kindEntity, listEntity, patch, status, watchEvent } from './meta.ts';
import { type Action, nameParameter, namespaceParameter, parametersOf } from './parameters.ts';
import { capitalised, type Operation, objectTypes, type Route, rootOf, tagOf, wordOf } from './routes.ts';

/** @param schema what to show of the objects */
export const resourceRoutes = (
  group: string,
  served: ServedVersion,
  resource: ServedResource,
  schema: Schema,
): Route[] => new Routes(group, served, resource, schema).all().filter(({ operations }) => operations.length > 0);

/** The routes of one resource. */
class Routes {
  readonly #root: string;
  readonly #patchTypes: readonly string[];
  readonly #resource: ServedResource;
  readonly #type: GroupVersionKind;
  readonly #object: Entity;
  readonly #list: Entity;
  /** `KubedirectorBluedataIoV1beta1`, the middle of every operation's name. */
  readonly #middle: string;
  readonly #tag: string;

  constructor(group: string, { version, patchTypes }: ServedVersion, resource: ServedResource, schema: Schema) {
    const { kind, listKind, plural, namespaced, selectableFields } = resource;
    this.#root = `${rootOf(group, version)}${namespaced ? '/namespaces/{namespace}' : ''}/${plural}`;
    this.#patchTypes = patchTypes;
    this.#resource = resource;
    this.#type = { group, version, kind };
    this.#object = { ...kindEntity(schema, this.#type), ...(selectableFields && { selectableFields }) };
    this.#list = listEntity(this.#object, { group, version, kind: listKind });
    this.#middle = `${wordOf(group)}${capitalised(version)}`;
    this.#tag = tagOf(group, version);
  }

  all(): Route[] {
    const { namespaced, plural, kind, subresources } = this.#resource;
    const ofNamespace = namespaced ? [namespaceParameter] : [];
    const ofObject = [...ofNamespace, nameParameter(kind)];
    const everywhere: Route = {
      path: `${rootOf(this.#type.group, this.#type.version)}/${plural}`,
      parameters: [],
      operations: this.#lists('ForAllNamespaces'),
    };
    return [
      ...(namespaced ? [everywhere] : []),
      { path: this.#root, parameters: ofNamespace, operations: this.#ofCollection() },
      { path: `${this.#root}/{name}`, parameters: ofObject, operations: this.#ofObject() },
      ...subresources
        .filter(({ connects = false }) => !connects)
        .map((subresource) => ({
          path: `${this.#root}/{name}/${subresource.name}`,
          parameters: ofObject,
          operations: this.#ofSubresource(subresource),
        })),
    ];
  }

  #serves(verb: Verb): boolean {
    return this.#resource.verbs.includes(verb);
  }

  /** `list` + `KubedirectorBluedataIoV1beta1` + `Namespaced` + `KubeDirectorCluster` + `Status` */
  #id(verb: string, suffix = ''): string {
    const scope = this.#resource.namespaced && suffix !== 'ForAllNamespaces' ? 'Namespaced' : '';
    return `${verb}${this.#middle}${scope}${this.#resource.kind}${suffix}`;
  }

  #lists(suffix = ''): Operation[] {
    if (!this.#serves('list')) return [];
    const { kind } = this.#resource;
    const description = `list ${kind} objects, or watch them`;
    return [
      {
        ...this.#about(this.#type),
        ...asked('get', 'list', this.#id('list', suffix), description),
        codes: { 200: 'OK' },
        answer: this.#list,
        ...(this.#serves('watch') && { stream: watchEvent }),
      },
    ];
  }

  #ofCollection(): Operation[] {
    const { kind } = this.#resource;
    const about = this.#about(this.#type);
    const create: Operation = {
      ...about,
      ...asked('post', 'post', this.#id('create'), `create a ${kind}`),
      ...this.#replaces(this.#object, { 200: 'OK', 201: 'Created', 202: 'Accepted' }),
    };
    const deleteAll: Operation = {
      ...about,
      ...asked(
        'delete',
        'deletecollection',
        this.#id('deleteCollection'),
        `delete all ${kind} objects that are selected`,
      ),
      ...withOptions({ 200: 'OK' }),
    };
    return [
      ...this.#lists(),
      ...(this.#serves('create') ? [create] : []),
      ...(this.#serves('deletecollection') ? [deleteAll] : []),
    ];
  }

  #ofObject(): Operation[] {
    const { kind, verbs } = this.#resource;
    const remove: Operation = {
      ...this.#about(this.#type),
      ...asked('delete', 'delete', this.#id('delete'), `delete a ${kind}`),
      ...withOptions({ 200: 'OK', 202: 'Accepted' }),
    };
    return [
      ...this.#ofDocument(verbs, this.#type, this.#object, '', `a ${kind}`),
      ...(this.#serves('delete') ? [remove] : []),
    ];
  }

  #ofSubresource({ name, kind, group, version, schema, verbs }: ServedSubresource): Operation[] {
    const own = kind === this.#type.kind && !schema;
    const type = { group: group ?? this.#type.group, version: version ?? this.#type.version, kind };
    const entity = own ? this.#object : kindEntity(schema ?? { type: 'object', description: `${kind}.` }, type);
    const suffix = capitalised(name);
    const description = `${name} of a ${this.#resource.kind}`;
    const create: Operation = {
      ...this.#about(type),
      ...asked('post', 'post', this.#id('create', suffix), `create ${description}`),
      ...this.#replaces(entity, { 200: 'OK', 201: 'Created', 202: 'Accepted' }),
    };
    return [
      ...this.#ofDocument(verbs, type, entity, suffix, description),
      ...(verbs.includes('create') ? [create] : []),
    ];
  }

  /** What can be done with one document: an object, or a subresource of one. */
  #ofDocument(
    verbs: readonly Verb[],
    type: GroupVersionKind,
    entity: Entity,
    suffix: string,
    document: string,
  ): Operation[] {
    const about = this.#about(type);
    const read: Operation = {
      ...about,
      ...asked('get', 'get', this.#id('read', suffix), `read ${document}`),
      codes: { 200: 'OK' },
      answer: entity,
    };
    const replace: Operation = {
      ...about,
      ...asked('put', 'put', this.#id('replace', suffix), `replace ${document}`),
      ...this.#replaces(entity, { 200: 'OK', 201: 'Created' }),
    };
    const change: Operation = {
      ...about,
      ...asked('patch', 'patch', this.#id('patch', suffix), `change ${document} in part`),
      body: { entity: patch, mediaTypes: this.#patchTypes, required: true },
      codes: { 200: 'OK', 201: 'Created' },
      answer: entity,
    };
    return [
      ...(verbs.includes('get') ? [read] : []),
      ...(verbs.includes('update') ? [replace] : []),
      ...(verbs.includes('patch') ? [change] : []),
    ];
  }

  #about(type: GroupVersionKind): Pick<Operation, 'tag' | 'type'> {
    return { tag: this.#tag, type };
  }

  #replaces(entity: Entity, codes: Operation['codes']): Pick<Operation, 'answer' | 'body' | 'codes'> {
    return { body: { entity, mediaTypes: objectTypes, required: true }, codes, answer: entity };
  }
}

const asked = (
  method: Operation['method'],
  action: Action,
  id: string,
  description: string,
): Pick<Operation, 'action' | 'description' | 'id' | 'method' | 'parameters'> => ({
  method,
  action,
  id,
  description,
  parameters: parametersOf[action],
});

const withOptions = (codes: Operation['codes']): Pick<Operation, 'answer' | 'body' | 'codes'> => ({
  body: { entity: deleteOptions, mediaTypes: objectTypes, required: false },
  codes,
  answer: status,
});
