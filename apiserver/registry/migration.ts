/**
 * Storage migration: every object that is stored in an outdated way is written again, unchanged (K-563).
 *
 * Outdated is what an older key encrypted, and what the schema of today would store differently. Each write is one
 * compare-and-swap of what was just read, so servers may work on the same store meanwhile. Nobody is asked for admission, and
 * nothing is validated: to clients the object stays as it is, but for its resourceVersion.
 */
import { isStorageError } from '../../storage/errors.ts';
import type { Keyspace } from '../../storage/keys.ts';
import type { Entry, KeyValueStore } from '../../storage/kv.ts';
import { Store } from '../../storage/store.ts';
import { KindCodec } from './kind-codec.ts';
import type { Resource } from './resource.ts';

export interface Migrated {
  readonly objects: number;
  readonly rewritten: number;
}

const pageSize = 500;
/** Enough that a store far away is kept busy, few enough that others are not kept waiting. */
const writesAtOnce = 16;

export class Migration {
  readonly #store: Store;
  readonly #keyspace: Keyspace;
  readonly #codecs: ReadonlyMap<string, KindCodec>;

  /** @param resources of other kinds only the key of encryption is looked at */
  constructor({ kv, keyspace }: { kv: KeyValueStore; keyspace: Keyspace }, resources: readonly Resource[]) {
    this.#store = new Store(kv);
    this.#keyspace = keyspace;
    this.#codecs = new Map(
      resources.map((resource) => [keyspace.listPrefix(resource.group, resource.plural), new KindCodec(resource)]),
    );
  }

  /** @throws StorageError; one that is Unreadable names the object. What was rewritten until then stays so */
  async run(signal: AbortSignal): Promise<Migrated> {
    const done = { objects: 0, rewritten: 0 };
    let after: string | undefined;
    for (;;) {
      const page = await this.#store.list(
        this.#keyspace.prefix,
        { limit: pageSize, ...(after !== undefined && { after }) },
        signal,
      );
      const objects = page.entries.filter(({ key }) => !this.#keyspace.isOwn(key));
      const outdated = objects.filter((entry) => this.#renewed(entry) !== undefined);
      done.objects += objects.length;
      for (let i = 0; i < outdated.length; i += writesAtOnce) {
        const some = outdated.slice(i, i + writesAtOnce).map((entry) => this.#rewrite(entry, signal));
        done.rewritten += (await Promise.all(some)).filter(Boolean).length;
      }
      after = page.entries.at(-1)?.key;
      if (!page.remaining || after === undefined) return done;
    }
  }

  /** @returns was it rewritten by us, rather than deleted or renewed by somebody else meanwhile? */
  async #rewrite(entry: Entry, signal: AbortSignal): Promise<boolean> {
    try {
      const { outcome } = await this.#store.update(
        entry.key,
        async (current) => {
          const write = this.#renewed(current);
          return write ? { write } : 'unchanged';
        },
        signal,
        entry,
      );
      return outcome === 'written';
    } catch (error) {
      if (isStorageError(error, 'KeyNotFound')) return false;
      throw error;
    }
  }

  /** What to write in the place of what is stored; undefined when that is as it would be written now. */
  #renewed(entry: Entry): Buffer | undefined {
    const place = this.#keyspace.resourceOf(entry.key);
    const codec = place && this.#codecs.get(this.#keyspace.listPrefix(place.group, place.resource));
    return codec?.renewed(entry) ?? (entry.stale ? entry.value : undefined);
  }
}
