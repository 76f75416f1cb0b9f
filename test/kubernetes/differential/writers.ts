/**
 * Stories of several managers who write to one object through every door: create, apply, update, patches and status.
 *
 * Names and values are few, so that managers often mean the same field.
 */
import fc from 'fast-check';
import { apiVersion, kind } from './court.ts';
import type { Request } from './sides.ts';

/** The object that all of them write to. */
const name = 'it';

const members = fc.option(fc.integer({ min: 0, max: 2 }), { nil: undefined });
const role = fc.record(
  {
    id: fc.constantFrom('a', 'b', 'c'),
    members: fc.integer({ min: 0, max: 2 }),
    resources: fc.dictionary(fc.constantFrom('cpu', 'memory'), fc.constantFrom<unknown>(1, 2, 3), { minKeys: 1 }),
  },
  { requiredKeys: ['id'] },
);
/** None without a schema: what is inside of those was owned otherwise before 1.22. The judge of managedfields/ is asked about them. */
const fields = {
  replicas: fc.integer({ min: 1, max: 3 }),
  mode: fc.constantFrom('a', 'b'),
  roles: fc.uniqueArray(role, { minLength: 1, maxLength: 3, selector: ({ id }) => id }),
  tags: fc.uniqueArray(fc.constantFrom('s', 't', 'u'), { minLength: 1, maxLength: 3 }),
};
const app = fc.constantFrom('spark', 'flink');
const spec = fc.record({ app, ...fields }, { requiredKeys: ['app'] });
/** Never nothing at all, for the same reason as statuses below. */
const partOfSpec = fc.record({ app, ...fields }, { requiredKeys: [] }).filter((part) => Object.keys(part).length > 0);

const labels = fc.dictionary(fc.constantFrom('l', 'm'), fc.constantFrom('1', '2'), { minKeys: 1 });
/** Of a kind that is not served: of others the garbage collector knows that they are not there, and deletes the object between writes. */
const owner = fc
  .constantFrom('u1', 'u2')
  .map((uid) => ({ apiVersion: 'absent.example.com/v1', kind: 'Owner', name: `of-${uid}`, uid }));
const metadata = fc.record(
  {
    labels,
    annotations: labels,
    ownerReferences: fc.uniqueArray(owner, { minLength: 1, maxLength: 2, selector: ({ uid }) => uid }),
    finalizers: fc.uniqueArray(fc.constantFrom('example.com/a', 'example.com/b'), { minLength: 1 }),
  },
  { requiredKeys: [] },
);
/** Never empty: who owns an empty container is a question that 1.20 answers otherwise. */
const status = fc.record(
  {
    replicas: members,
    state: fc.constantFrom('up', 'down'),
    conditions: fc.array(fc.record({ type: fc.constantFrom('x', 'y'), status: fc.constantFrom('True', 'False') }), {
      minLength: 1,
      maxLength: 2,
    }),
  },
  { requiredKeys: ['state'] },
);

const by = (manager: string) => ({ fieldManager: manager });
const manager = fc.constantFrom('ann', 'bob', 'cid');
/** Others: 1.20 does not tell what somebody owns through a subresource from what they own otherwise. */
const observer = fc.constantFrom('dan', 'eve');
const its = { apiVersion, kind };

const create = fc.tuple(manager, metadata, spec).map(
  ([who, meta, wanted]): Request => ({
    method: 'POST',
    query: by(who),
    body: { ...its, metadata: { ...meta, name }, spec: wanted },
  }),
);

const apply = fc
  .record({
    who: manager,
    observing: observer,
    meta: metadata,
    wanted: fc.oneof(spec, partOfSpec),
    force: fc.boolean(),
    status: fc.nat(5),
    seen: status,
  })
  .map(({ who, observing, meta, wanted, force, status: door, seen }): Request => {
    const onlyStatus = door === 0;
    return {
      method: 'PATCH',
      name,
      ...(onlyStatus && { subresource: 'status' }),
      type: 'application/apply-patch+yaml',
      query: { ...by(onlyStatus ? observing : who), force: String(force) },
      body: onlyStatus
        ? { ...its, metadata: { name }, status: seen }
        : { ...its, metadata: { ...meta, name }, spec: wanted },
    };
  });

const update = fc.tuple(manager, metadata, spec).map(
  ([who, meta, wanted]): Request => ({
    method: 'PUT',
    name,
    query: by(who),
    onTopOfLive: true,
    revision: 'current',
    body: { ...its, metadata: { name, labels: undefined, ...meta }, spec: wanted },
  }),
);

const updateStatus = fc.tuple(observer, status).map(
  ([who, seen]): Request => ({
    method: 'PUT',
    name,
    subresource: 'status',
    query: by(who),
    onTopOfLive: true,
    revision: 'current',
    body: { ...its, metadata: { name }, status: seen },
  }),
);

const orNull = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null, freq: 3 });
const mergePatch = fc
  .record({
    who: manager,
    spec: fc.record(
      {
        app,
        replicas: orNull(fields.replicas),
        mode: orNull(fields.mode),
        roles: orNull(fields.roles),
        tags: orNull(fields.tags),
      },
      { requiredKeys: [] },
    ),
    metadata: fc.record(
      {
        labels: orNull(labels),
        annotations: orNull(labels),
        finalizers: orNull(fc.constant(['example.com/a'])),
      },
      { requiredKeys: [] },
    ),
  })
  .map(
    ({ who, ...body }): Request => ({
      method: 'PATCH',
      name,
      type: 'application/merge-patch+json',
      query: by(who),
      body,
    }),
  );

/** What `replace` does not find, 1.20 adds. */
const operation = fc.oneof(
  fc.record({ op: fc.constant('replace'), path: fc.constant('/spec/app'), value: app }),
  fc.record({ op: fc.constant('add'), path: fc.constant('/spec/mode'), value: fields.mode }),
  fc.record({ op: fc.constant('add'), path: fc.constant('/spec/tags'), value: fields.tags }),
  fc.record({ op: fc.constant('add'), path: fc.constant('/spec/roles/-'), value: role }),
  fc.record({
    op: fc.constant('remove'),
    path: fc.constantFrom('/spec/mode', '/spec/tags/0', '/spec/roles/0', '/metadata/labels/l'),
  }),
  fc.record({ op: fc.constant('test'), path: fc.constant('/spec/mode'), value: fields.mode }),
);
const jsonPatch = fc
  .tuple(manager, fc.array(operation, { minLength: 1, maxLength: 3 }))
  .map(
    ([who, body]): Request => ({ method: 'PATCH', name, type: 'application/json-patch+json', query: by(who), body }),
  );

const forget = manager.map(
  (who): Request => ({
    method: 'PATCH',
    name,
    type: 'application/merge-patch+json',
    query: by(who),
    body: { metadata: { managedFields: [{}] } },
  }),
);

const remove = fc.constant<Request>({ method: 'DELETE', name });

const step = fc.oneof(
  { weight: 8, arbitrary: apply },
  { weight: 3, arbitrary: update },
  { weight: 3, arbitrary: mergePatch },
  { weight: 2, arbitrary: jsonPatch },
  { weight: 2, arbitrary: updateStatus },
  { weight: 1, arbitrary: forget },
  { weight: 1, arbitrary: create },
  { weight: 1, arbitrary: remove },
);

export const writersStories: fc.Arbitrary<readonly Request[]> = fc
  .tuple(fc.oneof(create, apply), fc.array(step, { minLength: 1, maxLength: 8, size: 'max' }))
  .map(([first, others]) => [first, ...others]);
