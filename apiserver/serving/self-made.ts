/**
 * A serving certificate that we make ourselves, with an authority of its own: what is in it, and when it is made anew.
 *
 * Where it is kept is decided elsewhere: it is a few texts under the keys that Kubernetes' TLS Secrets have.
 */
import { X509Certificate } from 'node:crypto';
import { issueServerCertificate, makeAuthority } from './certificates.ts';

/** PEM texts: `ca.crt` is whom clients should trust, the newest authority first. */
export interface ServingTexts {
  readonly 'ca.crt': string;
  readonly 'ca.key': string;
  readonly 'tls.crt': string;
  readonly 'tls.key': string;
}

export interface ServingNames {
  readonly dns: readonly string[];
  readonly ip: readonly string[];
}

const dayMs = 24 * 3600 * 1000;
const servingDays = 90;
/** Renewed with a third of its life left, and an authority while it still outlives what it signs. */
const renewServingMs = 30 * dayMs;
const renewAuthorityMs = 180 * dayMs;

const certificatesIn = (bundle: string): string[] =>
  bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n?/g) ?? [];

const leftMs = (pem: string, nowMs: number): number => Date.parse(new X509Certificate(pem).validTo) - nowMs;

/** Whether the texts serve these names, and will for a while. Texts that are damaged do not. */
export function servesWell(
  texts: Readonly<Record<string, string>>,
  { dns, ip }: ServingNames,
  nowMs: number,
): texts is Readonly<Record<string, string>> & ServingTexts {
  try {
    const { 'ca.crt': bundle = '', 'ca.key': caKey = '', 'tls.crt': cert = '', 'tls.key': key = '' } = texts;
    const [authority = ''] = certificatesIn(bundle);
    const serving = new X509Certificate(cert);
    return (
      caKey !== '' &&
      key !== '' &&
      leftMs(authority, nowMs) > renewAuthorityMs &&
      leftMs(cert, nowMs) > renewServingMs &&
      serving.checkIssued(new X509Certificate(authority)) &&
      dns.every((name) => serving.checkHost(name) !== undefined) &&
      ip.every((address) => serving.checkIP(address) !== undefined)
    );
  } catch {
    return false;
  }
}

/**
 * A serving certificate for these names: of the authority that is there, while that is good. A new authority is put before the old
 * one, so that whoever still serves by the old one is trusted meanwhile.
 */
export async function makeServing(
  before: Readonly<Record<string, string>> | undefined,
  names: ServingNames,
  nowMs: number,
): Promise<ServingTexts> {
  const old = authorityIn(before, nowMs);
  const authority = old?.lasts ? old : await makeAuthority('kubedirector');
  const serving = await issueServerCertificate(authority, names, servingDays);
  const bundle = old && !old.lasts && old.valid ? `${authority.cert.trim()}\n${old.cert}` : authority.cert;
  return { 'ca.crt': bundle, 'ca.key': authority.key, 'tls.crt': serving.cert, 'tls.key': serving.key };
}

function authorityIn(texts: Readonly<Record<string, string>> | undefined, nowMs: number) {
  const [cert] = certificatesIn(texts?.['ca.crt'] ?? '');
  const key = texts?.['ca.key'];
  if (!cert || !key) return undefined;
  try {
    const left = leftMs(cert, nowMs);
    return { cert, key, valid: left > 0, lasts: left > renewAuthorityMs };
  } catch {
    return undefined;
  }
}
