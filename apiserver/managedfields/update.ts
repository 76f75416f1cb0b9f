/**
 * Ownership after a write: who changes a field owns it, and what is gone belongs to nobody (K-271).
 *
 * Kubernetes' order: read the entries, take from every owner what was changed, give it to the writer, compact what is old.
 */
import { sameJson } from '../../openapi/machinery/json.ts';
import type { KubeObject, ManagedFieldsEntry } from '../../openapi/machinery/meta.ts';
import { isRecord } from '../../openapi/machinery/meta.ts';
import { withFewUpdaters } from './ancient-changes.ts';
import { FieldSet } from './field-set.ts';
import { inTodaysGrain } from './field-sets-of.ts';
import { identityOf, type Owner, type Owners, owning, readOwners, writeOwners } from './owners.ts';
import type { Comparisons, CompiledVersions } from './versions.ts';

/** A create, an update or a patch that is no apply. Objects may be in any version. */
export interface Update {
  /** The object as it is stored; undefined when it is created. */
  readonly live: KubeObject | undefined;
  /** The object as it is to be stored: defaulted, admitted, with the managedFields that the client sent, if it sent any. */
  readonly object: KubeObject;
  readonly manager: string;
  /** The version that was written through. */
  readonly apiVersion: string;
  /** Empty for the object itself. */
  readonly subresource?: string;
  /** What the write cannot change, with all below: `status` where there is a status subresource (K-273). */
  readonly resetFields?: FieldSet;
  /** RFC 3339. */
  readonly time: string;
}

/** What the server itself sets, so that nobody owns it (K-272). */
const neverOwned = FieldSet.of(
  ['f:apiVersion'],
  ['f:kind'],
  ['f:metadata'],
  ...[
    'name',
    'namespace',
    'creationTimestamp',
    'selfLink',
    'uid',
    'clusterName',
    'generation',
    'managedFields',
    'resourceVersion',
  ].map((name) => ['f:metadata', `f:${name}`]),
);

export const ownable = (fields: FieldSet): FieldSet => fields.difference(neverOwned);

/** @returns what `metadata.managedFields` of the object is to be */
export function ownersAfterUpdate(versions: CompiledVersions, update: Update): ManagedFieldsEntry[] | undefined {
  const owners = ownersBefore(update);
  // An object whose ownership was cleared is nobody's until somebody applies.
  if (!owners.size && update.live) return undefined;
  return writeOwners(withFewUpdaters(updated(versions, update, owners)));
}

/** The owners, with the writer among them. */
export function updated(versions: CompiledVersions, update: Update, before: Owners): Map<string, Owner> {
  const { live, object, apiVersion, subresource = '', time, resetFields = FieldSet.empty } = update;
  const changes = versions.comparison(live, object, resetFields);
  const owners = deprived(inTodaysVersions(versions, before), changes);
  const { added, modified } = changes(apiVersion);
  const gained = ownable(added.union(modified));
  if (gained.isEmpty) return owners;
  const writer = { manager: update.manager || 'unknown', operation: 'Update' as const, apiVersion, subresource };
  const identity = identityOf(writer);
  const fields = owners.get(identity)?.fields.union(gained) ?? gained;
  return owners.set(identity, { ...writer, time, fields });
}

/** The owners without what changed, each seen in its own version. */
export function deprived(owners: Owners, changes: Comparisons): Map<string, Owner> {
  const left = new Map<string, Owner>();
  for (const [identity, owner] of owners) {
    const { added, modified, removed } = changes(owner.apiVersion);
    const fields = owner.fields.difference(added).difference(modified).difference(removed);
    if (!fields.isEmpty) left.set(identity, owning(owner, fields));
  }
  return left;
}

/** Entries in versions that are not served any more are dropped; the others are brought to what is owned as a whole today. */
export function inTodaysVersions(versions: CompiledVersions, owners: Owners): Map<string, Owner> {
  const kept = new Map<string, Owner>();
  for (const [identity, owner] of owners) {
    const type = versions.typeOf(owner.apiVersion);
    if (type) kept.set(identity, owning(owner, inTodaysGrain(type, owner.fields)));
  }
  return kept;
}

/**
 * The owners that a write begins with: those that the client sent, if it may and if they can be read, else those that are stored
 * (K-252, K-281).
 */
function ownersBefore({ live, object, subresource }: Update): Owners {
  const sent: unknown = object.metadata.managedFields;
  if (subresource || !Array.isArray(sent) || !sent.length) return readable(live);
  if (sent.length === 1 && isRecord(sent[0]) && !Object.keys(sent[0]).length) return new Map();
  // Most clients send back what they got.
  if (sameJson(sent, live?.metadata.managedFields)) return readable(live);
  try {
    return rewritten(readOwners(sent));
  } catch {
    return readable(live);
  }
}

/** What clients write is not kept as they wrote it. */
function rewritten(owners: Owners): Owners {
  return new Map([...owners].map(([identity, { entry: _, ...owner }]) => [identity, owner]));
}

/** Nobody can own by an entry that nobody can read. */
function readable(live: KubeObject | undefined): Owners {
  try {
    return readOwners(live?.metadata.managedFields);
  } catch {
    return new Map();
  }
}
