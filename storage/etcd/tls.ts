/**
 * Certificates and keys as an operator gives them: PEM text, or the path of a file with it. Files are read whenever a connection
 * is made, so that rotated ones are used without a restart (K-547).
 */
import { readFileSync } from 'node:fs';
import { StorageError } from '../errors.ts';

export interface TlsOptions {
  /** Whom to believe; absent: whom Node believes. PEM or a path, as the others. */
  readonly ca?: string | Buffer;
  /** Our client certificate and its key: both or none. */
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
}

export interface TlsMaterial {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/** @throws StorageError Unavailable, naming the file that cannot be read */
export function readTls({ ca, cert, key }: TlsOptions): TlsMaterial {
  return {
    ...(ca !== undefined && { ca: pemOf(ca) }),
    ...(cert !== undefined && { cert: pemOf(cert) }),
    ...(key !== undefined && { key: pemOf(key) }),
  };
}

export const isSame = (a: TlsMaterial, b: TlsMaterial): boolean =>
  (['ca', 'cert', 'key'] as const).every((part) => a[part]?.equals(b[part] ?? nothing) ?? b[part] === undefined);

const nothing = Buffer.alloc(0);

function pemOf(given: string | Buffer): Buffer {
  if (given.includes('-----BEGIN')) return Buffer.from(given as string);
  try {
    return readFileSync(given);
  } catch (cause) {
    throw new StorageError(
      'Unavailable',
      `the file for the connection to etcd cannot be read: ${(cause as Error).message}`,
      {
        cause,
      },
    );
  }
}

/** `https://host:2379`, or without a scheme: then TLS is used when any of it was configured. */
export function endpointUrl(endpoint: string, { ca, cert }: TlsOptions): URL {
  const url = new URL(/^https?:\/\//.test(endpoint) ? endpoint : `${ca || cert ? 'https' : 'http'}://${endpoint}`);
  if (!url.port) url.port = '2379';
  return url;
}
