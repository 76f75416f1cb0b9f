/** Who may do what, by the roles and bindings that are stored. */
import { expect } from 'chai';
import type { RbacAttributes } from '../../deploy/sandbox/rbac/types.ts';
import { type Anything, aNamespace, type Manifest, type Sandbox, sandboxes } from './sandbox.ts';

const aSandbox = sandboxes();

const apiVersion = 'rbac.authorization.k8s.io/v1';
const aRole = (name: string, rules: object[], namespace?: string): Manifest => ({
  apiVersion,
  kind: namespace ? 'Role' : 'ClusterRole',
  metadata: { name, ...(namespace && { namespace }) },
  rules,
});
const aBinding = (name: string, role: string, subjects: object[], namespace?: string): Manifest => ({
  apiVersion,
  kind: namespace ? 'RoleBinding' : 'ClusterRoleBinding',
  metadata: { name, ...(namespace && { namespace }) },
  roleRef: { kind: role.split('/')[0], name: role.split('/')[1] },
  subjects,
});
const user = (name: string) => ({ kind: 'User', name });

/** `get pods/log/web-0 in demo` or `get /healthz`. */
function wish(name: string, text: string, groups: readonly string[] = []): RbacAttributes {
  const [verb = '', what = '', , namespace = ''] = text.split(' ');
  const nothing = { group: '', version: '', resource: '', subresource: '', namespace: '', name: '' };
  const who = { name, groups };
  if (what.startsWith('/')) return { ...nothing, user: who, verb, isResource: false, path: what };
  const [full = '', object = ''] = what.split(':');
  const [resource = '', subresource = ''] = full.split('/');
  const [plural = '', ...group] = resource.split('.');
  return {
    user: who,
    verb,
    isResource: true,
    group: group.join('.'),
    version: 'v1',
    resource: plural,
    subresource,
    namespace,
    name: object,
    path: '',
  };
}

const may = (sandbox: Sandbox, name: string, text: string, groups: readonly string[] = []): boolean =>
  sandbox.host.authorizer.authorize(wish(name, text, groups)).verdict === 'allow';

const settled = (sandbox: Sandbox) => sandbox.quiet();

