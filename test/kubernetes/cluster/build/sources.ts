/**
 * Kubernetes' source as Debian has it, laid out for a Go that knows no modules, with the few changes that it needs here.
 */
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fetchPackages } from '../../../../deploy/image/debian.ts';
import { run } from '../../../../deploy/image/programs.ts';
import { folders } from '../settings.ts';

const downloads = join(folders.work, 'downloads');
export const goPath = join(folders.work, 'go');
export const sourceFolder = join(goPath, 'src/k8s.io/kubernetes');

/** Fetches, unpacks and changes; what has been done is not done again. */
export async function prepareSource(): Promise<void> {
  if (existsSync(sourceFolder)) return;
  await mkdir(downloads, { recursive: true });
  const description = await fetchSource();
  const unpacked = join(folders.work, 'unpacked');
  await rm(unpacked, { recursive: true, force: true });
  await run('dpkg-source', ['--no-check', '--extract', description, unpacked], { cwd: downloads });
  await replaceReflect(unpacked);
  for (const change of changes) await apply(change, unpacked);
  await mkdir(join(goPath, 'src/k8s.io'), { recursive: true });
  await rename(unpacked, sourceFolder);
}

/** @returns the path of the package's .dsc, whose signature chain apt has checked */
async function fetchSource(): Promise<string> {
  const apt = join(folders.work, 'apt');
  for (const folder of ['lists/partial', 'cache/archives/partial']) await mkdir(join(apt, folder), { recursive: true });
  await writeFile(join(apt, 'sources.list'), await sourceLines());
  // A configuration of our own: the machine's lists stay without sources.
  const own = [
    `Dir::Etc::SourceList=${apt}/sources.list`,
    'Dir::Etc::SourceParts=/dev/null',
    `Dir::State::Lists=${apt}/lists`,
    `Dir::Cache=${apt}/cache`,
    'APT::Sandbox::User=',
  ].flatMap((option) => ['-o', option]);
  await run('apt-get', [...own, 'update', '--quiet']);
  await run('apt-get', [...own, 'source', '--quiet', '--download-only', 'kubernetes'], { cwd: downloads });
  const description = (await readdir(downloads)).find((name) => /^kubernetes_1\.20.*\.dsc$/.test(name));
  if (!description) throw new Error("apt's kubernetes is not 1.20");
  return join(downloads, description);
}

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** The machine's own Debian servers, asked for sources. */
async function sourceLines(): Promise<string> {
  const format = ['--format', '$(REPO_URI) $(RELEASE) $(COMPONENT)'];
  const filters = ['Created-By: Packages', 'Origin: Debian', 'Codename: bookworm', 'Component: main'];
  const lines = (await run('apt-get', ['indextargets', ...format, ...filters])).trim();
  const signed = existsSync(keyring) ? `[signed-by=${keyring}] ` : '';
  const places = lines || 'http://deb.debian.org/debian bookworm main';
  return [...new Set(places.split('\n'))].map((place) => `deb-src ${signed}${place}\n`).join('');
}

/** The vendored reflect2 reads maps as Go laid them out before 1.18, and so corrupts memory. Debian's own works. */
async function replaceReflect(source: string): Promise<void> {
  const [archive] = await fetchPackages(['golang-github-modern-go-reflect2-dev'], downloads);
  const unpacked = join(folders.work, 'reflect2');
  await run('dpkg-deb', ['--extract', archive!.path, unpacked]);
  const vendored = join(source, 'vendor/github.com/modern-go/reflect2');
  await rm(vendored, { recursive: true });
  await cp(join(unpacked, 'usr/share/gocode/src/github.com/modern-go/reflect2'), vendored, { recursive: true });
}

interface Change {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** What differs from Debian's Kubernetes. Only how long things take, and who may write to a claim. */
const changes: readonly Change[] = [
  // A pod's last status is told at once rather than with the next round, so a deleted pod is gone in 6 to 9 seconds, not in up to 60.
  {
    file: 'pkg/kubelet/status/status_manager.go',
    from: 'const syncPeriod = 10 * time.Second',
    to: 'const syncPeriod = 1 * time.Second',
  },
  {
    file: 'pkg/kubelet/kubelet.go',
    from: 'ContainerGCPeriod = time.Minute',
    to: 'ContainerGCPeriod = 2 * time.Second',
  },
  // Folders of the host know no fsGroup. Real storage gives a claim to the pod's group; here, everybody may write to it.
  {
    file: 'pkg/volume/hostpath/host_path.go',
    from: 'os.MkdirAll(pv.Spec.HostPath.Path, 0750)',
    to: 'os.MkdirAll(pv.Spec.HostPath.Path, 0777)',
  },
];

async function apply({ file, from, to }: Change, source: string): Promise<void> {
  const path = join(source, file);
  const before = await readFile(path, 'utf8');
  if (!before.includes(from)) throw new Error(`${file} has no "${from}"`);
  await writeFile(path, before.replace(from, to));
}
