/**
 * What encrypts values, and recognises its own: one key of one provider of Kubernetes' EncryptionConfiguration (K-562).
 *
 * Every stored value begins with the mark of what wrote it, so that any number of keys can be read side by side.
 */

/** At once where it can be: only a key management service has to be waited for. */
export type Eventually<T> = T | Promise<T>;

export interface OpenedValue {
  readonly value: Buffer;
  /** Would it be written differently now, though by the same provider? */
  readonly stale: boolean;
}

export interface Provider {
  /** `aesgcm with key "key1"`: for people. */
  readonly title: string;
  /** What every value of its own begins with: `k8s:enc:aesgcm:v1:key1:`. Empty: it writes values as they are. */
  readonly mark: Buffer;

  /**
   * @param key under which the value will be stored
   * @returns the value to store, mark included
   */
  seal(plain: Buffer, key: string): Eventually<Buffer>;

  /**
   * @param stored a value that begins with its mark, found under `key`
   * @throws Error when it was not made with this key for that place, or has been changed since
   */
  open(stored: Buffer, key: string): Eventually<OpenedValue>;

  /** Lets go of connections and timers. */
  close?(): void;
}

/** What every encrypted value begins with, whatever encrypted it. */
export const anyMark = Buffer.from('k8s:enc:');

/** @param kind provider and version of its layout: `aesgcm:v1` */
export const markOf = (kind: string, name: string): Buffer => Buffer.from(`k8s:enc:${kind}:${name}:`);

export const beginsWith = (value: Buffer, mark: Buffer): boolean =>
  value.length >= mark.length && value.compare(mark, 0, mark.length, 0, mark.length) === 0;

export const isEncrypted = (value: Buffer): boolean => beginsWith(value, anyMark);

/** @throws Error, since decryption of less than that cannot begin */
export function checkLength(stored: Buffer, least: number): void {
  if (stored.length < least) throw new Error('the stored value is cut short');
}
