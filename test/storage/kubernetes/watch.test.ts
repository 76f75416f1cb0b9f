/** Watches, as Kubernetes' storage tests have them. */
import { expect } from 'chai';
import { keysOf, type Pod, type PodWorld, selecting, told, versionOf } from '../../make/pods.ts';
import { onEveryStore } from './every-store.ts';

onEveryStore('a watch', (world) => {
  const unlabelled = (pod: Pod): void => {
    pod.metadata.labels = {};
    pod.spec = { nodeName: '' };
  };
  const selectedAs = (nodeName: string) => (pod: Pod) => {
    pod.metadata.labels = { select: 'true' };
    pod.spec = { nodeName };
  };
  const assigned = (pod: Pod): void => {
    pod.metadata.labels = {};
    pod.spec = { nodeName: 'bar' };
  };
  type Change = ((pod: Pod) => void) | 'delete';

  for (const [what, labels, fields, changes, types] of [
    ['tells what is created', '', '', [unlabelled], ['ADDED']],
    ['tells what comes to match as added', '', 'spec.nodeName=bar', [unlabelled, assigned], ['', 'ADDED']],
    ['tells changes', '', '', [unlabelled, assigned], ['ADDED', 'MODIFIED']],
    ['tells what matches no more as deleted', '', 'spec.nodeName!=bar', [unlabelled, assigned], ['ADDED', 'DELETED']],
    [
      'tells what comes, goes, comes again, changes and is deleted',
      'select=true',
      '',
      [selectedAs(''), unlabelled, selectedAs(''), selectedAs('bar'), 'delete'],
      ['ADDED', 'DELETED', 'ADDED', 'MODIFIED', 'DELETED'],
    ],
  ] as [string, string, string, Change[], string[]][])
    for (const [whom, field] of [
      ['a namespace', ''],
      ['one name', 'metadata.name=foo'],
    ] as const)
      it(`of ${whom} ${what}, and nothing of others (K-220, K-221, K-222)`, async () => {
        const selection = selecting('ns', labels, [fields, field].filter(Boolean).join(','));
        const { revision } = await world().list({ selection });
        const watching = await world().watch(revision, { selection });
        await world().create('bad/foo', { nodeName: 'bar' }, { labels: { select: 'true' } });
        const expected: string[] = [];
        for (const [i, change] of changes.entries()) {
          const at = await carryOut(world(), 'ns/foo', change);
          if (types[i]) expected.push(`${types[i]} ns/foo ${at}`);
        }
        expect(await watching.told(expected.length)).to.deep.equal(expected);
        await world().now();
        expect(watching.read(), 'nothing else').to.deep.equal([]);
      });

  const carryOut = async (its: PodWorld, key: string, change: Change): Promise<number> => {
    if (change === 'delete') {
      await its.delete(key);
      return its.now();
    }
    const exists = keysOf(await its.list()).includes(key);
    if (exists) return versionOf(await its.update(key, change));
    const pod: Pod = { apiVersion: '', kind: '', metadata: { name: '' } };
    change(pod);
    return versionOf(await its.create(key, pod.spec, { labels: pod.metadata.labels ?? {} }));
  };

  it('shows what an object was like when it stops to match, under the revision of the change (K-220)', async () => {
    await world().create('ns/foo', { nodeName: 'n1' }, { labels: { t: 'x' } });
    const watching = await world().watch(await world().now(), { selection: selecting('', 't=x') });
    const left = await world().label('ns/foo', { t: 'y' });
    const [event] = await watching.take(1);
    if (event?.type !== 'DELETED') throw new Error(`told ${event && told(event)}`);
    expect(event.snapshot.object().metadata.labels).to.deep.equal({ t: 'x' });
    expect(event.snapshot.object().metadata.resourceVersion).to.equal(left.metadata.resourceVersion);
  });

  it('from 0 begins with what is there, also when its history was compacted (K-210)', async () => {
    const made = await world().create('ns/foo');
    await world().now();
    const first = await world().watch(0);
    expect(await first.told(2)).to.deep.equal([`ADDED ns/foo ${versionOf(made)}`, `BOOKMARK ${versionOf(made)}`]);
    const changed = await world().label('ns/foo', { a: '1' });
    expect(await first.told(1)).to.deep.equal([`MODIFIED ns/foo ${versionOf(changed)}`]);
    const again = await world().label('ns/foo', { a: '2' });
    await world().kv.compact(versionOf(again), world().signal);
    await world().now();
    expect(await (await world().watch(0)).told(1)).to.deep.equal([`ADDED ns/foo ${versionOf(again)}`]);
  });

  it('from before what a new server has read is one error, 410 (K-217)', async () => {
    const made = await world().create('ns/foo');
    await world().label('ns/foo', { a: '1' });
    world().registries.cache.rebuild(new Error('read everything again'));
    await world().registries.cache.filled(world().signal);
    while (!world().registries.cache.ready) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await (await world().watch(versionOf(made))).told(1)).to.deep.equal(['ERROR 410']);
  });

  it('from a revision tells what came later, be it compacted in storage (K-211, K-229)', async () => {
    const made = await world().create('ns/foo');
    const changed = await world().label('ns/foo', { a: '1' });
    const newest = versionOf(await world().create('ns/bar'));
    // The cache has seen it all: what it had yet to read would be gone.
    await world().list();
    await world().kv.compact(newest, world().signal);
    const watching = await world().watch(versionOf(made));
    expect(await watching.told(2)).to.deep.equal([`MODIFIED ns/foo ${versionOf(changed)}`, `ADDED ns/bar ${newest}`]);
  });

  it('from a revision that has not come is silent until then (K-218)', async () => {
    const { revision } = await world().list();
    const watching = await world().watch(revision + 2);
    await world().create('ns/a');
    await world().create('ns/b');
    const third = await world().create('ns/c');
    expect(await watching.told(1)).to.deep.equal([`ADDED ns/c ${versionOf(third)}`]);
  });

  it('that is read late still has everything, in order (K-225)', async () => {
    const watching = await world().watch(await world().now());
    const names = Array.from({ length: 30 }, (_, i) => `ns/foo-${String(i).padStart(2, '0')}`);
    for (const name of names) await world().create(name);
    const events = await watching.take(names.length);
    expect(events.map((event) => told(event).split(' ')[1])).to.deep.equal(names);
  });

  it('that nobody reads holds back no other (K-225)', async () => {
    const since = await world().now();
    for (let i = 0; i < 50; i += 1) await world().watch(since);
    const reading = await world().watch(since);
    for (let i = 0; i < 22; i += 1) {
      const made = await world().create(`ns/foo-${i}`);
      expect(await reading.told(1)).to.deep.equal([`ADDED ns/foo-${i} ${versionOf(made)}`]);
    }
  });

  for (const [what, key, registry] of [
    ['with namespaces', 'ns/foo', 'pods'],
    ['without namespaces', 'foo', 'nodes'],
  ] as const)
    it(`of a resource ${what} sees that resource only, all of it or one name (K-532)`, async () => {
      const other = key === 'foo' ? 'ns/foo' : 'foo';
      const since = await world().now();
      const all = await world().watch(since, { registry: world()[registry] });
      const one = await world().watch(since, {
        registry: world()[registry],
        selection: selecting('', '', 'metadata.name=foo'),
      });
      await world().create(other);
      const made = await world().create(key);
      const more = await world().create(`${key}2`);
      expect(await all.told(2)).to.deep.equal([`ADDED ${key} ${versionOf(made)}`, `ADDED ${key}2 ${versionOf(more)}`]);
      expect(await one.told(1)).to.deep.equal([`ADDED ${key} ${versionOf(made)}`]);
      expect(one.read()).to.deep.equal([]);
    });
});
