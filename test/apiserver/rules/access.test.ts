/**
 * What a cluster names must be the user's to use: otherwise people would obtain through KubeDirector what they may not have.
 */
import { expect } from 'chai';
import type { AuthorizationAttributes, Authorizer } from '../../../apiserver/auth/authorizer.ts';
import { StatusError } from '../../../openapi/machinery/status.ts';
import { appDocument, appsPath, clusterDocument, clustersPath } from '../../make/documents.ts';
import { type Answer, startServer, type TestClient, type TestServer } from '../serving.ts';

/** Everybody may write clusters; all else is granted, as `VERB RESOURCE/NAME`. */
class Grants implements Authorizer {
  readonly granted = new Set<string>();
  asked: string[] = [];
  down = false;

  authorize({ user, verb, group, resource, namespace, name }: AuthorizationAttributes) {
    const toCluster = group === 'kubedirector.bluedata.io';
    if (toCluster && verb !== 'get') return { verdict: 'allow' } as const;
    if (this.down) throw StatusError.unavailable('the host does not answer');
    this.asked.push(`${user.name}: ${verb} ${resource}/${name} in ${namespace}`);
    return this.granted.has(`${verb} ${resource}/${name}`)
      ? ({ verdict: 'allow' } as const)
      : ({ verdict: 'none', reason: 'RBAC says no' } as const);
  }
}

const worker = (more: object, spec: object = {}) => ({ roles: [{ id: 'head' }, { id: 'worker', ...more }], ...spec });
const site = { name: 'site', mountPath: '/etc/site' };

