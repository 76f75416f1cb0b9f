/**
 * Guard keys: how writers of different objects, on whatever replica, are kept from contradicting one another.
 *
 * One that depends on there being nothing of a kind (no cluster of this app) reads the guard first, looks around, and writes only if
 * the guard is as it was. One that makes such a thing writes the guard along with it. So of two that race, the later one looks again.
 */
import type { Keyspace } from '../../storage/keys.ts';
import type { Compare, KeyValueStore, Operation } from '../../storage/kv.ts';

export class Guards {
  readonly #kv: KeyValueStore;
  readonly #keyspace: Keyspace;

  constructor(kv: KeyValueStore, keyspace: Keyspace) {
    this.#kv = kv;
    this.#keyspace = keyspace;
  }

  /** The guard as it is now, to be compared by a write that depends on what is seen after this call. */
  async seen(name: string, signal: AbortSignal): Promise<Compare> {
    const key = this.#key(name);
    const { entries } = await this.#kv.range({ start: key, keysOnly: true }, signal);
    return { key, revision: entries[0]?.revision ?? 0 };
  }

  /** Lets everybody who has seen the guard look again. */
  touched(name: string): Operation {
    return { put: this.#key(name), value: Buffer.alloc(0) };
  }

  /** Nothing can come any more that the guard would tell of. */
  dropped(name: string): Operation {
    return { delete: this.#key(name) };
  }

  #key(name: string): string {
    return this.#keyspace.ownKey(`guards/${name}`);
  }
}
