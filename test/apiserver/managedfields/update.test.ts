/** Who owns what after creates, updates and patches. */
import { expect } from 'chai';
import { FieldSet } from '../../../apiserver/managedfields/field-manager.ts';
import type { KubeObject, ManagedFieldsEntry } from '../../../openapi/machinery/meta.ts';
import {
  at,
  cluster,
  clusterFields,
  entry,
  type Fields,
  update,
  v1alpha1,
  v1beta1,
  withEntries,
} from './cluster-fields.ts';

const entriesOf = ({ metadata }: KubeObject): readonly ManagedFieldsEntry[] => metadata.managedFields ?? [];

const roleA = { id: 'a', members: 1 };
const spec = { app: 'x', roles: [roleA] };
const all = {
  'f:spec': { '.': {}, 'f:app': {}, 'f:roles': { '.': {}, 'k:{"id":"a"}': { '.': {}, 'f:id': {}, 'f:members': {} } } },
};

describe('the owners of what is created', () => {
  it('are one, of everything and all containers on the way (K-168, K-276)', () =>
    expect(entriesOf(update(undefined, cluster(spec), { by: 'kubectl-create', second: 3 }))).to.deep.equal([
      entry('kubectl-create', 3, all),
    ]));

  it('do not own what the server sets, whoever sent it (K-272)', () => {
    const sent = {
      generateName: 'c',
      uid: 'u',
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: at(0),
      selfLink: '/x',
      labels: { l: '1' },
      annotations: { n: '2' },
      finalizers: ['a/b'],
      ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'o', uid: 'u1' }],
    };
    const [{ fieldsV1 } = {}] = entriesOf(update(undefined, cluster({ app: 'x' }, sent)));
    expect(fieldsV1).to.deep.equal({
      'f:metadata': {
        'f:annotations': { '.': {}, 'f:n': {} },
        'f:finalizers': { '.': {}, 'v:"a/b"': {} },
        'f:generateName': {},
        'f:labels': { '.': {}, 'f:l': {} },
        // An owner reference is owned as a whole.
        'f:ownerReferences': { '.': {}, 'k:{"uid":"u1"}': {} },
      },
      'f:spec': { '.': {}, 'f:app': {} },
    });
  });

  it('are called unknown when nobody knows them', () =>
    expect(entriesOf(update(undefined, cluster(spec), { by: '' }))[0]!.manager).to.equal('unknown'));

  it('are nobody where there is nothing to own (K-274)', () => {
    const { spec: _, ...bare } = cluster({}) as KubeObject & { spec: unknown };
    expect(update(undefined, bare)).to.deep.equal(bare);
  });
});

