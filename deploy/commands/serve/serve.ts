/**
 * `kubedirector serve`: the API server behind a cluster's aggregator, and the reconciler that works in that cluster.
 *
 * Everything that is not told by flags is found at the host. Parts are started in the order in which they need each other, and
 * stopped in reverse.
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { ApiServer } from '../../../apiserver/api-server.ts';
import { type Authenticator, authenticateBy } from '../../../apiserver/auth/authenticator.ts';
import { allowHealth, allowSuperusers, authorizeBy } from '../../../apiserver/auth/authorizer.ts';
import { clientCertificate } from '../../../apiserver/auth/client-certificate.ts';
import { frontProxy } from '../../../apiserver/auth/front-proxy.ts';
import { accessReview, tokenReview } from '../../../apiserver/auth/reviews.ts';
import { HostNamespaces } from '../../../apiserver/host/namespaces.ts';
import { Registrations } from '../../../apiserver/host/registrations.ts';
import { requestCounter } from '../../../apiserver/host/rest.ts';
import { StoreRecord } from '../../../apiserver/host/store-record.ts';
import { defaultLimits } from '../../../apiserver/http/limits.ts';
import { accessBy } from '../../../apiserver/registry/access.ts';
import { namespaceLifecycle } from '../../../apiserver/registry/admission.ts';
import { kubeDirectorResources } from '../../../apiserver/registry/index.ts';
import { catalogLookups } from '../../../apiserver/registry/kubedirectorcluster/catalog.ts';
import { Registries } from '../../../apiserver/registry/registries.ts';
import { versionInfo } from '../../../apiserver/version.ts';
import { systemClock } from '../../../openapi/machinery/clock.ts';
import type { Log } from '../../../openapi/machinery/log.ts';
import { Metrics } from '../../../openapi/machinery/metrics.ts';
import { keepCompacting } from '../../../storage/compactor.ts';
import { runReconciler } from '../../ports/reconciler.ts';
import { type Host, openHost } from './host.ts';
import { serveMetrics } from './metrics.ts';
import type { ServeOptions } from './options.ts';
import { servingFromFiles, servingFromSecret } from './serving.ts';
import { openServedStore } from './store.ts';
import { judgeBy, keepNoting, storeCheck } from './store-watch.ts';
import { followTrust } from './trust.ts';

/** The Kubernetes release whose API we offer. */
const gitVersion = 'v1.36.0+kubedirector.0.1.0';
/** The versions in which our group is registered at the aggregator. */
const registered = ['v1beta1', 'v1alpha1'].map((version) => `${version}.kubedirector.bluedata.io`);
const servingSecret = 'kubedirector-serving';
/** Until then everything that the start waits for has to be there; else the pod is started again. */
const startMs = 120_000;

export interface Served {
  readonly port: number;
  /** Readiness fails from now on, and another replica may reconcile. */
  announceStop(): void;
  stop(): Promise<void>;
}

/**
 * @param restart called, with the reason, when the process has to begin anew
 * @throws Error when something that is needed cannot be had
 */
