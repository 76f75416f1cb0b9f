/**
 * Which form and media type an answer has, for every combination that a client can ask for, and in which a body may come.
 */
import { expect } from 'chai';
import { load } from 'js-yaml';
import { MemoryStore } from '../../../storage/memory.ts';
import { fixtureKind, fixtureObject, fixturesPath } from '../../make/fixture-kind.ts';
import { type Ask, startServer, type TestServer } from '../serving.ts';
import { startFixtureServer } from './fixture-server.ts';

const json = 'application/json';
const yaml = 'application/yaml';
const protobuf = 'application/vnd.kubernetes.protobuf';
const merge = 'application/merge-patch+json';
const all = `${json}, ${yaml}, ${protobuf}`;
const onlyAccepted = `only the following media types are accepted: ${all}`;
const onlyAcceptedInWatches = `only the following media types are accepted: ${json};stream=watch, ${protobuf};stream=watch`;
const unknownFormat = (types: string): string =>
  `the body of the request was in an unknown format - accepted media types include: ${types}`;

const as = (type: string, form: string, version = 'v1'): string => `${type};as=${form};g=meta.k8s.io;v=${version}`;
const metadataOnly = 'PartialObjectMetadata';
const metadataList = 'PartialObjectMetadataList';

describe('a client', () => {
  let server: TestServer;
  before(async () => {
    server = await startFixtureServer();
    for (const name of ['a', 'b'])
      await server.admin.ask(fixturesPath, {
        body: fixtureObject(name, { free: { long: 1 } }, { finalizers: ['example.com/held'] }),
      });
  });
  after(() => server.stop());
  const one = `${fixturesPath}/a`;
  const ask = (path: string, accept: string, options: Ask = {}) =>
    server.admin.ask(path, { ...options, ...(accept && { accept }) });
  const typeOf = (headers: Readonly<Record<string, unknown>>): string => String(headers['content-type']);

  it('that takes nothing we have is told so before anything is read or written, in subresources too (K-106, K-135)', async () => {
    const patch = { method: 'PATCH', type: merge, body: { spec: { replicas: 9 } } };
    expect((await ask(`${one}/scale`, 'application/xml', patch)).code).to.equal(406);
    expect((await ask(`${one}/scale`, '')).body.spec.replicas).to.equal(1);
    expect((await ask(`${fixturesPath}/nobody/scale`, 'application/xml')).code).to.equal(406);
  });

  for (const [accept, type, row] of [
    ['', json, 'K-101'],
    ['*/*', json, 'K-101'],
    ['application/*', json, 'K-101'],
    [json, json, 'K-101'],
    [`${json}; charset=utf-8`, json, 'K-103'],
    [`${json};stream=watch`, json, 'K-103'],
    [`${json};export=1;profile=nopeer`, json, 'K-103'],
    ['APPLICATION/JSON', json, 'K-101'],
    [yaml, yaml, 'K-101'],
    [`${yaml};q=0.2,${json};q=0.9`, json, 'K-102'],
    [`${json};q=0.2,${yaml};q=0.9`, yaml, 'K-102'],
    [`${yaml},${json}`, yaml, 'K-102'],
    [`application/xml,${yaml}`, yaml, 'K-102'],
    [`${as(json, 'Table', 'v9')},${yaml}`, yaml, 'K-102'],
    [`${json};as=Zork;g=meta.k8s.io;v=v1,${json}`, json, 'K-102'],
    [`${json};as=Table;g=other.io;v=v1,${json}`, json, 'K-102'],
    [`${as(protobuf, 'Table')},${json}`, json, 'K-102'],
    [`${protobuf}, */*`, json, 'K-104'],
    [`${protobuf},${json}`, json, 'K-105'],
    [`${json}, */*`, json, 'K-101'],
    ['application/json;q=0.9,application/cbor;q=1', json, 'K-132'],
    ['application/cbor, */*', json, 'K-132'],
  ] as const)
    it(`that accepts ${accept || 'nothing'} gets ${type}, of an object and of a list (${row})`, async () => {
      for (const path of [one, fixturesPath]) {
        const { code, headers, text } = await ask(path, accept);
        expect(code).to.equal(200);
        expect(typeOf(headers)).to.equal(type);
        const { kind } = load(text) as { kind: string };
        expect(kind).to.equal(path === one ? fixtureKind : `${fixtureKind}List`);
      }
    });

  for (const [accept, type, row] of [
    [protobuf, protobuf, 'K-104'],
    ['application/xml', json, 'K-106'],
    ['text/html', json, 'K-107'],
    ['application/cbor', json, 'K-132'],
    [as(protobuf, 'Table'), json, 'K-116'],
    [as(json, 'Table', 'v9'), json, 'K-106'],
    [`${json};as=Zork;g=meta.k8s.io;v=v1`, json, 'K-106'],
    [`${json};q=0`, json, 'K-106'],
  ] as const)
    it(`that accepts ${accept} only gets 406, in ${type} (${row}, K-368)`, async () => {
      for (const method of ['GET', 'POST', 'PUT', 'DELETE']) {
        const path = method === 'POST' ? fixturesPath : one;
        const { code, headers, text } = await ask(path, accept, { method });
        expect(code, method).to.equal(406);
        expect(typeOf(headers)).to.equal(type);
        expect(text).to.contain(onlyAccepted);
        if (type !== json) continue;
        // Written before it is known what the client wants, so for people.
        expect(text).to.contain('\n  "kind": "Status"');
        expect(JSON.parse(text)).to.deep.equal({
          ...{ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure' },
          ...{ message: onlyAccepted, reason: 'NotAcceptable', code: 406 },
        });
      }
    });

  describe('of a watch', () => {
    for (const [accept, type] of [
      ['', json],
      [json, json],
      [`${json};stream=watch`, json],
      [`${protobuf}, */*`, json],
      [`${as(protobuf, metadataOnly)},${as(json, metadataOnly)},${json}`, `${protobuf};stream=watch`],
      [`${as(json, 'Table')},${json}`, json],
    ] as const)
      it(`that accepts ${accept || 'nothing'} gets ${type} (K-127, K-128)`, async () => {
        const { code, headers } = await ask(`${fixturesPath}?watch=1&timeoutSeconds=1`, accept);
        expect(code).to.equal(200);
        expect(typeOf(headers)).to.equal(type);
      });

    for (const [accept, type, row] of [
      [yaml, yaml, 'K-115, K-721'],
      [protobuf, protobuf, 'K-106'],
      ['application/xml', json, 'K-106'],
      [as(protobuf, 'Table'), json, 'K-106'],
    ] as const)
      it(`that accepts ${accept} only gets 406 in ${type}, naming the streams that there are (${row})`, async () => {
        const { code, headers, text } = await ask(`${fixturesPath}?watch=1`, accept);
        expect(code).to.equal(406);
        expect(typeOf(headers)).to.equal(type);
        expect(text).to.contain(onlyAcceptedInWatches);
      });

    it('in protobuf gets whole envelopes in its frames (K-126)', async () => {
      const { text } = await ask(`${fixturesPath}?watch=1&timeoutSeconds=1`, as(protobuf, metadataOnly));
      expect(text.match(/ADDED[\s\S]{1,8}k8s\0/g)).to.have.length(2);
    });

    it('of tables gets the columns with the first event, and a row with each (K-226)', async () => {
      const { text } = await ask(`${fixturesPath}?watch=1&timeoutSeconds=1`, as(json, 'Table'));
      const objects = text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).object);
      expect(objects.map(({ kind }) => kind)).to.deep.equal(['Table', 'Table']);
      expect(objects.map(({ columnDefinitions }) => columnDefinitions.length)).to.deep.equal([4, 0]);
      expect(objects.map(({ rows }) => rows.length)).to.deep.equal([1, 1]);
    });

    for (const form of ['Table', metadataOnly])
      it(`of ${form}s is told errors by a Status (K-129, K-718)`, async () => {
        // What was written before a server began, it cannot tell again.
        const kv = new MemoryStore();
        const write = { when: [], perform: [{ put: '/elsewhere', value: Buffer.from('x') }] };
        const { revision } = await kv.txn(write, AbortSignal.timeout(1000));
        const late = await startFixtureServer({ kv });
        const path = `${fixturesPath}?watch=1&resourceVersion=${revision - 1}`;
        const { text } = await late.admin.ask(path, { accept: as(json, form) });
        const [first, ...rest] = text.split('\n');
        expect(JSON.parse(first!)).to.have.nested.include({
          type: 'ERROR',
          'object.kind': 'Status',
          'object.code': 410,
        });
        expect(rest).to.deep.equal(['']);
        await late.stop();
      });

    for (const [accept, kind, apiVersion] of [
      [json, fixtureKind, 'kubedirector.bluedata.io/v1beta1'],
      [as(json, metadataOnly), metadataOnly, 'meta.k8s.io/v1'],
      [as(json, metadataOnly, 'v1beta1'), metadataOnly, 'meta.k8s.io/v1beta1'],
    ] as const)
      it(`finds kind and version in each event, the bookmark too: ${kind} of ${apiVersion} (K-120, K-130)`, async () => {
        const query = 'watch=1&timeoutSeconds=1&allowWatchBookmarks=true&sendInitialEvents=true';
        const { text } = await ask(`${fixturesPath}?${query}&resourceVersionMatch=NotOlderThan`, accept);
        const events = text
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line));
        expect(events.map(({ type }) => type).slice(0, 3)).to.deep.equal(['ADDED', 'ADDED', 'BOOKMARK']);
        for (const { object } of events) expect(object).to.include({ kind, apiVersion });
        expect(events[2].object.metadata.annotations).to.deep.equal({ 'k8s.io/initial-events-end': 'true' });
      });
  });

  for (const type of [json, yaml])
    for (const version of ['v1', 'v1beta1'] as const) {
      it(`gets an object and a list as a table of ${version} in ${type} (K-116, K-481, K-712)`, async () => {
        for (const path of [one, fixturesPath]) {
          const { code, headers, text } = await ask(path, as(type, 'Table', version));
          expect(code).to.equal(200);
          expect(typeOf(headers)).to.equal(type);
          const table = load(text) as { rows: { object: object }[]; metadata: object };
          expect(table).to.include({ kind: 'Table', apiVersion: `meta.k8s.io/${version}` });
          expect(table.metadata).to.have.property('resourceVersion').that.is.a('string');
          for (const { object } of table.rows)
            expect(object).to.include({ kind: metadataOnly, apiVersion: `meta.k8s.io/${version}` });
        }
      });

      it(`gets metadata alone, of ${version} in ${type} (K-117, K-118)`, async () => {
        const { text } = await ask(one, as(type, metadataOnly, version));
        const object = load(text) as { metadata: { managedFields: unknown } };
        expect(object).to.have.all.keys('kind', 'apiVersion', 'metadata');
        expect(object).to.include({ kind: metadataOnly, apiVersion: `meta.k8s.io/${version}` });
        expect(object.metadata.managedFields).to.have.length(1);
        const { text: listed } = await ask(`${fixturesPath}?limit=1`, as(type, metadataList, version));
        const list = load(listed) as { metadata: object; items: { metadata: { name: string } }[] };
        expect(list).to.include({ kind: metadataList, apiVersion: `meta.k8s.io/${version}` });
        expect(list.metadata).to.have.all.keys('resourceVersion', 'continue', 'remainingItemCount');
        expect(list.items.map(({ metadata }) => metadata.name)).to.deep.equal(['a']);
        expect(list.items[0]).not.to.have.any.keys('spec', 'status');
      });
    }

  it('is told when it asks for the form of a list of one object, or the reverse (K-119)', async () => {
    for (const [path, form, message] of [
      [fixturesPath, metadataOnly, 'you requested PartialObjectMetadata, but the requested object is a list'],
      [one, metadataList, 'you requested PartialObjectMetadataList, but the requested object is not a list'],
    ] as const) {
      const { code, body } = await ask(path, as(json, form));
      expect(code).to.equal(406);
      expect(body.message).to.contain(message);
      expect(body.reason).to.equal('NotAcceptable');
    }
  });

  for (const [form, kind] of [
    ['Table', 'Table'],
    [metadataOnly, metadataOnly],
  ] as const)
    it(`gets the results of writes as ${kind}, too (K-123, K-490)`, async () => {
      const accept = as(json, form);
      const body = fixtureObject('c', {}, { finalizers: ['example.com/held'] });
      const created = await ask(`${fixturesPath}?dryRun=All`, accept, { body });
      expect(created.body.kind).to.equal(kind);
      const patched = await ask(one, accept, { method: 'PATCH', type: merge, body: {} });
      expect(patched.body.kind).to.equal(kind);
      const applied = await ask(`${one}?fieldManager=m&dryRun=All`, accept, {
        method: 'PATCH',
        type: 'application/apply-patch+yaml',
        body: fixtureObject('a'),
      });
      expect(applied.body.kind).to.equal(kind);
      const deleted = await ask(`${one}?dryRun=All`, accept, { method: 'DELETE' });
      expect(deleted.body.kind).to.equal(kind);
    });

  it('gets what it deleted together in the form of a list (K-123)', async () => {
    const { body } = await ask(`${fixturesPath}?dryRun=All`, as(json, metadataList), { method: 'DELETE' });
    expect(body.kind).to.equal(metadataList);
    expect(body.items).to.have.length(2);
  });

  for (const [accept, type] of [
    [as(json, 'Table'), json],
    [as(protobuf, metadataOnly), json],
    [`${as(protobuf, metadataOnly)},${yaml}`, yaml],
    [`${as(json, metadataOnly)},${protobuf}`, protobuf],
    [yaml, yaml],
    [`${protobuf}, */*`, protobuf],
    [json, json],
  ] as const)
    it(`that accepts ${accept} is told of an error in ${type}, which is never transformed (K-019, K-121)`, async () => {
      const { code, headers, text } = await ask(`${fixturesPath}/none`, accept);
      expect(code).to.equal(404);
      expect(typeOf(headers)).to.equal(type);
      expect(text).to.contain('Status').and.to.contain('not found');
    });

  for (const [value, holds] of [
    ['', 'metadata'],
    ['Metadata', 'metadata'],
    ['Object', 'spec'],
    ['None', 'null'],
  ] as const)
    it(`with includeObject=${value} has ${holds} in the rows of its table (K-122, K-487)`, async () => {
      const { body } = await ask(`${fixturesPath}?includeObject=${value}`, as(json, 'Table'));
      const [{ object }] = body.rows;
      if (holds === 'null') expect(object).to.equal(null);
      else expect(object).to.have.property(holds);
      expect(object?.kind).to.equal({ metadata: metadataOnly, spec: fixtureKind, null: undefined }[holds]);
    });

  it('with another includeObject is refused, if it asks for a table (K-122)', async () => {
    const { code, body } = await ask(`${fixturesPath}?includeObject=Zzz`, as(json, 'Table'));
    expect(code).to.equal(400);
    expect(body.message).to.equal(
      `Unable to convert to Table as requested: includeObject: Invalid value: "Zzz": must be 'Metadata', 'Object', 'None', or empty`,
    );
    expect((await ask(`${fixturesPath}?includeObject=Zzz`, json)).code).to.equal(200);
  });

  for (const [query, accept, agent, pretty] of [
    ['', '', '', false],
    ['', '', 'curl/8.5.0', true],
    ['', '', 'Wget/1.21', true],
    ['', '', 'Mozilla/5.0 (X11)', true],
    ['', '', 'kubectl/v1.36', false],
    ['?pretty=false', '', 'curl/8.5.0', false],
    ['?pretty=0', '', 'curl/8.5.0', false],
    ['?pretty=true', '', '', true],
    ['?pretty', '', '', true],
    ['', `${json};pretty=1`, '', true],
    ['', `${json};pretty=0`, '', false],
  ] as const)
    it(`${agent} with ${query || 'no wish'} and ${accept || 'any type'} gets JSON ${pretty ? 'for people' : 'in one line'} (K-103, K-134)`, async () => {
      for (const path of [one, fixturesPath, `${fixturesPath}/none`]) {
        const { text } = await ask(`${path}${query}`, accept, { headers: { 'user-agent': agent || 'x' } });
        expect(text.includes('\n  "kind"') || text.includes('\n  "apiVersion"')).to.equal(pretty);
        expect(text.endsWith('}')).to.equal(true);
      }
    });

  it('may write its body in JSON or YAML, and say nothing of JSON (K-108)', async () => {
    const text = JSON.stringify(fixtureObject('written'));
    for (const type of [json, yaml, '', `${json}; charset=utf-8`, `${yaml}; charset=utf-8`, 'Application/JSON'])
      expect((await ask(`${fixturesPath}?dryRun=All`, '', { body: text, type })).code, type).to.equal(201);
  });

  for (const [type, row] of [
    ['application/x-www-form-urlencoded', 'K-109, K-704'],
    ['application/cbor', 'K-133, K-706'],
    ['text/plain', 'K-109'],
    ['nonsense', 'K-109'],
    [protobuf, 'K-111'],
  ] as const)
    it(`may not write its body in ${type} (${row}, K-374)`, async () => {
      for (const [method, path] of [
        ['POST', fixturesPath],
        ['PUT', one],
        ['PUT', `${one}/status`],
        ['PUT', `${one}/scale`],
      ] as const) {
        const { code, body } = await ask(path, '', { method, type, body: '{}' });
        expect(code, `${method} ${path}`).to.equal(415);
        expect(body).to.deep.equal({
          ...{ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure' },
          ...{ message: unknownFormat(all), reason: 'UnsupportedMediaType', code: 415 },
        });
      }
    });

  for (const type of ['application/strategic-merge-patch+json', json, yaml, 'application/cbor', protobuf, ''])
    it(`may not patch by ${type || 'nothing'} (K-110, K-730)`, async () => {
      const patches = 'application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml';
      for (const path of [one, `${one}/status`]) {
        const { code, body } = await ask(path, '', { method: 'PATCH', type, body: '{}' });
        expect(code).to.equal(415);
        expect(body.message).to.equal(unknownFormat(patches));
        expect(body).not.to.have.property('details');
      }
    });

  describe('reads numbers', () => {
    const object = (free: string, type: string): string =>
      type === json
        ? JSON.stringify(fixtureObject('numbers')).replace('"spec":{', `"spec":{"free":{"v":${free}},`)
        : `${JSON.stringify(fixtureObject('numbers')).replace('"spec":{', `"spec":{"free":{"v": ${free}},`)}`;

    for (const [sent, got] of [
      ['9007199254740993', '9007199254740993'],
      ['-9223372036854775808', '-9223372036854775808'],
      ['9223372036854775807', '9223372036854775807'],
      ['9223372036854775808', '9223372036854776000'],
      ['1.0', '1'],
      ['1e3', '1000'],
      ['1.5', '1.5'],
    ] as const)
      it(`exactly within 64 bits: ${sent} as ${got}, in JSON, YAML and for people (K-112)`, async () => {
        for (const type of [json, yaml]) {
          const { code } = await ask(fixturesPath, '', { body: object(sent, type), type });
          expect(code).to.equal(201);
          const path = `${fixturesPath}/numbers`;
          expect((await ask(path, json)).text).to.contain(`"v":${got}}`);
          expect((await ask(`${path}?pretty=1`, json)).text).to.contain(`"v": ${got}\n`);
          expect((await ask(path, yaml)).text).to.contain(`v: ${got}\n`);
          await ask(path, '', { method: 'DELETE' });
        }
      });
  });

  it('finds keys of every name as they were sent, and no prototype behind them (K-113)', async () => {
    const text = JSON.stringify(fixtureObject('keys')).replace(
      '"spec":{',
      '"spec":{"free":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toString":"x"},',
    );
    for (const type of [json, yaml]) {
      const { body, text: answer } = await ask(`${fixturesPath}?dryRun=All`, '', { body: text, type });
      expect(answer).to.contain('"__proto__":{"polluted":1}').and.to.contain('"toString":"x"');
      expect(Object.keys(body.spec.free)).to.have.members(['__proto__', 'constructor', 'toString']);
    }
    expect(({} as Record<string, unknown>).polluted).to.equal(undefined);
  });

  describe('in YAML', () => {
    for (const [written, read] of [
      ['y', true],
      ['No', false],
      ['ON', true],
      ['off', false],
      ['0o17', 15],
      ['017', 15],
      ['0x1F', 31],
      ['1_000', 1000],
      ['~', null],
      ['"y"', 'y'],
      ['12:30', '12:30'],
      ['2001-01-01', '2001-01-01'],
    ] as const)
      it(`means ${JSON.stringify(read)} by ${written} (K-114)`, async () => {
        const body = `apiVersion: kubedirector.bluedata.io/v1beta1\nkind: ${fixtureKind}\nmetadata: {name: y1}\nspec:\n  app: x\n  free: {v: ${written}}\n`;
        const { code, body: object } = await ask(`${fixturesPath}?dryRun=All`, '', { body, type: yaml });
        expect(code).to.equal(201);
        expect(object.spec.free.v).to.equal(read);
      });

    it('gets moments in quotes, so that it reads the text that was sent (K-114)', async () => {
      const body = fixtureObject('yaml', { free: { day: '2026-11-22', '<<': 'x' } });
      const { text } = await ask(`${fixturesPath}?dryRun=All`, yaml, { body });
      expect(text).to.match(/\n {2}creationTimestamp: "\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"\n/);
      expect(text).to.contain('    "<<": x\n    day: "2026-11-22"\n');
    });

    it('gets blocks, with keys in order, and quotes around what would be misread (K-114)', async () => {
      const body = fixtureObject('yaml', { free: { on: 'yes', b: 'no', a: '1', deep: { z: [1, { y: 2 }] } } });
      const { text } = await ask(`${fixturesPath}?dryRun=All`, yaml, { body });
      expect(text).to.contain(
        '  free:\n    a: "1"\n    b: "no"\n    deep:\n      z:\n        - 1\n        - "y": 2\n    "on": "yes"\n',
      );
      const keys = [...text.matchAll(/^(\w+):/gm)].map(([, key]) => key);
      expect(keys).to.deep.equal(['apiVersion', 'kind', 'metadata', 'spec']);
    });
  });
});

describe('a client of our own kinds', () => {
  it('gets the same forms (K-116, K-117)', async () => {
    const server = await startServer();
    const path = '/apis/kubedirector.bluedata.io/v1beta1/namespaces/default/kubedirectorapps';
    for (const [form, kind] of [
      ['Table', 'Table'],
      [metadataList, metadataList],
    ] as const)
      expect((await server.admin.ask(path, { accept: as(json, form) })).body.kind).to.equal(kind);
    await server.stop();
  });
});
