/**
 * The cluster's certificates and kubeconfigs: two authorities, who is who below them, and the keys of service account tokens.
 */
import { generateKeyPairSync } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type CertificateAndKey,
  issueClientCertificate,
  issueServerCertificate,
  makeAuthority,
} from '../../../apiserver/serving/certificates.ts';
import { addresses, adminKubeconfig, clusterDomain, folders, nodeName, server } from './settings.ts';

/** A file below the folder of certificates: `ca.crt`, `admin.key`. */
export const pki = (file: string): string => join(folders.certificates, file);

/** A component's kubeconfig: `kubelet`. */
export const kubeconfigOf = (who: string): string =>
  who === 'admin' ? adminKubeconfig : join(folders.configuration, `${who}.kubeconfig`);

/** Who has a kubeconfig → user and group, as Kubernetes' own rules for roles know them. */
const users: Readonly<Record<string, { readonly user: string; readonly groups: readonly string[] }>> = {
  admin: { user: 'kubernetes-admin', groups: ['system:masters'] },
  'kube-controller-manager': { user: 'system:kube-controller-manager', groups: [] },
  'kube-scheduler': { user: 'system:kube-scheduler', groups: [] },
  kubelet: { user: `system:node:${nodeName}`, groups: ['system:nodes'] },
  'kube-proxy': { user: 'system:kube-proxy', groups: [] },
};

const service = 'kubernetes.default.svc';
const apiserverNames = {
  dns: ['kubernetes', 'kubernetes.default', service, `${service}.${clusterDomain}`, 'localhost'],
  ip: [addresses.node, addresses.apiService, '127.0.0.1'],
};

/** Makes them, unless an earlier cluster left them: kubeconfigs stay good when a cluster is stopped and started. */
export async function makeCertificates(): Promise<void> {
  // The last to be written.
  if (existsSync(pki('complete'))) return;
  await rm(folders.certificates, { recursive: true, force: true });
  await mkdir(folders.certificates, { recursive: true, mode: 0o700 });
  await mkdir(folders.configuration, { recursive: true });

  const ca = await keep('ca', makeAuthority('kubernetes-ca'));
  const frontProxyCa = await keep('front-proxy-ca', makeAuthority('front-proxy-ca'));
  await keep('front-proxy-client', issueClientCertificate(frontProxyCa, 'front-proxy-client', []));
  await keep('apiserver', issueServerCertificate(ca, apiserverNames));
  await keep(
    'apiserver-kubelet-client',
    issueClientCertificate(ca, 'kube-apiserver-kubelet-client', ['system:masters']),
  );
  await keep('kubelet-serving', issueServerCertificate(ca, { dns: [nodeName], ip: [addresses.node] }));
  for (const [who, { user, groups }] of Object.entries(users)) {
    const certificate = await keep(who, issueClientCertificate(ca, user, groups));
    await writeFile(kubeconfigOf(who), kubeconfig(user, ca.cert, certificate), { mode: 0o600 });
  }
  await makeTokenKeys();
  await writeFile(pki('complete'), '');
}

async function keep(name: string, making: Promise<CertificateAndKey>): Promise<CertificateAndKey> {
  const made = await making;
  await writeFile(pki(`${name}.crt`), made.cert);
  await writeFile(pki(`${name}.key`), made.key, { mode: 0o600 });
  return made;
}

async function makeTokenKeys(): Promise<void> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  await writeFile(pki('service-accounts.pub'), publicKey);
  await writeFile(pki('service-accounts.key'), privateKey, { mode: 0o600 });
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** JSON is YAML. */
function kubeconfig(user: string, ca: string, { cert, key }: CertificateAndKey): string {
  const cluster = { server, 'certificate-authority-data': base64(ca) };
  const identity = { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) };
  return JSON.stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: nodeName, cluster }],
      users: [{ name: user, user: identity }],
      contexts: [{ name: nodeName, context: { cluster: nodeName, user } }],
      'current-context': nodeName,
    },
    null,
    2,
  );
}

/** For whoever speaks to the cluster as its administrator. */
export async function adminCredentials(): Promise<{ ca: Buffer; cert: Buffer; key: Buffer }> {
  const [ca, cert, key] = await Promise.all(['ca.crt', 'admin.crt', 'admin.key'].map((name) => readFile(pki(name))));
  return { ca: ca!, cert: cert!, key: key! };
}
