/** Lists at every consistency, of every part, as Kubernetes' storage tests have them. */
import { expect } from 'chai';
import type { ListRequest } from '../../../apiserver/registry/reads.ts';
import { keysOf, type PodWorld, selecting, versionOf } from '../../make/pods.ts';
import { onEveryStore } from './every-store.ts';
import { refusal } from './refusals.ts';

/** Three namespaces, an object that was changed and one that was deleted. @returns revisions by name */
async function seeded(world: PodWorld) {
  const before = await world.now();
  const first = versionOf(await world.create('first/bar'));
  await world.create('second/bar');
  await world.create('second/foo', { nodeName: 'n1' });
  await world.create('second/baz');
  await world.delete('second/baz');
  await world.create('third/barfoo');
  const created = versionOf(await world.create('third/foo', { nodeName: 'old' }));
  const updated = versionOf(
    await world.update('third/foo', (pod) => {
      pod.spec = { nodeName: 'fakeNode' };
    }),
  );
  return { before, first, created, updated };
}

const everything = ['first/bar', 'second/bar', 'second/foo', 'third/barfoo', 'third/foo'];

onEveryStore('a list', (world) => {
  it('of nothing is empty, and has a resourceVersion (K-173)', async () => {
    const revision = await world().now();
    expect(await world().list()).to.deep.include({ items: [], revision, continue: undefined, remaining: undefined });
  });

  for (const [what, namespace, labels, fields, expected] of [
    ['of all namespaces is in the order of keys', '', '', '', everything],
    ['of one namespace has no other', 'second', '', '', ['second/bar', 'second/foo']],
    ['of a namespace that is the beginning of another has only its own', 'thir', '', '', []],
    ['of one name has that one of each namespace', '', '', 'metadata.name=foo', ['second/foo', 'third/foo']],
    ['of one name and namespace has one', 'third', '', 'metadata.name=foo', ['third/foo']],
    ['of all names but one has the others', '', '', 'metadata.name!=bar', ['second/foo', 'third/barfoo', 'third/foo']],
    ['by a field has what is there now', '', '', 'spec.nodeName=fakeNode', ['third/foo']],
    ['by a field has not what was there before', '', '', 'spec.nodeName=old', []],
    ['of what was deleted has nothing', '', '', 'metadata.name=baz', []],
    ['by a label that nothing has is empty', '', 'a=b', '', []],
  ] as const)
    it(`${what}, from the newest state and from any (K-174, K-206, K-540)`, async () => {
      await seeded(world());
      const selection = selecting(namespace, labels, fields);
      expect(keysOf(await world().list({ selection }))).to.deep.equal(expected);
      expect(keysOf(await world().list({ selection, resourceVersion: 0 }))).to.deep.equal(expected);
    });

  it('of a resource without namespaces has all of it (K-532)', async () => {
    await world().create('b');
    await world().create('a');
    await world().create('ns/c');
    expect(keysOf(await world().list({}, world().nodes))).to.deep.equal(['a', 'b']);
  });

  it('of the newest state shows what was just written, whoever wrote it (K-188, K-561)', async () => {
    const { updated } = await seeded(world());
    const metadata = { name: 'new', namespace: 'second', uid: 'u' };
    const pod = { apiVersion: 'example.com/v1', kind: 'Pod', metadata, spec: {} };
    const revision = await world().scribble('second/new', JSON.stringify(pod));
    const answer = await world().list({ selection: selecting('second') });
    expect(keysOf(answer)).to.deep.equal(['second/bar', 'second/foo', 'second/new']);
    expect(answer.revision).to.be.at.least(revision).and.above(updated);
  });

  it('comes as far as other traffic has come, though nothing of its own has changed (K-188)', async () => {
    await seeded(world());
    const revision = await world().otherTraffic();
    expect((await world().list()).revision).to.equal(revision);
  });

  const at = (resourceVersion: number, exact = false): Partial<ListRequest> => ({ resourceVersion, exact });

  it('at no less than a revision is of that or a later one (K-189, K-190, K-192, K-193)', async () => {
    const { before, first, created, updated } = await seeded(world());
    await world().now();
    for (const revision of [0, before, first, created, updated]) {
      const answer = await world().list(at(revision));
      expect(answer.revision).to.be.at.least(revision);
      expect(keysOf(answer)).to.deep.equal(everything);
    }
  });

  it('at exactly a revision shows that one, whatever came later (K-194)', async () => {
    const { before, first, created, updated } = await seeded(world());
    const nodeAt = async (revision: number) => {
      const { items, revision: shown } = await world().list(at(revision, true));
      expect(shown).to.equal(revision);
      return items.map(({ key, fields }) => `${key} ${fields['spec.nodeName']}`);
    };
    expect(await nodeAt(before)).to.deep.equal([]);
    expect(await nodeAt(first)).to.deep.equal(['first/bar ']);
    expect((await nodeAt(created)).at(-1)).to.equal('third/foo old');
    expect((await nodeAt(updated)).at(-1)).to.equal('third/foo fakeNode');
    expect(await nodeAt(created - 2), 'also what was deleted later').to.have.length(3);
    expect(keysOf(await world().list(at(created - 3, true)))).to.include('second/baz');
  });

  it('at exactly a revision that was compacted is 410; one that has not come is 504 (K-194)', async () => {
    const { first, updated } = await seeded(world());
    await world().kv.compact(updated, world().signal);
    expect(await refusal(world().list(at(first, true)))).to.equal('410 Expired');
    expect(keysOf(await world().list(at(updated, true)))).to.deep.equal(everything);
    expect(await refusal(world().list(at(updated + 1000, true)))).to.equal('504 Timeout');
  });

  it('that is compacted does not hinder what shows the present (K-190)', async () => {
    const { first, updated } = await seeded(world());
    await world().kv.compact(updated, world().signal);
    expect(keysOf(await world().list())).to.deep.equal(everything);
    expect(keysOf(await world().list(at(first)))).to.deep.equal(everything);
  });
});
