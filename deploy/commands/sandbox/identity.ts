/**
 * Who is who in the sandbox: its certificate authority, its serving certificate, and client certificates, kept in the data folder.
 */
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { superusers } from '../../../apiserver/auth/user.ts';
import {
  type CertificateAndKey,
  issueClientCertificate,
  issueServerCertificate,
  makeAuthority,
} from '../../../apiserver/serving/certificates.ts';
import { writePrivately } from '../private-file.ts';

/** A certificate that ends within this time is made anew. */
const renewBeforeMs = 30 * 24 * 3600 * 1000;

export class SandboxIdentity {
  readonly #folder: string;
  readonly #authority: CertificateAndKey;

  private constructor(folder: string, authority: CertificateAndKey) {
    this.#folder = folder;
    this.#authority = authority;
  }

  /** Opens what the data folder holds, or makes it. */
  static async open(dataDir: string): Promise<SandboxIdentity> {
    const folder = join(dataDir, 'pki');
    const authority = await kept(folder, 'ca', () => makeAuthority('kubedirector-sandbox'));
    return new SandboxIdentity(folder, authority);
  }

  /** PEM of the authority that every certificate of this sandbox chains to. */
  get ca(): string {
    return this.#authority.cert;
  }

  serving(): Promise<CertificateAndKey> {
    const names = { dns: ['localhost', 'kubernetes.default.svc'], ip: ['127.0.0.1', '::1'] };
    return kept(this.#folder, 'server', () => issueServerCertificate(this.#authority, names));
  }

  /** The one who may do everything. */
  admin(): Promise<CertificateAndKey> {
    return kept(this.#folder, 'admin', () => issueClientCertificate(this.#authority, 'sandbox-admin', [superusers]));
  }

  /** A service account's certificate: in the sandbox it stands for the token that a pod would have. */
  serviceAccount(namespace: string, name: string): Promise<CertificateAndKey> {
    const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
    return kept(this.#folder, `sa-${namespace}-${name}`, () =>
      issueClientCertificate(this.#authority, `system:serviceaccount:${namespace}:${name}`, groups),
    );
  }

  /** A certificate for anybody, not kept here. */
  user(name: string, groups: readonly string[]): Promise<CertificateAndKey> {
    return issueClientCertificate(this.#authority, name, groups);
  }
}

async function kept(folder: string, name: string, make: () => Promise<CertificateAndKey>): Promise<CertificateAndKey> {
  const [certFile, keyFile] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
  if (existsSync(certFile) && existsSync(keyFile)) {
    const present = { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
    if (Date.parse(new X509Certificate(present.cert).validTo) - Date.now() > renewBeforeMs) return present;
  }
  const made = await make();
  writePrivately(keyFile, made.key);
  writePrivately(certFile, made.cert);
  return made;
}
