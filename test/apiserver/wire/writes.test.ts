/**
 * What all writes have in common: in which order they may be refused, dry runs, writes that change nothing, and what of metadata is the
 * server's.
 */
import { expect } from 'chai';
import { MemoryStore } from '../../../storage/memory.ts';
import { fixtureGroup, fixtureObject, fixturePlural, fixturesPath } from '../../make/fixture-kind.ts';
import type { Answer, Ask, TestServer } from '../serving.ts';
import { startFixtureServer } from './fixture-server.ts';
import { apply, jsonPatch, merge, writingTo } from './writing.ts';

const never = new AbortController().signal;

describe('a write', () => {
  let kv: MemoryStore;
  let server: TestServer;
  before(async () => {
    kv = new MemoryStore();
    server = await startFixtureServer({
      kv,
      // bob may do anything but patch, and in no way create.
      authorizer: {
        authorize: ({ user, verb }) => ({ verdict: user.name === 'bob' && verb === 'patch' ? 'allow' : 'none' }),
      },
    });
  });
  after(() => server.stop());
  const { ask, make, patch, put } = writingTo(() => server);

  describe('is refused by the first of its stages (K-135):', () => {
    const broken = (extra: object = {}) => ({ ...fixtureObject('x', { app: 5 }), ...extra });
    const nowhere = fixturesPath.replace('default', 'nonesuch');
    for (const [title, who, path, options, code] of [
      ['who', 'stranger', `${nowhere}?dryRun=Some`, { body: 'no', type: 'a/b', accept: 'a/b' }, 401],
      ['may they', 'carol', `${nowhere}?dryRun=Some`, { body: 'no', type: 'a/b', accept: 'a/b' }, 403],
      [
        'is there such a resource',
        'admin',
        '/apis/kubedirector.bluedata.io/v1beta1/nope',
        { body: 'no', accept: 'a/b' },
        404,
      ],
      ['what may the answer be', 'admin', `${nowhere}?dryRun=Some`, { body: 'no', type: 'a/b', accept: 'a/b' }, 406],
      ['what is the body', 'admin', `${nowhere}?dryRun=Some`, { body: 'no', type: 'a/b' }, 415],
      ['is it too large', 'admin', `${nowhere}?dryRun=Some`, { body: 'x'.repeat(3_200_000) }, 413],
      ['are the options allowed', 'admin', `${nowhere}?dryRun=Some`, { body: 'no' }, 422],
      ['can the body be read', 'admin', nowhere, { body: 'no' }, 400],
      ['is it of this kind', 'admin', nowhere, { body: broken({ apiVersion: 'apps/v1' }) }, 400],
      ['is there such a namespace', 'admin', nowhere, { body: broken() }, 404],
      [
        'is it valid',
        'admin',
        fixturesPath,
        { body: { ...broken(), metadata: { name: 'x', resourceVersion: '1' } } },
        422,
      ],
      [
        'is it new',
        'admin',
        fixturesPath,
        { body: { ...fixtureObject('x'), metadata: { name: 'x', resourceVersion: '1' } } },
        400,
      ],
    ] as const)
      it(`${title}? ${code}`, async () => {
        const client =
          who === 'stranger' ? await server.asStranger(true) : who === 'admin' ? server.admin : await server.as(who);
        expect((await client.ask(path, options)).code).to.equal(code);
      });

    for (const [title, change, code] of [
      ['is the name that of the path', { name: 'other' }, 400],
      ['is it there', { name: 'gone' }, 404],
      ['is it the same object', { uid: 'other', resourceVersion: 'abc' }, 409],
      ['is there a resourceVersion', { resourceVersion: '' }, 422],
      ['is that one at all', { resourceVersion: 'abc' }, 400],
      ['is it the newest', { resourceVersion: '1' }, 409],
      ['is it valid', {}, 422],
    ] as const)
      it(`of an update: ${title}? ${code}`, async () => {
        const { path, object } = await make();
        const metadata = { ...object.metadata, ...change };
        const at = 'name' in change && change.name === 'gone' ? `${fixturesPath}/gone` : path;
        const { code: got, text } = await put(at, { ...object, metadata, spec: { app: 5 } });
        expect(got, text).to.equal(code);
      });
  });

  describe('in a dry run', () => {
    it('answers as if it had been, and nobody else ever hears of it, by any verb (K-138, K-139, K-299, K-302)', async () => {
      const { path, name, object } = await make({}, { finalizers: ['a.b/c'] });
      const revision = await kv.currentRevision(never);
      const dry = (at: string, options: Ask) => ask(`${at}${at.includes('?') ? '&' : '?'}dryRun=All`, options);
      const desired = { ...object, spec: { ...object.spec, mode: 'b' } };

      const created = await dry(fixturesPath, { body: fixtureObject('dry') });
      expect(created.code).to.equal(201);
      expect(created.body.metadata)
        .to.include.keys('uid', 'creationTimestamp')
        .and.not.to.have.property('resourceVersion');
      for (const [title, at, options] of [
        ['put', path, { method: 'PUT', body: desired }],
        ['merge', path, { method: 'PATCH', body: { spec: { mode: 'b' } }, type: merge }],
        ['json', path, { method: 'PATCH', body: [{ op: 'add', path: '/spec/mode', value: 'b' }], type: jsonPatch }],
        ['apply', `${path}?fieldManager=m`, { method: 'PATCH', body: fixtureObject(name, { mode: 'b' }), type: apply }],
      ] as const) {
        const { code, body } = await dry(at, options);
        expect(code, title).to.equal(200);
        expect(body.spec.mode, title).to.equal('b');
        expect(body.metadata.generation, title).to.equal(2);
        expect(body.metadata.resourceVersion, title).to.equal(object.metadata.resourceVersion);
      }
      expect(
        (await dry(`${path}/status`, { method: 'PUT', body: { ...object, status: { state: 'x' } } })).body.status,
      ).to.deep.equal({ state: 'x' });
      expect(
        (await dry(`${path}/scale`, { method: 'PATCH', body: { spec: { replicas: 9 } }, type: merge })).body.spec
          .replicas,
      ).to.equal(9);
      const marked = await dry(path, { method: 'DELETE' });
      expect(marked.body.metadata).to.include.keys('deletionTimestamp');
      expect((await dry(fixturesPath, { method: 'DELETE' })).body.items).not.to.deep.equal([]);
      const applied = await dry(`${fixturesPath}/dry?fieldManager=m`, {
        method: 'PATCH',
        body: fixtureObject('dry'),
        type: apply,
      });
      expect(applied.code).to.equal(201);

      expect(await kv.currentRevision(never)).to.equal(revision);
      expect((await ask(path)).body).to.deep.equal(object);
    });

    it('may be asked for in the body of a delete, which makes the query void (K-289)', async () => {
      const { path } = await make();
      const body = { kind: 'DeleteOptions', apiVersion: 'v1', dryRun: ['All'] };
      expect((await ask(path, { method: 'DELETE', body })).code).to.equal(200);
      expect((await ask(path)).code).to.equal(200);
      expect((await ask(`${path}?dryRun=All`, { method: 'DELETE', body: {} })).code).to.equal(200);
      expect((await ask(path)).code).to.equal(404);
    });

    it('is refused as it would be (K-138)', async () => {
      const { path, name } = await make();
      expect((await ask(`${fixturesPath}?dryRun=All`, { body: fixtureObject(name) })).code).to.equal(409);
      expect(
        (await ask(`${path}?dryRun=All`, { method: 'PATCH', body: { spec: { mode: 'q' } }, type: merge })).code,
      ).to.equal(422);
      expect((await ask(`${fixturesPath}/none?dryRun=All`, { method: 'DELETE' })).code).to.equal(404);
    });
  });

  describe('that changes nothing', () => {
    it('moves nothing: no revision, no event, no time, by any verb (K-241, K-262)', async () => {
      const { path, name } = await make({ mode: 'a' }, { labels: { a: 'b' } });
      const configuration = fixtureObject(name, { mode: 'a' });
      await ask(`${path}?fieldManager=m`, { method: 'PATCH', body: configuration, type: apply });
      await put(`${path}/status`, { ...(await ask(path)).body, status: { state: 'x' } });
      const { body: object } = await ask(path);
      const revision = await kv.currentRevision(never);
      for (const answer of [
        await put(path, object),
        await put(path, {
          ...object,
          metadata: { ...object.metadata, generation: 99, creationTimestamp: null, selfLink: '/x' },
        }),
        await put(path, { ...object, status: { state: 'ignored' } }),
        await put(`${path}/status`, object),
        await put(`${path}/status`, { ...object, spec: { app: 'ignored' } }),
        await patch(path, {}),
        await patch(path, { metadata: { labels: { a: 'b' } } }),
        await patch(path, [], jsonPatch),
        await patch(path, [{ op: 'test', path: '/spec/mode', value: 'a' }], jsonPatch),
        await patch(path, { spec: { replicas: null } }),
        await ask(`${path}?fieldManager=m`, { method: 'PATCH', body: configuration, type: apply }),
      ]) {
        expect(answer.code, answer.text).to.equal(200);
        expect(answer.body).to.deep.equal(object);
      }
      expect((await patch(`${path}/scale`, { spec: { replicas: 1 } })).code).to.equal(200);
      expect(await kv.currentRevision(never)).to.equal(revision);
    });
  });

  describe('leaves to the server', () => {
    it('uid, times and generation (K-160, K-236, K-337, K-338, K-342, K-343, K-344)', async () => {
      const said = {
        uid: '11111111-1111-4111-8111-111111111111',
        creationTimestamp: '2001-01-01T00:00:00Z',
        deletionTimestamp: '2001-01-01T00:00:00Z',
        deletionGracePeriodSeconds: 5,
        generation: -7,
        selfLink: '/x',
      };
      const { path, object } = await make({}, said);
      expect(object.metadata).to.have.all.keys(
        ...['name', 'namespace', 'uid', 'resourceVersion', 'generation', 'creationTimestamp', 'managedFields'],
      );
      expect(object.metadata.uid).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(object.metadata.uid).not.to.equal(said.uid);
      expect(object.metadata.creationTimestamp)
        .to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
        .and.not.to.contain('2001');
      expect(object.metadata.generation).to.equal(1);
      const { uid: _, deletionTimestamp: _1, deletionGracePeriodSeconds: _2, ...rest } = said;
      const { resourceVersion } = object.metadata;
      const { body } = await put(path, {
        ...object,
        metadata: { ...rest, name: object.metadata.name, resourceVersion },
      });
      expect(body).to.deep.equal(object);
    });

    it('the resourceVersion, a whole number that grows with every write of any object (K-340, K-341)', async () => {
      const versions: number[] = [];
      const note = ({ body }: Answer): void => {
        const { resourceVersion } = body.metadata;
        expect(resourceVersion).to.match(/^[1-9]\d*$/);
        versions.push(Number(resourceVersion));
      };
      const [one, other] = [await make(), await make()];
      note(await patch(one.path, { spec: { mode: 'a' } }));
      note(await patch(other.path, { spec: { mode: 'a' } }));
      note(await put(`${one.path}/status`, { ...(await ask(one.path)).body, status: { state: 'x' } }));
      note(await patch(one.path, { spec: { mode: 'b' } }));
      expect(versions).to.deep.equal([...versions].sort((a, b) => a - b));
      expect(new Set(versions).size).to.equal(4);
      const { body: list } = await ask(fixturesPath);
      expect(Number(list.metadata.resourceVersion)).to.be.at.least(versions.at(-1)!);
    });

    for (const [title, change, field] of [
      ['deletionTimestamp', { deletionTimestamp: '2030-01-01T00:00:00Z' }, 'metadata.deletionTimestamp'],
      ['deletionGracePeriodSeconds', { deletionGracePeriodSeconds: 7 }, 'metadata.deletionGracePeriodSeconds'],
    ] as const)
      it(`${title}, which no update may change (K-237)`, async () => {
        const { path, object } = await make();
        const { code, body } = await put(path, { ...object, metadata: { ...object.metadata, ...change } });
        expect(code).to.equal(422);
        expect(body.details.causes).to.deep.include({
          reason: 'FieldValueInvalid',
          message: `Invalid value: ${JSON.stringify(Object.values(change)[0])}: field is immutable`,
          field,
        });
      });

    it('the counting of generations, which metadata and status do not advance (K-238)', async () => {
      const { path } = await make();
      const generation = async (change: Promise<Answer>): Promise<number> => {
        expect((await change).code).to.equal(200);
        return (await ask(path)).body.metadata.generation;
      };
      expect(await generation(patch(path, { metadata: { labels: { a: 'b' }, finalizers: ['a.b/c'] } }))).to.equal(1);
      expect(await generation(put(`${path}/status`, { ...(await ask(path)).body, status: { state: 'x' } }))).to.equal(
        1,
      );
      expect(await generation(patch(path, { spec: { mode: 'a' } }))).to.equal(2);
      expect(await generation(patch(`${path}/scale`, { spec: { replicas: 3 } }))).to.equal(3);
      expect(await generation(patch(`${path}/scale`, { spec: { replicas: 3 } }))).to.equal(3);
      expect(await generation(ask(path, { method: 'DELETE' }))).to.equal(4);
      expect(await generation(ask(path, { method: 'DELETE' }))).to.equal(4);
    });
  });

  it('brings defaults back where there is a null (K-239)', async () => {
    const { path } = await make({ replicas: 7 });
    expect((await patch(path, { spec: { replicas: null } })).body.spec.replicas).to.equal(1);
  });

  it('of metadata sees unknown fields as any others (K-346)', async () => {
    const { path } = await make();
    const { warnings, body } = await patch(path, { metadata: { clusterName: 'x' } });
    expect(warnings).to.deep.equal(['299 - "unknown field \\"metadata.clusterName\\""']);
    expect(body.metadata).not.to.have.property('clusterName');
  });

  it('of an object is judged by the status where that is written, and nowhere else (K-240, K-308)', async () => {
    const { path, object } = await make();
    expect((await put(path, { ...object, status: { replicas: 'x' } })).code).to.equal(200);
    expect((await put(`${path}/status`, { ...object, spec: { app: 5 }, status: { state: 'x' } })).code).to.equal(200);
    const { code, body } = await patch(`${path}/status`, { status: { replicas: 'x' } });
    expect(code).to.equal(422);
    expect(body.details.causes[0].field).to.equal('status.replicas');
    expect(
      (await ask(fixturesPath, { body: { ...fixtureObject('judged'), status: { replicas: 'x' } } })).code,
    ).to.equal(201);
  });

  it('of a status follows the rules for resourceVersion, uid and name (K-234)', async () => {
    const { path, object } = await make();
    const status = (metadata: object) =>
      put(`${path}/status`, { ...object, metadata: { ...object.metadata, ...metadata }, status: { state: 'x' } });
    expect((await status({ resourceVersion: undefined })).code).to.equal(422);
    expect((await status({ resourceVersion: '1' })).code).to.equal(409);
    expect((await status({ uid: 'other' })).code).to.equal(409);
    expect((await status({ name: 'other' })).code).to.equal(400);
    expect((await status({})).code).to.equal(200);
  });

  it('by apply of what is not there needs the right to create, too (K-261, K-430)', async () => {
    const bob = await server.as('bob');
    const { path, name } = await make();
    const applied = (at: string, as: string) =>
      bob.ask(`${at}?fieldManager=bob&force=true`, { method: 'PATCH', body: fixtureObject(as), type: apply });
    expect((await applied(path, name)).code).to.equal(200);
    const { code, body } = await applied(`${fixturesPath}/new`, 'new');
    expect(code).to.equal(403);
    expect(body.message).to.equal(
      `${fixturePlural}.${fixtureGroup} "new" is forbidden: User "bob" cannot create resource "${fixturePlural}" in API group "${fixtureGroup}" in the namespace "default"`,
    );
  });

  it('with a generated name that is never free gives up in the end, and says when to try again (K-162, K-163)', async () => {
    // A store in which whatever is looked for is there already.
    const full = new MemoryStore();
    let tries = 0;
    const crowded = await startFixtureServer({
      kv: Object.assign(full, {
        txn: async (request: { otherwise?: readonly string[] }) => {
          tries += 1;
          const current = [{ key: 'k', value: Buffer.from('{"metadata":{}}'), revision: 1, createRevision: 1 }];
          return { succeeded: false, revision: 1, current: request.otherwise ? current : [] };
        },
      }),
    });
    const body = { ...fixtureObject(''), metadata: { generateName: 'g-' } };
    const { code, headers, body: status } = await crowded.admin.ask(fixturesPath, { body });
    expect(code).to.equal(409);
    expect(tries).to.equal(8);
    expect(headers['retry-after']).to.equal('1');
    expect(status.reason).to.equal('AlreadyExists');
    expect(status.details.retryAfterSeconds).to.equal(1);
    expect(status.message).to.match(
      /"g-.{5}" already exists, the server was not able to generate a unique name for the object$/,
    );
    await crowded.stop();
  });

  for (const [title, metadata, name] of [
    ['a prefix of any length', { generateName: 'x'.repeat(250) }, /^x{58}[bcdfghjklmnpqrstvwxz2456789]{5}$/],
    ['a name beside it', { name: 'named', generateName: 'g-' }, /^named$/],
  ] as const)
    it(`with ${title} (K-162, K-164)`, async () => {
      const { code, body } = await ask(`${fixturesPath}?dryRun=All`, { body: { ...fixtureObject(''), metadata } });
      expect(code).to.equal(201);
      expect(body.metadata.name).to.match(name);
      expect(body.metadata.generateName).to.equal(metadata.generateName);
    });

  it('with the beginning of no name is told so twice (K-164, K-322)', async () => {
    const { code, body } = await ask(fixturesPath, {
      body: { ...fixtureObject(''), metadata: { generateName: 'G_' } },
    });
    expect(code).to.equal(422);
    const fields = body.details.causes.map(({ field }: { field: string }) => field);
    expect(fields).to.deep.equal(['metadata.generateName', 'metadata.name']);
  });
});

