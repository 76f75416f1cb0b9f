/**
 * What a node leaves behind when its programs end: containers, mounts, packet filter rules, cgroups. It also clears up after a run
 * that broke, so it takes nothing for granted.
 */
import { globSync, readFileSync } from 'node:fs';
import { readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../../../deploy/image/programs.ts';
import { runningPid } from '../processes.ts';
import { bridge, containerdSocket, folders } from '../settings.ts';
import { ctr } from './containerd.ts';

/** Ends every container, while containerd still runs. */
export async function removeContainers(): Promise<void> {
  if (runningPid('containerd') === undefined) return;
  const tasks = words(await ctr('tasks', 'list', '--quiet'));
  await Promise.all(tasks.map((id) => ctr('tasks', 'remove', '--force', id).catch(() => {})));
  const containers = words(await ctr('containers', 'list', '--quiet'));
  await Promise.all(containers.map((id) => ctr('containers', 'remove', id).catch(() => {})));
}

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');

/** Each container has a process that outlives containerd. Ours name our socket. */
export function endShims(): void {
  for (const file of globSync('/proc/[0-9]*/cmdline')) {
    const [pid, line] = [file.split('/')[2], read(file).split('\0')];
    if (line[0]?.endsWith('containerd-shim-runc-v2') && line.includes(containerdSocket)) kill(Number(pid));
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/** A process may end while we look at it. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** Unmounts what is in our folders, the innermost first, and removes them. The kubelet mounts its folder upon itself. */
export async function removeFolders(): Promise<void> {
  const ours = [folders.sockets, folders.kubelet, folders.containerd, folders.podAddresses];
  const mounts = read('/proc/self/mountinfo')
    .split('\n')
    .map((line) => unescaped(line.split(' ')[4] ?? ''));
  const within = mounts.filter((path) => ours.some((folder) => `${path}/`.startsWith(`${folder}/`)));
  for (const path of within.sort().reverse()) await run('umount', ['--lazy', path]).catch(() => {});
  for (const folder of ours) await rm(folder, { recursive: true, force: true });
  // What the network plugins, and the kubelet for `kubectl logs`, keep in fixed places.
  for (const file of globSync([`/var/lib/cni/results/${bridge}-*`, '/var/log/containers/*_*.log'])) await rm(file);
  await removePodLogs();
}

/** The kernel writes a space in a path as \040. */
const unescaped = (path: string): string =>
  path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

async function removePodLogs(): Promise<void> {
  const folder = '/var/log/pods';
  for (const name of await readdir(folder).catch(() => [])) await rm(join(folder, name), { recursive: true });
}

const builtInChains = /^-A (PREROUTING|INPUT|FORWARD|OUTPUT|POSTROUTING) .*-j KUBE-/;

/** The chains that kubelet and kube-proxy made, and the jumps to them. */
export async function removePacketFilters(): Promise<void> {
  for (const program of ['iptables', 'ip6tables'])
    for (const table of ['nat', 'filter', 'mangle']) {
      const rule = (...args: string[]) => run(program, ['--wait', '--table', table, ...args]).catch(() => '');
      const lines = (await rule('--list-rules')).split('\n');
      // A comment in quotes is one argument.
      const asArguments = (line: string) => (line.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replaceAll('"', ''));
      for (const line of lines) if (builtInChains.test(line)) await rule('-D', ...asArguments(line).slice(1));
      const chains = lines.flatMap((line) => /^-N (KUBE-\S+)/.exec(line)?.[1] ?? []);
      for (const chain of chains) await rule('--flush', chain);
      for (const chain of chains) await rule('--delete-chain', chain);
    }
}

/** The pods' cgroups are empty folders now, the innermost to go first. */
export async function removeControlGroups(): Promise<void> {
  const groups = globSync(['/sys/fs/cgroup/kubepods', '/sys/fs/cgroup/*/kubepods']);
  const all = groups.flatMap((group) => [group, ...globSync(`${group}/**/`)]);
  for (const group of all.sort().reverse()) await rmdir(group).catch(() => {});
}
