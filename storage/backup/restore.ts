/**
 * Putting a backup in the place of what a store holds.
 *
 * The store becomes another one, with an identity of its own: whoever remembers the old one has to be told before it serves this
 * one, since everything that was made after the backup is missing. Its revisions go on far beyond all that clients have seen.
 * While it is incomplete it has no identity, and nobody can open it.
 */
import { randomUUID } from 'node:crypto';
import { isEncrypted } from '../encryption/provider.ts';
import { StorageError } from '../errors.ts';
import { type Keyspace, ownNames } from '../keys.ts';
import { type KeyValueStore, type Operation, prefixEnd } from '../kv.ts';
import { epochIn } from '../open.ts';
import { type BackupEntry, decoded, type Header, isHeader } from './format.ts';

export interface RestoreOptions {
  /** May what the store holds be lost? */
  readonly replace: boolean;
}

export interface Restored {
  readonly header: Header;
  readonly objects: number;
  /** The new one. */
  readonly identity: string;
  /** Where revisions go on, as clients see them. */
  readonly revision: number;
}

/**
 * Nobody knows exactly how far clients had come since the backup. At a thousand writes a second this is eleven days' worth; etcd
 * recommends the same for its own snapshots.
 */
const leap = 1_000_000_000;

/** etcd takes 128 operations and 1.5 MiB in one transaction. */
const mostOperations = 100;
const mostBytes = 512 * 1024;

/** Made anew for the restored store, rather than restored. */
const { identity: identityName, epoch: epochName, restoring: restoringName } = ownNames;
const madeAnew: ReadonlySet<string> = new Set([identityName, epochName, restoringName]);

export class Restore {
  readonly #kv: KeyValueStore;
  readonly #keyspace: Keyspace;
  readonly #open: () => AsyncIterable<Buffer>;

  /**
   * @param kv as it is beneath encryption and epoch
   * @param open the backup from its beginning; it is read twice, first to see whether it is right
   */
  constructor(kv: KeyValueStore, keyspace: Keyspace, open: () => AsyncIterable<Buffer>) {
    this.#kv = kv;
    this.#keyspace = keyspace;
    this.#open = open;
  }

  /** @throws StorageError Unreadable when the backup is wrong; KeyExists when something is there; and others */
  async run({ replace }: RestoreOptions, signal: AbortSignal): Promise<Restored> {
    const { header, encrypted } = await this.#verify();
    if (encrypted && header.prefix !== this.#keyspace.prefix)
      throw new StorageError(
        'Unreadable',
        `its values are encrypted, which ties them to their keys under ${header.prefix}; they cannot be put under ${this.#keyspace.prefix}`,
      );
    const begun = await this.#has(restoringName, signal);
    if (!replace && !begun) await this.#refuseToReplace(signal);
    const seen = await this.#seen(signal);

    await this.#kv.txn(
      {
        when: [],
        perform: [
          { put: this.#own(restoringName), value: Buffer.from(header.takenAt) },
          { delete: this.#own(identityName) },
        ],
      },
      signal,
    );
    await this.#empty(signal);
    const objects = await this.#fill(signal);
    await this.#checkCount(objects, signal);
    return { header, objects, ...(await this.#complete(Math.max(seen, header.revision), signal)) };
  }

  async #verify(): Promise<{ header: Header; encrypted: boolean }> {
    let header: Header | undefined;
    let encrypted = false;
    for await (const part of decoded(this.#open()))
      if (isHeader(part)) header = part;
      else encrypted ||= isEncrypted(part.value);
    return { header: header!, encrypted };
  }

  async #refuseToReplace(signal: AbortSignal): Promise<void> {
    const { entries } = await this.#kv.range({ ...this.#objects(), limit: 1, keysOnly: true }, signal);
    const [found] = entries;
    if (found) throw new StorageError('KeyExists', `the store is not empty, it holds ${found.key} among others`, found);
  }

  /** How far clients of this store have come. */
  async #seen(signal: AbortSignal): Promise<number> {
    return (await this.#kv.currentRevision(signal)) + (await epochIn(this.#kv, this.#keyspace, signal));
  }

  /** The epoch stays until there is a new one, so that a restore that was cut short does not forget what clients saw. */
  async #empty(signal: AbortSignal): Promise<void> {
    const kept = new Set([this.#own(epochName), this.#own(restoringName)]);
    for (;;) {
      const limit = mostOperations + kept.size;
      const { entries, more } = await this.#kv.range({ ...this.#everything(), limit, keysOnly: true }, signal);
      const perform = entries.filter(({ key }) => !kept.has(key)).map(({ key }) => ({ delete: key }));
      if (perform.length) await this.#kv.txn({ when: [], perform: perform.slice(0, mostOperations) }, signal);
      if (!more && perform.length <= mostOperations) return;
    }
  }

  /** @returns how many objects it put there */
  async #fill(signal: AbortSignal): Promise<number> {
    let batch: Operation[] = [];
    let [bytes, objects] = [0, 0];
    const write = async (): Promise<void> => {
      if (batch.length) await this.#kv.txn({ when: [], perform: batch }, signal);
      [batch, bytes] = [[], 0];
    };
    for await (const part of decoded(this.#open())) {
      if (isHeader(part) || !this.#isWanted(part)) continue;
      if (batch.length === mostOperations || bytes + part.value.length > mostBytes) await write();
      const key = this.#keyspace.prefix + part.key;
      batch.push({ put: key, value: part.value });
      bytes += part.value.length;
      if (!this.#keyspace.isOwn(key)) objects += 1;
    }
    await write();
    return objects;
  }

  #isWanted({ key }: BackupEntry): boolean {
    const full = this.#keyspace.prefix + key;
    return ![...madeAnew].some((name) => full === this.#own(name));
  }

  /** Two writers of one store would leave neither's. */
  async #checkCount(objects: number, signal: AbortSignal): Promise<void> {
    const { count } = await this.#kv.range({ ...this.#objects(), limit: 1, keysOnly: true }, signal);
    if (count === objects) return;
    const why = 'somebody else wrote to the store meanwhile; stop its servers, and restore again';
    throw new StorageError('RevisionConflict', why);
  }

  async #complete(seen: number, signal: AbortSignal): Promise<{ identity: string; revision: number }> {
    const identity = randomUUID();
    const newest = await this.#kv.currentRevision(signal);
    const offset = Math.max(await epochIn(this.#kv, this.#keyspace, signal), seen + leap - newest);
    const { revision } = await this.#kv.txn(
      {
        when: [],
        perform: [
          { put: this.#own(identityName), value: Buffer.from(identity) },
          { put: this.#own(epochName), value: Buffer.from(String(offset)) },
          { delete: this.#own(restoringName) },
        ],
      },
      signal,
    );
    return { identity, revision: revision + offset };
  }

  async #has(name: string, signal: AbortSignal): Promise<boolean> {
    return (await this.#kv.range({ start: this.#own(name), keysOnly: true }, signal)).count > 0;
  }

  /** Our own bookkeeping comes after all of them. */
  #objects(): { start: string; end: string } {
    return { start: this.#keyspace.prefix, end: this.#own('') };
  }

  #everything(): { start: string; end: string } {
    const { prefix } = this.#keyspace;
    return { start: prefix, end: prefixEnd(prefix) };
  }

  #own(name: string): string {
    return this.#keyspace.ownKey(name);
  }
}
