/**
 * What a node sets in the kernel, remembered before and set back after.
 */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { folders } from '../settings.ts';

/** What kubelet and kube-proxy set in the kernel. */
const kernelSettings = [
  'kernel/panic',
  'kernel/panic_on_oops',
  'net/bridge/bridge-nf-call-iptables',
  'net/ipv4/conf/all/route_localnet',
  'net/ipv4/ip_forward',
  'vm/overcommit_memory',
  'vm/panic_on_oom',
].map((name) => `/proc/sys/${name}`);

const remembered = join(folders.state, 'kernel-settings');

/** Once: a start after a broken run would remember the cluster's. */
export async function rememberKernelSettings(): Promise<void> {
  const read = async (file: string) => [file, await readFile(file, 'utf8').catch(() => undefined)] as const;
  const values = (await Promise.all(kernelSettings.map(read))).filter(([, value]) => value !== undefined);
  const text = JSON.stringify(Object.fromEntries(values));
  await writeFile(remembered, text, { flag: 'wx' }).catch(() => {});
}

export async function restoreKernelSettings(): Promise<void> {
  const text = await readFile(remembered, 'utf8').catch(() => '{}');
  for (const [file, value] of Object.entries<string>(JSON.parse(text))) await writeFile(file, value).catch(() => {});
  await rm(remembered, { force: true });
}
