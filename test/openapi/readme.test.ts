/** openapi/README.md says that adding a field is one edit in one place. Here its example is carried out, in a copy of the source. */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { TestServer } from '../apiserver/serving.ts';
import { appDocument, appsPath, clusterDocument, clustersPath, publishedClustersPath } from '../make/documents.ts';

const root = join(import.meta.dirname, '..', '..');

/** The file that the example names, what it shows of it, and what that becomes. */
function editIn(readme: string): { file: string; before: string; after: string } {
  const [, file = '', diff = ''] = /```diff\n--- (\S+)\n([\s\S]*?)```/.exec(readme) ?? [];
  const lines = diff.split('\n').filter((line) => line !== '');
  const text = (kept: readonly string[]): string => kept.map((line) => `${line.slice(1)}\n`).join('');
  return { file, before: text(lines.filter((line) => line.startsWith(' '))), after: text(lines) };
}

describe('the field that openapi/README.md adds', () => {
  let copy: string;
  let server: TestServer;

  before(async function () {
    this.timeout(60_000);
    copy = mkdtempSync(join(tmpdir(), 'kubedirector-field-'));
    for (const folder of ['apiserver', 'openapi', 'storage', 'test/apiserver', 'test/make', 'package.json'])
      cpSync(join(root, folder), join(copy, folder), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    const { file, before, after } = editIn(readFileSync(join(root, 'openapi/README.md'), 'utf8'));
    const source = readFileSync(join(copy, file), 'utf8');
    expect(source.split(before), `${file} has the line that the example shows once`).to.have.length(2);
    writeFileSync(join(copy, file), source.replace(before, after));
    const edited: typeof import('../apiserver/serving.ts') = await import(join(copy, 'test/apiserver/serving.ts'));
    server = await edited.startServer();
    await server.admin.ask(appsPath, { body: appDocument() });
    await server.admin.ask(clustersPath, { body: clusterDocument() });
  });
  after(async () => {
    await server?.stop();
    rmSync(copy, { recursive: true });
  });

  const cluster = (graceSeconds: unknown, field = 'graceSeconds') =>
    clusterDocument('other', {
      roles: [
        { id: 'head', members: 1, [field]: graceSeconds },
        { id: 'worker', members: 2 },
      ],
    });

  for (const version of ['v1beta1', 'v1alpha1'])
    it(`is explained in ${version}, with its default and an example`, async () => {
      const { body } = await server.admin.ask(`/openapi/v3/apis/kubedirector.bluedata.io/${version}`);
      const { properties } = body.components.schemas[`io.bluedata.kubedirector.${version}.ClusterRole`];
      expect(properties.graceSeconds.description.split('\n')).to.deep.equal([
        'Seconds that a member has to stop, before it is killed.',
        'Default: 30',
        'Example: 120',
      ]);
    });

  it('is filled in where nothing is said, whichever version asks', async () => {
    for (const path of [clustersPath, publishedClustersPath]) {
      const { body } = await server.admin.ask(`${path}/demo`);
      const told = body.spec.roles.map(({ graceSeconds }: { graceSeconds: number }) => graceSeconds);
      expect(told).to.deep.equal([30, 30]);
    }
  });

  it('is refused in words when it is out of bounds', async () => {
    const { code, body } = await server.admin.ask(clustersPath, { body: cluster(-1) });
    expect(code).to.equal(422);
    expect(body.message).to.contain('spec.roles[0].graceSeconds in body should be greater than or equal to 0');
  });

  it('is told from one that is misspelled', async () => {
    const path = `${clustersPath}?dryRun=All&fieldValidation=Warn`;
    const { body, warnings } = await server.admin.ask(path, { body: cluster(60, 'graceSecond') });
    expect(warnings.join()).to.match(/unknown field .*spec\.roles\[0\]\.graceSecond/);
    expect(body.spec.roles[0]).not.to.have.property('graceSecond');
  });

  it('belongs to whoever applies it, in that role', async () => {
    const { code, body } = await server.admin.ask(`${clustersPath}/demo?fieldManager=patience&force=true`, {
      method: 'PATCH',
      type: 'application/apply-patch+yaml',
      body: { ...clusterDocument(), spec: { app: 'demo-app', roles: [{ id: 'head', graceSeconds: 60 }] } },
    });
    expect(code, body.message).to.equal(200);
    const { fieldsV1 } = body.metadata.managedFields.find(({ manager }: { manager: string }) => manager === 'patience');
    expect(fieldsV1['f:spec']['f:roles']).to.deep.equal({
      'k:{"id":"head"}': { '.': {}, 'f:id': {}, 'f:graceSeconds': {} },
    });
    const told = body.spec.roles.map(({ graceSeconds }: { graceSeconds: number }) => graceSeconds);
    expect(told).to.deep.equal([60, 30]);
  });
});
