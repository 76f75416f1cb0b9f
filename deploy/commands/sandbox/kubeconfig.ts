/**
 * Kubeconfig files for the sandbox, with everything inside them, so that one path is all that kubectl needs.
 */
import type { CertificateAndKey } from '../../../apiserver/serving/certificates.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/**
 * The text of a kubeconfig: YAML, in the JSON subset of it.
 *
 * @param user named in contexts and by `kubectl config view`; who it is, the certificate says
 */
export function kubeconfig(server: string, ca: string, user: string, { cert, key }: CertificateAndKey): string {
  const cluster = 'kubedirector-sandbox';
  const context = `${user}@${cluster}`;
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: cluster, cluster: { server, 'certificate-authority-data': base64(ca) } }],
    users: [{ name: user, user: { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) } }],
    contexts: [{ name: context, context: { cluster, user, namespace: 'default' } }],
    'current-context': context,
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}
