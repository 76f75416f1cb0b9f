/**
 * A real API server for tests: our kinds over a store in memory, behind TLS, with a client for each user that a test names.
 */
import { type ClientHttp2Session, connect } from 'node:http2';
import { Agent } from 'node:https';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { ApiServer } from '../../apiserver/api-server.ts';
import { type Authenticator, authenticateBy } from '../../apiserver/auth/authenticator.ts';
import { type Authorizer, allowHealth, allowSuperusers, authorizeBy } from '../../apiserver/auth/authorizer.ts';
import { clientCertificate } from '../../apiserver/auth/client-certificate.ts';
import { frontProxy } from '../../apiserver/auth/front-proxy.ts';
import { type RequestHeaderTrust, TrustStore } from '../../apiserver/auth/trust.ts';
import type { HealthCheck } from '../../apiserver/http/health.ts';
import type { RequestLimits } from '../../apiserver/http/limits.ts';
import { accessBy } from '../../apiserver/registry/access.ts';
import { type Admission, admitAll } from '../../apiserver/registry/admission.ts';
import { kubeDirectorResources } from '../../apiserver/registry/index.ts';
import { catalogLookups } from '../../apiserver/registry/kubedirectorcluster/catalog.ts';
import { Registries } from '../../apiserver/registry/registries.ts';
import type { Resource } from '../../apiserver/registry/resource.ts';
import {
  type CertificateAndKey,
  issueClientCertificate,
  issueServerCertificate,
  makeAuthority,
} from '../../apiserver/serving/certificates.ts';
import { versionInfo } from '../../apiserver/version.ts';
import { systemClock } from '../../openapi/machinery/clock.ts';
import { silentLog } from '../../openapi/machinery/log.ts';
import type { Metrics } from '../../openapi/machinery/metrics.ts';
import { Keyspace } from '../../storage/keys.ts';
import type { KeyValueStore } from '../../storage/kv.ts';
import { MemoryStore } from '../../storage/memory.ts';
import { expectConsistent } from '../make/consistent.ts';

/** Made once: keys and certificates take their time. */
/** Of the server and of its users. */
export const authority = makeAuthority('test authority');
/** The authority of the front proxy: another one, which signs no users. */
const proxyAuthority = makeAuthority('test front proxy authority');
const serving = authority.then((ca) => issueServerCertificate(ca, { dns: ['localhost'], ip: ['127.0.0.1'] }));

export interface Answer {
  readonly code: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The body as JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly body: any;
  readonly warnings: readonly string[];
}

export interface Ask {
  readonly method?: string;
  readonly body?: unknown;
  readonly type?: string;
  readonly accept?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
}

export interface TestClient {
  /** Sends a request; a body that is no string, bytes or stream is sent as JSON. */
  ask(path: string, ask?: Ask): Promise<Answer>;
  /** Reads watch events until `enough` says so. */
  // biome-ignore lint/suspicious/noExplicitAny: events hold objects of every shape
  watch(path: string, enough: (events: any[]) => boolean): Promise<any[]>;
  close(): Promise<void>;
}

export interface TestServer {
  readonly url: string;
  readonly registries: Registries;
  /** A client with the certificate of this user. */
  as(user: string, ...groups: string[]): Promise<TestClient>;
  /** A client of `system:masters`. */
  readonly admin: TestClient;
  /** A front proxy of that name, over HTTP/2 or 1.1; it tells users in headers. */
  asProxy(commonName: string, allowH2?: boolean): Promise<TestClient>;
  /** For requests by Node itself, as a superuser. */
  rawClient(): Promise<{ agent: Agent }>;
  /** A client with a certificate from an authority that nobody knows, or with none. */
  asStranger(certified: boolean): Promise<TestClient>;
  stop(): Promise<void>;
}

export interface TestServerOptions {
  readonly kv?: KeyValueStore;
  readonly resources?: (registries: () => Registries) => Resource[];
  readonly admission?: Admission;
  readonly authorizer?: Authorizer;
  readonly metrics?: Metrics;
  /** Tried after the front proxy and certificates. */
  readonly authenticators?: readonly Authenticator[];
  readonly limits?: RequestLimits;
  readonly checks?: readonly HealthCheck[];
  /** Absent: any free one. */
  readonly port?: number;
  /** Changes of the default trust, in which one proxy named `front-proxy` is believed. */
  readonly requestHeader?: Partial<RequestHeaderTrust>;
}

