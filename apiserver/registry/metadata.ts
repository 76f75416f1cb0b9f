/**
 * The rules of `metadata`, the same for every kind: what the server sets, what a client may not change, what values look like.
 *
 * Pure. Texts and paths are Kubernetes' (K-160, K-236, K-237, K-319 to K-346).
 */

import { randomUUID } from 'node:crypto';
import { type Clock, timestamp } from '../../openapi/machinery/clock.ts';
import {
  metadata as at,
  type FieldError,
  type FieldPath,
  forbidden,
  invalid,
  required,
  tooLong,
} from '../../openapi/machinery/field.ts';
import { jsonText, sameJson } from '../../openapi/machinery/json.ts';
import type { KubeObject, ManagedFieldsEntry, ObjectMeta, OwnerReference } from '../../openapi/machinery/meta.ts';
import {
  finalizerFaults,
  labelFaults,
  labelValueFaults,
  type NameRule,
  qualifiedNameFaults,
} from '../../openapi/machinery/names.ts';

/** Bytes of all keys and values of annotations together. */
const maxAnnotationBytes = 262_144;
/** The longest name of a manager. */
export const maxManagerBytes = 128;
const maxSubresourceBytes = 256;

/** The metadata of an object that is about to be created: what the client may not say is replaced. */
export function metadataForCreate(
  given: ObjectMeta,
  namespace: string,
  countsGenerations: boolean,
  clock: Clock,
): ObjectMeta {
  const {
    resourceVersion: _,
    deletionTimestamp: _1,
    deletionGracePeriodSeconds: _2,
    managedFields: _3,
    generation: _4,
    ...kept
  } = given;
  return {
    ...withoutSelfLink(kept),
    ...(namespace && { namespace }),
    uid: randomUUID(),
    ...(countsGenerations && { generation: 1 }),
    creationTimestamp: timestamp(clock.now()),
  };
}

/** The metadata of an object that is about to be written: what clients leave out or may not change is as stored. */
export function metadataForUpdate(given: ObjectMeta, stored: ObjectMeta): ObjectMeta {
  const { resourceVersion: _, managedFields: _1, generation: _2, ...kept } = given;
  return {
    ...withoutSelfLink(kept),
    ...carried(stored, 'namespace', 'uid', 'creationTimestamp', 'generation', 'managedFields'),
    ...(given.deletionTimestamp === undefined && carried(stored, 'deletionTimestamp')),
    ...(given.deletionGracePeriodSeconds === undefined && carried(stored, 'deletionGracePeriodSeconds')),
  };
}

const carried = (from: ObjectMeta, ...names: (keyof ObjectMeta)[]): Partial<ObjectMeta> =>
  Object.fromEntries(names.filter((name) => from[name] !== undefined).map((name) => [name, from[name]]));

const withoutSelfLink = ({ selfLink: _, ...kept }: ObjectMeta & { selfLink?: unknown }): ObjectMeta => kept;

/** Faults of an object's own metadata, whatever it was before. */
export function metadataFaults(metadata: ObjectMeta, nameRule: NameRule, namespaced: boolean): FieldError[] {
  return [
    ...nameFaults(metadata, nameRule),
    ...(namespaced ? namespaceFaults(metadata.namespace) : []),
    ...labelsFaults(metadata.labels, at.child('labels')),
    ...annotationFaults(metadata.annotations, at.child('annotations')),
    ...ownerFaults(metadata.ownerReferences),
    ...finalizersFaults(metadata.finalizers),
  ];
}

function nameFaults({ name, generateName }: ObjectMeta, rule: NameRule): FieldError[] {
  const faults: FieldError[] = [];
  // A prefix may end in a hyphen, since letters follow it (K-322).
  if (generateName)
    for (const text of rule(generateName.replace(/-$/, 'a')))
      faults.push(invalid(at.child('generateName'), generateName, text));
  if (!name && !generateName) faults.push(required(at.child('name'), 'name or generateName is required'));
  if (name) for (const text of rule(name)) faults.push(invalid(at.child('name'), name, text));
  return faults;
}

const namespaceFaults = (namespace = ''): FieldError[] =>
  namespace
    ? labelFaults(namespace).map((text) => invalid(at.child('namespace'), namespace, text))
    : [required(at.child('namespace'))];

/** Labels wherever they stand: those of an object, and those that it wants on others. */
export const labelsFaults = (labels: Readonly<Record<string, string>> = {}, place: FieldPath): FieldError[] =>
  Object.entries(labels).flatMap(([key, value]) => [
    ...qualifiedNameFaults(key).map((text) => invalid(place, key, text)),
    ...labelValueFaults(value).map((text) => invalid(place, value, text)),
  ]);

