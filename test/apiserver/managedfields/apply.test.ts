/** Server-side apply: what it makes of objects, who owns what then, and who disagrees. */
import { expect } from 'chai';
import { ConfigurationError, conflictCauses, conflictMessage } from '../../../apiserver/managedfields/field-manager.ts';
import type { KubeObject, ManagedFieldsEntry } from '../../../openapi/machinery/meta.ts';
import {
  apply,
  cluster,
  entry,
  type Fields,
  tryToApply,
  update,
  v1alpha1,
  v1beta1,
  type Writing,
  withEntries,
} from './cluster-fields.ts';

const entriesOf = ({ metadata }: KubeObject): readonly ManagedFieldsEntry[] => metadata.managedFields ?? [];
const specOf = (object: KubeObject): Fields => (object as KubeObject & { spec: Fields }).spec;
const applied = (manager: string, second: number, fields: Fields, rest: Partial<ManagedFieldsEntry> = {}) =>
  entry(manager, second, fields, { operation: 'Apply', ...rest });

const item = (id: string, ...fields: string[]) => ({
  [`k:{"id":"${id}"}`]: { '.': {}, 'f:id': {}, ...Object.fromEntries(fields.map((name) => [`f:${name}`, {}])) },
});

describe('applying', () => {
  it('to nothing makes the object, owned as far as it was said (K-261, K-276)', () => {
    const object = apply(undefined, cluster({ app: 'x', roles: [{ id: 'a', members: 1 }], connections: {} }));
    expect(specOf(object)).to.deep.equal({ app: 'x', roles: [{ id: 'a', members: 1 }], connections: {} });
    expect(entriesOf(object)).to.deep.equal([
      applied('m1', 0, { 'f:spec': { 'f:app': {}, 'f:connections': {}, 'f:roles': item('a', 'members') } }),
    ]);
  });

  it('twice is the same as once, to the second (K-262)', () => {
    const configuration = cluster({ app: 'x', roles: [{ id: 'a', members: 1 }] });
    const once = apply(undefined, configuration, { second: 1 });
    expect(apply(once, configuration, { second: 9 })).to.deep.equal(once);
  });

  it('merges, and leaves what it does not mention (K-264)', () => {
    const live = update(undefined, cluster({ app: 'x', serviceType: 'NodePort', roles: [{ id: 'a', members: 1 }] }));
    const object = apply(live, cluster({ scaleRole: 'b', roles: [{ id: 'b' }] }));
    expect(specOf(object)).to.deep.equal({
      app: 'x',
      serviceType: 'NodePort',
      scaleRole: 'b',
      roles: [{ id: 'a', members: 1 }, { id: 'b' }],
    });
  });

  it('removes what the manager said last time and nobody else says (K-264)', () => {
    const live = apply(
      undefined,
      cluster({
        app: 'x',
        scaleRole: 'b',
        roles: [
          { id: 'a', members: 1 },
          { id: 'b', members: 2 },
        ],
      }),
    );
    const object = apply(live, cluster({ app: 'x', roles: [{ id: 'a' }] }), { second: 1 });
    expect(specOf(object)).to.deep.equal({ app: 'x', roles: [{ id: 'a' }] });
    expect(entriesOf(object)).to.deep.equal([applied('m1', 1, { 'f:spec': { 'f:app': {}, 'f:roles': item('a') } })]);
  });

  it('removes nothing that somebody else owns too (K-264)', () => {
    const first = apply(undefined, cluster({ app: 'x', roles: [{ id: 'a', members: 1 }] }));
    const shared = apply(first, cluster({ app: 'x', roles: [{ id: 'a' }] }), { by: 'm2' });
    const object = apply(shared, cluster({ serviceType: 'NodePort' }), { second: 1 });
    expect(specOf(object)).to.deep.equal({ app: 'x', roles: [{ id: 'a' }], serviceType: 'NodePort' });
    expect(entriesOf(object)).to.deep.equal([
      applied('m2', 0, { 'f:spec': { 'f:app': {}, 'f:roles': item('a') } }),
      applied('m1', 1, { 'f:spec': { 'f:serviceType': {} } }),
    ]);
  });

  it('removes nothing that it never owned: an updater’s item stays, and what an updater put into an item goes with it', () => {
    const first = apply(undefined, cluster({ app: 'x', roles: [{ id: 'a', members: 1 }] }));
    const updated = update(
      first,
      withEntries(
        cluster({ app: 'x', roles: [{ id: 'a', members: 1, sharedMemory: '1Gi' }, { id: 'b' }] }),
        entriesOf(first),
      ),
    );
    const object = apply(updated, cluster({ app: 'x' }));
    expect(specOf(object)).to.deep.equal({ app: 'x', roles: [{ id: 'b' }] });
  });

  it('gives a new field with the same value a second owner (K-265)', () => {
    const live = apply(undefined, cluster({ app: 'x' }));
    const object = apply(live, cluster({ app: 'x' }), { by: 'm2', second: 4 });
    expect(entriesOf(object)).to.deep.equal([
      applied('m1', 0, { 'f:spec': { 'f:app': {} } }),
      applied('m2', 4, { 'f:spec': { 'f:app': {} } }),
    ]);
  });

  it('takes a field by force from everybody else (K-270)', () => {
    const live = apply(apply(undefined, cluster({ app: 'x', serviceType: 'NodePort' })), cluster({ app: 'x' }), {
      by: 'm2',
    });
    const object = apply(live, cluster({ app: 'y' }), { by: 'm3', second: 2, force: true });
    expect(specOf(object)).to.deep.equal({ app: 'y', serviceType: 'NodePort' });
    expect(entriesOf(object)).to.deep.equal([
      applied('m1', 0, { 'f:spec': { 'f:serviceType': {} } }),
      applied('m3', 2, { 'f:spec': { 'f:app': {} } }),
    ]);
  });

  it('through a subresource makes an entry of its own (K-277)', () => {
    const live = apply(undefined, cluster({ app: 'x' }));
    const { spec: _, ...bare } = cluster({}) as KubeObject & { spec: unknown };
    const status = { ...bare, status: { state: 'creating' } } as KubeObject;
    const object = apply(live, status, { subresource: 'status', second: 1 });
    expect(specOf(object)).to.deep.equal({ app: 'x' });
    expect(entriesOf(object)).to.deep.equal([
      applied('m1', 0, { 'f:spec': { 'f:app': {} } }),
      applied('m1', 1, { 'f:status': { 'f:state': {} } }, { subresource: 'status' }),
    ]);
  });

  it('to what nobody owns gives the rest to before-first-apply (K-280)', () => {
    const live = cluster({ app: 'x', roles: [{ id: 'a' }] });
    const object = apply(live, cluster({ app: 'x' }), { second: 3 });
    expect(entriesOf(object)).to.deep.equal([
      applied('m1', 3, { 'f:spec': { 'f:app': {} } }),
      entry('before-first-apply', 3, { 'f:spec': { '.': {}, 'f:app': {}, 'f:roles': { '.': {}, ...item('a') } } }),
    ]);
  });

  it('reads null as nothing, where null is no value: a list stays, a scalar goes (K-288)', () => {
    const live = apply(undefined, cluster({ app: 'x', scaleRole: 'a', roles: [{ id: 'a' }] }));
    const configuration = cluster({ app: 'x', scaleRole: null, roles: null, defaultSecret: null });
    const object = apply(live, configuration, { second: 1 });
    expect(specOf(object)).to.deep.equal({ app: 'x', roles: [], defaultSecret: null });
    expect(apply(object, configuration, { second: 2 })).to.deep.equal(object);
  });
});

