/**
 * NaCl's secretbox, XSalsa20 and Poly1305: authenticated, with nonces so long that one key may be used for ever. Unlike AES-GCM
 * it does not tie a value to its place in the store.
 *
 *   mark | nonce 24 | tag 16 | ciphertext
 */
import type { KeyObject } from 'node:crypto';
import { randomBytes } from 'node:crypto';
import { secretbox as box } from '@noble/ciphers/salsa.js';
import type { Provider } from './provider.ts';
import { checkLength, markOf } from './provider.ts';

const nonceBytes = 24;
const tagBytes = 16;

/** @param secret of 32 bytes */
export function secretbox(name: string, secret: KeyObject): Provider {
  const mark = markOf('secretbox:v1', name);
  const key = secret.export();
  return {
    title: `secretbox with key ${JSON.stringify(name)}`,
    mark,
    seal: (plain) => {
      const nonce = randomBytes(nonceBytes);
      return Buffer.concat([mark, nonce, box(key, nonce).seal(plain)]);
    },
    open: (stored) => {
      const from = mark.length + nonceBytes;
      checkLength(stored, from + tagBytes);
      const { buffer, byteOffset, length } = box(key, stored.subarray(mark.length, from)).open(stored.subarray(from));
      return { value: Buffer.from(buffer, byteOffset, length), stale: false };
    },
  };
}
