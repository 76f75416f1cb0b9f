/**
 * The cluster's etcd. It does not wait for the disk: a test's cluster need not outlive its machine.
 */
import { spawnSync } from 'node:child_process';
import { flags, type Program } from '../program.ts';
import { folders, ports } from '../settings.ts';

export const etcdEndpoint = `http://127.0.0.1:${ports.etcd}`;
const peer = `http://127.0.0.1:${ports.etcdPeer}`;

const knowsNoFsync = (): boolean => spawnSync('etcd', ['--help']).stdout?.includes('unsafe-no-fsync') ?? false;

export const etcd = (): Program => ({
  name: 'etcd',
  command: 'etcd',
  args: [
    ...flags({
      name: 'test',
      'data-dir': folders.etcd,
      'listen-client-urls': etcdEndpoint,
      'advertise-client-urls': etcdEndpoint,
      'listen-peer-urls': peer,
      'initial-advertise-peer-urls': peer,
      'initial-cluster': `test=${peer}`,
      logger: 'zap',
      'log-level': 'warn',
    }),
    ...(knowsNoFsync() ? ['--unsafe-no-fsync'] : []),
  ],
  works: async () => (await fetch(`${etcdEndpoint}/health`, { signal: AbortSignal.timeout(2000) })).ok,
});
