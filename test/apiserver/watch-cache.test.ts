/**
 * The laws of the watch cache, over any order of writes, compactions, readers and delays of storage: every list is a state that was,
 * every watch tells what happened after its beginning, once and in order, or ends with 410.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import fc from 'fast-check';
import { DerivedForms } from '../../apiserver/cache/derived-forms.ts';
import { Snapshot } from '../../apiserver/cache/snapshot.ts';
import { type Selection, selected } from '../../apiserver/registry/selection.ts';
import { StatusError } from '../../openapi/machinery/status.ts';
import { Keyspace } from '../../storage/keys.ts';
import { MemoryStore } from '../../storage/memory.ts';
import { expectConsistent } from '../make/consistent.ts';
import { LaggingStore } from '../make/lagging-store.ts';
import { type Pod, PodWorld, selecting, told, versionOf, type Watching } from '../make/pods.ts';

const keys = ['a/x', 'a/y', 'b/x', 'b/y'];
const selections: Record<string, Selection> = {
  everything: selecting(),
  'one namespace': selecting('a'),
  'a label': selecting('', 't=1'),
  'a field': selecting('', '', 'spec.nodeName=n1'),
};

/** What happened to one object. */
interface Happening {
  readonly revision: number;
  readonly key: string;
  /** Absent: it was deleted. */
  readonly pod: Pod | undefined;
}

/** Everything that was written, and what clients have to see of it. */
class Model {
  readonly history: Happening[] = [];
  newest = 1;
  compacted = 0;

  record(revision: number, key: string, pod: Pod | undefined): void {
    this.newest = revision;
    this.history.push({ revision, key, pod });
  }

  stateAt(revision: number, selection: Selection = selecting()): string[] {
    const state = new Map<string, Pod>();
    for (const { revision: at, key, pod } of this.history)
      if (at <= revision)
        if (pod) state.set(key, pod);
        else state.delete(key);
    return [...state]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .filter(([key, pod]) => matches(selection, key, pod))
      .map(([key, pod]) => `${key} ${versionOf(pod)}`);
  }

  /** What a watch of `selection` tells of what happened after `since`. */
  eventsAfter(since: number, selection: Selection): string[] {
    const before = new Map<string, Pod>();
    const events: string[] = [];
    for (const { revision, key, pod } of this.history) {
      const old = before.get(key);
      const was = old !== undefined && matches(selection, key, old);
      const is = pod !== undefined && matches(selection, key, pod);
      if (revision > since && (was || is))
        events.push(`${is ? (was ? 'MODIFIED' : 'ADDED') : 'DELETED'} ${key} ${revision}`);
      if (pod) before.set(key, pod);
      else before.delete(key);
    }
    return events;
  }
}

const matches = (selection: Selection, key: string, { metadata, spec }: Pod): boolean =>
  selected(selection, {
    namespace: key.slice(0, key.indexOf('/')),
    labels: metadata.labels,
    fields: { 'spec.nodeName': spec?.nodeName ?? '' },
  } as unknown as Snapshot);

const stateOf = (items: readonly Snapshot[]): string[] => items.map(({ key, revision }) => `${key} ${revision}`);
const codeOf = (error: unknown): number => (error instanceof StatusError ? error.code : 0);

/** A watch and what it has told so far. */
interface Followed {
  readonly watching: Watching;
  readonly selection: Selection;
  readonly expected: () => string[];
  readonly told: string[];
  over: boolean;
}

class Run {
  readonly kv = new LaggingStore(new MemoryStore());
  readonly model = new Model();
  readonly followed: Followed[] = [];
  nowMs = 1_000_000;
  world!: PodWorld;

  async begin(): Promise<this> {
    this.world = await PodWorld.open({
      kv: this.kv,
      keyspace: new Keyspace(),
      clock: { now: () => this.nowMs },
      window: { minEvents: 2, maxEvents: 5, maxAgeMs: 1000, maxBytes: 1_000_000 },
    });
    return this;
  }

  /** While storage lags, whoever waits for news gets them batch by batch. */
  async answered<T>(asked: Promise<T>): Promise<T> {
    let done = false;
    const end = (): void => {
      done = true;
    };
    asked.then(end, end);
    while (!done) {
      this.kv.step();
      await nextTurn();
    }
    return asked;
  }

  async write(key: string, label: string, node: string): Promise<void> {
    const { world, model } = this;
    const labels: Record<string, string> = label ? { t: label } : {};
    const exists = model.stateAt(model.newest).some((item) => item.startsWith(`${key} `));
    const pod = exists
      ? await this.answered(
          world.update(key, (old) => {
            old.metadata.labels = { ...labels, n: String(model.newest) };
            old.spec = { nodeName: node };
          }),
        )
      : await world.create(key, { nodeName: node }, { labels });
    model.record(versionOf(pod), key, pod);
  }

