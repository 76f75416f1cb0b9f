/**
 * Many objects and many watchers: a list of 10,000 clusters, the same while a thousand are written each second, the memory that one
 * takes, and how soon 500 watchers hear of a change. Other numbers of clusters: `node test/bench/scale.ts 50000`.
 *
 * Every number has a baseline of the same run: a server that does nothing but send buffers of the same size, over the same TLS to the
 * same client; or the same question without what makes it harder.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createSecureServer, type ServerHttp2Stream } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { appDocument, appsPath, clusterDocument, clustersPath } from '../make/documents.ts';
import {
  ca,
  connected,
  cpuUs,
  type Memory,
  memoryOf,
  request,
  type Server,
  sendAll,
  serving,
  startServer,
} from './server-process.ts';

const objects = Number(process.argv[2] ?? 10_000);
const watchers = 500;
const eventsPerSecond = 20;
const watchSeconds = 10;
const writesPerSecond = 1000;

/** Two kilobytes as JSON, as clusters in the field are. */
const document = (name: string) => clusterDocument(name, {}, { annotations: { note: 'x'.repeat(1000) } });
/** Made before anything is measured. */
const warmUp = 200;

/** Long enough for what collects garbage when nothing happens; and for what lets go of events when they are old. */
const restMs = 10_000;
const longRestMs = 140_000;

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
  const session = await connected(port, { ca: ca.cert });
  const taken = await times(5, () => request(session, { path: '/' }));
  session.close();
  server.close();
  return taken;
}

/** Lists of the newest state, alone and while others write: what waiting for the cache to come so far costs. */
async function listsUnderWrites(server: Server): Promise<void> {
  const list = () => request(server.session, { path: clustersPath });
  const alone = await median(8, list);
  let [writing, written] = [true, 0];
  const began = performance.now();
  const writer = async (): Promise<void> => {
    while (writing) {
      const ahead = began + (written * 1000) / writesPerSecond - performance.now();
      if (ahead > 0) await new Promise((resolve) => setTimeout(resolve, ahead));
      if (!writing) return;
      const body = { metadata: { annotations: { turn: String(written++) } } };
      const path = `${clustersPath}/c${written % objects}`;
      await request(server.session, { method: 'PATCH', path, body, type: 'application/merge-patch+json' });
    }
  };
  const writers = Array.from({ length: 64 }, writer);
  const under = await median(8, list);
  writing = false;
  const rate = (written * 1000) / (performance.now() - began);
  await Promise.all(writers);
  say(
    `consistent list of ${objects}: ${alone.toFixed(0)} ms alone, ${under.toFixed(0)} ms at ${rate.toFixed(0)} writes a second`,
  );
  say(`  of ${writesPerSecond} wished for; ratio to the list alone ${(under / alone).toFixed(2)}`);
}

