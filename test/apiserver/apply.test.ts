/**
 * Server-side apply over HTTP: who owns which field after every kind of write, conflicts, and what becomes of what nobody says any more.
 *
 * How field sets are computed is stated in managedfields/; here it is the whole server that is asked, as kubectl and operators ask it.
 */
import { expect } from 'chai';
import type { Authorizer } from '../../apiserver/auth/authorizer.ts';
import { appDocument, appsPath, clusterDocument, clustersPath, publishedCluster } from '../make/documents.ts';
import { type Answer, startServer, type TestClient, type TestServer } from './serving.ts';

const beta = 'kubedirector.bluedata.io/v1beta1';
const alphaPath = clustersPath.replace('v1beta1', 'v1alpha1');

interface Entry {
  readonly manager: string;
  readonly operation: string;
  readonly apiVersion: string;
  readonly subresource?: string;
  readonly time: string;
  readonly fieldsV1: unknown;
}

describe('apply', () => {
  let server: TestServer;
  let next = 0;

  /** jane may patch, and create nothing. */
  const onlyPatch: Authorizer = {
    authorize: ({ verb }) => ({ verdict: verb === 'patch' || verb === 'get' ? 'allow' : 'none' }),
  };

  before(async () => {
    server = await startServer({ authorizer: onlyPatch });
    const config = { selectedRoles: ['worker'], roleServices: [] };
    const app = appDocument('spark', { roles: [{ id: 'worker', cardinality: '1+' }], config });
    expect((await server.admin.ask(appsPath, { body: app })).code).to.equal(201);
  });
  after(() => server.stop());

  const nameless = (): string => {
    next += 1;
    return `c${next}`;
  };
  const config = (name: string, spec: object, metadata: object = {}): object => ({
    apiVersion: beta,
    kind: 'KubeDirectorCluster',
    metadata: { name, ...metadata },
    spec,
  });
  const apply = (
    body: object | string,
    manager: string,
    query = '',
    by: TestClient = server.admin,
  ): Promise<Answer> => {
    const { name } = (typeof body === 'string' ? JSON.parse(body) : body).metadata;
    const path = `${clustersPath}/${name}?fieldManager=${manager}${query}`;
    return by.ask(path, { method: 'PATCH', type: 'application/apply-patch+yaml', body });
  };
  const roles = (members: number) => [{ id: 'worker', members }];
  const whole = (members = 2) => ({ app: 'spark', roles: roles(members) });
  const entries = async (name: string): Promise<Entry[]> =>
    (await server.admin.ask(`${clustersPath}/${name}`)).body.metadata.managedFields ?? [];
  const owners = async (name: string): Promise<string[]> =>
    (await entries(name)).map(({ manager, operation, subresource = '' }) =>
      `${operation} ${manager} ${subresource}`.trim(),
    );
  const fieldsOf = async (name: string, manager: string): Promise<unknown> =>
    (await entries(name)).find((entry) => entry.manager === manager)?.fieldsV1;
  const merge = (name: string, body: object, manager = 'upd') =>
    server.admin.ask(`${clustersPath}/${name}?fieldManager=${manager}`, {
      method: 'PATCH',
      type: 'application/merge-patch+json',
      body,
    });

  describe('of what is not there', () => {
    it('creates it, and its manager owns what it said (K-261, K-264, K-274, K-275)', async () => {
      const name = nameless();
      const { code, body } = await apply(config(name, whole(), { labels: { a: '1' } }), 'm1');
      expect(code, JSON.stringify(body)).to.equal(201);
      expect(body.spec.roles[0].members).to.equal(2);
      const [entry] = await entries(name);
      expect(entry).to.deep.include({ manager: 'm1', operation: 'Apply', apiVersion: beta, fieldsType: 'FieldsV1' });
      expect(entry!.fieldsV1).to.deep.equal({
        'f:metadata': { 'f:labels': { 'f:a': {} } },
        'f:spec': {
          'f:app': {},
          'f:roles': { 'k:{"id":"worker"}': { '.': {}, 'f:id': {}, 'f:members': {} } },
        },
      });
    });

    it('needs the right to create (K-261)', async () => {
      const jane = await server.as('jane');
      const { code, body } = await apply(config(nameless(), whole()), 'm1', '', jane);
      expect(code).to.equal(403);
      expect(body.message).to.contain('User "jane" cannot create resource "kubedirectorclusters"');
    });

    it('refuses a uid, for it means another object (K-261)', async () => {
      const { code, body } = await apply(config(nameless(), whole(), { uid: 'u1' }), 'm1');
      expect(code).to.equal(409);
      expect(body.message).to.match(
        /uid mismatch: the provided object specified uid u1, and no existing object was found$/,
      );
    });

    it('is 404 for its status', async () => {
      const { code } = await server.admin.ask(`${clustersPath}/none/status?fieldManager=m1`, {
        method: 'PATCH',
        type: 'application/apply-patch+yaml',
        body: config('none', {}),
      });
      expect(code).to.equal(404);
    });

    it('makes nothing in a dry run', async () => {
      const name = nameless();
      expect((await apply(config(name, whole()), 'm1', '&dryRun=All')).code).to.equal(201);
      expect((await server.admin.ask(`${clustersPath}/${name}`)).code).to.equal(404);
    });
  });

  describe('again', () => {
    it('changes nothing when nothing is said anew: neither revision nor time (K-262)', async () => {
      const name = nameless();
      const first = (await apply(config(name, whole()), 'm1')).body.metadata;
      const { code, body } = await apply(config(name, whole()), 'm1');
      expect(code).to.equal(200);
      expect(body.metadata).to.deep.equal(first);
    });

    it('removes what the manager no longer says and nobody else owns (K-264)', async () => {
      const name = nameless();
      await apply(config(name, whole(), { labels: { mine: '1', ours: '1' } }), 'm1');
      await apply(config(name, {}, { labels: { ours: '1' } }), 'm2');
      const { body } = await apply(config(name, whole()), 'm1');
      expect(body.metadata.labels).to.deep.equal({ ours: '1' });
    });

    it('in YAML is the same as in JSON (K-257)', async () => {
      const name = nameless();
      const yaml = `apiVersion: ${beta}\nkind: KubeDirectorCluster\nmetadata:\n  name: ${name}\nspec:\n  app: spark\n  roles:\n  - id: worker\n    members: 3\n`;
      const { code, body } = await server.admin.ask(`${clustersPath}/${name}?fieldManager=m1`, {
        method: 'PATCH',
        type: 'application/apply-patch+yaml',
        body: yaml,
      });
      expect(code).to.equal(201);
      expect(body.spec.roles).to.deep.equal([{ id: 'worker', members: 3 }]);
    });
  });

  describe('of a value that somebody else set otherwise', () => {
    it('is refused, naming owner and field (K-265, K-266, K-268)', async () => {
      const name = nameless();
      await apply(config(name, whole(2)), 'm1');
      const { code, body } = await apply(config(name, { roles: roles(3) }), 'm2');
      expect(code).to.equal(409);
      expect(body.reason).to.equal('Conflict');
      const field = '.spec.roles[id="worker"].members';
      expect(body.message).to.equal(`Apply failed with 1 conflict: conflict with "m1": ${field}`);
      expect(body.details).to.deep.equal({
        causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "m1"', field }],
      });
    });

    it('names the version of whoever set it by an update (K-267)', async () => {
      const name = nameless();
      await server.admin.ask(`${clustersPath}?fieldManager=maker`, { body: clusterDocument(name, whole()) });
      const { body } = await apply(config(name, { roles: roles(7) }), 'm2');
      expect(body.message).to.contain(`conflict with "maker" using ${beta}: .spec.roles[id="worker"].members`);
    });

    it('takes it over by force (K-270)', async () => {
      const name = nameless();
      await apply(config(name, whole(2)), 'm1');
      const { code, body } = await apply(config(name, { roles: roles(3) }), 'm2', '&force=true');
      expect(code).to.equal(200);
      expect(body.spec.roles[0].members).to.equal(3);
      expect(await fieldsOf(name, 'm1')).to.deep.equal({
        'f:spec': { 'f:app': {}, 'f:roles': { 'k:{"id":"worker"}': { '.': {}, 'f:id': {} } } },
      });
    });

    it('is no conflict where the value is the same: both own it (K-265)', async () => {
      const name = nameless();
      await apply(config(name, whole(2)), 'm1');
      expect((await apply(config(name, { roles: roles(2) }), 'm2')).code).to.equal(200);
      expect(await owners(name)).to.have.members(['Apply m1', 'Apply m2']);
    });
  });

  describe('is refused', () => {
    const cases: [
      title: string,
      change: (name: string) => { body: object; manager?: string; query?: string },
      code: number,
      text: RegExp,
    ][] = [
      [
        'without a manager (K-257)',
        (name) => ({ body: config(name, whole()), manager: '' }),
        422,
        /^PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch$/,
      ],
      [
        'for another kind (K-258)',
        (name) => ({ body: { ...config(name, whole()), kind: 'Deployment', apiVersion: 'apps/v1' } }),
        400,
        /invalid object type: apps\/v1, Kind=Deployment/,
      ],
      [
        'with managedFields, even none (K-259)',
        (name) => ({ body: config(name, whole(), { managedFields: [] }) }),
        400,
        /^metadata.managedFields must be nil$/,
      ],
      [
        'with a field that there is not (K-263)',
        (name) => ({ body: config(name, { ...whole(), zork: 1 }) }),
        400,
        /failed to create typed patch object \(.*; kubedirector.bluedata.io\/v1beta1, Kind=KubeDirectorCluster\): \.spec\.zork: field not declared in schema/,
      ],
      [
        'with one role twice (K-286)',
        (name) => ({ body: config(name, { app: 'spark', roles: [...roles(1), ...roles(2)] }) }),
        400,
        /\.spec\.roles: duplicate entries for key \[id="worker"\]/,
      ],
      [
        'with what the kind does not allow, like any other write',
        (name) => ({ body: config(name, { app: 'none-such', roles: [] }) }),
        422,
        /spec\.app/,
      ],
    ];
    for (const [title, change, code, text] of cases)
      it(title, async () => {
        const { body, manager = 'm1', query = '' } = change(nameless());
        const answer = await apply(body, manager, query);
        expect(answer.code, answer.text).to.equal(code);
        expect(answer.body.message).to.match(text);
      });

    it('where it is not YAML (K-260)', async () => {
      const { code, body } = await server.admin.ask(`${clustersPath}/x?fieldManager=m1`, {
        method: 'PATCH',
        type: 'application/apply-patch+yaml',
        body: 'a: [b',
      });
      expect(code).to.equal(400);
      expect(body.message).to.match(/^error decoding YAML: /);
    });
  });

  describe('to a scale (K-283)', () => {
    const scale = (name: string, replicas: number | undefined, manager: string, query = '') =>
      server.admin.ask(`${clustersPath}/${name}/scale?fieldManager=${manager}${query}`, {
        method: 'PATCH',
        type: 'application/apply-patch+yaml',
        body: { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name }, spec: { replicas } },
      });
    const made = async (): Promise<string> => {
      const name = nameless();
      await apply(config(name, whole(2)), 'm1');
      return name;
    };

    it('conflicts with whoever owns the members, in the words of a scale', async () => {
      const { code, body } = await scale(await made(), 3, 'hpa');
      expect(code, JSON.stringify(body)).to.equal(409);
      expect(body.message).to.equal('Apply failed with 1 conflict: conflict with "m1": .spec.replicas');
    });

    it('by force takes them, and owns them in the cluster', async () => {
      const name = await made();
      const { code, body } = await scale(name, 3, 'hpa', '&force=true');
      expect([code, body.spec.replicas]).to.deep.equal([200, 3]);
      expect(body.metadata).not.to.have.property('managedFields');
      expect(await owners(name)).to.have.members(['Apply m1', 'Apply hpa scale']);
      expect(await fieldsOf(name, 'hpa')).to.deep.equal({
        'f:spec': { 'f:roles': { 'k:{"id":"worker"}': { 'f:members': {} } } },
      });
      expect(await fieldsOf(name, 'm1')).not.to.have.nested.property('f:spec.f:roles.k:{"id":"worker"}.f:members');
      const refused = await apply(config(name, whole(2)), 'm1');
      expect(refused.body.message).to.equal(
        'Apply failed with 1 conflict: conflict with "hpa" with subresource "scale": .spec.roles[id="worker"].members',
      );
    });

    it('of the same number is shared, and again changes nothing', async () => {
      const name = await made();
      expect((await scale(name, 2, 'hpa')).code).to.equal(200);
      expect(await owners(name)).to.have.members(['Apply m1', 'Apply hpa scale']);
      const { resourceVersion } = (await server.admin.ask(`${clustersPath}/${name}`)).body.metadata;
      await scale(name, 2, 'hpa');
      expect((await server.admin.ask(`${clustersPath}/${name}`)).body.metadata.resourceVersion).to.equal(
        resourceVersion,
      );
    });

    it('is 404 where there is no cluster (K-261)', async () => {
      expect((await scale('none', 2, 'hpa')).code).to.equal(404);
    });
  });

  describe('beside other writes:', () => {
    it('an update owns what it changes, and nothing else (K-271, K-277)', async () => {
      const name = nameless();
      await apply(config(name, whole(2), { labels: { a: '1' } }), 'm1');
      await merge(name, { metadata: { labels: { b: '2' } } });
      expect(await fieldsOf(name, 'upd')).to.deep.equal({ 'f:metadata': { 'f:labels': { 'f:b': {} } } });
      await merge(name, { metadata: { labels: { a: '3' } } });
      expect(await fieldsOf(name, 'm1')).to.not.have.nested.property('f:metadata');
    });

    it('whoever names no manager is called by the program (K-271)', async () => {
      const name = nameless();
      await server.admin.ask(clustersPath, {
        body: clusterDocument(name, whole()),
        headers: { 'user-agent': 'kubectl/v1.35.0 (linux/amd64)' },
      });
      expect(await owners(name)).to.deep.equal(['Update kubectl']);
    });

    it('a scale owns the members of its role, under its own name (K-283)', async () => {
      const name = nameless();
      await apply(config(name, whole(2)), 'm1');
      const { code } = await server.admin.ask(`${clustersPath}/${name}/scale?fieldManager=hpa`, {
        method: 'PATCH',
        type: 'application/merge-patch+json',
        body: { spec: { replicas: 5 } },
      });
      expect(code).to.equal(200);
      expect(await owners(name)).to.have.members(['Apply m1', 'Update hpa scale']);
      const { body } = await apply(config(name, whole(2)), 'm1');
      expect(body.message).to.contain(`conflict with "hpa" with subresource "scale" using ${beta}`);
    });

    it('the main path never owns status, and the status path owns nothing else (K-273)', async () => {
      const name = nameless();
      await apply(config(name, whole(2)), 'm1');
      const status = await server.admin.ask(`${clustersPath}/${name}/status?fieldManager=rec`, {
        method: 'PATCH',
        type: 'application/merge-patch+json',
        body: { metadata: { labels: { no: '1' } }, status: { state: 'creating' } },
      });
      expect(status.code).to.equal(200);
      expect(await fieldsOf(name, 'rec')).to.deep.equal({ 'f:status': { 'f:state': {} } });
      expect(await owners(name)).to.have.members(['Apply m1', 'Update rec status']);
    });

    it('a status can be applied (K-273)', async () => {
      const name = nameless();
      await apply(config(name, whole(2)), 'm1');
      const answer = await server.admin.ask(`${clustersPath}/${name}/status?fieldManager=rec`, {
        method: 'PATCH',
        type: 'application/apply-patch+yaml',
        body: { ...config(name, { app: 'other' }), status: { state: 'creating' } },
      });
      expect(answer.code, answer.text).to.equal(200);
      expect([answer.body.status.state, answer.body.spec.app]).to.deep.equal(['creating', 'spark']);
      expect(await fieldsOf(name, 'rec')).to.deep.equal({ 'f:status': { 'f:state': {} } });
    });

    it('one empty entry clears ownership, and none at all leaves it as it is (K-252, K-281)', async () => {
      const name = nameless();
      await apply(config(name, whole(2)), 'm1');
      await merge(name, { metadata: { managedFields: [] } });
      expect(await owners(name)).to.deep.equal(['Apply m1']);
      await merge(name, { metadata: { managedFields: [{}] } });
      expect(await owners(name)).to.deep.equal([]);
    });

    it('what was there before the first apply belongs to its past (K-280)', async () => {
      const name = nameless();
      await apply(config(name, whole(2)), 'm1');
      await merge(name, { metadata: { managedFields: [{}] } });
      const { body } = await apply(config(name, { roles: roles(4) }), 'm2');
      expect(body.message).to.contain(`conflict with "before-first-apply" using ${beta}`);
    });
  });

  describe('in several versions (K-282)', () => {
    const published = (name: string, replicas: number) => ({
      ...publishedCluster(name, { app: 'spark', roles: [{ name: 'worker', replicas }] }),
    });
    const applyAlpha = (body: object, name: string, manager: string) =>
      server.admin.ask(`${alphaPath}/${name}?fieldManager=${manager}`, {
        method: 'PATCH',
        type: 'application/apply-patch+yaml',
        body,
      });

    it('a manager that goes on in another version does not conflict with itself', async () => {
      const name = nameless();
      expect((await applyAlpha(published(name, 2), name, 'm1')).code).to.equal(201);
      const { code, body } = await apply(config(name, whole(3)), 'm1');
      expect(code, JSON.stringify(body)).to.equal(200);
      expect((await entries(name)).map(({ apiVersion }) => apiVersion)).to.deep.equal([beta]);
    });

    it('others conflict with it, in the words of the version in which it owns', async () => {
      const name = nameless();
      await applyAlpha(published(name, 2), name, 'm1');
      const { code, body } = await apply(config(name, { roles: roles(3) }), 'm2');
      expect(code).to.equal(409);
      expect(body.message).to.equal(
        'Apply failed with 1 conflict: conflict with "m1": .spec.roles[name="worker"].replicas',
      );
    });

    it('older spellings are applied in those of the version', async () => {
      const name = nameless();
      const old = publishedCluster(name, { app: 'spark', roles: [{ id: 'worker', members: 2 }] });
      const { code, body } = await applyAlpha(old, name, 'm1');
      expect(code, JSON.stringify(body)).to.equal(201);
      expect(body.spec.roles).to.deep.equal([{ name: 'worker', replicas: 2 }]);
    });
  });
});
