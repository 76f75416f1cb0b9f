/**
 * The images that pods of tests run, made of Debian's packages: there is no registry to fetch any from.
 */
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type ContainerConfig, writeImage } from '../../../../deploy/image/archive.ts';
import { fetchPackages, unpackPackages } from '../../../../deploy/image/debian.ts';
import { layer, type Recipe } from '../../../../deploy/image/layer.ts';
import { essentialPackages, fetchWithDependencies, makeSystem } from '../../../../deploy/image/system.ts';
import { folders } from '../settings.ts';
import { curlNames, debianNames, memberNames, pauseImage } from './names.ts';

const Env = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'];

interface Image {
  /** Of the archive. */
  readonly file: string;
  readonly names: readonly string[];
  readonly config: ContainerConfig;
  recipe(): Promise<Recipe>;
}

const images: readonly Image[] = [
  {
    file: 'pause-1.tar',
    names: [pauseImage],
    config: { Entrypoint: ['/busybox', 'sleep', '2147483647'] },
    recipe: pauseRecipe,
  },
  {
    file: 'debian-1.tar',
    names: debianNames,
    config: { Env, Cmd: ['bash'] },
    recipe: () => systemRecipe('debian', []),
  },
  {
    file: 'members-1.tar',
    names: memberNames,
    config: { Env, Cmd: ['bash', '-c', "trap 'exit 0' TERM; while :; do sleep 0.2; done"] },
    recipe: () => systemRecipe('debian', []),
  },
  {
    file: 'curl-1.tar',
    names: curlNames,
    config: { Env, Cmd: ['bash'] },
    recipe: () => systemRecipe('curl', ['ca-certificates', 'curl', 'netbase', 'wget']),
  },
];

/** The archives of all images. */
export const imageArchives: readonly string[] = images.map(({ file }) => join(folders.images, file));

/** Makes those that are missing. Raise the number in an image's file name when it changes. */
export async function makeImages(say: (step: string) => void): Promise<void> {
  await mkdir(folders.images, { recursive: true });
  const layers = join(folders.images, 'layers');
  for (const { file, names, config, recipe } of images) {
    const archive = join(folders.images, file);
    if (existsSync(archive)) continue;
    say(`making ${names[0]}`);
    await writeImage({ names, config, layers: [await layer(await recipe(), layers)] }, archive);
  }
  await rm(layers, { recursive: true, force: true });
}

/** It only has to be there until it is killed. */
async function pauseRecipe(): Promise<Recipe> {
  const packages = await fetchPackages(['busybox-static'], folders.packages);
  return {
    name: 'pause',
    ingredients: packages.map(({ sha256 }) => sha256),
    make: async (root) => {
      const unpacked = await mkdtemp(join(folders.images, 'busybox-'));
      await unpackPackages(packages, unpacked);
      await copyFile(join(unpacked, 'usr/bin/busybox'), join(root, 'busybox'));
      await rm(unpacked, { recursive: true });
    },
  };
}

async function systemRecipe(name: string, besides: readonly string[]): Promise<Recipe> {
  const packages = await fetchWithDependencies([...essentialPackages, ...besides], folders.packages);
  return {
    name,
    ingredients: packages.map(({ sha256 }) => sha256),
    keepModes: true,
    make: (root) => makeSystem(packages, root),
  };
}
