/**
 * Root file systems made of Debian's packages: fetched with apt, which checks who signed them, and unpacked without installing.
 *
 * No maintainer script runs, so whoever needs what such a script would have made, makes it.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './programs.ts';
import { digestOf } from './tar.ts';

export interface DebianPackage {
  readonly path: string;
  readonly sha256: string;
}

// root may write everywhere; the user that apt would become for a download may not.
const asMyself = ['-o', 'APT::Sandbox::User='];

/**
 * The packages of these names, as files. Where apt knows no such name or its server no such file, apt's lists are old: as root
 * they are renewed, once.
 */
export async function fetchPackages(names: readonly string[], folder: string): Promise<DebianPackage[]> {
  await mkdir(folder, { recursive: true });
  try {
    return await fetchOnce(names, folder);
  } catch (error) {
    if (process.getuid?.() !== 0) throw new Error('apt cannot fetch; try "apt-get update" as root', { cause: error });
    await run('apt-get', ['update', '--quiet']);
    return fetchOnce(names, folder);
  }
}

async function fetchOnce(names: readonly string[], folder: string): Promise<DebianPackage[]> {
  const listing = await run('apt-get', ['download', '--print-uris', ...names]);
  const wanted = [...listing.matchAll(/^'[^']+' (\S+) \d+ SHA256:(\w+)$/gm)].map(([, file, sha256]) => ({
    path: join(folder, file!),
    sha256: sha256!,
    name: file!.split('_')[0]!,
  }));
  if (wanted.length !== names.length)
    throw new Error(`apt offers ${wanted.length} of ${names.length}: ${names.join(' ')}`);
  const missing: string[] = [];
  for (const { path, sha256, name } of wanted)
    if (!existsSync(path) || (await digestOf(path)) !== sha256) missing.push(name);
  if (missing.length) await run('apt-get', ['download', '--quiet', ...asMyself, ...missing], { cwd: folder });
  return wanted.map(({ path, sha256 }) => ({ path, sha256 })).sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** As Debian 12 lays a system out: everything is in /usr, and the old names lead there. */
const merged = ['bin', 'lib', 'lib64', 'sbin'];

/** dpkg-deb has no way to tell its tar to keep those links. */
const unpack = `set -o pipefail
dpkg-deb --fsys-tarfile "$1" |
  tar --extract --directory="$2" --preserve-permissions --no-same-owner --keep-directory-symlink`;

/** Unpacks packages into a folder, without what only people at a terminal would read. */
export async function unpackPackages(packages: readonly DebianPackage[], root: string): Promise<void> {
  for (const name of merged) {
    await mkdir(join(root, 'usr', name), { recursive: true });
    if (!existsSync(join(root, name))) await symlink(`usr/${name}`, join(root, name));
  }
  for (const { path } of packages) await run('bash', ['-c', unpack, 'unpack', path, root]);
  await removeDocuments(root);
}

/** Licences stay. */
async function removeDocuments(root: string): Promise<void> {
  const share = join(root, 'usr/share');
  for (const name of ['bash-completion', 'bug', 'info', 'lintian', 'locale', 'man', 'zsh'])
    await rm(join(share, name), { recursive: true, force: true });
  if (!existsSync(join(share, 'doc'))) return;
  for (const entry of await readdir(join(share, 'doc'), { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const folder = join(share, 'doc', entry.name);
    for (const name of await readdir(folder))
      if (name !== 'copyright') await rm(join(folder, name), { recursive: true });
  }
}
