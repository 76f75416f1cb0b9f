/** Objects go when all their owners are gone. */
import { expect } from 'chai';
import type { Resource } from '../../apiserver/registry/resource.ts';
import { nameColumn } from '../../apiserver/registry/resource.ts';
import { subdomainFaults } from '../../openapi/machinery/names.ts';
import { objectMetaSchema } from '../../openapi/schema/object-meta.ts';
import { anything, object, string } from '../../openapi/schema/schema.ts';
import { type Anything, aNamespace, type Manifest, type Sandbox, sandboxes } from './sandbox.ts';

const aSandbox = sandboxes();

/** A kind like KubeDirector's: in a group of its own, in two versions. */
const schema = object('A cluster.', {
  apiVersion: string(''),
  kind: string(''),
  metadata: objectMetaSchema,
  spec: anything(''),
});
const clusters: Resource = {
  group: 'example.com',
  plural: 'clusters',
  singular: 'cluster',
  kind: 'Cluster',
  listKind: 'ClusterList',
  namespaced: true,
  forms: [
    { version: 'v2', schema },
    {
      version: 'v1',
      schema,
      toHub: (document) => ({ ...document, apiVersion: 'example.com/v2' }) as Anything,
      fromHub: (hub) => ({ ...hub }),
    },
  ],
  nameRule: subdomainFaults,
  strategy: {},
  hasStatus: false,
  columns: [nameColumn],
};

const aConfigMap = (name: string, owners: object[] = [], more: object = {}): Manifest => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...(owners.length && { ownerReferences: owners as never }), ...more },
});

const owner = ({ apiVersion, kind, metadata }: Anything, more: object = {}) => ({
  apiVersion,
  kind,
  name: metadata.name,
  uid: metadata.uid,
  ...more,
});
const blocking = { blockOwnerDeletion: true };

const gone = (sandbox: Sandbox, ...names: string[]) =>
  sandbox.until(`${names} are gone`, () => names.every((name) => !sandbox.peek('configmaps', `default/${name}`)));
const is = (sandbox: Sandbox, name: string): boolean => sandbox.peek('configmaps', `default/${name}`) !== undefined;
const remove = (sandbox: Sandbox, name: string, propagationPolicy?: 'Foreground' | 'Background' | 'Orphan') =>
  sandbox.delete('configmaps', `default/${name}`, propagationPolicy && { propagationPolicy });

describe('in the background', () => {
  it('an object goes after its owner, and what it owns after it (K-303)', async () => {
    const sandbox = await aSandbox();
    const a = await sandbox.create(aConfigMap('a'));
    const b = await sandbox.create(aConfigMap('b', [owner(a)]));
    await sandbox.create(aConfigMap('c', [owner(b)]));
    await remove(sandbox, 'a', 'Background');
    await gone(sandbox, 'a', 'b', 'c');
  });

  it('an object stays while one of its owners does, and forgets the others', async () => {
    const sandbox = await aSandbox();
    const [a, b] = [await sandbox.create(aConfigMap('a')), await sandbox.create(aConfigMap('b'))];
    await sandbox.create(aConfigMap('c', [owner(a), owner(b)]));
    await remove(sandbox, 'a');
    await sandbox.until(
      'a is forgotten',
      () => sandbox.peek('configmaps', 'default/c').metadata.ownerReferences.length === 1,
    );
    expect(sandbox.peek('configmaps', 'default/c').metadata.ownerReferences[0].uid).to.equal(b.metadata.uid);
    await remove(sandbox, 'b');
    await gone(sandbox, 'c');
  });

  it('an object stays while its owner is stored and cannot be read (K-543)', async () => {
    const sandbox = await aSandbox();
    const a = await sandbox.create(aConfigMap('a'));
    await sandbox.create(aConfigMap('b', [owner(a)]));
    const { root, cache } = sandbox.registryOf(a);
    const put = `${root}default/a`;
    const { entries } = await sandbox.kv.range({ start: put }, sandbox.signal);
    const write = (value: Buffer) => sandbox.kv.txn({ when: [], perform: [{ put, value }] }, sandbox.signal);
    await write(Buffer.from('damaged'));
    await sandbox.until('it has been met', () => cache.unreadable.size === 1);
    const { generation } = cache;
    sandbox.registries.cache.rebuild(new Error('read everything again'));
    await sandbox.until('all has been read again', () => cache.generation > generation);
    await sandbox.edit('configmaps', 'default/b', ({ metadata }) => {
      metadata.labels = { looked: 'at' };
    });
    await sandbox.quiet();
    expect(is(sandbox, 'b')).to.equal(true);
    await write(entries[0]!.value);
    await sandbox.until('it can be read again', () => cache.unreadable.size === 0);
    await remove(sandbox, 'a', 'Background');
    await gone(sandbox, 'a', 'b');
  });

  it('an object whose owner never was goes, one of the same name notwithstanding (K-637)', async () => {
    const sandbox = await aSandbox();
    const a = await sandbox.create(aConfigMap('a'));
    await sandbox.create(aConfigMap('b', [owner(a, { uid: 'f3a1c9f0-0000-4000-8000-000000000000' })]));
    await gone(sandbox, 'b');
    expect(is(sandbox, 'a')).to.equal(true);
  });

  it('owners of kinds that nobody serves are left in peace', async () => {
    const sandbox = await aSandbox();
    const stranger = {
      apiVersion: 'example.com/v1',
      kind: 'Stranger',
      name: 'x',
      uid: 'f3a1c9f0-0000-4000-8000-000000000000',
    };
    await sandbox.create(aConfigMap('a', [stranger]));
    await sandbox.quiet();
    expect(is(sandbox, 'a')).to.equal(true);
  });

  it('owners are found in the namespace of their dependents only (K-335)', async () => {
    const sandbox = await aSandbox();
    const a = await sandbox.create(aConfigMap('a'));
    await sandbox.create(aNamespace('other'));
    await sandbox.create(aConfigMap('b', [owner(a)], { namespace: 'other' }));
    await sandbox.until('b is gone', () => !sandbox.peek('configmaps', 'other/b'));
  });

  it('owners of our own kinds are found in every version that is served (K-636)', async () => {
    const sandbox = await aSandbox({ others: [clusters] });
    const cluster = await sandbox.create({ apiVersion: 'example.com/v2', kind: 'Cluster', metadata: { name: 'c' } });
    for (const version of ['v1', 'v2'])
      await sandbox.create(aConfigMap(version, [owner({ ...cluster, apiVersion: `example.com/${version}` })]));
    await sandbox.quiet();
    expect(is(sandbox, 'v1') && is(sandbox, 'v2')).to.equal(true);
    await sandbox.delete('clusters', 'default/c');
    await gone(sandbox, 'v1', 'v2');
  });
});

