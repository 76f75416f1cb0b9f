/**
 * A real etcd for tests, in a temporary folder and on free ports. Where none is installed, the tests that need one are left out,
 * and say so; with `etcd` in KUBEDIRECTOR_TEST_REQUIRE that is a failure.
 */
import type { ChildProcess } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Keyspace } from '../../storage/keys.ts';
import { temporaryFolder } from './folder.ts';

export const etcdInstalled = spawnSync('etcd', ['--version']).status === 0;
const knowsNoFsync = etcdInstalled && spawnSync('etcd', ['--help']).stdout.includes('unsafe-no-fsync');
const required = (process.env.KUBEDIRECTOR_TEST_REQUIRE ?? '').split(',').includes('etcd');

/** `describe`, for what needs an etcd. */
export function describeWithEtcd(title: string, tests: () => void): void {
  if (etcdInstalled || required) return void describe(title, tests);
  describe(title, () => {
    it('is left out: there is no etcd on the PATH');
  });
}

export interface RealEtcd {
  readonly endpoint: string;
  readonly dataFolder: string;
  /** Ends it, as roughly as the signal says, and keeps its data. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same data and ports. */
  start(): Promise<void>;
  remove(): Promise<void>;
}

export interface EtcdFlags {
  /** Further flags, such as `--quota-backend-bytes=1`. */
  readonly flags?: readonly string[];
  readonly tls?: boolean;
  /** Does it write to the disk before it answers, as it should? Tests do not need that, and are quicker without. */
  readonly durable?: boolean;
}

export async function startEtcd({ flags = [], tls = false, durable = false }: EtcdFlags = {}): Promise<RealEtcd> {
  const folder = await temporaryFolder();
  const [client, peer] = await freePorts(2);
  const endpoint = `${tls ? 'https' : 'http'}://127.0.0.1:${client}`;
  const peerUrl = `http://127.0.0.1:${peer}`;
  let child: ChildProcess | undefined;

  const start = async (): Promise<void> => {
    const args = [
      `--data-dir=${folder.path}/data`,
      `--listen-client-urls=${endpoint}`,
      `--advertise-client-urls=${endpoint}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=default=${peerUrl}`,
      '--logger=zap',
      '--log-outputs=stderr',
      ...(knowsNoFsync && !durable ? ['--unsafe-no-fsync'] : []),
      ...flags,
    ];
    const started = spawn('etcd', args, { stdio: ['ignore', 'ignore', 'pipe'] });
    child = started;
    let told = '';
    await new Promise<void>((resolve, reject) => {
      started.once('error', reject);
      started.once('exit', (code) => reject(new Error(`etcd ended with ${code}:\n${told.slice(-2000)}`)));
      started.stderr!.on('data', (text: Buffer) => {
        if (told.length < 100_000) told += text;
        if (/serving (insecure )?client (requests|traffic)/.test(told)) resolve();
      });
    });
    started.removeAllListeners('exit');
  };
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
  };

  await start();
  return {
    endpoint,
    dataFolder: join(folder.path, 'data'),
    stop,
    start,
    remove: async () => {
      await stop('SIGKILL');
      await folder.remove();
    },
  };
}

/** Ports that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

let keyspaces = 0;

/** Tests share an etcd, each with keys of its own. */
export const freshKeyspace = (): Keyspace => new Keyspace(`/test-${process.pid}-${keyspaces++}`);
