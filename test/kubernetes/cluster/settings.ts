/**
 * Where the tests' cluster lives on this machine: folders, addresses and ports. Everybody else asks here.
 *
 * The addresses are of 198.18.0.0/15, which is set apart for tests of networks, so that they are nobody else's.
 */
import { homedir } from 'node:os';
import { join } from 'node:path';

const cache = process.env.KUBEDIRECTOR_TEST_KUBERNETES_CACHE ?? join(homedir(), '.cache', 'kubedirector-kubernetes');
const state = join(cache, 'cluster');

export const folders = {
  /** kube-apiserver and the others, once they are built. */
  bin: join(cache, 'bin'),
  /** Sources and what the compiler leaves; gone after a build. */
  work: join(cache, 'build'),
  /** Debian packages that images are made of, and the images. */
  packages: join(cache, 'debs'),
  images: join(cache, 'images'),
  /** All that a running cluster has written, sockets aside. */
  state,
  certificates: join(state, 'pki'),
  configuration: join(state, 'conf'),
  processes: join(state, 'processes'),
  logs: join(state, 'logs'),
  etcd: join(state, 'etcd'),
  kubelet: join(state, 'kubelet'),
  containerd: join(state, 'containerd'),
  podAddresses: join(state, 'pod-addresses'),
  /** Sockets have short paths. */
  sockets: '/run/kubedirector-test',
} as const;

/** A file that a program is configured with. */
export const configFile = (name: string): string => join(folders.configuration, name);

export const adminKubeconfig = join(state, 'admin.kubeconfig');
export const containerdSocket = join(folders.sockets, 'containerd.sock');

export const addresses = {
  /** The node's, on the loopback device. Endpoints may not name 127.0.0.1, so backends on this machine are named by it. */
  node: '198.18.30.1',
  pods: '198.18.31.0/24',
  /** The bridge's, where pods send what is not for their neighbours. */
  gateway: '198.18.31.1/24',
  services: '198.18.32.0/24',
  /** The first of them belongs to default/kubernetes. */
  apiService: '198.18.32.1',
} as const;

/** Side by side, and none that a usual Kubernetes takes. */
export const ports = {
  apiserver: 16443,
  etcd: 16444,
  etcdPeer: 16445,
  controllerManager: 16446,
  scheduler: 16447,
  kubelet: 16448,
  kubeletHealth: 16449,
  proxyHealth: 16450,
  proxyMetrics: 16451,
  dns: 53,
} as const;

export const server = `https://${addresses.node}:${ports.apiserver}`;
export const nodeName = 'kubedirector-test';
export const bridge = 'kubedirector0';
export const clusterDomain = 'cluster.local';
