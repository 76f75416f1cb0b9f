/**
 * The storage contract as tests: what storage/kv.ts promises, asked of any implementation. The property in kv-model.ts, that
 * all of them behave as memory.ts does, belongs to it.
 *
 * Revisions are compared with those seen before, never with literals: a store may be shared and have a past.
 */
import { expect } from 'chai';
import { isStorageError } from '../../storage/errors.ts';
import type { Entry, KeyValueStore, Operation, WatchBatch, WatchEvent } from '../../storage/kv.ts';
import { prefixEnd } from '../../storage/kv.ts';
import { describeModel } from './kv-model.ts';

export interface OpenedStore {
  readonly kv: KeyValueStore;
  /** Keys of this store begin so; nobody else's do. */
  readonly prefix: string;
  /** Lets go of everything, the store included; may be called after the store was closed. */
  dispose(): Promise<void>;
}

export type OpenStore = () => Promise<OpenedStore>;

const never = new AbortController().signal;

export const revisionOf = (event: WatchEvent): number => (event.type === 'put' ? event.entry.revision : event.revision);

/** Reads a watch until it has come as far as `until`. */
export async function eventsUntil(
  kv: KeyValueStore,
  prefix: string,
  from: number,
  until: number,
  seen: (batch: WatchBatch) => void = () => {},
): Promise<WatchEvent[]> {
  const events: WatchEvent[] = [];
  const stop = new AbortController();
  for await (const batch of kv.watch(prefix, from, stop.signal)) {
    seen(batch);
    events.push(...batch.events);
    if (batch.revision >= until) stop.abort();
  }
  return events;
}

/** @returns the StorageError's code, or what else happened */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'no error';
  } catch (error) {
    return String((error as { code?: unknown }).code ?? error);
  }
}

const shortly = (event: WatchEvent): string =>
  event.type === 'put'
    ? `${event.entry.revision} put ${event.entry.key}=${event.entry.value}`
    : `${event.revision} delete ${event.key}`;

