/** Create, get, list, update and delete on any KeyValueStore. */
import { expect } from 'chai';
import { isStorageError } from '../../storage/errors.ts';
import type { Entry, KeyValueStore, RangeRequest, RangeResult, TxnRequest, TxnResult } from '../../storage/kv.ts';
import { MemoryStore } from '../../storage/memory.ts';
import type { Edit } from '../../storage/store.ts';
import { Store } from '../../storage/store.ts';
import { codeOf } from '../contract/kv.ts';

const never = new AbortController().signal;

/** Counts the calls that cost a round trip, and lets a test write between them. */
class ObservedStore extends MemoryStore {
  ranges = 0;
  txns = 0;
  beforeTxn: (() => Promise<unknown>) | undefined;

  override range(request: RangeRequest, signal: AbortSignal): Promise<RangeResult> {
    this.ranges++;
    return super.range(request, signal);
  }

  override async txn(request: TxnRequest, signal: AbortSignal): Promise<TxnResult> {
    this.txns++;
    const interfere = this.beforeTxn;
    this.beforeTxn = undefined;
    await interfere?.();
    return super.txn(request, signal);
  }

  counted(): string {
    return `${this.ranges} reads, ${this.txns} writes`;
  }
}

describe('Store', () => {
  let kv: ObservedStore;
  let store: Store;

  beforeEach(() => {
    kv = new ObservedStore();
    store = new Store(kv);
  });
  afterEach(() => kv.close());

  const create = (key: string, value = 'one'): Promise<Entry> =>
    store.create(key, async () => ({ write: Buffer.from(value) }), never);
  const write = (value: string): Edit => ({ write: Buffer.from(value) });
  /** Past everybody's back. */
  const scribble = (on: KeyValueStore, key: string, value: string) =>
    MemoryStore.prototype.txn.call(on, { when: [], perform: [{ put: key, value: Buffer.from(value) }] }, never);
  const append =
    (what: string) =>
    async ({ value }: Entry): Promise<Edit> =>
      write(`${value}${what}`);
  const textAt = async (key: string): Promise<string | undefined> => (await store.get(key, never))?.value.toString();

  describe('create', () => {
    it('answers with the entry as it is stored', async () => {
      const entry = await create('/a');
      expect(await store.get('/a', never)).to.deep.equal(entry);
    });

    it('refuses a key that exists, and leaves it as it is (K-536)', async () => {
      await create('/a');
      expect(await codeOf(create('/a', 'two'))).to.equal('KeyExists');
      expect(await textAt('/a')).to.equal('one');
    });

    it('makes again when a guard beside it has changed meanwhile, and not for its own sake', async () => {
      const guard = await create('/guard', 'open');
      let made = 0;
      const make = async () => {
        made++;
        const now = (await store.get('/guard', never))!;
        return {
          write: Buffer.from(now.value),
          alongside: {
            when: [{ key: '/guard', revision: made === 1 ? guard.revision : now.revision }],
            perform: [{ put: '/guard', value: Buffer.from('taken') }],
          },
        };
      };
      kv.beforeTxn = () => scribble(kv, '/guard', 'shut');
      const entry = await store.create('/a', make, never);
      expect(made).to.equal(2);
      expect(entry.value.toString()).to.equal('shut');
      expect((await store.get('/guard', never))?.revision, 'in the same transaction').to.equal(entry.revision);
    });

    it('throws what making throws, untouched', async () => {
      const reason = new Error('no');
      const making = store.create('/a', () => Promise.reject(reason), never);
      expect(await making.catch((error: unknown) => error)).to.equal(reason);
    });
  });

  describe('update', () => {
    it('reads, edits and writes', async () => {
      const { createRevision } = await create('/a');
      const { entry, outcome, revision } = await store.update('/a', append('+'), never);
      expect(outcome).to.equal('written');
      expect({ ...entry, value: entry.value.toString() }).to.deep.equal({
        key: '/a',
        value: 'one+',
        revision,
        createRevision,
      });
      expect(await store.get('/a', never)).to.deep.equal(entry);
    });

    it('edits again what somebody wrote meanwhile, without reading it once more (K-537)', async () => {
      await create('/a');
      kv.beforeTxn = () => scribble(kv, '/a', 'two');
      const { entry } = await store.update('/a', append('+'), never);
      expect(entry.value.toString()).to.equal('two+');
      expect(kv.counted()).to.equal('1 reads, 3 writes');
    });

    it('of one counter by many loses no increment', async () => {
      await create('/n', '0');
      const increment = async ({ value }: Entry): Promise<Edit> => write(String(Number(value) + 1));
      await Promise.all(Array.from({ length: 20 }, () => store.update('/n', increment, never)));
      expect(await textAt('/n')).to.equal('20');
    });

    it('of what is not there says KeyNotFound, also when it went away meanwhile', async () => {
      expect(await codeOf(store.update('/a', append('+'), never))).to.equal('KeyNotFound');
      await create('/a');
      kv.beforeTxn = () => MemoryStore.prototype.txn.call(kv, { when: [], perform: [{ delete: '/a' }] }, never);
      expect(await codeOf(store.update('/a', append('+'), never))).to.equal('KeyNotFound');
    });

    it('writes nothing when nothing changes (K-537)', async () => {
      const created = await create('/a');
      const { entry, outcome, revision } = await store.update('/a', async () => 'unchanged', never);
      expect({ entry, outcome, revision }).to.deep.equal({
        entry: created,
        outcome: 'unchanged',
        revision: created.revision,
      });
      expect(kv.counted()).to.equal('1 reads, 1 writes');
    });

    it('removes when the edit says so, answering with the last entry and the revision of the removal (K-539)', async () => {
      const created = await create('/a');
      const removed = await store.update('/a', async () => ({ remove: true }), never);
      expect(removed).to.deep.equal({ entry: created, outcome: 'removed', revision: created.revision + 1 });
      expect(await store.get('/a', never)).to.equal(undefined);
    });

    it('throws what the edit throws on what it has read, untouched', async () => {
      await create('/a');
      const reason = new Error('no');
      expect(await store.update('/a', () => Promise.reject(reason), never).catch((error: unknown) => error)).to.equal(
        reason,
      );
    });

    it('holds only together with its guards, and carries their writes with it', async () => {
      await create('/a');
      const guard = await create('/guard', 'open');
      const seen: string[] = [];
      const edit = async ({ value }: Entry): Promise<Edit> => {
        const now = (await store.get('/guard', never))!;
        seen.push(now.value.toString());
        return {
          write: Buffer.from(`${value} ${now.value}`),
          alongside: {
            when: [{ key: '/guard', revision: seen.length === 1 ? guard.revision : now.revision }],
            perform: [{ put: '/note', value: Buffer.from('seen') }],
          },
        };
      };
      kv.beforeTxn = () => scribble(kv, '/guard', 'shut');
      const { entry, revision } = await store.update('/a', edit, never);
      expect(seen).to.deep.equal(['open', 'shut']);
      expect(entry.value.toString()).to.equal('one shut');
      expect((await store.get('/note', never))?.revision).to.equal(revision);
    });

    it('ends when its signal aborts between tries', async () => {
      await create('/a');
      const stop = new AbortController();
      const reason = new Error('enough');
      let tries = 0;
      const edit = async (current: Entry): Promise<Edit> => {
        if (++tries === 3) stop.abort(reason);
        kv.beforeTxn = () => scribble(kv, '/a', `${tries}`);
        return append('+')(current);
      };
      expect(await store.update('/a', edit, stop.signal).catch((error: unknown) => error)).to.equal(reason);
    });
  });

  describe('update of what a cache believes to know', () => {
    it('saves the read when the cache is right', async () => {
      const known = await create('/a');
      await store.update('/a', append('+'), never, known);
      expect(kv.counted()).to.equal('0 reads, 2 writes');
      expect(await textAt('/a')).to.equal('one+');
    });

    it('edits what is there when the cache is late', async () => {
      const known = await create('/a');
      await scribble(kv, '/a', 'two');
      await store.update('/a', append('+'), never, known);
      expect(await textAt('/a')).to.equal('two+');
    });

    it('does not refuse on its word (K-538)', async () => {
      const known = await create('/a', 'locked');
      await scribble(kv, '/a', 'free');
      const edit = async (current: Entry): Promise<Edit> => {
        if (current.value.toString() === 'locked') throw new Error('locked');
        return write('taken');
      };
      await store.update('/a', edit, never, known);
      expect(await textAt('/a')).to.equal('taken');
    });

    it('does not call anything unchanged on its word (K-538)', async () => {
      const known = await create('/a', 'done');
      await scribble(kv, '/a', 'undone');
      const edit = async ({ value }: Entry): Promise<Edit> =>
        value.toString() === 'done' ? 'unchanged' : write('done');
      const { outcome } = await store.update('/a', edit, never, known);
      expect(outcome).to.equal('written');
    });

    it('does not believe that a key is there that is gone', async () => {
      const known = await create('/a');
      await MemoryStore.prototype.txn.call(kv, { when: [], perform: [{ delete: '/a' }] }, never);
      expect(await codeOf(store.update('/a', async () => 'unchanged', never, known))).to.equal('KeyNotFound');
      expect(await codeOf(store.update('/a', append('+'), never, known))).to.equal('KeyNotFound');
    });

    it('does not write over a key that was created anew', async () => {
      const known = await create('/a');
      await MemoryStore.prototype.txn.call(kv, { when: [], perform: [{ delete: '/a' }] }, never);
      await create('/a', 'another');
      await store.update('/a', append('+'), never, known);
      expect(await textAt('/a')).to.equal('another+');
    });
  });

  describe('list', () => {
    it('goes through a prefix page by page, telling how many remain (K-540)', async () => {
      for (const name of ['a', 'b', 'c', 'd', 'e']) await create(`/list/${name}`);
      await create('/list2/x');
      const first = await store.list('/list/', { limit: 2 }, never);
      await create('/list/bb');
      const { revision } = first;
      const second = await store.list('/list/', { limit: 2, after: first.entries.at(-1)!.key, revision }, never);
      const third = await store.list('/list/', { limit: 2, after: second.entries.at(-1)!.key, revision }, never);
      const pages = [first, second, third].map(({ entries }) => entries.map(({ key }) => key.at(-1)).join(''));
      expect(pages).to.deep.equal(['ab', 'cd', 'e']);
      expect([first.remaining, second.remaining, third.remaining]).to.deep.equal([3, 1, 0]);
      expect([second.revision, third.revision]).to.deep.equal([revision, revision]);
      expect((await store.list('/list/', {}, never)).entries).to.have.length(6);
    });

    it('at a revision that is forgotten says so', async () => {
      const { revision } = await create('/a');
      await create('/b');
      await kv.compact(revision + 1, never);
      const error = await store.list('/', { revision }, never).catch((thrown: unknown) => thrown);
      expect(isStorageError(error, 'Compacted') && error.limit).to.equal(revision + 1);
    });
  });
});