export async function startServer(options: TestServerOptions = {}): Promise<TestServer> {
  const { kv = new MemoryStore(), admission = admitAll, authenticators = [], port: wanted = 0 } = options;
  const [ca, proxyCa, { cert, key }] = await Promise.all([authority, proxyAuthority, serving]);
  const trust = new TrustStore({
    clientCa: ca.cert,
    requestHeader: {
      ca: proxyCa.cert,
      allowedNames: ['front-proxy'],
      usernameHeaders: ['X-Remote-User'],
      uidHeaders: ['X-Remote-Uid'],
      groupHeaders: ['X-Remote-Group'],
      extraHeaderPrefixes: ['X-Remote-Extra-'],
      ...options.requestHeader,
    },
  });
  const lookups = catalogLookups(() => registries, 'default');
  const authorizer = authorizeBy([allowSuperusers, allowHealth, ...(options.authorizer ? [options.authorizer] : [])]);
  const resources =
    options.resources?.(() => registries) ?? kubeDirectorResources(lookups, 'default', accessBy(authorizer));
  const registries: Registries = new Registries({
    resources,
    kv,
    keyspace: new Keyspace(),
    admission,
    clock: systemClock,
    log: silentLog,
  });
  const server = new ApiServer({
    registries,
    authenticate: authenticateBy([frontProxy(trust), clientCertificate(trust), ...authenticators], silentLog),
    authorizer,
    serving: { host: '127.0.0.1', port: wanted, cert, key, clientCa: trust.bundles },
    version: versionInfo('v1.36.0+kubedirector.test'),
    ...(options.metrics && { metrics: options.metrics }),
    ...(options.limits && { limits: options.limits }),
    ...(options.checks && { checks: options.checks }),
    clock: systemClock,
    log: silentLog,
  });
  const port = await server.start();
  await server.ready(AbortSignal.timeout(5000));
  const url = `https://localhost:${port}`;
  const clients: TestClient[] = [];
  let agent: Agent | undefined;
  let stopped = false;
  const remember = (client: TestClient): TestClient => {
    clients.push(client);
    return client;
  };
  const as = async (user: string, ...groups: string[]): Promise<TestClient> =>
    remember(clientFor(url, ca, await issueClientCertificate(ca, user, groups)));
  return {
    url,
    registries,
    as,
    asProxy: async (commonName, allowH2) =>
      remember((allowH2 ? http2ClientFor : clientFor)(url, ca, await issueClientCertificate(proxyCa, commonName, []))),
    asStranger: async (certified) =>
      remember(
        clientFor(
          url,
          ca,
          certified
            ? await issueClientCertificate(await makeAuthority('nobody'), 'eve', ['system:masters'])
            : undefined,
        ),
      ),
    admin: await as('admin', 'system:masters'),
    rawClient: async () => {
      agent ??= new Agent({ ca: ca.cert, ...(await issueClientCertificate(ca, 'raw', ['system:masters'])) });
      return { agent };
    },
    stop: async () => {
      if (stopped) return;
      stopped = true;
      try {
        await expectConsistent(registries, kv);
      } finally {
        await server.stop();
        await Promise.all(clients.map((client) => client.close()));
        await kv.close();
      }
    },
  };
}

/** @param identity absent: an anonymous client */
export function clientFor(url: string, ca: CertificateAndKey, identity?: CertificateAndKey): TestClient {
  const pool = new Pool(url, { allowH2: false, connect: { ca: ca.cert, ...identity } });
  const headersOf = ({ body, type, accept, headers }: Ask): Record<string, string | string[]> => ({
    ...(body !== undefined && { 'content-type': type ?? 'application/json' }),
    ...(accept && { accept }),
    ...headers,
  });
  return {
    async ask(path, ask = {}) {
      const { method = ask.body === undefined ? 'GET' : 'POST', body } = ask;
      const response = await pool.request({
        path,
        method: method as 'GET',
        headers: headersOf(ask),
        ...(body !== undefined && {
          body:
            typeof body === 'string' || Buffer.isBuffer(body) || body instanceof Readable ? body : JSON.stringify(body),
        }),
      });
      const text = await response.body.text();
      return {
        code: response.statusCode,
        headers: response.headers,
        text,
        get body() {
          return JSON.parse(text);
        },
        warnings: [response.headers.warning ?? []].flat(),
      };
    },
    async watch(path, enough) {
      const abort = new AbortController();
      const response = await pool.request({ path, method: 'GET', signal: abort.signal });
      const events: unknown[] = [];
      let rest = '';
      if (enough(events)) return events;
      try {
        for await (const chunk of response.body) {
          rest += chunk.toString();
          const lines = rest.split('\n');
          rest = lines.pop() ?? '';
          for (const line of lines) events.push(JSON.parse(line));
          if (enough(events)) break;
        }
      } finally {
        abort.abort();
      }
      return events;
    },
    close: () => pool.close(),
  };
}

/** The same over HTTP/2, by Node's own client, which sends repeated headers as they are. It has no watches, and JSON as text. */
export function http2ClientFor(url: string, ca: CertificateAndKey, identity: CertificateAndKey): TestClient {
  let session: ClientHttp2Session | undefined;
  const open = (): ClientHttp2Session => {
    if (!session || session.closed || session.destroyed)
      session = connect(url, { ca: ca.cert, ...identity, maxSendHeaderBlockLength: 1024 * 1024 });
    return session;
  };
  return {
    ask(path, { body, method = body === undefined ? 'GET' : 'POST', headers = {} } = {}) {
      const { promise, resolve, reject } = Promise.withResolvers<Answer>();
      const lower = Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value as string]),
      );
      const stream = open().request({ ...lower, ':method': method, ':path': path });
      let text = '';
      let received: Record<string, unknown> = {};
      stream.on('response', (answer) => (received = answer));
      stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
      stream.on('error', reject);
      stream.on('end', () =>
        resolve({
          code: Number(received[':status']),
          headers: received as Answer['headers'],
          text,
          get body() {
            return JSON.parse(text);
          },
          warnings: [],
        }),
      );
      if (body instanceof Readable) body.pipe(stream);
      else stream.end(body);
      return promise;
    },
    watch: () => Promise.reject(new Error('this client has no watches')),
    close: async () => session?.close(),
  };
}

/** Waits until `holds` returns something truthy, and returns that. */
export async function until<T>(holds: () => Promise<T> | T, what: string, withinMs = 5000): Promise<NonNullable<T>> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const value = await holds();
    if (value) return value;
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await sleep(5);
  }
}