describe('the owners after an update', () => {
  const created = update(undefined, cluster(spec), { by: 'u1', second: 1 });

  it('have lost to the writer what it changed, and nothing else (K-271)', () => {
    const written = update(created, cluster({ app: 'y', roles: [roleA] }), { by: 'u2', second: 2 });
    const { 'f:app': _, ...rest } = all['f:spec'];
    expect(entriesOf(written)).to.deep.equal([
      entry('u1', 1, { 'f:spec': rest }),
      entry('u2', 2, { 'f:spec': { 'f:app': {} } }),
    ]);
  });

  it('have lost what is gone, and whoever only removed owns nothing (K-271)', () => {
    const written = update(created, cluster({ app: 'x', roles: [] }), { by: 'u2', second: 2 });
    expect(entriesOf(written)).to.deep.equal([entry('u1', 1, { 'f:spec': { '.': {}, 'f:app': {}, 'f:roles': {} } })]);
  });

  it('are as they were, with their times, when nothing changed (K-241)', () =>
    expect(entriesOf(update(created, cluster(spec), { by: 'u2', second: 2 }))).to.deep.equal(entriesOf(created)));

  it('have one entry for all writes of a manager through one version, with the time of the last (K-277)', () => {
    const written = update(created, cluster({ ...spec, scaleRole: 'a' }), { by: 'u1', second: 5 });
    expect(entriesOf(written)).to.deep.equal([entry('u1', 5, { 'f:spec': { ...all['f:spec'], 'f:scaleRole': {} } })]);
  });

  it('have entries of their own for each version and each subresource (K-277)', () => {
    const state = { ...cluster(spec), status: { state: 'creating' } } as KubeObject;
    const through = update(created, state, { by: 'u1', second: 2, subresource: 'status' });
    const written = update(through, { ...state, spec: { ...spec, app: 'y' } } as KubeObject, {
      by: 'u1',
      second: 3,
      through: v1alpha1,
    });
    expect(entriesOf(written).map(({ apiVersion, subresource }) => [apiVersion, subresource])).to.deep.equal([
      [v1beta1, undefined],
      [v1beta1, 'status'],
      [v1alpha1, undefined],
    ]);
  });

  it('stand in order: appliers first, then by time, manager, version and subresource (K-278)', () => {
    const mine = { 'f:spec': { 'f:app': {} } };
    const entries = [
      entry('z', 1, mine, { operation: 'Apply' }),
      entry('a', 5, mine, { operation: 'Apply' }),
      entry('b', 1, mine),
      entry('a', 2, mine, { apiVersion: v1alpha1 }),
      entry('a', 2, mine),
      entry('a', 2, mine, { subresource: 'status' }),
    ];
    const shuffled = withEntries(cluster(spec), [...entries].reverse());
    expect(entriesOf(update(shuffled, cluster(spec)))).to.deep.equal(entries);
  });

  it('own nothing of what the write cannot change (K-273)', () => {
    const object = { ...cluster({ ...spec, app: 'y' }), status: { state: 'creating' } } as KubeObject;
    const record = (...reset: string[]) =>
      clusterFields.recordUpdate({
        live: created,
        object: withEntries(object, undefined),
        manager: 'u2',
        apiVersion: v1beta1,
        resetFields: FieldSet.of(...reset.map((name) => [name])),
        time: at(9),
      });
    expect(record('f:status')?.[1]).to.deep.equal(entry('u2', 9, { 'f:spec': { 'f:app': {} } }));
    expect(record('f:metadata', 'f:spec')).to.deep.equal([
      ...entriesOf(created),
      entry('u2', 9, { 'f:status': { '.': {}, 'f:state': {} } }),
    ]);
  });
});

describe('managedFields that a client sends', () => {
  const stored = [entry('u1', 1, all)];
  const live = withEntries(cluster(spec), stored);
  const put = (managedFields: unknown, rest: { subresource?: string; spec?: Fields } = {}) =>
    clusterFields.recordUpdate({
      live,
      object: withEntries(cluster(rest.spec ?? spec), managedFields as never),
      manager: 'u2',
      apiVersion: v1beta1,
      ...(rest.subresource !== undefined && { subresource: rest.subresource }),
      time: at(2),
    });

  for (const [title, sent] of [
    ['are left out', undefined],
    ['are null', null],
    ['are empty', []],
    ['are not a list', 'x'],
    ['hold something else', [5]],
    ['have no operation', [{ ...stored[0], operation: 'Zork' }]],
    ['have no version', [{ ...stored[0], apiVersion: '' }]],
    ['have no type', [{ ...stored[0], fieldsType: undefined }]],
    ['have another type', [{ ...stored[0], fieldsType: 'FieldsV2' }]],
    ['have fields that are none', [{ ...stored[0], fieldsV1: { spec: {} } }]],
    ['have an unreadable key', [{ ...stored[0], fieldsV1: { 'k:{': {} } }]],
    ['have a manager that is no text', [{ ...stored[0], manager: 5 }]],
  ] as const)
    it(`leave the stored ones when they ${title} (K-252, K-281)`, () => expect(put(sent)).to.deep.equal(stored));

  it('clear the stored ones when they are one empty entry (K-252)', () => expect(put([{}])).to.equal(undefined));

  it('leave nobody an owner after that, until somebody applies (K-252)', () =>
    expect(entriesOf(update(withEntries(cluster(spec), undefined), cluster({ app: 'y' })))).to.deep.equal([]));

  it('replace the stored ones, in canonical form', () =>
    expect(
      put([
        {
          ...stored[0],
          manager: 'n',
          fieldsV1: { 'f:spec': { 'f:roles': { 'k:{ "id":"a"}': {} }, 'f:app': {}, 'x:y': {} } },
        },
      ]),
    ).to.deep.equal([entry('n', 1, { 'f:spec': { 'f:app': {}, 'f:roles': { 'k:{"id":"a"}': {} } } })]));

  it('count before what the write itself changes', () =>
    expect(put([entry('n', 1, { 'f:spec': { 'f:app': {} } })], { spec: { ...spec, app: 'y' } })).to.deep.equal([
      entry('u2', 2, { 'f:spec': { 'f:app': {} } }),
    ]));

  it('count for nothing on a subresource (K-281)', () =>
    expect(put([{}], { subresource: 'status' })).to.deep.equal(stored));

  it('are dropped where nobody serves their version any more', () =>
    expect(
      put([entry('old', 1, { 'f:spec': {} }, { apiVersion: 'kubedirector.bluedata.io/v1' }), stored[0]]),
    ).to.deep.equal(stored));
});

