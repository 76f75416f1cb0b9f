/**
 * What is stored and cannot be read, found and removed: for an administrator, while servers refuse to show it (K-543).
 *
 * Removed is only what is named, cannot be read, and has not changed since: to clients it is a deletion like any other. Nobody is
 * asked for admission, and no finalizer is waited for, since nobody can read any of that.
 */
import { isStorageError, StorageError } from '../../storage/errors.ts';
import type { Keyspace } from '../../storage/keys.ts';
import type { Entry, KeyValueStore } from '../../storage/kv.ts';
import { keyAfter, prefixEnd } from '../../storage/kv.ts';
import { KindCodec } from './kind-codec.ts';
import type { Resource } from './resource.ts';

export interface Damaged {
  readonly key: string;
  readonly revision: number;
  readonly why: StorageError;
}

const pageSize = 500;

export class DamagedValues {
  readonly #kv: KeyValueStore;
  readonly #keyspace: Keyspace;
  readonly #codecs: ReadonlyMap<string, KindCodec>;

  /** @param resources of other kinds only what storage itself says of a value is known */
  constructor({ kv, keyspace }: { kv: KeyValueStore; keyspace: Keyspace }, resources: readonly Resource[]) {
    this.#kv = kv;
    this.#keyspace = keyspace;
    this.#codecs = new Map(
      resources.map((resource) => [keyspace.listPrefix(resource.group, resource.plural), new KindCodec(resource)]),
    );
  }

  /** In the order of their keys. @throws StorageError */
  async *find(signal: AbortSignal): AsyncGenerator<Damaged, void, undefined> {
    const end = prefixEnd(this.#keyspace.prefix);
    let start: string = this.#keyspace.prefix;
    for (;;) {
      const page = await this.#kv.range({ start, end, limit: pageSize, uncounted: true, tolerant: true }, signal);
      for (const entry of page.entries) {
        const why = this.#fault(entry);
        if (why) yield { key: entry.key, revision: entry.revision, why };
      }
      const last = page.entries.at(-1);
      if (!page.more || !last) return;
      start = keyAfter(last.key);
    }
  }

  /**
   * @throws StorageError KeyNotFound; RevisionConflict when it can be read, or changed meanwhile: then it is left alone
   */
  async remove(key: string, signal: AbortSignal): Promise<Damaged> {
    const { entries } = await this.#kv.range({ start: key, tolerant: true }, signal);
    const [entry] = entries;
    if (!entry || this.#keyspace.isOwn(key))
      throw new StorageError('KeyNotFound', `no object is stored under ${key}`, { key });
    const why = this.#fault(entry);
    if (!why) throw new StorageError('RevisionConflict', `what ${key} holds can be read, and is not removed`, { key });
    const { revision } = entry;
    const { succeeded } = await this.#kv.txn({ when: [{ key, revision }], perform: [{ delete: key }] }, signal);
    if (!succeeded)
      throw new StorageError('RevisionConflict', `what ${key} holds was changed meanwhile, and is not removed`, {
        key,
      });
    return { key, revision, why };
  }

  #fault(entry: Entry): StorageError | undefined {
    if (entry.unreadable) return entry.unreadable;
    const place = this.#keyspace.resourceOf(entry.key);
    try {
      if (place) this.#codecs.get(this.#keyspace.listPrefix(place.group, place.resource))?.opened(entry);
      return undefined;
    } catch (error) {
      if (isStorageError(error, 'Unreadable')) return error;
      throw error;
    }
  }
}
