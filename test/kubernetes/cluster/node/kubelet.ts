/**
 * kubelet, of the one node.
 */
import { join } from 'node:path';
import { openApi } from '../api.ts';
import { kubeconfigOf, pki } from '../certificates.ts';
import { flags, type Program } from '../program.ts';
import { addresses, clusterDomain, configFile, containerdSocket, folders, nodeName, ports } from '../settings.ts';

export const kubelet = (): Program => ({
  name: 'kubelet',
  command: join(folders.bin, 'kubelet'),
  args: flags({
    config: configFile('kubelet.yaml'),
    kubeconfig: kubeconfigOf('kubelet'),
    'root-dir': folders.kubelet,
    'cert-dir': join(folders.kubelet, 'pki'),
    'hostname-override': nodeName,
    'node-ip': addresses.node,
    'container-runtime': 'remote',
    'container-runtime-endpoint': `unix://${containerdSocket}`,
  }),
  works: async () => {
    const node = await (await openApi())(`/api/v1/nodes/${nodeName}`);
    const conditions: { type: string; status: string }[] = node === undefined ? [] : JSON.parse(node).status.conditions;
    return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
  },
});

export const kubeletConfiguration = () => ({
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  address: addresses.node,
  port: ports.kubelet,
  readOnlyPort: 0,
  healthzBindAddress: '127.0.0.1',
  healthzPort: ports.kubeletHealth,
  authentication: {
    anonymous: { enabled: false },
    webhook: { enabled: true },
    x509: { clientCAFile: pki('ca.crt') },
  },
  authorization: { mode: 'Webhook' },
  tlsCertFile: pki('kubelet-serving.crt'),
  tlsPrivateKeyFile: pki('kubelet-serving.key'),
  cgroupDriver: 'cgroupfs',
  failSwapOn: false,
  oomScoreAdj: 0,
  clusterDomain,
  clusterDNS: [addresses.node],
  resolvConf: configFile('resolv.conf'),
  volumePluginDir: join(folders.kubelet, 'volume-plugins'),
  maxPods: 200,
  serializeImagePulls: false,
  // Images come from no registry, so one that is thrown away is gone; and a nearly full disk is a developer's everyday life.
  imageGCHighThresholdPercent: 100,
  imageGCLowThresholdPercent: 99,
  evictionHard: {
    'memory.available': '100Mi',
    'nodefs.available': '1%',
    'nodefs.inodesFree': '1%',
    'imagefs.available': '1%',
  },
  // The node is ready no sooner than it says so.
  nodeStatusUpdateFrequency: '1s',
  syncFrequency: '10s',
  kubeAPIQPS: 200,
  kubeAPIBurst: 400,
  eventRecordQPS: 0,
});