describe('an object that a stricter schema would refuse', () => {
  it('can still be written as long as what is wrong stays as it is, and mended (K-242)', async () => {
    const kv = new MemoryStore();
    const stored = {
      ...fixtureObject(
        'old',
        { mode: 'gone', replicas: 3, roles: [{ members: 1 }, { id: 'b' }] },
        { namespace: 'default', uid: 'u', generation: 1, creationTimestamp: '2020-01-01T00:00:00Z' },
      ),
    };
    const key = `/registry/${fixtureGroup}/${fixturePlural}/default/old`;
    await kv.txn({ when: [], perform: [{ put: key, value: Buffer.from(JSON.stringify(stored)) }] }, never);
    const server = await startFixtureServer({ kv });
    const path = `${fixturesPath}/old`;
    const patch = (body: unknown, at = path, type = merge) => server.admin.ask(at, { method: 'PATCH', body, type });
    try {
      expect((await patch({ metadata: { labels: { a: 'b' } } })).code).to.equal(200);
      expect((await patch({ spec: { replicas: 4 } })).code).to.equal(200);
      expect((await patch({ spec: { replicas: 5 } }, `${path}/scale`)).code).to.equal(200);
      const { body } = await server.admin.ask(path);
      expect(
        (await server.admin.ask(path, { method: 'PUT', body: { ...body, spec: { ...body.spec, app: 'other' } } })).code,
      ).to.equal(200);
      const worse = await patch({ spec: { mode: 'other', roles: [{ members: 2 }, { id: 'b' }] } });
      expect(worse.code).to.equal(422);
      expect(worse.body.details.causes.map(({ field }: { field: string }) => field)).to.have.members([
        'spec.mode',
        'spec.roles[0].id',
      ]);
      expect((await patch({ spec: { mode: 'a' } })).code).to.equal(200);
      expect((await patch({ spec: { mode: 'gone' } })).code).to.equal(422);
      expect((await patch({ spec: { roles: [{ id: 'b' }] } })).code).to.equal(200);
    } finally {
      await server.stop();
    }
  });
});
