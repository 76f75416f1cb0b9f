/**
 * The documents that are nobody's kind: lists, answers, options and discovery, as schemas under names of our own, so that they cannot
 * clash with Kubernetes' where documents of several servers are merged (K-068).
 */
import { anything, asField, boolean, integer, listOf, object, oneOf, type Schema, string } from '../schema/schema.ts';
import type { Entity, GroupVersionKind } from './definitions.ts';

const named = (name: string): string => `io.bluedata.kubedirector.meta.v1.${name}`;

const entity = (schema: Schema): Entity => ({ name: schema.definition!, schema });

const typeMeta = { apiVersion: string('Version of this form.'), kind: string('What this document is.') };

const listMeta = object(
  'What a list says about itself.',
  {
    resourceVersion: string('The state of the server that the list shows; a watch may go on from here.'),
    continue: string('Present when there is more: send it back to get the next page.'),
    remainingItemCount: integer('How many items follow this page, where that is known.', { format: 'int64' }),
    selfLink: string('Ignored; once set by the server.'),
  },
  { definition: named('ListMeta') },
);

const statusCause = object(
  'One reason for a failure.',
  {
    reason: string('The reason, in one word for programs.'),
    message: string('The reason, in a sentence for people.'),
    field: string('The field that is at fault.', { example: 'spec.roles[0].members' }),
  },
  { definition: named('StatusCause') },
);

const statusDetails = object(
  'What an answer is about.',
  {
    name: string('Name of the object.'),
    group: string('Group of the object.'),
    kind: string('Resource or kind of the object.'),
    uid: string('UID of the object.'),
    causes: listOf(statusCause, 'Every fault that was found.'),
    retryAfterSeconds: integer('When it is worth trying again.'),
  },
  { definition: named('StatusDetails') },
);

export const status = entity(
  object(
    'The answer to what could not be done, or has nothing else to say.',
    {
      ...typeMeta,
      metadata: listMeta,
      status: oneOf(['Success', 'Failure'], 'Whether it was done.'),
      message: string('What happened, in a sentence for people.'),
      reason: string('What happened, in one word for programs.'),
      details: statusDetails,
      code: integer('The HTTP status code.'),
    },
    { definition: named('Status') },
  ),
);

export const deleteOptions = entity(
  object(
    'How to delete.',
    {
      ...typeMeta,
      gracePeriodSeconds: integer('How long the object may take to end. Zero: none at all.', {
        format: 'int64',
        minimum: 0,
      }),
      propagationPolicy: string(
        'What becomes of the objects that belong to this one: Orphan leaves them, Background removes them afterwards, Foreground removes them first.',
        { example: 'Foreground' },
      ),
      orphanDependents: boolean('Older word for the propagation policy Orphan.'),
      preconditions: object(
        'What must hold of the object, or it is not deleted.',
        { uid: string('Its UID.'), resourceVersion: string('Its resourceVersion.') },
        { definition: named('Preconditions') },
      ),
      dryRun: listOf(string('All.'), 'With All, nothing is deleted, and everything is checked.'),
    },
    { definition: named('DeleteOptions') },
  ),
);

export const patch = entity(
  object('A change to an object, in one of the forms that the operation takes.', {}, { definition: named('Patch') }),
);

export const watchEvent = entity(
  object(
    'One change, as a watch tells it: one JSON document a line.',
    {
      type: string('ADDED, MODIFIED, DELETED, BOOKMARK or ERROR.'),
      object: anything('The object after the change; with DELETED before it, with ERROR a Status.'),
    },
    { required: ['type', 'object'], definition: named('WatchEvent') },
  ),
);

const apiResource = object(
  'One resource, or a subresource of one.',
  {
    name: string('Plural name.', { example: 'kubedirectorclusters/status' }),
    singularName: string('Singular name.'),
    namespaced: boolean('Whether its objects live in namespaces.'),
    group: string('Group of the kind, where it is not that of the list.'),
    version: string('Version of the kind, where it is not that of the list.'),
    kind: string('Kind of the documents.'),
    verbs: listOf(string('Verb.'), 'What can be done with it.'),
    shortNames: listOf(string('Name.'), 'Short names for people.'),
    categories: listOf(string('Category.'), 'Names under which kubectl finds several resources at once.'),
    storageVersionHash: string('Changes when the stored version does.'),
  },
  { required: ['name', 'singularName', 'namespaced', 'kind', 'verbs'], definition: named('APIResource') },
);

export const apiResourceList = entity(
  object(
    'The resources of one version of a group.',
    { ...typeMeta, groupVersion: string('Group and version.'), resources: listOf(apiResource, 'The resources.') },
    { required: ['groupVersion', 'resources'], definition: named('APIResourceList') },
  ),
);

const servedVersion = object(
  'A version of a group.',
  { groupVersion: string('Group and version.'), version: string('Version.') },
  { required: ['groupVersion', 'version'], definition: named('GroupVersionForDiscovery') },
);

const apiGroupSchema = object(
  'A group and its versions.',
  {
    ...typeMeta,
    name: string('Name of the group.'),
    versions: listOf(servedVersion, 'Its versions, the preferred one first.'),
    preferredVersion: asField(servedVersion, 'The version to use, unless you need another.'),
  },
  { required: ['name', 'versions'], definition: named('APIGroup') },
);

export const apiGroup = entity(apiGroupSchema);

export const apiGroupList = entity(
  object(
    'The groups of a server.',
    { ...typeMeta, groups: listOf(apiGroupSchema, 'The groups.') },
    { required: ['groups'], definition: named('APIGroupList') },
  ),
);

export const apiVersions = entity(
  object(
    'The versions of the core group.',
    { ...typeMeta, versions: listOf(string('Version.'), 'The versions.') },
    { required: ['versions'], definition: named('APIVersions') },
  ),
);

/** A kind, as documents call it. */
export function kindEntity(schema: Schema, type: GroupVersionKind): Entity {
  const name = schema.definition ?? nameOf(type);
  return { name, schema: { ...schema, definition: name }, types: [type] };
}

/** The list of a kind (K-173). */
export function listEntity({ name, schema }: Entity, type: GroupVersionKind): Entity {
  const list = object(
    `${type.kind}: objects, and what holds of all of them.`,
    { ...typeMeta, metadata: listMeta, items: listOf(schema, 'The objects.') },
    { required: ['items'], definition: `${name}List` },
  );
  return { name: `${name}List`, schema: list, types: [type] };
}

/** `com.example.v1.Thing` for the kind Thing of `example.com/v1`. */
const nameOf = ({ group, version, kind }: GroupVersionKind): string =>
  [...group.split('.').reverse(), version, kind].filter((part) => part !== '').join('.');
