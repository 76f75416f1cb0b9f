/**
 * Requests that nobody should send: each is answered, in words, and costs no more than its size.
 */
import { Readable } from 'node:stream';
import { expect } from 'chai';
import { decodeYaml } from '../../apiserver/codec/yaml.ts';
import { appDocument, appsPath, clusterDocument, clustersPath } from '../make/documents.ts';
import { type Answer, type Ask, startServer, type TestServer } from './serving.ts';

const yaml = 'application/yaml';
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
  const withField = (field: string): string => JSON.stringify(clusterDocument()).replace('{', `{${field},`);

  for (const [title, body, type, text] of [
    ['YAML that holds itself', 'a: &a [*a]', yaml, 'exceeded max depth of 1000'],
    ['YAML that repeats a key and then breaks off', 'a: 1\na: 2\nb: [\n', yaml, 'unexpected end'],
    ['YAML with an infinite number', 'a: .inf', yaml, 'number Infinity is out of range'],
    ['YAML with a million digits', `a: 1${'0'.repeat(1_000_000)}`, yaml, 'number Infinity is out of range'],
  ] as const)
    it(`that sends ${title} gets 400`, async () => {
      const { code, body: status } = await create(body, type);
      expect(status.message).to.contain(text);
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
    const { code, text } = await create(body, 'application/json', '?timeout=20ms');
    body.destroy();
    expect(code).to.equal(504);
    expect(text).to.contain('request did not complete within the allotted timeout');
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
