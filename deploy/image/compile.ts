/**
 * The program, compiled: what the compiler makes of our modules, and beside it the files of ours that are read rather than imported,
 * which are those that run in members.
 */
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './programs.ts';

const read = ['reconciler/guest/program', 'reconciler/guest/configcli'];

/**
 * @param config a `tsconfig.json`, or the folder of one
 * @param output the folder that it is compiled to
 */
export async function compile(project: string, config: string, output: string): Promise<void> {
  const tsc = join(project, 'node_modules/typescript/bin/tsc');
  await run(process.execPath, [tsc, '-p', join(project, config), '--outDir', output]);
  for (const folder of read) {
    // A file that is gone from our sources would still be read.
    await rm(join(output, folder), { recursive: true, force: true });
    await cp(join(project, folder), join(output, folder), { recursive: true });
  }
}
