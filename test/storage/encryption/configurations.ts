/** EncryptionConfigurations for tests. Their keys are worthless. */
import { createSecretKey, type KeyObject } from 'node:crypto';

export const secretText = (fill: number, bytes = 32): string => Buffer.alloc(bytes, fill).toString('base64');
export const secretOf = (fill: number, bytes = 32): KeyObject => createSecretKey(Buffer.alloc(bytes, fill));

export type Providers = readonly Readonly<Record<string, unknown>>[];

/** `keys('aesgcm', 1, 2)`: a provider with the keys `key1` and `key2`. */
export const keys = (cipher: string, ...numbers: readonly number[]): Record<string, unknown> => ({
  [cipher]: { keys: numbers.map((number) => ({ name: `key${number}`, secret: secretText(number) })) },
});
export const plain = { identity: {} };

/** JSON is YAML. */
export const configurationOf = (resources: readonly string[], ...providers: Providers): string =>
  JSON.stringify({
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'EncryptionConfiguration',
    resources: [{ resources, providers }],
  });
