/**
 * Discovery, OpenAPI documents, version and health over HTTP: in which form, for how long, and for whom. What the documents say is
 * stated in openapi/document/.
 */
import { createHash } from 'node:crypto';
import { expect } from 'chai';
import type { HealthCheck } from '../../../apiserver/http/health.ts';
import { fixtureGroup, fixturePlural } from '../../make/fixture-kind.ts';
import type { TestClient, TestServer } from '../serving.ts';
import { startFixtureServer } from './fixture-server.ts';

const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const aggregatedBeta = 'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList';
const protobuf = 'application/vnd.kubernetes.protobuf';
const version = `/apis/${fixtureGroup}/v1beta1`;
const document = `/openapi/v3${version}`;
const swagger = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

describe('discovery', () => {
  let server: TestServer;
  /** Somebody whom the front proxy names without groups, as the aggregator asks for discovery and documents (K-084, K-085). */
  let ungrouped: TestClient['ask'];
  before(async () => {
    server = await startFixtureServer({
      authorizer: {
        // What Kubernetes' own role `system:discovery` grants.
        authorize: ({ user, isResource, verb }) => ({
          verdict: !isResource && verb === 'get' && user.groups.includes('system:authenticated') ? 'allow' : 'none',
        }),
      },
    });
    const proxy = await server.asProxy('front-proxy');
    ungrouped = (path, { headers, ...rest } = {}) =>
      proxy.ask(path, { ...rest, headers: { 'X-Remote-User': 'system:aggregator', ...headers } });
  });
  after(() => server.stop());
  const ask: TestClient['ask'] = (path, options) => server.admin.ask(path, options);
  const get = (path: string, accept = '', headers: Record<string, string> = {}) =>
    ask(path, { ...(accept && { accept }), headers });

  for (const [accept, type] of [
    ['', 'application/json'],
    ['*/*', 'application/json'],
    ['application/json', 'application/json'],
    [`${protobuf},application/json`, 'application/json'],
    ['application/json, */*', 'application/json'],
    ['application/yaml', 'application/yaml'],
  ] as const)
    it(`of a version is ${type} for Accept: ${accept || 'nothing'} (K-040, K-082)`, async () => {
      const { code, headers, text } = await get(version, accept);
      expect(code).to.equal(200);
      expect(headers['content-type']).to.equal(type);
      expect(text).to.contain('APIResourceList').and.to.contain(`${fixturePlural}/status`);
    });

  it('is served to the aggregator when it comes as a superuser, and when it comes without groups (K-082, K-084)', async () => {
    const proxy = await server.asProxy('front-proxy');
    const user = { 'X-Remote-User': 'system:kube-aggregator' };
    expect((await proxy.ask(version, { headers: { ...user, 'X-Remote-Group': 'system:masters' } })).code).to.equal(200);
    const { code, headers, body } = await proxy.ask(version, { headers: user, accept: 'application/json' });
    expect(code).to.equal(200);
    expect(headers['content-type']).to.equal('application/json');
    expect(body.kind).to.equal('APIResourceList');
  });

  for (const accept of [
    aggregated,
    `${aggregated},${aggregatedBeta},application/json`,
    `${aggregatedBeta},${aggregated},application/json`,
    `${aggregated};profile=nopeer,application/json;q=0.5`,
    `${protobuf},${aggregated}`,
  ])
    it(`of everything at once has the type that it was asked by, first of ${accept.slice(0, 60)}… (K-050, K-051, K-083, K-673)`, async () => {
      const { code, headers, body } = await get('/apis', accept);
      expect(code).to.equal(200);
      expect(headers).to.include({ 'content-type': aggregated, 'cache-control': 'public', vary: 'Accept' });
      expect(body).to.include({ kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2' });
    });

  it('of everything at once is passed over for a clause that comes before it (K-051)', async () => {
    const { headers, body } = await get('/apis', `application/json,${aggregated}`);
    expect(headers['content-type']).to.equal('application/json');
    expect(body.kind).to.equal('APIGroupList');
  });

  it('in its beta form alone is 406, which sends the aggregator to the documents one by one (K-052, K-674)', async () => {
    const { code, body } = await get('/apis', aggregatedBeta);
    expect(code).to.equal(406);
    expect(body).to.include({ reason: 'NotAcceptable', code: 406 });
  });

  for (const [path, accept, tagIsHash] of [
    ['/apis', aggregated, true],
    [document, '', true],
    ['/openapi/v2', '', true],
    ['/openapi/v2', swagger, false],
    ['/openapi/v3', '', true],
  ] as const)
    it(`gives ${path} an entity tag, and nothing to those who have that already (K-053, K-060, K-069)`, async () => {
      const { headers, text } = await get(path, accept);
      const etag = String(headers.etag);
      expect(etag).to.match(/^"[0-9A-F]{128}"$/);
      if (tagIsHash) expect(etag).to.equal(`"${createHash('sha512').update(text).digest('hex').toUpperCase()}"`);
      for (const known of [etag, `"other", ${etag}`, `W/${etag}`, '*']) {
        const again = await get(path, accept, { 'if-none-match': known });
        expect(again.code, known).to.equal(304);
        expect(again.text).to.equal('');
        expect(again.headers.etag).to.equal(etag);
      }
      expect((await get(path, accept, { 'if-none-match': '"other"' })).code).to.equal(200);
    });

  it('lists the same in each version that it names (K-048)', async () => {
    const { body: group } = await get(`/apis/${fixtureGroup}`);
    const names = await Promise.all(
      group.versions.map(async ({ groupVersion }: { groupVersion: string }) => {
        const { body } = await get(`/apis/${groupVersion}`);
        return body.resources.map(({ name }: { name: string }) => name);
      }),
    );
    expect(names).to.have.length(2);
    expect(names[0]).to.deep.equal(names[1]);
  });

  it('is for everybody who is authenticated, and the documents are too, whatever groups they have (K-049, K-071, K-086)', async () => {
    for (const path of ['/apis', `/apis/${fixtureGroup}`, version, '/openapi/v2', '/openapi/v3', document])
      expect((await ungrouped(path)).code, path).to.equal(200);
    expect((await (await server.asStranger(false)).ask('/apis')).code).to.equal(403);
  });

  describe('by OpenAPI 3', () => {
    it('has an index of documents with their hashes, whatever is accepted (K-057)', async () => {
      for (const accept of ['', 'application/json', '*/*', protobuf]) {
        const { code, headers, body } = await get('/openapi/v3', accept);
        expect(code).to.equal(200);
        expect(headers['content-type']).to.equal('application/json');
        expect(Object.keys(body.paths)).to.include.members([`apis/${fixtureGroup}`, `apis/${fixtureGroup}/v1beta1`]);
        const { serverRelativeURL } = body.paths[`apis/${fixtureGroup}/v1beta1`];
        expect(serverRelativeURL).to.match(new RegExp(`^${document}\\?hash=[0-9A-F]{128}$`));
        expect((await get(serverRelativeURL)).code).to.equal(200);
      }
    });

    it('under its present hash is good for a year; under an old one it is the present one, and no redirect (K-059, K-097)', async () => {
      const { body: index } = await get('/openapi/v3');
      const { headers } = await get(index.paths[`apis/${fixtureGroup}/v1beta1`].serverRelativeURL);
      expect(headers['cache-control']).to.equal('public, immutable');
      expect(headers.expires).to.match(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d UTC$/);
      const daysAhead = (Date.parse(String(headers.expires)) - Date.now()) / 86_400_000;
      expect(daysAhead).to.be.within(364, 366);
      const old = await get(`${document}?hash=0123`);
      expect(old.code).to.equal(200);
      expect(old.headers['cache-control']).to.equal('no-cache, private');
      expect(old.headers).not.to.have.any.keys('expires', 'location');
    });

    it('is JSON, and 406 without a body for those who take none (K-058)', async () => {
      const { code, headers, body } = await get(document, 'application/json, */*');
      expect(code).to.equal(200);
      expect(headers).to.include({ 'content-type': 'application/json', vary: 'Accept' });
      expect(body.openapi).to.equal('3.0.0');
      const refused = await get(document, 'application/com.github.proto-openapi.spec.v3@v1.0+protobuf');
      expect(refused.code).to.equal(406);
      expect(refused.text).to.equal('');
    });
  });

  describe('by OpenAPI 2', () => {
    for (const [accept, type] of [
      ['', 'application/json'],
      ['application/json', 'application/json'],
      ['application/com.github.proto-openapi.spec.v2@v1.0+protobuf', swagger],
      [swagger, swagger],
    ] as const)
      it(`is ${type.slice(12)} for Accept: ${accept.slice(12) || 'nothing'} (K-069)`, async () => {
        const { code, headers } = await get('/openapi/v2', accept);
        expect(code).to.equal(200);
        expect(headers['content-type']).to.equal(type);
        expect(headers.vary).to.contain('Accept');
      });

    it('is 406 without a body for those who take neither form (K-069)', async () => {
      const { code, text } = await get('/openapi/v2', 'text/html');
      expect(code).to.equal(406);
      expect(text).to.equal('');
    });
  });

  it('has a version, in texts, for people to read (K-072)', async () => {
    const { text, body } = await get('/version');
    expect(Object.keys(body)).to.include.members([
      ...['major', 'minor', 'gitVersion', 'gitCommit', 'gitTreeState', 'buildDate', 'goVersion', 'compiler'],
      'platform',
    ]);
    for (const value of Object.values(body)) expect(value).to.be.a('string');
    expect(text).to.contain('\n  "major": ');
  });
});

describe('health', () => {
  let server: TestServer;
  let broken = false;
  const checks: HealthCheck[] = [
    {
      name: 'store',
      check: () => {
        if (broken) throw new Error('the store cannot be reached');
      },
    },
  ];
  before(async () => {
    server = await startFixtureServer({ checks });
  });
  after(() => server.stop());
  beforeEach(() => (broken = false));
  const get = (path: string) => server.admin.ask(path);

  for (const endpoint of ['livez', 'readyz', 'healthz'] as const) {
    it(`at /${endpoint} is ok (K-073)`, async () => {
      const { code, headers, text } = await get(`/${endpoint}`);
      expect(code).to.equal(200);
      expect(headers['content-type']).to.equal('text/plain; charset=utf-8');
      expect(text).to.equal('ok');
    });

    it(`at /${endpoint} lists its checks when asked to (K-074)`, async () => {
      const { text } = await get(`/${endpoint}?verbose`);
      const lines = text.split('\n');
      expect(lines[0]).to.equal('[+]ping ok');
      expect(lines).to.include('[+]store ok');
      expect(lines.slice(-2)).to.deep.equal([`${endpoint} check passed`, '']);
    });

    it(`at /${endpoint} names what fails, and not why (K-075)`, async () => {
      broken = true;
      const { code, text } = await get(`/${endpoint}`);
      expect(code).to.equal(500);
      expect(text).to.contain('[+]ping ok\n').and.to.contain('[-]store failed: reason withheld\n');
      expect(text)
        .to.match(new RegExp(`\n${endpoint} check failed\n$`))
        .and.not.to.contain('cannot be reached');
    });

    it(`at /${endpoint} leaves out what it is told to (K-009, K-076)`, async () => {
      broken = true;
      const { code, text } = await get(`/${endpoint}?verbose&exclude=store&exclude=nobody&exclude=nothing`);
      expect(code).to.equal(200);
      expect(text).to.contain('[+]store excluded: ok\n');
      expect(text).to.contain(
        'warn: some health checks cannot be excluded: no matches for "nobody","nothing"\n' +
          `${endpoint} check passed\n`,
      );
    });
  }

  it('of one check is told with the cause (K-077)', async () => {
    expect(await get('/livez/store')).to.include({ code: 200, text: 'ok' });
    broken = true;
    expect(await get('/livez/store')).to.include({
      code: 500,
      text: 'internal server error: the store cannot be reached\n',
    });
    expect((await get('/livez/nope')).code).to.equal(404);
  });

  it('is ready only if it does not stop, while it lives on (K-078)', async () => {
    const { text: ready } = await get('/readyz?verbose');
    const { text: alive } = await get('/livez?verbose');
    expect(ready).to.contain('[+]shutdown ok').and.to.contain('[+]informer-sync ok');
    expect(alive).not.to.contain('shutdown');
  });

  it('is told to anybody, its parts are not (K-080)', async () => {
    const stranger = await server.asStranger(false);
    for (const path of ['/livez', '/readyz', '/healthz']) expect((await stranger.ask(path)).code).to.equal(200);
    for (const path of ['/livez/ping', '/metrics', '/version']) expect((await stranger.ask(path)).code).to.equal(403);
  });
});
