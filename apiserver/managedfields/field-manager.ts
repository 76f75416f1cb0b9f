/**
 * The field manager of one kind: who owns which fields after a write, and what applying a configuration makes of an object.
 *
 * Pure: objects, a time and the manager's name in; objects and `managedFields` out. Nothing here knows HTTP, storage or a clock.
 */
import type { ManagedFieldsEntry } from '../../openapi/machinery/meta.ts';
import { type Applied, type Apply, applied, type Refused } from './apply.ts';
import { realConflicts, upgradesFromClientSide, withLastApplied } from './last-applied.ts';
import { readOwners } from './owners.ts';
import { ownersAfterUpdate, type Update } from './update.ts';
import { CompiledVersions, type Versions } from './versions.ts';

export type { Applied, Apply, Refused } from './apply.ts';
export { ConfigurationError } from './apply.ts';
export { type Conflict, type ConflictCause, conflictCauses, conflictMessage } from './conflicts.ts';
export { FieldSet } from './field-set.ts';
export type { Update } from './update.ts';
export type { Versions } from './versions.ts';

export class FieldManager {
  readonly #versions: CompiledVersions;

  constructor(versions: Versions) {
    this.#versions = new CompiledVersions(versions);
  }

  /**
   * Ownership after a create, an update, or a patch that is no apply.
   *
   * What a client may say about managedFields is heeded here, so hand over the object with what it said: `[{}]` clears, entries
   * that can be read replace the stored ones, anything else counts as nothing said.
   *
   * @returns what `metadata.managedFields` of the object is to be; undefined: it is to have none
   */
  recordUpdate(update: Update): ManagedFieldsEntry[] | undefined {
    return ownersAfterUpdate(this.#versions, update);
  }

  /**
   * A server-side apply.
   *
   * Compare the result with the live object to know whether anything changed; if nothing did, managedFields are as they were, too.
   *
   * @returns the object as it is to be, or all conflicts, for which nothing has been done
   * @throws ConfigurationError when the configuration does not fit the schema
   */
  applyConfiguration(apply: Apply): Applied | Refused {
    const result = applied(this.#versions, apply);
    const { manager, live, apiVersion, configuration } = apply;
    if (!upgradesFromClientSide(manager)) return result;
    if ('object' in result) return { ...result, object: withLastApplied(result.object, configuration) };
    const type = this.#versions.typeOf(apiVersion);
    if (!type || !live) return result;
    const conflicts = realConflicts(result.conflicts, type, this.#versions.inVersion(live, apiVersion), apiVersion);
    return conflicts.length ? { conflicts } : this.applyConfiguration({ ...apply, force: true });
  }
}

/** Why `metadata.managedFields` is not what it should be, in Kubernetes' words; undefined: it is. */
export function managedFieldsFault(entries: unknown): string | undefined {
  try {
    readOwners(entries);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
