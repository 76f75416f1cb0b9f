/**
 * The compiled program: what images and packages run is not what tests run, so each of its modules is loaded once.
 */
import { execFile } from 'node:child_process';
import { globSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { compile } from '../../deploy/image/compile.ts';
import { guestHelper, guestProgram } from '../../reconciler/guest/program.ts';
import { temporaryFolder } from '../storage/folder.ts';

const root = join(import.meta.dirname, '..', '..');
const run = promisify(execFile);

describe('the compiled program', () => {
  it('loads, every module of it, and has what runs in members', async function () {
    this.timeout(120_000);
    const folder = await temporaryFolder();
    try {
      const dist = join(folder.path, 'dist');
      await compile(root, 'deploy/image', dist);
      for (const name of ['node_modules', 'catalog']) symlinkSync(join(root, name), join(folder.path, name));
      writeFileSync(join(folder.path, 'package.json'), '{"type":"module"}');
      // The program itself does something when it is loaded: it prints its help.
      const modules = globSync('**/*.js', { cwd: dist }).filter((file) => file !== join('deploy', 'main.js'));
      expect(modules.length).to.be.above(200);
      const loading = modules.map((file) => `await import(${JSON.stringify(join(dist, file))});`).join('\n');
      writeFileSync(join(folder.path, 'load.js'), `${loading}\nprocess.exit(0);\n`);
      await run(process.execPath, [join(folder.path, 'load.js')]);
      const { stdout } = await run(process.execPath, [join(dist, 'deploy/main.js'), '--help']);
      expect(stdout).to.match(/^Usage: kubedirector COMMAND/);
      const compiled = (await import(
        join(dist, 'reconciler/guest/program.js')
      )) as typeof import('../../reconciler/guest/program.ts');
      expect(compiled.guestProgram()).to.deep.equal(guestProgram());
      expect(compiled.guestHelper()).to.deep.equal(guestHelper());
    } finally {
      await folder.remove();
    }
  });
});
