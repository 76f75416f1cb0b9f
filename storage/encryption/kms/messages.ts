/**
 * The messages of version 2 of Kubernetes' interface to key management services, and the envelope in which a value is stored.
 */
import protobuf from 'protobufjs';

const { root } = protobuf.parse(
  `syntax = "proto3";
  message StatusRequest {}
  message StatusResponse { string version = 1; string healthz = 2; string key_id = 3; }
  message EncryptRequest { bytes plaintext = 1; string uid = 2; }
  message EncryptResponse { bytes ciphertext = 1; string key_id = 2; map<string, bytes> annotations = 3; }
  message DecryptRequest { bytes ciphertext = 1; string uid = 2; string key_id = 3; map<string, bytes> annotations = 4; }
  message DecryptResponse { bytes plaintext = 1; }
  message EncryptedObject {
    bytes encryptedData = 1;
    string keyID = 2;
    bytes encryptedDEKSource = 3;
    map<string, bytes> annotations = 4;
    int32 encryptedDEKSourceType = 5;
  }`,
  { keepCase: true },
);

export interface Messages {
  readonly StatusRequest: Record<string, never>;
  readonly StatusResponse: { readonly version: string; readonly healthz: string; readonly key_id: string };
  readonly EncryptRequest: { readonly plaintext: Buffer; readonly uid: string };
  readonly EncryptResponse: {
    readonly ciphertext: Buffer;
    readonly key_id: string;
    readonly annotations: Annotations;
  };
  readonly DecryptRequest: {
    readonly ciphertext: Buffer;
    readonly uid: string;
    readonly key_id: string;
    readonly annotations: Annotations;
  };
  readonly DecryptResponse: { readonly plaintext: Buffer };
  readonly EncryptedObject: EncryptedObject;
}

export type Annotations = Readonly<Record<string, Buffer>>;

export interface EncryptedObject {
  readonly encryptedData: Buffer;
  readonly keyID: string;
  /** A key or a seed for keys, as the service has encrypted it. */
  readonly encryptedDEKSource: Buffer;
  readonly annotations: Annotations;
  readonly encryptedDEKSourceType: number;
}

/** What the decrypted source is: a key of AES-GCM, or what a key for each value is derived from. */
export const sourceType = { key: 0, seed: 1 } as const;

export const encode = <T extends keyof Messages>(type: T, message: Messages[T]): Buffer =>
  Buffer.from(root.lookupType(type).encode(message).finish());

/** @throws RangeError when the bytes are no such message */
export function decode<T extends keyof Messages>(type: T, bytes: Buffer): Messages[T] {
  const found = root.lookupType(type);
  return found.toObject(found.decode(bytes), { defaults: true, objects: true, bytes: Buffer }) as Messages[T];
}