  async remove(key: string): Promise<void> {
    const { world, model } = this;
    if (!model.stateAt(model.newest).some((item) => item.startsWith(`${key} `))) return;
    await world.delete(key);
    model.record(await this.kv.currentRevision(world.signal), key, undefined);
  }

  async list(kind: string, pick: number, limit: number, name: string): Promise<void> {
    const { world, model } = this;
    const selection = selections[name]!;
    const shown = world.registries.cache.revision;
    const atLeast = 1 + (pick % model.newest);
    const resourceVersion = kind === 'newest' ? undefined : kind === 'any' ? 0 : atLeast;
    const exact = kind === 'exactly';
    let token = '';
    let revision: number | undefined;
    const seen: string[] = [];
    do {
      const request = token
        ? { selection, limit, continue: token, resourceVersion: undefined }
        : { selection, limit, resourceVersion, exact };
      try {
        const answer = await this.answered(world.list(request));
        revision ??= answer.revision;
        expect(answer.revision, 'pages are of one revision').to.equal(revision);
        seen.push(...stateOf(answer.items));
        token = answer.continue ?? '';
      } catch (error) {
        expect(codeOf(error), `${kind} ${resourceVersion}: ${error}`).to.equal(410);
        expect(exact || token !== '', 'only the past is forgotten').to.equal(true);
        expect(revision ?? atLeast, 'only what was compacted').to.be.below(model.compacted);
        return;
      }
    } while (token);
    expect(seen, `a list at ${revision}`).to.deep.equal(model.stateAt(revision!, selection));
    if (kind === 'newest') expect(revision).to.be.at.least(model.newest);
    if (kind === 'any') expect(revision).to.be.at.least(shown);
    if (kind === 'at least') expect(revision).to.be.at.least(atLeast);
    if (exact) expect(revision).to.equal(atLeast);
  }

  async open(kind: string, pick: number, name: string): Promise<void> {
    const { world, model } = this;
    const selection = selections[name]!;
    if (kind === 'after a list') {
      const { revision } = await this.answered(world.list({ selection, resourceVersion: 0 }));
      return this.follow(await world.watch(revision, { selection }), selection, revision, false);
    }
    if (kind === 'from the past') {
      const since = 1 + (pick % model.newest);
      return this.follow(await world.watch(since, { selection }), selection, since, false);
    }
    const watching = await this.answered(world.watch(kind === 'newest' ? undefined : 0, { selection }));
    const from = watching.reader.caughtUpTo;
    if (kind === 'newest') expect(from).to.be.at.least(model.newest);
    this.follow(watching, selection, from, true);
  }

  follow(watching: Watching, selection: Selection, since: number, initial: boolean): void {
    const { model } = this;
    const state = initial
      ? [...model.stateAt(since, selection).map((item) => `ADDED ${item}`), `BOOKMARK ${since}`]
      : [];
    const expected = () => [...state, ...model.eventsAfter(since, selection)];
    this.followed.push({ watching, selection, expected, told: [], over: false });
  }

  read(pick: number, most: number): void {
    const followed = this.followed[pick % this.followed.length];
    if (!followed || followed.over) return;
    this.#read(followed, most);
  }

  #read(followed: Followed, most: number): void {
    const { watching, told: before } = followed;
    for (const item of watching.read(most)) {
      if (item.type !== 'ERROR') {
        before.push(told(item));
        continue;
      }
      expect(item.error.code).to.equal(410);
      expect(watching.reader.caughtUpTo, 'only what left the window is refused').to.be.below(
        this.world.pods.cache.window.oldest,
      );
      followed.over = true;
    }
    const expected = followed.expected();
    expect(before, 'told').to.deep.equal(expected.slice(0, before.length));
  }

  /** A bookmark may be sent now: everything up to it has been told. */
  bookmark(pick: number): void {
    const followed = this.followed[pick % this.followed.length];
    if (!followed || followed.over) return;
    this.#read(followed, Number.POSITIVE_INFINITY);
    if (followed.over) return;
    const { caughtUpTo } = followed.watching.reader;
    const due = followed.expected().filter((event) => Number(event.split(' ').at(-1)) <= caughtUpTo);
    expect(followed.told.length, `nothing up to ${caughtUpTo} is missing`).to.be.at.least(due.length);
    expect(caughtUpTo, 'with other traffic, too').to.be.at.least(this.world.registries.cache.revision);
  }

  async end(): Promise<void> {
    this.kv.release();
    await this.world.now();
    for (const followed of this.followed) {
      if (followed.over) continue;
      this.#read(followed, Number.POSITIVE_INFINITY);
      if (!followed.over) expect(followed.told, 'in the end').to.deep.equal(followed.expected());
    }
    await expectConsistent(this.world.registries, this.kv);
  }

  async close(): Promise<void> {
    await this.world.stop(false);
    await this.kv.close();
  }
}

type Step = (run: Run) => Promise<unknown> | unknown;

