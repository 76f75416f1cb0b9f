/**
 * A form: how a kind looks in one served version, and the way between that form and the hub's.
 *
 * Every version of a kind is served from the same stored objects, which are in the hub's form (design: v1beta1). Nothing here
 * knows which kinds there are.
 */
import type { FieldError } from './machinery/field.ts';
import type { KubeObject } from './machinery/meta.ts';
import type { Schema } from './schema/schema.ts';

/** Says something to the client that is no refusal (K-475). */
export type Warn = (text: string) => void;

/** A field that people select by, as one form has it. */
export interface SelectableSpelling {
  /** The way to the field. Absent: as in the hub. */
  readonly field?: string;
  /** What the hub says for a value; absent: the same. */
  readonly toHub?: (value: string) => string;
}

export interface Form {
  readonly version: string;
  /** The whole object: apiVersion, kind, metadata and what is the kind's own. */
  readonly schema: Schema;
  /** What documents may contain besides, in older spellings; published where clients validate with it. Absent: `schema`. */
  readonly inputSchema?: Schema;
  /**
   * Puts a document, whole or partial, into the spelling of `schema`, in place, before it is decoded, merged or applied.
   *
   * @returns a fault for each field that is spelled in two ways with different values
   */
  readonly respell?: (document: Record<string, unknown>, warn: Warn) => FieldError[];
  /**
   * Takes out of a merge patch, in place and before it is respelled, what it removes only because the file that it was made from spells
   * it otherwise now.
   *
   * @param file what a client notes that it applies; is put into today's spelling
   */
  readonly keepWhatIsSaid?: (patch: Record<string, unknown>, file: Record<string, unknown>) => void;
  /** Absent in the hub's own form. Takes an object in this form apart; must not be given shared data. */
  readonly toHub?: (object: Record<string, unknown>) => KubeObject;
  /** The inverse of toHub. */
  readonly fromHub?: (object: KubeObject) => Record<string, unknown>;
  /** What a field of the hub's is called here, for faults that rules find: `spec.roles[0].members`. Absent: the same. */
  readonly fieldCalled?: (field: string) => string;
  /** What of the hub's selectable fields is spelled otherwise here, by the hub's name. */
  readonly selectableFields?: Readonly<Record<string, SelectableSpelling>>;
  /** What clients of this version are told on every request, if it is on its way out (K-478). */
  readonly deprecation?: string;
}
