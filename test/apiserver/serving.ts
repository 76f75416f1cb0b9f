/**
 * A real API server for tests: our kinds over a store in memory, behind TLS, with a client for each user that a test names.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { ApiServer } from '../../apiserver/api-server.ts';
import { authenticateBy } from '../../apiserver/auth/authenticator.ts';
import { type Authorizer, allowHealth, allowSuperusers, authorizeBy } from '../../apiserver/auth/authorizer.ts';
import { clientCertificate } from '../../apiserver/auth/client-certificate.ts';
import { TrustStore } from '../../apiserver/auth/trust.ts';
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
import { Keyspace } from '../../storage/keys.ts';
import type { KeyValueStore } from '../../storage/kv.ts';
import { MemoryStore } from '../../storage/memory.ts';

/** Made once: keys and certificates take their time. */
const authority = makeAuthority('test authority');
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
  readonly headers?: Readonly<Record<string, string>>;
}

export interface TestClient {
  /** Sends a request; a body that is no string is sent as JSON. */
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
  stop(): Promise<void>;
}

export interface TestServerOptions {
  readonly kv?: KeyValueStore;
  readonly resources?: (registries: () => Registries) => Resource[];
  readonly admission?: Admission;
  readonly authorizer?: Authorizer;
}

export async function startServer(options: TestServerOptions = {}): Promise<TestServer> {
  const { kv = new MemoryStore(), admission = admitAll } = options;
  const [ca, { cert, key }] = await Promise.all([authority, serving]);
  const lookups = catalogLookups(() => registries, 'default');
  const resources = options.resources?.(() => registries) ?? kubeDirectorResources(lookups, 'default');
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
    authenticate: authenticateBy(
      [clientCertificate(new TrustStore({ clientCa: ca.cert, requestHeader: undefined }))],
      silentLog,
    ),
    authorizer: authorizeBy([allowSuperusers, allowHealth, ...(options.authorizer ? [options.authorizer] : [])]),
    serving: { host: '127.0.0.1', port: 0, cert, key, clientCa: [ca.cert] },
    version: versionInfo('v1.36.0+kubedirector.test'),
    clock: systemClock,
    log: silentLog,
  });
  const port = await server.start();
  await server.ready(AbortSignal.timeout(5000));
  const url = `https://localhost:${port}`;
  const clients: TestClient[] = [];
  const as = async (user: string, ...groups: string[]): Promise<TestClient> => {
    const client = clientFor(url, ca, await issueClientCertificate(ca, user, groups));
    clients.push(client);
    return client;
  };
  return {
    url,
    registries,
    as,
    admin: await as('admin', 'system:masters'),
    stop: async () => {
      await server.stop();
      await Promise.all(clients.map((client) => client.close()));
      await kv.close();
    },
  };
}

/** @param identity absent: an anonymous client */
export function clientFor(
  url: string,
  ca: CertificateAndKey,
  identity?: CertificateAndKey,
  allowH2 = false,
): TestClient {
  const pool = new Pool(url, { allowH2, connect: { ca: ca.cert, ...identity } });
  const headersOf = ({ body, type, accept, headers }: Ask): Record<string, string> => ({
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
          body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
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
