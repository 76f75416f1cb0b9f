/**
 * Debian's Go 1.19, on Kubernetes' source and on nothing else of this machine.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../../../deploy/image/programs.ts';
import { folders } from '../settings.ts';
import { goPath, sourceFolder } from './sources.ts';

const root = '/usr/lib/go-1.19';

const environment = {
  HOME: folders.work,
  PATH: `${root}/bin:${process.env.PATH}`,
  GOROOT: root,
  GOPATH: goPath,
  // The source has its dependencies in vendor/, in the layout from before modules.
  GO111MODULE: 'off',
  GOENV: 'off',
  GOFLAGS: '',
  GOCACHE: join(folders.work, 'go-cache'),
  GOTMPDIR: join(folders.work, 'go-tmp'),
  CGO_ENABLED: '0',
};

export const runInSource = (command: string, args: readonly string[]): Promise<string> =>
  run(command, args, { cwd: sourceFolder, env: environment });

/** A generator needs no symbols for debuggers, and a test's Kubernetes neither; without them the compiler is quicker. */
export async function go([verb, ...args]: readonly [string, ...string[]]): Promise<void> {
  await mkdir(environment.GOTMPDIR, { recursive: true });
  await runInSource('nice', ['go', verb, '-gcflags=all=-dwarf=false', ...args]);
}
