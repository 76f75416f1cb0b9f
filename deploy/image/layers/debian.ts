/**
 * The lowest layer: as much of Debian as Node and our native packages are linked with. No shell, no tools, nothing to update but these.
 */
import { globSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DebianPackage, unpackPackages } from '../debian.ts';
import type { Recipe } from '../layer.ts';

/** The folders that every program expects, and what `ldd` names for Node and for lmdb. */
export const debianPackages = ['base-files', 'libc6', 'libgcc-s1', 'libstdc++6'] as const;

/** Who we are in the image: a number that no account of Debian has, and by custom the one of images without a shell. */
export const userId = 65532;

const accounts = { root: 0, nonroot: userId };

/** Lines of `passwd` or `group`, whose first fields are the same. */
const lines = (rest: string) =>
  Object.entries(accounts)
    .map(([name, id]) => `${name}:x:${id}:${rest.replaceAll('ID', String(id))}\n`)
    .join('');

export const debianLayer = (packages: readonly DebianPackage[]): Recipe => ({
  name: 'debian',
  ingredients: ['1', ...packages.map(({ sha256 }) => sha256)],
  keepModes: true,
  make: async (root) => {
    await unpackPackages(packages, root);
    // Conversions between character sets: 8 MB for what Node does by itself.
    for (const unused of globSync('usr/lib/*/gconv', { cwd: root })) await rm(join(root, unused), { recursive: true });
    await writeFile(join(root, 'etc/passwd'), lines('ID::/:/nonexistent'));
    await writeFile(join(root, 'etc/group'), lines(''));
    await writeFile(join(root, 'etc/nsswitch.conf'), 'passwd: files\ngroup: files\nhosts: files dns\n');
  },
});
