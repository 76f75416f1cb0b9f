/**
 * An API server with our kinds and nothing else, in a process of its own, so that its CPU time can be told from that of its clients.
 *
 * Run by api.ts with a JSON object on the command line: { store, cert, key, ca }. Prints its port when it is ready.
 */
import { ApiServer } from '../../apiserver/api-server.ts';
import { authenticateBy } from '../../apiserver/auth/authenticator.ts';
import { allowSuperusers, authorizeBy } from '../../apiserver/auth/authorizer.ts';
import { clientCertificate } from '../../apiserver/auth/client-certificate.ts';
import { TrustStore } from '../../apiserver/auth/trust.ts';
import { admitAll } from '../../apiserver/registry/admission.ts';
import { kubeDirectorResources } from '../../apiserver/registry/index.ts';
import { catalogLookups } from '../../apiserver/registry/kubedirectorcluster/catalog.ts';
import { Registries } from '../../apiserver/registry/registries.ts';
import { versionInfo } from '../../apiserver/version.ts';
import { collectWhenIdle } from '../../deploy/memory.ts';
import { systemClock } from '../../openapi/machinery/clock.ts';
import { jsonLog } from '../../openapi/machinery/log.ts';
import { openStore, type StoreOptions } from '../../storage/open.ts';

interface Settings {
  readonly store: StoreOptions;
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

const { store, cert, key, ca } = JSON.parse(process.argv[2] ?? '{}') as Settings;
const log = jsonLog(process.stderr);
const { kv, keyspace } = await openStore(store, AbortSignal.timeout(10_000));
const lookups = catalogLookups(() => registries, 'default');
const registries: Registries = new Registries({
  resources: kubeDirectorResources(lookups, 'default'),
  kv,
  keyspace,
  admission: admitAll,
  clock: systemClock,
  log,
});
const server = new ApiServer({
  registries,
  authenticate: authenticateBy([clientCertificate(new TrustStore({ clientCa: ca, requestHeader: undefined }))], log),
  authorizer: authorizeBy([allowSuperusers]),
  serving: { host: '127.0.0.1', port: 0, cert, key, clientCa: [ca] },
  version: versionInfo('v1.36.0+kubedirector.bench'),
  clock: systemClock,
  log,
});
const port = await server.start();
await server.ready(AbortSignal.timeout(10_000));
collectWhenIdle();
process.stdout.write(`${JSON.stringify({ port })}\n`);
process.on('SIGTERM', () => {
  void server.stop().then(() => kv.close());
});
