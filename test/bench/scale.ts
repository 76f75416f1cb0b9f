/**
 * Many objects and many watchers: a list of 10,000 clusters, the memory that one takes, and how soon 500 watchers hear of a change.
 *
 * The baseline of the list is a server that does nothing but send a buffer of the same size, over the same TLS to the same client.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createSecureServer } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { appDocument, appsPath, clusterDocument, clustersPath } from '../make/documents.ts';
import { ca, cpuUs, memoryMb, request, type Server, sendAll, serving, startServer } from './server-process.ts';

const objects = 10_000;
const watchers = 500;
const eventsPerSecond = 20;
const watchSeconds = 10;

/** About two kilobytes as JSON, as clusters in the field are. */
const document = (name: string) => clusterDocument(name, {}, { annotations: { note: 'x'.repeat(1200) } });

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const best = (values: readonly number[]): number => Math.min(...values);

async function times(count: number, work: () => Promise<unknown>): Promise<number> {
  const taken: number[] = [];
  for (let i = 0; i < count; i += 1) {
    const began = performance.now();
    await work();
    taken.push(performance.now() - began);
  }
  return best(taken);
}

/** The time to send as many bytes without any work for them. */
async function bare(bytes: number): Promise<number> {
  const body = Buffer.alloc(bytes, 'x');
  const server = createSecureServer({ cert: serving.cert, key: serving.key, maxSessionMemory: 1000 });
  server.on('stream', (stream) => {
    stream.respond({ ':status': 200 });
    stream.end(body);
  });
  server.listen(0);
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const session = connect(`https://localhost:${port}`, { ca: ca.cert });
  const taken = await times(5, () => request(session, { path: '/' }));
  session.close();
  server.close();
  return taken;
}

async function lists(server: Server): Promise<number> {
  const path = `${clustersPath}?resourceVersion=0`;
  const { length } = await request(server.session, { path });
  const began = cpuUs(server.pid);
  const taken = await times(10, () => request(server.session, { path }));
  const cpu = (cpuUs(server.pid) - began) / 10 / 1000;
  const baseline = await bare(length);
  say(
    `list of ${objects}: ${(length / 1e6).toFixed(1)} MB in ${taken.toFixed(0)} ms, ${cpu.toFixed(0)} ms of server CPU`,
  );
  say(`  sending as many bytes from memory takes ${baseline.toFixed(0)} ms: ratio ${(taken / baseline).toFixed(2)}`);
  const table = await times(5, () =>
    request(server.session, { path, accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }),
  );
  say(`  as a table, as kubectl asks for it: ${table.toFixed(0)} ms`);
  return length / objects;
}

/** What people ask for: the clusters of one app, or those in trouble. */
async function selections(server: Server): Promise<void> {
  for (const selector of ['spec.app=rare-app', 'spec.app!=demo-app', 'metadata.name=c77']) {
    const path = `${clustersPath}?resourceVersion=0&fieldSelector=${encodeURIComponent(selector)}`;
    const found = (JSON.parse((await request(server.session, { path })).toString()) as { items: unknown[] }).items
      .length;
    const began = cpuUs(server.pid);
    const taken = await times(200, () => request(server.session, { path }));
    const cpu = (cpuUs(server.pid) - began) / 200;
    say(`${selector}: ${found} of ${objects} in ${taken.toFixed(2)} ms, ${cpu.toFixed(0)} us of server CPU`);
  }
}

async function watches(server: Server): Promise<void> {
  const { session } = server;
  const { metadata } = JSON.parse((await request(session, { path: `${clustersPath}?limit=1` })).toString()) as {
    metadata: { resourceVersion: string };
  };
  const delays: number[] = [];
  const streams = Array.from({ length: watchers }, () => {
    const stream = session.request({ ':path': `${clustersPath}?watch=1&resourceVersion=${metadata.resourceVersion}` });
    stream.on('data', (chunk: Buffer) => {
      const at = chunk.indexOf('"sent":"');
      if (at >= 0)
        delays.push(performance.now() - Number(chunk.subarray(at + 8, chunk.indexOf('"', at + 8)).toString()));
    });
    return stream;
  });
  await Promise.all(streams.map((stream) => once(stream, 'response')));
  const began = cpuUs(server.pid);
  for (let i = 0; i < eventsPerSecond * watchSeconds; i += 1) {
    const due = performance.now() + 1000 / eventsPerSecond;
    await request(session, {
      method: 'PATCH',
      path: `${clustersPath}/c${i}`,
      body: { metadata: { annotations: { sent: String(performance.now()) } } },
      type: 'application/merge-patch+json',
    });
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
  const cpu = (cpuUs(server.pid) - began) / (eventsPerSecond * watchSeconds) / watchers;
  for (const stream of streams) stream.close();
  delays.sort((a, b) => a - b);
  const at = (share: number): string => (delays[Math.floor(delays.length * share)] ?? Number.NaN).toFixed(1);
  say(
    `${eventsPerSecond} events a second to ${watchers} watchers: ${delays.length} delivered; from the patch being sent:`,
  );
  say(`  half within ${at(0.5)} ms, 99 % within ${at(0.99)} ms; ${cpu.toFixed(1)} us of server CPU for each`);
}

const folder = mkdtempSync(join(tmpdir(), 'kubedirector-scale-'));
const server = await startServer({ kind: 'embedded', directory: folder });
try {
  await request(server.session, { method: 'POST', path: appsPath, body: appDocument() });
  await sendAll(server.session, 200, 16, (i) => ({ method: 'POST', path: clustersPath, body: document(`w${i}`) }));
  const emptyMb = memoryMb(server.pid);
  await sendAll(server.session, objects, 16, (i) => ({ method: 'POST', path: clustersPath, body: document(`c${i}`) }));
  const fullMb = memoryMb(server.pid);
  const size = await lists(server);
  await request(server.session, { method: 'POST', path: appsPath, body: appDocument('rare-app') });
  for (let i = 0; i < 10; i += 1) {
    const body = clusterDocument(`rare${i}`, { app: 'rare-app' });
    await request(server.session, { method: 'POST', path: clustersPath, body });
  }
  await selections(server);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const each = ((fullMb - emptyMb) * 1e6) / objects;
  say(`memory: ${fullMb.toFixed(0)} MB with ${objects} clusters just created, ${emptyMb.toFixed(0)} MB before`);
  say(`  ${each.toFixed(0)} bytes each, ${(each / size).toFixed(2)} times their JSON of ${size.toFixed(0)} bytes`);
  await watches(server);
} finally {
  await server.stop();
  rmSync(folder, { recursive: true });
}
