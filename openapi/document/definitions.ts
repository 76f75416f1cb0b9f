/**
 * The definitions of one document. A schema node with a `definition` is written once under that name; wherever it is used stands a
 * reference, with the words of that use: its description, its default, whether it may be null.
 *
 * How a node is written is the dialect's knowledge: OpenAPI 2 and 3 differ in a few words.
 */
import { sameJson } from '../machinery/json.ts';
import type { Schema } from '../schema/schema.ts';
import { descriptionOf } from './description.ts';

/** One node of a published document: plain JSON. */
export type Node = { readonly [key: string]: unknown };

export interface Dialect {
  /** What a reference begins with: `#/components/schemas/`. */
  readonly prefix: string;
  /** The keywords of a node itself, without those of the nodes below it and without what is said of its use. */
  keywords(schema: Schema): Node;
  /** What is said where a node is used. */
  wordsOf(use: Schema): Node;
  /** A reference together with words; there is at least one. */
  referring(reference: Node, words: Node): Node;
}

export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** A schema that whole documents have. */
export interface Entity {
  readonly name: string;
  readonly schema: Schema;
  /** Published with it, so that clients find it by its kind (K-063). */
  readonly types?: readonly GroupVersionKind[];
  /** What field selectors may ask for (K-066). */
  readonly selectableFields?: readonly string[];
}

export class Definitions {
  readonly #dialect: Dialect;
  readonly #entities: ReadonlyMap<string, Entity>;
  readonly #meanings = new Map<string, Schema>();
  readonly #written = new Map<string, Node>();

  /** @param entities all that will be referred to, so that a use inside another schema finds the same definition */
  constructor(dialect: Dialect, entities: readonly Entity[]) {
    this.#dialect = dialect;
    this.#entities = new Map(entities.map((entity) => [entity.name, entity]));
  }

  /** Name → node, of everything that was referred to. */
  get all(): Readonly<Record<string, Node>> {
    return Object.fromEntries(this.#written);
  }

  /**
   * A reference to an entity.
   *
   * @throws Error when another schema already has its name
   */
  referenceTo({ name, schema }: Entity): Node {
    return this.#reference(name, schema);
  }

  /** A node as it is used: in full, or as a reference to its definition. @throws Error as above */
  written(schema: Schema): Node {
    const { definition } = schema;
    const words = this.#wordsOf(schema);
    if (!definition) return { ...this.#inFull(schema), ...words };
    const reference = this.#reference(definition, schema);
    if (this.#entities.get(definition)?.schema.description === schema.description) delete words.description;
    return Object.keys(words).length ? this.#dialect.referring(reference, words) : reference;
  }

  #reference(name: string, schema: Schema): Node {
    const known = this.#meanings.get(name);
    if (known === undefined) {
      this.#meanings.set(name, schema);
      this.#written.set(name, { ...this.#inFull(schema), ...this.#ofEntity(name) });
    } else if (known !== schema && !sameJson(meaning(known), meaning(schema)))
      throw new Error(`${name} is defined in two ways`);
    return { $ref: this.#dialect.prefix + name };
  }

  /**
   * What an entity says of itself. Other definitions are described where they are used: said in both places, kubectl explain would
   * print it twice.
   */
  #ofEntity(name: string): Node {
    const { types, schema, selectableFields } = this.#entities.get(name) ?? {};
    return {
      ...(schema?.description && { description: schema.description }),
      ...(types && { 'x-kubernetes-group-version-kind': types }),
      ...(selectableFields?.length && {
        'x-kubernetes-selectable-fields': selectableFields.map((fieldPath) => ({ fieldPath })),
      }),
    };
  }

  #wordsOf(schema: Schema): Record<string, unknown> {
    const description = descriptionOf(schema);
    return { ...(description && { description }), ...this.#dialect.wordsOf(schema) };
  }

  #inFull(schema: Schema): Node {
    return { ...this.#below(schema), ...this.#dialect.keywords(schema) };
  }

  #below({ properties, items, additionalProperties }: Schema): Node {
    return {
      ...(properties && {
        properties: Object.fromEntries(Object.entries(properties).map(([name, node]) => [name, this.written(node)])),
      }),
      ...(items && { items: this.written(items) }),
      ...(additionalProperties !== undefined && {
        additionalProperties:
          typeof additionalProperties === 'boolean' ? additionalProperties : this.written(additionalProperties),
      }),
    };
  }
}

/** What a definition says, whoever uses it. */
const meaning = ({ description: _, example: __, default: ___, nullable: ____, ...rest }: Schema): Schema => rest;
