/**
 * A value that cannot be read: damaged, or encrypted with a key that we do not have. Kubernetes' storage tests have it as a
 * transformation that fails. There a list fails and its neighbours are served; here nothing is shown until it can be read, since
 * everybody is answered from one cache, and what is missing from it would be taken for deleted.
 */
import { expect } from 'chai';
import { until } from '../../apiserver/serving.ts';
import { keysOf, type PodWorld, versionOf } from '../../make/pods.ts';
import { onEveryStore } from './every-store.ts';
import { refusal } from './refusals.ts';

onEveryStore('a value that cannot be read', (world) => {
  const damage = async (its: PodWorld): Promise<() => Promise<void>> => {
    const { entries } = await its.kv.range({ start: `${its.pods.root}second/baz` }, its.signal);
    await its.scribble('second/baz', 'otherprefix!');
    await until(() => !its.registries.cache.ready, 'the cache has met it');
    return async () => {
      await its.scribble('second/baz', entries[0]!.value);
      await until(() => its.registries.cache.ready, 'it is read again');
    };
  };
  beforeEach(async () => {
    await world().create('first/bar');
    await world().create('second/baz');
    await world().now();
  });

  it('is named, and keeps everything from being shown, until it can be read (K-219)', async () => {
    const repair = await damage(world());
    expect(world().registries.cache.obstacle).to.contain(`what ${world().pods.root}second/baz holds cannot be read`);
    for (const resourceVersion of [undefined, 0])
      expect(await refusal(world().list({ resourceVersion }))).to.equal('429 TooManyRequests');
    expect(await refusal(world().get('second/baz'))).to.equal('429 TooManyRequests');
    expect(await refusal(world().watch(undefined))).to.equal('429 TooManyRequests');
    expect(await refusal(world().watch(1))).to.equal('429 TooManyRequests');
    await repair();
    expect(keysOf(await world().list())).to.deep.equal(['first/bar', 'second/baz']);
  });

  it('is neither updated nor deleted, as if it were something else', async () => {
    const repair = await damage(world());
    expect(await refusal(world().label('second/baz', { a: 'b' }))).to.equal('500 InternalError');
    expect(await refusal(world().update('second/baz', () => {}))).to.equal('500 InternalError');
    expect(await refusal(world().delete('second/baz'))).to.equal('500 InternalError');
    const { entries } = await world().kv.range({ start: `${world().pods.root}second/baz` }, world().signal);
    expect(entries[0]!.value.toString()).to.equal('otherprefix!');
    await repair();
    expect((await world().label('second/baz', { a: 'b' })).metadata.labels).to.deep.equal({ a: 'b' });
  });

  it('ends a watch with 410, and nothing that came after it is told before (K-217, K-222)', async () => {
    const watching = await world().watch(await world().now());
    const before = await world().create('first/before');
    expect(await watching.told(1)).to.deep.equal([`ADDED first/before ${versionOf(before)}`]);
    const repair = await damage(world());
    await world().create('first/after');
    expect(watching.read()).to.deep.equal([]);
    await repair();
    expect(await watching.told(1)).to.deep.equal(['ERROR 410']);
    expect(keysOf(await world().list())).to.include('first/after');
  });

  it('is met at the start as well: nothing is shown before it can be read', async () => {
    const repair = await damage(world());
    world().registries.cache.rebuild(new Error('read everything again'));
    await until(() => world().registries.cache.obstacle?.includes('second/baz'), 'the cache has met it again');
    await repair();
    expect(keysOf(await world().list())).to.deep.equal(['first/bar', 'second/baz']);
  });
});
