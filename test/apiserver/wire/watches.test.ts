/**
 * Watches: where they begin, what is refused before they do, and what they tell of selections.
 */
import { expect } from 'chai';
import { fixtureKind, fixturesPath } from '../../make/fixture-kind.ts';
import type { TestServer } from '../serving.ts';
import { startFixtureServer } from './fixture-server.ts';
import { merge, writingTo } from './writing.ts';

const needs =
  'resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan';
const without =
  'resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided';
const notSupported = (match: string): string =>
  `resourceVersionMatch: Unsupported value: "${match}": supported values: "NotOlderThan"`;
const withContinue = 'resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden when continue is provided';

describe('a watch', () => {
  let server: TestServer;
  let version = '';
  before(async () => {
    server = await startFixtureServer();
    for (const _ of 'ab') version = (await make()).object.metadata.resourceVersion;
  });
  after(() => server.stop());
  const { ask, make, patch } = writingTo(() => server);
  /** What it tells within a second, in which nothing happens. */
  const told = async (query: string) => {
    const { code, text } = await ask(`${fixturesPath}?watch=1&timeoutSeconds=1&allowWatchBookmarks=true&${query}`);
    const lines = text.split('\n').filter((line) => line !== '');
    return { code, text, events: code === 200 ? lines.map((line) => JSON.parse(line)) : [] };
  };

  // A bookmark that marks the end of the initial events is told apart from the one before the end of the watch.
  for (const [query, begins, row] of [
    ['', 'ADDED ADDED END', 'K-209'],
    ['resourceVersion=', 'ADDED ADDED END', 'K-209'],
    ['resourceVersion=0', 'ADDED ADDED END', 'K-210'],
    ['resourceVersion=VERSION', '', 'K-211'],
    ['resourceVersionMatch=NotOlderThan&sendInitialEvents=true', 'ADDED ADDED END', 'K-212'],
    ['resourceVersion=0&resourceVersionMatch=NotOlderThan&sendInitialEvents=true', 'ADDED ADDED END', 'K-212'],
    ['resourceVersion=VERSION&resourceVersionMatch=NotOlderThan&sendInitialEvents=true', 'ADDED ADDED END', 'K-212'],
    ['resourceVersionMatch=NotOlderThan&sendInitialEvents=false', '', 'K-214'],
    ['resourceVersion=0&resourceVersionMatch=NotOlderThan&sendInitialEvents=false', '', 'K-214'],
    ['resourceVersion=VERSION&resourceVersionMatch=NotOlderThan&sendInitialEvents=false', '', 'K-214'],
    ['labelSelector=none%3Dx', 'END', 'K-209'],
    ['fieldSelector=spec.app%3Dnone', 'END', 'K-206'],
  ] as const)
    it(`with ${query || 'nothing'} begins with ${begins || 'nothing'} (${row})`, async () => {
      const { code, events } = await told(query.replace('VERSION', version));
      expect(code).to.equal(200);
      const words = events.map(({ type, object }) =>
        type !== 'BOOKMARK' ? type : object.metadata.annotations ? 'END' : 'BOOKMARK',
      );
      const seen = words.filter((word) => word !== 'BOOKMARK').join(' ');
      expect(seen).to.equal(begins);
      for (const { object } of events) expect(object.kind).to.equal(fixtureKind);
    });

  for (const [query, code, words, row] of [
    ['sendInitialEvents=true', 422, needs, 'K-212'],
    ['sendInitialEvents=false', 422, needs, 'K-212'],
    ['sendInitialEvents=true&resourceVersionMatch=Exact', 422, `[${needs}, ${notSupported('Exact')}]`, 'K-212'],
    ['resourceVersionMatch=NotOlderThan', 422, without, 'K-215'],
    ['resourceVersionMatch=Exact', 422, `[${without}, ${notSupported('Exact')}]`, 'K-215'],
    ['resourceVersionMatch=NotOlderThan&sendInitialEvents=true&continue=x', 422, withContinue, 'K-215'],
    ['resourceVersion=abc', 400, 'strconv.ParseUint: parsing "abc": invalid syntax', 'K-216'],
    ['resourceVersion=-1', 400, 'strconv.ParseUint: parsing "-1": invalid syntax', 'K-216'],
    ['labelSelector=a%3D%3D%3Db', 400, 'unable to parse requirement: found', 'K-202, K-216'],
    ['fieldSelector=junk', 400, "invalid selector: 'junk'; can't understand 'junk'", 'K-203, K-216'],
    ['fieldSelector=spec.mode%3Da', 400, 'field label not supported: spec.mode', 'K-204, K-216'],
  ] as const)
    it(`with ${query} is refused before it begins (${row})`, async () => {
      const { code: got, text } = await told(query);
      expect(got).to.equal(code);
      expect(JSON.parse(text).message).to.contain(words);
    });

  it('from a revision that has not come is silent (K-218)', async () => {
    expect((await told('resourceVersion=99999999')).events).to.deep.equal([]);
  });

  for (const accept of ['application/json', 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1'])
    it(`of the state at a revision that does not come is told so in the stream, as ${accept} (K-129, K-218)`, async () => {
      const { code, headers, text } = await ask(
        `${fixturesPath}?watch=1&resourceVersion=99999999&resourceVersionMatch=NotOlderThan&sendInitialEvents=true`,
        { accept },
      );
      expect(code).to.equal(200);
      expect(headers['content-type']).to.equal('application/json');
      const [line, ...others] = text.split('\n');
      expect(others).to.deep.equal(['']);
      const { type, object } = JSON.parse(line!);
      expect(type).to.equal('ERROR');
      expect(object).to.deep.include({ kind: 'Status', apiVersion: 'v1', reason: 'Timeout', code: 504 });
      expect(object.message).to.match(/^Timeout: Too large resource version: 99999999, current: \d+$/);
      expect(object.details.causes).to.deep.equal([
        { reason: 'ResourceVersionTooLarge', message: 'Too large resource version' },
      ]);
    });

  it('tells what enters and leaves its selection, whether by labels or by fields (K-220)', async () => {
    for (const [selector, inside, outside] of [
      ['labelSelector=t%3Dx', { metadata: { labels: { t: 'x' } } }, { metadata: { labels: { t: 'y' } } }],
      ['fieldSelector=spec.app%3Din', { spec: { app: 'in' } }, { spec: { app: 'out' } }],
    ] as const) {
      const { path, name, object } = await make();
      const watching = server.admin.watch(
        `${fixturesPath}?watch=1&resourceVersion=${object.metadata.resourceVersion}&${selector}`,
        (events) => events.length === 3,
      );
      await patch(path, inside, merge);
      await patch(path, { spec: { mode: 'a' } }, merge);
      const { body: left } = await patch(path, outside, merge);
      await patch(path, { spec: { mode: 'b' } }, merge);
      const events = await watching;
      expect(events.map(({ type }) => type)).to.deep.equal(['ADDED', 'MODIFIED', 'DELETED']);
      const [, , { object: last }] = events;
      expect(last.metadata.name).to.equal(name);
      // The old state under the new revision.
      expect(last.metadata.resourceVersion).to.equal(left.metadata.resourceVersion);
      expect(last).to.nested.include(
        selector.startsWith('label') ? { 'metadata.labels.t': 'x' } : { 'spec.app': 'in' },
      );
    }
  });

  it('is refused options of time that are none (K-136)', async () => {
    const { code } = await ask(`${fixturesPath}?watch=1&timeoutSeconds=soon`);
    expect(code).to.equal(400);
  });
});
