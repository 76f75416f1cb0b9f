/**
 * A real etcd of several members, with TLS and client certificates everywhere, whose peers talk through proxies: a member can be
 * killed, stopped, cut off from the others, or have a slow disk.
 *
 * Who connects to a proxy is found out by the socket's owner (Linux), so that a member is cut off in both directions.
 */
import { execFile, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EtcdOptions } from '../../storage/etcd/store.ts';
import { EtcdStore } from '../../storage/etcd/store.ts';
import { Keyspace } from '../../storage/keys.ts';
import { makeIdentity } from '../storage/certificates.ts';
import { temporaryFolder } from '../storage/folder.ts';
import { freePorts } from '../storage/real-etcd.ts';
import { FaultProxy } from './fault-proxy.ts';
import { ManagedProcess } from './process.ts';

export const straceInstalled = spawnSync('strace', ['--version']).status === 0;

/** Several elections, on a slow machine. */
const electionMs = 20_000;
/** For members that were killed and have to catch up, too. */
const agreementMs = 180_000;

export interface EtcdMember {
  readonly name: string;
  readonly clientPort: number;
  readonly process: ManagedProcess;
  /** Others, and only others, reach this member through it. */
  readonly peers: FaultProxy;
}

export interface ClusterOptions {
  readonly size?: number;
  /** Further flags of every member. */
  readonly flags?: readonly string[];
}

