/**
 * Requests of every kind, right and wrong, to a few objects: what clients send, and what they should not.
 */
import fc from 'fast-check';
import { apiVersion, kind } from '../court.ts';
import type { Request, Revision } from '../sides.ts';

const names = fc.constantFrom('one', 'two');
const its = { apiVersion, kind };

const rarely = <T>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 6, arbitrary: usual }, { weight: 1, arbitrary: odd });
const revision: fc.Arbitrary<Revision> = fc.constantFrom('none', 'current', 'first', 'nonsense', 'future');

/** Query parameters that all writes share. */
const writeOptions = fc.record(
  {
    dryRun: rarely(fc.constant('All'), fc.constantFrom('Some', '')),
    fieldManager: rarely(fc.constantFrom('ann', 'bob'), fc.constantFrom('x'.repeat(129), 'a\nb')),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Record<string, string>>;

const metadata = fc.record(
  {
    labels: rarely<unknown>(
      fc.constantFrom({ tier: 'a' }, { tier: 'b', more: '' }),
      fc.constantFrom<unknown>({ 'bad key': 'x' }, { tier: 'bad value!' }, { tier: 1 }, { '/x': 'y' }, null, 'text', {
        ['k'.repeat(64)]: 'v',
      }),
    ),
    annotations: rarely<unknown>(
      fc.constantFrom({ note: 'text' }, { 'Example.com/Note': '' }),
      fc.constantFrom<unknown>({ 'a/b/c': 'x' }, { note: 1 }, null, []),
    ),
    finalizers: rarely<unknown>(
      fc.constantFrom(['example.com/x'], ['foregroundDeletion']),
      fc.constantFrom<unknown>(['nodomain'], ['orphan', 'foregroundDeletion'], [''], 'text', null),
    ),
    ownerReferences: rarely<unknown>(
      // Of a kind that is not served, since of others the garbage collector knows that they are not there.
      fc.constant([{ apiVersion: 'absent.example.com/v1', kind: 'Owner', name: 'c', uid: 'u' }]),
      fc.constantFrom<unknown>(
        [{ apiVersion: 'v1', kind: '', name: 'c', uid: 'u' }],
        [{ apiVersion: '', kind: 'A', name: '', uid: '' }],
        [{ apiVersion: 'v1', kind: 'Event', name: 'c', uid: 'u' }],
        [
          { apiVersion: 'absent.example.com/v1', kind: 'A', name: 'a', uid: 'u', controller: true },
          { apiVersion: 'absent.example.com/v1', kind: 'B', name: 'b', uid: 'v', controller: true },
        ],
      ),
    ),
    generation: fc.constantFrom(7, -1),
    creationTimestamp: fc.constantFrom<unknown>('2020-01-01T00:00:00Z', null),
    deletionGracePeriodSeconds: fc.constant(5),
    selfLink: fc.constant('/x'),
  },
  { requiredKeys: [] },
);

const spec = fc.record(
  {
    app: rarely<unknown>(
      fc.constantFrom('spark', 'flink'),
      fc.constantFrom<unknown>('', 'x'.repeat(21), 1, null, ['a'], {}),
    ),
    replicas: rarely<unknown>(fc.constantFrom(0, 1, 100), fc.constantFrom<unknown>(-1, 101, '1', 1.5, null, 3e9, true)),
    mode: rarely<unknown>(fc.constantFrom('a', 'b'), fc.constantFrom<unknown>('c', '', 1, null)),
    roles: rarely<unknown>(
      fc.constantFrom<unknown>(
        [{ id: 'a' }],
        [{ id: 'a', members: 2, resources: { cpu: 1, memory: 2 } }, { id: 'b' }],
        [],
      ),
      fc.constantFrom<unknown>(
        [{ id: 'A' }],
        [{}],
        [{ id: 'a' }, { id: 'a' }],
        [{ id: 'a' }, { id: 'b' }, { id: 'c' }, { id: 'd' }],
        [{ id: 'a', members: '1' }],
        [{ id: 'a', resources: { cpu: true } }],
        ['a'],
        [null],
        'text',
        null,
      ),
    ),
    tags: rarely<unknown>(
      fc.constantFrom<unknown>(['s', 't'], []),
      fc.constantFrom<unknown>(['s', 's'], [1], 's', null, [null]),
    ),
    free: rarely<unknown>(
      fc.constantFrom<unknown>({ a: { b: [1, 'x', null] } }, {}),
      fc.constantFrom<unknown>('text', [1], null),
    ),
    zork: fc.constantFrom<unknown>(1, { a: 1 }),
  },
  { requiredKeys: [] },
);
const goodSpec = fc.constantFrom<unknown>(
  { app: 'spark' },
  { app: 'flink', mode: 'a', replicas: 2, roles: [{ id: 'a', members: 1 }], tags: ['s'] },
);
const anySpec = fc.oneof(
  { weight: 3, arbitrary: goodSpec },
  { weight: 4, arbitrary: spec as fc.Arbitrary<unknown> },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(null, 'text', [], 1) },
);

/** Half of the time nothing is odd about it. */
const document = (name: unknown) =>
  fc
    .record({
      meta: fc.oneof(fc.constant({}), metadata as fc.Arbitrary<object>),
      spec: anySpec,
      status: fc.option(fc.constantFrom<unknown>({ state: 'up' }, { state: 1 }, 'x'), { nil: undefined, freq: 6 }),
    })
    .map(({ meta, spec: wanted, status }) => ({
      ...its,
      metadata: { ...meta, name },
      spec: wanted,
      ...(status !== undefined && { status }),
    }));

const oddTypes = fc.constantFrom({ apiVersion: 'apps/v1' }, { kind: 'Zork' }, { apiVersion: 'v9' });

const create: fc.Arbitrary<Request> = fc
  .record({
    name: rarely<unknown>(names, fc.constantFrom<unknown>('Bad_Name', '', 'a/b', '..', undefined, 'x'.repeat(254), 1)),
    options: writeOptions,
    odd: fc.option(oddTypes, { nil: {}, freq: 10 }),
    given: rarely<Revision>(fc.constant('none'), revision),
    namespace: fc.option(fc.constant('elsewhere'), { nil: undefined, freq: 15 }),
  })
  .chain(({ name, options, odd, given, namespace }) =>
    document(name).map(
      (body): Request => ({
        method: 'POST',
        query: options,
        body: { ...body, ...odd, metadata: { ...body.metadata, ...(namespace && { namespace }) } },
        ...(given !== 'none' && { revision: given, name: '' }),
      }),
    ),
  )
  .map(({ name: _, ...request }) => request);

const replace: fc.Arbitrary<Request> = fc
  .record({
    name: names,
    other: fc.nat(12),
    options: writeOptions,
    given: rarely<Revision>(fc.constant('current'), revision),
    status: fc.nat(3),
    odd: fc.option(oddTypes, { nil: {}, freq: 12 }),
    uid: fc.constantFrom('its own', 'another', undefined, undefined),
  })
  .chain(({ name, other, options, given, status, odd, uid }) =>
    document(other === 0 ? 'other' : name).map(
      (body): Request => ({
        method: 'PUT',
        name,
        ...(status === 0 && { subresource: 'status' }),
        query: options,
        body: { ...body, ...odd },
        onTopOfLive: true,
        revision: given,
        ...(uid && { uid: uid as 'another' }),
      }),
    ),
  );

const mergePatch: fc.Arbitrary<Request> = fc
  .record({
    name: names,
    options: writeOptions,
    subresource: fc.constantFrom(undefined, undefined, undefined, 'status'),
    body: fc.oneof(
      { weight: 4, arbitrary: fc.record({ spec: spec as fc.Arbitrary<unknown> }) },
      { weight: 3, arbitrary: fc.record({ metadata: metadata as fc.Arbitrary<unknown> }) },
      {
        weight: 1,
        arbitrary: fc.constantFrom<unknown>(
          {},
          { status: { state: 'down' } },
          { metadata: { name: 'other' } },
          { kind: 'Zork' },
          { apiVersion: 'v1' },
          { metadata: null },
          { spec: null },
          { metadata: { uid: 'another' } },
          { metadata: { namespace: 'elsewhere' } },
        ),
      },
    ),
    given: rarely<Revision>(fc.constant('none'), revision),
  })
  .map(
    ({ name, options, subresource, body, given }): Request => ({
      method: 'PATCH',
      name,
      ...(subresource && { subresource }),
      type: 'application/merge-patch+json',
      query: options,
      body,
      ...(given !== 'none' && { revision: given }),
    }),
  );

const pointer = fc.constantFrom(
  '/spec/app',
  '/spec/replicas',
  '/spec/mode',
  '/spec/tags/0',
  '/spec/tags/-',
  '/spec/roles/0/id',
  '/spec/none/deep',
  '/metadata/labels/tier',
  '/metadata/name',
  '',
  'spec',
);
const jsonPatch: fc.Arbitrary<Request> = fc
  .record({
    name: names,
    operations: fc.array(
      fc.oneof(
        fc.record({
          op: fc.constantFrom('add', 'replace', 'test'),
          path: pointer,
          value: fc.constantFrom<unknown>('a', 1, null, ['s'], {}),
        }),
        fc.record({ op: fc.constant('remove'), path: pointer }),
        fc.record({ op: fc.constantFrom('move', 'copy'), path: pointer, from: pointer }),
        fc.constant({ op: 'zork', path: '/spec' }),
      ),
      { maxLength: 2 },
    ),
  })
  .map(
    ({ name, operations }): Request => ({
      method: 'PATCH',
      name,
      type: 'application/json-patch+json',
      body: operations,
    }),
  );

const oddBodies: fc.Arbitrary<Request> = fc
  .record({
    method: fc.constantFrom<Request['method']>('POST', 'PUT', 'PATCH', 'DELETE'),
    name: names,
    type: fc.constantFrom(
      'application/json',
      'application/merge-patch+json',
      'application/json-patch+json',
      'application/strategic-merge-patch+json',
      'text/plain',
      'application/x-www-form-urlencoded',
    ),
    body: fc.constantFrom('{', '[]', '"text"', 'null', '{"kind":1}', '{"apiVersion":"v1"}', 'x: y', '{}'),
  })
  .map(({ method, name, type, body }): Request => ({ method, ...(method !== 'POST' && { name }), type, body }));

const scale: fc.Arbitrary<Request> = fc
  .record({
    name: names,
    replicas: fc.constantFrom<unknown>(0, 3, 5, -1, 101, '3'),
    put: fc.boolean(),
    given: rarely<Revision>(fc.constant('none'), revision),
  })
  .map(
    ({ name, replicas, put, given }): Request =>
      put
        ? {
            ...{ method: 'PUT', name, subresource: 'scale', revision: given },
            body: { kind: 'Scale', apiVersion: 'autoscaling/v1', metadata: { name }, spec: { replicas } },
          }
        : {
            ...{ method: 'PATCH', name, subresource: 'scale' },
            type: 'application/merge-patch+json',
            body: { spec: { replicas } },
          },
  );

const get: fc.Arbitrary<Request> = fc
  .record({
    name: names,
    subresource: fc.constantFrom(undefined, undefined, 'status', 'scale', 'zork'),
    // Reads from caches are asked for in reading.ts, when it is sure what a cache has.
    listRevision: rarely<Revision>(fc.constant('none'), fc.constant('nonsense')),
    accept: fc.constantFrom(
      undefined,
      'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
      'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
      'application/vnd.kubernetes.protobuf',
      'application/xml',
    ),
  })
  .map(
    ({ name, subresource, listRevision, accept }): Request => ({
      method: 'GET',
      name,
      ...(subresource && { subresource }),
      ...(listRevision !== 'none' && { listRevision }),
      ...(accept && { accept }),
    }),
  );

const listQuery = fc.record(
  {
    labelSelector: rarely(
      fc.constantFrom('tier=a', 'tier', '!tier', 'tier in (a,b)', 'tier notin (a)', 'tier!=a'),
      fc.constantFrom('=', 'tier in', 'a b', 'tier>x', '-x=y'),
    ),
    fieldSelector: rarely(
      fc.constantFrom('metadata.name=one', 'metadata.name!=one'),
      fc.constantFrom('junk', 'spec.zork=1', 'metadata.name'),
    ),
    limit: rarely(fc.constantFrom('1', '500'), fc.constantFrom('abc', '-1', '0')),
    resourceVersionMatch: fc.constantFrom('Exact', 'NotOlderThan', 'Bogus'),
    continue: fc.constantFrom('nonsense', 'e30', 'eyJ2IjoieCJ9'),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Record<string, string>>;
const list: fc.Arbitrary<Request> = fc
  .record({
    query: listQuery,
    listRevision: rarely(fc.constant(''), fc.constant('abc')),
    accept: fc.constantFrom(
      undefined,
      undefined,
      'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
      'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
    ),
  })
  .map(
    ({ query, listRevision, accept }): Request => ({
      method: 'GET',
      query: { ...query, ...(listRevision && { resourceVersion: listRevision }) },
      ...(accept && { accept }),
    }),
  );

const remove: fc.Arbitrary<Request> = fc
  .record({
    name: names,
    body: fc.constantFrom(
      {},
      {},
      { propagationPolicy: 'Background' },
      { propagationPolicy: 'Foreground' },
      { propagationPolicy: 'Orphan' },
      { propagationPolicy: 'Zork' },
      { orphanDependents: true },
      { orphanDependents: false },
      { propagationPolicy: 'Orphan', orphanDependents: true },
      { gracePeriodSeconds: 0 },
      { gracePeriodSeconds: -1 },
      { dryRun: ['All'] },
      { dryRun: ['Some'] },
    ),
    uid: fc.constantFrom('its own', 'another', undefined, undefined, undefined),
    given: rarely<Revision>(fc.constant('none'), fc.constantFrom('current', 'first')),
  })
  .map(
    ({ name, body, uid, given }): Request => ({
      method: 'DELETE',
      name,
      body,
      preconditions: { ...(uid && { uid: uid as 'another' }), ...(given !== 'none' && { revision: given }) },
    }),
  );

const removeAll: fc.Arbitrary<Request> = fc
  .record({
    query: fc.record(
      {
        labelSelector: fc.constantFrom('tier=a', '='),
        fieldSelector: fc.constantFrom('metadata.name=one'),
        dryRun: fc.constantFrom('All', 'Some'),
      },
      { requiredKeys: [] },
    ) as fc.Arbitrary<Record<string, string>>,
  })
  .map(({ query }): Request => ({ method: 'DELETE', query }));

const good: fc.Arbitrary<Request> = names.map((name) => ({
  method: 'POST',
  body: { ...its, metadata: { name, labels: { tier: 'a' } }, spec: { app: 'spark', tags: ['s'] } },
}));

export const anyRequests: fc.Arbitrary<readonly Request[]> = fc
  .tuple(
    good,
    fc.array(
      fc.oneof(
        create,
        create,
        replace,
        replace,
        mergePatch,
        mergePatch,
        jsonPatch,
        oddBodies,
        scale,
        get,
        list,
        remove,
        removeAll,
      ),
      { minLength: 3, maxLength: 10, size: 'max' },
    ),
  )
  .map(([first, others]) => [first, ...others]);
