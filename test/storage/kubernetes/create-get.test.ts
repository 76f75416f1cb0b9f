/** Create and get, as Kubernetes' storage tests have them (README.md). */
import { expect } from 'chai';
import { keysOf, selecting, versionOf } from '../../make/pods.ts';
import { onEveryStore } from './every-store.ts';
import { refusal } from './refusals.ts';

onEveryStore('create', (world) => {
  it('answers with the object as it is stored, with its resourceVersion, which is not stored (K-533, K-536)', async () => {
    const before = await world().now();
    const made = await world().create('ns/foo', { nodeName: 'n1' }, { labels: { a: 'b' } });
    expect(versionOf(made)).to.equal(before + 1);
    expect(await world().get('ns/foo')).to.deep.equal(made);
    const { entries } = await world().kv.range({ start: `${world().pods.root}ns/foo` }, world().signal);
    const stored = JSON.parse(entries[0]!.value.toString());
    expect(stored.metadata).not.to.have.property('resourceVersion');
    expect(stored).to.deep.include({ apiVersion: 'example.com/v1', kind: 'Pod', spec: { nodeName: 'n1' } });
  });

  it('refuses a key that exists, and leaves it as it is (K-536)', async () => {
    const made = await world().create('ns/foo', { nodeName: 'n1' });
    expect(await refusal(world().create('ns/foo', { nodeName: 'n2' }))).to.equal('409 AlreadyExists');
    expect(await world().get('ns/foo')).to.deep.equal(made);
  });

  it('refuses an object that has a resourceVersion', async () => {
    expect(await refusal(world().create('ns/foo', {}, { resourceVersion: '1' }))).to.equal('400 BadRequest');
    expect(keysOf(await world().list())).to.deep.equal([]);
  });

  it('puts each object under the key of its resource, namespace and name, and sees no other (K-532, K-540)', async () => {
    await world().create('ns/foo');
    await world().create('ns2/foo');
    await world().create('ns');
    const { entries } = await world().kv.range(
      { start: world().keyspace.prefix, end: `${world().keyspace.prefix}~` },
      world().signal,
    );
    const prefix = `${world().keyspace.prefix}example.com/`;
    expect(entries.map(({ key }) => key)).to.deep.equal([
      `${prefix}nodes/ns`,
      `${prefix}pods/ns/foo`,
      `${prefix}pods/ns2/foo`,
    ]);
    expect(keysOf(await world().list({ selection: selecting('ns') }))).to.deep.equal(['ns/foo']);
    expect(keysOf(await world().list({}, world().nodes))).to.deep.equal(['ns']);
  });

  for (const name of ['', '.', '..', 'a/b', '../x'])
    it(`refuses ${JSON.stringify(name)} as a name, so that no key is outside its resource (K-321)`, async () => {
      expect(await refusal(world().create('ns/', {}, { name }))).to.equal('422 Invalid');
    });
});

onEveryStore('get', (world) => {
  it('gives the newest state, or one as new as is asked for (K-169, K-170, K-171)', async () => {
    const made = await world().create('ns/foo');
    const changed = await world().label('ns/foo', { a: 'b' });
    const other = await world().create('ns/bar');
    expect(await world().get('ns/foo')).to.deep.equal(changed);
    for (const atLeast of [versionOf(made), versionOf(changed), versionOf(other)])
      expect(versionOf(await world().get('ns/foo', atLeast)), `at least ${atLeast}`).to.be.at.least(
        Math.min(atLeast, versionOf(changed)),
      );
    await world().now();
    expect(await world().get('ns/foo', 0)).to.deep.equal(changed);
  });

  it('of what is not there is 404', async () => {
    expect(await refusal(world().get('ns/foo'))).to.equal('404 NotFound');
  });

  it('of a state from the future waits, and then is 504 (K-171)', async () => {
    await world().create('ns/foo');
    expect(await refusal(world().get('ns/foo', Number.MAX_SAFE_INTEGER))).to.equal('504 Timeout');
  });
});
