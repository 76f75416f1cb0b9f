/**
 * Go programs of tests that need Kubernetes' own libraries, client-go above all: built once in Kubernetes' source, and kept until their
 * own source changes.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { folders } from '../settings.ts';
import { go } from './go.ts';
import { installPackages } from './machine.ts';
import { prepareSource, sourceFolder } from './sources.ts';

/**
 * Takes a minute and 41 MB of Debian's packages when the program is new.
 *
 * @param source its one file
 * @returns the program
 */
export async function builtWithKubernetes(name: string, source: string): Promise<string> {
  const digest = createHash('sha256').update(readFileSync(source)).digest('hex').slice(0, 12);
  const program = join(folders.bin, `${name}-${digest}`);
  if (existsSync(program)) return program;
  await installPackages();
  for (const folder of [folders.bin, folders.work]) await mkdir(folder, { recursive: true });
  await prepareSource();
  const command = join(sourceFolder, 'cmd', name);
  await mkdir(command, { recursive: true });
  await copyFile(source, join(command, 'main.go'));
  const output = join(folders.work, name);
  await go(['build', '-o', output, `./cmd/${name}`]);
  await rename(output, program);
  await rm(folders.work, { recursive: true, force: true });
  return program;
}
