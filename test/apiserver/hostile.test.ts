/**
 * Requests that nobody should send: each is answered, in words, and costs no more than its size.
 */
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { connect as tls } from 'node:tls';
import { expect } from 'chai';
import { decodeYaml } from '../../apiserver/codec/yaml.ts';
import { appDocument, appsPath, clusterDocument, clustersPath } from '../make/documents.ts';
import { type Answer, type Ask, startServer, type TestServer } from './serving.ts';

const [yaml, merge, jsonPatch] = ['application/yaml', 'application/merge-patch+json', 'application/json-patch+json'];
const many = Array.from({ length: 100_000 }, (_, i) => i);

describe('a hostile client', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer();
    await server.admin.ask(appsPath, { body: appDocument() });
    await server.admin.ask(clustersPath, { body: clusterDocument('target') });
  });
  after(() => server.stop());
  const target = `${clustersPath}/target`;
  const ask = (path: string, options: Ask): Promise<Answer> => server.admin.ask(path, options);
  const create = (body: unknown, type?: string, query = '?dryRun=All') =>
    ask(`${clustersPath}${query}`, { body, ...(type && { type }) });
  const patch = (body: unknown, type = merge) => ask(target, { method: 'PATCH', body, type });
  const withField = (field: string): string => JSON.stringify(clusterDocument()).replace('{', `{${field},`);

  for (const [title, body, type, words] of [
    ['an apiVersion that is an object', { ...clusterDocument(), apiVersion: { toString: 1 } }, undefined, 'apiVersion'],
    ['a kind that is an object', { ...clusterDocument(), kind: { toString: 1 } }, undefined, 'kind is not a string'],
    ['YAML that holds itself', 'a: &a [*a]', yaml, 'exceeded max depth of 1000'],
    ['YAML that repeats a key and then breaks off', 'a: 1\na: 2\nb: [\n', yaml, 'unexpected end'],
    ['YAML with an infinite number', 'a: .inf', yaml, 'number Infinity is out of range'],
    ['YAML with a million digits', `a: 1${'0'.repeat(1_000_000)}`, yaml, 'number Infinity is out of range'],
  ] as const)
    it(`that sends ${title} gets 400`, async () => {
      const { code, body: status } = await create(body, type);
      expect(status.message).to.contain(words);
      expect(code).to.equal(400);
    });

  for (const [written, read] of [
    ['9223372036854775807', 9223372036854775807n],
    ['-0x8000000000000000', -9223372036854775808n],
    ['9223372036854775808', 2 ** 63],
    ['0o17', 15],
    ['-017', -15],
    ['+12', 12],
  ] as const)
    it(`reads ${written} in YAML as in JSON: exact within 64 bits, else the nearest double`, () =>
      expect(decodeYaml(Buffer.from(`a: ${written}`)).value).to.deep.equal({ a: read }));

  it('that sends a hundred thousand unknown fields is told of some', async () => {
    const { code, warnings } = await create(withField(many.map((i) => `"u${i}":1`).join(',')));
    expect(code).to.equal(201);
    expect(warnings[0]).to.equal('299 - "unknown field \\"u0\\""');
    expect(warnings.join('').length).to.be.below(10_000);
  });

  it('that repeats a hundred thousand keys, deep down, is told of a hundred', async () => {
    const repeated = `{${many.map((i) => `"u${i}":1,"u${i}":2`).join(',')}}`;
    const field = `"x":${'{"x":'.repeat(900)}${repeated}${'}'.repeat(900)}`;
    const { code, body } = await create(withField(field), undefined, '?fieldValidation=Strict');
    expect(code).to.equal(400);
    expect(body.message.match(/duplicate field/g)).to.have.length(100);
  });

  it('that stops in the middle of a body is answered when its time is up', async () => {
    const body = new Readable({ read: () => {} });
    body.push('{"apiVersion":');
    const { code, text: answered } = await create(body, 'application/json', '?timeout=20ms');
    body.destroy();
    expect(code).to.equal(504);
    expect(answered).to.contain('request did not complete within the allotted timeout');
  });

  it('that stops in the middle of many bodies, over HTTP/2, keeps no streams', async () => {
    const proxy = await server.asProxy('front-proxy', true);
    const headers = { 'X-Remote-User': 'admin', 'X-Remote-Group': 'system:masters' };
    const half = async (): Promise<number> => {
      const body = new Readable({ read: () => {} });
      body.push('{"apiVersion":');
      return (await proxy.ask(`${clustersPath}?timeout=20ms`, { body, headers })).code;
    };
    // More, one after another, than a connection carries at a time.
    for (let streams = 0; streams <= 1000; streams += 143)
      expect(new Set(await Promise.all(Array.from({ length: 143 }, half)))).to.deep.equal(new Set([504]));
  });

  it('in five hundred groups is heard over HTTP/1.1 and HTTP/2', async () => {
    const groups = Array.from({ length: 500 }, (_, i) => `group-${'x'.repeat(100)}-${i}`);
    const headers = { 'X-Remote-User': 'alice', 'X-Remote-Group': groups };
    for (const http2 of [false, true]) {
      const proxy = await server.asProxy('front-proxy', http2);
      const { code, body } = await proxy.ask(clustersPath, { headers });
      expect(code).to.equal(403);
      expect(body.message).to.contain('User "alice" cannot list resource');
    }
  });

  it('that speaks no HTTP is told so', async () => {
    const { port } = new URL(server.url);
    const socket = tls({ port: Number(port), rejectUnauthorized: false }, () => socket.write('hello\r\n\r\n'));
    expect(await text(socket)).to.match(/^HTTP\/1\.1 400 Bad Request/);
  });

  it('that asks for a watch of a century gets one that lives', async () => {
    const { body } = await ask(clustersPath, {});
    const later = (): void => void server.admin.ask(clustersPath, { body: clusterDocument('later') });
    const query = `?watch=true&timeoutSeconds=3153600000&resourceVersion=${body.metadata.resourceVersion}`;
    const events = await server.admin.watch(`${clustersPath}${query}`, (seen) => {
      if (!seen.length) later();
      return seen.length > 0;
    });
    expect(events[0]?.object.metadata.name).to.equal('later');
  });

  describe('that patches', () => {
    for (const [title, operations, code] of [
      [
        'by moving what it moved before',
        Array.from({ length: 1200 }, () => [
          { op: 'add', path: '/b', value: {} },
          { op: 'move', from: '/a', path: '/b/n' },
          { op: 'move', from: '/b', path: '/a' },
        ]).flat(),
        400,
      ],
      ['by copying into what it copies', Array(1200).fill({ op: 'copy', from: '/a', path: '/a/n' }), 400],
    ] as const)
      it(`${title} gets ${code}`, async () => {
        const { code: answered } = await patch([{ op: 'add', path: '/a', value: {} }, ...operations], jsonPatch);
        expect(answered).to.equal(code);
      });

    for (const [title, body, code, words] of [
      ['the kind', { kind: 'Nope' }, 422, 'kind: Invalid value: "Nope": must be KubeDirectorCluster'],
      ['the version', { apiVersion: 'apps/v1' }, 422, 'apiVersion: Invalid value: "apps/v1": must be '],
      ['the kind into nothing', { kind: null }, 422, ' "" is invalid: patch: Invalid value: "{'],
      ['labels into numbers', { metadata: { labels: { a: 1 } } }, 422, ' "" is invalid: patch: Invalid value: "{'],
      [
        'the name into an object',
        { metadata: { name: { toString: 1 } } },
        422,
        ' "" is invalid: patch: Invalid value: "{',
      ],
      [
        'the resourceVersion into a word',
        { metadata: { resourceVersion: 'abc' } },
        400,
        'strconv.ParseUint: parsing "abc": invalid syntax',
      ],
    ] as const)
      it(`${title} is refused`, async () => {
        const { code: answered, body: status } = await patch(body);
        expect(status.message).to.contain(words);
        expect(answered).to.equal(code);
      });
  });

  it('that replaces an object with a resourceVersion that is none gets 400, since reading again would not help', async () => {
    const { code, body } = await ask(target, {
      method: 'PUT',
      body: clusterDocument('target', {}, { resourceVersion: 'abc' }),
    });
    expect(code).to.equal(400);
    expect(body.message).to.equal('strconv.ParseUint: parsing "abc": invalid syntax');
  });

  it('that scales beyond what the schema of the object allows is refused in its words', async () => {
    const { code, body } = await ask(`${target}/scale`, {
      method: 'PATCH',
      body: { spec: { replicas: -3 } },
      type: merge,
    });
    expect(code).to.equal(422);
    expect(body.message).to.contain('greater than or equal to 0');
  });

  for (const [title, options, code] of [
    ['a dry run that is an object', { dryRun: [{ toString: 1 }] }, 422],
    ['half a second of grace', { gracePeriodSeconds: 0.5 }, 400],
    ['more grace than there are numbers', { gracePeriodSeconds: 1e300 }, 400],
    ['a kind that is an object', { kind: { toString: 1 } }, 400],
  ] as const)
    it(`that deletes with ${title} gets ${code}`, async () => {
      expect((await ask(target, { method: 'DELETE', body: options })).code).to.equal(code);
    });

  for (const [query, code] of [
    ['limit=99999999999999999999', 400],
    ['limit=9223372036854775807', 200],
    [`continue=${Buffer.from('{"v":{"toString":1},"rv":1,"start":"x"}').toString('base64url')}`, 400],
  ] as const)
    it(`that lists with ${query.slice(0, 30)} gets ${code}`, async () => {
      expect((await ask(`${clustersPath}?${query}`, {})).code).to.equal(code);
    });
});
