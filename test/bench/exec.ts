/**
 * What it costs the sandbox to have members configured: calls of KubeDirector's program over exec, each on a connection of its own.
 *
 *   node test/bench/exec.ts [--calls 1000] [--parallel 32] [--pods 100] [--bytes 8192]
 *
 * Host and client are one process here, so its processor time is that of both ends.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { kubeconfigAccess } from '../../apiserver/host/access.ts';
import { HostClient } from '../../apiserver/host/rest.ts';
import { encodeCall } from '../../openapi/guest/calls.ts';
import { ReportReader } from '../../openapi/guest/reports.ts';
import type { KubeObject } from '../../openapi/machinery/meta.ts';
import { startPlainHost } from '../serve/plain-host.ts';

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '1000' },
    parallel: { type: 'string', default: '32' },
    pods: { type: 'string', default: '100' },
    bytes: { type: 'string', default: '8192' },
  },
});
const [calls, parallel, pods, bytes] = [values.calls, values.parallel, values.pods, values.bytes].map(Number) as [
  number,
  number,
  number,
  number,
];

const folder = mkdtempSync(join(tmpdir(), 'exec-bench-'));
const host = await startPlainHost(folder);
const client = new HostClient(await kubeconfigAccess(host.kubeconfigPath));
const { signal } = new AbortController();
const resource = { group: '', version: 'v1', plural: 'pods' };
const nameOf = (i: number): string => `member-${i % pods}`;

for (let i = 0; i < pods; i += 1) {
  const spec = { containers: [{ name: 'app', image: 'example/app:1' }] };
  const metadata = { name: nameOf(i), namespace: 'default' };
  await client.create(resource, { apiVersion: 'v1', kind: 'Pod', metadata, spec } as KubeObject, signal);
}
const configmeta = JSON.stringify({ text: 'x'.repeat(bytes) });
const command = (i: number) =>
  encodeCall(
    {
      ...{ verb: 'update', container: 'c', generation: i, layout: 'new', tailBytes: 100, configmeta },
      ...{ deadlineSeconds: 10, notifications: [{ id: String(i), arguments: ['--addnodes'] }] },
    },
    Buffer.alloc(16 * 1024, '#'),
  );

async function call(i: number): Promise<boolean> {
  const reader = new ReportReader();
  let ok = false;
  const stdout = (chunk: Buffer): void => {
    ok = reader.read(chunk).some((report) => report.type === 'result' && report.result.ok) || ok;
  };
  const place = { namespace: 'default', pod: nameOf(i), container: 'app' };
  return (await client.exec(place, command(i), { stdout, stderr: () => {} }, signal)) === 0 && ok;
}

for (let i = 0; i < pods; i += 1) while (!(await call(i).catch(() => false))) await new Promise(setImmediate);

const [began, cpu] = [performance.now(), process.cpuUsage()];
let next = 0;
let failed = 0;
await Promise.all(
  Array.from({ length: parallel }, async () => {
    while (next < calls) if (!(await call(next++))) failed += 1;
  }),
);
const [ms, { user, system }] = [performance.now() - began, process.cpuUsage(cpu)];
console.log(
  `${calls} calls of ${bytes} bytes, ${parallel} at a time: ${(ms / 1000).toFixed(1)} s, ${((user + system) / 1e6).toFixed(1)} s of CPU, ${failed} failed`,
);
console.log(`memory: ${Math.round(process.memoryUsage().rss / 1024 / 1024)} MB resident`);
await client.close();
await host.stop();
rmSync(folder, { recursive: true });
