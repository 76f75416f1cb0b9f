/** What a fault run happens to: servers, their storage, and what can go wrong with both. */
import { spawnSync } from 'node:child_process';
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Keyspace } from '../../storage/keys.ts';
import { temporaryFolder } from '../storage/folder.ts';
import { EtcdCluster } from './etcd-cluster.ts';
import { FaultProxy } from './fault-proxy.ts';
import { etcdFaults, type Fault, serverFaults } from './faults.ts';
import { makeCredentials, Replica } from './replica.ts';

export interface World {
  readonly replicas: readonly Replica[];
  readonly faults: readonly Fault[];
  /** Ends all faults, and starts whoever is down. */
  heal(): Promise<void>;
  /** Waits until what the servers stand on has recovered by itself. */
  settled?(): Promise<void>;
  remove(): Promise<void>;
}

/** Short, so that watches meet what has left the window; as many events as Kubernetes keeps at least. */
const window = { minEvents: 100, maxEvents: 1000, maxAgeMs: 5000, maxBytes: 64 * 1024 * 1024 };
const compactEveryMs = 3000;

/** Undoes in reverse, also when the making stops half-way. */
async function making<T>(make: (undo: (() => Promise<unknown>)[]) => Promise<T>): Promise<T> {
  const undo: (() => Promise<unknown>)[] = [];
  try {
    return await make(undo);
  } catch (error) {
    for (const step of undo.reverse()) await step();
    throw error;
  }
}

async function revive(replicas: readonly Replica[]): Promise<void> {
  await Promise.all(
    replicas.map(async ({ process }) => {
      process.signal('SIGCONT');
      if (process.pid === undefined) await process.start(/^ready$/m);
    }),
  );
}

/** Several servers on one etcd of three members, each server with its own ways to them. */
export const etcdWorld = (servers = 2): Promise<World> =>
  making(async (undo) => {
    const cluster = await EtcdCluster.start();
    undo.push(() => cluster.remove());
    const proxies = await Promise.all(
      Array.from({ length: servers }, () =>
        Promise.all(cluster.members.map(({ clientPort }) => FaultProxy.open(clientPort))),
      ),
    );
    undo.push(() => Promise.all(proxies.flat().map((proxy) => proxy.close())));
    const credentials = await makeCredentials();
    const { prefix } = new Keyspace();
    const replicas = await Promise.all(
      proxies.map((ofServer) => {
        const endpoints = ofServer.map(({ port }) => `https://127.0.0.1:${port}`);
        const store = { kind: 'etcd', endpoints, prefix, ...cluster.tls } as const;
        return Replica.create(credentials, { store, compactEveryMs, window });
      }),
    );
    undo.push(() => Promise.all(replicas.map((replica) => replica.close())));
    await Promise.all(replicas.map((replica) => replica.start()));
    return {
      replicas,
      faults: [...serverFaults(replicas), ...etcdFaults(cluster, proxies)],
      heal: async () => {
        for (const proxy of proxies.flat()) proxy.heal();
        await cluster.heal();
        await revive(replicas);
      },
      settled: () => cluster.agreed(),
      remove: async () => {
        for (const step of undo.reverse()) await step();
      },
    };
  });

/** One server on a folder of a disk that is small, and can be full. The disk is gone with the server, so that is not killed. */
export const smallDiskWorld = (): Promise<World> =>
  making(async (undo) => {
    const folder = await temporaryFolder();
    undo.push(() => folder.remove());
    const store = { kind: 'embedded', directory: join(folder.path, 'store') } as const;
    const wrapper = smallDisk(folder.path);
    const replica = await Replica.create(await makeCredentials(), { store, compactEveryMs, window, wrapper });
    undo.push(() => replica.close());
    await replica.start();
    const disk = `/proc/${replica.process.pid}/root${folder.path}`;
    const ballast = join(disk, 'ballast');
    const fill = async (): Promise<string> => {
      const { bavail, bsize } = statfsSync(disk);
      try {
        writeFileSync(ballast, Buffer.alloc(bavail * bsize));
      } catch (error) {
        // The server has taken some of it meanwhile: full all the same.
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
      return `${bavail * bsize} bytes less`;
    };
    return {
      replicas: [replica],
      faults: [{ name: 'a full disk', inject: fill }],
      heal: async () => rmSync(ballast, { force: true }),
      remove: async () => {
        for (const step of undo.reverse()) await step();
      },
    };
  });

/** A command that runs the command given to it as further arguments, with a small disk at that place. */
const smallDisk = (path: string): string[] => [
  ...['unshare', '--map-root-user', '--mount', 'sh', '-c'],
  ...['mount -t tmpfs -o size=12m tmpfs "$0" && exec "$@"', path],
];

/** Needs unshare(1), which may not do that everywhere. */
export const mayHaveSmallDisk = (): boolean => {
  const [command, ...args] = smallDisk('/mnt');
  return spawnSync(command!, [...args, 'true']).status === 0;
};

/** One server on a folder. */
export const embeddedWorld = (): Promise<World> =>
  making(async (undo) => {
    const folder = await temporaryFolder();
    undo.push(() => folder.remove());
    const store = { kind: 'embedded', directory: join(folder.path, 'store') } as const;
    const replica = await Replica.create(await makeCredentials(), { store, compactEveryMs, window });
    undo.push(() => replica.close());
    await replica.start();
    return {
      replicas: [replica],
      faults: serverFaults([replica]),
      heal: () => revive([replica]),
      remove: async () => {
        for (const step of undo.reverse()) await step();
      },
    };
  });
