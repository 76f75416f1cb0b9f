/** Update, as Kubernetes' storage tests have it under the name of guaranteed update. */
import { expect } from 'chai';
import { versionOf } from '../../make/pods.ts';
import { onEveryStore } from './every-store.ts';
import { refusal } from './refusals.ts';

onEveryStore('update', (world) => {
  it('of what is not there is 404', async () => {
    expect(await refusal(world().label('ns/foo', {}))).to.equal('404 NotFound');
  });

  it('answers with what is stored, under a new resourceVersion (K-537)', async () => {
    const made = await world().create('ns/foo');
    const changed = await world().label('ns/foo', { a: 'b' });
    expect(versionOf(changed)).to.be.above(versionOf(made));
    expect(changed.metadata.uid).to.equal(made.metadata.uid);
    expect(await world().get('ns/foo')).to.deep.equal(changed);
  });

  it('that changes nothing writes nothing, and tells no watch (K-537)', async () => {
    const made = await world().create('ns/foo', {}, { labels: { a: 'b' } });
    const watching = await world().watch(versionOf(made));
    expect(await world().label('ns/foo', { a: 'b' })).to.deep.equal(made);
    const other = await world().create('ns/other');
    expect(await watching.told(1)).to.deep.equal([`ADDED ns/other ${versionOf(other)}`]);
  });

  it('with the right uid or resourceVersion goes through, with a wrong one is 409 (K-233)', async () => {
    const { metadata } = await world().create('ns/foo');
    const relabel = (label: string, preconditions: { uid?: string; resourceVersion?: string }) =>
      refusal(
        world().update(
          'ns/foo',
          (pod) => {
            pod.metadata.labels = { label };
          },
          preconditions,
        ),
      );
    const [uid, resourceVersion] = [metadata.uid as string, metadata.resourceVersion as string];
    expect(await relabel('x', { uid: 'other' })).to.equal('409 Conflict');
    expect(await relabel('x', { resourceVersion: '1' })).to.equal('409 Conflict');
    expect(await relabel('y', { uid, resourceVersion })).to.equal('none');
    expect((await world().get('ns/foo')).metadata.labels).to.deep.equal({ label: 'y' });
  });

  it('writes what is stored in another way than it would be now, though nothing changes; then no more (K-534)', async () => {
    const made = await world().create('ns/foo');
    const { entries } = await world().kv.range({ start: `${world().pods.root}ns/foo` }, world().signal);
    const revision = await world().scribble('ns/foo', ` ${entries[0]!.value.toString()}`);
    await world().now();
    // The first try trusts the cache, which has it as it would be written: it takes a look at storage before "unchanged" is said.
    const rewritten = await world().update('ns/foo', () => {});
    expect(versionOf(rewritten)).to.be.above(revision);
    expect(versionOf(await world().update('ns/foo', () => {}))).to.equal(versionOf(rewritten));
    expect(rewritten.metadata.uid).to.equal(made.metadata.uid);
  });

  it('of one object by many loses no change (K-537)', async () => {
    await world().create('ns/foo');
    const count = (pod: { metadata: { annotations?: Record<string, string> } }): void => {
      pod.metadata.annotations = { count: String(Number(pod.metadata.annotations?.count ?? 0) + 1) };
    };
    await Promise.all(Array.from({ length: 10 }, () => world().update('ns/foo', count)));
    expect((await world().get('ns/foo')).metadata.annotations).to.deep.equal({ count: '10' });
  });

  it('that fails on what the cache has is tried on what is stored, before anybody is told (K-538)', async () => {
    await world().create('ns/foo', { nodeName: 'old' });
    const { entries } = await world().kv.range({ start: `${world().pods.root}ns/foo` }, world().signal);
    const value = JSON.parse(entries[0]!.value.toString());
    const seen: (string | undefined)[] = [];
    await world().scribble('ns/foo', JSON.stringify({ ...value, spec: { nodeName: 'new' } }));
    const changed = await world().update('ns/foo', (pod) => {
      seen.push(pod.spec?.nodeName);
      if (pod.spec?.nodeName === 'old') throw new Error('only what is new');
      pod.metadata.labels = { seen: 'new' };
    });
    expect(seen.at(-1)).to.equal('new');
    expect(changed).to.deep.include({ spec: { nodeName: 'new' } });
  });
});
