/**
 * One object at one revision, as the cache keeps it: the bytes that clients get, and the few fields that selectors ask for.
 *
 * Immutable. Other forms (versions, tables, metadata only) are derived when somebody asks and remembered beside it within a budget
 * (derived-forms.ts).
 */
import type { FieldValue } from '../../openapi/machinery/field-selector.ts';
import type { Labels } from '../../openapi/machinery/label-selector.ts';
import type { KubeObject } from '../../openapi/machinery/meta.ts';
import { parseOwn } from '../codec/json.ts';
import type { Envelope } from './envelope.ts';

/** What a snapshot consists of. */
export interface SnapshotParts {
  /** Key of the object below its resource: `namespace/name`, or `name`. */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly revision: number;
  readonly createRevision: number;
  readonly labels: Labels | undefined;
  /** Values of the resource's selectable fields. */
  readonly fields: Readonly<Record<string, FieldValue>>;
  /** The object in the hub's form, resourceVersion included. */
  readonly bytes: Buffer;
  /** Is it all that is stored? If not, there are fields that only a newer server knows. */
  readonly whole: boolean;
}

export class Snapshot implements SnapshotParts {
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly revision: number;
  readonly createRevision: number;
  readonly labels: Labels | undefined;
  readonly fields: Readonly<Record<string, FieldValue>>;
  readonly bytes: Buffer;
  readonly whole: boolean;
  #metadataEnd = 0;

  constructor(parts: SnapshotParts) {
    this.key = parts.key;
    this.namespace = parts.namespace;
    this.name = parts.name;
    this.uid = parts.uid;
    this.revision = parts.revision;
    this.createRevision = parts.createRevision;
    this.labels = parts.labels;
    this.fields = parts.fields;
    this.bytes = parts.bytes;
    this.whole = parts.whole;
  }

  /** The object, parsed anew: the caller may change it. */
  object<T extends KubeObject>(): T {
    return parseOwn(this.bytes) as T;
  }

  /** Where its metadata ends in the bytes; found once. */
  metadataEnd(envelope: Envelope): number {
    this.#metadataEnd ||= envelope.metadataEnd(this.bytes);
    return this.#metadataEnd;
  }

  /** The same state under a later revision: what there is to tell of an object that went (K-220, K-221). */
  at(revision: number, envelope: Envelope): Snapshot {
    return new Snapshot({ ...this, revision, bytes: envelope.reversioned(this.bytes, revision) });
  }
}