async function median(count: number, work: () => Promise<unknown>): Promise<number> {
  const taken: number[] = [];
  for (let i = 0; i < count; i += 1) {
    const began = performance.now();
    await work();
    taken.push(performance.now() - began);
  }
  return taken.sort((a, b) => a - b)[count >> 1]!;
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
  const table = () => request(server.session, { path, accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' });
  const cold = await times(1, table);
  const warm = await times(5, table);
  say(`  as a table, as kubectl asks for it: ${cold.toFixed(0)} ms at first, then ${warm.toFixed(0)} ms`);
  return length / (objects + warmUp);
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

/** How soon as many streams of a server that does nothing else have as large a frame, in milliseconds: half, and 99 %. */
async function bareWatches(bytes: number): Promise<[number, number]> {
  const server = createSecureServer({ cert: serving.cert, key: serving.key, maxSessionMemory: 1000 });
  const streams = new Set<ServerHttp2Stream>();
  server.on('stream', (stream) => {
    stream.respond({ ':status': 200 });
    streams.add(stream);
  });
  server.listen(0);
  await once(server, 'listening');
  const session = await connected((server.address() as { port: number }).port, { ca: ca.cert });
  const delays: number[] = [];
  let sent = 0;
  const clients = Array.from({ length: watchers }, () => {
    const stream = session.request({ ':path': '/' });
    // Large frames come in pieces: the first one counts, as it does above.
    let seen = 0;
    stream.on('data', () => {
      if (seen === sent) return;
      seen = sent;
      delays.push(performance.now() - sent);
    });
    return stream;
  });
  await Promise.all(clients.map((stream) => once(stream, 'response')));
  const frame = Buffer.alloc(bytes, 'x');
  for (let i = 0; i < 40; i += 1) {
    sent = performance.now();
    for (const stream of streams) stream.write(frame);
    await new Promise((resolve) => setTimeout(resolve, 1000 / eventsPerSecond));
  }
  for (const stream of clients) stream.close();
  session.close();
  server.close();
  delays.sort((a, b) => a - b);
  return [delays[delays.length >> 1]!, delays[Math.floor(delays.length * 0.99)]!];
}

async function watches(server: Server, bytes: number): Promise<void> {
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
  const delayOf = (share: number): number => delays[Math.floor(delays.length * share)] ?? Number.NaN;
  const at = (share: number): string => delayOf(share).toFixed(1);
  say(
    `${eventsPerSecond} events a second to ${watchers} watchers: ${delays.length} delivered; from the patch being sent:`,
  );
  say(`  half within ${at(0.5)} ms, 99 % within ${at(0.99)} ms; ${cpu.toFixed(1)} us of server CPU for each`);
  const [half, most] = await bareWatches(bytes);
  say(
    `  writing as much to ${watchers} streams takes ${half.toFixed(1)} and ${most.toFixed(1)} ms without any work or write:`,
  );
  say(`  ratios ${(delayOf(0.5) / half).toFixed(2)} and ${(delayOf(0.99) / most).toFixed(2)}`);
}

const folder = mkdtempSync(join(tmpdir(), 'kubedirector-scale-'));
const server = await startServer({ kind: 'embedded', directory: folder });
try {
  await request(server.session, { method: 'POST', path: appsPath, body: appDocument() });
  await sendAll(server.session, warmUp, 16, (i) => ({ method: 'POST', path: clustersPath, body: document(`w${i}`) }));
  const before = memoryOf(server.pid);
  await sendAll(server.session, objects, 16, (i) => ({ method: 'POST', path: clustersPath, body: document(`c${i}`) }));
  const created = memoryOf(server.pid);
  await new Promise((resolve) => setTimeout(resolve, restMs));
  const rested = memoryOf(server.pid);
  const size = await lists(server);
  await request(server.session, { method: 'POST', path: appsPath, body: appDocument('rare-app') });
  for (let i = 0; i < 10; i += 1) {
    const body = clusterDocument(`rare${i}`, { app: 'rare-app' });
    await request(server.session, { method: 'POST', path: clustersPath, body });
  }
  await selections(server);
  const memory = (when: string, { rss, own, files }: Memory): void => {
    const times = (mb: number): string => ((mb * 1e6) / objects / size).toFixed(2);
    const [all, mine, mapped] = [rss - before.rss, own - before.own, files - before.files];
    say(`memory for ${objects} clusters, ${when}: ${all.toFixed(0)} MB over ${before.rss.toFixed(0)} MB`);
    say(
      `  ${times(all)} times their JSON of ${size.toFixed(0)} bytes: ${times(mine)} its own, ${times(mapped)} pages of the store's file`,
    );
  };
  memory('just created', created);
  memory(`${restMs / 1000} s later`, rested);
  await listsUnderWrites(server);
  await watches(server, size);
  memory(`after lists, writes and ${watchers} watches`, memoryOf(server.pid));
  await new Promise((resolve) => setTimeout(resolve, longRestMs));
  memory(`${longRestMs / 1000} s later`, memoryOf(server.pid));
} finally {
  await server.stop();
  rmSync(folder, { recursive: true });
}
