/**
 * The check of the store, which many may ask for at a time.
 */
import { expect } from 'chai';
import { storeCheck } from '../../deploy/commands/serve/store-watch.ts';
import { MemoryStore } from '../../storage/memory.ts';

describe('the check of the store', () => {
  it('asks it once for all who ask at a time, and sets it a time (K-079)', async () => {
    const kv = new MemoryStore();
    const signals: AbortSignal[] = [];
    const counting = Object.assign(kv, {
      currentRevision: async (signal: AbortSignal) => {
        signals.push(signal);
        return 1;
      },
    });
    const { check } = storeCheck(counting);
    await Promise.all(Array.from({ length: 20 }, () => check()));
    expect(signals).to.have.length(1);
    expect(signals[0]).to.be.instanceOf(AbortSignal);
    await kv.close();
  });
});
