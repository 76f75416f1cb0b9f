/**
 * Authentication by client certificate: user = common name, groups = organizations (K-418).
 */
import type { Authenticator } from './authenticator.ts';
import type { TrustStore } from './trust.ts';

export const clientCertificate = (trust: TrustStore): Authenticator => ({
  name: 'x509',
  authenticate(request) {
    const peer = trust.peerOf(request);
    if (!peer) return undefined;
    if (!trust.comesFromClients(peer)) {
      // The proxy's certificate says nothing about a user; any other has no business here.
      if (trust.comesFromProxy(peer)) return undefined;
      throw new Error('the client certificate comes from no authority of clients');
    }
    if (peer.commonName === '') return undefined;
    return {
      name: peer.commonName,
      groups: peer.organizations,
      extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${peer.sha256}`] },
    };
  },
});
