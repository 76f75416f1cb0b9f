/**
 * A server of the small kind of make/fixture-kind.ts, whose superuser may show a token, as kube-apiserver was asked when its answers were
 * recorded. Started by itself with a port, `node test/apiserver/wire/fixture-server.ts 8443`, it serves until it is told to end.
 */
import type { Authenticator } from '../../../apiserver/auth/authenticator.ts';
import { namespaceLifecycle } from '../../../apiserver/registry/admission.ts';
import type { Resource } from '../../../apiserver/registry/resource.ts';
import type { KubeObject } from '../../../openapi/machinery/meta.ts';
import { fixtureKinds } from '../../make/fixture-kind.ts';
import { startServer, type TestServer, type TestServerOptions } from '../serving.ts';

export const superuserToken = 'admintok';

/** The one token; a wrong one makes nobody anonymous. */
const byToken: Authenticator = {
  name: 'token',
  authenticate: ({ headers: { authorization } }) => {
    if (!authorization) return undefined;
    if (authorization !== `Bearer ${superuserToken}`) throw new Error('a token that nobody was given');
    return { name: 'admin', groups: ['system:masters'] };
  },
};

const namespace = (name: string, metadata: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, uid: name, ...metadata },
});

/** There are `default`, `other`, and `ending`, which is going. */
const namespaces = new Map(
  [
    namespace('default'),
    namespace('other'),
    namespace('ending', { deletionTimestamp: '2026-11-21T10:00:00Z', finalizers: ['kubernetes'] }),
  ].map((object) => [object.metadata.name, object]),
);

export const startFixtureServer = (options: TestServerOptions = {}): Promise<TestServer> =>
  startServer({
    resources: () => [fixtureKinds as unknown as Resource],
    admission: namespaceLifecycle({ find: async (name) => namespaces.get(name) }),
    authenticators: [byToken],
    ...options,
  });

if (import.meta.main) {
  const server = await startFixtureServer({ port: Number(process.argv[2] ?? 0) });
  console.log(`serving at ${server.url}`);
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void server.stop());
}
