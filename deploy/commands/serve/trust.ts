/**
 * Whom `serve` trusts: what flags say, and for the rest what the host says.
 */

import { noTrust, type RequestHeaderTrust, type Trust, TrustStore } from '../../../apiserver/auth/trust.ts';
import { followAuthenticationConfig } from '../../../apiserver/host/authentication-config.ts';
import type { HostClient } from '../../../apiserver/host/rest.ts';
import { followTexts, readTexts } from '../../../apiserver/serving/files.ts';
import type { Log } from '../../../openapi/machinery/log.ts';
import type { RequestHeaderFlags, ServeOptions } from './options.ts';

export interface FollowedTrust {
  readonly store: TrustStore;
  /** Resolves when it is known whom to trust. */
  readonly known: Promise<void>;
  run(signal: AbortSignal): Promise<void>;
}

type Flags = Pick<ServeOptions, 'clientCaFile' | 'requestHeader'>;

/** @throws Error naming a file that cannot be read */
export function followTrust({ clientCaFile, requestHeader }: Flags, client: HostClient, log: Log): FollowedTrust {
  const paths = {
    ...(clientCaFile && { client: clientCaFile }),
    ...(requestHeader && { proxy: requestHeader.caFile }),
  } as Readonly<Record<'client' | 'proxy', string>>;
  let files = readTexts(paths);
  let host = noTrust;
  const combined = (): Trust => ({
    clientCa: files.client ?? host.clientCa,
    requestHeader: requestHeader ? proxyTrust(requestHeader, files.proxy) : host.requestHeader,
  });
  const store = new TrustStore(combined());
  const told = (): void => {
    if (store.replace(combined())) log.info('whom we trust has changed');
  };
  const config = followAuthenticationConfig(
    client,
    (trust) => {
      host = trust;
      told();
    },
    log,
  );
  const onlyFiles = Boolean(clientCaFile && requestHeader);
  return {
    store,
    known: onlyFiles ? Promise.resolve() : config.synced,
    run: async (signal) => {
      const changed = (texts: typeof files): void => {
        files = texts;
        told();
      };
      await Promise.all([
        onlyFiles ? undefined : config.run(signal),
        Object.keys(paths).length ? followTexts(paths, files, changed, { log }, signal) : undefined,
      ]);
    },
  };
}

const proxyTrust = ({ caFile: _, ...headers }: RequestHeaderFlags, ca: string): RequestHeaderTrust => ({
  ca,
  ...headers,
});
