/**
 * Objects made at random, sent to a running server and read back through both versions and every verb: nothing is lost, moved or
 * reordered, and what is sent back as it came changes nothing, not even who owns what.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { isRecord } from '../../openapi/machinery/meta.ts';
import { appDocument, appsPath, clustersPath } from '../make/documents.ts';
import { anyAppSpec, anyClusterSpec, anyConfigSpec, randomRoles } from '../make/sound-specs.ts';
import { type Answer, startServer, type TestServer } from './serving.ts';

type Version = 'v1alpha1' | 'v1beta1';
interface Served {
  readonly apiVersion: string;
  readonly metadata: {
    readonly resourceVersion: string;
    readonly generation: number;
    readonly managedFields: object[];
  };
  readonly spec: Record<string, unknown>;
}

const merge = 'application/merge-patch+json';
const jsonPatch = 'application/json-patch+json';
const apply = 'application/apply-patch+yaml';
const configsPath = clustersPath.replace('kubedirectorclusters', 'kubedirectorconfigs');
const configName = 'kd-global-config';
const orders: readonly (readonly [Version, Version])[] = [
  ['v1alpha1', 'v1beta1'],
  ['v1beta1', 'v1alpha1'],
];

describe('an object made at random', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer();
    const roles = randomRoles.map((id) => ({ id, cardinality: '0+' }));
    const config = { selectedRoles: randomRoles, roleServices: [] };
    await server.admin.ask(appsPath, { body: appDocument('base', { roles, config }) });
  });
  after(() => server.stop());
  const send = async (method: string, path: string, body?: unknown, type?: string): Promise<Answer> => {
    const answer = await server.admin.ask(path, { method, ...(body !== undefined && { body }), ...(type && { type }) });
    expect(answer.code, `${method} ${path}: ${answer.text}`).to.be.within(200, 201);
    return answer;
  };

  for (const [kind, path, specs, only] of [
    ['KubeDirectorApp', appsPath, anyAppSpec(), undefined],
    ['KubeDirectorCluster', clustersPath, anyClusterSpec('base'), undefined],
    ['KubeDirectorConfig', configsPath, anyConfigSpec(), configName],
  ] as const) {
    let made = 0;
    /** Calls `test` with a fresh object, as both versions show it, in either order of versions. */
    const withEach = (
      test: (at: (version: Version) => string, shown: Shown, order: readonly [Version, Version]) => Promise<void>,
    ) =>
      fc.assert(
        fc.asyncProperty(specs as fc.Arbitrary<object>, fc.constantFrom(...orders), async (spec, order) => {
          made += 1;
          const name = only ?? `random-${made}`;
          const at = (version: Version): string => `${path.replace('/v1beta1/', `/${version}/`)}/${name}`;
          const document = { apiVersion: 'kubedirector.bluedata.io/v1beta1', kind, metadata: { name }, spec };
          const created = (await send('POST', path, document)).body;
          const shown: Shown = {
            v1alpha1: (await send('GET', at('v1alpha1'))).body,
            v1beta1: (await send('GET', at('v1beta1'))).body,
            sent: spec,
          };
          expect(shown.v1beta1).to.deep.equal(created);
          try {
            await test(at, shown, order);
          } finally {
            await server.admin.ask(at('v1beta1'), { method: 'DELETE' });
          }
        }),
        { numRuns: 25 },
      );

    describe(`a ${kind}`, () => {
      before(() =>
        only ? undefined : send('POST', configsPath, { ...configDocument, metadata: { name: configName }, spec: {} }),
      );
      after(() => (only ? undefined : send('DELETE', `${configsPath}/${configName}`)));

      it('has all that was sent, where it was', () =>
        withEach(async (_, { sent, v1beta1 }) => expectWithin(sent, v1beta1.spec, 'spec'))).timeout(30_000);

      it('is not changed by being sent back in any version, with any verb', () =>
        withEach(async (at, shown, order) => {
          for (const version of order) {
            const present = shown[version];
            const answers = [
              await send('PUT', at(version), present),
              await send('PATCH', at(version), {}, merge),
              await send('PATCH', at(version), { spec: withoutNulls(present.spec) }, merge),
              await send('PATCH', at(version), [{ op: 'replace', path: '/spec', value: present.spec }], jsonPatch),
            ];
            for (const { body } of answers) expect(body).to.deep.equal(present);
          }
          expect((await send('GET', at('v1beta1'))).body).to.deep.equal(shown.v1beta1);
        })).timeout(30_000);

      it('keeps its generation, its spec and the owners of that when only a label comes, in any version', () =>
        withEach(async (at, shown, [version]) => {
          const { metadata, ...rest } = shown[version];
          const labelled = { ...rest, metadata: { ...metadata, labels: { tier: 'gold' } } };
          await send('PUT', `${at(version)}?fieldManager=somebody-else`, labelled);
          const { body } = await send('GET', at('v1beta1'));
          expect(body.spec).to.deep.equal(shown.v1beta1.spec);
          expect(body.metadata.generation).to.equal(shown.v1beta1.metadata.generation);
          expect(body.metadata.managedFields).to.deep.include.members(shown.v1beta1.metadata.managedFields);
        })).timeout(30_000);

      it('is what it was when it is applied, and applied again, in one version and the other', () =>
        withEach(async (at, shown, order) => {
          for (const version of [...order, order[0]]) {
            const { apiVersion, spec } = shown[version];
            const configuration = { apiVersion, kind, metadata: { name: at(version).split('/').at(-1) }, spec };
            const target = `${at(version)}?fieldManager=applier&force=true`;
            const once: Served = (await send('PATCH', target, configuration, apply)).body;
            expect(once.spec).to.deep.equal(spec);
            expect(once.metadata.generation).to.equal(shown.v1beta1.metadata.generation);
            expect((await send('PATCH', target, configuration, apply)).body).to.deep.equal(once);
          }
        })).timeout(30_000);
    });
  }
});

interface Shown {
  readonly v1alpha1: Served;
  readonly v1beta1: Served;
  readonly sent: object;
}

const configDocument = { apiVersion: 'kubedirector.bluedata.io/v1beta1', kind: 'KubeDirectorConfig' };

/** A merge patch cannot say null. */
const withoutNulls = (value: unknown): unknown =>
  isRecord(value)
    ? Object.fromEntries(
        Object.entries(value)
          .filter(([, inner]) => inner !== null)
          .map(([key, inner]) => [key, withoutNulls(inner)]),
      )
    : value;

/** Everything that is sent is there, in its place; more may be there besides. A secret value is not shown again. */
function expectWithin(sent: unknown, found: unknown, at: string): void {
  if (/secretKeys\[\d+\]\.value$/.test(at)) return;
  if (Array.isArray(sent)) {
    expect(found, at).to.be.an('array').with.length(sent.length);
    for (const [i, item] of sent.entries()) expectWithin(item, (found as unknown[])[i], `${at}[${i}]`);
  } else if (isRecord(sent)) {
    expect(found, at).to.be.an('object');
    for (const [key, value] of Object.entries(sent))
      if (value !== null) expectWithin(value, (found as Record<string, unknown>)[key], `${at}.${key}`);
  } else expect(found, at).to.equal(sent);
}
