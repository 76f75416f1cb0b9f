/**
 * The flags that say how values are encrypted, named as kube-apiserver names them.
 */
import { resolve } from 'node:path';
import type { EncryptionOptions } from '../../storage/encryption/key-rings.ts';
import type { Flag } from './flags.ts';

export const encryptionFlags = {
  'encryption-provider-config': { value: 'FILE', help: 'an EncryptionConfiguration; else values are not encrypted' },
  'encryption-provider-config-automatic-reload': {
    value: 'BOOL',
    help: 'use it without a restart when it changes',
    fallback: 'false',
    alone: 'true',
  },
} as const satisfies Record<string, Flag>;

type Values = Readonly<Record<keyof typeof encryptionFlags, string | undefined>>;

/** Of flags in which `encryptionFaults` finds nothing. @returns undefined: values are not encrypted */
export function encryptionIn(values: Values): EncryptionOptions | undefined {
  const file = values['encryption-provider-config'];
  if (!file) return undefined;
  return { file: resolve(file), reload: values['encryption-provider-config-automatic-reload'] === 'true' };
}

export function encryptionFaults(values: Values): string[] {
  const reload = values['encryption-provider-config-automatic-reload'];
  if (reload !== 'true' && reload !== 'false')
    return [`--encryption-provider-config-automatic-reload=${reload}: it is true or false.`];
  if (reload === 'true' && !values['encryption-provider-config'])
    return ['--encryption-provider-config-automatic-reload needs --encryption-provider-config.'];
  return [];
}
