/**
 * KubeDirector's container image: its layers, from what changes least to what changes most, and how it starts.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ContainerConfig, writeImage } from './archive.ts';
import { fetchPackages } from './debian.ts';
import { layer } from './layer.ts';
import { debianLayer, debianPackages, userId } from './layers/debian.ts';
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

/** @returns the name of the image, and its ID */
export async function buildImage({
  project,
  output,
  name,
  cache,
}: ImageOptions): Promise<{ name: string; id: string }> {
  const manifest = JSON.parse(await readFile(join(project, 'package.json'), 'utf8')) as Manifest;
  const packages = await fetchPackages(debianPackages, join(cache, 'debs'));
  const recipes = [
    debianLayer(packages),
    await nodeLayer(project),
    await modulesLayer(project),
    await programLayer(project, manifest),
  ];
  const layers: string[] = [];
  for (const recipe of recipes) layers.push(await layer(recipe, join(cache, 'layers')));
  const named = name ?? `kubedirector:${manifest.version}`;
  return { name: named, id: await writeImage({ names: [named], config: configFor(manifest), layers }, output) };
}

const configFor = ({ version, description, license }: Manifest): ContainerConfig => ({
  User: `${userId}:${userId}`,
  Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'NODE_ENV=production'],
  WorkingDir: '/app',
  Entrypoint: [nodePath, programPath],
  Cmd: ['serve'],
  Labels: {
    'org.opencontainers.image.title': 'KubeDirector',
    'org.opencontainers.image.description': description,
    'org.opencontainers.image.version': version,
    'org.opencontainers.image.licenses': license,
  },
});