export class EtcdCluster {
  readonly members: readonly EtcdMember[];
  /** How clients are let in. */
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string };
  readonly #folder: { path: string; remove(): Promise<void> };
  readonly #slowed = new Map<EtcdMember, ManagedProcess>();

  static async start({ size = 3, flags = [] }: ClusterOptions = {}): Promise<EtcdCluster> {
    const [identity, folder] = [await makeIdentity(), await temporaryFolder()];
    const file = (name: string, text: string): string => {
      const path = join(folder.path, name);
      writeFileSync(path, text, { mode: 0o600 });
      return path;
    };
    const [ca, cert, key] = [
      file('ca', identity.ca),
      file('crt', identity.server.cert),
      file('key', identity.server.key),
    ];
    const ports = await freePorts(2 * size);
    const members: EtcdMember[] = [];
    const sourceOf = (socket: Socket): string => ownerOf(socket, members) ?? 'unknown';
    const proxies = await Promise.all(ports.slice(size).map((port) => FaultProxy.open(port, 0, sourceOf)));
    const initial = proxies.map(({ port }, i) => `m${i}=https://127.0.0.1:${port}`).join(',');
    for (const [i, peers] of proxies.entries()) {
      const [clientUrl, peerUrl] = [`https://127.0.0.1:${ports[i]}`, `https://127.0.0.1:${ports[size + i]}`];
      const process = new ManagedProcess([
        'etcd',
        `--name=m${i}`,
        `--data-dir=${join(folder.path, `m${i}`)}`,
        `--listen-client-urls=${clientUrl}`,
        `--advertise-client-urls=${clientUrl}`,
        `--listen-peer-urls=${peerUrl}`,
        `--initial-advertise-peer-urls=https://127.0.0.1:${peers.port}`,
        `--initial-cluster=${initial}`,
        '--initial-cluster-state=new',
        ...[`--cert-file=${cert}`, `--key-file=${key}`, `--trusted-ca-file=${ca}`, '--client-cert-auth'],
        ...[
          `--peer-cert-file=${cert}`,
          `--peer-key-file=${key}`,
          `--peer-trusted-ca-file=${ca}`,
          '--peer-client-cert-auth',
        ],
        '--logger=zap',
        '--log-outputs=stderr',
        ...flags,
      ]);
      members.push({ name: `m${i}`, clientPort: ports[i]!, process, peers });
    }
    const tls = { ca: identity.ca, ...identity.client };
    const cluster = new EtcdCluster(members, tls, folder);
    try {
      await Promise.all(members.map(({ process }) => process.start(/serving (insecure )?client (requests|traffic)/)));
    } catch (error) {
      await cluster.remove();
      throw error;
    }
    return cluster;
  }

  private constructor(
    members: readonly EtcdMember[],
    tls: EtcdCluster['tls'],
    folder: { path: string; remove(): Promise<void> },
  ) {
    this.members = members;
    this.tls = tls;
    this.#folder = folder;
  }

  get endpoints(): string[] {
    return this.members.map(({ clientPort }) => `https://127.0.0.1:${clientPort}`);
  }

  /** A store on this etcd, past all proxies unless other endpoints are given. */
  store(options: Partial<EtcdOptions> = {}): EtcdStore {
    return new EtcdStore({ endpoints: this.endpoints, keyspace: new Keyspace(), ...this.tls, ...options });
  }

  /** The member that leads. Asks until one does, for as long as an election may take. @throws Error when nobody leads */
  async leader(): Promise<EtcdMember> {
    const deadline = performance.now() + electionMs;
    for (;;) {
      const told = await Promise.all(this.members.map((member) => this.#status(member)));
      const at = told.findIndex(({ id, leaderId }) => id !== '' && id === leaderId);
      if (at >= 0) return this.members[at]!;
      if (performance.now() > deadline) throw new Error('no member of etcd leads');
      await sleep(50);
    }
  }

  /** Waits until all members know the same leader. @throws Error when they do not come to that: nobody on top of them can be blamed */
  async agreed(): Promise<void> {
    const deadline = performance.now() + agreementMs;
    for (;;) {
      const told = await Promise.all(this.members.map((member) => this.#status(member)));
      const [first] = told;
      if (first?.leaderId && told.every(({ leaderId }) => leaderId === first.leaderId)) return;
      if (performance.now() > deadline) throw new Error(`etcd itself did not recover: ${JSON.stringify(told)}`);
      await sleep(50);
    }
  }

  /** As etcdctl writes it. */
  async idOf(member: EtcdMember): Promise<string> {
    return (await this.#status(member)).id;
  }

  /** etcdctl, talking to one member. @returns what it printed; nothing when it failed */
  async ctl(member: EtcdMember, ...args: string[]): Promise<string> {
    const file = (name: string): string => join(this.#folder.path, name);
    const connection = [
      `--endpoints=https://127.0.0.1:${member.clientPort}`,
      ...[`--cacert=${file('ca')}`, `--cert=${file('crt')}`, `--key=${file('key')}`],
      ...['--command-timeout=2s', '--dial-timeout=1s'],
    ];
    const options = { encoding: 'utf8', env: { ...process.env, ETCDCTL_API: '3' } } as const;
    // Not in step with this process: the members' own connections pass through it.
    const { promise, resolve } = Promise.withResolvers<string>();
    execFile('etcdctl', [...connection, ...args], options, (error, stdout) => resolve(error ? '' : stdout));
    return promise;
  }

  /** Ids in hexadecimal; empty when it does not answer. */
  async #status(member: EtcdMember): Promise<{ id: string; leaderId: string }> {
    const told = await this.ctl(member, 'endpoint', 'status', '--write-out=fields');
    const field = (name: string): string => {
      const text = new RegExp(`^"${name}" : (\\d+)$`, 'm').exec(told)?.[1];
      return text && text !== '0' ? BigInt(text).toString(16) : '';
    };
    return { id: field('MemberID'), leaderId: field('Leader') };
  }

  /** The member hears its peers no more, nor they it. Clients reach it as before. */
  isolate(member: EtcdMember): void {
    for (const { peers } of this.members)
      if (peers === member.peers) peers.silence();
      else peers.silence(member.name);
  }

  /** From now on each sync of the member's disk takes so long. Only where there is strace. */
  async slowDisk(member: EtcdMember, delayMs: number): Promise<void> {
    const { pid } = member.process;
    if (!straceInstalled || pid === undefined) return;
    const slow = new ManagedProcess([
      ...['strace', '-f', '-qq', '-o', '/dev/null', '-p', String(pid), '-e', 'trace=fsync,fdatasync'],
      ...['-e', `inject=fsync,fdatasync:delay_exit=${delayMs * 1000}`],
    ]);
    this.#slowed.set(member, slow);
    await slow.start();
  }

  /** Ends all faults and starts whoever is down. */
  async heal(): Promise<void> {
    for (const slow of this.#slowed.values()) await slow.end('SIGINT');
    this.#slowed.clear();
    for (const { peers, process } of this.members) {
      peers.heal();
      process.signal('SIGCONT');
      if (process.pid === undefined) await process.start();
    }
  }

  async remove(): Promise<void> {
    for (const slow of this.#slowed.values()) await slow.end();
    await Promise.all(this.members.map(({ process }) => process.end()));
    await Promise.all(this.members.map(({ peers }) => peers.close()));
    await this.#folder.remove();
  }
}

/** The member that has the other end of this connection. */
function ownerOf({ remotePort }: Socket, members: readonly EtcdMember[]): string | undefined {
  try {
    const port = `:${remotePort!.toString(16).toUpperCase().padStart(4, '0')}`;
    const line = readFileSync('/proc/net/tcp', 'utf8')
      .split('\n')
      .find((candidate) => candidate.trim().split(/\s+/)[1]?.endsWith(port));
    const socket = `socket:[${line?.trim().split(/\s+/)[9]}]`;
    return members.find(({ process: { pid } }) => pid !== undefined && descriptors(pid).includes(socket))?.name;
  } catch {
    return undefined;
  }
}

const descriptors = (pid: number): string[] =>
  readdirSync(`/proc/${pid}/fd`).map((name) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${name}`);
    } catch {
      return '';
    }
  });
