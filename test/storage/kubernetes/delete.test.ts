/** Delete, with and without preconditions, with a cache that is right and one that is late, as Kubernetes' storage tests have it. */
import { expect } from 'chai';
import { versionOf } from '../../make/pods.ts';
import { onEveryStore } from './every-store.ts';
import { refusal } from './refusals.ts';

onEveryStore('delete', (world) => {
  it('answers with the object as it was last, and it is gone (K-539)', async () => {
    await world().create('ns/foo');
    const changed = await world().label('ns/foo', { a: 'b' });
    const gone = await world().delete('ns/foo');
    expect(gone.metadata.labels).to.deep.equal({ a: 'b' });
    expect(gone.metadata.uid).to.equal(changed.metadata.uid);
    expect(await refusal(world().get('ns/foo'))).to.equal('404 NotFound');
  });

  it('of what is not there, or is there no more, is 404', async () => {
    expect(await refusal(world().delete('ns/foo'))).to.equal('404 NotFound');
    await world().create('ns/foo');
    await world().delete('ns/foo');
    expect(await refusal(world().delete('ns/foo'))).to.equal('404 NotFound');
  });

  it('with the right uid or resourceVersion goes through, with a wrong one changes nothing (K-291)', async () => {
    const { metadata } = await world().create('ns/foo');
    const uid = metadata.uid as string;
    const resourceVersion = metadata.resourceVersion as string;
    for (const wrong of [{ uid: 'other' }, { resourceVersion: '1' }, { uid, resourceVersion: '1' }])
      expect(await refusal(world().delete('ns/foo', { preconditions: wrong }))).to.equal('409 Conflict');
    expect(await refusal(world().delete('ns/foo', { preconditions: { uid, resourceVersion } }))).to.equal('none');
  });

  it('is decided on what is stored, not on what was read before somebody wrote (K-537, K-538)', async () => {
    const { metadata } = await world().create('ns/foo', {}, { finalizers: ['example.com/hold'] });
    const uid = metadata.uid as string;
    // A put in its place, past the cache: another object, which nothing holds.
    const other = { ...metadata, uid: 'other', resourceVersion: undefined, finalizers: undefined };
    const value = { apiVersion: 'example.com/v1', kind: 'Pod', metadata: other, spec: {} };
    await world().scribble('ns/foo', JSON.stringify(value));
    expect(await refusal(world().delete('ns/foo', { preconditions: { uid } }))).to.equal('409 Conflict');
    expect((await world().get('ns/foo')).metadata.uid).to.equal('other');
    await world().delete('ns/foo', { preconditions: { uid: 'other' } });
    expect(await refusal(world().get('ns/foo'))).to.equal('404 NotFound');
  });

  it('that is overtaken by an update begins anew, and judges again (K-537)', async () => {
    await world().create('ns/foo');
    const judged: unknown[] = [];
    const { strategy } = world().pods.resource;
    strategy.related = async (_next, old) => {
      judged.push(old?.metadata.labels);
      if (judged.length === 1) await world().kv.txn(await relabelled(), world().signal);
    };
    const relabelled = async () => {
      const key = `${world().pods.root}ns/foo`;
      const { entries } = await world().kv.range({ start: key }, world().signal);
      const value = JSON.parse(entries[0]!.value.toString());
      value.metadata.labels = { foo: 'bar' };
      return { when: [], perform: [{ put: key, value: Buffer.from(JSON.stringify(value)) }] };
    };
    const gone = await world().delete('ns/foo');
    expect(judged).to.deep.equal([undefined, { foo: 'bar' }]);
    expect(gone.metadata.labels).to.deep.equal({ foo: 'bar' });
  });

  it('that is refused by its kind is refused once, and changes nothing', async () => {
    const made = await world().create('ns/foo');
    let judged = 0;
    world().pods.resource.strategy.checkDelete = () => {
      judged += 1;
      throw new Error('not this one');
    };
    expect(
      await world()
        .delete('ns/foo')
        .catch((error: Error) => error.message),
    ).to.equal('not this one');
    expect(judged).to.equal(1);
    expect(await world().get('ns/foo')).to.deep.equal(made);
  });

  it('tells a watch the revision of the deletion, which is later than the last write (K-221)', async () => {
    const made = await world().create('ns/foo');
    const watching = await world().watch(versionOf(made));
    await world().delete('ns/foo');
    const revision = await world().now();
    expect(await watching.told(1)).to.deep.equal([`DELETED ns/foo ${revision}`]);
    expect(revision).to.be.above(versionOf(made));
  });
});
