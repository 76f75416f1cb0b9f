/**
 * The options of `kubedirector sandbox`.
 */
import { resolve } from 'node:path';
import type { EncryptionOptions } from '../../../storage/encryption/key-rings.ts';
import { encryptionFaults, encryptionFlags, encryptionIn } from '../encryption-flags.ts';
import { type Flag, readFlags, UsageError } from '../flags.ts';

export const sandboxFlags = {
  'data-dir': { value: 'DIR', help: 'where all state is kept', fallback: '.kubedirector' },
  port: { value: 'N', help: 'port to serve at, on this machine only', fallback: '7443' },
  'service-node-port-range': { value: 'A-B', help: 'node ports that services get', fallback: '30000-60000' },
  'etcd-servers': { value: 'URL[,URL]', help: 'keep objects in this etcd instead of the data folder' },
  ...encryptionFlags,
} as const satisfies Record<string, Flag>;

export interface SandboxOptions {
  /** Absolute. */
  readonly dataDir: string;
  /** 0: any free one. */
  readonly port: number;
  /** Wider than Kubernetes' own, since nobody listens there and every port of every member takes one. */
  readonly nodePorts: { readonly from: number; readonly to: number };
  /** Empty: the embedded store. */
  readonly etcdServers: readonly string[];
  /** Undefined: values are not encrypted. */
  readonly encryption: EncryptionOptions | undefined;
}

/** @throws UsageError with every fault */
export function sandboxOptions(args: readonly string[]): SandboxOptions {
  const { values, rest } = readFlags(sandboxFlags, args);
  const port = Number(values.port);
  const etcdServers = (values['etcd-servers'] ?? '').split(',').filter((server) => server !== '');
  const faults: string[] = [];
  if (rest.length) faults.push(`What is meant by ${rest.join(' ')}?`);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    faults.push(`--port=${values.port} is no port: it is a number up to 65535.`);
  const [from = Number.NaN, to = Number.NaN] = (values['service-node-port-range'] ?? '').split('-').map(Number);
  if (!(from >= 1 && to <= 65_535 && from <= to))
    faults.push(
      `--service-node-port-range=${values['service-node-port-range']} is no range of ports such as 30000-32767.`,
    );
  for (const server of etcdServers)
    if (!URL.canParse(server) || !/^https?:$/.test(new URL(server).protocol))
      faults.push(`--etcd-servers: ${server} is no URL such as http://127.0.0.1:2379.`);
  faults.push(...encryptionFaults(values));
  if (faults.length) throw new UsageError(faults.join('\n'));
  return Object.freeze({
    dataDir: resolve(values['data-dir'] ?? ''),
    port,
    nodePorts: { from, to },
    etcdServers,
    encryption: encryptionIn(values),
  });
}
