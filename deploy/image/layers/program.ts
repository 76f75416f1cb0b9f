/**
 * KubeDirector itself: compiled, with the catalog beside it, where the program looks for it. The only layer that changes every day.
 */
import { globSync } from 'node:fs';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compile } from '../compile.ts';
import type { Recipe } from '../layer.ts';
import { digestOf } from '../tar.ts';

export const programPath = '/app/dist/deploy/main.js';

const sources = '{apiserver,catalog,deploy,openapi,reconciler,storage}/**/*.*';

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly type: string;
}

export async function programLayer(project: string, manifest: Manifest): Promise<Recipe> {
  const files = globSync([sources, 'catalog/packages/{run,*/startscript}', 'tsconfig.json', 'LICENSE'], {
    cwd: project,
  }).sort();
  const digests = await Promise.all(files.map(async (file) => `${await digestOf(join(project, file))} ${file}`));
  const { name, version, license, type } = manifest;
  const ours = JSON.stringify({ name, version, license, type });
  return {
    name: 'program',
    ingredients: ['1', ours, ...digests],
    make: async (root) => {
      const app = join(root, 'app');
      await mkdir(app);
      await compile(project, 'deploy/image', join(app, 'dist'));
      for (const path of ['catalog', 'LICENSE']) await cp(join(project, path), join(app, path), { recursive: true });
      await writeFile(join(app, 'package.json'), ours);
    },
  };
}
