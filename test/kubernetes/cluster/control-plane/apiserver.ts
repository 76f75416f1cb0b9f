/**
 * kube-apiserver, with RBAC and the aggregation layer, as a cluster that installers make has it.
 */
import { join } from 'node:path';
import { openApi } from '../api.ts';
import { pki } from '../certificates.ts';
import { flags, type Program } from '../program.ts';
import { addresses, clusterDomain, folders, ports } from '../settings.ts';
import { etcdEndpoint } from './etcd.ts';

export const apiserver = (): Program => ({
  name: 'kube-apiserver',
  command: join(folders.bin, 'kube-apiserver'),
  args: flags({
    'etcd-servers': etcdEndpoint,
    // Pods reach it here too, so nothing need stand between.
    'bind-address': addresses.node,
    'advertise-address': addresses.node,
    'secure-port': ports.apiserver,
    'service-cluster-ip-range': addresses.services,
    'tls-cert-file': pki('apiserver.crt'),
    'tls-private-key-file': pki('apiserver.key'),
    'client-ca-file': pki('ca.crt'),
    'authorization-mode': 'Node,RBAC',
    'enable-admission-plugins': 'NodeRestriction',
    'allow-privileged': true,
    profiling: false,
    ...tokens,
    ...frontProxy,
    ...kubelet,
  }),
  works: async () => (await (await openApi())('/readyz')) !== undefined,
});

const tokens = {
  'service-account-issuer': `https://kubernetes.default.svc.${clusterDomain}`,
  'service-account-key-file': pki('service-accounts.pub'),
  'service-account-signing-key-file': pki('service-accounts.key'),
};

/** How it says to an extension API server who is calling. Routing goes to endpoints, which works without kube-proxy. */
const frontProxy = {
  'requestheader-client-ca-file': pki('front-proxy-ca.crt'),
  'requestheader-allowed-names': 'front-proxy-client',
  'requestheader-username-headers': 'X-Remote-User',
  'requestheader-group-headers': 'X-Remote-Group',
  'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
  'proxy-client-cert-file': pki('front-proxy-client.crt'),
  'proxy-client-key-file': pki('front-proxy-client.key'),
  'enable-aggregator-routing': true,
};

/** For logs and exec. */
const kubelet = {
  'kubelet-client-certificate': pki('apiserver-kubelet-client.crt'),
  'kubelet-client-key': pki('apiserver-kubelet-client.key'),
  'kubelet-certificate-authority': pki('ca.crt'),
  'kubelet-preferred-address-types': 'InternalIP',
};
