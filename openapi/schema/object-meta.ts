/**
 * The schema of `metadata`: what clients may send there, and what the published documents say of it.
 *
 * Which values are allowed in names, labels and finalizers is decided by apiserver/registry/metadata.ts; here are only the types.
 */
import { anything, boolean, integer, listByKey, listOf, mapOf, object, oneOf, setOf, string } from './schema.ts';

const ownerReference = object(
  'An object that this one belongs to. When all owners are gone, the garbage collector deletes this object.',
  {
    apiVersion: string('Group and version of the owner.'),
    kind: string('Kind of the owner.'),
    name: string('Name of the owner, in the same namespace.'),
    uid: string('UID of the owner.'),
    controller: boolean('True for the one owner that manages this object.'),
    blockOwnerDeletion: boolean('True when a foreground deletion of the owner has to wait for this object.'),
  },
  {
    required: ['apiVersion', 'kind', 'name', 'uid'],
    definition: 'io.bluedata.kubedirector.meta.v1.OwnerReference',
    atomic: true,
  },
);

const managedFieldsEntry = object(
  'What one manager owns of this object, written by the server.',
  {
    manager: string('Name of the manager.'),
    operation: oneOf(['Apply', 'Update'], 'How the fields came to be owned.'),
    apiVersion: string('The version in which the set of fields is written.'),
    time: string('When the set last changed.', { format: 'date-time' }),
    fieldsType: oneOf(['FieldsV1'], 'The format of fieldsV1.'),
    fieldsV1: anything('The set of fields.'),
    subresource: string('The subresource through which the fields were written.'),
  },
  { definition: 'io.bluedata.kubedirector.meta.v1.ManagedFieldsEntry' },
);

export const objectMetaSchema = object(
  'What every Kubernetes object has: its name, its labels, and what the server keeps about it.',
  {
    name: string('Unique within the namespace; cannot be changed.', { example: 'spark-instance' }),
    generateName: string('Used when name is absent: the server appends five letters to it.'),
    namespace: string('Where the object lives; cannot be changed.'),
    labels: mapOf(string('Value.'), 'Words to select objects by.'),
    annotations: mapOf(string('Value.'), 'Notes of tools and people; nothing can be selected by them.'),
    finalizers: setOf(string('Name of a finalizer.'), 'The object is removed only when this list is empty.'),
    ownerReferences: listByKey(['uid'], ownerReference, 'The objects that this one belongs to.'),
    uid: string('Set by the server: identifies this object for ever.'),
    resourceVersion: string(
      'Set by the server: changes with every write. Sent back in an update, it guards against lost writes.',
    ),
    generation: integer('Set by the server: counts the changes of the desired state.', { format: 'int64' }),
    creationTimestamp: string('Set by the server.', { format: 'date-time' }),
    deletionTimestamp: string('Set by the server when deletion has been asked for.', { format: 'date-time' }),
    deletionGracePeriodSeconds: integer('Set by the server with deletionTimestamp.', { format: 'int64' }),
    selfLink: string('Ignored; once set by the server.'),
    managedFields: listOf(managedFieldsEntry, 'Who owns which fields; written by the server.'),
  },
  { definition: 'io.bluedata.kubedirector.meta.v1.ObjectMeta' },
);
