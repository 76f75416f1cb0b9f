/**
 * AES-GCM, authenticated: a value that was changed, or moved to another key of the store, is refused.
 *
 *   mark | nonce 12 | ciphertext | tag 16
 *
 * Nonces are random, so one key is good for some two hundred thousand writes before it should be rotated; Kubernetes says the same.
 */
import type { KeyObject } from 'node:crypto';
import { createCipheriv, createDecipheriv, randomFillSync } from 'node:crypto';
import type { Provider } from './provider.ts';
import { checkLength, markOf } from './provider.ts';

const nonceBytes = 12;
const tagBytes = 16;

/** @param secret of 16, 24 or 32 bytes */
export function aesGcm(name: string, secret: KeyObject): Provider {
  const mark = markOf('aesgcm:v1', name);
  return {
    title: `aesgcm with key ${JSON.stringify(name)}`,
    mark,
    seal: (plain, key) => sealGcm(secret, plain, key, mark),
    open: (stored, key) => ({ value: openGcm(secret, stored, key, mark.length), stale: false }),
  };
}

/** @returns `before`, then nonce, ciphertext and tag */
export function sealGcm(secret: KeyObject, plain: Buffer, key: string, before: Buffer): Buffer {
  const nonceAt = before.length;
  const sealed = Buffer.allocUnsafeSlow(nonceAt + nonceBytes + plain.length + tagBytes);
  before.copy(sealed);
  randomFillSync(sealed, nonceAt, nonceBytes);
  const nonce = sealed.subarray(nonceAt, nonceAt + nonceBytes);
  const cipher = createCipheriv(cipherFor(secret), secret, nonce, { authTagLength: tagBytes });
  cipher.setAAD(Buffer.from(key));
  cipher.update(plain).copy(sealed, nonceAt + nonceBytes);
  cipher.final();
  cipher.getAuthTag().copy(sealed, sealed.length - tagBytes);
  return sealed;
}

/** @param from where the nonce begins. @throws Error when the tag does not fit */
export function openGcm(secret: KeyObject, stored: Buffer, key: string, from: number): Buffer {
  checkLength(stored, from + nonceBytes + tagBytes);
  const end = stored.length - tagBytes;
  const nonce = stored.subarray(from, from + nonceBytes);
  const decipher = createDecipheriv(cipherFor(secret), secret, nonce, { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(key));
  decipher.setAuthTag(stored.subarray(end));
  const plain = decipher.update(stored.subarray(from + nonceBytes, end));
  decipher.final();
  return plain;
}

const cipherFor = (secret: KeyObject): 'aes-128-gcm' | 'aes-192-gcm' | 'aes-256-gcm' =>
  `aes-${((secret.symmetricKeySize ?? 32) * 8) as 128 | 192 | 256}-gcm`;
