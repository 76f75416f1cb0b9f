/**
 * What apps of the catalog run with: archives of their setup packages, and the images that are made of Debian's packages alone, with
 * the archive inside. `catalog/images/NAME.json` says what an image consists of.
 *
 * Images over others that exist publicly are made with a container tool and `catalog/images/Containerfile`, not here.
 */
import { chmod, copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageFolder } from '../commands/package-folder.ts';
import { type ContainerConfig, writeImage } from './archive.ts';
import { layer, type Recipe } from './layer.ts';
import { run } from './programs.ts';
import { essentialPackages, fetchWithDependencies, makeSystem } from './system.ts';
import { digestOf, writeTar } from './tar.ts';

export interface ImageDefinition {
  /** What it is called. */
  readonly name: string;
  /** Name of the setup package that it contains. */
  readonly setup: string;
  /** Debian's packages, besides the essential ones and what those depend on. */
  readonly packages?: readonly string[];
  /** Instead of packages: a public image that it is made over. */
  readonly base?: string;
}

const catalog = join(packageFolder(import.meta.dirname), 'catalog');
const packages = join(catalog, 'packages');
/** Where images have the archive and our first process; apps name it in `packageURL`. */
const place = 'opt/kubedirector';

export async function imageDefinition(image: string): Promise<ImageDefinition> {
  return JSON.parse(await readFile(join(catalog, 'images', `${image}.json`), 'utf8')) as ImageDefinition;
}

export async function setupPackages(): Promise<string[]> {
  const entries = await readdir(packages, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/**
 * The archive of a setup package: one folder of its name, with what all of them share. The same files are the same bytes.
 *
 * @param folder gets NAME.tgz
 * @returns its path
 */
export async function archivePackage(name: string, folder: string): Promise<string> {
  const work = await mkdtemp(join(tmpdir(), 'kubedirector-package-'));
  const umask = process.umask(0o022);
  try {
    const root = join(work, 'root');
    await cp(join(packages, name), join(root, name), { recursive: true });
    await copyFile(join(packages, 'members.sh'), join(root, name, 'members.sh'));
    const tar = join(work, 'package.tar');
    await writeTar(root, tar);
    // Without name and time in its head; so the same archive again.
    await run('gzip', ['--best', '--no-name', tar]);
    await mkdir(folder, { recursive: true });
    const file = join(folder, `${name}.tgz`);
    await copyFile(`${tar}.gz`, file);
    return file;
  } finally {
    process.umask(umask);
    await rm(work, { recursive: true, force: true });
  }
}

/** All archives, and the first process of images, as the Containerfile wants them. @returns the SHA-256 of each file, by its name */
export async function archiveAll(folder: string): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  for (const name of await setupPackages())
    digests.set(`${name}.tgz`, await digestOf(await archivePackage(name, folder)));
  await copyFile(join(packages, 'run'), join(folder, 'run'));
  return digests;
}

const config: ContainerConfig = {
  Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
  Entrypoint: [`/${place}/run`],
};

/**
 * @param output the archive to write, which container tools load
 * @param cache where packages and layers are kept for the next time
 */
export async function buildCatalogImage(
  image: string,
  output: string,
  cache: string,
): Promise<{ name: string; id: string }> {
  const { name, packages: wanted, setup, base } = await imageDefinition(image);
  if (!wanted)
    throw new Error(`${image} is made over ${base}, with a container tool: see catalog/images/Containerfile`);
  const debs = await fetchWithDependencies([...essentialPackages, ...wanted], join(cache, 'debs'));
  const system: Recipe = {
    name: `catalog-${image}`,
    ingredients: debs.map(({ sha256 }) => sha256),
    keepModes: true,
    make: (root) => makeSystem(debs, root),
  };
  const work = await mkdtemp(join(tmpdir(), 'kubedirector-image-'));
  try {
    const archive = await archivePackage(setup, work);
    const scripts: Recipe = {
      name: `catalog-${image}-setup`,
      ingredients: [await digestOf(archive), await digestOf(join(packages, 'run'))],
      make: async (root) => {
        await mkdir(join(root, place), { recursive: true });
        await copyFile(archive, join(root, place, `${setup}.tgz`));
        await copyFile(join(packages, 'run'), join(root, place, 'run'));
        await chmod(join(root, place, 'run'), 0o755);
      },
    };
    const layers = [await layer(system, join(cache, 'layers')), await layer(scripts, join(cache, 'layers'))];
    return { name, id: await writeImage({ names: [name], config, layers }, output) };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