describe('conflicts', () => {
  const told = (live: KubeObject, configuration: KubeObject, writing: Writing = {}) => {
    const result = tryToApply(live, configuration, writing);
    if (!('conflicts' in result)) throw new Error('no conflict');
    return { message: conflictMessage(result.conflicts), causes: conflictCauses(result.conflicts) };
  };
  const roles = [
    { id: 'a', members: 1 },
    { id: 'b', members: 1 },
  ];

  it('with an applier name it (K-266, K-267)', () =>
    expect(told(apply(undefined, cluster({ app: 'x' })), cluster({ app: 'y' }), { by: 'm2' })).to.deep.equal({
      message: 'Apply failed with 1 conflict: conflict with "m1": .spec.app',
      causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "m1"', field: '.spec.app' }],
    }));

  it('with an updater name its version too (K-267)', () =>
    expect(told(update(undefined, cluster({ app: 'x' }), { by: 'upd' }), cluster({ app: 'y' })).message).to.equal(
      `Apply failed with 1 conflict: conflict with "upd" using ${v1beta1}: .spec.app`,
    ));

  it('with somebody on a subresource name that (K-267)', () => {
    const live = update(undefined, cluster({ app: 'x' }), { by: 'probe', subresource: 'scale' });
    expect(told(live, cluster({ app: 'y' })).causes[0]!.message).to.equal(
      `conflict with "probe" with subresource "scale" using ${v1beta1}`,
    );
  });

  it('are all told, by owner, in order (K-268, K-269)', () => {
    const first = apply(undefined, cluster({ app: 'x', roles }));
    const updated = update(first, withEntries(cluster({ app: 'z', roles }), entriesOf(first)), { by: 'before' });
    const shared = apply(updated, cluster({ roles: [roles[1]] }), { by: 'a1' });
    expect(
      told(
        shared,
        cluster({
          app: 'y',
          roles: [
            { id: 'a', members: 2 },
            { id: 'b', members: 2 },
          ],
        }),
        { by: 'm2' },
      ),
    ).to.deep.equal({
      message: [
        'Apply failed with 4 conflicts: conflicts with "a1":',
        '- .spec.roles[id="b"].members',
        `conflicts with "before" using ${v1beta1}:`,
        '- .spec.app',
        'conflicts with "m1":',
        '- .spec.roles[id="a"].members',
        '- .spec.roles[id="b"].members',
      ].join('\n'),
      causes: [
        { reason: 'FieldManagerConflict', message: 'conflict with "a1"', field: '.spec.roles[id="b"].members' },
        { reason: 'FieldManagerConflict', message: `conflict with "before" using ${v1beta1}`, field: '.spec.app' },
        { reason: 'FieldManagerConflict', message: 'conflict with "m1"', field: '.spec.roles[id="a"].members' },
        { reason: 'FieldManagerConflict', message: 'conflict with "m1"', field: '.spec.roles[id="b"].members' },
      ],
    });
  });

  it('are with a manager’s own updates as with anybody’s', () =>
    expect(
      told(update(undefined, cluster({ app: 'x' }), { by: 'm1' }), cluster({ app: 'y' }), { by: 'm1' }).message,
    ).to.match(/"m1" using/));

  it('are none about what is removed, or equal, or nobody’s (K-265)', () => {
    const live = withEntries(cluster({ app: 'x', scaleRole: 'a' }), [entry('u', 0, { 'f:spec': { 'f:app': {} } })]);
    expect(specOf(apply(live, cluster({ app: 'x', scaleRole: 'b' })))).to.deep.equal({ app: 'x', scaleRole: 'b' });
  });

  it('are one for an atomic list, whatever differs in it (K-285)', () => {
    const files = (...urls: string[]) =>
      cluster({ roles: [{ id: 'a', fileInjections: urls.map((srcURL) => ({ srcURL, destDir: '/' })) }] });
    expect(told(apply(undefined, files('a', 'b')), files('c', 'd'), { by: 'm2' }).message).to.equal(
      'Apply failed with 1 conflict: conflict with "m1": .spec.roles[id="a"].fileInjections',
    );
  });
});

