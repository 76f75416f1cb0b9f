import { expect } from 'chai';
import { Envelope } from '../../apiserver/cache/envelope.ts';
import { ResourceCache } from '../../apiserver/cache/resource-cache.ts';
import { Snapshot } from '../../apiserver/cache/snapshot.ts';
import type { Entry } from '../../storage/kv.ts';

const snapshotOf = ({ key, value, revision, createRevision }: Entry): Snapshot =>
  new Snapshot({
    key,
    namespace: '',
    name: key,
    uid: '',
    revision,
    createRevision,
    labels: undefined,
    fields: {},
    bytes: value,
    whole: true,
  });
const entry = (key: string, revision: number): Entry => ({
  key,
  value: Buffer.from(`{"as of":${revision}}`),
  revision,
  createRevision: 1,
});

describe('a state that is read page by page', () => {
  let nowMs = 0;
  let cache: ResourceCache;
  const shown = (revision: number) => [...(cache.kept(revision)?.values() ?? [])].map((snapshot) => snapshot.revision);
  beforeEach(() => {
    nowMs = 0;
    cache = new ResourceCache({ envelope: new Envelope('v1', 'Example'), snapshotOf }, { now: () => nowMs });
    cache.replace([entry('a', 2), entry('b', 3)].map(snapshotOf), 3);
    cache.keep(3);
    cache.put('a', entry('a', 4));
  });

  it('stays what it was, for as long as pages are asked for (K-555)', () => {
    for (let page = 0; page < 5; page += 1) {
      nowMs += 60_000;
      cache.trim();
      expect(shown(3)).to.deep.equal([2, 3]);
    }
  });

  it('is left to storage after that, since it holds what has been overwritten (K-555)', () => {
    nowMs = 75_001;
    cache.trim();
    expect(cache.kept(3)).to.equal(undefined);
  });

  it('is one of a few (K-555)', () => {
    for (let revision = 5; revision <= 12; revision += 1) cache.keep(revision);
    expect(cache.kept(3)).to.equal(undefined);
    expect(shown(5)).to.deep.equal([4, 3]);
    cache.keep(13);
    // Whoever was asked for stays.
    expect(cache.kept(6)).to.equal(undefined);
    expect(shown(5)).to.deep.equal([4, 3]);
  });
});
