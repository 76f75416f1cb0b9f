/**
 * Pruning: what a manager applied last time and not this time goes, unless somebody else owns it too (K-264).
 */
import type { KubeObject } from '../../openapi/machinery/meta.ts';
import { FieldSet } from './field-set.ts';
import { allFields, withDeclaredFields } from './field-sets-of.ts';
import type { Owner, Owners } from './owners.ts';
import { withoutFields } from './remove.ts';
import type { CompiledVersions } from './versions.ts';

/**
 * @param merged the live object with the new configuration merged in, in `apiVersion`
 * @param owners as they are to be: the applier with what it says now
 * @param last the applier with what it said last time
 * @returns the object in `apiVersion`
 */
export function pruned(
  versions: CompiledVersions,
  merged: KubeObject,
  owners: Owners,
  last: Owner | undefined,
  apiVersion: string,
): KubeObject {
  if (!last || saysAllOf(last, owners)) return merged;
  const type = versions.typeOf(last.apiVersion);
  if (!type) return merged;
  const whole = versions.inVersion(merged, last.apiVersion);
  const lastFields = withDeclaredFields(type, last.fields);
  const reduced = withoutFields(type, whole, lastFields) as KubeObject;
  const kept = versions.inVersion(withOwned(versions, whole, reduced, owners, last.apiVersion), last.apiVersion);
  // What stood inside of a removed container and was nobody's stays away with it; what the manager never owned stays otherwise.
  const removed = allFields(type, whole).difference(allFields(type, kept));
  const result = withoutFields(type, whole, removed.intersection(lastFields)) as KubeObject;
  return versions.inVersion(result, apiVersion);
}

/** Is everything from last time still owned, by this manager itself? As it is whenever somebody applies the same again. */
function saysAllOf(last: Owner, owners: Owners): boolean {
  for (const { operation, manager, subresource, apiVersion, fields } of owners.values())
    if (operation === 'Apply' && manager === last.manager && subresource === last.subresource)
      return apiVersion === last.apiVersion && last.fields.difference(fields).isEmpty;
  return false;
}

/** The reduced object with everything back that anybody owns, seen in one version after the other. */
function withOwned(
  versions: CompiledVersions,
  whole: KubeObject,
  reduced: KubeObject,
  owners: Owners,
  first: string,
): KubeObject {
  const owned = new Map([[first, FieldSet.empty]]);
  for (const { apiVersion, fields } of owners.values())
    owned.set(apiVersion, (owned.get(apiVersion) ?? FieldSet.empty).union(fields));
  let result = reduced;
  for (const [apiVersion, fields] of owned) {
    const type = versions.typeOf(apiVersion);
    if (!type) continue;
    const all = versions.inVersion(whole, apiVersion);
    const left = versions.inVersion(result, apiVersion);
    const lost = allFields(type, all).difference(allFields(type, left)).difference(withDeclaredFields(type, fields));
    result = withoutFields(type, all, lost) as KubeObject;
  }
  return result;
}