describe('a configuration that cannot be applied', () => {
  const refusal = (configuration: object): string => {
    try {
      tryToApply(undefined, { ...cluster({}), ...configuration } as KubeObject);
    } catch (error) {
      expect(error).to.be.instanceOf(ConfigurationError);
      return (error as Error).message;
    }
    throw new Error('it can');
  };
  const frame = `failed to create typed patch object (ns/c1; ${v1beta1}, Kind=KubeDirectorCluster): `;

  for (const [spec, fault] of [
    [{ zork: 1 }, '.spec.zork: field not declared in schema'],
    [{ roles: [{ id: 'a', zork: 1 }] }, '.spec.roles[id="a"].zork: field not declared in schema'],
    [{ app: 5 }, '.spec.app: expected string, got 5'],
    [{ app: {} }, '.spec.app: expected string, got {}'],
    [{ roles: {} }, '.spec.roles: expected list, got {}'],
    [
      { roles: [{ id: 'a', members: 'x' }] },
      '.spec.roles[id="a"].members: expected numeric (int or float), got string',
    ],
    [{ connections: [] }, '.spec.connections: expected map, got []'],
    [{ roles: [{ id: 'a' }, { id: 'a' }] }, '.spec.roles: duplicate entries for key [id="a"]'],
    [{ connections: { secrets: ['s', 's'] } }, '.spec.connections.secrets: duplicate entries for key [="s"]'],
    [
      { roles: [{ members: 1 }] },
      '.spec.roles: element 0: associative list with keys has an element that omits all key fields ["id"] (and doesn\'t have default values for any key fields)',
    ],
    [{ roles: [null] }, '.spec.roles: element 0: associative list with keys may not have a null element'],
    [{ roles: ['a'] }, '.spec.roles: element 0: associative list with keys may not have non-map elements'],
    [
      { connections: { secrets: [null] } },
      ".spec.connections.secrets: element 0: associative list without keys has an element that's an explicit null",
    ],
    [
      { connections: { secrets: [{}] } },
      ".spec.connections.secrets: element 0: associative list without keys has an element that's a map type",
    ],
    [
      { roles: [{ id: 'a', fileInjections: [{ zork: 1 }] }] },
      '.spec.roles[id="a"].fileInjections[0].zork: field not declared in schema',
    ],
    [{ zork: 1, app: 5 }, 'errors:\n  .spec.zork: field not declared in schema\n  .spec.app: expected string, got 5'],
  ] as const)
    it(`is told ${fault} (K-263, K-286)`, () => expect(refusal({ spec })).to.equal(frame + fault));

  it('names what the body names', () =>
    expect(refusal({ metadata: {}, spec: { zork: 1 } })).to.equal(
      `failed to create typed patch object (/; ${v1beta1}, Kind=KubeDirectorCluster): .spec.zork: field not declared in schema`,
    ));

  for (const managedFields of [[], [{}]])
    it(`has managedFields ${JSON.stringify(managedFields)} (K-259)`, () =>
      expect(refusal({ metadata: { name: 'c1', managedFields } })).to.equal('metadata.managedFields must be nil'));
});