describe('a rule', () => {
  const cases: [rule: object, wishes: Record<string, boolean>][] = [
    [
      { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] },
      {
        'get pods': true,
        'get pods:web-0': true,
        'list pods in demo': true,
        'delete pods': false,
        'get pods/log': false,
        'get secrets': false,
        'get pods.apps': false,
      },
    ],
    [
      { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
      { 'fly pods': true, 'get pods/log': true, 'get kites.example.com in demo': true, 'get /healthz': false },
    ],
    [
      { apiGroups: ['apps'], resources: ['*/scale'], verbs: ['update'] },
      {
        'update statefulsets.apps/scale': true,
        'update statefulsets.apps': false,
        'update statefulsets.apps/status': false,
      },
    ],
    [
      { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
      { 'get pods/log': true, 'get pods': false },
    ],
    [
      { apiGroups: [''], resources: ['configmaps'], resourceNames: ['one'], verbs: ['get', 'list', 'create'] },
      {
        'get configmaps:one': true,
        'get configmaps:two': false,
        'list configmaps': false,
        'list configmaps:one': true,
        'create configmaps': false,
      },
    ],
    [
      { nonResourceURLs: ['/version', '/logs/*'], verbs: ['get'] },
      {
        'get /version': true,
        'get /version/': false,
        'get /logs/a/b': true,
        'get /logs': false,
        'post /version': false,
        'get pods': false,
      },
    ],
  ];
  for (const [rule, wishes] of cases)
    it(JSON.stringify(rule), async () => {
      const sandbox = await aSandbox();
      await sandbox.create(aRole('role', [rule]));
      await sandbox.create(aBinding('binding', 'ClusterRole/role', [user('bob')]));
      await settled(sandbox);
      const verdicts = Object.fromEntries(Object.keys(wishes).map((text) => [text, may(sandbox, 'bob', text)]));
      expect(verdicts).to.deep.equal(wishes);
      for (const text of Object.keys(wishes)) expect(may(sandbox, 'carol', text), `carol ${text}`).to.equal(false);
    });
});

describe('a binding', () => {
  const pods = { apiGroups: [''], resources: ['pods'], verbs: ['get'] };

  it('of a namespace counts there only, whatever role it binds', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(aNamespace('demo'));
    await sandbox.create(aRole('local', [pods], 'demo'));
    await sandbox.create(aRole('global', [{ ...pods, resources: ['services'] }]));
    await sandbox.create(aBinding('a', 'Role/local', [user('bob')], 'demo'));
    await sandbox.create(aBinding('b', 'ClusterRole/global', [user('bob')], 'demo'));
    await settled(sandbox);
    expect(may(sandbox, 'bob', 'get pods in demo')).to.equal(true);
    expect(may(sandbox, 'bob', 'get services in demo')).to.equal(true);
    for (const text of ['get pods in default', 'get pods', 'get services'])
      expect(may(sandbox, 'bob', text), text).to.equal(false);
  });

  it('names groups and service accounts too', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(aRole('role', [pods]));
    const robot = { kind: 'ServiceAccount', name: 'robot', namespace: 'default' };
    await sandbox.create(aBinding('a', 'ClusterRole/role', [{ kind: 'Group', name: 'team' }, robot]));
    await settled(sandbox);
    expect(may(sandbox, 'bob', 'get pods', ['team'])).to.equal(true);
    expect(may(sandbox, 'system:serviceaccount:default:robot', 'get pods')).to.equal(true);
    // A user called like a group is no group.
    expect(may(sandbox, 'team', 'get pods')).to.equal(false);
    expect(may(sandbox, 'robot', 'get pods')).to.equal(false);
  });

  it('that is taken away, or whose role changes, counts no more', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(aRole('role', [pods]));
    await sandbox.create(aBinding('a', 'ClusterRole/role', [user('bob')]));
    await sandbox.until('bob may', () => may(sandbox, 'bob', 'get pods'));
    await sandbox.edit('clusterroles', 'role', (role) => {
      role.rules = [];
    });
    await sandbox.until('bob may not', () => !may(sandbox, 'bob', 'get pods'));
    await sandbox.edit('clusterroles', 'role', (role) => {
      role.rules = [pods];
    });
    await sandbox.until('bob may again', () => may(sandbox, 'bob', 'get pods'));
    await sandbox.delete('clusterrolebindings', 'a');
    await sandbox.until('bob may not', () => !may(sandbox, 'bob', 'get pods'));
  });

  it('says what it allowed, and which role is missing', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(aRole('role', [pods], 'default'));
    await sandbox.create(aBinding('good', 'Role/role', [user('bob')], 'default'));
    await sandbox.create(aBinding('bad', 'ClusterRole/none-such', [user('bob')]));
    await settled(sandbox);
    expect(sandbox.host.authorizer.authorize(wish('bob', 'get pods in default'))).to.deep.equal({
      verdict: 'allow',
      reason: 'RBAC: allowed by RoleBinding "good/default" of Role "role" to User "bob"',
    });
    expect(sandbox.host.authorizer.authorize(wish('bob', 'get secrets in default'))).to.deep.equal({
      verdict: 'none',
      reason: 'RBAC: clusterrole.rbac.authorization.k8s.io "none-such" not found',
    });
  });

  it('cannot be pointed at another role', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(aBinding('a', 'ClusterRole/view', [user('bob')]));
    const change = sandbox.edit('clusterrolebindings', 'a', (binding) => {
      binding.roleRef.name = 'cluster-admin';
    });
    expect(await change.catch((error: Error) => error.message)).to.equal(
      'ClusterRoleBinding.rbac.authorization.k8s.io "a" is invalid: roleRef: Invalid value: {"kind":"ClusterRole","name":"cluster-admin","apiGroup":"rbac.authorization.k8s.io"}: cannot change roleRef',
    );
  });
});

describe('an aggregated role', () => {
  const kites = { apiGroups: ['example.com'], resources: ['kites'], verbs: ['get'] };
  const toView = {
    metadata: { name: 'kites-view', labels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } },
  };

  it('has the rules of the roles that it selects, and of those that these select', async () => {
    const sandbox = await aSandbox();
    for (const role of ['view', 'edit', 'admin'])
      await sandbox.create(aBinding(role, `ClusterRole/${role}`, [user(`${role}er`)]));
    await sandbox.create({ ...aRole('kites-view', [kites]), ...toView });
    for (const role of ['view', 'edit', 'admin'])
      await sandbox.until(`${role}ers see kites`, () => may(sandbox, `${role}er`, 'get kites.example.com in default'));
    expect((await sandbox.get('clusterroles', 'view')).rules).to.deep.include(kites);
    await sandbox.delete('clusterroles', 'kites-view');
    await sandbox.until('nobody does', () => !may(sandbox, 'adminer', 'get kites.example.com in default'));
  });
});

