/**
 * What the cluster needs of the machine: Debian 12, because its packages have Kubernetes' source and the Go that compiles it, and
 * the packages that build and run it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { run } from '../../../../deploy/image/programs.ts';

/** To build: Go and dpkg-source. */
const forBuilding = ['golang-1.19-go', 'dpkg-dev', 'xz-utils'];

/** To run: the store, the containers, and the tools that kubelet and kube-proxy call. */
const forRunning = [
  'etcd-server',
  'containerd',
  'runc',
  'containernetworking-plugins',
  'iptables',
  'conntrack',
  'ethtool',
  'socat', // kubectl port-forward
  'iproute2',
  'kmod',
  'mount',
  'procps',
];

/** @returns why no cluster can be made here; undefined where it can */
export function whyNotHere(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'it takes root on Linux';
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  return /^VERSION_CODENAME=bookworm$/m.test(release) ? undefined : 'it takes Debian 12';
}

async function isInstalled(name: string): Promise<boolean> {
  const status = await run('dpkg-query', ['--status', name]).catch(() => '');
  return /^Status: \w+ ok installed$/m.test(status);
}

/** Installs what is missing. */
export async function installPackages(): Promise<void> {
  const missing: string[] = [];
  for (const name of [...forBuilding, ...forRunning]) if (!(await isInstalled(name))) missing.push(name);
  if (!missing.length) return;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update', '--quiet']);
  await withoutServices(() => run('apt-get', ['install', '--yes', '--no-install-recommends', ...missing], { env }));
}

/** Debian asks this program before a package starts its service; 101 is no. */
const policy = '/usr/sbin/policy-rc.d';

/** The cluster starts its own etcd and containerd; those that the packages would start stay off. */
async function withoutServices(install: () => Promise<unknown>): Promise<void> {
  if (existsSync(policy)) return void (await install());
  await writeFile(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    await install();
  } finally {
    await rm(policy);
  }
}