describe('applying through several versions', () => {
  const old = (spec: Fields) => cluster(spec, {}, v1alpha1);

  it('is no conflict with oneself: the entry changes its version (K-282)', () => {
    const live = apply(undefined, old({ app: 'x', roles: [{ name: 'a', replicas: 1 }] }));
    const object = apply(live, cluster({ app: 'x', roles: [{ id: 'a', members: 2 }] }), { second: 1 });
    expect(specOf(object)).to.deep.equal({ app: 'x', roles: [{ id: 'a', members: 2 }] });
    expect(entriesOf(object)).to.deep.equal([
      applied('m1', 1, { 'f:spec': { 'f:app': {}, 'f:roles': item('a', 'members') } }),
    ]);
  });

  it('changes the entry though nothing else changes', () => {
    const live = apply(undefined, old({ roles: [{ name: 'a', replicas: 1 }] }));
    const object = apply(live, cluster({ roles: [{ id: 'a', members: 1 }] }), { second: 1 });
    expect(entriesOf(object).map(({ apiVersion }) => apiVersion)).to.deep.equal([v1beta1]);
  });

  it('removes what was said in the other version (K-264, K-282)', () => {
    const live = apply(
      undefined,
      old({
        app: 'x',
        roles: [
          { name: 'a', replicas: 1 },
          { name: 'b', replicas: 1 },
        ],
      }),
    );
    const object = apply(live, cluster({ app: 'x', roles: [{ id: 'a' }] }));
    expect(specOf(object)).to.deep.equal({ app: 'x', roles: [{ id: 'a' }] });
  });

  it('keeps what others own in the other version (K-282)', () => {
    const first = apply(undefined, cluster({ app: 'x', roles: [{ id: 'a', members: 1 }] }));
    const shared = apply(first, old({ roles: [{ name: 'a', replicas: 1 }] }), { by: 'm2' });
    const object = apply(shared, cluster({ app: 'x' }));
    expect(specOf(object)).to.deep.equal({ app: 'x', roles: [{ id: 'a', members: 1 }] });
    expect(entriesOf(object).map(({ manager, apiVersion }) => [manager, apiVersion])).to.deep.equal([
      ['m1', v1beta1],
      ['m2', v1alpha1],
    ]);
  });

  it('conflicts in the words of the owner (K-282)', () => {
    const live = apply(undefined, old({ roles: [{ name: 'a', replicas: 1 }] }));
    const result = tryToApply(live, cluster({ roles: [{ id: 'a', members: 2 }] }), { by: 'm2' });
    expect('conflicts' in result && conflictMessage(result.conflicts)).to.equal(
      'Apply failed with 1 conflict: conflict with "m1": .spec.roles[name="a"].replicas',
    );
  });

  it('forgets entries in a version that is not served any more', () => {
    const gone = entry(
      'm1',
      0,
      { 'f:spec': { 'f:app': {} } },
      { operation: 'Apply', apiVersion: 'kubedirector.bluedata.io/v0' },
    );
    const object = apply(withEntries(cluster({ app: 'x' }), [gone]), cluster({ scaleRole: 'a' }), { by: 'm2' });
    expect(specOf(object)).to.deep.equal({ app: 'x', scaleRole: 'a' });
    expect(entriesOf(object).map(({ manager }) => manager)).to.deep.equal(['m2']);
  });
});

