/**
 * What is refused first where several things are wrong: what cannot be read, then what may not be, then what is not there (K-135).
 */
import { expect } from 'chai';
import { fixtureObject, fixturesPath } from '../../make/fixture-kind.ts';
import type { TestServer } from '../serving.ts';
import { startFixtureServer } from './fixture-server.ts';

const merge = 'application/merge-patch+json';
const noInteger = 'strconv.ParseInt: parsing "abc": invalid syntax';
const noLabels = "found '=', expected: !, identifier, or 'end of string'";
const noFields = "invalid selector: 'junk'; can't understand 'junk'";
const noField = 'field label not supported: spec.zork';
const noRevision = 'invalid resource version: resourceVersion: Invalid value: "abc": ';
const noMatch = 'ListOptions.meta.k8s.io "" is invalid: ';
const noDryRun = (kind: string): string => `${kind}.meta.k8s.io "" is invalid: dryRun: Unsupported value: `;

const wrongIn: Readonly<Record<string, string>> = {
  limit: 'limit=abc',
  labels: 'labelSelector=%3D',
  fields: 'fieldSelector=junk',
  match: 'resourceVersionMatch=Bogus',
  field: 'fieldSelector=spec.zork%3D1',
  dryRun: 'dryRun=Some',
  revision: 'resourceVersion=abc',
};

describe('of several things that are wrong', () => {
  let server: TestServer;
  before(async () => {
    server = await startFixtureServer();
    await server.admin.ask(fixturesPath, { body: fixtureObject('one') });
  });
  after(() => server.stop());

  for (const [first, then, code, message] of [
    ['limit', ['labels', 'fields', 'match', 'dryRun', 'revision'], 400, noInteger],
    ['labels', ['fields', 'match', 'dryRun', 'revision'], 400, noLabels],
    ['fields', ['match', 'dryRun', 'revision'], 400, noFields],
    ['match', ['field', 'dryRun', 'revision'], 422, noMatch],
    ['field', ['dryRun', 'revision'], 400, noField],
  ] as const)
    for (const other of then)
      for (const [what, method, watch] of [
        ['a list', 'GET', ''],
        ['a watch', 'GET', '&watch=1'],
        ['a delete of many', 'DELETE', ''],
      ] as const)
        if (other !== 'dryRun' || method === 'DELETE')
          it(`${what} tells of its ${first} before its ${other} (K-135, K-206)`, async () => {
            const path = `${fixturesPath}?${wrongIn[other]}&${wrongIn[first]}${watch}`;
            const answer = await server.admin.ask(path, { method });
            expect(answer.code).to.equal(code);
            expect(answer.body.message).to.contain(message);
          });

  it('a delete of many tells of its options before its resourceVersion (K-135)', async () => {
    const { body } = await server.admin.ask(`${fixturesPath}?${wrongIn.dryRun}&${wrongIn.revision}`, {
      method: 'DELETE',
    });
    expect(body.message).to.contain(noDryRun('DeleteOptions'));
  });

  it('a list tells of its resourceVersion last (K-135, K-198)', async () => {
    const { code, body } = await server.admin.ask(`${fixturesPath}?${wrongIn.revision}`);
    expect([code, body.reason]).to.deep.equal([400, 'BadRequest']);
    expect(body.message).to.contain(noRevision);
  });

  for (const [what, method, path, type, kind] of [
    ['a create', 'POST', '', 'application/json', 'CreateOptions'],
    ['an update', 'PUT', '/one', 'application/json', 'UpdateOptions'],
    ['a merge patch', 'PATCH', '/one', merge, 'PatchOptions'],
    ['a JSON patch', 'PATCH', '/one', 'application/json-patch+json', 'PatchOptions'],
    ['an apply', 'PATCH', '/one', 'application/apply-patch+yaml', 'PatchOptions'],
    ['a patch of scale', 'PATCH', '/one/scale', merge, 'PatchOptions'],
    ['an update of scale', 'PUT', '/one/scale', 'application/json', 'UpdateOptions'],
  ] as const) {
    it(`${what} tells of its options before its body (K-135)`, async () => {
      const { code, body } = await server.admin.ask(`${fixturesPath}${path}?dryRun=Some`, { method, type, body: '{' });
      expect(code).to.equal(422);
      expect(body.message).to.contain(noDryRun(kind));
    });

    it(`${what} tells of its media type before its options (K-109, K-110, K-135)`, async () => {
      const ask = { method, type: 'text/plain', body: '{' };
      expect((await server.admin.ask(`${fixturesPath}${path}?dryRun=Some`, ask)).code).to.equal(415);
    });
  }
});
