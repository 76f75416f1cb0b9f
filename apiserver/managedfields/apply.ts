/**
 * Server-side apply: the live object with a configuration merged in, and who owns what then (K-257 to K-288).
 *
 * Kubernetes' order: merge, take away what the manager no longer says, look for conflicts, hand over.
 */
import { sameJson } from '../../openapi/machinery/json.ts';
import { isRecord, type KubeObject, type ManagedFieldsEntry } from '../../openapi/machinery/meta.ts';
import { type Conflict, conflictsBetween } from './conflicts.ts';
import { faultsOf, joined } from './faults.ts';
import { FieldSet } from './field-set.ts';
import { appliedFields } from './field-sets-of.ts';
import type { FieldType } from './field-type.ts';
import { merged, withoutUnset } from './merge.ts';
import { identityOf, type Owner, type Owners, owning, readOwners, writeOwners } from './owners.ts';
import { pruned } from './prune.ts';
import { deprived, inTodaysVersions, ownable, updated } from './update.ts';
import { type CompiledVersions, nameInErrors } from './versions.ts';

export interface Apply {
  /** The object as it is stored, in any version; undefined when there is none. */
  readonly live: KubeObject | undefined;
  /** What the manager wants: a partial object in `apiVersion`, in the spelling of its schema. */
  readonly configuration: Record<string, unknown>;
  readonly manager: string;
  readonly apiVersion: string;
  readonly force: boolean;
  /** Empty for the object itself. */
  readonly subresource?: string;
  /** What the write cannot change, with all below. */
  readonly resetFields?: FieldSet;
  /** RFC 3339. */
  readonly time: string;
}

export interface Applied {
  /** In `apiVersion`, without managedFields, not defaulted; shares nodes with what was given. */
  readonly object: KubeObject;
  /** What `metadata.managedFields` of the object is to be. */
  readonly managedFields: ManagedFieldsEntry[] | undefined;
}

export interface Refused {
  /** Every field that somebody else owns with another value. */
  readonly conflicts: readonly Conflict[];
}

/** The configuration cannot be applied whatever there is; the message is Kubernetes'. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

/** Entries of an object that was never applied to, and has none. */
const beforeFirstApply = 'before-first-apply';

/** @throws ConfigurationError */
export function applied(versions: CompiledVersions, apply: Apply): Applied | Refused {
  const { configuration, apiVersion, resetFields = FieldSet.empty } = apply;
  const type = versions.typeOf(apiVersion);
  if (!type) throw new Error(`no schema for ${apiVersion}`);
  check(type, configuration);

  const live = apply.live && versions.inVersion(apply.live, apiVersion);
  const before = inTodaysVersions(versions, ownersBefore(versions, apply));
  const applier = {
    manager: apply.manager,
    operation: 'Apply' as const,
    apiVersion,
    subresource: apply.subresource ?? '',
  };
  const identity = identityOf(applier);
  const last = before.get(identity);

  const fields = appliedFields(type, configuration).recursiveDifference(resetFields);
  const owners = new Map(before).set(identity, { ...applier, time: undefined, fields });
  const sum = merged(type, live ?? {}, configuration) as KubeObject;
  const wanted = pruned(versions, sum, owners, last, apiVersion);

  const changes = versions.comparison(live, wanted, resetFields);
  const others = new Map(owners);
  others.delete(identity);
  const conflicts = conflictsBetween(others, changes);
  if (conflicts.length && !apply.force) return { conflicts };

  const object = (holdsNull(configuration) ? withoutUnset(type, wanted) : wanted) as KubeObject;
  const left = deprived(others, changes);
  const owned = ownable(fields);
  if (!owned.isEmpty) left.set(identity, entryAfter(applier, owned, last, sameJson(live, object), apply.time));
  return { object, managedFields: writeOwners(left) };
}

function check(type: FieldType, configuration: Record<string, unknown>): void {
  const { metadata } = configuration;
  if (isRecord(metadata) && metadata.managedFields !== undefined && metadata.managedFields !== null)
    throw new ConfigurationError('metadata.managedFields must be nil');
  const faults = faultsOf(type, configuration);
  if (faults.length)
    throw new ConfigurationError(
      `failed to create typed patch object (${nameInErrors(configuration)}): ${joined(faults)}`,
    );
}

/** The applier's new entry. One that says what the last one said, of an object that stays as it is, keeps its time (K-262). */
function entryAfter(
  applier: Omit<Owner, 'time' | 'fields'>,
  fields: FieldSet,
  last: Owner | undefined,
  unchanged: boolean,
  time: string,
): Owner {
  if (last && unchanged && last.apiVersion === applier.apiVersion && last.fields.equals(fields))
    return owning(last, last.fields);
  return { ...applier, time, fields };
}

/** Those that are stored. Where there are none, whatever there is belongs to whoever was before (K-280). */
function ownersBefore(versions: CompiledVersions, { live, apiVersion, subresource, resetFields, time }: Apply): Owners {
  const owners = readOwners(live?.metadata.managedFields);
  if (owners.size || !live) return owners;
  return updated(
    versions,
    {
      live: undefined,
      object: live,
      manager: beforeFirstApply,
      apiVersion,
      ...(subresource !== undefined && { subresource }),
      ...(resetFields && { resetFields }),
      time,
    },
    owners,
  );
}

const holdsNull = (value: unknown): boolean =>
  value === null || (typeof value === 'object' && Object.values(value).some(holdsNull));
