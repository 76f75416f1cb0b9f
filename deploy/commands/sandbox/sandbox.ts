import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ApiServer } from '../../../apiserver/api-server.ts';
import { authenticateBy } from '../../../apiserver/auth/authenticator.ts';
import { type Authorizer, allowHealth, allowSuperusers, authorizeBy } from '../../../apiserver/auth/authorizer.ts';
import { clientCertificate } from '../../../apiserver/auth/client-certificate.ts';
import { TrustStore } from '../../../apiserver/auth/trust.ts';
import { defaultWindow, type WindowLimits } from '../../../apiserver/cache/event-window.ts';
import { HostClient, requestCounter } from '../../../apiserver/host/rest.ts';
import { accessBy } from '../../../apiserver/registry/access.ts';
import { kubeDirectorResources } from '../../../apiserver/registry/index.ts';
import { catalogLookups } from '../../../apiserver/registry/kubedirectorcluster/catalog.ts';
import { Registries } from '../../../apiserver/registry/registries.ts';
import { versionInfo } from '../../../apiserver/version.ts';
import { systemClock } from '../../../openapi/machinery/clock.ts';
import type { Log } from '../../../openapi/machinery/log.ts';
import { Metrics } from '../../../openapi/machinery/metrics.ts';
import { keepCompacting } from '../../../storage/compactor.ts';
import { type OpenedStore, openStore, type StoreOptions } from '../../../storage/open.ts';
import { runReconciler } from '../../ports/reconciler.ts';
import { SandboxHost } from '../../sandbox/host.ts';
import { reviews } from '../../sandbox/kinds/reviews.ts';
import { writePrivately } from '../private-file.ts';
import { applyCatalog } from './catalog.ts';
import { SandboxIdentity } from './identity.ts';
import { kubeconfig } from './kubeconfig.ts';
import type { SandboxOptions } from './options.ts';

/** KubeDirector's own namespace here. */
const systemNamespace = 'default';
const serviceAccount = 'kubedirector';
/** The Kubernetes release whose API the sandbox offers. */
const gitVersion = 'v1.36.0+kubedirector.0.1.0';
const startMs = 60_000;
/** A sandbox has thousands of objects that change in bursts, and few who would watch from long ago. */
const sandboxWindow: WindowLimits = { ...defaultWindow, maxBytes: 8 * 1024 * 1024 };

export interface Sandbox {
  readonly server: string;
  readonly kubeconfigPath: string;
  stop(): Promise<void>;
}

/** @throws StorageError, or Error with a code such as EADDRINUSE */
export async function startSandbox(
  options: SandboxOptions,
  log: Log,
  progress: (line: string) => void,
): Promise<Sandbox> {
  const running = new AbortController();
  const starting = AbortSignal.any([running.signal, AbortSignal.timeout(startMs)]);
  const undo: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    makeFolder(options.dataDir);
    progress(`opening the store (${options.etcdServers.length ? options.etcdServers.join(', ') : 'embedded'})`);
    const store = await openStore(storeOptions(options, log), starting);
    undo.push(() => store.kv.close());

    const identity = await SandboxIdentity.open(options.dataDir);
    const { apiServer, host, metrics, port } = await serve(options, store, identity, log, running.signal);
    undo.push(() => apiServer.stop());
    const server = `https://127.0.0.1:${port}`;
    const kubeconfigPath = join(options.dataDir, 'kubeconfig');
    writePrivately(kubeconfigPath, kubeconfig(server, identity.ca, 'sandbox-admin', await identity.admin()));

    progress('filling the cache');
    await apiServer.ready(starting);
    await host.bootstrap(starting);
    const client = new HostClient(
      {
        server,
        ca: identity.ca,
        ...(await identity.serviceAccount(systemNamespace, serviceAccount)),
      },
      requestCounter(metrics),
    );
    undo.push(() => client.close());

    progress('starting the simulated node and the reconciler');
    const work = [
      host.run(running.signal),
      keepCompacting({ kv: store.kv, keyspace: store.keyspace, clock: systemClock, log }, running.signal),
      // It reaches the sandbox as it reaches a cluster: over HTTPS, as a service account, under authorization.
      runReconciler(
        { registries: apiServer.registries, client, systemNamespace, instance: `sandbox-${process.pid}`, metrics, log },
        running.signal,
      ),
    ];
    undo.push(async () => {
      running.abort(new Error('the sandbox is stopping'));
      await Promise.allSettled(work);
    });
    const applied = await applyCatalog(apiServer.registries, store, systemNamespace, starting);
    if (applied.length) progress(`applied the catalog: ${applied.join(', ')}`);
    return { server, kubeconfigPath, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const storeOptions = ({ etcdServers, dataDir, encryption }: SandboxOptions, log: Log): StoreOptions => ({
  ...(encryption && { encryption: { ...encryption, log } }),
  ...(etcdServers.length
    ? { kind: 'etcd', endpoints: [...etcdServers], prefix: '/kubedirector-sandbox' }
    : { kind: 'embedded', directory: join(dataDir, 'store') }),
});

/** The API server with Kubernetes' kinds and ours in it, listening. */
async function serve(
  options: SandboxOptions,
  store: OpenedStore,
  identity: SandboxIdentity,
  log: Log,
  signal: AbortSignal,
) {
  const host = new SandboxHost({ clock: systemClock, log, serviceNodePortRange: options.nodePorts });
  const lookups = catalogLookups(() => registries, systemNamespace);
  const rbac: Authorizer = { authorize: (attributes) => host.authorizer.authorize(attributes) };
  const authorizer = authorizeBy([allowSuperusers, allowHealth, rbac]);
  const registries: Registries = new Registries({
    resources: [...host.resources, ...kubeDirectorResources(lookups, systemNamespace, accessBy(authorizer))],
    virtual: reviews({ authorizer, rulesFor: (user, namespace) => host.authorizer.rulesFor(user, namespace) }),
    kv: store.kv,
    keyspace: store.keyspace,
    admission: host.admission,
    clock: systemClock,
    log,
    window: sandboxWindow,
  });
  host.attach(registries, signal);
  const trust = new TrustStore({ clientCa: identity.ca, requestHeader: undefined });
  const metrics = new Metrics();
  metrics.addProcess();
  const apiServer = new ApiServer({
    registries,
    authenticate: authenticateBy([clientCertificate(trust)], log),
    authorizer,
    metrics,
    serving: { host: '127.0.0.1', port: options.port, clientCa: trust.bundles, ...(await identity.serving()) },
    version: versionInfo(gitVersion),
    clock: systemClock,
    log,
  });
  return { apiServer, host, metrics, port: await apiServer.start() };
}

/** Makes the folder and what is missing above it, one by one: on some file systems Node's own way never comes back. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}
