/**
 * Which method on which path means what, for whom that is authorized, and what is said where nothing is.
 */
import { expect } from 'chai';
import type { AuthorizationAttributes, Authorizer } from '../../../apiserver/auth/authorizer.ts';
import { fixtureGroup, fixtureObject, fixturePlural, fixturesPath } from '../../make/fixture-kind.ts';
import type { Ask, TestClient, TestServer } from '../serving.ts';
import { startFixtureServer } from './fixture-server.ts';

const version = `/apis/${fixtureGroup}/v1beta1`;
const everywhere = `${version}/${fixturePlural}`;
const merge = 'application/merge-patch+json';
const notAllowed = 'the server does not allow this method on the requested resource';
const noSuchResource = 'the server could not find the requested resource';

describe('a path', () => {
  let server: TestServer;
  let asked: AuthorizationAttributes[] = [];
  let bob: TestClient;
  /** Remembers what it was asked, and lets only `eve` do nothing. */
  const remembering: Authorizer = {
    authorize: (attributes) => {
      asked.push(attributes);
      return attributes.user.name === 'eve' ? { verdict: 'none' } : { verdict: 'allow' };
    },
  };
  before(async () => {
    server = await startFixtureServer({ authorizer: remembering });
    bob = await server.as('bob');
    await server.admin.ask(fixturesPath, { body: fixtureObject('one') });
  });
  after(() => server.stop());
  beforeEach(() => (asked = []));

  const ask = async (method: string, path: string, options: Ask = {}) => bob.ask(path, { method, ...options });
  const one = `${fixturesPath}/one`;
  const patch = { body: {}, type: merge };

  for (const [row, method, path, verb, subresource, namespace, name, options, code] of [
    ['K-020', 'GET', fixturesPath, 'list', '', 'default', '', {}, 200],
    ['K-020', 'GET', `${fixturesPath}?watch=1&timeoutSeconds=1`, 'watch', '', 'default', '', {}, 200],
    ['K-021', 'POST', `${fixturesPath}?dryRun=All`, 'create', '', 'default', '', { body: fixtureObject('two') }, 201],
    ['K-022', 'DELETE', `${fixturesPath}?dryRun=All`, 'deletecollection', '', 'default', '', {}, 200],
    ['K-023', 'GET', one, 'get', '', 'default', 'one', {}, 200],
    ['K-024', 'PUT', one, 'update', '', 'default', 'one', { body: fixtureObject('one') }, 422],
    ['K-025', 'PATCH', one, 'patch', '', 'default', 'one', patch, 200],
    ['K-026', 'DELETE', `${one}?dryRun=All`, 'delete', '', 'default', 'one', {}, 200],
    ['K-027', 'GET', `${one}/status`, 'get', 'status', 'default', 'one', {}, 200],
    ['K-027', 'PUT', `${one}/status`, 'update', 'status', 'default', 'one', { body: fixtureObject('one') }, 422],
    ['K-027', 'PATCH', `${one}/status`, 'patch', 'status', 'default', 'one', patch, 200],
    ['K-028', 'GET', `${one}/scale`, 'get', 'scale', 'default', 'one', {}, 200],
    ['K-028', 'PUT', `${one}/scale`, 'update', 'scale', 'default', 'one', { body: {} }, 400],
    ['K-028', 'PATCH', `${one}/scale`, 'patch', 'scale', 'default', 'one', patch, 200],
    ['K-029', 'GET', everywhere, 'list', '', '', '', {}, 200],
    ['K-029', 'GET', `${everywhere}?watch=true&timeoutSeconds=1`, 'watch', '', '', '', {}, 200],
    ['K-030', 'GET', `${version}/watch/${fixturePlural}?timeoutSeconds=1`, 'watch', '', '', '', {}, 200],
    [
      'K-030',
      'GET',
      `${version}/watch/namespaces/default/${fixturePlural}/one?timeoutSeconds=1`,
      'watch',
      '',
      'default',
      'one',
      {},
      200,
    ],
  ] as const)
    it(`that is asked to ${method} ${path.slice(version.length)} means ${verb}, and is authorized as that (${row}, K-036, K-038)`, async () => {
      expect((await ask(method, path, options)).code).to.equal(code);
      expect(asked).to.have.length(1);
      expect(asked[0]).to.include({
        ...{ isResource: true, verb, subresource, namespace, name },
        ...{ group: fixtureGroup, version: 'v1beta1', resource: fixturePlural },
      });
    });

  it('of the old sort that names an object tells of that one only (K-030, K-205)', async () => {
    await server.admin.ask(fixturesPath, { body: fixtureObject('other') });
    const path = `${version}/watch/namespaces/default/${fixturePlural}/one`;
    const events = await bob.watch(`${path}?timeoutSeconds=1`, () => false);
    expect(events.map(({ object }) => object.metadata.name)).to.deep.equal(['one']);
    const { code, body } = await bob.ask(`${path}?fieldSelector=metadata.name%3Dother`);
    expect(code).to.equal(400);
    expect(body.message).to.equal("fieldSelector metadata.name doesn't match requested name");
  });

  for (const [watch, verb] of [
    ['bogus', 'watch'],
    ['', 'watch'],
    ['1', 'watch'],
    ['false', 'list'],
    ['False', 'list'],
    ['0', 'list'],
  ] as const)
    it(`with watch=${watch} is a ${verb} (K-036)`, async () => {
      await ask('GET', `${fixturesPath}?timeoutSeconds=1&watch=${watch}`);
      expect(asked[0]?.verb).to.equal(verb);
    });

  for (const [selector, name] of [
    ['metadata.name=one', 'one'],
    ['metadata.name=one,metadata.namespace=default', 'one'],
    ['metadata.name!=one', ''],
    ['metadata.name=a/b', ''],
    ['metadata.namespace=default', ''],
  ] as const)
    it(`that selects by ${selector} is authorized for ${name || 'no'} name (K-037)`, async () => {
      const query = `fieldSelector=${encodeURIComponent(selector)}`;
      await ask('GET', `${fixturesPath}?${query}`);
      await ask('GET', `${fixturesPath}?watch=1&timeoutSeconds=1&${query}`);
      expect(asked.map((attributes) => attributes.name)).to.deep.equal([name, name]);
    });

  it('has its namespace from itself, whatever the body says (K-038)', async () => {
    const { code } = await ask('POST', fixturesPath, { body: fixtureObject('x', {}, { namespace: 'other' }) });
    expect(code).to.equal(400);
    expect(asked[0]?.namespace).to.equal('default');
  });

  for (const [method, path, row] of [
    ['PUT', fixturesPath, 'K-676'],
    ['PATCH', fixturesPath, 'K-676'],
    ['OPTIONS', fixturesPath, 'K-676'],
    ['HEAD', fixturesPath, 'K-676'],
    ['HEAD', `${fixturesPath}?watch=1`, 'K-676'],
    ['HEAD', one, 'K-031'],
    ['HEAD', `${one}/status`, 'K-031'],
    ['OPTIONS', one, 'K-031'],
    ['POST', one, 'K-031'],
    ['POST', everywhere, 'K-677'],
    ['DELETE', everywhere, 'K-677'],
    ['PUT', everywhere, 'K-031'],
    ['POST', `${one}/status`, 'K-031'],
    ['DELETE', `${one}/status`, 'K-031'],
    ['DELETE', `${one}/scale`, 'K-031'],
    ['POST', `${one}/scale`, 'K-031'],
    ['HEAD', `${one}/scale`, 'K-031'],
    ['POST', `${version}/watch/${fixturePlural}`, 'K-031'],
    ['DELETE', `${version}/watch/namespaces/default/${fixturePlural}`, 'K-031'],
    ['POST', '/apis', 'K-031'],
    ['PUT', version, 'K-031'],
    ['HEAD', version, 'K-031'],
    ['DELETE', '/version', 'K-031'],
  ] as const)
    it(`takes no ${method} if it is ${path} (${row})`, async () => {
      const { code, text, body } = method === 'HEAD' ? await headOf(path) : await ask(method, path, {});
      expect(code).to.equal(405);
      if (method === 'HEAD') expect(text).to.equal('');
      else
        expect(body).to.deep.equal({
          ...{ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure' },
          ...{ message: notAllowed, reason: 'MethodNotAllowed', details: {}, code: 405 },
        });
      expect(asked).to.have.length(1);
    });

  const headOf = async (path: string) => {
    const { code, text } = await ask('HEAD', path);
    return { code, text, body: undefined };
  };

  for (const path of [
    `${version}/nope`,
    `${version}/namespaces/default/nope`,
    `${version}/namespaces/default/nope/x`,
    `${one}/nope`,
    `${one}/status/deeper`,
    `${version}/watch/nope`,
  ])
    it(`to a resource that is not served, ${path.slice(version.length)}, is 404 in the words that kubectl knows (K-032, K-364, K-675)`, async () => {
      const { code, body } = await ask('GET', path);
      expect(code).to.equal(404);
      expect(body).to.deep.equal({
        ...{ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure' },
        ...{ message: noSuchResource, reason: 'NotFound', details: {}, code: 404 },
      });
    });

  for (const path of [
    '/nope',
    '/apis/nope.example.com',
    '/apis/nope.example.com/v1',
    '/apis/nope.example.com/v1/things',
    `/apis/${fixtureGroup}/v9`,
    `/apis/${fixtureGroup}/v9/${fixturePlural}`,
    '/api/v9/pods',
    '/openapi/v3/apis/nope/v1',
    '/livez/nope',
  ])
    it(`to nothing at all, ${path}, is 404 in plain text (K-033, K-366)`, async () => {
      const { code, headers, text } = await ask('GET', path);
      expect(code).to.equal(404);
      expect(headers['content-type']).to.equal('text/plain; charset=utf-8');
      expect(text).to.equal('404 page not found\n');
    });

  it('that is the root lists the others, in order and for people to read (K-034)', async () => {
    const { text, body } = await ask('GET', '/');
    expect(body.paths).to.include.members(['/apis', version, '/livez', '/openapi/v2', '/openapi/v3', '/version']);
    expect(body.paths).to.deep.equal([...body.paths].sort());
    expect(text).to.contain('\n    "/apis"');
  });

  it('to nothing is 403 for those who may not know that (K-035)', async () => {
    const eve = await server.as('eve');
    for (const path of [
      '/nope',
      `${version}/nope`,
      `${one}/nope`,
      `/apis/${fixtureGroup}/v9/x`,
      `${fixturesPath}/none`,
    ])
      expect((await eve.ask(path)).code, path).to.equal(403);
    expect((await eve.ask(fixturesPath, { method: 'PUT' })).code).to.equal(403);
  });
});
