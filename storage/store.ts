/**
 * Create, get, list, update and delete of single keys, once, on top of any KeyValueStore: optimistic concurrency with retries.
 *
 * The rules are those of Kubernetes' etcd3 storage (K-536 to K-539). Values are opaque; whoever edits them knows what they mean.
 */
import { StorageError } from './errors.ts';
import type { Compare, Entry, KeyValueStore, Operation } from './kv.ts';
import { keyAfter, prefixEnd } from './kv.ts';

/** What else a write depends on, and does, in its one transaction: guard keys of racing writers. */
export interface Alongside {
  readonly when?: readonly Compare[];
  readonly perform?: readonly Operation[];
}

/** What `edit` wants done. `alongside` lets it make the write depend on other keys that it looked at. */
export type Edit =
  | { readonly write: Buffer; readonly alongside?: Alongside }
  | { readonly remove: true; readonly alongside?: Alongside }
  | 'unchanged';

export interface Updated {
  /** The entry now stored; after a removal, the last one. */
  readonly entry: Entry;
  readonly outcome: 'written' | 'removed' | 'unchanged';
  /** Of the write or removal; of the entry when nothing changed. */
  readonly revision: number;
}

export interface ListRequest {
  readonly limit?: number;
  /** Begin after this key. */
  readonly after?: string;
  readonly revision?: number;
}

export interface ListResult {
  readonly entries: readonly Entry[];
  /** How many keys lie after the last one returned. */
  readonly remaining: number;
  /** The revision that the list shows: the one asked for, else the newest. */
  readonly revision: number;
}

export class Store {
  readonly kv: KeyValueStore;

  constructor(kv: KeyValueStore) {
    this.kv = kv;
  }

  async get(key: string, signal: AbortSignal, revision?: number): Promise<Entry | undefined> {
    const found = await this.kv.range({ start: key, ...(revision !== undefined && { revision }) }, signal);
    return found.entries[0];
  }

  async list(prefix: string, { limit = 0, after, revision }: ListRequest, signal: AbortSignal): Promise<ListResult> {
    const found = await this.kv.range(
      {
        start: after === undefined ? prefix : keyAfter(after),
        end: prefixEnd(prefix),
        limit,
        ...(revision !== undefined && { revision }),
      },
      signal,
    );
    return {
      entries: found.entries,
      remaining: found.count - found.entries.length,
      revision: revision ?? found.revision,
    };
  }

  /**
   * Puts a key that must not exist. `make` may run again, when a key of its `alongside` changed meanwhile.
   *
   * @throws StorageError KeyExists; and whatever `make` throws, untouched
   */
  async create(
    key: string,
    make: () => Promise<{ write: Buffer; alongside?: Alongside }>,
    signal: AbortSignal,
  ): Promise<Entry> {
    for (;;) {
      const { write, alongside } = await make();
      const result = await this.kv.txn(
        {
          when: [{ key, revision: 0 }, ...(alongside?.when ?? [])],
          perform: [{ put: key, value: write }, ...(alongside?.perform ?? [])],
          otherwise: [key],
        },
        signal,
      );
      if (result.succeeded) return { key, value: write, revision: result.revision, createRevision: result.revision };
      if (result.current[0]) throw new StorageError('KeyExists', `${key} exists already`, { key });
      signal.throwIfAborted();
    }
  }

  /**
   * Reads, calls `edit`, and writes if nobody wrote meanwhile; otherwise reads again and calls `edit` again.
   * So `edit` may run many times and must derive its answer from its argument alone.
   *
   * @param known what a cache believes the key holds: saves a read when it is right. Nothing is refused and nothing is called
   *   unchanged on its word alone (K-538)
   * @throws StorageError KeyNotFound; and whatever `edit` throws, untouched
   */
  async update(
    key: string,
    edit: (current: Entry) => Promise<Edit>,
    signal: AbortSignal,
    known?: Entry,
  ): Promise<Updated> {
    let current = known;
    let fresh = false;
    for (;;) {
      if (!current) {
        current = await this.get(key, signal);
        fresh = true;
      }
      if (!current) throw new StorageError('KeyNotFound', `${key} does not exist`, { key });

      let change: Edit;
      try {
        change = await edit(current);
      } catch (error) {
        if (fresh) throw error;
        current = undefined;
        continue;
      }
      if (change === 'unchanged') {
        if (fresh) return { entry: current, outcome: 'unchanged', revision: current.revision };
        current = undefined;
        continue;
      }

      const { alongside } = change;
      const result = await this.kv.txn(
        {
          when: [{ key, revision: current.revision }, ...(alongside?.when ?? [])],
          perform: [
            'write' in change ? { put: key, value: change.write } : { delete: key },
            ...(alongside?.perform ?? []),
          ],
          otherwise: [key],
        },
        signal,
      );
      const { succeeded, revision } = result;
      if (succeeded && 'write' in change)
        return { entry: { ...current, value: change.write, revision }, outcome: 'written', revision };
      if (succeeded) return { entry: current, outcome: 'removed', revision };
      signal.throwIfAborted();
      current = result.current[0];
      fresh = true;
      if (!current) throw new StorageError('KeyNotFound', `${key} does not exist`, { key });
    }
  }
}
