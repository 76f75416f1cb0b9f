/**
 * The cluster, put together: what is started in which order, and stopped in the reverse.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { build } from './build/build.ts';
import { whyNotHere } from './build/machine.ts';
import { makeCertificates } from './certificates.ts';
import { apiserver } from './control-plane/apiserver.ts';
import { controllerManager } from './control-plane/controller-manager.ts';
import { etcd } from './control-plane/etcd.ts';
import { scheduler } from './control-plane/scheduler.ts';
import { dns } from './dns/program.ts';
import { imageArchives } from './images/images.ts';
import { applyObjects } from './kubectl.ts';
import {
  endShims,
  removeContainers,
  removeControlGroups,
  removeFolders,
  removePacketFilters,
} from './node/cleaning.ts';
import { writeConfiguration } from './node/configuration.ts';
import { containerd, ctr } from './node/containerd.ts';
import { rememberKernelSettings, restoreKernelSettings } from './node/kernel-settings.ts';
import { kubelet } from './node/kubelet.ts';
import { lowerNetwork, raiseNetwork } from './node/pod-network.ts';
import { proxy } from './node/proxy.ts';
import { runningPid, stopProcess } from './processes.ts';
import { type Program, restartProgram, startProgram } from './program.ts';
import { folders, nodeName } from './settings.ts';
import { defaultStorageClass, removeVolumes } from './storage.ts';

/** In the order in which they are started. */
const programs: readonly (() => Program)[] = [
  etcd,
  apiserver,
  controllerManager,
  scheduler,
  containerd,
  kubelet,
  proxy,
  dns,
];
const names = programs.map((program) => program().name);

/** @param say is told of steps that take their time */
export async function start(say: (step: string) => void): Promise<void> {
  const obstacle = whyNotHere();
  if (obstacle) throw new Error(`no Kubernetes can run here: ${obstacle}`);
  await build(say);
  if (isRunning()) return;
  await stop();
  if (runsAnotherKubelet())
    throw new Error('another Kubernetes has its node here; two would share iptables and cgroups');
  try {
    await startAll(say);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startAll(say: (step: string) => void): Promise<void> {
  await mkdir(folders.state, { recursive: true, mode: 0o700 });
  await rm(folders.logs, { recursive: true, force: true });
  await makeCertificates();
  await writeConfiguration();
  await rememberKernelSettings();
  await raiseNetwork();
  for (const program of programs) {
    say(`starting ${program().name}`);
    // The kubelet wants its first image at once.
    if (program === kubelet) for (const image of imageArchives) await load(image);
    await startProgram(program());
  }
  await applyObjects(defaultStorageClass);
}

/** Stops what runs, and removes what it leaves, whole or broken. */
export async function stop(): Promise<void> {
  if (!existsSync(folders.state)) return;
  for (const name of ['dns', 'kube-proxy', 'kubelet']) await stopProcess(name);
  await removeContainers();
  await stopProcess('containerd');
  endShims();
  await removeVolumes();
  for (const name of ['kube-scheduler', 'kube-controller-manager', 'kube-apiserver', 'etcd']) await stopProcess(name);
  await rm(folders.etcd, { recursive: true, force: true });
  await removeFolders();
  await removePacketFilters();
  await removeControlGroups();
  await lowerNetwork();
  await restoreKernelSettings();
}

/** One that has ended counts no more, even if nobody has asked how. */
const runsAnotherKubelet = (): boolean =>
  spawnSync('pgrep', ['--exact', '--runstates=D,R,S', 'kubelet|k3s-server']).status === 0;

/** All of it? */
export const isRunning = (): boolean => names.every((name) => runningPid(name) !== undefined);

/** @returns each program with its process number, if it runs */
export const status = (): [string, number | undefined][] => names.map((name) => [name, runningPid(name)]);

/** @throws Error that names the programs there are */
export async function restart(name: string): Promise<void> {
  const program = programs.find((candidate) => candidate().name === name);
  if (!program) throw new Error(`there is no ${name} in ${nodeName}, but ${names.join(', ')}`);
  await restartProgram(program());
}

/** Gives the node an image out of an archive, as if it had been pulled. */
export async function load(archive: string): Promise<void> {
  await ctr('images', 'import', archive);
}