describe('the stock roles', () => {
  const table: [string, readonly string[], Record<string, boolean>][] = [
    ['root', ['system:masters'], { 'delete nodes': true, 'get /metrics': true }],
    [
      'anybody',
      ['system:authenticated'],
      {
        'get /apis': true,
        'get /version': true,
        'create selfsubjectaccessreviews.authorization.k8s.io': true,
        'get pods': false,
      },
    ],
    ['nobody', ['system:unauthenticated'], { 'get /version': true, 'get /apis': false }],
    [
      'viewer',
      [],
      {
        'list pods in default': true,
        'get secrets in default': false,
        'create pods in default': false,
        'list kubedirectorclusters.kubedirector.bluedata.io in default': true,
      },
    ],
    [
      'editor',
      [],
      {
        'get secrets in default': true,
        'create pods/exec in default': true,
        'patch kubedirectorclusters.kubedirector.bluedata.io in default': true,
        'create roles.rbac.authorization.k8s.io in default': false,
      },
    ],
    ['adminer', [], { 'create roles.rbac.authorization.k8s.io in default': true, 'delete namespaces': false }],
    [
      'system:serviceaccount:default:kubedirector',
      [],
      {
        'create statefulsets.apps in any': true,
        'patch services in any': true,
        'list pods': true,
        'create pods in any': false,
        'create events in any': true,
        'get secrets in any': false,
        'update leases.coordination.k8s.io in default': true,
        'delete namespaces': false,
      },
    ],
  ];
  for (const [name, groups, wishes] of table)
    it(`let ${name} do what they should`, async () => {
      const sandbox = await aSandbox();
      for (const [role, who] of [
        ['view', 'viewer'],
        ['edit', 'editor'],
        ['admin', 'adminer'],
      ] as const)
        await sandbox.create(aBinding(who, `ClusterRole/${role}`, [user(who)]));
      await settled(sandbox);
      const verdicts = Object.fromEntries(Object.keys(wishes).map((text) => [text, may(sandbox, name, text, groups)]));
      expect(verdicts).to.deep.equal(wishes);
    });
});

describe('a role is refused', () => {
  const refusal = async (manifest: Manifest): Promise<string> => {
    const sandbox = await aSandbox({ controllers: false });
    return sandbox.create(manifest).then(
      () => 'accepted',
      (error: Anything) => error.message.split('is invalid: ')[1],
    );
  };

  for (const [what, manifest, text] of [
    [
      'without verbs',
      aRole('x', [{ apiGroups: [''], resources: ['pods'], verbs: [] }]),
      'rules[0].verbs: Required value: verbs must contain at least one value',
    ],
    [
      'without resources',
      aRole('x', [{ apiGroups: [''], verbs: ['get'] }]),
      'rules[0].resources: Required value: resource rules must supply at least one resource',
    ],
    [
      'that has paths in a namespace',
      aRole('x', [{ nonResourceURLs: ['/x'], verbs: ['get'] }], 'default'),
      'rules[0].nonResourceURLs: Invalid value: ["/x"]: namespaced rules cannot apply to non-resource URLs',
    ],
    [
      'and a binding of an unknown kind',
      aBinding('x', 'Wish/x', []),
      'roleRef.kind: Unsupported value: "Wish": supported values: "ClusterRole"',
    ],
    [
      'and a subject of an unknown kind',
      aBinding('x', 'ClusterRole/x', [{ kind: 'Dog', name: 'rex' }]),
      'subjects[0].kind: Unsupported value: "Dog": supported values: "ServiceAccount", "User", "Group"',
    ],
  ] as const)
    it(what, async () => expect(await refusal(manifest)).to.equal(text));
});

