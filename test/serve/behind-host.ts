/**
 * `kubedirector serve` for tests, with the sandbox's host for the cluster that it serves: no aggregator stands before it, but
 * everything that it finds at a host is there. Its own store is a folder.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kubeconfigAccess } from '../../apiserver/host/access.ts';
import { HostClient, type HostResource } from '../../apiserver/host/rest.ts';
import { type CertificateAndKey, issueClientCertificate, makeAuthority } from '../../apiserver/serving/certificates.ts';
import { serveOptions } from '../../deploy/commands/serve/options.ts';
import { type Served, startServing } from '../../deploy/commands/serve/serve.ts';
import { silentLog } from '../../openapi/machinery/log.ts';
import { isAlreadyExists } from '../../openapi/machinery/status.ts';
import { clientFor, http2ClientFor, type TestClient } from '../apiserver/serving.ts';
import { ManagedProcess } from '../faults/process.ts';
import { type PlainHost, startPlainHost } from './plain-host.ts';

const main = join(import.meta.dirname, '..', '..', 'deploy', 'main.ts');

export const resources = {
  configMaps: { group: '', version: 'v1', plural: 'configmaps' },
  secrets: { group: '', version: 'v1', plural: 'secrets' },
  namespaces: { group: '', version: 'v1', plural: 'namespaces' },
  apiServices: { group: 'apiregistration.k8s.io', version: 'v1', plural: 'apiservices' },
  statefulSets: { group: 'apps', version: 'v1', plural: 'statefulsets' },
} as const satisfies Record<string, HostResource>;

/** KubeDirector's own, at the host. */
export const systemNamespace = 'kd';

/** A front proxy's authority, and the ConfigMap in which the host tells of it. */
export const makeProxyAuthority = (): Promise<CertificateAndKey> => makeAuthority('front proxies');

export const authenticationConfig = (proxyCa: string, clientCa = ''): Record<string, string> => ({
  ...(clientCa && { 'client-ca-file': clientCa }),
  'requestheader-client-ca-file': proxyCa,
  'requestheader-allowed-names': '["front-proxy"]',
  'requestheader-username-headers': '["X-Remote-User"]',
  'requestheader-group-headers': '["X-Remote-Group"]',
  'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
});

const anySignal = (): AbortSignal => AbortSignal.timeout(10_000);

// biome-ignore lint/suspicious/noExplicitAny: tests look at objects of many kinds
type Anything = any;

/** The host, a client of it that may do everything, and any number of servers of it. */
export class Behind {
  readonly folder: string;
  readonly proxyAuthority: CertificateAndKey;
  readonly host: HostClient;
  /** What servers said when they wanted to be started anew. */
  readonly restarts: string[] = [];
  readonly #sandbox: PlainHost;
  readonly #clients: TestClient[] = [];
  readonly #servers = new Set<Served>();

  private constructor(sandbox: PlainHost, host: HostClient, proxyAuthority: CertificateAndKey, folder: string) {
    this.#sandbox = sandbox;
    this.host = host;
    this.proxyAuthority = proxyAuthority;
    this.folder = folder;
  }

  static async start(): Promise<Behind> {
    const folder = mkdtempSync(join(tmpdir(), 'kubedirector-serve-'));
    const sandbox = await startPlainHost(join(folder, 'host'));
    const host = new HostClient(await kubeconfigAccess(sandbox.kubeconfigPath));
    const behind = new Behind(sandbox, host, await makeProxyAuthority(), folder);
    for (const name of [systemNamespace, 'kube-system', 'demo']) await behind.namespace(name);
    await behind.tellTrust(authenticationConfig(behind.proxyAuthority.cert));
    return behind;
  }

  async namespace(name: string): Promise<void> {
    try {
      await this.host.create(
        resources.namespaces,
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name } } as Anything,
        anySignal(),
      );
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  }

  /** Writes the ConfigMap in which a host says whom to trust. */
  async tellTrust(data: Record<string, string>): Promise<void> {
    const metadata = { namespace: 'kube-system', name: 'extension-apiserver-authentication' };
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data } as Anything;
    try {
      await this.host.create(resources.configMaps, map, anySignal());
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      await this.host.update(resources.configMaps, map, anySignal());
    }
  }

  /** @param store a folder's name: servers with the same one, one after the other, have the same store */
  async serve(store = 'store', ...flags: string[]): Promise<Served & { url: string }> {
    const port = await freePort();
    const options = serveOptions(this.#flags(port, store, flags));
    const served = await startServing(options, silentLog, (reason) => this.restarts.push(reason));
    this.#servers.add(served);
    const stop = async (): Promise<void> => {
      this.#servers.delete(served);
      await served.stop();
    };
    return { ...served, stop, url: `https://localhost:${port}` };
  }

  /** The same as a program of its own, which is not started yet. */
  async program(store: string, ...flags: string[]): Promise<{ program: ManagedProcess; url: string }> {
    const port = await freePort();
    const program = new ManagedProcess([process.execPath, main, 'serve', ...this.#flags(port, store, flags)]);
    return { program, url: `https://localhost:${port}` };
  }

  #flags(port: number, store: string, others: readonly string[]): string[] {
    return [
      `--kubeconfig=${this.#sandbox.kubeconfigPath}`,
      `--namespace=${systemNamespace}`,
      '--storage=embedded',
      `--data-dir=${join(this.folder, store)}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${port}`,
      '--metrics-port=0',
      ...others,
    ];
  }

  async bundle(): Promise<CertificateAndKey> {
    const secret: Anything = await this.host.get(
      resources.secrets,
      systemNamespace,
      'kubedirector-serving',
      anySignal(),
    );
    return { cert: Buffer.from(secret.data['ca.crt'], 'base64').toString(), key: '' };
  }

  /** A front proxy, with its certificate; headers say for whom it speaks. */
  async proxy(url: string, { name = 'front-proxy', authority = this.proxyAuthority, http2 = false } = {}) {
    const identity = await issueClientCertificate(authority, name, []);
    return this.#remembered((http2 ? http2ClientFor : clientFor)(url, await this.bundle(), identity));
  }

  async anonymous(url: string): Promise<TestClient> {
    return this.#remembered(clientFor(url, await this.bundle()));
  }

  get(resource: HostResource, namespace: string, name: string): Promise<Anything> {
    return this.host.get(resource, namespace, name, anySignal());
  }

  create(resource: HostResource, object: Anything): Promise<Anything> {
    return this.host.create(resource, object, anySignal());
  }

  delete(resource: HostResource, namespace: string, name: string): Promise<unknown> {
    return this.host.delete(resource, namespace, name, {}, anySignal());
  }

  /** The certificate authority of the host's own users. */
  get hostAuthority(): CertificateAndKey {
    const file = (end: string): string => readFileSync(join(this.folder, 'host', 'pki', `ca.${end}`), 'utf8');
    return { cert: file('crt'), key: file('key') };
  }

  /** The host goes away. */
  async stopHost(): Promise<void> {
    await this.#sandbox.stop();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    await Promise.all([...this.#servers].map((server) => server.stop()));
    await this.host.close();
    await this.#sandbox.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #remembered(client: TestClient): TestClient {
    this.#clients.push(client);
    return client;
  }
}

/** Known before the server starts, so that flags can name it. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
