/**
 * containerd, which runs the pods' containers with runc. A containerd of the machine's own is left alone.
 */
import { join } from 'node:path';
import { run } from '../../../../deploy/image/programs.ts';
import { pauseImage } from '../images/names.ts';
import type { Program } from '../program.ts';
import { configFile, containerdSocket, folders } from '../settings.ts';
import { networkFolder } from './pod-network.ts';

/** Kubernetes' containers and images have their own namespace in containerd. */
export const ctr = (...args: readonly string[]): Promise<string> =>
  run('ctr', [`--address=${containerdSocket}`, '--namespace=k8s.io', ...args]);

export const containerd = (): Program => ({
  name: 'containerd',
  command: 'containerd',
  args: [`--config=${configFile('containerd.toml')}`],
  works: async () => (await ctr('version')) !== '',
});

export const containerdConfiguration = (): string => `version = 2
root = "${folders.containerd}"
state = "${join(folders.sockets, 'containerd')}"
# Those that want a file system or a service that few machines have.
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
  "io.containerd.internal.v1.tracing",
  "io.containerd.tracing.processor.v1.otlp",
]

[grpc]
  address = "${containerdSocket}"

[debug]
  level = "warn"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  netns_mounts_under_state_dir = true
  # Inside a container or a small virtual machine even root may not make a process harder to kill than itself.
  restrict_oom_score_adj = true

  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${networkFolder}"

  [plugins."io.containerd.grpc.v1.cri".containerd]
    default_runtime_name = "runc"

    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"

      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        BinaryName = "runc"
        SystemdCgroup = false
`;
