/**
 * etcd as Debian builds it.
 */
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type DebianPackage, unpackPackages } from '../debian.ts';
import type { Recipe } from '../layer.ts';

export const etcdPackages = ['etcd-server'] as const;

export const etcdPath = '/usr/bin/etcd';

export const etcdLayer = (packages: readonly DebianPackage[]): Recipe => ({
  name: 'etcd',
  ingredients: ['1', ...packages.map(({ sha256 }) => sha256)],
  make: async (root) => {
    const unpacked = join(root, 'unpacked');
    await mkdir(unpacked);
    await unpackPackages(packages, unpacked);
    await mkdir(join(root, 'usr/bin'), { recursive: true });
    await mkdir(join(root, 'usr/share/doc'), { recursive: true });
    // What starts it on a whole Debian is of no use here.
    for (const path of ['usr/bin/etcd', 'usr/share/doc/etcd-server'])
      await rename(join(unpacked, path), join(root, path));
    await rm(unpacked, { recursive: true });
  },
});
