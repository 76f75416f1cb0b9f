/**
 * How long the sandbox takes until StatefulSets are ready, how often it writes for that, and what it holds in memory.
 *
 *   node test/bench/sandbox.ts [--sets 1000] [--pods 3] [--claims] [--services] [--store memory|embedded]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { Registries } from '../../apiserver/registry/registries.ts';
import { SandboxHost } from '../../deploy/sandbox/host.ts';
import type { StatefulSet } from '../../deploy/sandbox/kinds/statefulsets/statefulset.ts';
import { systemClock } from '../../openapi/machinery/clock.ts';
import { plainLog } from '../../openapi/machinery/log.ts';
import { openEmbeddedStore } from '../../storage/embedded/store.ts';
import { Keyspace } from '../../storage/keys.ts';
import type { KeyValueStore } from '../../storage/kv.ts';
import { MemoryStore } from '../../storage/memory.ts';

const { values } = parseArgs({
  options: {
    sets: { type: 'string', default: '1000' },
    pods: { type: 'string', default: '3' },
    claims: { type: 'boolean', default: false },
    services: { type: 'boolean', default: false },
    store: { type: 'string', default: 'memory' },
  },
});
const [sets, pods] = [Number(values.sets), Number(values.pods)];

const directory = values.store === 'embedded' ? await mkdtemp(join(tmpdir(), 'sandbox-bench-')) : undefined;
const kv: KeyValueStore = directory ? await openEmbeddedStore({ directory }) : new MemoryStore();
const ending = new AbortController();
const { signal } = ending;
const context = { user: { name: 'bench', groups: [] }, dryRun: false, subresource: '', warn: () => {} };
const mega = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)} MB`;

const log = plainLog(process.stderr);
const host = new SandboxHost({ clock: systemClock, log });
const { resources, admission } = host;
const registries = new Registries({ resources, kv, keyspace: new Keyspace(), admission, clock: systemClock, log });
host.attach(registries, signal);
const running = [registries.run(signal)];
await host.bootstrap(signal);
running.push(host.run(signal));

const { statefulSets, services } = host.registries;
const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
const begin = performance.now();
const cpu = process.cpuUsage();
const first = await kv.currentRevision(signal);
await Promise.all(Array.from({ length: sets }, (_, i) => create(`set-${i}`)));
const created = performance.now();
await ready();
const end = performance.now();
const { user, system } = process.cpuUsage(cpu);
const count = sets * pods;
const writes = (await kv.currentRevision(signal)) - first;
console.log(`${sets} StatefulSets of ${pods} pods on ${values.store}: created in ${Math.round(created - begin)} ms`);
console.log(
  `ready after ${Math.round(end - begin)} ms, ${Math.round((user + system) / 1000)} ms of CPU, ${Math.round((count / (end - begin)) * 1000)} pods/s`,
);
console.log(
  `event loop late by ${Math.round(delay.percentile(50) / 1e6)} ms (median), ${Math.round(delay.percentile(99) / 1e6)} ms (99 %), ${Math.round(delay.max / 1e6)} ms (most)`,
);
console.log(`${writes} writes, ${(writes / count).toFixed(2)} per pod`);
globalThis.gc?.();
const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
console.log(`memory: ${mega(rss)} resident, ${mega(heapUsed)} heap, ${mega(arrayBuffers)} buffers`);

ending.abort();
await Promise.all(running);
await kv.close();
if (directory) await rm(directory, { recursive: true });

async function create(name: string): Promise<void> {
  const labels = { app: name };
  const template = {
    metadata: { labels },
    spec: {
      containers: [
        {
          name: 'app',
          image: 'example/app:1',
          env: Array.from({ length: 10 }, (_, i) => ({ name: `VARIABLE_${i}`, value: `value ${i}` })),
          ports: [{ containerPort: 8080, name: 'web' }],
          resources: { requests: { cpu: '1', memory: '2Gi' } },
        },
      ],
    },
  };
  const claim = {
    metadata: { name: 'data' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  };
  const set = {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name, namespace: 'default', labels },
    spec: {
      replicas: pods,
      serviceName: name,
      selector: { matchLabels: labels },
      podManagementPolicy: 'Parallel',
      template,
      ...(values.claims && { volumeClaimTemplates: [claim] }),
    },
  };
  await statefulSets.writes.create(set as unknown as StatefulSet, 'default', context, signal);
  if (!values.services) return;
  for (let i = 0; i < pods; i += 1) {
    const spec = { ports: [{ port: 8080, name: 'web' }], selector: labels };
    const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: `svc-${name}-${i}` }, spec };
    await services.writes.create(service, 'default', context, signal);
  }
}

/** Resolves when every set tells that all its pods are ready. */
function ready(): Promise<void> {
  const done = new Set<string>();
  const look = (): boolean => {
    for (const snapshot of statefulSets.cache.current().values()) {
      if (done.has(snapshot.key)) continue;
      if (snapshot.object<StatefulSet>().status?.readyReplicas === pods) done.add(snapshot.key);
    }
    return done.size === sets;
  };
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (!look()) return;
      clearInterval(timer);
      resolve();
    }, 100);
  });
}
