/**
 * What a resource is to the server: its names, its forms, how it differs from others, and what people see of it in tables.
 *
 * Routes, discovery, documents and kubectl's columns derive from this one value. It is data and pure functions; the verbs are in
 * registry.ts.
 */
import type { Form } from '../../openapi/form.ts';
import type { FieldValue } from '../../openapi/machinery/field-selector.ts';
import type { KubeObject } from '../../openapi/machinery/meta.ts';
import type { NameRule } from '../../openapi/machinery/names.ts';
import type { Schema } from '../../openapi/schema/schema.ts';
import type { Verb } from '../../openapi/served.ts';
import type { Path } from '../managedfields/path-element.ts';
import type { Connection } from './connection.ts';
import type { Strategy } from './strategy.ts';

/** A cell of a table. */
export type Cell = string | number | boolean | null | AgeCell;

/** A time, printed as the time since then, reckoned when the table is served: `2 (5m ago)`. */
export interface AgeCell {
  readonly since: string | undefined;
  readonly before?: string;
  readonly after?: string;
}

export interface Column<T> {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  readonly format?: 'name';
  readonly description: string;
  /** 0: always shown; above: only with `-o wide`. */
  readonly priority?: number;
  cell(object: T): Cell;
}

/**
 * A document that stands for an object under another path, such as its scale.
 *
 * `status` is not one of these: there the document is the object itself (see hasStatus).
 */
export interface Subresource<T extends KubeObject> {
  readonly name: string;
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly schema: Schema;
  readonly columns: readonly Column<KubeObject>[];
  /**
   * The document for an object in the hub's form.
   *
   * @throws StatusError when the object has none
   */
  read(object: T): KubeObject;
  /**
   * The object as it is after the document was written. The document has passed its schema.
   *
   * @throws StatusError when the document cannot be
   */
  write(object: T, document: KubeObject): T;
  /** Absent: nobody applies to it. */
  readonly owned?: OwnedThrough<T>;
}

/** The one field of a subresource's document that is kept in the object, so that whoever applies it owns it there (K-283). */
export interface OwnedThrough<T> {
  /** In the document. */
  readonly field: Path;
  /** In the object, as a served version has it; undefined when the object has none. */
  inObject(object: T, version: string): Path | undefined;
}

/** A field that people may select by. */
export interface SelectableField<T> {
  /** Its name in selectors, `spec.app`: the way to it in the hub's form, without the brackets of lists. */
  readonly label: string;
  /** Several where it stands in every item of a list: then one of them has to be equal, or with `!=` none. */
  value(object: T): FieldValue;
  /** Are objects found by it without looking at all of them? That costs memory for each object. Absent: no. */
  readonly indexed?: boolean;
}

export interface Resource<T extends KubeObject = KubeObject, R = unknown> {
  /** Empty for the core group. */
  readonly group: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly listKind: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly namespaced: boolean;
  /** Served versions; the preferred one first. Exactly one has no conversion: the hub, in which objects are stored. */
  readonly forms: readonly Form[];
  readonly nameRule: NameRule;
  readonly strategy: Strategy<T, R>;
  /** Is `status` written only through the `status` subresource? */
  readonly hasStatus: boolean;
  readonly subresources?: readonly Subresource<T>[];
  readonly connections?: readonly Connection<T>[];
  readonly columns: readonly Column<T>[];
  /** What field selectors may ask for besides `metadata.name` and `metadata.namespace`. */
  readonly selectableFields?: readonly SelectableField<T>[];
  /** Absent: all. */
  readonly verbs?: readonly Verb[];
  /** Are changes of the desired state counted in `metadata.generation`? Absent: yes; some of Kubernetes' own kinds do not. */
  readonly countsGenerations?: boolean;
  /** May an update leave the resourceVersion out, and so overwrite whatever is there? Absent: no; most of Kubernetes' own kinds may. */
  readonly allowsUnconditionalUpdate?: boolean;
  /** Is it kept who owns which field, and may configurations be applied (K-257)? Absent: yes. */
  readonly tracksOwnership?: boolean;
  /** What bodies may be written in besides JSON and YAML. */
  readonly wire?: WireForms;
}

/** Forms in which clients send Kubernetes' own kinds, since they know them by heart. */
export interface WireForms {
  /** A protobuf body as a document; undefined when it is of a kind that is not known. @throws DecodeError */
  protobuf(body: Buffer): Record<string, unknown> | undefined;
  /** The document with a strategic merge patch merged in; neither is changed. @throws StatusError BadRequest */
  strategicMerge(document: Record<string, unknown>, patch: Record<string, unknown>): Record<string, unknown>;
}

export const allVerbs: readonly Verb[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];

/** The columns that nearly every table has. */
export const nameColumn: Column<KubeObject> = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name of the object, unique within the namespace.',
  cell: ({ metadata }) => metadata.name,
};

export const ageColumn: Column<KubeObject> = {
  name: 'Age',
  type: 'date',
  description: 'Time since the object was created.',
  cell: ({ metadata }) => ({ since: metadata.creationTimestamp }),
};

/** The form in which objects of this resource are stored. */
export const hubForm = (resource: { readonly forms: readonly Form[]; readonly plural: string }): Form => {
  const hub = resource.forms.find((form) => !form.toHub);
  if (!hub) throw new Error(`${resource.plural} has no form without a conversion`);
  return hub;
};
