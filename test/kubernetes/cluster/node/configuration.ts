/**
 * The files that the node's programs are configured with, written anew at each start.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { configFile, folders } from '../settings.ts';
import { containerdConfiguration } from './containerd.ts';
import { kubeletConfiguration } from './kubelet.ts';
import { networkConfiguration, networkFolder } from './pod-network.ts';
import { proxyConfiguration } from './proxy.ts';

export async function writeConfiguration(): Promise<void> {
  for (const folder of [folders.configuration, networkFolder, folders.sockets])
    await mkdir(folder, { recursive: true });
  await writeFile(configFile('containerd.toml'), containerdConfiguration());
  await writeFile(join(networkFolder, '10-test.conflist'), JSON.stringify(networkConfiguration()));
  // JSON is YAML.
  await writeFile(configFile('kubelet.yaml'), JSON.stringify(kubeletConfiguration()));
  await writeFile(configFile('kube-proxy.yaml'), JSON.stringify(proxyConfiguration()));
  // Pods ask the cluster's DNS and nobody behind it.
  await writeFile(configFile('resolv.conf'), '');
}
