/** How watches begin, and how far bookmarks say they have come, as Kubernetes' storage tests have it. */
import { expect } from 'chai';
import { selecting, versionOf } from '../../make/pods.ts';
import { onEveryStore } from './every-store.ts';
import { refusal } from './refusals.ts';

onEveryStore('the beginning of a watch', (world) => {
  const three = async (): Promise<string[]> => {
    const made = [];
    for (const name of ['1', '2', '3']) made.push(await world().create(`ns/pod-${name}`));
    await world().now();
    return made.map((pod) => `ADDED ${pod.metadata.namespace}/${pod.metadata.name} ${versionOf(pod)}`);
  };

  for (const [from, resourceVersion] of [
    ['no resourceVersion', () => undefined],
    ['resourceVersion 0', () => 0],
    ['an old resourceVersion', () => 1],
    ['the newest resourceVersion', (newest: number) => newest],
  ] as const) {
    it(`from ${from}, with initial events, is what is there, then its end, then what happens (K-209, K-212)`, async () => {
      const there = await three();
      const newest = await world().now();
      const selection = selecting('ns');
      const watching = await world().watch(resourceVersion(newest), { initialEvents: true, selection });
      expect(await watching.told(4)).to.deep.equal([...there, `BOOKMARK ${newest}`]);
      const later = await world().create('ns/pod-4');
      expect(await watching.told(1)).to.deep.equal([`ADDED ns/pod-4 ${versionOf(later)}`]);
    });
  }

  for (const [from, resourceVersion] of [
    ['no resourceVersion', () => undefined],
    ['resourceVersion 0', () => 0],
    ['the newest resourceVersion', (newest: number) => newest],
  ] as const)
    it(`from ${from}, without initial events, is what happens from now on (K-211, K-214)`, async () => {
      await three();
      const newest = await world().now();
      const watching = await world().watch(resourceVersion(newest), { initialEvents: false });
      const later = await world().create('ns/pod-4');
      expect(await watching.told(1)).to.deep.equal([`ADDED ns/pod-4 ${versionOf(later)}`]);
    });

  it('with initial events from the future waits, and then is 504 (K-218)', async () => {
    await three();
    const asked = world().watch(Number.MAX_SAFE_INTEGER, { initialEvents: true });
    expect(await refusal(asked)).to.equal('504 Timeout');
  });

  it('ends with the revision of the whole store, though others have written last (K-212)', async () => {
    const there = await three();
    const other = await world().create('other/pod-1');
    const selection = selecting('ns');
    const watching = await world().watch(undefined, { selection });
    expect(await watching.told(4)).to.deep.equal([...there, `BOOKMARK ${versionOf(other)}`]);
    expect(watching.read()).to.deep.equal([]);
  });

  it('of one name has that one (K-499)', async () => {
    const there = await three();
    const newest = await world().now();
    const watching = await world().watch(undefined, { selection: selecting('', '', 'metadata.name=pod-1') });
    expect(await watching.told(2)).to.deep.equal([there[0], `BOOKMARK ${newest}`]);
  });

  it('is followed by bookmarks that come with other traffic, and never pass what is to be told (K-224, K-558)', async () => {
    const since = await world().now();
    const watching = await world().watch(since, { selection: selecting('ns') });
    let last = since;
    for (let i = 0; i < 10; i += 1) {
      const made = versionOf(await world().create(`ns/foo-${i}`));
      expect(watching.reader.caughtUpTo, 'not before it is told').to.be.below(made);
      expect(await watching.told(1)).to.deep.equal([`ADDED ns/foo-${i} ${made}`]);
      expect(made).to.be.above(last);
      last = await world().otherTraffic();
      await world().now();
      expect(watching.read()).to.deep.equal([]);
      expect(watching.reader.caughtUpTo).to.equal(last);
    }
    const resumed = await world().watch(last);
    const next = await world().create('ns/next');
    expect(await resumed.told(1), 'resuming there repeats nothing').to.deep.equal([`ADDED ns/next ${versionOf(next)}`]);
  });
});