/** Steps print as what they do, so that a counterexample can be read. */
const step = (name: string, act: Step): { act: Step; toString(): string } => ({ act, toString: () => name });
const key = fc.constantFrom(...keys);
const selectionName = fc.constantFrom(...Object.keys(selections));
const anyStep = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(key, fc.constantFrom('', '1', '2'), fc.constantFrom('n1', 'n2'))
      .map(([k, l, n]) => step(`write ${k} ${l} ${n}`, (run) => run.write(k, l, n))),
  },
  { weight: 3, arbitrary: key.map((k) => step(`remove ${k}`, (run) => run.remove(k))) },
  {
    weight: 2,
    arbitrary: fc.constant(step('other traffic', async (run) => (run.model.newest = await run.world.otherTraffic()))),
  },
  { weight: 2, arbitrary: fc.constant(step('storage lags', (run) => run.kv.hold())) },
  { weight: 2, arbitrary: fc.constant(step('one batch', (run) => run.kv.step())) },
  { weight: 1, arbitrary: fc.constant(step('storage is quick', (run) => run.kv.release())) },
  { weight: 3, arbitrary: fc.constant(step('a turn', () => nextTurn())) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 2000 }).map((ms) => step(`${ms} ms`, (run) => (run.nowMs += ms))) },
  {
    weight: 1,
    arbitrary: fc.nat(50).map((n) =>
      step(`compact ${n}`, async (run) => {
        run.model.compacted = Math.max(run.model.compacted, 1 + (n % run.model.newest));
        await run.kv.compact(run.model.compacted, run.world.signal);
      }),
    ),
  },
  {
    weight: 5,
    arbitrary: fc
      .tuple(
        fc.constantFrom('newest', 'any', 'at least', 'exactly'),
        fc.nat(100),
        fc.constantFrom(0, 1, 2),
        selectionName,
      )
      .map(([kind, n, limit, name]) =>
        step(`list ${kind} ${n} by ${limit} of ${name}`, (run) => run.list(kind, n, limit, name)),
      ),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.constantFrom('newest', 'any', 'from the past', 'after a list'), fc.nat(100), selectionName)
      .map(([kind, n, name]) => step(`watch ${kind} ${n} of ${name}`, (run) => run.open(kind, n, name))),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.nat(10), fc.integer({ min: 1, max: 3 }))
      .map(([n, most]) => step(`read ${most} of ${n}`, (run) => run.read(n, most))),
  },
  { weight: 3, arbitrary: fc.nat(10).map((n) => step(`bookmark of ${n}`, (run) => run.bookmark(n))) },
);

describe('the watch cache, whatever happens', () => {
  it('shows states that were, and tells everything once and in order (K-169 K-175 K-180 K-222 K-224)', async function () {
    this.timeout(120_000);
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { minLength: 10, maxLength: 80 }), async (steps) => {
        const run = await new Run().begin();
        try {
          for (const { act } of steps) await act(run);
          await run.end();
        } finally {
          await run.close();
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('a watch that falls behind', () => {
  it('ends with 410, is counted, and costs the others nothing (K-225, K-596)', async () => {
    const kv = new MemoryStore();
    const window = { minEvents: 2, maxEvents: 5, maxAgeMs: 0, maxBytes: 1_000_000 };
    const world = await PodWorld.open({ kv, keyspace: new Keyspace(), window });
    const since = await world.now();
    const [slow, quick] = [await world.watch(since), await world.watch(since)];
    for (let i = 0; i < 10; i += 1) {
      const made = await world.create(`a/x${i}`);
      expect(await quick.told(1)).to.deep.equal([`ADDED a/x${i} ${versionOf(made)}`]);
    }
    expect(slow.read().map(told)).to.deep.equal(['ERROR 410']);
    expect(world.pods.cache.overtaken).to.equal(1);
    expect(world.pods.cache.window.size).to.be.at.most(5);
    await world.stop();
    await kv.close();
  });
});

describe('derived forms', () => {
  const snapshot = (name: string): Snapshot =>
    new Snapshot({
      key: name,
      namespace: '',
      name,
      uid: '',
      revision: 1,
      createRevision: 1,
      labels: {},
      fields: {},
      bytes: Buffer.alloc(0),
      whole: true,
    });

  it('stay within their budget, and are what was made, however they are asked for', () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.array(fc.tuple(fc.nat(9), fc.constantFrom('table', 'metadata'), fc.integer({ min: 0, max: 300 })), {
          maxLength: 200,
        }),
        (budget, asked) => {
          const forms = new DerivedForms(budget);
          const snapshots = Array.from({ length: 10 }, (_, i) => snapshot(String(i)));
          const sizes = new Map<string, number>();
          for (const [i, name, size] of asked) {
            const id = `${i} ${name}`;
            if (!sizes.has(id)) sizes.set(id, size);
            const form = forms.of(snapshots[i]!, name, () => Buffer.alloc(sizes.get(id)!, i));
            expect(form.equals(Buffer.alloc(sizes.get(id)!, i))).to.equal(true);
            expect(forms.bytes).to.be.at.most(budget);
          }
        },
      ),
    ));
});
