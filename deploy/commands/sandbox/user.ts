/**
 * `kubedirector sandbox kubeconfig USER [GROUP…]`: a kubeconfig for somebody of that name, so that RBAC can be tried.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Flag, readFlags, UsageError } from '../flags.ts';
import { writePrivately } from '../private-file.ts';
import { SandboxIdentity } from './identity.ts';
import { kubeconfig } from './kubeconfig.ts';

export const userFlags = {
  'data-dir': { value: 'DIR', help: 'where the sandbox keeps its state', fallback: '.kubedirector' },
} as const satisfies Record<string, Flag>;

/** Writes the file and prints its path. @throws UsageError */
export async function userCommand(args: readonly string[]): Promise<void> {
  const { values, rest } = readFlags(userFlags, args);
  const [user, ...groups] = rest;
  if (!user) throw new UsageError('Whose kubeconfig? kubedirector sandbox kubeconfig USER [GROUP…]');
  const dataDir = resolve(values['data-dir'] ?? '');
  const own = join(dataDir, 'kubeconfig');
  if (!existsSync(own))
    throw new UsageError(`There is no sandbox in ${dataDir}; start one first, or name its folder with --data-dir.`);
  const { clusters } = JSON.parse(readFileSync(own, 'utf8')) as { clusters: { cluster: { server: string } }[] };
  const identity = await SandboxIdentity.open(dataDir);
  const server = clusters[0]?.cluster.server ?? '';
  const path = join(dataDir, `kubeconfig-${encodeURIComponent(user)}`);
  writePrivately(path, kubeconfig(server, identity.ca, user, await identity.user(user, groups)));
  process.stdout.write(`${path}\n`);
}
