/**
 * Errors: each is a Status with reason, code and details; and what is no client's fault is said in few words, while the server goes on.
 */
import { request } from 'node:https';
import { expect } from 'chai';
import type { Authorizer } from '../../../apiserver/auth/authorizer.ts';
import type { Resource } from '../../../apiserver/registry/resource.ts';
import { faultText } from '../../../openapi/machinery/field.ts';
import { StorageError } from '../../../storage/errors.ts';
import { MemoryStore } from '../../../storage/memory.ts';
import {
  fixtureGroup,
  fixtureKind,
  fixtureKinds,
  fixtureObject,
  fixturePlural,
  fixturesPath,
} from '../../make/fixture-kind.ts';
import type { Answer, TestServer } from '../serving.ts';
import { startFixtureServer } from './fixture-server.ts';
import { apply, json, merge, writingTo, yaml } from './writing.ts';

const resource = `${fixturePlural}.${fixtureGroup}`;

/** Allows what no test is about. */
const authorizer: Authorizer = {
  authorize: ({ user }) => {
    if (user.name === 'broken') throw new Error('the reviewer at 10.0.0.1 cannot be reached');
    if (user.name === 'judged') return { verdict: 'none', reason: 'RBAC: role "x" not found' };
    return { verdict: user.name === 'bob' ? 'allow' : 'none' };
  },
};

