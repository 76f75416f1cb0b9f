/**
 * The messages of meta.k8s.io that are exchanged about every kind, in Kubernetes' protobuf (K-124 to K-126).
 *
 * Our own kinds have no protobuf form, as custom resources have none; their metadata, Statuses and options do.
 */
import protobuf from 'protobufjs';

type FieldTuple = readonly [number: number, type: string, rule?: 'repeated' | 'map'];

const message = (fields: Readonly<Record<string, FieldTuple>>) => ({
  // As Kubernetes' own: a zero or a false that somebody said is something else than silence.
  edition: 'proto2',
  fields: Object.fromEntries(
    Object.entries(fields).map(([name, [id, type, rule]]) => [
      name,
      rule === 'map' ? { keyType: 'string', type, id } : { type, id, ...(rule && { rule }) },
    ]),
  ),
});

const root = protobuf.Root.fromJSON({
  nested: {
    TypeMeta: message({ apiVersion: [1, 'string'], kind: [2, 'string'] }),
    Unknown: message({
      typeMeta: [1, 'TypeMeta'],
      raw: [2, 'bytes'],
      contentEncoding: [3, 'string'],
      contentType: [4, 'string'],
    }),
    Time: message({ seconds: [1, 'int64'], nanos: [2, 'int32'] }),
    OwnerReference: message({
      kind: [1, 'string'],
      name: [3, 'string'],
      uid: [4, 'string'],
      apiVersion: [5, 'string'],
      controller: [6, 'bool'],
      blockOwnerDeletion: [7, 'bool'],
    }),
    FieldsV1: message({ raw: [1, 'bytes'] }),
    ManagedFieldsEntry: message({
      manager: [1, 'string'],
      operation: [2, 'string'],
      apiVersion: [3, 'string'],
      time: [4, 'Time'],
      fieldsType: [6, 'string'],
      fieldsV1: [7, 'FieldsV1'],
      subresource: [8, 'string'],
    }),
    ObjectMeta: message({
      name: [1, 'string'],
      generateName: [2, 'string'],
      namespace: [3, 'string'],
      selfLink: [4, 'string'],
      uid: [5, 'string'],
      resourceVersion: [6, 'string'],
      generation: [7, 'int64'],
      creationTimestamp: [8, 'Time'],
      deletionTimestamp: [9, 'Time'],
      deletionGracePeriodSeconds: [10, 'int64'],
      labels: [11, 'string', 'map'],
      annotations: [12, 'string', 'map'],
      ownerReferences: [13, 'OwnerReference', 'repeated'],
      finalizers: [14, 'string', 'repeated'],
      managedFields: [17, 'ManagedFieldsEntry', 'repeated'],
    }),
    ListMeta: message({
      selfLink: [1, 'string'],
      resourceVersion: [2, 'string'],
      continue: [3, 'string'],
      remainingItemCount: [4, 'int64'],
    }),
    PartialObjectMetadata: message({ metadata: [1, 'ObjectMeta'] }),
    PartialObjectMetadataList: message({
      metadata: [1, 'ListMeta'],
      items: [2, 'PartialObjectMetadata', 'repeated'],
    }),
    StatusCause: message({ reason: [1, 'string'], message: [2, 'string'], field: [3, 'string'] }),
    StatusDetails: message({
      name: [1, 'string'],
      group: [2, 'string'],
      kind: [3, 'string'],
      causes: [4, 'StatusCause', 'repeated'],
      retryAfterSeconds: [5, 'int32'],
      uid: [6, 'string'],
    }),
    Status: message({
      metadata: [1, 'ListMeta'],
      status: [2, 'string'],
      message: [3, 'string'],
      reason: [4, 'string'],
      details: [5, 'StatusDetails'],
      code: [6, 'int32'],
    }),
    Preconditions: message({ uid: [1, 'string'], resourceVersion: [2, 'string'] }),
    DeleteOptions: message({
      gracePeriodSeconds: [1, 'int64'],
      preconditions: [2, 'Preconditions'],
      orphanDependents: [3, 'bool'],
      propagationPolicy: [4, 'string'],
      dryRun: [5, 'string', 'repeated'],
    }),
    WatchEvent: message({ type: [1, 'string'], object: [2, 'RawExtension'] }),
    RawExtension: message({ raw: [1, 'bytes'] }),
  },
});

type MessageName =
  | 'DeleteOptions'
  | 'ListMeta'
  | 'PartialObjectMetadata'
  | 'PartialObjectMetadataList'
  | 'Status'
  | 'Unknown'
  | 'WatchEvent';

const types = new Map<MessageName, protobuf.Type>();

/** @param value as JSON has it, with bytes as buffers and times as messages */
export const encoded = (name: MessageName, value: object): Uint8Array =>
  typeOf(name).encode(typeOf(name).fromObject(value)).finish();

/** Only the fields that were sent. @throws Error when the bytes are no such message */
export const decoded = (name: MessageName, bytes: Uint8Array): Record<string, unknown> =>
  typeOf(name).toObject(typeOf(name).decode(bytes), { longs: Number, defaults: false, arrays: false });

function typeOf(name: MessageName): protobuf.Type {
  const known = types.get(name) ?? root.lookupType(name);
  types.set(name, known);
  return known;
}
