/**
 * What is said about every kind in Kubernetes' protobuf: metadata alone, Statuses, watch frames, and options of a delete.
 */

import { jsonText } from '../../../openapi/machinery/json.ts';
import type { KubeObject, ListMeta, ManagedFieldsEntry, ObjectMeta } from '../../../openapi/machinery/meta.ts';
import type { Status } from '../../../openapi/machinery/status.ts';
import { DecodeError } from '../json.ts';
import { decoded, encoded } from './messages.ts';

export const protobufType = 'application/vnd.kubernetes.protobuf';

const magic = Buffer.from([0x6b, 0x38, 0x73, 0x00]);

/** A message with what it is, as it stands in a body or in a watch event (K-124, K-126). */
const envelope = (apiVersion: string, kind: string, raw: Uint8Array): Buffer =>
  Buffer.concat([magic, encoded('Unknown', { typeMeta: { apiVersion, kind }, raw })]);

const time = (text: string | undefined) => {
  const atMs = Date.parse(text ?? '');
  return Number.isNaN(atMs) ? undefined : { seconds: Math.floor(atMs / 1000) };
};

const managed = ({ time: at, fieldsV1, ...entry }: ManagedFieldsEntry): object => ({
  ...entry,
  ...(at && { time: time(at) }),
  ...(fieldsV1 && { fieldsV1: { raw: Buffer.from(jsonText(fieldsV1)) } }),
});

const metadataMessage = ({ creationTimestamp, deletionTimestamp, managedFields, ...rest }: ObjectMeta): object => ({
  ...rest,
  ...(creationTimestamp && { creationTimestamp: time(creationTimestamp) }),
  ...(deletionTimestamp && { deletionTimestamp: time(deletionTimestamp) }),
  ...(managedFields && { managedFields: managedFields.map(managed) }),
});

/** Bare: as an item of a list. */
export const metadataItem = ({ metadata }: KubeObject): Buffer =>
  Buffer.from(encoded('PartialObjectMetadata', { metadata: metadataMessage(metadata) }));

/** @param metaVersion of meta.k8s.io */
export const metadataBody = (item: Uint8Array, metaVersion: string): Buffer =>
  envelope(`meta.k8s.io/${metaVersion}`, 'PartialObjectMetadata', item);

/** @param items bare */
export function metadataListBody(metadata: ListMeta, items: readonly Uint8Array[], metaVersion: string): Buffer {
  // Items are put into the list as the messages they are: nothing is decoded in order to be encoded again.
  const pieces: Uint8Array[] = [encoded('PartialObjectMetadataList', { metadata })];
  for (const item of items) pieces.push(itemTag, varint(item.length), item);
  return envelope(`meta.k8s.io/${metaVersion}`, 'PartialObjectMetadataList', Buffer.concat(pieces));
}

const itemTag = Buffer.from([(2 << 3) | 2]);

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}

export const statusBody = ({ kind: _, apiVersion: __, ...status }: Status): Buffer =>
  envelope('v1', 'Status', encoded('Status', status));

/** A frame of a watch: its length, then an event without the magic bytes, then the object with them (K-128). */
export function watchFrame(type: string, object: Uint8Array): Buffer {
  const event = encoded('WatchEvent', { type, object: { raw: object } });
  const length = Buffer.alloc(4);
  length.writeUInt32BE(event.length);
  return Buffer.concat([length, event]);
}

/** @returns undefined when the body holds something else. @throws DecodeError when it is no envelope */
export function deleteOptionsIn(body: Buffer): Record<string, unknown> | undefined {
  if (!body.subarray(0, magic.length).equals(magic)) throw new DecodeError('the body is no Kubernetes protobuf');
  try {
    const { typeMeta, raw } = decoded('Unknown', body.subarray(magic.length)) as Envelope;
    if (typeMeta?.kind !== 'DeleteOptions') return undefined;
    return { ...decoded('DeleteOptions', raw ?? new Uint8Array()), kind: 'DeleteOptions', apiVersion: 'v1' };
  } catch (cause) {
    throw new DecodeError(`the body is no Kubernetes protobuf: ${(cause as Error).message}`);
  }
}

interface Envelope {
  readonly typeMeta?: { readonly apiVersion?: string; readonly kind?: string };
  readonly raw?: Uint8Array;
}
