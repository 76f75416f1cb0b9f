/**
 * AES-CBC with padding as in PKCS #7, as Kubernetes lays it out. It hides values but proves nothing: one that was changed in the
 * store may be read as something else. It is here so that stores that were written with it can be read, and left behind.
 *
 *   mark | initialisation vector 16 | ciphertext
 */
import type { KeyObject } from 'node:crypto';
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Provider } from './provider.ts';
import { checkLength, markOf } from './provider.ts';

const blockBytes = 16;

/** @param secret of 16, 24 or 32 bytes */
export function aesCbc(name: string, secret: KeyObject): Provider {
  const mark = markOf('aescbc:v1', name);
  const algorithm = `aes-${(secret.symmetricKeySize ?? 32) * 8}-cbc`;
  return {
    title: `aescbc with key ${JSON.stringify(name)}`,
    mark,
    seal: (plain) => {
      const vector = randomBytes(blockBytes);
      const cipher = createCipheriv(algorithm, secret, vector);
      return Buffer.concat([mark, vector, cipher.update(plain), cipher.final()]);
    },
    open: (stored) => {
      const from = mark.length + blockBytes;
      checkLength(stored, from + blockBytes);
      const decipher = createDecipheriv(algorithm, secret, stored.subarray(mark.length, from));
      return { value: Buffer.concat([decipher.update(stored.subarray(from)), decipher.final()]), stale: false };
    },
  };
}
