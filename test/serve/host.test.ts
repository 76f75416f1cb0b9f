/**
 * What `kubedirector serve` finds at its host: whom to trust, what users may do, namespaces, a place for its certificate.
 */
import { expect } from 'chai';
import { issueClientCertificate } from '../../apiserver/serving/certificates.ts';
import { clientFor, until } from '../apiserver/serving.ts';
import { clusterDocument } from '../make/documents.ts';
import { authenticationConfig, Behind, makeProxyAuthority, resources, systemNamespace } from './behind-host.ts';

const clusters = (namespace: string): string =>
  `/apis/kubedirector.bluedata.io/v1beta1/namespaces/${namespace}/kubedirectorclusters`;
const jane = { 'X-Remote-User': 'jane', 'X-Remote-Group': 'devs' };
const root = { 'X-Remote-User': 'root', 'X-Remote-Group': 'system:masters' };

describe('serve', function () {
  this.timeout(30_000);
  let behind: Behind;
  let url: string;

  before(async () => {
    behind = await Behind.start();
    ({ url } = await behind.serve());
    await ready();
  });
  after(() => behind.stop());

  const ready = async (): Promise<void> => {
    const client = await behind.anonymous(url);
    await until(async () => (await client.ask('/readyz')).code === 200, 'it is ready', 10_000);
  };

  describe('trusts whom the host trusts (K-412)', () => {
    it('believes the headers of its front proxy, over either HTTP', async () => {
      for (const http2 of [false, true]) {
        const { code } = await (await behind.proxy(url, { http2 })).ask(clusters('demo'), { headers: root });
        expect(code).to.equal(200);
      }
    });

    it('refuses a certificate of the right authority with a name that is not allowed (K-413)', async () => {
      const { code } = await (await behind.proxy(url, { name: 'impostor' })).ask(clusters('demo'), { headers: root });
      expect(code).to.equal(401);
    });

    it('learns of a new authority without a restart, and forgets the old one', async () => {
      const next = await makeProxyAuthority();
      const old = await behind.proxy(url);
      await behind.tellTrust(authenticationConfig(next.cert));
      const asked = async () =>
        (await (await behind.proxy(url, { authority: next })).ask(clusters('demo'), { headers: root })).code;
      await until(async () => (await asked()) === 200, 'the new proxy is believed');
      const again = await behind.proxy(url);
      expect((await again.ask(clusters('demo'), { headers: root })).code).to.equal(401);
      // Not even on a connection from before.
      expect((await old.ask(clusters('demo'), { headers: root })).code).not.to.equal(200);
      await behind.tellTrust(authenticationConfig(behind.proxyAuthority.cert));
      await until(
        async () => (await (await behind.proxy(url)).ask(clusters('demo'), { headers: root })).code === 200,
        'the first proxy is believed again',
      );
    });

    it('knows its users by their certificates, once it says who signs them (K-418)', async () => {
      const { hostAuthority } = behind;
      const identity = await issueClientCertificate(hostAuthority, 'admin', ['system:masters']);
      const asked = async (): Promise<number> => {
        const client = clientFor(url, await behind.bundle(), identity);
        try {
          return (await client.ask(clusters('demo'))).code;
        } finally {
          await client.close();
        }
      };
      expect(await asked()).to.equal(401);
      await behind.tellTrust(authenticationConfig(behind.proxyAuthority.cert, hostAuthority.cert));
      await until(async () => (await asked()) === 200, 'the user is known');
    });

    it('keeps what it knew when the host says something unreadable', async () => {
      await behind.tellTrust({
        ...authenticationConfig(behind.proxyAuthority.cert),
        'requestheader-allowed-names': 'front-proxy',
      });
      const { code } = await (await behind.proxy(url)).ask(clusters('demo'), { headers: root });
      expect(code).to.equal(200);
      await behind.tellTrust(authenticationConfig(behind.proxyAuthority.cert));
    });

    it('asks it about tokens, and takes none that it does not know (K-419)', async () => {
      const client = await behind.anonymous(url);
      const { code } = await client.ask(clusters('demo'), { headers: { authorization: 'Bearer nonsense' } });
      expect(code).to.equal(401);
    });
  });

  describe('lets users do what RBAC at the host lets them do (K-424)', () => {
    it('and words a refusal as Kubernetes does (K-403)', async () => {
      const { code, body } = await (await behind.proxy(url)).ask(clusters('demo'), { headers: jane });
      expect(code).to.equal(403);
      expect(body.message).to.equal(
        'kubedirectorclusters.kubedirector.bluedata.io is forbidden: User "jane" cannot list resource "kubedirectorclusters" in API group "kubedirector.bluedata.io" in the namespace "demo"',
      );
    });

    it('in the namespace and with the verbs of their role only', async () => {
      const rbac = 'rbac.authorization.k8s.io';
      const where = { group: rbac, version: 'v1' };
      const metadata = { namespace: 'demo', name: 'devs' };
      const rules = [{ apiGroups: ['kubedirector.bluedata.io'], resources: ['kubedirectorclusters'], verbs: ['list'] }];
      await behind.create({ ...where, plural: 'roles' }, { apiVersion: `${rbac}/v1`, kind: 'Role', metadata, rules });
      await behind.create(
        { ...where, plural: 'rolebindings' },
        {
          apiVersion: `${rbac}/v1`,
          kind: 'RoleBinding',
          metadata,
          roleRef: { apiGroup: rbac, kind: 'Role', name: 'devs' },
          subjects: [{ apiGroup: rbac, kind: 'Group', name: 'devs' }],
        },
      );
      const proxy = await behind.proxy(url);
      // Another name, since refusals are remembered for a moment.
      const headers = { ...jane, 'X-Remote-User': 'joan' };
      expect((await proxy.ask(clusters('demo'), { headers })).code).to.equal(200);
      expect((await proxy.ask(clusters('kd'), { headers })).code).to.equal(403);
      expect((await proxy.ask(`${clusters('demo')}/one`, { headers })).code).to.equal(403);
      expect((await proxy.ask(`${clusters('demo')}/one/scale`, { headers })).code).to.equal(403);
      expect((await proxy.ask(clusters('demo'), { headers, method: 'DELETE' })).code).to.equal(403);
    });

    it('which for metrics is a path of its own (K-080, K-081)', async () => {
      const proxy = await behind.proxy(url);
      expect((await proxy.ask('/metrics', { headers: jane })).code).to.equal(403);
      const { code, text } = await proxy.ask('/metrics', { headers: root });
      expect(code).to.equal(200);
      expect(text).to.match(
        /^apiserver_request_total\{.*resource="kubedirectorclusters".*verb="LIST",code="403"\} \d+$/m,
      );
      // Reviews of tokens and rights, which are answered with what was created.
      expect(text).to.match(/^rest_client_requests_total\{code="201",method="POST",host="127\.0\.0\.1:\d+"\} \d+$/m);
    });
  });

  describe('creates nothing', () => {
    const create = async (namespace: string) =>
      (await behind.proxy(url)).ask(clusters(namespace), {
        headers: root,
        body: clusterDocument('one', { app: 'spark221e2', roles: [{ id: 'controller', members: 1 }] }),
      });

    it('in a namespace that the host does not have (K-455)', async () => {
      const { code, body } = await create('none');
      expect(code).to.equal(404);
      expect(body.message).to.equal('namespaces "none" not found');
    });

    it('but looks again when one has only just been made', async () => {
      await behind.namespace('fresh');
      // Refused for another reason: there is no such app.
      expect((await create('fresh')).body.message).to.match(/spec.app/);
    });

    it('in a namespace that is going (K-456)', async () => {
      await behind.namespace('going');
      const pod = {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { namespace: 'going', name: 'holds', finalizers: ['example.com/wait'] },
      };
      await behind.create(resources.configMaps, pod);
      await behind.delete(resources.namespaces, '', 'going');
      const { body } = await until(async () => {
        const answer = await create('going');
        return answer.code === 403 ? answer : undefined;
      }, 'it is refused');
      expect(body.message).to.match(/unable to create new content in namespace going because it is being terminated$/);
      expect(body.details.causes[0].reason).to.equal('NamespaceTerminating');
    });
  });

  describe('makes its own serving certificate', () => {
    const service = { namespace: systemNamespace, name: 'kubedirector', port: 443 };
    const apiService = (version: string, spec: object) => ({
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: `${version}.kubedirector.bluedata.io` },
      spec: {
        ...{ group: 'kubedirector.bluedata.io', version, groupPriorityMinimum: 1000, versionPriority: 15 },
        ...spec,
      },
    });

    it('and writes its authority into the APIServices that lead to it, and back when somebody takes it out', async () => {
      await behind.delete(resources.apiServices, '', 'v1beta1.kubedirector.bluedata.io').catch(() => {});
      await behind.create(resources.apiServices, apiService('v1beta1', { service, insecureSkipTLSVerify: true }));
      const name = 'v1beta1.kubedirector.bluedata.io';
      const wanted = Buffer.from((await behind.bundle()).cert).toString('base64');
      const spec = async () => (await behind.get(resources.apiServices, '', name)).spec;
      await until(async () => (await spec()).caBundle === wanted, 'the authority is written');
      expect(await spec()).not.to.have.property('insecureSkipTLSVerify');
      await behind.host.patch(
        resources.apiServices,
        { namespace: '', name, type: 'application/merge-patch+json', patch: { spec: { caBundle: null } } },
        AbortSignal.timeout(5000),
      );
      await until(async () => (await spec()).caBundle === wanted, 'the authority is written again');
    });

    it('but not into one that leads elsewhere', async () => {
      const name = 'v1alpha1.kubedirector.bluedata.io';
      await behind.delete(resources.apiServices, '', name).catch(() => {});
      const elsewhere = { service: { ...service, name: 'another' } };
      await behind.create(resources.apiServices, apiService('v1alpha1', elsewhere));
      await behind.host.patch(
        resources.apiServices,
        {
          namespace: '',
          name: 'v1beta1.kubedirector.bluedata.io',
          type: 'application/merge-patch+json',
          patch: { spec: { caBundle: null } },
        },
        AbortSignal.timeout(5000),
      );
      await until(
        async () => (await behind.get(resources.apiServices, '', 'v1beta1.kubedirector.bluedata.io')).spec.caBundle,
        'ours is put right after both were seen',
      );
      expect((await behind.get(resources.apiServices, '', name)).spec).not.to.have.property('caBundle');
    });

    it('which a second replica shares', async () => {
      const second = await behind.serve('second-store-of-its-own');
      const before = await behind.bundle();
      const client = await behind.anonymous(second.url);
      expect((await client.ask('/livez')).code).to.equal(200);
      expect(await behind.bundle()).to.deep.equal(before);
      await second.stop();
    });
  });
});