describe('what a cluster names', () => {
  let server: TestServer;
  let jane: TestClient;
  const grants = new Grants();
  before(async () => {
    server = await startServer({ authorizer: grants });
    jane = await server.as('jane', 'devs');
    await server.admin.ask(appsPath, { body: appDocument() });
  });
  after(() => server.stop());
  beforeEach(() => {
    grants.granted.clear();
    grants.asked = [];
  });
  afterEach(() => server.admin.ask(clustersPath, { method: 'DELETE' }));

  const create = (who: TestClient, spec: object, query = ''): Promise<Answer> =>
    who.ask(clustersPath + query, { body: clusterDocument('demo', spec) });
  const patch = (who: TestClient, spec: object, path = ''): Promise<Answer> =>
    who.ask(`${clustersPath}/demo${path}`, { method: 'PATCH', body: { spec }, type: 'application/merge-patch+json' });

  for (const [what, right, field, spec] of [
    ['a Secret that is mounted', 'get secrets/site', 'spec.roles[1].secret.name', worker({ secret: site })],
    ['a Secret that is mounted by default', 'get secrets/site', 'spec.defaultSecret.name', { defaultSecret: site }],
    [
      'a Secret that it connects to',
      'get secrets/site',
      'spec.connections.secrets[0]',
      { connections: { secrets: ['site'] } },
    ],
    [
      'a ConfigMap that it connects to',
      'get configmaps/site',
      'spec.connections.configmaps[0]',
      { connections: { configmaps: ['site'] } },
    ],
    [
      'a Secret that a variable comes from',
      'get secrets/site',
      'spec.roles[1].env[0].valueFrom.secretKeyRef.name',
      worker({ env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'site', key: 'a' } } }] }),
    ],
    [
      'a ConfigMap that a variable comes from',
      'get configmaps/site',
      'spec.roles[1].env[0].valueFrom.configMapKeyRef.name',
      worker({ env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'site', key: 'a' } } }] }),
    ],
    [
      'a cluster that it connects to',
      'get kubedirectorclusters/site',
      'spec.connections.clusters[0]',
      { connections: { clusters: ['site'] } },
    ],
    [
      'a claim that is mounted',
      'get persistentvolumeclaims/site',
      'spec.roles[1].volumeProjections[0].pvcName',
      worker({ volumeProjections: [{ pvcName: 'site', mountPath: '/site' }] }),
    ],
    [
      'a service account that members run as',
      'impersonate serviceaccounts/site',
      'spec.roles[1].serviceAccountName',
      worker({ serviceAccountName: 'site' }),
    ],
  ] as const) {
    const [verb, object = ''] = right.split(' ');
    const [resource] = object.split('/');
    const group = resource === 'kubedirectorclusters' ? 'kubedirector.bluedata.io' : '';

    it(`is ${what}: refused to users who may not ${right}`, async () => {
      const { code, body } = await create(jane, spec);
      const qualified = group ? `${resource}.${group}` : resource;
      const sentence = `${qualified} "site" is forbidden: User "jane" cannot ${verb} resource "${resource}" in API group "${group}" in the namespace "default": RBAC says no`;
      expect(code).to.equal(403);
      expect(body.reason).to.equal('Forbidden');
      expect(body.message).to.equal(
        `kubedirectorclusters.kubedirector.bluedata.io "demo" is forbidden: ${field}: ${sentence}`,
      );
      expect(body.details.causes).to.deep.equal([{ reason: 'FieldValueForbidden', message: sentence, field }]);
      expect((await server.admin.ask(`${clustersPath}/demo`)).code).to.equal(404);
    });

    it(`is ${what}: allowed to users who may ${right}`, async () => {
      grants.granted.add(right);
      const { code, text } = await create(jane, spec);
      expect(code, text).to.equal(201);
    });

    it(`is ${what}: judged when it is added later, too`, async () => {
      await create(jane, {});
      expect((await patch(jane, spec)).code).to.equal(403);
      grants.granted.add(right);
      const { code, text } = await patch(jane, spec);
      expect(code, text).to.equal(200);
    });
  }

  it('is judged in a dry run, which would tell as much', async () => {
    expect((await create(jane, { defaultSecret: site }, '?dryRun=All')).code).to.equal(403);
  });

  it('is refused all at once', async () => {
    const { body } = await create(jane, worker({ serviceAccountName: 'runner' }, { defaultSecret: site }));
    expect(body.details.causes.map(({ field }: { field: string }) => field)).to.deep.equal([
      'spec.defaultSecret.name',
      'spec.roles[1].serviceAccountName',
    ]);
  });

  it('is asked about once, in the namespace of the cluster, as the user', async () => {
    grants.granted.add('get secrets/site');
    await create(jane, worker({ secret: { ...site, mountPath: '/a' } }, { defaultSecret: site }));
    expect(grants.asked).to.deep.equal(['jane: get secrets/site in default']);
  });

  it('is anything, for members of system:masters', async () => {
    expect(
      (await create(server.admin, worker({ serviceAccountName: 'runner' }, { defaultSecret: site }))).code,
    ).to.equal(201);
  });

  it('is neither allowed nor refused when nobody can tell', async () => {
    grants.down = true;
    const { code, body } = await create(jane, { defaultSecret: site });
    grants.down = false;
    expect(code).to.equal(503);
    expect(body.reason).to.equal('ServiceUnavailable');
    expect((await server.admin.ask(`${clustersPath}/demo`)).code).to.equal(404);
  });

  it('does not hold up the deletion of the cluster', async () => {
    await create(server.admin, { defaultSecret: site });
    expect((await jane.ask(`${clustersPath}/demo`, { method: 'DELETE' })).code).to.equal(200);
  });

  describe('once somebody who may has named it', () => {
    beforeEach(async () => {
      await create(server.admin, worker({ serviceAccountName: 'runner', members: 1 }, { defaultSecret: site }));
      grants.asked = [];
    });
    afterEach(() =>
      expect(grants.asked.filter((question) => !question.includes('kubedirectorclusters'))).to.deep.equal([]),
    );

    it('keeps nobody from scaling', async () => {
      const { code, text } = await patch(jane, { replicas: 4 }, '/scale');
      expect(code, text).to.equal(200);
    });

    it('keeps nobody from patching something else', async () => {
      const roles = worker({ serviceAccountName: 'runner', members: 2 });
      const { code, text } = await patch(jane, { ...roles, serviceType: 'ClusterIP' });
      expect(code, text).to.equal(200);
    });

    it('keeps nobody from sending back what they read', async () => {
      const { body } = await server.admin.ask(`${clustersPath}/demo`);
      const { code } = await jane.ask(`${clustersPath}/demo`, {
        method: 'PUT',
        body: { ...body, spec: { ...body.spec, serviceType: 'ClusterIP' } },
      });
      expect(code).to.equal(200);
    });

    it('keeps nobody from taking it out', async () => {
      expect((await patch(jane, { defaultSecret: null })).code).to.equal(200);
    });
  });

  describe('by one of its keys', () => {
    const variable = (key: string, name = 'A') =>
      worker({ env: [{ name, valueFrom: { secretKeyRef: { name: 'site', key } } }] });
    const field = (body: Answer['body']) => body.details.causes.map((cause: { field: string }) => cause.field);
    beforeEach(() => create(server.admin, variable('user')));

    it('is judged anew when it is another key', async () => {
      const refused = await patch(jane, variable('password'));
      expect(refused.code, refused.text).to.equal(403);
      expect(field(refused.body)).to.deep.equal(['spec.roles[1].env[0].valueFrom.secretKeyRef.name']);
      grants.granted.add('get secrets/site');
      expect((await patch(jane, variable('password'))).code).to.equal(200);
    });

    for (const [what, spec, at] of [
      ['mounted', worker({ secret: site }), 'spec.roles[1].secret.name'],
      ['connected to', worker({}, { connections: { secrets: ['site'] } }), 'spec.connections.secrets[0]'],
    ] as const)
      it(`is judged anew when all of it is ${what}`, async () => {
        const refused = await patch(jane, spec);
        expect(refused.code, refused.text).to.equal(403);
        expect(field(refused.body)).to.deep.equal([at]);
      });

    it('is not judged anew when the same key goes by another name', async () => {
      const { code, text } = await patch(jane, variable('user', 'B'));
      expect(code, text).to.equal(200);
    });

    it('is not judged anew where all of it was named before', async () => {
      await patch(server.admin, { defaultSecret: site });
      const { code, text } = await patch(jane, variable('password'));
      expect(code, text).to.equal(200);
    });
  });

  it('is new again once it was taken out', async () => {
    await create(server.admin, { defaultSecret: site });
    await patch(jane, { defaultSecret: null });
    expect((await patch(jane, { defaultSecret: site })).code).to.equal(403);
  });
});
