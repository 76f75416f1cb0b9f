/**
 * A value that cannot be read: damaged, or encrypted with a key that we do not have. Kubernetes' storage tests have it as a
 * transformation that fails. There a list fails and its neighbours are served, and so it is here. What is missing from an answer
 * would be taken for deleted, so nobody is ever told that such an object is not there.
 */
import { expect } from 'chai';
import { DamagedValues } from '../../../apiserver/registry/damage.ts';
import type { Resource } from '../../../apiserver/registry/resource.ts';
import type { StatusError } from '../../../openapi/machinery/status.ts';
import { until } from '../../apiserver/serving.ts';
import { codeOf } from '../../contract/kv.ts';
import { keysOf, type PodWorld, selecting, versionOf } from '../../make/pods.ts';
import { onEveryStore } from './every-store.ts';
import { refusal } from './refusals.ts';

const unreadable = '500 StorageReadError';

onEveryStore('a value that cannot be read', (world) => {
  const damaged = (its: PodWorld): string => `${its.pods.root}second/baz`;
  /** @returns how it is repaired */
  const damage = async (its: PodWorld): Promise<() => Promise<void>> => {
    const { entries } = await its.kv.range({ start: damaged(its) }, its.signal);
    await its.scribble('second/baz', 'otherprefix!');
    await its.now();
    return async () => {
      await its.scribble('second/baz', entries[0]!.value);
      await its.now();
    };
  };
  const again = async (its: PodWorld): Promise<void> => {
    const { generation } = its.pods.cache;
    its.registries.cache.rebuild(new Error('read everything again'));
    await until(() => its.pods.cache.generation > generation && its.registries.cache.ready, 'all has been read again');
  };
  beforeEach(async () => {
    await world().create('first/bar');
    await world().create('second/baz');
    await world().now();
  });

  for (const [met, meet] of [
    ['while it is watched', async () => {}],
    ['when everything is read', again],
  ] as const)
    describe(`met ${met}`, () => {
      it('fails lists that might have it, naming its key, and no others (K-543)', async () => {
        const repair = await damage(world());
        await meet(world());
        for (const resourceVersion of [undefined, 0])
          for (const selection of [selecting(), selecting('second'), selecting('', 'a=b'), selecting('second', '', '')])
            expect(await refusal(world().list({ resourceVersion, selection }))).to.equal(unreadable);
        const { status } = await world()
          .list()
          .then(
            () => expect.fail('it was listed'),
            (error: StatusError) => error,
          );
        expect(status.message).to.equal(
          `failed to read one or more pods.example.com from the storage: ${damaged(world())}`,
        );
        expect(status.details?.causes?.map(({ field }) => field)).to.deep.equal([damaged(world())]);
        expect(keysOf(await world().list({ selection: selecting('first') }))).to.deep.equal(['first/bar']);
        expect(keysOf(await world().list({ selection: selecting('second', '', 'metadata.name=qux') }))).to.deep.equal(
          [],
        );
        expect(keysOf(await world().list({}, world().nodes))).to.deep.equal([]);
        await repair();
        expect(keysOf(await world().list())).to.deep.equal(['first/bar', 'second/baz']);
      });

      it('is never "not found"; its neighbours are there, changed and created as ever (K-543)', async () => {
        const repair = await damage(world());
        await meet(world());
        for (const resourceVersion of [undefined, 0]) {
          const error = await world()
            .get('second/baz', resourceVersion)
            .then(
              () => expect.fail('it was read'),
              (its: StatusError) => its,
            );
          expect(`${error.code} ${error.reason}`).to.equal('500 InternalError');
          expect(error.message).to.contain(damaged(world()));
        }
        expect((await world().get('first/bar')).metadata.name).to.equal('bar');
        await world().label('first/bar', { a: 'b' });
        await world().create('second/neighbour');
        expect((await world().get('second/neighbour')).metadata.name).to.equal('neighbour');
        expect(await refusal(world().create('second/baz'))).to.match(/^(409 AlreadyExists|500 InternalError)$/);
        await repair();
        expect((await world().get('second/baz')).metadata.name).to.equal('baz');
      });

      it('is neither updated nor deleted, as if it were something else', async () => {
        const repair = await damage(world());
        await meet(world());
        expect(await refusal(world().label('second/baz', { a: 'b' }))).to.equal('500 InternalError');
        expect(await refusal(world().update('second/baz', () => {}))).to.equal('500 InternalError');
        expect(await refusal(world().delete('second/baz'))).to.equal('500 InternalError');
        const { entries } = await world().kv.range({ start: damaged(world()) }, world().signal);
        expect(entries[0]!.value.toString()).to.equal('otherprefix!');
        await repair();
        expect((await world().label('second/baz', { a: 'b' })).metadata.labels).to.deep.equal({ a: 'b' });
      });

      it('is listed from storage at a revision before, and not at one since', async () => {
        const before = await world().now();
        await damage(world());
        await meet(world());
        const since = versionOf(await world().create('first/later'));
        const at = (resourceVersion: number) => world().list({ resourceVersion, exact: true });
        expect(keysOf(await at(before))).to.deep.equal(['first/bar', 'second/baz']);
        await world().otherTraffic();
        await world().now();
        expect(await refusal(at(since))).to.match(/^500 /);
      });

      it('is told by every page that would have it, and by no token as "the rest is nothing" (K-555)', async () => {
        await damage(world());
        await meet(world());
        const page = await world().list({ selection: selecting('first'), limit: 1 });
        expect(page.continue).to.equal(undefined);
        await world().create('first/second');
        const first = await world().list({ selection: selecting('first'), limit: 1 });
        await world().create('first/third');
        await world().now();
        expect(keysOf(await world().list({ selection: selecting('first'), continue: first.continue! }))).to.deep.equal([
          'first/second',
        ]);
        expect(await refusal(world().list({ continue: first.continue! }))).to.match(/^500 /);
      });

      it('ends when it is deleted underneath: then it is gone', async () => {
        await damage(world());
        await meet(world());
        await world().kv.txn({ when: [], perform: [{ delete: damaged(world()) }] }, world().signal);
        expect(keysOf(await world().list())).to.deep.equal(['first/bar']);
        expect(await refusal(world().get('second/baz'))).to.equal('404 NotFound');
      });
    });

  it('ends watches that might see it, after all that came before, and is changed to them when it is repaired', async () => {
    const [all, others] = await Promise.all([
      world().watch(await world().now()),
      world().watch(await world().now(), { selection: selecting('first') }),
    ]);
    const before = await world().create('first/before');
    const repair = await damage(world());
    const after = await world().create('first/after');
    await world().now();
    expect(await all.told(2)).to.deep.equal([`ADDED first/before ${versionOf(before)}`, 'ERROR 500']);
    expect(await others.told(2)).to.deep.equal([
      `ADDED first/before ${versionOf(before)}`,
      `ADDED first/after ${versionOf(after)}`,
    ]);
    expect(await refusal(world().watch(undefined))).to.equal(unreadable);
    expect(await refusal(world().watch(versionOf(before)))).to.equal(unreadable);
    await repair();
    const resumed = await world().watch(versionOf(before));
    const { entries } = await world().kv.range({ start: damaged(world()) }, world().signal);
    expect(await resumed.told(2)).to.deep.equal([
      `ADDED first/after ${versionOf(after)}`,
      `MODIFIED second/baz ${entries[0]!.revision}`,
    ]);
  });

  it('is deleted to those who knew it, with its last readable state, when it is deleted underneath', async () => {
    const known = await world().now();
    await damage(world());
    const { revision } = await world().kv.txn({ when: [], perform: [{ delete: damaged(world()) }] }, world().signal);
    await world().now();
    expect(await (await world().watch(known)).told(1)).to.deep.equal([`DELETED second/baz ${revision}`]);
  });

  it('is found by an administrator, and removed where one says so, and nothing else is', async () => {
    const { kv, keyspace, pods, signal } = world();
    const administrator = new DamagedValues({ kv, keyspace }, [pods.resource as unknown as Resource]);
    const found = async (): Promise<string[]> => {
      const keys: string[] = [];
      for await (const { key } of administrator.find(signal)) keys.push(key);
      return keys;
    };
    expect(await found()).to.deep.equal([]);
    await damage(world());
    expect(await found()).to.deep.equal([damaged(world())]);
    expect(await codeOf(administrator.remove(`${pods.root}first/bar`, signal))).to.equal('RevisionConflict');
    expect(await codeOf(administrator.remove(`${pods.root}first/none`, signal))).to.equal('KeyNotFound');
    await administrator.remove(damaged(world()), signal);
    expect(await found()).to.deep.equal([]);
    expect(keysOf(await world().list())).to.deep.equal(['first/bar']);
  });

  it('is known to the comparison of cache and storage by its revision', async () => {
    await damage(world());
    expect(await world().registries.checker.check(world().signal)).to.deep.equal([]);
    expect(world().registries.cache.ready).to.equal(true);
  });
});
