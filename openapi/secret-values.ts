/**
 * How the values of `secretKeys` are kept: AES-GCM under the configuration's `masterEncryptionKey`, written in hex as nonce,
 * ciphertext and tag, one after the other. That is the form of the original, so what it encrypted is read here.
 *
 * Whose values they are, and who may have them, is nobody's business here.
 */
import { type CipherGCMTypes, createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** The lengths that GCM is standardised with, and that Go's implementation takes by default. */
const nonceBytes = 12;
const tagBytes = 16;

/**
 * @param masterKey 16, 24 or 32 bytes in hex
 * @returns another text each time: the nonce is drawn at random
 */
export function encryptSecretValue(value: string, masterKey: string): string {
  const { algorithm, key } = cipherOf(masterKey);
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key, nonce);
  return Buffer.concat([nonce, cipher.update(value, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('hex');
}

/** @returns undefined when the text was made with another key, or changed since, or is no such text at all */
export function decryptSecretValue(encrypted: string, masterKey: string): string | undefined {
  if (!/^([0-9a-f]{2})*$/i.test(encrypted)) return undefined;
  const bytes = Buffer.from(encrypted, 'hex');
  if (bytes.length < nonceBytes + tagBytes) return undefined;
  const { algorithm, key } = cipherOf(masterKey);
  const decipher = createDecipheriv(algorithm, key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes });
  decipher.setAuthTag(bytes.subarray(-tagBytes));
  try {
    const ciphertext = bytes.subarray(nonceBytes, -tagBytes);
    return Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}

/** A key for a configuration that brings none. */
export const newMasterKey = (): string => randomBytes(32).toString('hex');

function cipherOf(masterKey: string): { algorithm: CipherGCMTypes; key: Buffer } {
  const key = Buffer.from(masterKey, 'hex');
  return { algorithm: `aes-${key.length * 8}-gcm` as CipherGCMTypes, key };
}
