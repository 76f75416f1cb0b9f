/**
 * kube-proxy: services' addresses and node ports, by iptables.
 */
import { join } from 'node:path';
import { kubeconfigOf } from '../certificates.ts';
import { flags, type Program } from '../program.ts';
import { addresses, configFile, folders, nodeName, ports } from '../settings.ts';

export const proxy = (): Program => ({
  name: 'kube-proxy',
  command: join(folders.bin, 'kube-proxy'),
  args: flags({ config: configFile('kube-proxy.yaml') }),
  works: async () => {
    const signal = AbortSignal.timeout(2000);
    return (await fetch(`http://127.0.0.1:${ports.proxyHealth}/healthz`, { signal })).ok;
  },
});

export const proxyConfiguration = () => ({
  apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
  kind: 'KubeProxyConfiguration',
  clientConnection: { kubeconfig: kubeconfigOf('kube-proxy') },
  hostnameOverride: nodeName,
  mode: 'iptables',
  clusterCIDR: addresses.pods,
  bindAddress: addresses.node,
  healthzBindAddress: `127.0.0.1:${ports.proxyHealth}`,
  metricsBindAddress: `127.0.0.1:${ports.proxyMetrics}`,
  oomScoreAdj: 0,
  iptables: { minSyncPeriod: '1s' },
  // The machine's own limits stay as they are.
  conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
});
