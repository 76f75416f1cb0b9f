/**
 * Lists: what every combination of resourceVersion, match, limit and continue means, that pages show one revision, and what becomes of
 * pages whose revision is forgotten. deletecollection lists by the same rules.
 */
import { expect } from 'chai';
import type { KeyValueStore } from '../../../storage/kv.ts';
import { MemoryStore } from '../../../storage/memory.ts';
import { fixtureObject, fixturesPath } from '../../make/fixture-kind.ts';
import type { TestClient, TestServer } from '../serving.ts';
import { startFixtureServer } from './fixture-server.ts';

const matchAt = 'resourceVersionMatch: ';
const forbiddenWithout = `${matchAt}Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided`;
const forbiddenWithContinue = `${matchAt}Forbidden: resourceVersionMatch is forbidden when continue is provided`;
const forbiddenAtZero = `${matchAt}Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"`;
const unsupported = `${matchAt}Unsupported value: "Bogus": supported values: "Exact", "NotOlderThan", ""`;

const namesIn = ({ items }: { items: { metadata: { name: string } }[] }): string[] =>
  items.map(({ metadata }) => metadata.name);
const tokenIn = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token, 'base64url').toString()) as Record<string, unknown>;
const tokenOf = (token: unknown): string => Buffer.from(JSON.stringify(token)).toString('base64url');

