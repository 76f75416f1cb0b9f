/** Lists page by page, as Kubernetes' storage tests have them. */
import { expect } from 'chai';
import { StatusError } from '../../../openapi/machinery/status.ts';
import { keysOf, type PodWorld, selecting, versionOf } from '../../make/pods.ts';
import { onEveryStore } from './every-store.ts';
import { refusal } from './refusals.ts';

const token = (rv: number, start: string): string =>
  Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv, start })).toString('base64url');

/** Pages of at most `limit`, from the first to the last: `a,b|c` */
async function pages(world: PodWorld, limit: number, selection = selecting()): Promise<string> {
  const all: string[] = [];
  const revisions = new Set<number>();
  for (let rest = ''; ; ) {
    const page = await world.list({ limit, selection, continue: rest });
    all.push(keysOf(page).join(','));
    revisions.add(page.revision);
    rest = page.continue ?? '';
    if (!rest) break;
  }
  expect(revisions.size, 'all pages are of one revision').to.equal(1);
  return all.join('|');
}

onEveryStore('a list in pages', (world) => {
  const five = async (): Promise<void> => {
    for (const key of ['first/bar', 'second/bar', 'second/foo', 'third/barfoo', 'third/foo'])
      await world().create(key, { nodeName: key.endsWith('foo') ? 'n1' : 'n2' });
  };

  for (const [limit, expected] of [
    [1, 'first/bar|second/bar|second/foo|third/barfoo|third/foo'],
    [2, 'first/bar,second/bar|second/foo,third/barfoo|third/foo'],
    [5, 'first/bar,second/bar,second/foo,third/barfoo,third/foo'],
    [9, 'first/bar,second/bar,second/foo,third/barfoo,third/foo'],
  ] as const)
    it(`of ${limit} has every object once, in order, and no page more than it needs (K-176, K-178)`, async () => {
      await five();
      expect(await pages(world(), limit)).to.equal(expected);
    });

  for (const [limit, fields, expected] of [
    [1, 'spec.nodeName=n1', 'second/foo|third/barfoo|third/foo'],
    [2, 'spec.nodeName=n1', 'second/foo,third/barfoo|third/foo'],
    [2, 'spec.nodeName=n2', 'first/bar,second/bar'],
    [1, 'spec.nodeName=n2', 'first/bar|second/bar'],
    [3, 'spec.nodeName=n1', 'second/foo,third/barfoo,third/foo'],
    [1, 'metadata.name=barfoo', 'third/barfoo'],
    [2, 'spec.nodeName=n3', ''],
  ] as const)
    it(`of ${limit} where ${fields} counts what is selected, and promises no empty page (K-178)`, async () => {
      await five();
      expect(await pages(world(), limit, selecting('', '', fields))).to.equal(expected);
    });

  it('of one namespace stays in it (K-183, K-540)', async () => {
    await five();
    expect(await pages(world(), 1, selecting('second'))).to.equal('second/bar|second/foo');
  });

  it('tells how many remain, but not with a selector (K-177)', async () => {
    await five();
    expect((await world().list({ limit: 2 })).remaining).to.equal(3);
    expect((await world().list({ limit: 5 })).remaining).to.equal(undefined);
    const selection = selecting('', '', 'spec.nodeName=n1');
    expect(await world().list({ limit: 1, selection })).to.include({ remaining: undefined });
  });

  it('finds one that is rare among many in one page (K-178)', async () => {
    for (let i = 0; i < 60; i += 1)
      await world().create(`ns/pod-${String(i).padStart(3, '0')}`, { nodeName: i === 57 ? 'rare' : 'n' });
    const selection = selecting('', '', 'spec.nodeName=rare');
    expect(await pages(world(), 1, selection)).to.equal('ns/pod-057');
  });

  it('shows one revision, whatever is written meanwhile, and its limit may change (K-180, K-181)', async () => {
    await five();
    const first = await world().list({ limit: 2 });
    await world().delete('second/foo');
    await world().create('second/goo');
    await world().label('third/foo', { changed: 'yes' });
    const rest = await world().list({ limit: 9, continue: first.continue as string });
    expect(keysOf(rest)).to.deep.equal(['second/foo', 'third/barfoo', 'third/foo']);
    expect(rest.items.at(-1)!.labels).to.equal(undefined);
    expect(rest).to.include({ revision: first.revision, continue: undefined, remaining: undefined });
  });

  it('can be read on by another server, and after a restart (K-187)', async () => {
    await five();
    const first = await world().list({ limit: 2 });
    await world().delete('second/foo');
    await world().now();
    // A token made elsewhere: the cache has kept nothing for it.
    const rest = await world().list({ limit: 1, continue: token(first.revision, 'second/bar\u0000') });
    expect(keysOf(rest)).to.deep.equal(['second/foo']);
    expect(rest).to.include({ revision: first.revision, remaining: 2 });
  });

  it('of any state is one page, since the cache has it (K-189)', async () => {
    await five();
    await world().now();
    const answer = await world().list({ limit: 2, resourceVersion: 0 });
    expect(answer.items.length).to.equal(5);
    expect(answer.continue).to.equal(undefined);
  });

  it('begins at a revision of the past when that is asked for (K-191, K-194)', async () => {
    await five();
    const revision = (await world().list()).revision;
    await world().delete('first/bar');
    const page = await world().list({ limit: 1, resourceVersion: revision, exact: true });
    expect(keysOf(page)).to.deep.equal(['first/bar']);
    expect(page).to.include({ revision, remaining: 4 });
  });

  it('whose revision was compacted is 410, with a token that goes on in the present (K-184)', async () => {
    await five();
    const { revision } = await world().list();
    await world().delete('second/foo');
    const newest = versionOf(await world().create('third/zoo'));
    await world().kv.compact(newest, world().signal);
    const forgotten = world().list({ limit: 2, continue: token(revision, 'second/bar\u0000') });
    const error = await forgotten.catch((reason: unknown) => reason);
    if (!(error instanceof StatusError)) throw new Error(`refused with ${error}`);
    expect(error.code).to.equal(410);
    expect(error.message).to.match(/^The provided continue parameter is too old to display a consistent list result\./);
    const fresh = (error.status.metadata as { continue: string }).continue;
    const next = await world().list({ limit: 2, continue: fresh });
    expect(keysOf(next)).to.deep.equal(['third/barfoo', 'third/foo']);
    expect(next.revision).to.be.at.least(newest);
    const last = await world().list({ limit: 2, continue: next.continue as string });
    expect(keysOf(last)).to.deep.equal(['third/zoo']);
    expect(last.revision, 'consistent from there on').to.equal(next.revision);
  });

  it('refuses tokens that are none, or reach out of the list (K-182)', async () => {
    await five();
    for (const bad of [token(0, 'a\u0000'), token(1, ''), token(1, '../nodes/a'), token(1, '/'), 'rubbish'])
      expect(await refusal(world().list({ limit: 1, continue: bad })), bad).to.equal('400 BadRequest');
  });
});