export function describeKeyValueStore(name: string, open: OpenStore): void {
  describe(`the ${name} store keeps the storage contract`, () => {
    let opened: OpenedStore;
    let kv: KeyValueStore;
    let at: (name: string) => string;

    const put = async (key: string, value: string | Buffer = 'x'): Promise<number> =>
      change({ put: at(key), value: Buffer.from(value as string) });
    const remove = async (key: string): Promise<number> => change({ delete: at(key) });
    const change = async (...perform: Operation[]): Promise<number> => {
      const result = await kv.txn({ when: [], perform }, never);
      expect(result.succeeded).to.equal(true);
      return result.revision;
    };
    const get = async (key: string, revision?: number): Promise<Entry | undefined> =>
      (await kv.range({ start: at(key), ...(revision !== undefined && { revision }) }, never)).entries[0];
    const list = (
      request: { limit?: number; revision?: number; keysOnly?: boolean; uncounted?: boolean } = {},
      below = '',
    ) => kv.range({ start: at(below), end: prefixEnd(at(below)), ...request }, never);
    const namesOf = (entries: readonly Entry[]): string[] => entries.map(({ key }) => key.slice(opened.prefix.length));

    beforeEach(async () => {
      opened = await open();
      kv = opened.kv;
      at = (name) => opened.prefix + name;
    });
    afterEach(() => opened.dispose());

    describe('a transaction', () => {
      it('that puts a key advances the revision by one, and the key bears it', async () => {
        const before = await kv.currentRevision(never);
        const revision = await put('a', 'one');
        expect(revision).to.equal(before + 1);
        const entry = await get('a');
        expect({ ...entry, value: entry?.value.toString() }).to.deep.equal({
          key: at('a'),
          value: 'one',
          revision,
          createRevision: revision,
        });
        expect(await kv.currentRevision(never)).to.equal(revision);
      });

      it('that puts a key again keeps its create revision; after a deletion it has a new one', async () => {
        const first = await put('a', 'one');
        const second = await put('a', 'two');
        expect(await get('a')).to.include({ revision: second, createRevision: first });
        const gone = await remove('a');
        expect(gone).to.equal(second + 1);
        expect(await get('a')).to.equal(undefined);
        const again = await put('a', 'three');
        expect(await get('a')).to.include({ revision: again, createRevision: again });
      });

      it('writes only when every comparison holds', async () => {
        const a = await put('a');
        const b = await put('b');
        const attempt = (...when: [string, number][]) =>
          kv.txn(
            {
              when: when.map(([key, revision]) => ({ key: at(key), revision })),
              perform: [{ put: at('c'), value: Buffer.from('x') }],
            },
            never,
          );
        expect(await attempt(['a', a], ['b', a])).to.deep.equal({ succeeded: false, revision: b, current: [] });
        expect((await attempt(['a', 0])).succeeded).to.equal(false);
        expect((await attempt(['c', a])).succeeded).to.equal(false);
        expect(await get('c')).to.equal(undefined);
        expect(await kv.currentRevision(never)).to.equal(b);
        expect(await attempt(['a', a], ['b', b], ['c', 0])).to.include({ succeeded: true, revision: b + 1 });
        expect((await attempt(['c', 0])).succeeded).to.equal(false);
        await remove('c');
        expect((await attempt(['c', 0])).succeeded).to.equal(true);
      });

      it('that does not hold answers with what it was asked to read otherwise, in that order', async () => {
        const a = await put('a', 'one');
        const b = await put('b', 'two');
        const result = await kv.txn(
          { when: [{ key: at('a'), revision: 0 }], perform: [], otherwise: [at('b'), at('nothing'), at('a')] },
          never,
        );
        expect(result).to.include({ succeeded: false, revision: b });
        expect(
          result.current.map((entry) => entry && [entry.key, entry.value.toString(), entry.revision]),
        ).to.deep.equal([[at('b'), 'two', b], undefined, [at('a'), 'one', a]]);
      });

      it('that holds answers with nothing it was asked to read otherwise', async () => {
        const result = await kv.txn(
          { when: [], perform: [{ put: at('a'), value: Buffer.from('x') }], otherwise: [at('a')] },
          never,
        );
        expect(result.current).to.deep.equal([]);
      });

      it('of several operations happens under one revision', async () => {
        await put('old');
        const revision = await change(
          { put: at('a'), value: Buffer.from('one') },
          { delete: at('old') },
          { put: at('b'), value: Buffer.from('two') },
        );
        const { entries } = await list();
        expect(entries.map((entry) => [entry.key, entry.revision])).to.deep.equal([
          [at('a'), revision],
          [at('b'), revision],
        ]);
        const events = await eventsUntil(kv, opened.prefix, revision, revision);
        expect(events.map(revisionOf)).to.deep.equal([revision, revision, revision]);
      });

      it('that changes nothing makes no revision and no event', async () => {
        const before = await put('a');
        expect(await change({ delete: at('absent') })).to.equal(before);
        expect(await change()).to.equal(before);
        const after = await put('b');
        expect(after).to.equal(before + 1);
        const events = await eventsUntil(kv, opened.prefix, before + 1, after);
        expect(events.map(shortly)).to.deep.equal([`${after} put ${at('b')}=x`]);
      });

      it('keeps any bytes, none and many', async () => {
        const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
        const large = Buffer.alloc(1_000_000, bytes);
        await put('bytes', bytes);
        await put('empty', '');
        await put('large', large);
        expect((await get('bytes'))?.value.equals(bytes)).to.equal(true);
        expect((await get('empty'))?.value.length).to.equal(0);
        expect((await get('large'))?.value.equals(large)).to.equal(true);
      });

      it('that names a key twice is refused', async () => {
        const twice = kv.txn(
          {
            when: [],
            perform: [{ put: at('a'), value: Buffer.from('x') }, { delete: at('a') }],
          },
          never,
        );
        expect(await codeOf(twice)).to.match(/twice/);
      });

      it('meets others one at a time: of many that compare the same revision one succeeds', async () => {
        const before = await put('a', '0');
        const results = await Promise.all(
          Array.from({ length: 30 }, (_, i) =>
            kv.txn(
              {
                when: [{ key: at('a'), revision: before }],
                perform: [{ put: at('a'), value: Buffer.from(String(i)) }],
                otherwise: [at('a')],
              },
              never,
            ),
          ),
        );
        const winners = results.filter(({ succeeded }) => succeeded);
        expect(winners).to.have.length(1);
        const entry = await get('a');
        expect(entry?.revision).to.equal(winners[0]?.revision);
        for (const { succeeded, current } of results)
          if (!succeeded) expect(current[0]?.revision).to.equal(entry?.revision);
      });
    });

    describe('a range', () => {
      it('is in the order of the keys as UTF-8 bytes, and ends before its end', async () => {
        const names = ['a', 'a!', 'a/b', 'ab', 'b', 'é', '\u{e000}', '\u{1f600}', 'z'];
        for (const name of names) await put(name);
        const inOrder = [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
        expect(namesOf((await list()).entries)).to.deep.equal(inOrder);
        const part = await kv.range({ start: at('a!'), end: at('b') }, never);
        expect(namesOf(part.entries)).to.deep.equal(['a!', 'a/b', 'ab']);
        const none = await kv.range({ start: at('b'), end: at('a') }, never);
        expect(none).to.deep.include({ entries: [], more: false, count: 0 });
      });

      it('of keys that are too long to be there is empty, and one that begins or ends there is exact', async () => {
        await put('a');
        await put('kz');
        const long = 'k'.repeat(9000);
        expect(await get(long)).to.equal(undefined);
        expect(namesOf((await list({}, long)).entries)).to.deep.equal([]);
        const before = await kv.range({ start: at('a'), end: at(long) }, never);
        expect(namesOf(before.entries)).to.deep.equal(['a']);
        const after = await kv.range({ start: at(long), end: at('z') }, never);
        expect(namesOf(after.entries)).to.deep.equal(['kz']);
      });

      it('of a prefix that ends with a slash leaves out names that only begin alike', async () => {
        for (const name of ['demo/a', 'demo2/a', 'demo', 'demo/b', 'demo0']) await put(name);
        expect(namesOf((await list({}, 'demo/')).entries)).to.deep.equal(['demo/a', 'demo/b']);
      });

      it('with a limit says whether there is more, and how many there are', async () => {
        for (const name of ['a', 'b', 'c', 'd']) await put(name);
        const some = await list({ limit: 3 });
        expect(namesOf(some.entries)).to.deep.equal(['a', 'b', 'c']);
        expect(some).to.include({ more: true, count: 4 });
        expect(await list({ limit: 4 })).to.include({ more: false, count: 4 });
        expect(await list({ limit: 0 })).to.include({ more: false, count: 4 });
        const uncounted = await list({ limit: 2, uncounted: true });
        expect(uncounted).to.include({ more: true });
        expect(uncounted.count).to.be.within(3, 4);
        expect(await list({ limit: 4, uncounted: true })).to.include({ more: false, count: 4 });
        expect(await list({ uncounted: true })).to.include({ more: false, count: 4 });
      });

      it('tells the newest revision, also when it reads an older one', async () => {
        const a = await put('a');
        const b = await put('b');
        expect((await list()).revision).to.equal(b);
        expect((await list({ revision: a })).revision).to.equal(b);
        expect((await kv.range({ start: at('nothing') }, never)).revision).to.equal(b);
      });

      it('at a revision shows what was then', async () => {
        const before = await kv.currentRevision(never);
        const a1 = await put('a', 'one');
        const b1 = await put('b', 'one');
        const a2 = await put('a', 'two');
        const gone = await remove('b');
        const b2 = await put('b', 'two');
        const then = async (revision: number) =>
          (await list({ revision })).entries.map(
            ({ key, value, revision, createRevision }) =>
              `${key.slice(opened.prefix.length)}=${value} ${revision} ${createRevision}`,
          );
        expect(await then(before)).to.deep.equal([]);
        expect(await then(a1)).to.deep.equal([`a=one ${a1} ${a1}`]);
        expect(await then(b1)).to.deep.equal([`a=one ${a1} ${a1}`, `b=one ${b1} ${b1}`]);
        expect(await then(a2)).to.deep.equal([`a=two ${a2} ${a1}`, `b=one ${b1} ${b1}`]);
        expect(await then(gone)).to.deep.equal([`a=two ${a2} ${a1}`]);
        expect(await then(b2)).to.deep.equal([`a=two ${a2} ${a1}`, `b=two ${b2} ${b2}`]);
        expect(await get('b', gone)).to.equal(undefined);
        expect((await get('b', a2))?.revision).to.equal(b1);
      });

      it('of keys only leaves the values out, and nothing else', async () => {
        const revision = await put('a', 'one');
        await put('a', 'two');
        for (const request of [{ keysOnly: true }, { keysOnly: true, revision }]) {
          const { entries } = await list(request);
          expect(entries.map(({ value }) => value.length)).to.deep.equal([0]);
          expect(entries[0]?.createRevision).to.equal(revision);
        }
      });

      it('counts at a revision too', async () => {
        for (const name of ['a', 'b', 'c']) await put(name);
        const revision = await kv.currentRevision(never);
        await put('d');
        await remove('a');
        await remove('b');
        expect(await list({ revision, limit: 1 })).to.include({ count: 3, more: true });
        expect(await list({ limit: 1 })).to.include({ count: 2, more: true });
      });

      it('page by page at one revision is one list, whatever is written meanwhile', async () => {
        const names = Array.from({ length: 25 }, (_, i) => `p${String(i).padStart(2, '0')}`);
        await Promise.all(names.map((name) => put(name)));
        const revision = await kv.currentRevision(never);
        const read: string[] = [];
        let start = at('p');
        for (;;) {
          const page = await kv.range({ start, end: prefixEnd(at('p')), limit: 7, revision }, never);
          read.push(...namesOf(page.entries));
          expect(page.count).to.equal(names.length - read.length + page.entries.length);
          await Promise.all([
            remove(names[names.length - read.length] ?? 'x'),
            put(`p${read.length}x`),
            put(names[0]!),
          ]);
          if (!page.more) break;
          start = `${page.entries.at(-1)!.key}\0`;
        }
        expect(read).to.deep.equal(names);
      });

      it('at a revision that has not happened yet is refused, telling the newest', async () => {
        const newest = await put('a');
        try {
          await list({ revision: newest + 10 });
          expect.fail('nothing was thrown');
        } catch (error) {
          expect(isStorageError(error, 'FutureRevision') && error.revision).to.equal(newest + 10);
        }
        expect(await codeOf(get('a', newest + 1))).to.equal('FutureRevision');
      });

      it('at a revision before the first is refused as one that is forgotten', async () => {
        for (const revision of [0, -7]) {
          expect(await codeOf(list({ revision }))).to.equal('Compacted');
          expect(await codeOf(eventsUntil(kv, opened.prefix, revision, 1))).to.equal('Compacted');
        }
      });

      it('of many large values comes whole', async () => {
        const value = Buffer.alloc(20_000, 'v');
        for (let i = 0; i < 300; i += 50)
          await change(...Array.from({ length: 50 }, (_, j) => ({ put: at(`large/${1000 + i + j}`), value })));
        const { entries, count } = await list({}, 'large/');
        expect(count).to.equal(300);
        expect(entries.every((entry) => entry.value.equals(value))).to.equal(true);
      });
    });

    describe('a watch', () => {
      it('from a past revision delivers what happened since, in order', async () => {
        const first = await put('a', 'one');
        const second = await put('a', 'two');
        const third = await remove('a');
        const fourth = await put('a', 'three');
        const all = [
          `${first} put ${at('a')}=one`,
          `${second} put ${at('a')}=two`,
          `${third} delete ${at('a')}`,
          `${fourth} put ${at('a')}=three`,
        ];
        expect((await eventsUntil(kv, opened.prefix, first, fourth)).map(shortly)).to.deep.equal(all);
        const later = await eventsUntil(kv, opened.prefix, third, fourth);
        expect(later.map(shortly)).to.deep.equal(all.slice(2));
        expect(later.flatMap((event) => (event.type === 'put' ? [event.entry.createRevision] : []))).to.deep.equal([
          fourth,
        ]);
      });

      it('delivers only what lies below its prefix', async () => {
        const from = await put('demo/a');
        await put('demo2/a');
        await put('dem');
        const until = await put('demo/b');
        const events = await eventsUntil(kv, at('demo/'), from, until);
        expect(events.map(shortly)).to.deep.equal([`${from} put ${at('demo/a')}=x`, `${until} put ${at('demo/b')}=x`]);
      });

      it('from a revision to come waits for it', async () => {
        const now = await put('a');
        const reading = eventsUntil(kv, opened.prefix, now + 2, now + 2);
        await put('b');
        const until = await put('c');
        expect((await reading).map(shortly)).to.deep.equal([`${until} put ${at('c')}=x`]);
      });

      it('misses nothing and repeats nothing while others write, wherever it begins', async () => {
        const start = (await kv.currentRevision(never)) + 1;
        const watches: Promise<WatchEvent[]>[] = [];
        const written: string[] = [];
        const writers = 6;
        const each = 40;
        const until = start + writers * each - 1;
        const torn: string[] = [];
        const seen = () => {
          let last = 0;
          return (batch: WatchBatch) => {
            if (batch.events.length && revisionOf(batch.events[0]!) <= last) torn.push(`${last}`);
            const newest = batch.events.length ? revisionOf(batch.events.at(-1)!) : 0;
            if (newest > batch.revision) torn.push(`${newest} in a batch to ${batch.revision}`);
            last = Math.max(last, newest);
          };
        };
        const from: number[] = [];
        const watchFrom = (revision: number) => {
          from.push(revision);
          watches.push(eventsUntil(kv, opened.prefix, revision, until, seen()));
        };
        watchFrom(start);
        await Promise.all(
          Array.from({ length: writers }, async (_, w) => {
            for (let i = 0; i < each; i++) {
              const revision = await change(
                { put: at(`w${w}/a${i % 3}`), value: Buffer.from(`${w} ${i}`) },
                i % 5 === 4 ? { delete: at(`w${w}/b${i - 1}`) } : { put: at(`w${w}/b${i}`), value: Buffer.from('x') },
                { put: at(`w${w}/c`), value: Buffer.alloc(3000, 'x') },
              );
              written.push(String(revision));
              if (i % 20 === 10) watchFrom(w % 2 ? revision : start);
            }
          }),
        );
        expect(new Set(written).size).to.equal(writers * each);
        const all = (await watches[0]!).map(shortly);
        expect(all).to.have.length(writers * each * 3);
        expect(torn).to.deep.equal([]);
        for (const [i, watch] of watches.entries()) {
          const events = await watch;
          expect(events.map(revisionOf), 'in order').to.deep.equal(events.map(revisionOf).sort((a, b) => a - b));
          const expected = all.filter((line) => Number.parseInt(line, 10) >= from[i]!);
          expect(events.map(shortly).sort()).to.deep.equal(expected.sort());
        }
      });

      it('and a list before it together show every change once', async () => {
        const state = new Map<string, string>();
        const writing = Promise.all(
          Array.from({ length: 5 }, async (_, w) => {
            for (let i = 0; i < 20; i++) await (i % 4 === 3 ? remove(`k${w}`) : put(`k${w}`, `${w}.${i}`));
          }),
        );
        const { entries, revision } = await list();
        for (const { key, value } of entries) state.set(key, value.toString());
        await writing;
        const until = await put('last', 'last');
        for (const event of await eventsUntil(kv, opened.prefix, revision + 1, until))
          if (event.type === 'put') state.set(event.entry.key, event.entry.value.toString());
          else expect(state.delete(event.key), 'a deletion of what was there').to.equal(true);
        const now = await list();
        expect([...state].sort()).to.deep.equal(now.entries.map(({ key, value }) => [key, value.toString()]).sort());
      });

      it('tells how far it has come when asked to, though nothing happened below its prefix', async () => {
        const from = await put('here/a');
        const stop = new AbortController();
        const watch = kv.watch(at('here/'), from, stop.signal)[Symbol.asyncIterator]();
        const first = await watch.next();
        let reached = first.value.revision as number;
        const until = await put('elsewhere');
        expect(await kv.currentRevision(never)).to.equal(until);
        kv.requestProgress();
        while (reached < until) {
          const { value } = await watch.next();
          expect(value.events).to.deep.equal([]);
          reached = value.revision;
        }
        stop.abort();
        expect((await watch.next()).done).to.equal(true);
      });

      it('ends when its signal aborts, by returning, also before it began', async () => {
        const stop = new AbortController();
        const ended = (async () => {
          for await (const _ of kv.watch(opened.prefix, 1_000_000_000, stop.signal));
          return 'returned';
        })();
        await put('a');
        stop.abort();
        expect(await ended).to.equal('returned');
        for await (const _ of kv.watch(opened.prefix, 1, stop.signal)) expect.fail('a batch after the abort');
      });

      it('can be left at any batch', async () => {
        const from = await put('a');
        await put('b');
        const stop = new AbortController();
        for await (const batch of kv.watch(opened.prefix, from, stop.signal)) if (batch.events.length) break;
        await put('c');
        stop.abort();
      });
    });

    describe('compaction', () => {
      it('keeps the state at its revision and later, and forgets what was before', async () => {
        const early = await put('a', 'one');
        await put('gone', 'x');
        await put('a', 'two');
        await remove('gone');
        await put('b', 'one');
        const revision = await put('a', 'three');
        const late = await put('a', 'four');
        await kv.compact(revision, never);
        expect((await get('a', revision))?.value.toString()).to.equal('three');
        expect((await get('a', late))?.value.toString()).to.equal('four');
        expect(namesOf((await list({ revision })).entries)).to.deep.equal(['a', 'b']);
        expect((await get('a', revision))?.createRevision).to.equal(early);
        expect(await codeOf(list({ revision: revision - 1 }))).to.equal('Compacted');
        expect(await codeOf(get('a', early))).to.equal('Compacted');
        expect(namesOf((await list()).entries)).to.deep.equal(['a', 'b']);
      });

      it('refuses watches from its revision and before, and none from after it', async () => {
        const early = await put('a', 'one');
        const revision = await put('a', 'two');
        const late = await put('a', 'three');
        await kv.compact(revision, never);
        expect(await codeOf(eventsUntil(kv, opened.prefix, early, late))).to.equal('Compacted');
        expect(await codeOf(eventsUntil(kv, opened.prefix, revision, late))).to.equal('Compacted');
        const events = await eventsUntil(kv, opened.prefix, revision + 1, late);
        expect(events.map(shortly)).to.deep.equal([`${late} put ${at('a')}=three`]);
      });

      it('at a deletion leaves the key deleted, and free to be created', async () => {
        await put('a', 'one');
        const gone = await remove('a');
        await kv.compact(gone, never);
        expect(await get('a', gone)).to.equal(undefined);
        expect(await get('a')).to.equal(undefined);
        const again = await put('a', 'two');
        expect(await get('a')).to.include({ revision: again, createRevision: again });
        expect(await get('a', gone)).to.equal(undefined);
      });

      it('between a deletion and the next creation shows nothing there', async () => {
        await put('a', 'one');
        await remove('a');
        const between = await put('other');
        const again = await put('a', 'two');
        await kv.compact(between, never);
        expect(await get('a', between)).to.equal(undefined);
        expect((await get('a', again))?.value.toString()).to.equal('two');
      });

      it('may be repeated, and goes back for nobody', async () => {
        const first = await put('a', 'one');
        const second = await put('a', 'two');
        await kv.compact(second, never);
        await kv.compact(second, never);
        await kv.compact(first, never);
        expect(await codeOf(get('a', first))).to.equal('Compacted');
        expect((await get('a', second))?.value.toString()).to.equal('two');
      });

      it('at the newest revision leaves the present, and revisions go on from it', async () => {
        await put('a', 'one');
        const newest = await remove('a');
        await kv.compact(newest, never);
        expect(await kv.currentRevision(never)).to.equal(newest);
        expect(await put('b')).to.equal(newest + 1);
      });

      it('of what has not happened yet is refused', async () => {
        const newest = await put('a');
        expect(await codeOf(kv.compact(newest + 1, never))).to.equal('FutureRevision');
      });

      it('does not disturb a watch that has come further', async () => {
        const from = await put('a', 'one');
        const stop = new AbortController();
        const watch = kv.watch(opened.prefix, from, stop.signal)[Symbol.asyncIterator]();
        const events: WatchEvent[] = [];
        while (!events.length) events.push(...(await watch.next()).value.events);
        const revision = await put('a', 'two');
        while (events.length < 2) events.push(...(await watch.next()).value.events);
        await kv.compact(revision, never);
        const last = await put('a', 'three');
        while (events.length < 3) events.push(...(await watch.next()).value.events);
        expect(events.map(shortly).at(-1)).to.equal(`${last} put ${at('a')}=three`);
        stop.abort();
        await watch.next();
      });

      it('while others write and read loses nothing', async () => {
        let writing = true;
        const compacting = (async () => {
          while (writing) await kv.compact(await kv.currentRevision(never), never);
        })();
        await Promise.all(
          Array.from({ length: 4 }, async (_, w) => {
            for (let i = 0; i < 25; i++) {
              if (i % 6 === 5) await remove(`k${w}`);
              const revision = await put(`k${w}`, `${w}.${i}`);
              expect(await get(`k${w}`)).to.include({ revision });
              expect((await list()).entries.length).to.be.within(1, 4);
            }
          }),
        ).finally(() => {
          writing = false;
        });
        await compacting;
        expect((await list()).entries.map(({ value }) => value.toString())).to.deep.equal([
          '0.24',
          '1.24',
          '2.24',
          '3.24',
        ]);
      });
    });

    describe('in the end', () => {
      it('every call refuses a signal that is aborted, with its reason', async () => {
        const reason = new Error('enough');
        const signal = AbortSignal.abort(reason);
        const calls = [
          () => kv.range({ start: at('a') }, signal),
          () => kv.txn({ when: [], perform: [{ put: at('a'), value: Buffer.from('x') }] }, signal),
          () => kv.currentRevision(signal),
          () => kv.compact(1, signal),
          () => kv.status(signal),
        ];
        for (const call of calls)
          expect(
            await call().then(
              () => 'no error',
              (error: unknown) => error,
            ),
          ).to.equal(reason);
        expect(await get('a')).to.equal(undefined);
      });

      it('closing ends watches and refuses calls; closing twice is closing once', async () => {
        const from = await put('a');
        const ended = (async () => {
          for await (const _ of kv.watch(opened.prefix, from, never));
        })();
        await Promise.all([kv.close(), kv.close()]);
        await ended;
        expect(await codeOf(get('a'))).to.equal('Closed');
        expect(await codeOf(put('a'))).to.equal('Closed');
        expect(await codeOf(kv.currentRevision(never))).to.equal('Closed');
        expect(await codeOf(kv.status(never))).to.equal('Closed');
        expect(await codeOf(kv.compact(from, never))).to.equal('Closed');
        expect(await codeOf(eventsUntil(kv, opened.prefix, from, from))).to.equal('Closed');
        kv.requestProgress();
      });

      it('closing while calls are under way lets each of them end', async () => {
        const calls = Array.from({ length: 20 }, (_, i) => codeOf(put(`k${i}`)));
        const closing = kv.close();
        for (const code of await Promise.all(calls)) expect(code).to.be.oneOf(['no error', 'Closed', 'OutcomeUnknown']);
        await closing;
      });

      it('the status tells version and size', async () => {
        await put('a', 'one');
        const { version, sizeBytes } = await kv.status(never);
        expect(version).to.match(/^\w+ \d/);
        expect(sizeBytes).to.be.greaterThan(0);
      });
    });

    describeModel(open);
  });
}
