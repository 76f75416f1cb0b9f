/**
 * What we own of a child: the fields that we applied and nobody has taken over since, as the host tells in `managedFields`.
 *
 * An apply takes away what the one before it said and this one does not. So whoever applies a part of what it owns has to say the rest
 * again, as it stands: `extracted` knows what that is. Nothing here knows what a cluster wants.
 */
import { sameJson } from '../../../openapi/machinery/json.ts';
import { isRecord, type KubeObject, type ManagedFieldsEntry } from '../../../openapi/machinery/meta.ts';

/** The name under which we write; published, since people meet it in conflicts. */
export const fieldManager = 'kubedirector';

/** A set of fields: `f:` and a name, `k:` and the keys of an item, `v:` and a value, and `.` for the thing itself. */
export type Fields = Readonly<Record<string, unknown>>;

const isOurs = ({ manager, operation, subresource }: ManagedFieldsEntry): boolean =>
  manager === fieldManager && operation === 'Apply' && !subresource;

/** @returns an empty set for an object that we never applied, such as one that was restored without its owners */
export function fieldsOf({ metadata }: KubeObject): Fields {
  const fields: unknown = metadata.managedFields?.find(isOurs)?.fieldsV1;
  return isRecord(fields) ? fields : {};
}

/**
 * The object as a view keeps it: of its managedFields only what is ever asked, who owns which labels and annotations of a Service or a
 * StatefulSet, and what of the latter's spec. That is alike in thousands of objects, and kept once.
 */
export function asKept<T extends KubeObject>(object: T): T {
  const { managedFields, ...metadata } = object.metadata;
  if (!managedFields) return object;
  const own = wasApplied(object) ? managedFields.find(isOurs) : undefined;
  return { ...object, metadata: { ...metadata, ...(own && { managedFields: [keptOnce(own)] }) } };
}

const wasApplied = ({ kind }: KubeObject): boolean => kind === 'Service' || kind === 'StatefulSet';

const kept = new Map<string, ManagedFieldsEntry>();
/** Shapes are few; where they are not, keeping them once saves nothing. */
const mostKept = 10_000;

function keptOnce(entry: ManagedFieldsEntry): ManagedFieldsEntry {
  const { labels, annotations } = Object.fromEntries(
    ['labels', 'annotations'].map((name) => [name, below(entry.fieldsV1 ?? {}, 'metadata', name)]),
  );
  const metadata = { 'f:labels': labels, 'f:annotations': annotations };
  const fieldsV1 = { 'f:metadata': metadata, 'f:spec': below(entry.fieldsV1 ?? {}, 'spec') };
  const { manager, operation, apiVersion } = entry;
  const small = { manager, operation, apiVersion, fieldsV1 } as ManagedFieldsEntry;
  const text = JSON.stringify(small);
  const known = kept.get(text);
  if (known) return known;
  if (kept.size >= mostKept) kept.clear();
  kept.set(text, small);
  return small;
}

/** The set below a field. */
export function below(fields: Fields, ...names: readonly string[]): Fields {
  let found: Fields = fields;
  for (const name of names) {
    const next = Object.hasOwn(found, `f:${name}`) ? found[`f:${name}`] : undefined;
    if (!isRecord(next)) return {};
    found = next;
  }
  return found;
}

/** Names of the fields in a set, one level deep. */
export const namesIn = (fields: Fields): string[] =>
  Object.keys(fields).flatMap((element) => (element.startsWith('f:') ? element.slice(2) : []));

/** Of a value, what is in the set: the value itself where it is owned as a whole, else the fields and items that are. */
export function extracted(value: unknown, fields: Fields): unknown {
  if (Object.keys(fields).length === 0) return value;
  if (Array.isArray(value)) return value.flatMap((item) => extractedItem(item, fields));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    namesIn(fields)
      .filter((name) => Object.hasOwn(value, name))
      .map((name) => [name, extracted(value[name], below(fields, name))]),
  );
}

function extractedItem(item: unknown, fields: Fields): unknown[] {
  for (const [element, inner] of Object.entries(fields)) {
    const identity = element.startsWith('k:') || element.startsWith('v:') ? parsed(element.slice(2)) : undefined;
    if (identity === undefined) continue;
    if (element.startsWith('v:')) {
      if (sameJson(item, identity)) return [item];
    } else if (isRecord(item) && isRecord(identity) && isRecord(inner) && hasKeys(item, identity))
      return [{ ...identity, ...(extracted(item, inner) as object) }];
  }
  return [];
}

const hasKeys = (item: Record<string, unknown>, keys: Record<string, unknown>): boolean =>
  Object.entries(keys).every(([name, value]) => sameJson(item[name], value));

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