describe('a list', () => {
  let server: TestServer;
  /** After two objects, and after four. */
  let [early, late] = ['', ''];
  before(async () => {
    server = await startFixtureServer();
    const make = async (name: string) =>
      (await server.admin.ask(fixturesPath, { body: fixtureObject(name) })).body.metadata.resourceVersion as string;
    for (const name of ['a', 'b']) early = await make(name);
    for (const name of ['c', 'd']) late = await make(name);
  });
  after(() => server.stop());
  const ask: TestClient['ask'] = (path, options) => server.admin.ask(path, options);

  interface Question {
    readonly version: 'unset' | 'empty' | '0' | 'early' | 'late' | 'future' | 'abc';
    readonly match: '' | 'Exact' | 'NotOlderThan' | 'Bogus';
    readonly limit: 0 | 2;
    readonly continued: boolean;
  }

  const every: Question[] = (['unset', 'empty', '0', 'early', 'late', 'future', 'abc'] as const).flatMap((version) =>
    (['', 'Exact', 'NotOlderThan', 'Bogus'] as const).flatMap((match) =>
      ([0, 2] as const).flatMap((limit) => [false, true].map((continued) => ({ version, match, limit, continued }))),
    ),
  );

  /** The rules of the API conventions, said again: what is wrong with a question, else the objects of its first page. */
  function answerTo({ version, match, limit, continued }: Question): {
    row: string;
    code: number;
    words?: string[];
    names?: string[];
    exactly?: 'early' | 'late';
  } {
    const isUnset = version === 'unset' || version === 'empty';
    const words = [
      ...(match && isUnset ? [forbiddenWithout] : []),
      ...(match && continued ? [forbiddenWithContinue] : []),
      ...(match === 'Bogus' ? [unsupported] : []),
      ...(match === 'Exact' && version === '0' ? [forbiddenAtZero] : []),
    ];
    if (words.length) {
      const row = match === 'Bogus' ? 'K-197' : continued ? 'K-186' : isUnset ? 'K-196' : 'K-195';
      return { row, code: 422, words };
    }
    const abc = '"abc": strconv.ParseUint: parsing "abc": invalid syntax';
    if (version === 'abc')
      return { row: 'K-198', code: 400, words: [`invalid resource version: resourceVersion: Invalid value: ${abc}`] };
    if (continued && !isUnset && version !== '0')
      return { row: 'K-186', code: 400, words: ['specifying resource version is not allowed when using continue'] };
    if (continued) return { row: 'K-180', code: 200, names: ['b', 'c', 'd'].slice(0, limit || 3), exactly: 'late' };
    if (version === 'future') return { row: 'K-190', code: 504, words: ['Timeout: Too large resource version: '] };
    const isExact = match === 'Exact' || (match === '' && limit > 0);
    if (version === 'early' && isExact)
      return { row: match ? 'K-194' : 'K-191', code: 200, names: ['a', 'b'], exactly: 'early' };
    if (version === '0') return { row: match ? 'K-193' : 'K-189', code: 200, names: ['a', 'b', 'c', 'd'] };
    const row = isUnset ? 'K-188' : match === 'NotOlderThan' ? 'K-192' : 'K-190';
    return { row, code: 200, names: ['a', 'b', 'c', 'd'].slice(0, limit || 4), exactly: 'late' };
  }

  const queryOf = async ({ version, match, limit, continued }: Question): Promise<string> => {
    const query = new URLSearchParams();
    const versions = { unset: undefined, empty: '', '0': '0', early, late, future: '99999999', abc: 'abc' };
    const resourceVersion = versions[version];
    if (resourceVersion !== undefined) query.set('resourceVersion', resourceVersion);
    if (match) query.set('resourceVersionMatch', match);
    if (limit) query.set('limit', String(limit));
    if (continued) query.set('continue', (await ask(`${fixturesPath}?limit=1`)).body.metadata.continue);
    return String(query);
  };

  // The matrix, whole (K-716).
  for (const question of every) {
    const { version, match, limit, continued } = question;
    const { row, code, words, names, exactly } = answerTo(question);
    // Waiting for what never comes takes its three seconds, so one of each kind is enough.
    if (code === 504 && limit > 0 !== (match === 'Exact')) continue;
    it(`at version ${version}, match ${match || 'none'}, limit ${limit || 'none'}${continued ? ', continued' : ''}, is ${names ?? code} (${row})`, async () => {
      const query = await queryOf(question);
      const listed = await ask(`${fixturesPath}?${query}`);
      expect(listed.code, listed.text).to.equal(code);
      for (const text of words ?? []) expect(listed.body.message).to.contain(text);
      if (code !== 200) {
        if (code === 504) return;
        // The same options are refused in the same words before anything is deleted.
        const deleting = await ask(`${fixturesPath}?${query}&dryRun=All`, { method: 'DELETE' });
        expect([deleting.code, deleting.body.message]).to.deep.equal([code, listed.body.message]);
        return;
      }
      expect(namesIn(listed.body)).to.deep.equal(names);
      if (exactly) expect(listed.body.metadata.resourceVersion).to.equal(exactly === 'early' ? early : late);
      const deleted = await ask(`${fixturesPath}?${query}&dryRun=All`, { method: 'DELETE' });
      expect(namesIn(deleted.body)).to.deep.equal(names);
    });
  }

  it('refuses initial events, which are for watches (K-199)', async () => {
    const { code, body } = await ask(`${fixturesPath}?sendInitialEvents=true&resourceVersionMatch=NotOlderThan`);
    expect(code).to.equal(422);
    expect(body.message).to.equal(
      `ListOptions.meta.k8s.io "" is invalid: [${forbiddenWithout}, sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list]`,
    );
  });

  for (const query of ['limit=0', 'limit=-1', 'limit=', 'shardSelector=x', 'limit=%2B9'])
    it(`with ${query} is whole (K-176, K-207)`, async () => {
      const { body } = await ask(`${fixturesPath}?${query}`);
      expect(namesIn(body)).to.deep.equal(['a', 'b', 'c', 'd']);
      expect(body.metadata).to.have.all.keys('resourceVersion');
    });

  it('gives a token that says the revision and the last key, in base64url (K-179)', async () => {
    const { body } = await ask(`${fixturesPath}?limit=2`);
    expect(body.metadata.continue).to.match(/^[A-Za-z0-9_-]+$/);
    expect(tokenIn(body.metadata.continue)).to.deep.equal({ v: 'meta.k8s.io/v1', rv: Number(late), start: 'b\u0000' });
  });

  for (const [token, words] of [
    ['junk', ''],
    ['%%%', ''],
    [tokenOf({ v: 'v9', rv: 5, start: 'a\u0000' }), 'server does not recognize this encoded version v9'],
    [
      tokenOf({ v: 'meta.k8s.io/v1', rv: 0, start: 'a\u0000' }),
      'incorrect encoded start resourceVersion (version meta.k8s.io/v1)',
    ],
    [tokenOf({ v: 'meta.k8s.io/v1', rv: 5, start: '' }), 'encoded start key empty (version meta.k8s.io/v1)'],
    [tokenOf({ v: 'meta.k8s.io/v1', rv: 5, start: '../../x' }), '../../x'],
    [tokenOf({ v: 'meta.k8s.io/v1', rv: 5.5, start: 'a\u0000' }), ''],
    [tokenOf({ v: 'meta.k8s.io/v1', rv: '5', start: 'a\u0000' }), ''],
    [tokenOf([]), ''],
    [tokenOf(null), ''],
  ] as const)
    it(`takes no token but its own: ${token.slice(0, 20)} ${words} (K-182, K-183)`, async () => {
      const { code, body } = await ask(`${fixturesPath}?limit=1&continue=${encodeURIComponent(token)}`);
      expect(code).to.equal(400);
      expect(body.message).to.contain(`invalid continue token: continue key is not valid: ${words}`);
    });

  it('waits for the revision of a token that is newer than all it knows, and then says so (K-185)', async () => {
    const token = tokenOf({ v: 'meta.k8s.io/v1', rv: 99_999_999, start: 'a\u0000' });
    const { code, body } = await ask(`${fixturesPath}?limit=1&continue=${token}`);
    expect(code).to.equal(504);
    expect(body.details.causes[0].reason).to.equal('ResourceVersionTooLarge');
  });

  it('goes on in another namespace only with what is there (K-183)', async () => {
    const { body } = await ask(`${fixturesPath}?limit=2`);
    const elsewhere = fixturesPath.replace('default', 'other');
    const { body: others } = await ask(`${elsewhere}?continue=${body.metadata.continue}`);
    expect(others.items).to.deep.equal([]);
  });
});

