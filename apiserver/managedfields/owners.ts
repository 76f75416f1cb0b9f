/**
 * Owners: what `metadata.managedFields` says, ready to be reckoned with, and back.
 *
 * An entry that nobody changed is written back as it was read.
 */
import type { ManagedFieldsEntry } from '../../openapi/machinery/meta.ts';
import { isRecord } from '../../openapi/machinery/meta.ts';
import type { FieldSet } from './field-set.ts';
import { readFieldsV1, writeFieldsV1 } from './fields-v1.ts';
import { compareTexts } from './path-element.ts';

export type Operation = 'Apply' | 'Update';

/** Who owns fields, and in which version their set is written. */
export interface Owner {
  readonly manager: string;
  readonly operation: Operation;
  readonly apiVersion: string;
  readonly subresource: string;
  /** RFC 3339; absent in entries that somebody else wrote without. */
  readonly time: string | undefined;
  readonly fields: FieldSet;
  /** The entry that this was read from, as long as it says the same. */
  readonly entry?: ManagedFieldsEntry;
}

/** By identity. */
export type Owners = ReadonlyMap<string, Owner>;

/**
 * What makes an entry that of the same owner: manager, operation, subresource, and for updates the version (K-277). Conflicts are
 * told in the order of these texts, which are Kubernetes' own.
 */
export function identityOf({ manager, operation, apiVersion, subresource }: Omit<Owner, 'time' | 'fields'>): string {
  // By hand, since every write makes some.
  return `{${manager && `"manager":${JSON.stringify(manager)},`}"operation":"${operation}"${
    operation === 'Update' ? `,"apiVersion":${JSON.stringify(apiVersion)}` : ''
  }${subresource && `,"subresource":${JSON.stringify(subresource)}`}}`;
}

/** @throws Error when an entry is not one (K-345) */
export function readOwners(entries: unknown): Map<string, Owner> {
  const owners = new Map<string, Owner>();
  if (entries === undefined || entries === null) return owners;
  if (!Array.isArray(entries)) throw new Error('managedFields is not a list');
  for (const [i, entry] of entries.entries()) {
    const owner = readOwner(entry, i);
    owners.set(identityOf(owner), owner);
  }
  return owners;
}

function readOwner(entry: unknown, i: number): Owner {
  if (!isRecord(entry)) throw new Error(`managed fields entry ${i} is not an object`);
  const { manager = '', operation, apiVersion, subresource = '', time, fieldsType, fieldsV1 } = entry;
  if (operation !== 'Apply' && operation !== 'Update') throw new Error('operation must be `Apply` or `Update`');
  if (typeof apiVersion !== 'string' || apiVersion === '') throw new Error('apiVersion must not be empty');
  if (fieldsType === undefined || fieldsType === '') throw new Error(`missing fieldsType in managed fields entry ${i}`);
  if (fieldsType !== 'FieldsV1')
    throw new Error(`invalid fieldsType ${JSON.stringify(fieldsType)} in managed fields entry ${i}`);
  if (typeof manager !== 'string' || typeof subresource !== 'string')
    throw new Error(`manager and subresource must be strings in managed fields entry ${i}`);
  if (time !== undefined && typeof time !== 'string')
    throw new Error(`time must be a string in managed fields entry ${i}`);
  const fields = readFieldsV1(fieldsV1 ?? {});
  return { manager, operation, apiVersion, subresource, time, fields, entry: entry as ManagedFieldsEntry };
}

/** As they are stored: sorted (K-278), and without entries that own nothing (K-274). */
export function writeOwners(owners: Owners): ManagedFieldsEntry[] | undefined {
  const written = [...owners.values()]
    .filter(({ fields }) => !fields.isEmpty)
    .map((owner) => ({ owner, seconds: secondsOf(owner.time) }))
    .sort((a, b) => compareOwners(a.owner, b.owner, a.seconds - b.seconds))
    .map(({ owner }) => owner.entry ?? entryOf(owner));
  return written.length ? written : undefined;
}

function entryOf({ manager, operation, apiVersion, time, fields, subresource }: Owner): ManagedFieldsEntry {
  return {
    ...(manager && { manager }),
    operation,
    apiVersion,
    ...(time !== undefined && { time }),
    fieldsType: 'FieldsV1',
    fieldsV1: writeFieldsV1(fields),
    ...(subresource && { subresource }),
  };
}

function compareOwners(a: Owner, b: Owner, later: number): number {
  if (a.operation !== b.operation) return a.operation === 'Apply' ? -1 : 1;
  return (
    later ||
    compareTexts(a.manager, b.manager) ||
    compareTexts(a.apiVersion, b.apiVersion) ||
    compareTexts(a.subresource, b.subresource)
  );
}

/** Of an entry without a time, or with one that nobody can read: before all others. */
export const secondsOf = (time: string | undefined): number =>
  time === undefined ? 0 : Math.floor(Date.parse(time) / 1000) || 0;

/** The same owner with other fields. */
export function owning(owner: Owner, fields: FieldSet): Owner {
  if (fields === owner.fields) return owner;
  const { entry: _, ...rest } = owner;
  return { ...rest, fields };
}
