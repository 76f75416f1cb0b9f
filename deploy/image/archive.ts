/**
 * A container image in one file, in the form that `docker save` writes and every container tool reads.
 */
import { createHash } from 'node:crypto';
import { copyFile, link, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { digestOf, writeTar } from './tar.ts';

/** How containers of the image start, in the words of the OCI image specification. */
export interface ContainerConfig {
  readonly User?: string;
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly WorkingDir?: string;
  readonly Labels?: Readonly<Record<string, string>>;
}

export interface Image {
  /** `kubedirector:0.1.0`; further names of the same image may follow. */
  readonly names: readonly string[];
  readonly config: ContainerConfig;
  /** Paths of tars, the lowest first. */
  readonly layers: readonly string[];
}

const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/**
 * Writes the image, or leaves the file as it was.
 *
 * @returns the image's ID: the digest of its configuration, which names the digests of its layers
 */
export async function writeImage({ names, config, layers }: Image, file: string): Promise<string> {
  const digests = await Promise.all(layers.map(digestOf));
  const configuration = JSON.stringify({
    architecture: architectures[process.arch] ?? process.arch,
    os: 'linux',
    // A fixed time: the same contents are the same image, whenever it is made.
    created: '1970-01-01T00:00:00Z',
    config,
    rootfs: { type: 'layers', diff_ids: digests.map((digest) => `sha256:${digest}`) },
  });
  const id = createHash('sha256').update(configuration).digest('hex');
  const manifest = [{ Config: `${id}.json`, RepoTags: names, Layers: digests.map((digest) => `${digest}.tar`) }];

  const work = await mkdtemp(join(dirname(resolve(file)), '.image-'));
  try {
    const contents = join(work, 'contents');
    await mkdir(contents);
    await writeFile(join(contents, `${id}.json`), configuration);
    await writeFile(join(contents, 'manifest.json'), JSON.stringify(manifest));
    for (const [i, digest] of digests.entries()) await put(layers[i]!, join(contents, `${digest}.tar`));
    await writeTar(contents, join(work, 'image.tar'));
    await rename(join(work, 'image.tar'), file);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return `sha256:${id}`;
}

/** Layers are big, and on most machines a second name for one costs nothing. */
const put = (file: string, name: string): Promise<void> => link(file, name).catch(() => copyFile(file, name));
