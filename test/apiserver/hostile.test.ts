/**
 * Requests that nobody should send: each is answered, in words, and costs no more than its size.
 */
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
  });
  after(() => server.stop());
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

  it('that repeats a hundred thousand keys, deep down, is told of a hundred', async () => {
    const repeated = `{${many.map((i) => `"u${i}":1,"u${i}":2`).join(',')}}`;
    const field = `"x":${'{"x":'.repeat(900)}${repeated}${'}'.repeat(900)}`;
    const { code, body } = await create(withField(field), undefined, '?fieldValidation=Strict');
    expect(code).to.equal(400);
    expect(body.message.match(/duplicate field/g)).to.have.length(100);
  });
});
