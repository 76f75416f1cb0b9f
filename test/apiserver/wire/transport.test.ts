/**
 * What all answers share, whatever they answer: TLS, both versions of HTTP, headers, deadlines, compression, and how many requests
 * there may be at a time.
 */
import { once } from 'node:events';
import { type ClientHttp2Session, connect as connectHttp2, constants } from 'node:http2';
import { type AddressInfo, connect as connectTcp, createServer } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import type { Authorizer } from '../../../apiserver/auth/authorizer.ts';
import { defaultLimits } from '../../../apiserver/http/limits.ts';
import { fixtureObject, fixturesPath } from '../../make/fixture-kind.ts';
import { type TestServer, until } from '../serving.ts';
import { startFixtureServer } from './fixture-server.ts';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('every answer', () => {
  let server: TestServer;
  before(async () => {
    server = await startFixtureServer();
    await server.admin.ask(fixturesPath, { body: fixtureObject('one') });
  });
  after(() => server.stop());
  const ask: TestServer['admin']['ask'] = (path, options) => server.admin.ask(path, options);

  it('comes over TLS 1.2 or newer, and over HTTP/2 or HTTP/1.1, whichever the client offers first (K-001)', async () => {
    const { port } = new URL(server.url);
    const handshake = (options: object): Promise<string | false | null> => {
      const { promise, resolve, reject } = Promise.withResolvers<string | false | null>();
      const socket = connectTls({ port: Number(port), rejectUnauthorized: false, ...options }, () => {
        resolve(socket.alpnProtocol);
        socket.destroy();
      });
      socket.on('error', reject);
      return promise;
    };
    expect(await handshake({ ALPNProtocols: ['h2', 'http/1.1'] })).to.equal('h2');
    expect(await handshake({ ALPNProtocols: ['http/1.1'] })).to.equal('http/1.1');
    const refused = await handshake({ minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1' }).catch((error: Error) => error);
    expect(refused).to.be.an('error');
  });

  it('to a handshake names the authorities whose certificates count, and does without one (K-003)', async () => {
    const { port } = new URL(server.url);
    // Until TLS 1.2 a handshake is not encrypted, so what the server asks for can be overheard between the two.
    const heard: Buffer[] = [];
    const between = createServer((near) => {
      const far = connectTcp(Number(port));
      far.on('data', (chunk: Buffer) => heard.push(chunk));
      near.pipe(far).pipe(near);
      for (const socket of [near, far]) socket.on('error', () => {});
    });
    between.listen(0);
    await once(between, 'listening');
    const { port: overheard } = between.address() as AddressInfo;
    const socket = connectTls({ port: overheard, rejectUnauthorized: false, maxVersion: 'TLSv1.2' });
    await once(socket, 'secureConnect');
    socket.destroy();
    between.close();
    const text = Buffer.concat(heard).toString('latin1');
    expect(text).to.contain('test authority').and.to.contain('test front proxy authority');
  });

  describe('over HTTP/2', () => {
    let session: ClientHttp2Session;
    before(async () => {
      const { agent } = await server.rawClient();
      session = connectHttp2(server.url, agent.options as object);
      await new Promise((resolve) => session.once('remoteSettings', resolve));
    });
    after(() => session.destroy());

    it('shares its connection with a thousand others (K-002)', () =>
      expect(session.remoteSettings.maxConcurrentStreams).to.be.at.least(1000));

    it('may be a watch, whose headers come before there is anything to tell (K-001, K-127)', async () => {
      const stream = session.request({ ':path': `${fixturesPath}?watch=1&labelSelector=none%3Dx&timeoutSeconds=60` });
      const headers = await new Promise<Record<string, unknown>>((resolve) => stream.once('response', resolve));
      expect(headers).to.include({ ':status': 200, 'content-type': 'application/json' });
      stream.close();
    });

    it('may be a watch, each of whose events comes as it happens (K-098, K-127)', async () => {
      const stream = session.request({ ':path': `${fixturesPath}?watch=1&labelSelector=now%3Dyes&timeoutSeconds=60` });
      await once(stream, 'response');
      await ask(fixturesPath, { body: fixtureObject('now', {}, { labels: { now: 'yes' } }) });
      const [chunk] = (await once(stream, 'data')) as [Buffer];
      expect(JSON.parse(chunk.toString())).to.nested.include({ type: 'ADDED', 'object.metadata.name': 'now' });
      stream.close();
    });

    it('may be one of five hundred watches on one connection (K-002, K-016)', async () => {
      const streams = Array.from({ length: 500 }, () => session.request({ ':path': `${fixturesPath}?watch=1` }));
      const answers = await Promise.all(streams.map((stream) => once(stream, 'response')));
      for (const [headers] of answers as [Record<string, unknown>][]) expect(headers[':status']).to.equal(200);
      expect((await ask(`${fixturesPath}/one`)).code).to.equal(200);
      for (const stream of streams) stream.close(constants.NGHTTP2_CANCEL);
    });
  });

  it('names its audit: the one that came with the request, or a new one (K-004)', async () => {
    expect((await ask(fixturesPath, { headers: { 'Audit-ID': 'mine-1' } })).headers['audit-id']).to.equal('mine-1');
    const [one, other] = [await ask(fixturesPath), await ask('/nope')].map(({ headers }) => headers['audit-id']);
    expect(one).to.match(uuid);
    expect(other).to.match(uuid).and.not.equal(one);
    const written = await ask(fixturesPath, { headers: { 'Audit-ID': 'two words' } });
    expect(written.headers['audit-id']).to.match(uuid);
  });

  for (const [title, path, headers] of [
    ['an object', `${fixturesPath}/one`, {}],
    ['a list', fixturesPath, {}],
    ['what is not there', `${fixturesPath}/none`, {}],
    ['no page', '/nope', {}],
    ['a wrong credential', fixturesPath, { authorization: 'Bearer wrong' }],
    ['discovery', '/apis', {}],
  ] as const)
    it(`is kept by nobody: ${title} (K-005, K-007)`, async () => {
      const client = 'authorization' in headers ? await server.asStranger(false) : server.admin;
      const answer = await client.ask(path, { headers });
      expect(answer.headers['cache-control']).to.equal('no-cache, private');
      expect(answer.headers).to.have.property('date');
      expect(answer.headers).not.to.have.any.keys('server', 'x-powered-by');
    });

  it('of plain text, or that refuses a right, is not to be guessed at (K-006)', async () => {
    expect((await ask('/livez')).headers['x-content-type-options']).to.equal('nosniff');
    expect((await ask('/nope')).headers['x-content-type-options']).to.equal('nosniff');
    const stranger = await server.asStranger(false);
    const { code, headers } = await stranger.ask(fixturesPath);
    expect(code).to.equal(403);
    expect(headers['x-content-type-options']).to.equal('nosniff');
    expect((await ask(fixturesPath)).headers).not.to.have.property('x-content-type-options');
  });

  it('lets an idle connection live longer than the ninety seconds for which the aggregator keeps it (K-017, K-576)', async () => {
    const { headers } = await ask('/livez');
    const [, seconds] = /timeout=(\d+)/.exec(String(headers['keep-alive'])) ?? [];
    expect(Number(seconds)).to.be.above(90);
  });

  it('reads a path decoded once: an encoded slash is a slash, and nothing is decoded twice (K-008)', async () => {
    const slash = await ask(fixturesPath.replace('/namespaces/', '%2Fnamespaces%2f'));
    expect(slash.body.kind).to.equal('KubeDirectorClusterList');
    const { code, body } = await ask(`${fixturesPath}/a%2562`);
    expect(code).to.equal(404);
    expect(body.details.name).to.equal('a%62');
    expect((await ask('/apis/%zz')).code).to.equal(400);
  });

  it('takes the first of repeated options, and overlooks those that it does not know (K-009)', async () => {
    const { code, body } = await ask(`${fixturesPath}?limit=1&limit=abc&unheard=of&exclude=x`);
    expect(code).to.equal(200);
    expect(body.items).to.have.length(1);
  });

  describe('has its time', () => {
    for (const [timeout, code] of [
      ['32s', 200],
      ['0', 200],
      ['0s', 200],
      ['', 200],
      ['10h', 200],
      ['1m30.5s', 200],
      ['-1s', 200],
      ['%2B.5m', 200],
    ] as const)
      it(`which may be ?timeout=${timeout} (K-010)`, async () =>
        expect((await ask(`${fixturesPath}?timeout=${timeout}`)).code).to.equal(code));

    for (const [timeout, why] of [
      ['abc', 'invalid duration "abc"'],
      ['-', 'invalid duration "-"'],
      ['1s.', 'invalid duration "1s."'],
      ['5', 'missing unit in duration "5"'],
      ['1m5', 'missing unit in duration "1m5"'],
      ['5d', 'unknown unit "d" in duration "5d"'],
      ['1s 2s', 'unknown unit "s " in duration "1s 2s"'],
    ] as const)
      it(`and a time that cannot be read is refused: ${why} (K-010)`, async () => {
        const { code, body } = await ask(`${fixturesPath}?timeout=${encodeURIComponent(timeout)}`);
        expect(code).to.equal(400);
        const message = `invalid timeout specified in the request URL - time: ${why}`;
        expect(body).to.include({ reason: 'BadRequest', message });
      });

    it('and at its end a Status without kind, as text (K-011, K-383)', async () => {
      const { code, headers, body } = await ask(`${fixturesPath}/one?resourceVersion=99999999&timeout=20ms`);
      expect(code).to.equal(504);
      expect(headers['content-type']).to.equal('text/plain; charset=utf-8');
      expect(body).to.deep.equal({
        metadata: {},
        status: 'Failure',
        message: 'Timeout: request did not complete within the allotted timeout',
        reason: 'Timeout',
        details: {},
        code: 504,
      });
    });
  });
});

describe('a long answer', () => {
  let server: TestServer;
  const long = 'x'.repeat(200_000);
  before(async () => {
    server = await startFixtureServer();
    await server.admin.ask(fixturesPath, { body: fixtureObject('long', { free: { long } }) });
    await server.admin.ask(fixturesPath, { body: fixtureObject('short') });
  });
  after(() => server.stop());

  /** Bytes as they came, which no client has unpacked. */
  const raw = async (path: string, headers: Record<string, string>) => {
    const { agent } = await server.rawClient();
    const session = connectHttp2(server.url, agent.options as object);
    const stream = session.request({ ':path': path, ...headers });
    const chunks: Buffer[] = [];
    const received = new Promise<Record<string, unknown>>((resolve) => stream.once('response', resolve));
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    session.destroy();
    return { headers: await received, bytes: Buffer.concat(chunks) };
  };

  for (const [accepted, zipped] of [
    ['gzip', true],
    ['deflate, gzip', true],
    ['br', false],
    ['gzip;q=0', false],
    ['x-gzip', false],
  ] as const)
    it(`is ${zipped ? '' : 'not '}compressed for Accept-Encoding: ${accepted} (K-013)`, async () => {
      const { headers, bytes } = await raw(`${fixturesPath}/long`, { 'accept-encoding': accepted });
      expect(headers['content-encoding']).to.equal(zipped ? 'gzip' : undefined);
      expect(headers.vary).to.equal(zipped ? 'Accept-Encoding' : undefined);
      const text = (zipped ? gunzipSync(bytes) : bytes).toString();
      expect(JSON.parse(text).spec.free.long).to.equal(long);
    });

  it('that is a long list is the same whole or compressed, though it is sent in pieces (K-013)', async () => {
    const names = Array.from({ length: 5 }, (_, i) => `piece-${i}`);
    for (const [i, name] of names.entries())
      await server.admin.ask(fixturesPath, {
        body: fixtureObject(name, { free: { long: 'é'.repeat(70_000 * (i + 1)) } }),
      });
    const whole = await raw(fixturesPath, {});
    const zipped = await raw(fixturesPath, { 'accept-encoding': 'gzip' });
    expect(zipped.headers['content-encoding']).to.equal('gzip');
    for (const text of [whole.bytes.toString(), gunzipSync(zipped.bytes).toString()]) {
      const { items } = JSON.parse(text) as { items: { metadata: { name: string }; spec: Record<string, unknown> }[] };
      const lengths = items
        .filter(({ metadata }) => names.includes(metadata.name))
        .map(({ spec }) => (spec.free as { long: string }).long.length);
      expect(lengths).to.deep.equal(names.map((_, i) => 70_000 * (i + 1)));
    }
  });

  it('is compressed only when it is long, except the document of OpenAPI 2 (K-013)', async () => {
    const gzip = { 'accept-encoding': 'gzip' };
    expect((await raw(`${fixturesPath}/short`, gzip)).headers['content-encoding']).to.equal(undefined);
    const { headers, bytes } = await raw('/openapi/v2', gzip);
    expect(headers['content-encoding']).to.equal('gzip');
    expect(headers.vary).to.equal('Accept-Encoding, Accept');
    expect(JSON.parse(gunzipSync(bytes).toString()).swagger).to.equal('2.0');
  });

  it('is never compressed when it is a watch (K-013)', async () => {
    const { headers, bytes } = await raw(`${fixturesPath}?watch=1&timeoutSeconds=1`, { 'accept-encoding': 'gzip' });
    expect(headers['content-encoding']).to.equal(undefined);
    expect(bytes.toString()).to.contain(long);
  });
});

describe('too many requests', () => {
  let server: TestServer;
  /** Requests of this user wait here to be authorized. */
  let waiting: (() => void)[] = [];
  const slow: Authorizer = {
    authorize: async ({ user }) => {
      if (user.name === 'slow') await new Promise<void>((resolve) => waiting.push(resolve));
      return { verdict: 'allow' };
    },
  };
  before(async () => {
    server = await startFixtureServer({
      authorizer: slow,
      limits: { ...defaultLimits, readOnlyInFlight: 2, mutatingInFlight: 1 },
    });
  });
  after(() => server.stop());

  it('at a time are told to come back, while superusers, watches and health pass (K-377, K-572)', async () => {
    const [slowly, bob] = [await server.as('slow'), await server.as('bob')];
    const held = [1, 2].map(() => slowly.ask(fixturesPath));
    await until(() => waiting.length === 2, 'two requests are under way');
    const { code, headers, text } = await bob.ask(fixturesPath);
    expect(code).to.equal(429);
    expect(headers).to.include({ 'retry-after': '1', 'content-type': 'text/plain; charset=utf-8' });
    expect(text).to.equal('Too many requests, please try again later.\n');
    // What writes is counted by itself.
    expect((await bob.ask(fixturesPath, { body: fixtureObject('written') })).code).to.equal(201);
    expect((await bob.ask('/apis')).code).to.equal(200);
    expect((await bob.ask('/livez')).code).to.equal(200);
    expect(await bob.watch(`${fixturesPath}?watch=1`, (events) => events.length > 0)).to.have.length(1);
    expect((await server.admin.ask(fixturesPath)).code).to.equal(200);
    for (const go of waiting) go();
    waiting = [];
    for (const answer of await Promise.all(held)) expect(answer.code).to.equal(200);
    expect((await bob.ask(fixturesPath)).code).to.equal(200);
  });
});

describe('the time of a request', () => {
  const requestMs = 150;
  /** Nobody ever decides what bob may do. */
  const never: Authorizer = {
    authorize: ({ user }, signal) =>
      user.name === 'bob'
        ? new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
        : { verdict: 'allow' },
  };
  let server: TestServer;
  before(async () => {
    server = await startFixtureServer({ authorizer: never, limits: { ...defaultLimits, requestMs } });
    await server.admin.ask(fixturesPath, { body: fixtureObject('one') });
  });
  after(() => server.stop());

  it('is a minute (K-573)', () => expect(defaultLimits.requestMs).to.equal(60_000));

  for (const asked of ['', '?timeout=2m', '?timeout=0'])
    it(`is up for a read${asked && ` with ${asked}`}, however long it was to be (K-010, K-573)`, async () => {
      const { code, body } = await (await server.as('bob')).ask(`${fixturesPath}/one${asked}`);
      expect(code).to.equal(504);
      expect(body).to.include({
        reason: 'Timeout',
        message: 'Timeout: request did not complete within the allotted timeout',
      });
    });

  for (const path of [
    `${fixturesPath}?watch=1&timeout=10ms&`,
    `${fixturesPath.replace('/namespaces/', '/watch/namespaces/')}?`,
    `${fixturesPath.replace('/namespaces/', '/watch/namespaces/')}/one?`,
  ])
    it(`is none of a watch's, which has a time of its own: ${path} (K-208, K-573)`, async () => {
      const { code, text } = await server.admin.ask(`${path}timeoutSeconds=1&allowWatchBookmarks=true`);
      expect(code).to.equal(200);
      expect(text.trim().split('\n').at(-1), 'the last word of a watch that ends by itself').to.contain('"BOOKMARK"');
    });
});

describe('the time of a write', () => {
  it('ends before that of its request, so that somebody is still there to be told (K-142)', async () => {
    const never: Authorizer = {
      authorize: ({ user }, signal) =>
        user.name === 'bob'
          ? new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
          : { verdict: 'allow' },
    };
    const server = await startFixtureServer({ authorizer: never, limits: { ...defaultLimits, writeMs: 20 } });
    try {
      const bob = await server.as('bob');
      const { code, body } = await bob.ask(fixturesPath, { body: fixtureObject('late') });
      expect(code).to.equal(504);
      expect(body).to.deep.include({
        kind: 'Status',
        reason: 'Timeout',
        message: 'Timeout: request did not complete within requested timeout - context deadline exceeded',
      });
    } finally {
      await server.stop();
    }
  });
});
