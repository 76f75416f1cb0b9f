/**
 * Applying to a document that stands for one field of an object, such as the scale of a cluster (K-283).
 *
 * Whoever owns the field in the object is shown as the owner of the document's field; what applying makes of that is carried back.
 */
import { copyOf } from '../../openapi/machinery/json.ts';
import { apiVersionOf, type KubeObject, type ManagedFieldsEntry } from '../../openapi/machinery/meta.ts';
import { type Apply, FieldManager, FieldSet, type Refused } from '../managedfields/field-manager.ts';
import { identityOf, type Owner, type Owners, owning, readOwners, writeOwners } from '../managedfields/owners.ts';
import type { Path } from '../managedfields/path-element.ts';
import type { OwnedThrough, Subresource } from './resource.ts';

/** What nobody can change through such a document. */
const fixed = FieldSet.of(['f:metadata'], ['f:status']);

export interface AppliedThrough {
  readonly document: KubeObject;
  /** Of the object. */
  readonly managedFields: ManagedFieldsEntry[] | undefined;
}

type Application = Pick<Apply, 'configuration' | 'manager' | 'force' | 'time'> & {
  /** Of the object, in which the request named it. */
  readonly parentVersion: string;
};

const managers = new WeakMap<object, FieldManager>();

/** @throws ConfigurationError when the configuration does not fit the schema */
export function appliedThrough<T extends KubeObject>(
  subresource: Subresource<T> & { readonly owned: OwnedThrough<T> },
  old: T,
  { parentVersion, ...application }: Application,
): AppliedThrough | Refused {
  const { owned, name } = subresource;
  const apiVersion = apiVersionOf(subresource);
  const pathIn = (owner: Pick<Owner, 'apiVersion'>): Path | undefined =>
    owned.inObject(old, owner.apiVersion.slice(owner.apiVersion.indexOf('/') + 1));
  const owns = (owner: Owner): boolean => {
    const path = pathIn(owner);
    return path !== undefined && owner.fields.has(path);
  };
  const before = readOwners(old.metadata.managedFields);
  const live = subresource.read(copyOf(old));
  const shown = [...before.values()].filter(owns).map((owner) => asOwnerOf(owner, apiVersion, owned.field));
  const managedFields = writeOwners(byIdentity(shown));
  if (managedFields) live.metadata.managedFields = managedFields;

  const result = fieldManagerOf(subresource, apiVersion).applyConfiguration({
    ...{ ...application, live, apiVersion, subresource: name, resetFields: fixed },
  });
  if ('conflicts' in result) return result;

  const after = [...readOwners(result.managedFields).values()].filter(({ fields }) => fields.has(owned.field));
  const still = (owner: Owner): boolean => after.some((other) => isSame(other, owner));
  const kept = [...before.values()].map((owner) =>
    owns(owner) && !still(owner) ? owning(owner, owner.fields.difference(FieldSet.of(pathIn(owner)!))) : owner,
  );
  const applier = { manager: application.manager, operation: 'Apply' as const, subresource: name };
  const others = kept.filter((owner) => !isSame(owner, applier));
  const mine = after.find((owner) => isSame(owner, applier));
  const path = pathIn({ apiVersion: parentVersion });
  if (mine && path) others.push({ ...applier, apiVersion: parentVersion, time: mine.time, fields: FieldSet.of(path) });
  return { document: result.object, managedFields: writeOwners(byIdentity(others)) };
}

function asOwnerOf(owner: Owner, apiVersion: string, field: Path): Owner {
  const { entry: _, ...rest } = owner;
  return { ...rest, apiVersion, fields: FieldSet.of(field) };
}

const byIdentity = (owners: readonly Owner[]): Owners => new Map(owners.map((owner) => [identityOf(owner), owner]));

type Who = Pick<Owner, 'manager' | 'operation' | 'subresource'>;

const isSame = (a: Who, b: Who): boolean =>
  a.manager === b.manager && a.operation === b.operation && a.subresource === b.subresource;

function fieldManagerOf({ schema }: Pick<Subresource<KubeObject>, 'schema'>, apiVersion: string): FieldManager {
  const known =
    managers.get(schema) ??
    new FieldManager({
      schemaOf: (version) => (version === apiVersion ? schema : undefined),
      convert: (object) => object,
    });
  managers.set(schema, known);
  return known;
}
