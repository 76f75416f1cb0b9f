/**
 * The sandbox's host alone, over HTTPS: a small Kubernetes that knows nothing of KubeDirector's kinds.
 */
import { join } from 'node:path';
import { ApiServer } from '../../apiserver/api-server.ts';
import { authenticateBy } from '../../apiserver/auth/authenticator.ts';
import { type Authorizer, allowHealth, allowSuperusers, authorizeBy } from '../../apiserver/auth/authorizer.ts';
import { clientCertificate } from '../../apiserver/auth/client-certificate.ts';
import { TrustStore } from '../../apiserver/auth/trust.ts';
import { Registries } from '../../apiserver/registry/registries.ts';
import { versionInfo } from '../../apiserver/version.ts';
import { writePrivately } from '../../deploy/commands/private-file.ts';
import { SandboxIdentity } from '../../deploy/commands/sandbox/identity.ts';
import { kubeconfig } from '../../deploy/commands/sandbox/kubeconfig.ts';
import { SandboxHost } from '../../deploy/sandbox/host.ts';
import { reviews } from '../../deploy/sandbox/kinds/reviews.ts';
import { systemClock } from '../../openapi/machinery/clock.ts';
import { silentLog } from '../../openapi/machinery/log.ts';
import { Keyspace } from '../../storage/keys.ts';
import { MemoryStore } from '../../storage/memory.ts';
import { expectConsistent } from '../make/consistent.ts';

export interface PlainHost {
  /** Of somebody who may do everything. */
  readonly kubeconfigPath: string;
  readonly identity: SandboxIdentity;
  stop(): Promise<void>;
}

export async function startPlainHost(folder: string): Promise<PlainHost> {
  const living = new AbortController();
  const [clock, log, kv] = [systemClock, silentLog, new MemoryStore()];
  const host = new SandboxHost({ clock, log, delays: { scheduleMs: 0, startMs: 0, stopMs: 0 }, statusDelayMs: 0 });
  const rbac: Authorizer = { authorize: (attributes) => host.authorizer.authorize(attributes) };
  const authorizer = authorizeBy([allowSuperusers, allowHealth, rbac]);
  const registries = new Registries({
    resources: host.resources,
    virtual: reviews({ authorizer, rulesFor: (user, namespace) => host.authorizer.rulesFor(user, namespace) }),
    admission: host.admission,
    keyspace: new Keyspace(),
    ...{ kv, clock, log },
  });
  host.attach(registries, living.signal);
  const identity = await SandboxIdentity.open(folder);
  const trust = new TrustStore({ clientCa: identity.ca, requestHeader: undefined });
  const server = new ApiServer({
    registries,
    authenticate: authenticateBy([clientCertificate(trust)], log),
    authorizer,
    serving: { host: '127.0.0.1', port: 0, clientCa: trust.bundles, ...(await identity.serving()) },
    version: versionInfo('v1.36.0+test'),
    ...{ clock, log },
  });
  const port = await server.start();
  await host.bootstrap(living.signal);
  const working = host.run(living.signal);
  const kubeconfigPath = join(folder, 'kubeconfig');
  const admin = kubeconfig(`https://127.0.0.1:${port}`, identity.ca, 'admin', await identity.admin());
  writePrivately(kubeconfigPath, admin);
  return {
    kubeconfigPath,
    identity,
    stop: async () => {
      try {
        if (!living.signal.aborted) await expectConsistent(registries, kv);
      } finally {
        living.abort();
        await Promise.allSettled([working]);
        await server.stop();
        await kv.close();
      }
    },
  };
}
