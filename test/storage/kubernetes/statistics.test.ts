/** Counting what is stored, and how far storage has come, as Kubernetes' storage tests have it. */
import { expect } from 'chai';
import { onEveryStore } from './every-store.ts';

onEveryStore('what is counted', (world) => {
  it('are objects of one resource and their bytes, after every write (K-588)', async () => {
    const { cache } = world().pods;
    const counted = async () => {
      await world().now();
      const { entries } = await world().kv.range(
        { start: world().pods.root, end: `${world().pods.root}~` },
        world().signal,
      );
      const versions = entries.reduce((sum, { revision }) => sum + `"resourceVersion":"${revision}",`.length, 0);
      expect(cache.bytes).to.equal(entries.reduce((sum, { value }) => sum + value.length, versions));
      return cache.size;
    };
    expect(await counted()).to.equal(0);
    await world().create('ns/foo');
    await world().create('a-node');
    expect(await counted()).to.equal(1);
    await world().create('ns/bar');
    expect(await counted()).to.equal(2);
    await world().label('ns/bar', { foo: 'bar' });
    expect(await counted()).to.equal(2);
    await world().delete('ns/foo');
    expect(await counted()).to.equal(1);
    await world()
      .delete('ns/foo')
      .catch(() => {});
    expect(await counted()).to.equal(1);
  });

  it('is the revision of the whole store, which every write anywhere advances', async () => {
    const before = await world().now();
    await world().create('ns/foo');
    await world().create('a-node');
    await world().otherTraffic();
    expect(await world().now()).to.equal(before + 3);
    expect(world().registries.cache.revision).to.be.at.least(before + 3);
  });
});
