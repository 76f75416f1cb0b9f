/**
 * Whatever is done to a store, memory.ts answers the same, revisions shifted: random transactions, ranges, compactions and
 * watches, judged step by step. Part of the storage contract (kv.ts).
 */
import { expect } from 'chai';
import fc from 'fast-check';
import type { Entry, KeyValueStore, Operation, RangeRequest, WatchEvent } from '../../storage/kv.ts';
import { MemoryStore } from '../../storage/memory.ts';
import type { OpenStore } from './kv.ts';
import { eventsUntil } from './kv.ts';

const names = ['a', 'a/b', 'a0', 'b', 'ä', '\u{1f600}'];
const anyName = fc.constantFrom(...names);

type Step =
  | {
      readonly do: 'txn';
      /** What the comparison expects of each key: the truth, that it is absent, or a revision long past. */
      readonly when: readonly { name: string; expects: 'truth' | 'absence' | 'the past' }[];
      readonly perform: readonly { name: string; value: string | undefined }[];
      readonly otherwise: readonly string[];
    }
  | {
      readonly do: 'range';
      readonly start: string;
      readonly end: string | undefined;
      readonly limit: number;
      readonly keysOnly: boolean;
      /** From the beginning of this run (0) to one revision beyond the newest (1); absent: now. */
      readonly when: number | undefined;
    }
  | { readonly do: 'compact' | 'watch'; readonly when: number };

const anyTxn: fc.Arbitrary<Step> = fc.record({
  do: fc.constant('txn'),
  when: fc.array(
    fc.record({ name: anyName, expects: fc.constantFrom('truth', 'truth', 'truth', 'absence', 'the past') }),
    { maxLength: 2 },
  ),
  perform: fc.uniqueArray(
    fc.record({ name: anyName, value: fc.option(fc.string({ maxLength: 8 }), { nil: undefined, freq: 3 }) }),
    { maxLength: 3, selector: ({ name }) => name },
  ),
  otherwise: fc.array(anyName, { maxLength: 2 }),
});

const anyMoment = fc.integer({ min: 0, max: 1000 }).map((thousandth) => thousandth / 1000);

const anyRange: fc.Arbitrary<Step> = fc.record({
  do: fc.constant('range'),
  start: fc.constantFrom('', ...names),
  end: fc.option(fc.constantFrom(...names, '\u{10ffff}'), { nil: undefined }),
  limit: fc.nat({ max: 4 }),
  keysOnly: fc.boolean(),
  when: fc.option(anyMoment, { nil: undefined }),
});

const anyStep = fc.oneof(
  { weight: 6, arbitrary: anyTxn },
  { weight: 4, arbitrary: anyRange },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('compact', 'watch'), when: anyMoment }) as fc.Arbitrary<Step>,
  },
);

const never = new AbortController().signal;

/** One store, its keys below `prefix`, its revisions counted from where it stood when the run began. */
class Side {
  readonly #kv: KeyValueStore;
  readonly #prefix: string;
  readonly #zero: number;
  readonly #compare: Map<string, number> = new Map();

  constructor(kv: KeyValueStore, prefix: string, zero: number) {
    this.#kv = kv;
    this.#prefix = prefix;
    this.#zero = zero;
  }

  async perform(step: Step): Promise<unknown> {
    try {
      return await this.#perform(step);
    } catch (error) {
      const { code, revision, limit } = error as { code?: string; revision?: number; limit?: number };
      if (!code) throw error;
      // How far a store was compacted before the run is its own affair.
      return {
        code,
        revision: revision && revision - this.#zero,
        limit: code === 'FutureRevision' && limit! - this.#zero,
      };
    }
  }

  async #perform(step: Step): Promise<unknown> {
    const now = (await this.#kv.currentRevision(never)) - this.#zero;
    const at = (moment: number): number => this.#zero + Math.floor(moment * (now + 1.999));
    switch (step.do) {
      case 'txn': {
        const when = [];
        for (const { name, expects } of step.when) {
          const { entries } = await this.#kv.range({ start: this.#key(name) }, never);
          const truth = entries[0]?.revision ?? 0;
          const past = this.#compare.get(name) ?? this.#zero;
          when.push({ key: this.#key(name), revision: { truth, absence: 0, 'the past': past }[expects] });
          this.#compare.set(name, truth || this.#zero);
        }
        const perform = step.perform.map(
          ({ name, value }): Operation =>
            value === undefined ? { delete: this.#key(name) } : { put: this.#key(name), value: Buffer.from(value) },
        );
        const otherwise = step.otherwise.map((name) => this.#key(name));
        const { succeeded, revision, current } = await this.#kv.txn({ when, perform, otherwise }, never);
        return { succeeded, revision: revision - this.#zero, current: current.map((entry) => this.#told(entry)) };
      }
      case 'range': {
        const { limit, keysOnly, when } = step;
        const request: RangeRequest = {
          start: this.#key(step.start),
          ...(step.end !== undefined && { end: this.#key(step.end) }),
          ...(when !== undefined && { revision: at(when) }),
          limit,
          keysOnly,
        };
        const { entries, more, count, revision } = await this.#kv.range(request, never);
        return { entries: entries.map((entry) => this.#told(entry)), more, count, revision: revision - this.#zero };
      }
      case 'compact':
        return this.#kv.compact(at(step.when), never);
      case 'watch': {
        const from = Math.max(at(step.when), this.#zero + 1);
        const until = this.#zero + now;
        // Of what is to come a watch need not tell anything.
        const events = from > until ? [] : await eventsUntil(this.#kv, this.#prefix, from, until);
        return events.map((event) => this.#toldEvent(event));
      }
    }
  }

  #key(name: string): string {
    return this.#prefix + name;
  }

  #told(entry: Entry | undefined): unknown {
    if (!entry) return undefined;
    const { key, value, revision, createRevision } = entry;
    const name = key.slice(this.#prefix.length);
    return `${name}=${value} ${revision - this.#zero} ${createRevision - this.#zero}`;
  }

  #toldEvent(event: WatchEvent): unknown {
    if (event.type === 'put') return this.#told(event.entry);
    return `${event.key.slice(this.#prefix.length)} deleted ${event.revision - this.#zero}`;
  }
}

export function describeModel(open: OpenStore): void {
  it('does what the store in memory does, whatever is asked of it', async function () {
    this.timeout(60_000);
    const { kv, prefix, dispose } = await open();
    let run = 0;
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(anyStep, { maxLength: 40, size: 'max' }), async (steps) => {
          const below = `${prefix}${run++}/`;
          const model = new MemoryStore();
          const told = new Side(model, below, await model.currentRevision(never));
          const asked = new Side(kv, below, await kv.currentRevision(never));
          for (const step of steps) expect(await asked.perform(step)).to.deep.equal(await told.perform(step));
          await model.close();
        }),
        { numRuns: 40, endOnFailure: false },
      );
    } finally {
      await dispose();
    }
  });
}
