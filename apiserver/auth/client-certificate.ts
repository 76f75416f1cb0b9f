/**
 * Authentication by client certificate: user = common name, groups = organizations (K-418).
 *
 * The TLS layer has verified the chain when this runs; here the verified certificate is read.
 */
import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { Authenticator } from './authenticator.ts';
import type { UserInfo } from './user.ts';

const clientAuth = '1.3.6.1.5.5.7.3.2';

/** A connection carries one certificate and many requests. */
const known = new WeakMap<object, UserInfo | null>();

export const clientCertificate: Authenticator = {
  name: 'x509',
  authenticate({ stream, socket }) {
    // HTTP/2 hands out proxies of its socket, so the session stands for the connection there.
    const connection = stream ? stream.session : socket;
    if (!connection) return undefined;
    const remembered = known.get(connection);
    if (remembered !== undefined) return remembered ?? undefined;
    const user = userOf(stream?.session?.socket ?? socket) ?? null;
    known.set(connection, user);
    return user ?? undefined;
  },
};

function userOf(socket: unknown): UserInfo | undefined {
  const tls = socket as Partial<TLSSocket>;
  const certificate = tls.getPeerX509Certificate?.();
  if (!certificate) return undefined;
  if (!tls.authorized) throw new Error(`the client certificate is not trusted: ${tls.authorizationError}`);
  const { keyUsage } = certificate;
  if (keyUsage && !keyUsage.includes(clientAuth)) throw new Error('the certificate is not for client authentication');
  const { CN: name, O: groups } = subjectOf(certificate);
  if (!name) return undefined;
  return {
    name,
    groups,
    extra: {
      'authentication.kubernetes.io/credential-id': [
        `X509SHA256=${certificate.fingerprint256.replaceAll(':', '').toLowerCase()}`,
      ],
    },
  };
}

/** Common name and organizations of the subject. */
function subjectOf(certificate: X509Certificate): { CN: string; O: string[] } {
  const { subject } = certificate.toLegacyObject() as { subject: { CN?: string | string[]; O?: string | string[] } };
  const { CN = '', O = [] } = subject;
  return { CN: Array.isArray(CN) ? (CN[0] ?? '') : CN, O: Array.isArray(O) ? O : [O] };
}
