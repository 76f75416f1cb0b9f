/**
 * Kubernetes 1.20.2's programs, built once from Debian's source package and kept: about 250 MB, in 4 to 8 minutes on two cores. With
 * them, the images that its pods run.
 *
 * 1.20 is the oldest Kubernetes that KubeDirector supports, and the newest that can be had with Debian's packages alone.
 */
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fetchPackages } from '../../../../deploy/image/debian.ts';
import { run } from '../../../../deploy/image/programs.ts';
import { makeImages } from '../images/images.ts';
import { folders } from '../settings.ts';
import { go } from './go.ts';
import { installPackages } from './machine.ts';
import { generateOpenApi } from './openapi.ts';
import { prepareSource } from './sources.ts';

/** To raise when the programs would come out different. */
const recipe = '1';
const recipeFile = join(folders.bin, 'recipe');

const version = { gitVersion: 'v1.20.2', gitMajor: '1', gitMinor: '20', gitTreeState: 'clean' };
const compiled = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet', 'kube-proxy'] as const;

const pathOf = (program: string): string => join(folders.bin, program);

/** @param say is told of steps that take their time */
export async function build(say: (step: string) => void): Promise<void> {
  await installPackages();
  await startAfresh();
  if (!existsSync(pathOf('kubectl'))) await takeKubectl();
  const missing = compiled.filter((program) => !existsSync(pathOf(program)));
  if (missing.length) {
    say("fetching Kubernetes' source");
    await prepareSource();
    say('generating the description of its API');
    await generateOpenApi();
    // One by one: a build that is stopped goes on with the next.
    for (const program of missing) {
      say(`compiling ${program}`);
      await compile(program);
    }
  }
  await makeImages(say);
  await rm(folders.work, { recursive: true, force: true });
}

/** Programs of another recipe are of no use. */
async function startAfresh(): Promise<void> {
  const last = await readFile(recipeFile, 'utf8').catch(() => undefined);
  if (last !== recipe)
    for (const folder of [folders.bin, folders.work]) await rm(folder, { recursive: true, force: true });
  for (const folder of [folders.bin, folders.work]) await mkdir(folder, { recursive: true });
  await writeFile(recipeFile, recipe);
}

async function compile(program: string): Promise<void> {
  const output = join(folders.work, program);
  await go(['build', '-tags=providerless dockerless', `-ldflags=-s -w ${stamps()}`, '-o', output, `./cmd/${program}`]);
  await rename(output, pathOf(program));
}

/** What `kubectl version` and `/version` say. */
function stamps(): string {
  const places = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'];
  return places
    .flatMap((place) => Object.entries(version).map(([name, value]) => [place, name, value]))
    .map(([place, name, value]) => `-X k8s.io/kubernetes/vendor/${place}.${name}=${value}`)
    .join(' ');
}

/** Debian has kubectl of the same version as a program. */
async function takeKubectl(): Promise<void> {
  const [archive] = await fetchPackages(['kubernetes-client'], folders.packages);
  const unpacked = join(folders.work, 'kubernetes-client');
  await run('dpkg-deb', ['--extract', archive!.path, unpacked]);
  await copyFile(join(unpacked, 'usr/bin/kubectl'), `${pathOf('kubectl')}.new`);
  await chmod(`${pathOf('kubectl')}.new`, 0o755);
  await rename(`${pathOf('kubectl')}.new`, pathOf('kubectl'));
}
