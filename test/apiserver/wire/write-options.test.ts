/**
 * The options of writes, and what becomes of fields that nobody knows or that stand twice.
 */
import { expect } from 'chai';
import { fixtureGroup, fixtureKind, fixtureObject, fixturesPath } from '../../make/fixture-kind.ts';
import type { Answer, Ask, TestServer } from '../serving.ts';
import { startFixtureServer } from './fixture-server.ts';
import { apply, json, jsonPatch, merge, writingTo, yaml } from './writing.ts';

describe('a write', () => {
  let server: TestServer;
  before(async () => {
    server = await startFixtureServer();
  });
  after(() => server.stop());
  const { ask, make, patch, put } = writingTo(() => server);

  describe('has options', () => {
    const verbs: readonly (readonly [kind: string, ask: (path: string) => Ask & { readonly at: string }])[] = [
      ['CreateOptions', () => ({ at: fixturesPath, method: 'POST', body: fixtureObject('options') })],
      ['UpdateOptions', (path) => ({ at: path, method: 'PUT', body: fixtureObject('options') })],
      ['UpdateOptions', (path) => ({ at: `${path}/status`, method: 'PUT', body: fixtureObject('options') })],
      ['UpdateOptions', (path) => ({ at: `${path}/scale`, method: 'PUT', body: {} })],
      ['PatchOptions', (path) => ({ at: path, method: 'PATCH', body: {}, type: merge })],
      ['PatchOptions', (path) => ({ at: path, method: 'PATCH', body: [], type: jsonPatch })],
      ['PatchOptions', (path) => ({ at: `${path}/status`, method: 'PATCH', body: {}, type: merge })],
      ['PatchOptions', (path) => ({ at: `${path}/scale`, method: 'PATCH', body: {}, type: merge })],
      ['PatchOptions', (path) => ({ at: path, method: 'PATCH', body: {}, type: apply })],
      ['PatchOptions', (path) => ({ at: `${path}/scale`, method: 'PATCH', body: {}, type: apply })],
    ];
    const bad = [
      ['dryRun=Some', 'dryRun: Unsupported value: ["Some"]: supported values: "All"', 'K-138'],
      ['dryRun=All&dryRun=Some', 'dryRun: Unsupported value: ["All","Some"]: supported values: "All"', 'K-138'],
      ['dryRun=', 'dryRun: Unsupported value: [""]: supported values: "All"', 'K-138'],
      [
        'fieldValidation=Nope',
        'fieldValidation: Unsupported value: "Nope": supported values: "", "Ignore", "Strict", "Warn"',
        'K-137',
      ],
      [`fieldManager=${'x'.repeat(129)}`, 'fieldManager: Too long: may not be more than 128 bytes', 'K-140'],
      ['fieldManager=me%0A', 'fieldManager: Invalid value: "me\\n": invalid character U+000A (at position 2)', 'K-140'],
      [
        'fieldManager=%C3%A9%C2%A0',
        'fieldManager: Invalid value: "é\\u00a0": invalid character U+00A0 (at position 2)',
        'K-140',
      ],
    ] as const;

    for (const [i, [kind, request]] of verbs.entries())
      for (const [query, words, row] of bad)
        it(`that are judged as ${kind}: ${query.slice(0, 30)} (${i}, ${row})`, async () => {
          const { path } = await make();
          const { at, ...options } = request(path);
          // Who applies must say who it is, which is another fault.
          const manager = options.type === apply && !query.startsWith('fieldManager') ? '&fieldManager=m' : '';
          const { code, body } = await ask(`${at}?${query}${manager}`, options);
          expect(code).to.equal(422);
          expect(body.message).to.equal(`${kind}.meta.k8s.io "" is invalid: ${words}`);
          expect(body.details).to.deep.include({ group: 'meta.k8s.io', kind });
        });

    it('of which all faults are told at once (K-137)', async () => {
      const { body } = await ask(`${fixturesPath}?dryRun=Some&fieldValidation=Nope`, { body: fixtureObject('x') });
      expect(body.details.causes).to.have.length(2);
    });

    it('of which force is for applying only (K-251)', async () => {
      const { path } = await make();
      for (const query of ['force=true', 'force=false', 'force']) {
        const { code, body } = await ask(`${path}?${query}`, { method: 'PATCH', body: {}, type: merge });
        expect(code).to.equal(422);
        expect(body.message).to.contain('force: Forbidden: may not be specified for non-apply patch');
      }
    });

    for (const [query, method] of [
      ['limit=abc', 'GET'],
      ['timeoutSeconds=abc&watch=1', 'GET'],
      ['limit=1.5', 'GET'],
      ['limit=abc', 'DELETE'],
      ['gracePeriodSeconds=abc', 'DELETE'],
    ] as const)
      it(`that are numbers: ${method} ?${query} is 400 (K-136)`, async () => {
        const { code, body } = await ask(`${fixturesPath}?${query}`, { method });
        expect(code).to.equal(400);
        expect(body).to.include({ reason: 'BadRequest' });
        expect(body.message).to.match(/^strconv\.ParseInt: parsing ".*": invalid syntax$/);
      });

    for (const [agent, manager] of [
      ['kubectl/v1.36.0 (linux/amd64)', 'kubectl'],
      ['Mozilla', 'Mozilla'],
      ['two words/1', 'two words'],
      ['/nameless', 'unknown'],
      [`${'x'.repeat(130)}/1`, 'x'.repeat(128)],
    ] as const)
      it(`of which a manager that nobody names is the program: ${agent.slice(0, 30)} (K-141)`, async () => {
        const { path } = await make();
        await ask(path, {
          method: 'PATCH',
          body: { spec: { mode: 'a' } },
          type: merge,
          headers: { 'user-agent': agent },
        });
        const { body } = await ask(path);
        expect(body.metadata.managedFields.map((entry: { manager: string }) => entry.manager)).to.include(manager);
      });
  });

  describe('with fields that nobody knows or that stand twice', () => {
    const text = (name: string, metadata = ''): string =>
      `{"apiVersion":"${fixtureGroup}/v1beta1","kind":"${fixtureKind}","metadata":{"name":"${name}","foo":1${metadata}},"spec":{"app":"x","app":"y","free":{"any":{"thing":1}},"roles":[{"id":"a","bad":1}]},"top":1}`;
    const findings = [
      'duplicate field "spec.app"',
      'unknown field "metadata.foo"',
      'unknown field "spec.roles[0].bad"',
      'unknown field "top"',
    ];
    const warningsOf = ({ warnings }: Answer) => warnings;
    const asHeader = (finding: string): string => `299 - "${finding.replaceAll('"', '\\"')}"`;

    for (const validation of ['Ignore', 'Warn', '', 'Strict'] as const)
      for (const method of ['POST', 'PUT'] as const)
        it(`by ${method}, and ${validation || 'no wish'}: is ${validation === 'Strict' ? 'refused' : 'carried out without them'} (${{ Ignore: 'K-143', Strict: 'K-145' }[validation as 'Ignore'] ?? 'K-144'}, K-146, K-151, K-152)`, async () => {
          const { path, name, object } = await make();
          const version = `,"resourceVersion":"${object.metadata.resourceVersion}"`;
          const [at, body] = method === 'POST' ? [fixturesPath, text(`${name}-new`)] : [path, text(name, version)];
          const answer = await ask(`${at}?fieldValidation=${validation}`, { method, body, type: json });
          if (validation === 'Strict') {
            expect(answer.code).to.equal(400);
            expect(answer.body.message).to.equal(
              `${fixtureKind} in version "v1beta1" cannot be handled as a ${fixtureKind}: strict decoding error: ${findings.join(', ')}`,
            );
            return;
          }
          expect(answer.code).to.equal(method === 'POST' ? 201 : 200);
          expect(warningsOf(answer)).to.deep.equal(validation === 'Ignore' ? [] : findings.map(asHeader));
          expect(answer.body).not.to.have.property('top');
          expect(answer.body.metadata).not.to.have.property('foo');
          expect(answer.body.spec).to.deep.include({ app: 'y', roles: [{ id: 'a' }], free: { any: { thing: 1 } } });
        });

    it('in YAML is told the line of the one that stands twice (K-147)', async () => {
      const body = `apiVersion: ${fixtureGroup}/v1beta1\nkind: ${fixtureKind}\nmetadata:\n  name: twice\nspec:\n  app: x\n  app: z\n`;
      const warned = await ask(`${fixturesPath}?dryRun=All`, { body, type: yaml });
      expect(warned.warnings).to.deep.equal(['299 - "line 7: key \\"app\\" already set in map"']);
      expect(warned.body.spec.app).to.equal('z');
      const refused = await ask(`${fixturesPath}?dryRun=All&fieldValidation=Strict`, { body, type: yaml });
      expect(refused.body.message).to.contain('yaml: unmarshal errors:\n  line 7: key "app" already set in map');
    });

    for (const [title, type, body, found] of [
      [
        'a merge patch',
        merge,
        '{"spec":{"zork":1,"mode":"a","mode":"b"}}',
        ['duplicate field "spec.mode"', 'unknown field "spec.zork"'],
      ],
      [
        'a JSON patch',
        jsonPatch,
        '[{"op":"add","path":"/spec/zork","value":1,"foo":2},{"op":"test","op":"add","path":"/spec/mode","value":"b"}]',
        ['json patch duplicate field "[1].op"', 'json patch unknown field "[0].foo"', 'unknown field "spec.zork"'],
      ],
    ] as const)
      for (const validation of ['Ignore', 'Warn', 'Strict'])
        it(`by ${title}, and ${validation} (K-148, K-149)`, async () => {
          const { path } = await make();
          const answer = await ask(`${path}?fieldValidation=${validation}`, { method: 'PATCH', body, type });
          if (validation === 'Strict') {
            expect(answer.code).to.equal(422);
            expect(answer.body.message).to.match(
              /^ "" is invalid: patch: Invalid value: "\{.*\}": strict decoding error: /,
            );
            expect(answer.body.message.endsWith(`strict decoding error: ${found.join(', ')}`)).to.equal(true);
            return;
          }
          expect(answer.code).to.equal(200);
          expect(answer.body.spec).to.include({ mode: 'b' }).and.not.to.have.property('zork');
          expect(warningsOf(answer)).to.deep.equal(validation === 'Ignore' ? [] : found.map(asHeader));
        });

    it('by a patch that changes nothing else, changes nothing (K-149, K-241)', async () => {
      const { path, object } = await make();
      expect((await patch(path, { spec: { zork: 1 } })).body).to.deep.equal(object);
    });

    it('by an apply is an error, whatever is wished (K-150)', async () => {
      const { path, name } = await make();
      for (const validation of ['Ignore', 'Warn', 'Strict']) {
        const { code, body } = await ask(`${path}?fieldManager=m&force=true&fieldValidation=${validation}`, {
          method: 'PATCH',
          type: apply,
          body: fixtureObject(name, { zork: 1 }),
        });
        expect(code).to.equal(400);
        expect(body.message).to.contain('.spec.zork: field not declared in schema');
      }
    });

    it('to a scale is told as much (K-145, K-148)', async () => {
      const { path } = await make();
      const { body: scale } = await ask(`${path}/scale`);
      const strange = { ...scale, spec: { replicas: 2, zork: 1 } };
      const warned = await put(`${path}/scale`, strange);
      expect(warned.code).to.equal(200);
      expect(warned.warnings).to.deep.equal(['299 - "unknown field \\"spec.zork\\""']);
      const refused = await put(`${path}/scale?fieldValidation=Strict`, { ...strange, metadata: warned.body.metadata });
      expect(refused.code).to.equal(400);
      expect(refused.body.message).to.equal(
        'Scale in version "v1" cannot be handled as a Scale: strict decoding error: unknown field "spec.zork"',
      );
      const patched = await patch(`${path}/scale?fieldValidation=Strict`, { spec: { zork: 1 } });
      expect(patched.code).to.equal(422);
      expect(patched.body.message).to.contain('strict decoding error: unknown field "spec.zork"');
    });
  });
});
