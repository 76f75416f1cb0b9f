/**
 * What the API looks like from outside, as files: a change of it shows in review, and nobody changes it without noticing.
 *
 * Where a change is meant, `KUBEDIRECTOR_TEST_GOLDEN=write npx mocha test/apiserver/golden.test.ts` writes the files anew.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { startServer, type TestServer } from './serving.ts';

const folder = join(import.meta.dirname, 'golden');
const writes = process.env.KUBEDIRECTOR_TEST_GOLDEN === 'write';
const group = 'kubedirector.bluedata.io';
const versions = ['v1beta1', 'v1alpha1'];

type Json = Record<string, unknown>;

interface Document {
  readonly paths: Record<string, Record<string, Json>>;
  readonly components: { readonly schemas: Json };
}

/** Path → method → what it does: the rest of an operation follows from that. */
const actionsIn = ({ paths }: Document): Json =>
  Object.fromEntries(
    Object.entries(paths).map(([path, operations]) => [
      path,
      Object.fromEntries(
        Object.entries(operations)
          .filter(([method]) => method !== 'parameters')
          .map(([method, operation]) => [method, operation['x-kubernetes-action'] ?? operation.operationId]),
      ),
    ]),
  );

describe('the API, as its golden file has it:', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer();
  });
  after(() => server.stop());

  const same = (name: string, value: unknown): void => {
    const file = join(folder, `${name}.json`);
    const text = `${JSON.stringify(value, null, 2)}\n`;
    if (writes) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    expect(existsSync(file), `${file} is missing`).to.equal(true);
    expect(JSON.parse(readFileSync(file, 'utf8'))).to.deep.equal(JSON.parse(text));
  };
  const ask = async (path: string, accept?: string) =>
    (await server.admin.ask(path, { ...(accept && { accept }) })).body;

  it('discovery, aggregated (K-050)', async () => {
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
    same('discovery', await ask('/apis', accept));
  });

  for (const version of versions) {
    it(`resources of ${version} (K-040)`, async () =>
      same(`${version}/resources`, await ask(`/apis/${group}/${version}`)));

    it(`schemas of ${version} (K-063)`, async () => {
      const document: Document = await ask(`/openapi/v3/apis/${group}/${version}`);
      same(`${version}/schemas`, document.components.schemas);
    });

    it(`paths of ${version} (K-062)`, async () => {
      same(`${version}/paths`, actionsIn(await ask(`/openapi/v3/apis/${group}/${version}`)));
    });
  }

  it('definitions of OpenAPI v2, by name (K-068)', async () => {
    const { definitions } = await ask('/openapi/v2');
    same('openapi-v2', Object.keys(definitions).sort());
  });
});
