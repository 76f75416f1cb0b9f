/**
 * Clusters in the sandbox, from the answer to their creation to Ready: one at a time, and a thousand of five members at once, each
 * member set up by a package. What the process takes for that, in time, processor and memory.
 *
 *   node test/bench/clusters.ts [--clusters 1000] [--members 5]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { decodeYaml } from '../../apiserver/codec/yaml.ts';
import { HostClient, type HostResource } from '../../apiserver/host/rest.ts';
import type { KubeObject } from '../../openapi/machinery/meta.ts';
import type { KubeDirectorCluster } from '../../openapi/v1beta1/kubedirectorcluster.ts';
import { anApp } from '../make/kubedirector.ts';
import { cpuUs, memoryMb } from './server-process.ts';

const { values } = parseArgs({
  options: { clusters: { type: 'string', default: '1000' }, members: { type: 'string', default: '5' } },
});
const [count, members] = [Number(values.clusters), Number(values.members)];
const alone = 50;
const atOnce = 32;

const group = 'kubedirector.bluedata.io';
const clusters: HostResource = { group, version: 'v1beta1', plural: 'kubedirectorclusters' };
const apps: HostResource = { group, version: 'v1beta1', plural: 'kubedirectorapps' };
const statefulSets: HostResource = { group: 'apps', version: 'v1', plural: 'statefulsets' };

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const folder = mkdtempSync(join(tmpdir(), 'clusters-bench-'));
const child = spawn(
  process.execPath,
  [join(import.meta.dirname, '../../deploy/main.ts'), 'sandbox', '--port=0', `--data-dir=${folder}`],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
process.on('exit', () => child.kill());
let printed = '';
while (!printed.includes('Ctrl-C')) printed += String((await once(child.stdout, 'data'))[0]);
child.stdout.resume();

const config = decodeYaml(readFileSync(join(folder, 'kubeconfig'))).value as {
  clusters: { cluster: Record<string, string> }[];
  users: { user: Record<string, string> }[];
};
const text = (base64 = ''): string => Buffer.from(base64, 'base64').toString();
const [{ cluster }, { user }] = [config.clusters[0]!, config.users[0]!];
const client = new HostClient({
  server: cluster.server!,
  ca: text(cluster['certificate-authority-data']),
  cert: text(user['client-certificate-data']),
  key: text(user['client-key-data']),
});

const ending = new AbortController();
const { signal } = ending;
const seen = new Map<string, number>();
const ready = new Set<string>();
let changed = () => {};

async function follow<T extends KubeObject>(resource: HostResource, notice: (object: T) => void): Promise<void> {
  try {
    for await (const { type, object } of client.watch<T>(resource, {}, signal))
      if (type !== 'BOOKMARK') {
        notice(object);
        changed();
      }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
const follows = [
  follow(statefulSets, ({ metadata: { ownerReferences } }) => {
    const owner = ownerReferences?.[0]?.name ?? '';
    if (!seen.has(owner)) seen.set(owner, performance.now());
  }),
  follow<KubeDirectorCluster>(clusters, ({ metadata: { name }, status }) => {
    if (status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True')) ready.add(name);
  }),
];

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise<void>((resolve) => (changed = resolve));
}

const create = async (name: string): Promise<number> => {
  const resources = { limits: { cpu: '1m', memory: '1Mi' }, requests: { cpu: '1m', memory: '1Mi' } };
  const spec = { app: 'bench', roles: [{ id: 'worker', members, resources }] };
  const metadata = { name, namespace: 'default' };
  await client.create(
    clusters,
    { apiVersion: `${group}/v1beta1`, kind: 'KubeDirectorCluster', metadata, spec } as KubeObject,
    signal,
  );
  return performance.now();
};

const { spec } = anApp({
  systemdRequired: false,
  config: { selectedRoles: ['worker'], roleServices: [{ roleID: 'worker', serviceIDs: ['ssh', 'spark_worker'] }] },
});
await client.create(
  apps,
  {
    apiVersion: `${group}/v1beta1`,
    kind: 'KubeDirectorApp',
    metadata: { name: 'bench', namespace: 'default' },
    spec,
  } as KubeObject,
  signal,
);

const waits: number[] = [];
for (let i = 0; i < alone; i += 1) {
  const name = `alone-${i}`;
  const answered = await create(name);
  await until(() => seen.has(name) && ready.has(name));
  waits.push(Math.max(0, seen.get(name)! - answered));
}
waits.sort((a, b) => a - b);
const quantile = (q: number): string => waits[Math.min(waits.length - 1, Math.floor(q * waits.length))]!.toFixed(0);
say(
  `one cluster of ${members} at a time: children ${quantile(0.5)} ms after the answer, at most ${quantile(1)} ms of ${alone}`,
);

const before = { cpu: cpuUs(child.pid!), memory: memoryMb(child.pid!) };
const began = performance.now();
const names = Array.from({ length: count }, (_, i) => `c-${i}`).values();
let most = 0;
const watching = setInterval(() => (most = Math.max(most, memoryMb(child.pid!))), 200);
await Promise.all(
  Array.from({ length: atOnce }, async () => {
    for (const name of names) await create(name);
  }),
);
const created = performance.now();
await until(() => ready.size === count + alone);
const ended = performance.now();
clearInterval(watching);
const cpu = (cpuUs(child.pid!) - before.cpu) / 1e6;
say(
  `${count} clusters of ${members}: created in ${((created - began) / 1000).toFixed(1)} s, Ready after ${((ended - began) / 1000).toFixed(1)} s, ` +
    `${cpu.toFixed(1)} s of processor; ${before.memory.toFixed(0)} MB before, at most ${most.toFixed(0)} MB`,
);

ending.abort();
await Promise.all(follows);
await client.close();
child.kill('SIGTERM');
await once(child, 'exit');
rmSync(folder, { recursive: true });