export async function startServing(
  options: ServeOptions,
  log: Log,
  restart: (reason: string) => void,
): Promise<Served> {
  const living = new AbortController();
  const working = new AbortController();
  const starting = AbortSignal.any([living.signal, AbortSignal.timeout(startMs)]);
  const undo: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  const runAll = (work: readonly Promise<unknown>[]): void => {
    undo.push(() => Promise.allSettled(work));
  };
  try {
    const metrics = new Metrics();
    metrics.addProcess();
    const host = await openHost(options, systemClock, requestCounter(metrics));
    undo.push(() => host.close());
    const { client, namespace } = host;
    const around = { client, namespace, clock: systemClock, log };

    const trust = followTrust(options, client, log);
    const serving = await servingOf(options, host, log, starting);
    log.info('opening the store', { storage: options.storage.kind });
    const store = await openServedStore(options, around, starting);
    const { kv, keyspace } = store.opened;
    undo.push(() => kv.close());

    const namespaces = new HostNamespaces(client, log);
    const record = new StoreRecord({ client, namespace, log });
    const lookups = catalogLookups(() => registries, namespace, client);
    const authorizer = authorizeBy([allowSuperusers, allowHealth, accessReview(host.authorization, systemClock)]);
    const registries: Registries = new Registries({
      resources: kubeDirectorResources(lookups, namespace, accessBy(authorizer)),
      kv,
      keyspace,
      admission: namespaceLifecycle(namespaces),
      clock: systemClock,
      log,
      judge: judgeBy(record, store.opened, restart, log),
    });
    const apiServer = new ApiServer({
      registries,
      authenticate: authenticateBy(authenticatorsOf(host, trust.store), log),
      authorizer,
      serving: {
        host: options.bindAddress,
        port: options.port,
        ...serving.material,
        clientCa: trust.store.bundles,
      },
      version: versionInfo(gitVersion),
      limits: { ...defaultLimits, ...options.limits },
      checks: [storeCheck(kv), untilDone('authentication', trust.known), untilDone('namespaces', namespaces.synced)],
      metrics,
      clock: systemClock,
      log,
    });

    const registrations = new Registrations({
      client,
      names: registered,
      service: { namespace, name: options.serviceName },
      log,
    });
    let { material } = serving;
    /** @throws Error when certificate and key do not fit, as while somebody is writing them; then nothing changes */
    const renew = (next: typeof material): void => {
      apiServer.renew({ ...next, clientCa: trust.store.bundles });
      material = next;
    };
    trust.store.onChange(() => renew(material));

    const port = await apiServer.start();
    undo.push(() => apiServer.stop());
    log.info('listening', { port });
    const renewed = (next: typeof material, bundle: string | undefined): void => {
      // Whoever reads the files sees what is wrong with them, and looks again.
      if (bundle === undefined) {
        renew(next);
        return;
      }
      // First whom to trust, then what is to be trusted.
      registrations
        .announce(bundle)
        .then(() => renew(next))
        .catch((error: unknown) => log.error('a new serving certificate cannot be used', error));
    };
    if (serving.bundle !== undefined) void registrations.announce(serving.bundle);
    runAll([
      trust.run(living.signal),
      namespaces.run(living.signal),
      store.run(living.signal),
      serving.run(renewed, living.signal),
      ...(serving.bundle === undefined ? [] : [registrations.run(living.signal)]),
      keepCompacting({ kv, keyspace, clock: systemClock, log }, living.signal),
      keepNoting(record, store.opened.identity, registries.cache, living.signal),
      whenReady(apiServer, host, metrics, log, working.signal),
    ]);
    if (options.metricsPort) undo.push(await serveMetrics(metrics, options.bindAddress, options.metricsPort));
    // Work ends before the server does: what it still writes is answered.
    const announceStop = (): void => {
      apiServer.announceStop();
      working.abort(new Error('the server is stopping'));
    };
    undo.push(async () => {
      announceStop();
      living.abort(new Error('the server is stopping'));
    });
    return { port, announceStop, stop };
  } catch (error) {
    working.abort(error);
    living.abort(error);
    await stop();
    throw error;
  }
}

/** The reconciler looks at nothing before the cache shows a store that can be believed. */
async function whenReady(
  apiServer: ApiServer,
  { client, namespace }: Host,
  metrics: Metrics,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  try {
    await apiServer.ready(signal);
  } catch {
    return;
  }
  log.info('ready');
  const instance = `${hostname()}_${randomUUID()}`;
  const { registries } = apiServer;
  await runReconciler({ registries, client, systemNamespace: namespace, instance, metrics, log }, signal);
}

const authenticatorsOf = (host: Host, trust: Parameters<typeof frontProxy>[0]): Authenticator[] => [
  frontProxy(trust),
  clientCertificate(trust),
  tokenReview(host.authentication, systemClock),
];

const servingOf = (options: ServeOptions, { client, namespace }: Host, log: Log, signal: AbortSignal) => {
  if (options.servingFiles) return servingFromFiles(options.servingFiles, log);
  const service = `${options.serviceName}.${namespace}.svc`;
  const names = { dns: [service, `${service}.cluster.local`, 'localhost'], ip: ['127.0.0.1'] };
  return servingFromSecret({ client, namespace, name: servingSecret, names, clock: systemClock, log }, signal);
};

/** A health check that fails until something has happened once. */
function untilDone(name: string, promise: Promise<void>) {
  let done = false;
  promise.then(
    () => (done = true),
    () => {},
  );
  const check = (): void => {
    if (!done) throw new Error(`${name}: nothing has been heard from the host yet`);
  };
  return { name, onlyReadiness: true, check };
}