describe('kubectl, coming from client-side apply', () => {
  const annotation = 'kubectl.kubernetes.io/last-applied-configuration';
  const noted = (spec: Fields, metadata: Fields = {}) =>
    `${JSON.stringify({ apiVersion: v1beta1, kind: 'KubeDirectorCluster', metadata: { ...metadata, name: 'c1', namespace: 'ns' }, spec })}\n`;
  const live = (spec: Fields, note: string) =>
    update(undefined, cluster(spec, { annotations: { [annotation]: note } }), { by: 'kubectl-client-side-apply' });

  it('owns what it noted in its annotation (K-287)', () => {
    const before = live({ app: 'x' }, noted({ app: 'x' }));
    const object = apply(before, cluster({ app: 'y' }), { by: 'kubectl' });
    expect(specOf(object)).to.deep.equal({ app: 'y' });
    expect(tryToApply(before, cluster({ app: 'y' }), { by: 'kubectl-last-applied' })).to.have.property('conflicts');
  });

  it('conflicts about what somebody has changed since, and only about that (K-287)', () => {
    const result = tryToApply(
      live({ app: 'z', scaleRole: 'a' }, noted({ app: 'x', scaleRole: 'a' })),
      cluster({ app: 'y', scaleRole: 'b' }),
      { by: 'kubectl' },
    );
    expect('conflicts' in result && conflictMessage(result.conflicts)).to.equal(
      `Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using ${v1beta1}: .spec.app`,
    );
  });

  for (const [title, note] of [
    ['no JSON', '{'],
    ['of another version', noted({ app: 'x' }).replace('v1beta1', 'v1alpha1')],
    ['not of this kind', '{"apiVersion":"v1","spec":{"app":"x"}}'],
    ['nothing that fits the schema', noted({ app: 'x', zork: 1 })],
  ] as const)
    it(`owns nothing by a note that is ${title} (K-287)`, () =>
      expect(tryToApply(live({ app: 'x' }, note), cluster({ app: 'y' }), { by: 'kubectl' })).to.have.property(
        'conflicts',
      ));

  it('keeps the note in step where there is one (K-287)', () => {
    const before = live({ app: 'x' }, noted({ app: 'x' }));
    const configuration = cluster({ app: 'y' }, { annotations: { [annotation]: 'sent', n: '1' } });
    const object = apply(before, configuration, { by: 'kubectl', force: true });
    expect(object.metadata.annotations).to.deep.equal({
      n: '1',
      [annotation]: noted({ app: 'y' }, { annotations: { n: '1' } }),
    });
    expect(apply(object, configuration, { by: 'kubectl', force: true, second: 9 }).metadata.annotations).to.deep.equal(
      object.metadata.annotations,
    );
    expect(apply(undefined, cluster({ app: 'y' }), { by: 'kubectl' }).metadata.annotations).to.equal(undefined);
  });

  it('drops the note rather than let it grow too large (K-287)', () => {
    const before = live({ app: 'x' }, noted({ app: 'x' }));
    const object = apply(before, cluster({ app: 'x' }, { annotations: { n: 'x'.repeat(200_000) } }), {
      by: 'kubectl',
      force: true,
    });
    expect(Object.keys(object.metadata.annotations!)).to.deep.equal(['n']);
  });
});
