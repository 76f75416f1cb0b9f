/**
 * `kubedirector check`: an author learns of every fault in a folder, and in which line it is.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';

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
      'faulty/clusters.yaml:17: spec.roles[0].members: Invalid value: 3: the app allows 1',
      'faulty/clusters.yaml:22: spec.roles[1].id: Unsupported value: "porter": supported values: "keeper", "idle"',
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

  it('says where a file is no YAML', async () => {
    const written = mkdtempSync(join(tmpdir(), 'kubedirector-check-'));
    try {
      writeFileSync(join(written, 'broken.yaml'), 'kind: ConfigMap\n---\nspec:\n  app: [\n');
      const { code, lines } = await check(written);
      expect(lines[0]).to.match(/broken\.yaml:5: unexpected end of the stream within a flow collection/);
      expect(code).to.equal(1);
    } finally {
      rmSync(written, { recursive: true });
    }
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
