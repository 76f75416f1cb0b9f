/**
 * The keys of the moment, from a file that an administrator may change while the store is open.
 *
 * Contents are compared, not times: a mounted Secret is swapped as a whole folder behind links. A file that cannot be used leaves
 * the keys of before in place.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../openapi/machinery/log.ts';
import { silentLog } from '../../openapi/machinery/log.ts';
import { StorageError } from '../errors.ts';
import type { Keyspace } from '../keys.ts';
import { aesCbc } from './aes-cbc.ts';
import { aesGcm } from './aes-gcm.ts';
import type { ProviderConfiguration } from './configuration.ts';
import { parseEncryptionConfiguration } from './configuration.ts';
import { identity } from './identity.ts';
import { KeyRing, type Rule } from './key-ring.ts';
import { keyService } from './kms/provider.ts';
import type { Provider } from './provider.ts';
import { parseResource } from './resources.ts';
import { secretbox } from './secretbox.ts';
import type { KeyRings } from './store.ts';

export interface EncryptionOptions {
  /** The path of an EncryptionConfiguration. */
  readonly file: string;
  /** Is a changed file used without a restart? Default: no, as in kube-apiserver. */
  readonly reload?: boolean;
  /** How often the file is looked at; default: every ten seconds. */
  readonly everyMs?: number;
  readonly log?: Log;
}

const lookAgainMs = 10_000;

/**
 * @throws StorageError Unreadable when the file cannot be used, saying why; Unavailable when a key management service it names
 *   does not answer
 */
export async function openKeyRings(
  options: EncryptionOptions,
  keyspace: Keyspace,
  signal: AbortSignal,
): Promise<KeyRings> {
  const { file } = options;
  let text: string;
  let made: MadeRing;
  try {
    text = readFileSync(file, 'utf8');
    made = await ringFor(text, keyspace, signal);
  } catch (error) {
    if (error instanceof StorageError || signal.aborted) throw error;
    const { message } = error as Error;
    throw new StorageError('Unreadable', `the encryption configuration ${file} cannot be used: ${message}`, {
      cause: error,
    });
  }
  return new FollowedKeyRings(options, keyspace, text, made);
}

class FollowedKeyRings implements KeyRings {
  readonly #options: EncryptionOptions;
  readonly #keyspace: Keyspace;
  readonly #life = new AbortController();
  readonly #following: Promise<void>;
  #made: MadeRing;

  constructor(options: EncryptionOptions, keyspace: Keyspace, text: string, made: MadeRing) {
    this.#options = options;
    this.#keyspace = keyspace;
    this.#made = made;
    this.#following = options.reload ? this.#follow(text) : Promise.resolve();
  }

  get current(): KeyRing {
    return this.#made.ring;
  }

  async close(): Promise<void> {
    this.#life.abort();
    await this.#following;
    this.#made.close();
  }

  async #follow(first: string): Promise<void> {
    const { file, everyMs = lookAgainMs, log = silentLog } = this.#options;
    const { signal } = this.#life;
    let [used, complaint] = [first, ''];
    while (!signal.aborted) {
      await sleep(everyMs, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      try {
        const text = readFileSync(file, 'utf8');
        complaint = text === used ? '' : complaint;
        if (text === used) continue;
        const made = await ringFor(text, this.#keyspace, signal);
        this.#made.close();
        this.#made = made;
        [used, complaint] = [text, ''];
        log.info('the changed encryption configuration is used from now on', { file });
      } catch (error) {
        const { message } = error as Error;
        if (signal.aborted || message === complaint) continue;
        complaint = message;
        log.error('the changed encryption configuration cannot be used; the keys of before stay', error, { file });
      }
    }
  }
}

interface MadeRing {
  readonly ring: KeyRing;
  close(): void;
}

/** @throws Error with the faults of the configuration; StorageError Unavailable */
async function ringFor(text: string, keyspace: Keyspace, signal: AbortSignal): Promise<MadeRing> {
  const made: Provider[] = [];
  const close = (): void => {
    for (const provider of made) provider.close?.();
  };
  try {
    const rules = new Map<string, Rule>();
    for (const { resources, providers } of parseEncryptionConfiguration(text)) {
      const able: Provider[] = [];
      for (const provider of providers) {
        const found = await providersFor(provider, signal);
        made.push(...found);
        able.push(...found);
      }
      // What several elements name is served by all of them, in their order.
      for (const name of resources)
        rules.set(name, { ...parseResource(name), providers: [...(rules.get(name)?.providers ?? []), ...able] });
    }
    return { ring: new KeyRing(keyspace, [...rules.values()]), close };
  } catch (error) {
    close();
    throw error;
  }
}

async function providersFor(configuration: ProviderConfiguration, signal: AbortSignal): Promise<readonly Provider[]> {
  switch (configuration.kind) {
    case 'identity':
      return [identity];
    case 'kms':
      return [await keyService(configuration, signal)];
    case 'aesgcm':
      return configuration.keys.map(({ name, secret }) => aesGcm(name, secret));
    case 'aescbc':
      return configuration.keys.map(({ name, secret }) => aesCbc(name, secret));
    case 'secretbox':
      return configuration.keys.map(({ name, secret }) => secretbox(name, secret));
  }
}
