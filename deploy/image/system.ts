/**
 * A Debian system in a folder, as far as a container needs one: packages with all that they depend on, and the files that their
 * scripts would have made.
 */
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DebianPackage, fetchPackages, unpackPackages } from './debian.ts';
import { run } from './programs.ts';

/** What Debian calls essential, and procps. */
export const essentialPackages: readonly string[] = [
  ...['base-files', 'base-passwd', 'libc-bin', 'login', 'mawk', 'perl-base', 'util-linux'],
  ...['bash', 'bsdutils', 'coreutils', 'dash', 'debianutils', 'diffutils', 'findutils', 'grep', 'gzip', 'hostname'],
  ...['ncurses-base', 'ncurses-bin', 'procps', 'sed', 'tar', 'tzdata'],
];

/**
 * What apt would install on a machine that has nothing. Scripts and what only they call are left out.
 *
 * @param folder keeps the packages for the next time
 */
export async function fetchWithDependencies(names: readonly string[], folder: string): Promise<DebianPackage[]> {
  const onNothing = ['-o', 'Dir::State::status=/dev/null', '-o', 'Debug::NoLocking=1'];
  const install = ['install', '--simulate', '--quiet', '--no-install-recommends', ...names];
  const listing = await run('apt-get', [...onNothing, ...install]);
  const all = [...listing.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name!);
  return fetchPackages(
    all.filter((name) => !onlyForInstalling.test(name)),
    folder,
  );
}

const onlyForInstalling =
  /^(perl|perl-modules-.*|libperl.*|lib.*-perl|debconf|libdebconfclient0|init-system-helpers|usrmerge)$/;

export async function makeSystem(packages: readonly DebianPackage[], root: string): Promise<void> {
  await unpackPackages(packages, root);
  const at = (path: string): string => join(root, path);
  for (const folder of ['media', 'mnt', 'opt', 'srv', 'usr/local/bin', 'usr/local/lib', 'usr/local/sbin'])
    await mkdir(at(folder), { recursive: true });
  await copyFile(at('usr/share/base-passwd/passwd.master'), at('etc/passwd'));
  await copyFile(at('usr/share/base-passwd/group.master'), at('etc/group'));
  await copyFile(at('usr/share/base-files/profile'), at('etc/profile'));
  await writeFile(at('etc/nsswitch.conf'), 'passwd: files\ngroup: files\nhosts: files dns\nservices: files\n');
  await rm(at('var/run'), { recursive: true, force: true });
  await symlink('/run', at('var/run'));
  if (existsSync(at('usr/bin/mawk'))) await symlink('mawk', at('usr/bin/awk'));
  await bundleCertificates(root);
}

/** One file of all authorities, where OpenSSL and curl look. */
async function bundleCertificates(root: string): Promise<void> {
  const folder = join(root, 'usr/share/ca-certificates/mozilla');
  if (!existsSync(folder)) return;
  const names = (await readdir(folder)).filter((name) => name.endsWith('.crt')).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  await mkdir(join(root, 'etc/ssl/certs'), { recursive: true });
  await writeFile(join(root, 'etc/ssl/certs/ca-certificates.crt'), texts.join(''));
}