describe('in the foreground', () => {
  it('an owner stays until everything that blocks it is gone (K-304)', async () => {
    const sandbox = await aSandbox();
    const a = await sandbox.create(aConfigMap('a'));
    await sandbox.create(aConfigMap('b', [owner(a, blocking)], { finalizers: ['example.com/hold'] }));
    await sandbox.create(aConfigMap('c', [owner(a)]));
    await remove(sandbox, 'a', 'Foreground');
    await sandbox.until('b is going', () => sandbox.peek('configmaps', 'default/b').metadata.deletionTimestamp);
    await sandbox.quiet();
    expect(sandbox.peek('configmaps', 'default/a').metadata.finalizers).to.deep.equal(['foregroundDeletion']);
    await sandbox.edit('configmaps', 'default/b', ({ metadata }) => {
      metadata.finalizers = [];
    });
    await gone(sandbox, 'a', 'b', 'c');
  });

  it('it goes through the generations, the youngest first', async () => {
    const sandbox = await aSandbox();
    const order: string[] = [];
    const a = await sandbox.create(aConfigMap('a'));
    const b = await sandbox.create(aConfigMap('b', [owner(a, blocking)]));
    await sandbox.create(aConfigMap('c', [owner(b, blocking)]));
    await sandbox.until('c is there', () => is(sandbox, 'c'));
    sandbox.follow('configmaps', (type, { metadata }) => type === 'DELETED' && order.push(metadata.name));
    await remove(sandbox, 'a', 'Foreground');
    await gone(sandbox, 'a', 'b', 'c');
    expect(order).to.deep.equal(['c', 'b', 'a']);
  });

  it('an owner without dependents goes at once', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(aConfigMap('a'));
    await remove(sandbox, 'a', 'Foreground');
    await gone(sandbox, 'a');
  });

  it('a dependent with another owner forgets the one that goes, and stays', async () => {
    const sandbox = await aSandbox();
    const [a, b] = [await sandbox.create(aConfigMap('a')), await sandbox.create(aConfigMap('b'))];
    await sandbox.create(aConfigMap('c', [owner(a, blocking), owner(b)]));
    await remove(sandbox, 'a', 'Foreground');
    await gone(sandbox, 'a');
    expect(sandbox.peek('configmaps', 'default/c').metadata.ownerReferences).to.have.length(1);
  });
});

describe('as orphans', () => {
  it('dependents forget their owner before it goes, and stay (K-305)', async () => {
    const sandbox = await aSandbox();
    const a = await sandbox.create(aConfigMap('a'));
    for (const name of ['b', 'c']) await sandbox.create(aConfigMap(name, [owner(a, blocking)]));
    await remove(sandbox, 'a', 'Orphan');
    await gone(sandbox, 'a');
    await sandbox.quiet();
    for (const name of ['b', 'c'])
      expect(sandbox.peek('configmaps', `default/${name}`).metadata).not.to.have.property('ownerReferences');
  });
});

describe('after a restart', () => {
  it('what was deleted meanwhile is noticed', async () => {
    const sleeping = await aSandbox({ controllers: false });
    const a = await sleeping.create(aConfigMap('a'));
    await sleeping.create(aConfigMap('b', [owner(a)]));
    const c = await sleeping.create(aConfigMap('c'));
    await sleeping.create(aConfigMap('d', [owner(c, blocking)]));
    await remove(sleeping, 'a');
    await remove(sleeping, 'c', 'Foreground');
    await sleeping.stop();
    const awake = await aSandbox({ kv: sleeping.kv });
    await gone(awake, 'b', 'c', 'd');
  });
});
