/** Reviews: what somebody may do, answered from the same RBAC that decides about requests. */
import { expect } from 'chai';
import type { UserInfo } from '../../apiserver/auth/user.ts';
import { reviews } from '../../deploy/sandbox/kinds/reviews.ts';
import { StatusError } from '../../openapi/machinery/status.ts';
import { type Anything, type Sandbox, sandboxes } from './sandbox.ts';

const aSandbox = sandboxes();
const jane: UserInfo = { name: 'jane', groups: ['ops', 'system:authenticated'] };

/** A sandbox in which the group `ops` may read pods in `default`. */
async function withOps(): Promise<Sandbox> {
  const sandbox = await aSandbox();
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const metadata = { name: 'ops' };
  await sandbox.create({
    apiVersion,
    kind: 'Role',
    metadata,
    rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] }],
  });
  await sandbox.create({
    apiVersion,
    kind: 'RoleBinding',
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'ops' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'ops' }],
  });
  await sandbox.quiet();
  return sandbox;
}

async function ask(sandbox: Sandbox, kind: string, spec: object, namespace = ''): Promise<Anything> {
  const { authorizer } = sandbox.host;
  const kinds = reviews({ authorizer, rulesFor: (user, where) => authorizer.rulesFor(user, where) });
  const review = kinds.find((known) => known.kind === kind);
  const document = { apiVersion: 'v1', kind, metadata: { name: '' }, spec };
  return review?.answer(document, jane, namespace, sandbox.signal);
}

const pods = (verb: string, namespace = 'default') => ({ resourceAttributes: { verb, resource: 'pods', namespace } });

describe('a review', () => {
  it('of oneself tells what the asker may do, through groups too', async () => {
    const sandbox = await withOps();
    expect((await ask(sandbox, 'SelfSubjectAccessReview', pods('list'))).status.allowed).to.equal(true);
    expect((await ask(sandbox, 'SelfSubjectAccessReview', pods('delete'))).status.allowed).to.equal(false);
    expect((await ask(sandbox, 'SelfSubjectAccessReview', pods('list', 'demo'))).status.allowed).to.equal(false);
  });

  it('of a subject tells what that subject may do, not the asker (K-424)', async () => {
    const sandbox = await withOps();
    const about = (subject: object) => ask(sandbox, 'SubjectAccessReview', { ...pods('get'), ...subject });
    expect((await about({ user: 'joe' })).status.allowed).to.equal(false);
    expect((await about({ user: 'joe', groups: ['ops'] })).status.allowed).to.equal(true);
  });

  it('is given back with the question', async () => {
    const { spec } = await ask(await withOps(), 'SelfSubjectAccessReview', pods('get'));
    expect(spec).to.deep.equal(pods('get'));
  });

  it('must name a resource or a path', async () => {
    const sandbox = await withOps();
    const both = { ...pods('get'), nonResourceAttributes: { path: '/healthz', verb: 'get' } };
    for (const spec of [{}, both]) {
      const refused = await ask(sandbox, 'SelfSubjectAccessReview', spec).catch((error: unknown) => error);
      expect(refused).to.be.instanceOf(StatusError).with.property('code', 422);
    }
  });

  it('that is local speaks of its own namespace only', async () => {
    const sandbox = await withOps();
    const local = (namespace: string) =>
      ask(sandbox, 'LocalSubjectAccessReview', { ...pods('get'), user: 'jane', groups: ['ops'] }, namespace);
    expect((await local('default')).status.allowed).to.equal(true);
    expect(await local('demo').catch((error: unknown) => error)).to.be.instanceOf(StatusError);
  });

  it('of rules lists what holds in a namespace', async () => {
    const { status } = await ask(await withOps(), 'SelfSubjectRulesReview', { namespace: 'default' });
    expect(status.resourceRules).to.deep.include({ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] });
    expect(status.incomplete).to.equal(false);
  });

  it('says who is asking', async () => {
    const { status } = await ask(await withOps(), 'SelfSubjectReview', {});
    expect(status.userInfo).to.deep.equal({ username: 'jane', groups: ['ops', 'system:authenticated'] });
  });
});