describe('nobody hands on', () => {
  const bob = { name: 'bob', groups: ['dev'] };
  const readPods = { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] };
  const writeRoles = { apiGroups: ['rbac.authorization.k8s.io'], resources: ['*'], verbs: ['create', 'update'] };
  const tried = (sandbox: Sandbox, manifest: Manifest) =>
    sandbox.create(manifest, { user: bob }).then(
      () => 'accepted',
      (error: Error) => error.message,
    );
  const withBob = async (): Promise<Sandbox> => {
    const sandbox = await aSandbox();
    await sandbox.create(aRole('bobs', [readPods, writeRoles]));
    await sandbox.create(aBinding('bobs', 'ClusterRole/bobs', [user('bob')]));
    await settled(sandbox);
    return sandbox;
  };

  it('rights in a role that they do not have', async () => {
    const sandbox = await withBob();
    expect(await tried(sandbox, aRole('fine', [{ ...readPods, resourceNames: ['one'] }]))).to.equal('accepted');
    const more = { apiGroups: ['', 'apps'], resources: ['pods', 'pods/log'], verbs: ['get', 'delete'] };
    expect(await tried(sandbox, aRole('more', [more], 'default'))).to.equal(
      'roles.rbac.authorization.k8s.io "more" is forbidden: user "bob" (groups=["dev"]) is attempting to grant RBAC permissions not currently held:\n' +
        '{APIGroups:[""], Resources:["pods/log"], Verbs:["get" "delete"]}\n' +
        '{APIGroups:["apps"], Resources:["pods"], Verbs:["get" "delete"]}\n' +
        '{APIGroups:["apps"], Resources:["pods/log"], Verbs:["get" "delete"]}\n' +
        '{APIGroups:[""], Resources:["pods"], Verbs:["delete"]}',
    );
    expect(await tried(sandbox, aRole('all', [{ nonResourceURLs: ['*'], verbs: ['get'] }]))).to.contain(
      '{NonResourceURLs:["*"], Verbs:["get"]}',
    );
  });

  it('roles in a binding that allow more than they may', async () => {
    const sandbox = await withBob();
    expect(await tried(sandbox, aBinding('fine', 'ClusterRole/bobs', [user('carol')]))).to.equal('accepted');
    expect(await tried(sandbox, aBinding('more', 'ClusterRole/cluster-admin', [user('bob')]))).to.match(
      /^clusterrolebindings.rbac.authorization.k8s.io "more" is forbidden: user "bob" \(groups=\["dev"\]\) is attempting/,
    );
    expect(await tried(sandbox, aBinding('none', 'ClusterRole/none-such', [user('bob')]))).to.equal(
      'clusterroles.rbac.authorization.k8s.io "none-such" not found',
    );
  });

  it('roles that others may come to fill', async () => {
    const sandbox = await withBob();
    const aggregated = {
      ...aRole('sum', []),
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] },
    };
    expect(await tried(sandbox, aggregated)).to.contain('is attempting to grant RBAC permissions not currently held');
  });

  it('unless they may escalate or bind', async () => {
    const sandbox = await withBob();
    const special = {
      apiGroups: ['rbac.authorization.k8s.io'],
      resources: ['clusterroles'],
      verbs: ['bind', 'escalate'],
    };
    await sandbox.create(aRole('special', [special]));
    await sandbox.create(aBinding('special', 'ClusterRole/special', [user('bob')]));
    await settled(sandbox);
    expect(await tried(sandbox, aRole('x', [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }]))).to.equal(
      'accepted',
    );
    expect(await tried(sandbox, aBinding('y', 'ClusterRole/cluster-admin', [user('bob')]))).to.equal('accepted');
  });
});

describe('authorization', () => {
  it('costs microseconds, however many bindings there are', async function () {
    this.timeout(20_000);
    const sandbox = await aSandbox({ controllers: false });
    for (let i = 0; i < 2000; i += 1)
      await sandbox.create(aBinding(`b-${i}`, 'ClusterRole/view', [user(`user-${i}`)], 'default'));
    await sandbox.create(aBinding('mine', 'ClusterRole/system:aggregate-to-edit', [user('bob')], 'default'));
    await sandbox.until('bob may', () => may(sandbox, 'bob', 'delete pods in default'));
    const question = wish('bob', 'delete pods in default', ['a', 'b', 'system:authenticated']);
    const begin = performance.now();
    const rounds = 20_000;
    for (let i = 0; i < rounds; i += 1) sandbox.host.authorizer.authorize(question);
    expect(((performance.now() - begin) / rounds) * 1000, 'microseconds').to.be.below(50);
  });
});
