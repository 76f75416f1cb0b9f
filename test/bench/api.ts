/**
 * What requests cost: rates, CPU time of the server per operation, start-up time and memory, for every store that is at hand.
 *
 * CPU time is read from the kernel's accounts of the server process, so that the clients of this process do not count. The rates
 * are those of this machine, with client and server on it; the ratio to the first row, a get, is what compares between machines.
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { ClientHttp2Session } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StoreOptions } from '../../storage/open.ts';
import { appDocument, appsPath, clusterDocument, clustersPath } from '../make/documents.ts';
import { startEtcd } from '../storage/real-etcd.ts';
import { cpuUs, memoryMb, request, type Sent, type Server, sendAll, startServer } from './server-process.ts';

/** Requests under way at once. */
const concurrency = 16;
const objects = 1000;
const watchers = 100;

/** About two kilobytes, as clusters in the field are. */
const document = (name: string) => clusterDocument(name, {}, { annotations: { note: 'x'.repeat(1500) } });

interface Row {
  readonly name: string;
  readonly perSecond: number;
  readonly cpuUs: number;
}

/** Takes the best of three rounds, since neighbours only ever make things slower. */
async function measure(server: Server, name: string, count: number, round: () => Promise<void>): Promise<Row> {
  let best: Row = { name, perSecond: 0, cpuUs: Number.POSITIVE_INFINITY };
  for (let i = 0; i < 3; i += 1) {
    const [cpu, began] = [cpuUs(server.pid), performance.now()];
    await round();
    const seconds = (performance.now() - began) / 1000;
    const used = (cpuUs(server.pid) - cpu) / count;
    best = { name, perSecond: Math.max(best.perSecond, count / seconds), cpuUs: Math.min(best.cpuUs, used) };
  }
  return best;
}

async function benchmark(name: string, store: StoreOptions): Promise<void> {
  const server = await startServer(store);
  const { session } = server;
  const emptyMb = memoryMb(server.pid);
  await request(session, { method: 'POST', path: appsPath, body: appDocument() });
  const path = (i: number) => `${clustersPath}/c${i % objects}`;
  const rows: Row[] = [];
  let made = 0;
  await sendAll(session, objects, concurrency, (i) => ({
    method: 'POST',
    path: clustersPath,
    body: document(`c${i}`),
  }));
  const fullMb = memoryMb(server.pid);

  const send = async (title: string, count: number, make: (i: number) => Sent, at = concurrency) =>
    rows.push(await measure(server, title, count, () => sendAll(session, count, at, make)));
  await send('get, current', 10_000, (i) => ({ path: path(i) }));
  await send('get, resourceVersion=0', 10_000, (i) => ({ path: `${path(i)}?resourceVersion=0` }));
  await send('create', 1000, () => ({ method: 'POST', path: clustersPath, body: document(`m${made++}`) }));
  const patch = (i: number) => ({ metadata: { annotations: { turn: String(made++), i: String(i) } } });
  await send('merge patch', 1000, (i) => ({
    method: 'PATCH',
    path: path(i),
    body: patch(i),
    type: 'application/merge-patch+json',
  }));
  rows.push(await measure(server, 'update (its get included)', 1000, () => updateAll(session, 1000, path)));
  await send('list of 1,000', 20, () => ({ path: `${clustersPath}?resourceVersion=0&labelSelector=!none` }), 1);
  rows.push(await watching(server, path));
  await server.stop();

  const [baseline] = rows;
  process.stdout.write(`\n${name}: ready after ${server.startMs.toFixed(0)} ms, ${emptyMb.toFixed(0)} MB; `);
  process.stdout.write(`${fullMb.toFixed(0)} MB with ${objects} clusters\n`);
  process.stdout.write(
    `${'operation'.padEnd(28)}${'per second'.padStart(12)}${'server CPU, us'.padStart(16)}${'of a get'.padStart(10)}\n`,
  );
  for (const row of rows)
    process.stdout.write(
      `${row.name.padEnd(28)}${row.perSecond.toFixed(0).padStart(12)}${row.cpuUs.toFixed(0).padStart(16)}${(row.cpuUs / baseline!.cpuUs).toFixed(1).padStart(10)}\n`,
    );
}

async function updateAll(session: ClientHttp2Session, count: number, path: (i: number) => string): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const at = path(next++);
      const object = JSON.parse((await request(session, { path: at })).toString()) as {
        metadata: { annotations: Record<string, string> };
      };
      object.metadata.annotations.turn = String(performance.now());
      await request(session, { method: 'PUT', path: at, body: object });
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}

/** A hundred watches of everything while objects are patched: counted are events delivered. */
async function watching(server: Server, path: (i: number) => string): Promise<Row> {
  const { session } = server;
  const { metadata } = JSON.parse((await request(session, { path: `${clustersPath}?limit=1` })).toString()) as {
    metadata: { resourceVersion: string };
  };
  let lines = 0;
  const streams = Array.from({ length: watchers }, () => {
    const stream = session.request({ ':path': `${clustersPath}?watch=1&resourceVersion=${metadata.resourceVersion}` });
    stream.on('data', (chunk: Buffer) => {
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines += 1;
    });
    return stream;
  });
  await Promise.all(streams.map((stream) => once(stream, 'response')));
  const events = 200;
  const row = await measure(server, `event to ${watchers} watches`, events * watchers, async () => {
    const target = lines + events * watchers;
    await sendAll(session, events, 4, (i) => ({
      method: 'PATCH',
      path: path(i),
      body: { metadata: { annotations: { turn: String(performance.now()) } } },
      type: 'application/merge-patch+json',
    }));
    while (lines < target) await new Promise((resolve) => setTimeout(resolve, 1));
  });
  for (const stream of streams) stream.close();
  return row;
}

const folder = mkdtempSync(join(tmpdir(), 'kubedirector-bench-'));
try {
  await benchmark('embedded store', { kind: 'embedded', directory: folder });
  if (spawnSync('etcd', ['--version']).status !== 0)
    process.stdout.write('\netcd: left out, there is none on the PATH\n');
  else {
    const etcd = await startEtcd();
    await benchmark('etcd', { kind: 'etcd', endpoints: [etcd.endpoint] });
    await etcd.remove();
  }
} finally {
  rmSync(folder, { recursive: true });
}
