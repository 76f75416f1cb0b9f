/**
 * KubeDirector's container images: their layers, from what changes least to what changes most, and how they start.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { memoryEnvironment, memoryFlags } from '../memory.ts';
import { type ContainerConfig, writeImage } from './archive.ts';
import { fetchPackages } from './debian.ts';
import { layer, type Recipe } from './layer.ts';
import { debianLayer, debianPackages, userId } from './layers/debian.ts';
import { etcdLayer, etcdPackages, etcdPath } from './layers/etcd.ts';
import { modulesLayer } from './layers/modules.ts';
import { nodeLayer, nodePath } from './layers/node.ts';
import { type Manifest, programLayer, programPath } from './layers/program.ts';

export interface ImageOptions {
  /** The folder of package.json, after `npm ci`. */
  readonly project: string;
  readonly output: string;
  /** `kubedirector:0.1.0`; by default that of package.json. */
  readonly name: string | undefined;
  /** Where packages and layers are kept for the next time. */
  readonly cache: string;
}

export interface BuiltImage {
  readonly name: string;
  readonly id: string;
}

export async function buildImage({ project, output, name, cache }: ImageOptions): Promise<BuiltImage> {
  const manifest = await manifestOf(project);
  const recipes = [
    debianLayer(await fetchPackages(debianPackages, join(cache, 'debs'))),
    await nodeLayer(project),
    await modulesLayer(project),
    await programLayer(project, manifest),
  ];
  return build(recipes, configFor(manifest), name ?? `kubedirector:${manifest.version}`, { output, cache });
}

/** The etcd that is deployed beside KubeDirector, and carries its version. */
export async function buildEtcdImage({ project, output, name, cache }: ImageOptions): Promise<BuiltImage> {
  const { version } = await manifestOf(project);
  const recipes = [
    debianLayer(await fetchPackages(debianPackages, join(cache, 'debs'))),
    etcdLayer(await fetchPackages(etcdPackages, join(cache, 'debs'))),
  ];
  const config = {
    User: `${userId}:${userId}`,
    Env: [path],
    Entrypoint: [etcdPath],
    Labels: { 'org.opencontainers.image.title': 'etcd for KubeDirector' },
  };
  return build(recipes, config, name ?? `kubedirector-etcd:${version}`, { output, cache });
}

const manifestOf = async (project: string): Promise<Manifest> =>
  JSON.parse(await readFile(join(project, 'package.json'), 'utf8')) as Manifest;

async function build(
  recipes: readonly Recipe[],
  config: ContainerConfig,
  name: string,
  { output, cache }: Pick<ImageOptions, 'output' | 'cache'>,
): Promise<BuiltImage> {
  const layers: string[] = [];
  for (const recipe of recipes) layers.push(await layer(recipe, join(cache, 'layers')));
  return { name, id: await writeImage({ names: [name], config, layers }, output) };
}

const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const configFor = ({ version, description, license }: Manifest): ContainerConfig => ({
  User: `${userId}:${userId}`,
  Env: [path, 'NODE_ENV=production', ...Object.entries(memoryEnvironment).map(([name, value]) => `${name}=${value}`)],
  WorkingDir: '/app',
  // As it would start itself anew if it were started without.
  Entrypoint: [nodePath, ...memoryFlags, programPath],
  Cmd: ['serve'],
  Labels: {
    'org.opencontainers.image.title': 'KubeDirector',
    'org.opencontainers.image.description': description,
    'org.opencontainers.image.version': version,
    'org.opencontainers.image.licenses': license,
  },
});
