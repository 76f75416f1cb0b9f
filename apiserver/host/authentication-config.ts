/**
 * Whom the host tells its extension servers to trust: the ConfigMap `extension-apiserver-authentication`, followed without a restart
 * (K-412).
 */
import type { Log } from '../../openapi/machinery/log.ts';
import type { KubeObject } from '../../openapi/machinery/meta.ts';
import { noTrust, type RequestHeaderTrust, type Trust } from '../auth/trust.ts';
import { oneObject } from './one-object.ts';
import type { Reflector } from './reflector.ts';
import type { HostClient } from './rest.ts';

interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

/**
 * Tells what the ConfigMap says, now and whenever it changes. One that cannot be read changes nothing: a typing error at the host
 * must not lock everybody out.
 */
export const followAuthenticationConfig = (
  client: HostClient,
  changed: (trust: Trust) => void,
  log: Log,
): Reflector<KubeObject> =>
  oneObject<ConfigMap>({
    client,
    resource: { group: '', version: 'v1', plural: 'configmaps' },
    namespace: 'kube-system',
    name: 'extension-apiserver-authentication',
    changed: (found) => {
      if (!found) log.warn('the host has no configuration of authentication; nobody is believed until it has');
      try {
        changed(found ? trustIn(found.data ?? {}) : noTrust);
      } catch (error) {
        log.error("the host's configuration of authentication is not readable; the one before stays", error);
      }
    },
    log,
  });

/** @throws Error when a list is not written as JSON, or a bundle holds no certificates */
export function trustIn(data: Readonly<Record<string, string>>): Trust {
  return { clientCa: data['client-ca-file'] ?? '', requestHeader: requestHeaderIn(data) };
}

function requestHeaderIn(data: Readonly<Record<string, string>>): RequestHeaderTrust | undefined {
  const ca = data['requestheader-client-ca-file'] ?? '';
  if (ca === '') return undefined;
  return {
    ca,
    allowedNames: namesIn(data, 'requestheader-allowed-names'),
    usernameHeaders: namesIn(data, 'requestheader-username-headers'),
    uidHeaders: namesIn(data, 'requestheader-uid-headers'),
    groupHeaders: namesIn(data, 'requestheader-group-headers'),
    extraHeaderPrefixes: namesIn(data, 'requestheader-extra-headers-prefix'),
  };
}

function namesIn(data: Readonly<Record<string, string>>, key: string): string[] {
  const names: unknown = JSON.parse(data[key] || '[]');
  if (Array.isArray(names) && names.every((name) => typeof name === 'string')) return names;
  throw new Error(`${key} is no list of names`);
}
