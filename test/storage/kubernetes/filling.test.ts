/** A cache that has not been filled yet: nothing is answered from it, and clients are told to come back. */
import { expect } from 'chai';
import { StatusError } from '../../../openapi/machinery/status.ts';
import { Keyspace } from '../../../storage/keys.ts';
import { MemoryStore } from '../../../storage/memory.ts';
import { keysOf, PodWorld } from '../../make/pods.ts';

describe('while the cache is being filled', () => {
  it('whoever asks is told 429 and to come back in a second, and answered when it is full (K-219)', async () => {
    const kv = new MemoryStore();
    const seeded = await PodWorld.open({ kv, keyspace: new Keyspace() });
    await seeded.create('first/bar');
    await seeded.stop();

    const filling = Promise.withResolvers<void>();
    const read = kv.range.bind(kv);
    kv.range = async (request, signal) => {
      await filling.promise;
      return read(request, signal);
    };
    const world = new PodWorld({ kv, keyspace: new Keyspace() });
    for (const ask of [
      () => world.list(),
      () => world.list({ resourceVersion: 0 }),
      () => world.get('first/bar'),
      () => world.get('first/none', 0),
      () => world.watch(undefined),
      () => world.watch(1),
    ]) {
      const error = await ask().then(
        () => expect.fail('it was answered'),
        (refused: StatusError) => refused,
      );
      expect(error).to.be.instanceOf(StatusError);
      expect(`${error.code} ${error.reason} ${error.status.details?.retryAfterSeconds}`).to.equal(
        '429 TooManyRequests 1',
      );
    }
    filling.resolve();
    await world.registries.cache.filled(world.signal);
    expect(keysOf(await world.list())).to.deep.equal(['first/bar']);
    await world.stop();
  });
});
