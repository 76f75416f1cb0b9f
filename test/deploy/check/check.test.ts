/**
 * `kubedirector check`: an author learns of every fault in a folder, and in which line it is.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { appDocument, clusterDocument } from '../../make/documents.ts';

const folder = import.meta.dirname;
const project = join(folder, '../../..');

async function check(...folders: string[]): Promise<{ code: number; lines: string[] }> {
  const argv = [join(project, 'deploy/main.ts'), 'check', ...folders];
  const options = { cwd: folder };
  try {
    const { stdout } = await promisify(execFile)(process.execPath, argv, options);
    return { code: 0, lines: stdout.trimEnd().split('\n') };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, lines: (stdout || stderr).trimEnd().split('\n') };
  }
}

describe('kubedirector check', function () {
  this.timeout(30_000);

  it('tells every fault, with its file, line and field', async () => {
    const { code, lines } = await check('faulty', 'good');
    expect(lines).to.deep.equal([
      'faulty/app.yaml:17: spec.services[0].endpoint.urlScheme: Required value: a dashboard is opened by its URL',
      'faulty/app.yaml:24: spec.config.selectedRoles[1]: Unsupported value: "worker": supported values: "keeper"',
      'good/shop.yaml:16: warning: spec.roles[1].cardinality: the role can never have members',
      'faulty/clusters.yaml:6: spec.app: Not found: "nonesuch"',
      'faulty/clusters.yaml:18: spec.roles[0].replicas: Invalid value: 3: the app allows 1',
      'faulty/clusters.yaml:22: spec.roles[1].name: Unsupported value: "porter": supported values: "keeper", "idle"',
      'faulty/loose.yaml:5: key "name" already set in map',
      'faulty/loose.yaml:10: spec.roles[0].member: unknown field',
      'faulty/schema.yaml:10: spec.roles[0].members: Invalid value: -1: spec.roles[0].members in body should be greater than or equal to 0',
      String.raw`faulty/schema.yaml:12: spec.roles[0].storage.size: Invalid value: "much": spec.roles[0].storage.size in body should match '^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]{1,2})?$' (e.g. '500m', '2' or '4Gi')`,
      'faulty/packages/broken/startscript:4: Syntax error: end of file unexpected (expecting "fi")',
      'faulty/packages/empty/startscript:1: there is no startscript: members could not be set up',
      'faulty/packages/plain/startscript:1: it is not executable: chmod +x',
      '6 objects, 4 setup packages: 12 faults, 1 warning',
    ]);
    expect(code).to.equal(1);
  });

  /** @returns what is told of these files, each without the folder that they were in */
  async function checkOf(files: Readonly<Record<string, string>>, links: Readonly<Record<string, string>> = {}) {
    const written = mkdtempSync(join(tmpdir(), 'kubedirector-check-'));
    try {
      for (const [name, text] of Object.entries(files)) writeFileSync(join(written, name), text);
      for (const [name, target] of Object.entries(links)) symlinkSync(target, join(written, name));
      const { code, lines } = await check(written);
      return { code, lines: lines.map((line) => line.replace(/^\S*\/(?=[^/\s]+:\d)/, '')) };
    } finally {
      rmSync(written, { recursive: true });
    }
  }
  const apiVersion = 'apiVersion: kubedirector.bluedata.io/v1beta1';
  const clusterJson = (name: string, app: string) => JSON.stringify(clusterDocument(name, { app }));

  it('says where a file is no YAML', async () => {
    const { code, lines } = await checkOf({ 'broken.yaml': 'kind: ConfigMap\n---\nspec:\n  app: [\n' });
    expect(lines[0]).to.match(/^broken\.yaml:5: unexpected end of the stream within a flow collection/);
    expect(code).to.equal(1);
  });

  it('says which files it cannot read, and goes on', async () => {
    const { code, lines } = await checkOf(
      { 'large.json': `{"a": "${'x'.repeat(3 * 1024 * 1024)}"}` },
      { 'dangling.yaml': 'nowhere', 'folder.yaml': '.' },
    );
    expect(lines).to.deep.equal([
      'dangling.yaml:1: it cannot be read: ENOENT: no such file or directory',
      'folder.yaml:1: it cannot be read: it is no file',
      'large.json:1: it is larger than the 3145728 bytes that a server takes',
      '0 objects, 0 setup packages: 3 faults, 0 warnings',
    ]);
    expect(code).to.equal(1);
  });

  it('knows lines in JSON, also of objects that follow one another', async () => {
    const faulty = JSON.stringify(
      clusterDocument('three', { app: 'far', roles: [{ id: 'a', member: 1 }] }),
      undefined,
      1,
    );
    const { lines } = await checkOf({
      'a.json': `${clusterJson('one', 'near')}\n${clusterJson('two', 'far')}\n${faulty}\n`,
    });
    expect(lines.slice(0, 4)).to.deep.equal([
      'a.json:1: spec.app: Not found: "near"',
      'a.json:2: spec.app: Not found: "far"',
      'a.json:10: spec.app: Not found: "far"',
      'a.json:14: spec.roles[0].member: unknown field',
    ]);
  });

  it('tells every key that stands twice, and merges as kubectl does', async () => {
    const { lines } = await checkOf({
      'a.yaml': [
        ...[
          apiVersion,
          'kind: KubeDirectorCluster',
          'metadata: {name: a}',
          'spec:',
          '  app: near',
          '  app: far',
          '  roles:',
        ],
        ...['  - &head', '    id: head', '    members: -1', '  - <<: *head', '    id: worker', '    id: tail'],
      ].join('\n'),
    });
    expect(lines.slice(0, 5)).to.deep.equal([
      'a.yaml:5: spec.app: Not found: "far"',
      'a.yaml:6: key "app" already set in map',
      ...[10, 11].map(
        (line, i) =>
          `a.yaml:${line}: spec.roles[${i}].members: Invalid value: -1: spec.roles[${i}].members in body should be greater than or equal to 0`,
      ),
      'a.yaml:13: key "id" already set in map',
    ]);
  });

  it('tells of older spellings where they stand, and of objects of another group', async () => {
    const older = [
      'apiVersion: kubedirector.bluedata.io/v1alpha1',
      'kind: KubeDirectorApp',
      'metadata: {name: a}',
      'spec:',
    ];
    const { lines } = await checkOf({
      'a.yaml': [...older, '  label: {name: A}', '  default_image_repo_tag: a:1'].join('\n'),
      'b.yaml': 'apiVersion: kubedirector.hpe.com/v1beta1\nkind: KubeDirectorApp\nmetadata: {name: b}\n',
    });
    expect(lines).to.include.members([
      'a.yaml:6: warning: spec.default_image_repo_tag is an older spelling of spec.image.repoTag',
      'b.yaml:1: apiVersion: must be kubedirector.bluedata.io/v1beta1 or kubedirector.bluedata.io/v1alpha1',
    ]);
  });

  it('does not miss an app that only has faults itself', async () => {
    const app = JSON.stringify(appDocument('mine', { version: 1 }));
    const { lines } = await checkOf({ 'app.json': app, 'cluster.json': clusterJson('mine', 'mine') });
    expect(lines).to.deep.equal([
      'app.json:1: spec.version: Invalid value: "integer": spec.version in body must be of type string: "integer"',
      'cluster.json:1: warning: spec.app: its app has faults, so it cannot be judged by that',
      '2 objects, 0 setup packages: 1 fault, 1 warning',
    ]);
  });

  it('is content with what only might be meant otherwise, and says so', async () => {
    const { code, lines } = await check('good');
    expect(lines).to.deep.equal([
      'good/shop.yaml:16: warning: spec.roles[1].cardinality: the role can never have members',
      '1 object, 0 setup packages: 0 faults, 1 warning',
    ]);
    expect(code).to.equal(0);
  });

  it('finds nothing wrong with our own catalog', async () => {
    const { code, lines } = await check();
    expect(lines).to.deep.equal(['21 objects, 8 setup packages: 0 faults, 0 warnings']);
    expect(code).to.equal(0);
  });

  it('says which folder there is not', async () => {
    const { code, lines } = await check('nowhere');
    expect(lines).to.deep.equal(['There is no nowhere.']);
    expect(code).to.equal(1);
  });
});
