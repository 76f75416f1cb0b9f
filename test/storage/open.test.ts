/** Opening a store: its kind, its identity, and the epoch of its revisions. */
import { join } from 'node:path';
import { expect } from 'chai';
import { withEpoch } from '../../storage/epoch.ts';
import { isStorageError } from '../../storage/errors.ts';
import type { KeyValueStore } from '../../storage/kv.ts';
import { MemoryStore } from '../../storage/memory.ts';
import type { OpenedStore, StoreOptions } from '../../storage/open.ts';
import { openStore, raiseEpoch } from '../../storage/open.ts';
import { codeOf, describeKeyValueStore, eventsUntil, revisionOf } from '../contract/kv.ts';
import { temporaryFolder } from './folder.ts';
import type { RealEtcd } from './real-etcd.ts';
import { describeWithEtcd, freshKeyspace, startEtcd } from './real-etcd.ts';

const never = new AbortController().signal;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const put = async (kv: KeyValueStore, key: string): Promise<number> =>
  (await kv.txn({ when: [], perform: [{ put: key, value: Buffer.from('x') }] }, never)).revision;

describeKeyValueStore('later epoch of the memory', async () => {
  const kv = withEpoch(new MemoryStore(), 1_000_000);
  return { kv, prefix: '/test/', dispose: () => kv.close() };
});

describe('openStore', () => {
  let folder: { path: string; remove(): Promise<void> };
  let opened: OpenedStore[];
  const open = async (options: StoreOptions): Promise<OpenedStore> => {
    const store = await openStore(options, never);
    opened.push(store);
    return store;
  };
  const close = async (): Promise<void> => {
    for (const { kv } of opened.splice(0)) await kv.close();
  };
  beforeEach(async () => {
    opened = [];
    folder = await temporaryFolder();
  });
  afterEach(async () => {
    await close();
    await folder.remove();
  });

  /** What is true of every store that can be opened again. */
  const itIsItself = (options: () => StoreOptions): void => {
    it('gives a store an identity that it keeps', async () => {
      const { identity, epochOffset } = await open(options());
      expect(identity).to.match(uuid);
      expect(epochOffset).to.equal(0);
      await close();
      expect((await open(options())).identity).to.equal(identity);
    });

    it('gives stores of other prefixes identities of their own', async () => {
      const { identity, keyspace } = await open(options());
      await close();
      const other = await open({ ...options(), prefix: `${keyspace.prefix}other` });
      expect(other.identity).not.to.equal(identity);
    });

    it('shows revisions beyond those of before, once the epoch was raised', async () => {
      const first = await open(options());
      const key = `${first.keyspace.prefix}a`;
      const revision = await put(first.kv, key);
      await raiseEpoch(first, revision + 5000, never);
      await close();
      const second = await open(options());
      const { entries, revision: newest } = await second.kv.range({ start: key }, never);
      expect(newest).to.be.greaterThan(revision + 5000);
      expect(entries[0]?.revision).to.be.greaterThan(revision);
      expect(await codeOf(second.kv.range({ start: key, revision }, never))).to.equal('Compacted');
      expect(await codeOf(eventsUntil(second.kv, second.keyspace.prefix, revision, newest))).to.equal('Compacted');
      const stale = { when: [{ key, revision }], perform: [{ delete: key }] };
      expect((await second.kv.txn(stale, never)).succeeded).to.equal(false);
      await raiseEpoch(second, revision, never);
      expect(await put(second.kv, key)).to.be.greaterThan(newest);
    });
  };

  describe('of an embedded store', () => {
    itIsItself(() => ({ kind: 'embedded', directory: join(folder.path, 'store') }));
  });

  describeWithEtcd('of an etcd', () => {
    let etcd: RealEtcd;
    let prefix: string;
    before(async () => {
      etcd = await startEtcd();
    });
    after(() => etcd?.remove());
    beforeEach(() => {
      prefix = freshKeyspace().prefix;
    });

    itIsItself(() => ({ kind: 'etcd', endpoints: [etcd.endpoint], prefix }));

    it('agrees with others who open it at the same time', async () => {
      const all = await Promise.all(
        Array.from({ length: 5 }, () => open({ kind: 'etcd', endpoints: [etcd.endpoint], prefix })),
      );
      expect(new Set(all.map(({ identity }) => identity)).size).to.equal(1);
    });
  });

  it('of memory gives a new store each time', async () => {
    const [one, two] = [await open({ kind: 'memory' }), await open({ kind: 'memory' })];
    expect(one.identity).not.to.equal(two.identity);
    expect(one.keyspace.prefix).to.equal('/registry/');
  });

  it('lets go of everything when it fails', async () => {
    const directory = join(folder.path, 'store');
    const { kv, keyspace } = await open({ kind: 'embedded', directory });
    await kv.txn({ when: [], perform: [{ put: keyspace.ownKey('epoch'), value: Buffer.from('many') }] }, never);
    await close();
    for (let i = 0; i < 2; i++)
      expect(await codeOf(openStore({ kind: 'embedded', directory }, never))).to.equal('Unreadable');
  });
});

describe('a later epoch', () => {
  it('tells errors in its own revisions', async () => {
    const kv = withEpoch(new MemoryStore(), 1000);
    const first = await put(kv, '/a');
    const second = await put(kv, '/a');
    await kv.compact(second, never);
    const error = await kv.range({ start: '/a', revision: first }, never).catch((thrown: unknown) => thrown);
    expect(isStorageError(error, 'Compacted') && [error.revision, error.limit, error.message]).to.deep.equal([
      first,
      second,
      `revision ${first} has been compacted`,
    ]);
    const future = await kv.range({ start: '/a', revision: second + 1 }, never).catch((thrown: unknown) => thrown);
    expect(isStorageError(future, 'FutureRevision') && [future.revision, future.limit]).to.deep.equal([
      second + 1,
      second,
    ]);
    const events = await eventsUntil(kv, '/', second + 1, await put(kv, '/b'));
    expect(events.map(revisionOf)).to.deep.equal([second + 1]);
    await kv.close();
  });
});
