/** Watches on a store in this process, where their readers are slow. */
import { expect } from 'chai';
import { MemoryStore } from '../../storage/memory.ts';
import { codeOf, eventsUntil, revisionOf } from '../contract/kv.ts';

const never = new AbortController().signal;

describe('a watch whose reader falls behind', () => {
  let kv: MemoryStore;
  beforeEach(() => {
    kv = new MemoryStore();
  });
  afterEach(() => kv.close());

  const put = async (count: number): Promise<number> => {
    let revision = 0;
    for (let i = 0; i < count; i++)
      ({ revision } = await kv.txn({ when: [], perform: [{ put: `/k${i % 7}`, value: Buffer.from('x') }] }, never));
    return revision;
  };

  it('reads from history what was not kept for it, and then follows again', async () => {
    const stop = new AbortController();
    const watch = kv.watch('/', 1, stop.signal)[Symbol.asyncIterator]();
    await watch.next();
    const until = await put(25_000);
    const revisions: number[] = [];
    const read = async (to: number) => {
      while ((revisions.at(-1) ?? 0) < to) revisions.push(...(await watch.next()).value!.events.map(revisionOf));
    };
    await read(until);
    await read(await put(10));
    expect(revisions).to.deep.equal(Array.from({ length: 25_010 }, (_, i) => i + 2));
    stop.abort();
    await watch.next();
  });

  it('is told when history was compacted before it could read it', async () => {
    const watch = kv.watch('/', 1, never)[Symbol.asyncIterator]();
    await watch.next();
    await kv.compact(await put(15_000), never);
    expect(await codeOf(watch.next())).to.equal('Compacted');
  });

  it('leaves the others in peace', async () => {
    const slow = kv.watch('/', 1, never)[Symbol.asyncIterator]();
    await slow.next();
    const reading = eventsUntil(kv, '/', 2, 20_001);
    await put(20_000);
    expect(await reading).to.have.length(20_000);
    await slow.return?.();
  });
});
