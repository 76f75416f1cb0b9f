/**
 * The options of `kubedirector sandbox`.
 */
import { resolve } from 'node:path';
import { type Flag, readFlags, UsageError } from '../flags.ts';

export const sandboxFlags = {
  'data-dir': { value: 'DIR', help: 'where all state is kept', fallback: '.kubedirector' },
  port: { value: 'N', help: 'port to serve at, on this machine only', fallback: '7443' },
  'etcd-servers': { value: 'URL[,URL]', help: 'keep objects in this etcd instead of the data folder' },
} as const satisfies Record<string, Flag>;

export interface SandboxOptions {
  /** Absolute. */
  readonly dataDir: string;
  /** 0: any free one. */
  readonly port: number;
  /** Empty: the embedded store. */
  readonly etcdServers: readonly string[];
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
  for (const server of etcdServers)
    if (!URL.canParse(server) || !/^https?:$/.test(new URL(server).protocol))
      faults.push(`--etcd-servers: ${server} is no URL such as http://127.0.0.1:2379.`);
  if (faults.length) throw new UsageError(faults.join('\n'));
  return Object.freeze({ dataDir: resolve(values['data-dir'] ?? ''), port, etcdServers });
}
