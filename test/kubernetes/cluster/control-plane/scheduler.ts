/** kube-scheduler. It has one node to choose from. */
import { join } from 'node:path';
import { openApi } from '../api.ts';
import { kubeconfigOf, pki } from '../certificates.ts';
import { flags, type Program } from '../program.ts';
import { folders, ports } from '../settings.ts';

const name = 'kube-scheduler';

export const scheduler = (): Program => ({
  name,
  command: join(folders.bin, name),
  args: flags({
    kubeconfig: kubeconfigOf(name),
    'authentication-kubeconfig': kubeconfigOf(name),
    'authorization-kubeconfig': kubeconfigOf(name),
    'bind-address': '127.0.0.1',
    'secure-port': ports.scheduler,
    port: 0,
    'tls-cert-file': pki('apiserver.crt'),
    'tls-private-key-file': pki('apiserver.key'),
    'leader-elect': false,
    'kube-api-qps': 200,
    'kube-api-burst': 400,
    profiling: false,
  }),
  works: async () => (await (await openApi(`https://127.0.0.1:${ports.scheduler}`))('/healthz')) !== undefined,
});
