/**
 * Request bodies in Kubernetes' protobuf: an envelope that says what it holds, and the message in it (K section B.3).
 */
import { DecodeError } from '../../../apiserver/codec/json.ts';
import { type FieldType, message, text } from './message.ts';
import { messageFor } from './messages.ts';

export const protobufType = 'application/vnd.kubernetes.protobuf';

const magic = Buffer.from([0x6b, 0x38, 0x73, 0x00]);

const raw: FieldType = { wire: text.wire, read: (value) => value };

const envelope = message(() => ({
  typeMeta: [1, message(() => ({ apiVersion: [1, text], kind: [2, text] }))],
  raw: [2, raw],
  contentEncoding: [3, text],
}));

interface Envelope {
  readonly typeMeta?: { readonly apiVersion?: string; readonly kind?: string };
  readonly raw?: Buffer;
  readonly contentEncoding?: string;
}

/**
 * The document that a body holds, as JSON would have it.
 *
 * @returns undefined for a kind whose messages are not known here
 * @throws DecodeError when the body is not what it says
 */
export function decodeProtobuf(body: Buffer): Record<string, unknown> | undefined {
  if (magic.compare(body, 0, magic.length) !== 0)
    throw new DecodeError('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]');
  const {
    typeMeta = {},
    raw: held = Buffer.alloc(0),
    contentEncoding,
  } = envelope.read(body.subarray(magic.length)) as Envelope;
  const { apiVersion = '', kind = '' } = typeMeta;
  const type = messageFor(apiVersion, kind);
  if (!type || contentEncoding) return undefined;
  return { apiVersion, kind, ...(type.read(held) as Record<string, unknown>) };
}
