/**
 * Whom we trust: the certificate authorities of clients and of the front proxy, as they are at the moment.
 *
 * Control planes rotate these while we run (K-412). Whoever uses them asks anew for each connection and hears of changes.
 */
import { createHash, X509Certificate } from 'node:crypto';
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';
import type { Request } from '../http/exchange.ts';

/** What a front proxy's requests are recognised by, as `extension-apiserver-authentication` has it (K-412). */
export interface RequestHeaderTrust {
  /** PEM bundle. */
  readonly ca: string;
  /** Common names that are believed; empty: any that the CA has signed. */
  readonly allowedNames: readonly string[];
  readonly usernameHeaders: readonly string[];
  readonly uidHeaders: readonly string[];
  readonly groupHeaders: readonly string[];
  readonly extraHeaderPrefixes: readonly string[];
}

export interface Trust {
  /** PEM bundle of whom client certificates come from; empty: nobody. */
  readonly clientCa: string;
  readonly requestHeader: RequestHeaderTrust | undefined;
}

/** Certificates of clients whose contents are remembered. */
const mostKnown = 1000;

export const noTrust: Trust = { clientCa: '', requestHeader: undefined };

export class TrustStore {
  #trust: Trust;
  #clientAnchors: ReadonlySet<string>;
  #proxyAnchors: ReadonlySet<string>;
  readonly #listeners = new Set<() => void>();
  /** A connection carries one certificate and many requests. */
  readonly #peers = new WeakMap<object, PeerCertificate | Error | null>();
  /** What certificates say that came before, by fingerprint. Whether one is valid the TLS layer says each time. */
  readonly #known = new Map<string, PeerCertificate>();

  constructor(trust: Trust = noTrust) {
    this.#trust = trust;
    this.#clientAnchors = anchorsOf(trust.clientCa);
    this.#proxyAnchors = anchorsOf(trust.requestHeader?.ca ?? '');
  }

  get trust(): Trust {
    return this.#trust;
  }

  /** PEM bundles of all authorities: what the TLS layer verifies with and hints at (K-003). */
  get bundles(): string[] {
    return [this.#trust.clientCa, this.#trust.requestHeader?.ca ?? ''].filter((bundle) => bundle !== '');
  }

  /** @returns whether anything is different now */
  replace(trust: Trust): boolean {
    if (JSON.stringify(trust) === JSON.stringify(this.#trust)) return false;
    this.#clientAnchors = anchorsOf(trust.clientCa);
    this.#proxyAnchors = anchorsOf(trust.requestHeader?.ca ?? '');
    this.#trust = trust;
    for (const listener of this.#listeners) listener();
    return true;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Does the chain end at an authority of ordinary clients? Neither authority stands in for the other (K-414). */
  comesFromClients(peer: PeerCertificate): boolean {
    return peer.chain.some((fingerprint) => this.#clientAnchors.has(fingerprint));
  }

  comesFromProxy(peer: PeerCertificate): boolean {
    return peer.chain.some((fingerprint) => this.#proxyAnchors.has(fingerprint));
  }

  /**
   * The certificate of the peer of a request, which the TLS layer has verified.
   *
   * @returns undefined when the client showed none
   * @throws Error when it showed one that cannot be trusted
   */
  peerOf({ stream, socket }: Request): PeerCertificate | undefined {
    // HTTP/2 hands out proxies of its socket, so the session stands for the connection there.
    const connection = stream ? stream.session : socket;
    if (!connection) return undefined;
    let found = this.#peers.get(connection);
    if (found === undefined) {
      found = this.#read((stream?.session?.socket ?? socket) as Partial<TLSSocket>);
      this.#peers.set(connection, found);
    }
    if (found instanceof Error) throw found;
    return found ?? undefined;
  }

  /** Reading a chain costs as much as a handshake's signatures, and most clients come again with a new connection. */
  #read(tls: Partial<TLSSocket>): PeerCertificate | Error | null {
    const certificate = tls.getPeerX509Certificate?.();
    if (!certificate) return null;
    const known = tls.authorized ? this.#known.get(certificate.fingerprint256) : undefined;
    // Authorities may have been replaced since: then it may come from another one now.
    if (known && (this.comesFromClients(known) || this.comesFromProxy(known))) return known;
    const peer = read(tls, certificate);
    if (peer instanceof Error) return peer;
    if (this.#known.size >= mostKnown) this.#known.clear();
    this.#known.set(certificate.fingerprint256, peer);
    return peer;
  }
}

/** Fingerprints of the authorities in a PEM bundle. @throws Error when the bundle holds something else */
function anchorsOf(bundle: string): Set<string> {
  const blocks = bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return new Set(blocks.map((pem) => new X509Certificate(pem).fingerprint256));
}

/** The verified certificate of whoever is at the other end. */
export interface PeerCertificate {
  readonly commonName: string;
  readonly organizations: readonly string[];
  /** SHA-256 of the certificate, lower-case hex. */
  readonly sha256: string;
  /** Fingerprints from the certificate up to the authority that it was verified with. */
  readonly chain: readonly string[];
}

const clientAuth = '1.3.6.1.5.5.7.3.2';

function read(tls: Partial<TLSSocket>, certificate: X509Certificate): PeerCertificate | Error {
  if (!tls.authorized) return new Error(`the client certificate is not trusted: ${tls.authorizationError}`);
  if (certificate.keyUsage && !certificate.keyUsage.includes(clientAuth))
    return new Error('the certificate is not meant for client authentication');
  const { subject } = certificate.toLegacyObject() as { subject: { CN?: string | string[]; O?: string | string[] } };
  return {
    commonName: [subject.CN ?? ''].flat()[0] ?? '',
    organizations: [subject.O ?? []].flat(),
    sha256: createHash('sha256').update(certificate.raw).digest('hex'),
    chain: chainOf(tls.getPeerCertificate?.(true)),
  };
}

/** Only the detailed form tells the authority at the end, which clients do not send. It goes in circles there. */
function chainOf(certificate: DetailedPeerCertificate | undefined): string[] {
  const chain: string[] = [];
  let current = certificate;
  while (current?.fingerprint256 && !chain.includes(current.fingerprint256)) {
    chain.push(current.fingerprint256);
    current = current.issuerCertificate;
  }
  return chain;
}
