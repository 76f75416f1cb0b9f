/**
 * One app and one cluster of it, written as every release had them: all are the same objects, in both versions, and each is told how it
 * would be written today.
 *
 * The objects and what is told are kept in dialects.json; KUBEDIRECTOR_TEST_GOLDEN=write writes them anew.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { decodeYaml } from '../../../apiserver/codec/yaml.ts';
import { appsPath, clustersPath } from '../../make/documents.ts';
import { startServer, type TestServer } from '../serving.ts';

const folder = import.meta.dirname;
const golden = join(folder, 'dialects.json');
const releases = ['seed-2018', '0.1.0', '0.2.0', '0.3.x', 'final'] as const;

const documentsOf = (release: string) =>
  readFileSync(join(folder, `${release}.yaml`), 'utf8')
    .split(/^---\n/m)
    .map((text) => decodeYaml(Buffer.from(text)).value as { apiVersion: string });
const inVersion = (path: string, version: string): string => path.replace('/v1beta1/', `/${version}/`);

describe('the dialects of past releases', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer();
  });
  after(() => server.stop());
  const read = async (path: string): Promise<unknown> => (await server.admin.ask(path)).body.spec;

  const seen: Record<string, unknown> = {};
  for (const release of releases) {
    it(`${release} is taken, and comes back the same in both versions`, async () => {
      const warnings: string[] = [];
      for (const [document, path] of documentsOf(release).map(
        (one, i) => [one, [appsPath, clustersPath][i]!] as const,
      )) {
        const version = document.apiVersion.split('/')[1]!;
        const made = await server.admin.ask(inVersion(path, version), { body: document });
        expect(made.code, made.text).to.equal(201);
        warnings.push(...made.warnings.map((warning) => JSON.parse(warning.replace('299 - ', '')) as string));
      }
      const objects: Record<string, unknown> = {};
      for (const version of ['v1alpha1', 'v1beta1']) {
        objects[`app in ${version}`] = await read(`${inVersion(appsPath, version)}/store`);
        objects[`cluster in ${version}`] = await read(`${inVersion(clustersPath, version)}/shop`);
      }
      await server.admin.ask(`${clustersPath}/shop`, { method: 'DELETE' });
      await server.admin.ask(`${appsPath}/store`, { method: 'DELETE' });
      seen[`told of ${release}`] = warnings;
      seen.objects ??= objects;
      expect(objects).to.deep.equal(seen.objects);
    });
  }

  it('are told how they are written today, in these words, and are these objects', () => {
    if (process.env.KUBEDIRECTOR_TEST_GOLDEN === 'write') writeFileSync(golden, `${JSON.stringify(seen, null, 2)}\n`);
    expect(seen).to.deep.equal(JSON.parse(readFileSync(golden, 'utf8')));
  });
});