describe('many updaters', () => {
  it('are at most ten: the oldest of a version become ancient-changes (K-279)', () => {
    let object = update(undefined, cluster({ app: 'x', roles: [] }), { by: 'u00', second: 0 });
    for (let i = 1; i < 14; i += 1) {
      const labels = { ...object.metadata.labels, [`l${i}`]: '' };
      object = update(
        object,
        { ...object, metadata: { ...object.metadata, labels } },
        { by: `u${String(i).padStart(2, '0')}`, second: i },
      );
    }
    const entries = entriesOf(object);
    expect(entries.map(({ manager }) => manager)).to.deep.equal([
      'ancient-changes',
      ...['05', '06', '07', '08', '09', '10', '11', '12', '13'].map((i) => `u${i}`),
    ]);
    expect(entries[0]).to.deep.equal(
      entry('ancient-changes', 4, {
        'f:metadata': { 'f:labels': { '.': {}, 'f:l1': {}, 'f:l2': {}, 'f:l3': {}, 'f:l4': {} } },
        'f:spec': { '.': {}, 'f:app': {}, 'f:roles': {} },
      }),
    );
  });

  it('of several versions become one entry for each (K-279)', () => {
    const mine = (i: number) => ({ 'f:metadata': { 'f:labels': { [`f:l${i}`]: {} } } });
    const entries = Array.from({ length: 12 }, (_, i) =>
      entry(`u${i}`, i, mine(i), { apiVersion: i % 2 ? v1alpha1 : v1beta1 }),
    );
    const labels = Object.fromEntries(entries.map((_, i) => [`l${i}`, '']));
    const live = withEntries(cluster(spec, { labels }), entries);
    const managers = entriesOf(update(live, cluster(spec, { labels }))).map(({ manager, apiVersion }) => [
      manager,
      apiVersion,
    ]);
    expect(managers.slice(0, 2)).to.deep.equal([
      ['ancient-changes', v1beta1],
      ['ancient-changes', v1alpha1],
    ]);
    expect(managers.length).to.equal(10);
  });

  it('are not counted with appliers (K-279)', () => {
    const labels = { l: '' };
    const entries = Array.from({ length: 12 }, (_, i) =>
      entry(`u${i}`, i, { 'f:metadata': { 'f:labels': { 'f:l': {} } } }, { operation: 'Apply' }),
    );
    const live = withEntries(cluster(spec, { labels }), entries);
    expect(entriesOf(update(live, cluster(spec, { labels })))).to.deep.equal(entries);
  });
});

describe('ownership across versions', () => {
  it('is kept as it was written, and compared by converting objects (K-282)', () => {
    const written = update(undefined, cluster(spec), { by: 'old', through: v1alpha1, second: 1 });
    expect(entriesOf(written)[0]).to.deep.equal(
      entry(
        'old',
        1,
        {
          'f:spec': {
            '.': {},
            'f:app': {},
            'f:roles': { '.': {}, 'k:{"name":"a"}': { '.': {}, 'f:name': {}, 'f:replicas': {} } },
          },
        },
        { apiVersion: v1alpha1 },
      ),
    );
    const scaled = update(written, cluster({ app: 'x', roles: [{ id: 'a', members: 2 }] }), { by: 'new', second: 2 });
    expect(entriesOf(scaled)).to.deep.equal([
      entry(
        'old',
        1,
        {
          'f:spec': { '.': {}, 'f:app': {}, 'f:roles': { '.': {}, 'k:{"name":"a"}': { '.': {}, 'f:name': {} } } },
        },
        { apiVersion: v1alpha1 },
      ),
      entry('new', 2, { 'f:spec': { 'f:roles': { 'k:{"id":"a"}': { 'f:members': {} } } } }),
    ]);
  });
});
