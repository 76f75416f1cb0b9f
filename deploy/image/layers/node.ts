/**
 * The Node that package.json pins. npm carries it as a package, so it is in node_modules already.
 */
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Recipe } from '../layer.ts';

/** The package that has it, for the machine that we are on. */
export const nodePackage = `node-linux-${process.arch}`;

export const nodePath = '/usr/bin/node';

export async function nodeLayer(project: string): Promise<Recipe> {
  const installed = join(project, 'node_modules', nodePackage);
  return {
    name: 'node',
    ingredients: ['1', process.arch, await readFile(join(installed, 'package.json'), 'utf8')],
    make: async (root) => {
      const documents = join(root, 'usr/share/doc/node');
      await mkdir(documents, { recursive: true });
      await mkdir(join(root, 'usr/bin'));
      await copyFile(join(installed, 'bin/node'), join(root, nodePath));
      await copyFile(join(installed, 'LICENSE'), join(documents, 'copyright'));
    },
  };
}
