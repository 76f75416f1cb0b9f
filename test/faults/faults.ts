/**
 * What can go wrong, as things that a fault run does and undoes. Each draws its details from the chance that it is given, so that
 * the same seed does the same again.
 */
import type { EtcdCluster } from './etcd-cluster.ts';
import { straceInstalled } from './etcd-cluster.ts';
import type { FaultProxy } from './fault-proxy.ts';
import type { Replica } from './replica.ts';
import type { Seeded } from './seeded.ts';

export interface Fault {
  readonly name: string;
  /** @returns a few words on what exactly was done */
  inject(chance: Seeded): Promise<string>;
}

/** Faults of servers, whatever their store is. */
export const serverFaults = (replicas: readonly Replica[]): Fault[] => [
  {
    name: 'kill a server',
    inject: async (chance) => {
      const at = chance.integer(0, replicas.length - 1);
      await replicas[at]!.process.end('SIGKILL');
      return `server ${at}`;
    },
  },
  {
    name: 'stop a server for a while',
    inject: async (chance) => {
      const at = chance.integer(0, replicas.length - 1);
      replicas[at]!.process.signal('SIGSTOP');
      return `server ${at}`;
    },
  },
];

/** @param proxies of each server, one for each member */
export function etcdFaults(cluster: EtcdCluster, proxies: readonly (readonly FaultProxy[])[]): Fault[] {
  const { members } = cluster;
  const routes = (chance: Seeded): { which: string; proxies: readonly FaultProxy[] } => {
    const server = chance.integer(0, proxies.length - 1);
    const member = chance.integer(-1, members.length - 1);
    const ofServer = proxies[server]!;
    return member < 0
      ? { which: `server ${server} to all members`, proxies: ofServer }
      : { which: `server ${server} to member ${member}`, proxies: [ofServer[member]!] };
  };
  const onRoutes = (name: string, act: (proxy: FaultProxy, chance: Seeded) => void): Fault => ({
    name,
    inject: async (chance) => {
      const { which, proxies: touched } = routes(chance);
      for (const proxy of touched) act(proxy, chance);
      return which;
    },
  });
  const onMember = (name: string, act: (member: EtcdCluster['members'][number], chance: Seeded) => unknown): Fault => ({
    name,
    inject: async (chance) => {
      const member = chance.pick(members);
      await act(member, chance);
      return member.name;
    },
  });
  return [
    onRoutes('cut connections to etcd', (proxy) => proxy.cut()),
    onRoutes('refuse connections to etcd', (proxy) => proxy.refuse()),
    onRoutes('silence on the way to etcd', (proxy) => proxy.silence()),
    onRoutes('half-open connections to etcd', (proxy) => proxy.freeze()),
    onRoutes('a slow way to etcd', (proxy, chance) => proxy.delay(chance.integer(20, 200))),
    onMember('kill a member', ({ process }) => process.end('SIGKILL')),
    onMember('stop a member for a while', ({ process }) => process.signal('SIGSTOP')),
    onMember('a member without its peers', (member) => cluster.isolate(member)),
    {
      name: 'the leader without its peers',
      inject: async () => {
        // Beside another fault there may be none.
        const leader = await cluster.leader().catch(() => undefined);
        if (!leader) return 'in vain: nobody leads';
        cluster.isolate(leader);
        return leader.name;
      },
    },
    {
      name: 'no quorum',
      inject: async (chance) => {
        const left = chance.pick(members);
        await Promise.all(members.map((member) => (member === left ? undefined : member.process.end('SIGKILL'))));
        return `only ${left.name} is left`;
      },
    },
    {
      name: 'compaction of all history',
      inject: async () => {
        const store = cluster.store({ requestTimeoutMs: 2000 });
        try {
          const revision = await store.currentRevision(new AbortController().signal);
          await store.compact(revision, new AbortController().signal);
          return `to ${revision}`;
        } catch (error) {
          return `in vain: ${(error as Error).message}`;
        } finally {
          await store.close();
        }
      },
    },
    ...(straceInstalled
      ? [onMember('a slow disk', (member, chance) => cluster.slowDisk(member, chance.integer(50, 400)))]
      : []),
  ];
}
