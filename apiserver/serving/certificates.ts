/**
 * X.509 certificates: authorities, serving certificates and client certificates, all with P-256 keys.
 *
 * Where they are kept and when they are renewed is decided elsewhere. The library is loaded when the first certificate is made, since
 * most starts make none.
 */
import { randomBytes, webcrypto } from 'node:crypto';

/** PEM texts. */
export interface CertificateAndKey {
  readonly cert: string;
  readonly key: string;
}

const dayMs = 24 * 3600 * 1000;
/** Clocks of clients may be a little behind. */
const skewMs = 5 * 60 * 1000;
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

const x509 = async () => {
  await import('reflect-metadata');
  const library = await import('@peculiar/x509');
  library.cryptoProvider.set(webcrypto as never);
  return library;
};

type Library = Awaited<ReturnType<typeof x509>>;
type Name = Record<string, string[]>[];

interface Subject {
  readonly commonName: string;
  readonly organizations?: readonly string[];
}

const nameOf = ({ commonName, organizations = [] }: Subject): Name => [
  ...organizations.map((O) => ({ O: [O] })),
  { CN: [commonName] },
];

const generateKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;

const pemOfKey = async ({ privateKey }: webcrypto.CryptoKeyPair): Promise<string> => {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', privateKey));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`;
};

const serial = (): string => {
  const bytes = randomBytes(16);
  // A serial number is positive.
  bytes[0]! &= 0x7f;
  return bytes.toString('hex');
};

const validity = (days: number) => ({
  notBefore: new Date(Date.now() - skewMs),
  notAfter: new Date(Date.now() + days * dayMs),
});

/** A certificate authority of our own. */
export async function makeAuthority(commonName: string, days = 3650): Promise<CertificateAndKey> {
  const library = await x509();
  const keys = await generateKeys();
  const certificate = await library.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: nameOf({ commonName }),
    ...validity(days),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new library.BasicConstraintsExtension(true, undefined, true),
      new library.KeyUsagesExtension(library.KeyUsageFlags.keyCertSign | library.KeyUsageFlags.cRLSign, true),
      await library.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: pem(certificate), key: await pemOfKey(keys) };
}

/** @param names DNS names and IP addresses that clients use */
export async function issueServerCertificate(
  authority: CertificateAndKey,
  names: { readonly dns: readonly string[]; readonly ip: readonly string[] },
  days = 365,
): Promise<CertificateAndKey> {
  const library = await x509();
  const alternatives = [
    ...names.dns.map((value) => ({ type: 'dns' as const, value })),
    ...names.ip.map((value) => ({ type: 'ip' as const, value })),
  ];
  return issue(library, authority, { commonName: names.dns[0] ?? names.ip[0] ?? 'kubedirector' }, days, [
    new library.ExtendedKeyUsageExtension([library.ExtendedKeyUsage.serverAuth]),
    new library.SubjectAlternativeNameExtension(alternatives),
  ]);
}

/** A certificate that says who its bearer is: user = common name, groups = organizations (K-418). */
export async function issueClientCertificate(
  authority: CertificateAndKey,
  user: string,
  groups: readonly string[],
  days = 365,
): Promise<CertificateAndKey> {
  const library = await x509();
  return issue(library, authority, { commonName: user, organizations: groups }, days, [
    new library.ExtendedKeyUsageExtension([library.ExtendedKeyUsage.clientAuth]),
  ]);
}

async function issue(
  library: Library,
  authority: CertificateAndKey,
  subject: Subject,
  days: number,
  extensions: InstanceType<Library['Extension']>[],
): Promise<CertificateAndKey> {
  const issuer = new library.X509Certificate(authority.cert);
  const keys = await generateKeys();
  const certificate = await library.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: nameOf(subject),
    issuer: issuer.subjectName.toJSON(),
    ...validity(days),
    publicKey: keys.publicKey,
    signingKey: await importKey(authority.key),
    signingAlgorithm: algorithm,
    extensions: [
      new library.BasicConstraintsExtension(false, undefined, true),
      new library.KeyUsagesExtension(library.KeyUsageFlags.digitalSignature, true),
      await library.AuthorityKeyIdentifierExtension.create(issuer),
      ...extensions,
    ],
  });
  return { cert: pem(certificate), key: await pemOfKey(keys) };
}

const importKey = (key: string): Promise<webcrypto.CryptoKey> => {
  const der = Buffer.from(key.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  return webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']);
};

const pem = (certificate: { toString(format: 'pem'): string }): string => `${certificate.toString('pem')}\n`;
