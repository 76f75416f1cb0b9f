/**
 * The Debian systems of the catalog's images, unpacked once and kept.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { imageDefinition } from '../../../deploy/image/catalog.ts';
import { essentialPackages, fetchWithDependencies, makeSystem } from '../../../deploy/image/system.ts';

const cache = join(homedir(), '.cache', 'kubedirector');

/** @returns the folder of the system that the image of that name has; nobody may write into it */
export async function systemOf(image: string): Promise<string> {
  const { packages: names = [] } = await imageDefinition(image);
  const packages = await fetchWithDependencies([...essentialPackages, ...names], join(cache, 'debs'));
  const key = createHash('sha256')
    .update(JSON.stringify(packages.map(({ sha256 }) => sha256)))
    .digest('hex');
  const folder = join(cache, 'systems', `${image}-${key.slice(0, 32)}`);
  if (existsSync(folder)) return folder;
  await rm(`${folder}.new`, { recursive: true, force: true });
  await mkdir(`${folder}.new`, { recursive: true });
  await makeSystem(packages, `${folder}.new`);
  await rename(`${folder}.new`, folder);
  return folder;
}