export function annotationFaults(annotations: Readonly<Record<string, string>> = {}, place: FieldPath): FieldError[] {
  const faults: FieldError[] = [];
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations)) {
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
    for (const text of qualifiedNameFaults(key.toLowerCase())) faults.push(invalid(place, key, text));
  }
  if (bytes > maxAnnotationBytes) faults.push(tooLong(place, maxAnnotationBytes));
  return faults;
}

function ownerFaults(owners: readonly OwnerReference[] = []): FieldError[] {
  const place = at.child('ownerReferences');
  const faults: FieldError[] = [];
  for (const owner of owners) {
    const { apiVersion, kind, name, uid } = owner;
    if (!/^[^/]+(\/[^/]+)?$/.test(apiVersion ?? ''))
      faults.push(invalid(place.child('apiVersion'), apiVersion ?? '', 'version must not be empty'));
    for (const [field, value] of Object.entries({ kind, name, uid }))
      if (!value) faults.push(invalid(place.child(field), '', 'must not be empty'));
    if (apiVersion === 'v1' && kind === 'Event')
      faults.push(invalid(place, owner, '/v1, Kind=Event is disallowed from being an owner'));
  }
  const controllers = owners.filter(({ controller }) => controller);
  if (controllers.length > 1) {
    const [first, second] = controllers.map(({ kind, name }) => `${kind}/${name}`);
    const text = `Only one reference can have Controller set to true. Found "true" in references for ${first} and ${second}`;
    faults.push(invalid(place, owners, text));
  }
  return faults;
}

function finalizersFaults(finalizers: readonly string[] = []): FieldError[] {
  const place = at.child('finalizers');
  const faults = finalizers.flatMap((name, i) =>
    finalizerFaults(name).map((text) => invalid(place.index(i), name, text)),
  );
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion'))
    faults.push(invalid(place, finalizers, 'finalizer orphan and foregroundDeletion cannot be both set'));
  return faults;
}

/** Faults of what a client says about who owns what; whether it can be read at all is managedfields/' (K-345). */
export const managedFieldsFaults = (entries: readonly ManagedFieldsEntry[] = []): FieldError[] =>
  entries.flatMap(({ manager = '', subresource = '' }, i) => {
    const place = at.child('managedFields').index(i);
    return [
      ...managerFaults(manager, place.child('manager')),
      ...(Buffer.byteLength(subresource) > maxSubresourceBytes
        ? [tooLong(place.child('subresource'), maxSubresourceBytes)]
        : []),
    ];
  });

/** Faults of the name of a manager, wherever it stands (K-140). */
export function managerFaults(manager: string, place: FieldPath): FieldError[] {
  const faults: FieldError[] = [];
  if (Buffer.byteLength(manager) > maxManagerBytes) faults.push(tooLong(place, maxManagerBytes));
  let position = 0;
  for (const letter of manager) {
    if (!isPrintable(letter)) {
      const code = letter.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
      faults.push(invalid(place, manager, `invalid character U+${code} (at position ${position})`));
    }
    position += Buffer.byteLength(letter);
  }
  return faults;
}

/** What Go calls printable: letters, marks, numbers, punctuation, symbols, and of all blanks the one of ASCII. */
export const isPrintable = (letter: string): boolean => /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(letter);

/** Faults of a change: what may not be changed, and finalizers that come too late (K-244). */
export function metadataChangeFaults(now: ObjectMeta, stored: ObjectMeta): FieldError[] {
  const faults: FieldError[] = [];
  for (const field of ['deletionTimestamp', 'deletionGracePeriodSeconds'] as const)
    if (!sameJson(now[field], stored[field])) faults.push(invalid(at.child(field), now[field], 'field is immutable'));
  if (!stored.deletionTimestamp) return faults;
  const added = (now.finalizers ?? []).filter((name) => !stored.finalizers?.includes(name));
  if (added.length) {
    const list = `[]string{${added.map((name) => jsonText(name)).join(', ')}}`;
    faults.push(
      forbidden(
        at.child('finalizers'),
        `no new finalizers can be added if the object is being deleted, found new finalizers ${list}`,
      ),
    );
  }
  return faults;
}

/** The object with one owner reference per uid (K-167). @returns the uids that stood there more than once */
export function dedupeOwners(object: KubeObject): string[] {
  const { ownerReferences } = object.metadata;
  if (!ownerReferences || ownerReferences.length < 2) return [];
  const seen = new Set<string>();
  const repeated = new Set<string>();
  object.metadata.ownerReferences = ownerReferences.filter(({ uid }) => {
    if (seen.has(uid)) repeated.add(uid);
    return !seen.has(uid) && seen.add(uid);
  });
  return [...repeated];
}
