/**
 * An API server with our kinds, in a process of its own, to be killed. Started by replica.ts with a JSON object on the command line.
 *
 * Prints `ready` when its cache has been filled for the first time; it listens, and refuses, before. SIGTERM stops it in order.
 */
import { ApiServer } from '../../apiserver/api-server.ts';
import { authenticateBy } from '../../apiserver/auth/authenticator.ts';
import { allowSuperusers, authorizeBy } from '../../apiserver/auth/authorizer.ts';
import { clientCertificate } from '../../apiserver/auth/client-certificate.ts';
import { TrustStore } from '../../apiserver/auth/trust.ts';
import type { WindowLimits } from '../../apiserver/cache/event-window.ts';
import { admitAll } from '../../apiserver/registry/admission.ts';
import { kubeDirectorResources } from '../../apiserver/registry/index.ts';
import { catalogLookups } from '../../apiserver/registry/kubedirectorcluster/catalog.ts';
import { Registries } from '../../apiserver/registry/registries.ts';
import { versionInfo } from '../../apiserver/version.ts';
import { systemClock } from '../../openapi/machinery/clock.ts';
import { jsonLog } from '../../openapi/machinery/log.ts';
import { keepCompacting } from '../../storage/compactor.ts';
import { type OpenedStore, openStore, type StoreOptions } from '../../storage/open.ts';

export interface ServerSettings {
  readonly store: StoreOptions;
  readonly port: number;
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
  /** How often history is compacted. */
  readonly compactEveryMs: number;
  readonly window?: WindowLimits;
}

const settings = JSON.parse(process.argv[2] ?? '{}') as ServerSettings;
const { cert, key, ca, port, compactEveryMs, window } = settings;
const log = jsonLog(process.stderr);
const ending = new AbortController();

/** Storage may be away when the server starts; it waits as `serve` does. */
async function patiently(): Promise<OpenedStore> {
  for (;;)
    try {
      return await openStore(
        { ...settings.store, ...(settings.store.kind === 'etcd' && { log }) },
        AbortSignal.timeout(5000),
      );
    } catch (error) {
      if (settings.store.kind === 'embedded') throw error;
      log.error('the store cannot be opened', error);
    }
}

const { kv, keyspace } = await patiently();
const lookups = catalogLookups(() => registries, 'default');
const registries: Registries = new Registries({
  resources: kubeDirectorResources(lookups, 'default'),
  kv,
  keyspace,
  admission: admitAll,
  clock: systemClock,
  log,
  ...(window && { window }),
});
const server = new ApiServer({
  registries,
  authenticate: authenticateBy([clientCertificate(new TrustStore({ clientCa: ca, requestHeader: undefined }))], log),
  authorizer: authorizeBy([allowSuperusers]),
  serving: { host: '127.0.0.1', port, cert, key, clientCa: [ca] },
  version: versionInfo('v1.36.0+kubedirector.faults'),
  clock: systemClock,
  log,
});
process.once('SIGTERM', () => ending.abort());
await server.start();
await server.ready(ending.signal);
process.stdout.write('ready\n');
await keepCompacting({ kv, keyspace, intervalMs: compactEveryMs, log }, ending.signal);
await server.stop();
await kv.close();