describe('a list in pages', () => {
  const never = new AbortController().signal;
  let kv: MemoryStore;
  let server: TestServer;
  beforeEach(async () => {
    kv = new MemoryStore();
    server = await startFixtureServer({ kv: lent(kv) });
    for (const name of ['a', 'b', 'c', 'd', 'e'])
      await server.admin.ask(fixturesPath, {
        body: fixtureObject(name, {}, { labels: { parity: 'ace'.includes(name) ? 'odd' : 'even' } }),
      });
  });
  afterEach(async () => {
    await server.stop();
    await kv.close();
  });

  /** The same store, for several servers one after the other. */
  const lent = (store: KeyValueStore): KeyValueStore => ({
    range: (request, signal) => store.range(request, signal),
    txn: (request, signal) => store.txn(request, signal),
    watch: (prefix, from, signal) => store.watch(prefix, from, signal),
    requestProgress: () => store.requestProgress(),
    currentRevision: (signal) => store.currentRevision(signal),
    compact: (revision, signal) => store.compact(revision, signal),
    status: (signal) => store.status(signal),
    close: async () => {},
  });
  const page = async (query: string, from = server) => (await from.admin.ask(`${fixturesPath}?${query}`)).body;

  it('shows one revision, whatever happens between them and whatever the limits (K-177, K-180, K-181)', async () => {
    const first = await page('limit=2');
    expect(first.metadata.remainingItemCount).to.equal(3);
    await server.admin.ask(`${fixturesPath}/c`, { method: 'DELETE' });
    await server.admin.ask(fixturesPath, { body: fixtureObject('bb') });
    const second = await page(`limit=1&continue=${first.metadata.continue}`);
    expect(namesIn(second)).to.deep.equal(['c']);
    const third = await page(`limit=500&continue=${second.metadata.continue}`);
    expect(namesIn(third)).to.deep.equal(['d', 'e']);
    expect(third.metadata).to.have.all.keys('resourceVersion');
    for (const { metadata } of [second, third])
      expect(metadata.resourceVersion).to.equal(first.metadata.resourceVersion);
  });

  it('counts what is selected, and ends without an empty page (K-178)', async () => {
    const query = 'limit=1&labelSelector=parity%3Dodd';
    let names: string[] = [];
    let next = '';
    do {
      const { items, metadata } = await page(`${query}${next && `&continue=${next}`}`);
      expect(items).to.have.length(1);
      expect(metadata).not.to.have.property('remainingItemCount');
      names = [...names, ...namesIn({ items })];
      next = metadata.continue ?? '';
    } while (next);
    expect(names).to.deep.equal(['a', 'c', 'e']);
  });

  it('goes on at another server, and after all of them have stopped (K-187)', async () => {
    const { metadata } = await page('limit=2');
    await server.stop();
    server = await startFixtureServer({ kv: lent(kv) });
    expect(namesIn(await page(`continue=${metadata.continue}`))).to.deep.equal(['c', 'd', 'e']);
  });

  it('whose revision is forgotten is 410, and goes on inconsistently where it was, at the newest (K-184, K-717)', async () => {
    const { metadata } = await page('limit=2');
    await server.admin.ask(`${fixturesPath}/c`, { method: 'DELETE' });
    await server.admin.ask(fixturesPath, { body: fixtureObject('cc') });
    await server.admin.ask(fixturesPath, { body: fixtureObject('aa') });
    await server.stop();
    await kv.compact(await kv.currentRevision(never), never);
    server = await startFixtureServer({ kv: lent(kv) });

    const { code, body } = await server.admin.ask(`${fixturesPath}?limit=2&continue=${metadata.continue}`);
    expect(code).to.equal(410);
    expect(body).to.include({ reason: 'Expired', code: 410 });
    expect(body.message).to.match(/^The provided continue parameter is too old to display a consistent list result\. /);
    expect(tokenIn(body.metadata.continue)).to.deep.equal({ v: 'meta.k8s.io/v1', rv: -1, start: 'b\u0000' });

    const rest = await page(`limit=2&continue=${body.metadata.continue}`);
    expect(namesIn(rest)).to.deep.equal(['cc', 'd']);
    expect(Number(rest.metadata.resourceVersion)).to.be.above(Number(metadata.resourceVersion));
    expect(tokenIn(rest.metadata.continue).rv).to.equal(Number(rest.metadata.resourceVersion));
    expect(namesIn(await page(`continue=${rest.metadata.continue}`))).to.deep.equal(['e']);
  });

  it('of a forgotten revision is 410 without a token when it asks for that very one (K-194)', async () => {
    const { metadata } = await page('limit=1');
    await server.admin.ask(`${fixturesPath}/c`, { method: 'DELETE' });
    await server.stop();
    await kv.compact(await kv.currentRevision(never), never);
    server = await startFixtureServer({ kv: lent(kv) });
    const { code, body } = await server.admin.ask(
      `${fixturesPath}?resourceVersion=${metadata.resourceVersion}&resourceVersionMatch=Exact`,
    );
    expect(code).to.equal(410);
    expect(body.message).to.equal('The resourceVersion for the provided list is too old.');
    expect(body.metadata).to.deep.equal({});
  });

  it('is deleted by the page (K-301)', async () => {
    const { body } = await server.admin.ask(`${fixturesPath}?limit=2`, { method: 'DELETE' });
    expect(namesIn(body)).to.deep.equal(['a', 'b']);
    expect(namesIn(await page(''))).to.deep.equal(['c', 'd', 'e']);
    await server.admin.ask(`${fixturesPath}?limit=2&continue=${body.metadata.continue}`, { method: 'DELETE' });
    expect(namesIn(await page(''))).to.deep.equal(['e']);
  });
});
