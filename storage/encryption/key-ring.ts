/**
 * Which providers serve which resource: the first one writes, all of them read.
 *
 * Nothing here knows where the configuration comes from, or what the providers do.
 */
import { StorageError } from '../errors.ts';
import type { Keyspace } from '../keys.ts';
import { identity } from './identity.ts';
import type { Eventually, OpenedValue, Provider } from './provider.ts';
import { beginsWith, isEncrypted } from './provider.ts';

/** One resource, `*` for any, and its providers in order. */
export interface Rule {
  readonly group: string;
  readonly resource: string;
  readonly providers: readonly Provider[];
}

const unencrypted: readonly Provider[] = [identity];

export class KeyRing {
  readonly #keyspace: Keyspace;
  readonly #rules: ReadonlyMap<string, readonly Provider[]>;

  constructor(keyspace: Keyspace, rules: readonly Rule[]) {
    this.#keyspace = keyspace;
    this.#rules = new Map(rules.map(({ group, resource, providers }) => [nameOf(group, resource), providers]));
  }

  /** @throws StorageError Unavailable when a key management service is needed and does not help */
  seal(plain: Buffer, key: string): Eventually<Buffer> {
    return this.#providersOf(key)[0]!.seal(plain, key);
  }

  /** @throws StorageError Unreadable, naming the key that is missing or does not fit; Unavailable */
  open(stored: Buffer, key: string): Eventually<OpenedValue> {
    const providers = this.#providersOf(key);
    const [first] = providers;
    if (!isEncrypted(stored)) {
      if (!providers.includes(identity))
        throw unreadable(key, 'is not encrypted, and "identity" is not among its providers');
      return { value: stored, stale: first !== identity };
    }
    const able = providers.filter(({ mark }) => mark.length && beginsWith(stored, mark));
    if (!able.length) throw unreadable(key, `is encrypted by ${writerOf(stored)}, which is not among its providers`);
    if (able.length > 1) return this.#openByAny(able, stored, key, first!);
    return openBy(able[0]!, stored, key, first!);
  }

  /** Several keys of one name: the one that fits is found by trying. */
  async #openByAny(able: readonly Provider[], stored: Buffer, key: string, first: Provider): Promise<OpenedValue> {
    let failure: unknown;
    for (const provider of able)
      try {
        return await openBy(provider, stored, key, first);
      } catch (error) {
        failure = error;
      }
    throw failure;
  }

  /** A resource's own rule, else that of its group, else that of everything; without one it is not encrypted. */
  #providersOf(key: string): readonly Provider[] {
    const place = this.#keyspace.resourceOf(key);
    if (!place) return unencrypted;
    const { group, resource } = place;
    return (
      this.#rules.get(nameOf(group, resource)) ??
      this.#rules.get(nameOf(group, '*')) ??
      this.#rules.get(nameOf('*', '*')) ??
      unencrypted
    );
  }
}

const nameOf = (group: string, resource: string): string => `${resource}.${group}`;

function openBy(provider: Provider, stored: Buffer, key: string, first: Provider): Eventually<OpenedValue> {
  try {
    const opened = provider.open(stored, key);
    if (opened instanceof Promise)
      return opened.then(
        ({ value, stale }) => ({ value, stale: stale || provider !== first }),
        (error: unknown) => {
          throw refused(error, provider, key);
        },
      );
    return provider === first ? opened : { value: opened.value, stale: true };
  } catch (error) {
    throw refused(error, provider, key);
  }
}

const refused = (error: unknown, { title }: Provider, key: string): StorageError =>
  error instanceof StorageError
    ? error
    : unreadable(key, `cannot be decrypted by ${title}: ${(error as Error).message}`, error);

const unreadable = (key: string, why: string, cause?: unknown): StorageError =>
  new StorageError('Unreadable', `what ${key} holds ${why}`, { key, cause });

/** The mark of a value that nobody knows, without what follows it: `k8s:enc:aesgcm:v1:key7:`. */
const writerOf = (stored: Buffer): string =>
  JSON.stringify(/^k8s:enc:[^:]*:[^:]*:[^:]*:/.exec(stored.toString('latin1', 0, 300))?.[0] ?? 'k8s:enc:…');
