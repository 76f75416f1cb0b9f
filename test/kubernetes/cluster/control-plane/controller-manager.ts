/**
 * kube-controller-manager, whose garbage collector, namespace controller and StatefulSets are what KubeDirector relies on.
 */
import { join } from 'node:path';
import { openApi } from '../api.ts';
import { kubeconfigOf, pki } from '../certificates.ts';
import { flags, type Program } from '../program.ts';
import { addresses, folders, ports } from '../settings.ts';

const name = 'kube-controller-manager';

export const controllerManager = (): Program => ({
  name,
  command: join(folders.bin, name),
  // Folders that it provisions for claims are for everybody; see the changes in ../build/sources.ts.
  umask: 0,
  args: flags({
    kubeconfig: kubeconfigOf(name),
    'authentication-kubeconfig': kubeconfigOf(name),
    'authorization-kubeconfig': kubeconfigOf(name),
    'bind-address': '127.0.0.1',
    'secure-port': ports.controllerManager,
    port: 0,
    'tls-cert-file': pki('apiserver.crt'),
    'tls-private-key-file': pki('apiserver.key'),
    'leader-elect': false,
    'use-service-account-credentials': true,
    // There is one node, and it knows its range. This controller would first sleep for ten seconds.
    controllers: '*,bootstrapsigner,tokencleaner,-nodeipam',
    'root-ca-file': pki('ca.crt'),
    'service-account-private-key-file': pki('service-accounts.key'),
    'cluster-signing-cert-file': pki('ca.crt'),
    'cluster-signing-key-file': pki('ca.key'),
    'requestheader-client-ca-file': pki('front-proxy-ca.crt'),
    'service-cluster-ip-range': addresses.services,
    'enable-hostpath-provisioner': true,
    'pvclaimbinder-sync-period': '2s',
    'node-monitor-grace-period': '30s',
    'kube-api-qps': 200,
    'kube-api-burst': 400,
    profiling: false,
  }),
  // Pods cannot be made before the first token has been.
  works: async () => {
    if ((await (await openApi(`https://127.0.0.1:${ports.controllerManager}`))('/healthz')) === undefined) return false;
    const account = await (await openApi())('/api/v1/namespaces/default/serviceaccounts/default');
    return account !== undefined && JSON.parse(account).secrets?.length > 0;
  },
});
