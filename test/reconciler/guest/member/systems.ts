/**
 * The systems that members of tests have: root folders made of Debian's packages, once, and kept beside those of the tests' cluster.
 *
 * Where they cannot be made, the tests that need one are left out and say so; with `guest` in KUBEDIRECTOR_TEST_REQUIRE that is a
 * failure.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { unpackPackages } from '../../../../deploy/image/debian.ts';
import { run } from '../../../../deploy/image/programs.ts';
import { fetchWithDependencies, makeSystem } from '../../../../deploy/image/system.ts';
import { folders } from '../../../kubernetes/cluster/settings.ts';

/** Which `sh` reads the program, and which tools it finds. */
export type System = 'dash' | 'bash' | 'busybox';
export const systems: readonly System[] = ['dash', 'bash', 'busybox'];

const cache = join(dirname(folders.packages), 'guest-systems');
const required = (process.env.KUBEDIRECTOR_TEST_REQUIRE ?? '').split(',').includes('guest');

/** Root may make containers here, and apt has packages for them. */
const whyNot = (): string | undefined => {
  if (process.getuid?.() !== 0) return 'only root can make containers';
  const tried = spawnSync('unshare', ['--mount', '--pid', '--fork', 'mount', '-t', 'tmpfs', 'none', '/mnt']);
  if (tried.status !== 0) return 'unshare(1) cannot make a container here';
  if (spawnSync('apt-get', ['--version']).status !== 0)
    return 'there is no apt-get, whose packages systems are made of';
  return undefined;
};

/** `describe`, for each system that members have. */
export function describeInMembers(title: string, tests: (system: System) => void, which = systems): void {
  const reason = whyNot();
  if (reason === undefined || required) {
    for (const system of which)
      describe(`${title}, with ${system}`, function () {
        this.timeout(60_000);
        before('makes the system', async function () {
          this.timeout(300_000);
          await rootOf(system);
        });
        tests(system);
      });
    return;
  }
  describe(title, () => {
    it(`is left out: ${reason}`);
  });
}

const tools = [
  ...['base-files', 'base-passwd', 'bash', 'bsdutils', 'coreutils', 'curl', 'dash', 'debianutils', 'findutils', 'grep'],
  ...[
    'gzip',
    'hostname',
    'libc-bin',
    'libpython3-stdlib',
    'mawk',
    'procps',
    'python3-minimal',
    'sed',
    'tar',
    'util-linux',
    'wget',
  ],
];

const roots = new Map<string, Promise<string>>();

/** A root folder that nobody may write to. */
export function rootOf(system: System): Promise<string> {
  const name = system === 'busybox' ? 'busybox' : 'debian';
  const root = roots.get(name) ?? (name === 'busybox' ? busyboxRoot() : debianRoot());
  roots.set(name, root);
  return root;
}

async function debianRoot(): Promise<string> {
  const packages = await fetchWithDependencies(tools, folders.packages);
  return kept('debian', packages, async (root) => {
    await makeSystem(packages, root);
    if (!existsSync(join(root, 'usr/bin/python3'))) await symlink('python3.11', join(root, 'usr/bin/python3'));
  });
}

async function busyboxRoot(): Promise<string> {
  // The one that is linked statically cannot look up any name.
  const packages = await fetchWithDependencies(['busybox'], folders.packages);
  return kept('busybox', packages, async (root) => {
    await unpackPackages(packages, root);
    for (const name of [
      'bin',
      'dev',
      'etc',
      'opt',
      'proc',
      'root',
      'srv',
      'tmp',
      'usr/bin',
      'usr/local/bin',
      'usr/sbin',
      'var/log',
    ])
      await mkdir(join(root, name), { recursive: true });
    await run('chroot', [root, '/bin/busybox', '--install', '-s', '/usr/bin']);
    await writeFile(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n');
    await writeFile(join(root, 'etc/group'), 'root:x:0:\nnogroup:x:65534:\n');
    await chmod(join(root, 'tmp'), 0o1777);
  });
}

/** The number is to be raised when a system is made differently. */
async function kept(
  name: string,
  packages: readonly { sha256: string }[],
  make: (root: string) => Promise<void>,
): Promise<string> {
  const digests = packages.map(({ sha256 }) => sha256).join();
  const key = createHash('sha256').update(`1 ${digests}`).digest('hex').slice(0, 16);
  const root = join(cache, `${name}-${key}`);
  if (existsSync(root)) return root;
  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(cache, `.${name}-`));
  const umask = process.umask(0o022);
  try {
    await chmod(work, 0o755);
    await make(work);
    await rename(work, root);
  } finally {
    process.umask(umask);
    await rm(work, { recursive: true, force: true });
  }
  return root;
}
