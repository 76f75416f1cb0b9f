/**
 * The npm packages that KubeDirector runs with, in the versions of the lock file.
 */
import { globSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Recipe } from '../layer.ts';
import { run } from '../programs.ts';
import { nodePackage } from './node.ts';

/** What npm compares the lock file with. The rest of package.json may change without a package being installed again. */
const fields = ['name', 'version', 'dependencies', 'optionalDependencies', 'devDependencies'];

/** Only compilers and debuggers read these; they are nearly half of it. */
const notForRunning = '**/*.{map,d.ts,d.mts,d.cts}';

export async function modulesLayer(project: string): Promise<Recipe> {
  const whole = JSON.parse(await readFile(join(project, 'package.json'), 'utf8')) as Record<string, unknown>;
  const manifest = JSON.stringify(Object.fromEntries(fields.map((name) => [name, whole[name]])));
  const lock = await readFile(join(project, 'package-lock.json'), 'utf8');
  return {
    name: 'modules',
    ingredients: ['1', process.arch, manifest, lock],
    make: async (root) => {
      const app = join(root, 'app');
      await mkdir(app);
      await writeFile(join(app, 'package.json'), manifest);
      await writeFile(join(app, 'package-lock.json'), lock);
      // No scripts: packages with native parts bring them built.
      await run('npm', ['ci', '--omit=dev', '--prefer-offline', '--ignore-scripts', '--no-audit'], { cwd: app });

      const modules = join(app, 'node_modules');
      for (const file of globSync(notForRunning, { cwd: modules })) await rm(join(modules, file));
      // Node has a layer of its own.
      const unused = ['.bin', '.package-lock.json', nodePackage].map((name) => join(modules, name));
      for (const path of [...unused, join(app, 'package.json'), join(app, 'package-lock.json')])
        await rm(path, { recursive: true, force: true });
    },
  };
}
