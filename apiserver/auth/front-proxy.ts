/**
 * Authentication by a front proxy: the aggregator tells in headers whom it has authenticated (K-413 to K-417).
 *
 * The headers count only beside a certificate of the proxy's own authority with an allowed name. They are read as they came, since
 * Node joins repeated headers with commas, which names may contain.
 */
import type { Request } from '../http/exchange.ts';
import type { Authenticator } from './authenticator.ts';
import type { RequestHeaderTrust, TrustStore } from './trust.ts';
import type { UserInfo } from './user.ts';

export const frontProxy = (trust: TrustStore): Authenticator => ({
  name: 'requestheader',
  authenticate(request) {
    const { requestHeader } = trust.trust;
    if (!requestHeader) return undefined;
    const user = userIn(request, requestHeader);
    if (!user) return undefined;
    const peer = trust.peerOf(request);
    // From anybody else the headers are noise (K-413): the other authenticators decide.
    if (!peer || !trust.comesFromProxy(peer)) return undefined;
    if (requestHeader.allowedNames.length && !requestHeader.allowedNames.includes(peer.commonName))
      throw new Error(`the front proxy ${JSON.stringify(peer.commonName)} is not among the allowed names`);
    return user;
  },
});

/** The identity that the headers of a request claim. */
function userIn(request: Request, names: RequestHeaderTrust): UserInfo | undefined {
  const headers = rawHeadersOf(request);
  const first = (wanted: readonly string[]): string =>
    wanted.map((name) => headers.get(name.toLowerCase())?.find((value) => value !== '')).find(Boolean) ?? '';
  const name = first(names.usernameHeaders);
  if (name === '') return undefined;
  const uid = first(names.uidHeaders);
  const groups = names.groupHeaders.flatMap((header) => headers.get(header.toLowerCase()) ?? []);
  return { name, ...(uid && { uid }), groups, extra: extraIn(headers, names.extraHeaderPrefixes) };
}

function extraIn(
  headers: ReadonlyMap<string, readonly string[]>,
  prefixes: readonly string[],
): Record<string, string[]> {
  const extra: Record<string, string[]> = Object.create(null) as Record<string, string[]>;
  for (const prefix of prefixes)
    for (const [name, values] of headers) {
      if (!name.startsWith(prefix.toLowerCase())) continue;
      const key = percentDecoded(name.slice(prefix.length));
      extra[key] = [...(extra[key] ?? []), ...values];
    }
  return { ...extra };
}

/** A key that is not well encoded is taken as it is, as Kubernetes does. */
function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Lower-case name → all values, each as it was sent. Go writes UTF-8 where Node reads Latin-1. */
export function rawHeadersOf({ rawHeaders }: Request): Map<string, string[]> {
  const headers = new Map<string, string[]>();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase();
    const value = Buffer.from(rawHeaders[i + 1]!, 'latin1').toString('utf8');
    const values = headers.get(name);
    if (values) values.push(value);
    else headers.set(name, [value]);
  }
  return headers;
}
