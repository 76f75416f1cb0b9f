/**
 * An API server in a process of its own, a client of it, and the kernel's accounts of what it uses.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type ClientHttp2Session, connect, type SecureClientSessionOptions } from 'node:http2';
import { join } from 'node:path';
import { issueClientCertificate, issueServerCertificate, makeAuthority } from '../../apiserver/serving/certificates.ts';
import { memoryEnvironment, memoryFlags } from '../../deploy/memory.ts';
import type { StoreOptions } from '../../storage/open.ts';

export const ca = await makeAuthority('bench');
export const serving = await issueServerCertificate(ca, { dns: ['localhost'], ip: ['127.0.0.1'] });
const admin = await issueClientCertificate(ca, 'bench', ['system:masters']);

export interface Server {
  readonly pid: number;
  readonly session: ClientHttp2Session;
  readonly startMs: number;
  stop(): Promise<void>;
}

export async function startServer(store: StoreOptions): Promise<Server> {
  const settings = JSON.stringify({ store, cert: serving.cert, key: serving.key, ca: ca.cert });
  const began = performance.now();
  // As `npm start` and the image start it.
  const flags = process.env.FLAGS?.split(' ') ?? memoryFlags;
  const child = spawn(process.execPath, [...flags, join(import.meta.dirname, 'bare-server.ts'), settings], {
    env: { ...memoryEnvironment, ...process.env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const startMs = performance.now() - began;
  const { port } = JSON.parse(line.toString()) as { port: number };
  const session = await connected(port, { ca: ca.cert, cert: admin.cert, key: admin.key });
  return {
    pid: child.pid!,
    session,
    startMs,
    stop: async () => {
      session.close();
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

/** A client with the windows that Go's have, and so all of Kubernetes: at Node's own, each 64 KB of a list wait for the client. */
export async function connected(port: number, options: SecureClientSessionOptions): Promise<ClientHttp2Session> {
  const session = connect(`https://localhost:${port}`, {
    ...options,
    settings: { initialWindowSize: 4 * 1024 * 1024 },
  });
  await once(session, 'connect');
  session.setLocalWindowSize(1024 ** 3);
  return session;
}

/** CPU time of a process so far, in microseconds; the kernel counts in hundredths of a second. */
export function cpuUs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

export interface Memory {
  /** What the process holds, in megabytes. */
  readonly rss: number;
  /** Its own. */
  readonly own: number;
  /** Pages of files, such as those of an embedded store, which the kernel takes back when it needs them. */
  readonly files: number;
}

export function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const mb = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024;
  return { rss: mb('VmRSS'), own: mb('RssAnon'), files: mb('RssFile') };
}

export const memoryMb = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;

export interface Sent {
  readonly method?: string;
  readonly path: string;
  readonly body?: unknown;
  readonly type?: string;
  readonly accept?: string;
}

export function request(
  session: ClientHttp2Session,
  { method = 'GET', path, body, type = 'application/json', accept }: Sent,
): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const stream = session.request({
    ':method': method,
    ':path': path,
    ...(body !== undefined && { 'content-type': type }),
    ...(accept && { accept }),
  });
  const chunks: Buffer[] = [];
  let code = 0;
  stream.on('response', (headers) => (code = Number(headers[':status'])));
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('error', reject);
  stream.on('end', () => {
    const bytes = Buffer.concat(chunks);
    if (code >= 300) reject(new Error(`${method} ${path}: ${code} ${bytes.toString()}`));
    else resolve(bytes);
  });
  stream.end(body === undefined ? undefined : JSON.stringify(body));
  return promise;
}

/** Sends `count` requests, `concurrency` at a time. */
export async function sendAll(
  session: ClientHttp2Session,
  count: number,
  at: number,
  make: (i: number) => Sent,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await request(session, make(next++));
  };
  await Promise.all(Array.from({ length: at }, worker));
}