describe('an error', () => {
  let server: TestServer;
  before(async () => {
    server = await startFixtureServer({ authorizer });
  });
  after(() => server.stop());
  const { ask, make, patch } = writingTo(() => server);

  const statusOf = ({ body, code }: Answer, reason: string, message: string | RegExp, details?: unknown) => {
    expect(body).to.include({ kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, code });
    expect(body.metadata).to.deep.equal({});
    if (typeof message === 'string') expect(body.message).to.equal(message);
    else expect(body.message).to.match(message);
    if (details === undefined) expect(body).not.to.have.property('details');
    else expect(body.details).to.deep.equal(details);
  };
  const about = (name: string) => ({ name, group: fixtureGroup, kind: fixturePlural });

  it('is a Status whose code is that of the answer, and tells resource or kind (K-353, K-354, K-355)', async () => {
    const { path, name } = await make();
    statusOf(await ask(`${fixturesPath}?limit=x`), 'BadRequest', /^strconv/);
    statusOf(await ask(`${fixturesPath}/none`), 'NotFound', `${resource} "none" not found`, about('none'));
    statusOf(await ask('/apis/kubedirector.bluedata.io/v1beta1/nope'), 'NotFound', /could not find/, {});
    statusOf(await ask(fixturesPath, { method: 'PUT' }), 'MethodNotAllowed', /does not allow this method/, {});
    statusOf(await ask(fixturesPath, { accept: 'a/b' }), 'NotAcceptable', /^only the following/);
    statusOf(
      await ask(fixturesPath, { body: fixtureObject(name) }),
      'AlreadyExists',
      `${resource} "${name}" already exists`,
      about(name),
    );
    statusOf(
      await patch(path, { metadata: { resourceVersion: '1' } }),
      'Conflict',
      /^Operation cannot be fulfilled/,
      about(name),
    );
    statusOf(
      await ask(fixturesPath, { body: 'x'.repeat(3_200_000) }),
      'RequestEntityTooLarge',
      'Request entity too large: limit is 3145728',
    );
    statusOf(await ask(fixturesPath, { body: 'x', type: 'a/b' }), 'UnsupportedMediaType', /^the body of the request/);
    const { body } = await patch(path, { spec: { mode: 'q' } });
    expect(body.details).to.deep.include({ name, group: fixtureGroup, kind: fixtureKind });
  });

  it('of too large a body is the same for every verb that has one (K-012, K-348, K-373)', async () => {
    const { path } = await make();
    const body = `{"a":"${'x'.repeat(3_145_728)}"}`;
    for (const [method, at, type] of [
      ['POST', fixturesPath, json],
      ['PUT', path, json],
      ['PATCH', path, merge],
      ['PATCH', `${path}?fieldManager=m`, apply],
      ['DELETE', path, json],
      ['DELETE', fixturesPath, json],
      ['PUT', `${path}/scale`, yaml],
    ] as const)
      statusOf(
        await ask(at, { method, type, body }),
        'RequestEntityTooLarge',
        'Request entity too large: limit is 3145728',
      );
  });

  it('of an apply that conflicts has nothing but causes (K-371)', async () => {
    const { path, name } = await make();
    const applied = await ask(`${path}?fieldManager=m`, {
      method: 'PATCH',
      type: apply,
      body: fixtureObject(name, { app: 'other' }),
    });
    expect(applied.code).to.equal(409);
    expect(applied.body.reason).to.equal('Conflict');
    expect(applied.body.details).to.have.all.keys('causes');
    expect(applied.body.details.causes[0]).to.deep.include({ reason: 'FieldManagerConflict', field: '.spec.app' });
  });

  it('of many faults has a cause for each (K-375)', async () => {
    const { code, body } = await ask(fixturesPath, { body: fixtureObject('x', { mode: 'q', replicas: -1 }) });
    expect(code).to.equal(422);
    expect(body.reason).to.equal('Invalid');
    for (const { field, reason, message } of body.details.causes) {
      expect(reason).to.match(/^FieldValue/);
      expect(body.message).to.contain(`${field}: ${message}`);
    }
    expect(body.details.causes).to.have.length(2);
  });

  it('that says when to come back says so twice (K-357)', async () => {
    const { headers, body } = await ask(`${fixturesPath}/x?resourceVersion=99999999`);
    expect(headers['retry-after']).to.equal(String(body.details.retryAfterSeconds));
  });

  it('of a fault that no reader can be blamed for is called internal (K-395)', () => {
    expect(faultText({ reason: 'InternalError', field: 'spec', message: 'Internal error: x' })).to.equal(
      'spec: Internal error: x',
    );
  });

  describe('that refuses a right', () => {
    const wanted = `in API group "${fixtureGroup}"`;
    for (const [path, message] of [
      [
        `${fixturesPath}/n`,
        `${resource} "n" is forbidden: User "eve" cannot get resource "${fixturePlural}" ${wanted} in the namespace "default"`,
      ],
      [
        fixturesPath,
        `${resource} is forbidden: User "eve" cannot list resource "${fixturePlural}" ${wanted} in the namespace "default"`,
      ],
      [
        `/apis/${fixtureGroup}/v1beta1/${fixturePlural}`,
        `${resource} is forbidden: User "eve" cannot list resource "${fixturePlural}" ${wanted} at the cluster scope`,
      ],
      [
        `${fixturesPath}/n/scale`,
        `${resource} "n" is forbidden: User "eve" cannot get resource "${fixturePlural}/scale" ${wanted} in the namespace "default"`,
      ],
      ['/metrics', 'forbidden: User "eve" cannot get path "/metrics"'],
    ] as const)
      it(`to ${path} names user, verb, resource and place (K-402, K-403)`, async () => {
        const { code, body } = await (await server.as('eve')).ask(path);
        expect(code).to.equal(403);
        expect(body).to.include({ reason: 'Forbidden', message });
      });

    it('ends with what the reviewer said, and escapes what users chose (K-403, K-404)', async () => {
      const { body } = await (await server.as('judged')).ask(`${fixturesPath}/n`);
      expect(body.message).to.match(/ in the namespace "default": RBAC: role "x" not found$/);
      const { body: escaped } = await (await server.as('<eve>')).ask(`${fixturesPath}/n`);
      expect(escaped.message).to.contain('User "&lt;eve&gt;" cannot');
    });

    it('because nobody can say is 500 in plain text, and no more (K-359, K-380)', async () => {
      const { code, headers, text } = await (await server.as('broken')).ask(fixturesPath);
      expect(code).to.equal(500);
      expect(headers['content-type']).to.equal('text/plain; charset=utf-8');
      expect(text).to.equal(`Internal Server Error: "${fixturesPath}": the authorizer failed`);
    });

    it('by admission reads like the others (K-405)', async () => {
      const bob = await server.as('bob');
      const { body } = await bob.ask(fixturesPath.replace('default', 'ending'), { body: fixtureObject('x') });
      expect(body.message).to.match(
        new RegExp(`^${resource.replaceAll('.', '\\.')} "x" is forbidden: unable to create`),
      );
      expect(body.details).to.deep.include(about('x'));
    });

    it('to impersonate is said before anything else is done (K-096)', async () => {
      const { code, body } = await (await server.as('eve')).ask(fixturesPath, {
        headers: { 'impersonate-user': 'admin' },
      });
      expect(code).to.equal(403);
      expect(body.message).to.contain('cannot impersonate resource "users"');
    });
  });

  it('of YAML that would expand to everything comes at once (K-351)', async () => {
    const levels = Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(',')}]`);
    const body = [`a0: &a0 x`, ...levels].join('\n');
    const { code, body: status } = await ask(fixturesPath, { body, type: yaml });
    expect(code).to.equal(400);
    expect(status.message).to.contain('the document expands to too many values');
  });

  for (const [version, why] of [
    ['abc', 'invalid syntax'],
    ['-1', 'invalid syntax'],
    ['18446744073709551616', 'value out of range'],
    ['9'.repeat(5000), 'value out of range'],
  ] as const)
    it(`of a get at what is no revision is the client’s: ${version.slice(0, 20)} (K-172)`, async () => {
      statusOf(
        await ask(`${fixturesPath}/x?resourceVersion=${version}`),
        'BadRequest',
        `resourceVersion: Invalid value: "${version}": strconv.ParseUint: parsing "${version}": ${why}`,
      );
    });

  it('of a get at the last revision there can be is that it does not come (K-171)', async () => {
    const { code, body } = await ask(`${fixturesPath}/x?resourceVersion=18446744073709551615`);
    expect([code, body.reason]).to.deep.equal([504, 'Timeout']);
  });

  it('does not come of many and long headers, of which there may be most of a megabyte (K-576)', async () => {
    const { agent } = await server.rawClient();
    const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
    const headers = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`x-header-${i}`, 'x'.repeat(7000)]));
    request(`${server.url}${fixturesPath}`, { agent, headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
    expect(await promise).to.equal(200);
  });
});

describe('a fault of ours', () => {
  it('ends one request with 500 and few words, and nothing else (K-358, K-359, K-378, K-575)', async () => {
    const faulty = {
      ...fixtureKinds,
      strategy: {
        validate: ({ spec }: { spec?: { mode?: string } }) => {
          if (spec?.mode === 'b') throw new TypeError('secret of /etc/passwd');
          return [];
        },
      },
    };
    const server = await startFixtureServer({ resources: () => [faulty as unknown as Resource] });
    const { code, body, text } = await server.admin.ask(fixturesPath, { body: fixtureObject('x', { mode: 'b' }) });
    expect(code).to.equal(500);
    expect(body).to.include({ kind: 'Status', reason: 'InternalError', code: 500 });
    expect(body.message).to.match(/^Internal error occurred: /);
    expect(text).not.to.contain('secret').and.not.to.contain('passwd');
    expect((await server.admin.ask(fixturesPath, { body: fixtureObject('x') })).code).to.equal(201);
    await server.stop();
  });

  it('of a store that takes no more in one piece is 413, in etcd’s words (K-349)', async () => {
    const kv = new MemoryStore();
    const small = Object.assign(kv, {
      txn: () => Promise.reject(new StorageError('TooLarge', 'etcdserver: request is too large')),
    });
    const server = await startFixtureServer({ kv: small });
    const { code, body } = await server.admin.ask(fixturesPath, { body: fixtureObject('x') });
    expect(code).to.equal(413);
    expect(body.message).to.equal('etcdserver: request is too large');
    await server.stop();
  });
});
