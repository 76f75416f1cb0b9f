/**
 * Secrets that secret values come from: whoever writes a cluster gets to members, and so to the value, what they may read themselves, and
 * nothing else, whatever way they write and whatever stood there before.
 */
import { expect } from 'chai';
import type { AuthorizationAttributes, Authorizer } from '../../../apiserver/auth/authorizer.ts';
import { decryptSecretValue } from '../../../openapi/secret-values.ts';
import { appDocument, appsPath, clusterDocument, clustersPath, publishedCluster } from '../../make/documents.ts';
import { type Answer, type Ask, startServer, type TestClient, type TestServer } from '../serving.ts';

/** Jane may write clusters everywhere, and read the Secrets that are listed, as NAMESPACE/NAME. */
class Readable implements Authorizer {
  readonly secrets = new Set<string>();

  authorize({ resource, namespace, name, verb }: AuthorizationAttributes) {
    if (resource !== 'secrets') return { verdict: 'allow' } as const;
    return verb === 'get' && this.secrets.has(`${namespace}/${name}`)
      ? ({ verdict: 'allow' } as const)
      : ({ verdict: 'none', reason: 'RBAC says no' } as const);
  }
}

const configsPath = clustersPath.replace('kubedirectorclusters', 'kubedirectorconfigs');
const mergePatch = 'application/merge-patch+json';
const jsonPatch = 'application/json-patch+json';
const apply = 'application/apply-patch+yaml';
const publishedForm = (path: string) => path.replace('/v1beta1/', '/v1alpha1/');
const inTeam = (path: string) => path.replace('/default/', '/team/');

const taken = (name = 'site', key = 'user') => ({ name: 'login', valueFrom: { secretKeyRef: { name, key } } });
const taking = (keys: readonly object[], more: object = {}) =>
  clusterDocument('demo', { roles: [{ id: 'head' }, { id: 'worker', secretKeys: keys, ...more }] });
const takingAsPublished = (keys: readonly object[]) =>
  publishedCluster('demo', {
    roles: [
      { name: 'head', replicas: 1 },
      { name: 'worker', replicas: 1, secretKeys: keys },
    ],
  });
const demo = `${clustersPath}/demo`;
const keysAt = '/spec/roles/1/secretKeys';
const refAt = `${keysAt}/0/valueFrom/secretKeyRef`;

describe('a Secret that a secret value comes from', () => {
  let server: TestServer;
  let jane: TestClient;
  const readable = new Readable();
  before(async () => {
    server = await startServer({ authorizer: readable });
    jane = await server.as('jane', 'devs');
    await server.admin.ask(appsPath, { body: appDocument() });
    await server.admin.ask(inTeam(appsPath), { body: appDocument() });
  });
  after(() => server.stop());
  beforeEach(() => readable.secrets.clear());
  afterEach(async () => {
    await server.admin.ask(clustersPath, { method: 'DELETE' });
    await server.admin.ask(inTeam(clustersPath), { method: 'DELETE' });
  });

  const stored = async (who = server.admin, path = demo) => (await who.ask(path)).body;
  const put = async (document: object, path = demo, method = 'PUT'): Promise<Ask> => {
    const { resourceVersion } = (await stored(server.admin, path)).metadata;
    return { method, body: { ...document, metadata: { name: 'demo', resourceVersion } } };
  };
  const patched = (type: string, body: unknown): Ask => ({ method: 'PATCH', type, body });

  /** Ways to a Secret that somebody else's cluster does not name. */
  const creations: Readonly<Record<string, () => Promise<Answer>>> = {
    POST: () => jane.ask(clustersPath, { body: taking([taken()]) }),
    'POST in v1alpha1': () => jane.ask(publishedForm(clustersPath), { body: takingAsPublished([taken()]) }),
    'a dry run': () => jane.ask(`${clustersPath}?dryRun=All`, { body: taking([taken()]) }),
    apply: () => jane.ask(`${demo}?fieldManager=me`, patched(apply, taking([taken()]))),
    'apply in v1alpha1': () =>
      jane.ask(`${publishedForm(demo)}?fieldManager=me`, patched(apply, takingAsPublished([taken()]))),
  };
  for (const [how, write] of Object.entries(creations))
    it(`cannot be had by ${how} by those who may not read it`, async () => {
      const refused = await write();
      expect(refused.code, refused.text).to.equal(403);
      const [cause] = refused.body.details.causes;
      expect(cause.field).to.equal('spec.roles[1].secretKeys[0].valueFrom.secretKeyRef.name');
      expect(cause.message).to.contain('secrets "site" is forbidden: User "jane" cannot get resource "secrets"');
      expect((await server.admin.ask(demo)).code).to.equal(404);
      readable.secrets.add('default/site');
      const taken = await write();
      expect(taken.code, taken.text).to.equal(201);
    });

  /** Changes to a cluster of somebody else's, which takes the key `user` of the Secret `site`. */
  const changes: Readonly<Record<string, (name: string, key: string) => Promise<Answer>>> = {
    PUT: async (name, key) => jane.ask(demo, await put(taking([taken(name, key)]))),
    'PUT in v1alpha1': async (name, key) =>
      jane.ask(publishedForm(demo), await put(takingAsPublished([taken(name, key)]), publishedForm(demo))),
    'PUT of a key of another name': async (name, key) =>
      jane.ask(demo, await put(taking([taken(), { ...taken(name, key), name: 'second' }]))),
    'PUT of a key of another role': async (name, key) => {
      const { spec } = await stored();
      const [head, worker] = spec.roles;
      return jane.ask(
        demo,
        await put({
          ...(await stored()),
          spec: { ...spec, roles: [{ ...head, secretKeys: [taken(name, key)] }, worker] },
        }),
      );
    },
    'a merge patch': (name, key) => jane.ask(demo, patched(mergePatch, { spec: taking([taken(name, key)]).spec })),
    'a merge patch in v1alpha1': (name, key) =>
      jane.ask(publishedForm(demo), patched(mergePatch, { spec: takingAsPublished([taken(name, key)]).spec })),
    'a JSON patch': (name, key) =>
      jane.ask(
        demo,
        patched(jsonPatch, [
          { op: 'replace', path: `${refAt}/name`, value: name },
          { op: 'replace', path: `${refAt}/key`, value: key },
        ]),
      ),
    'a JSON patch that adds': (name, key) =>
      jane.ask(
        demo,
        patched(jsonPatch, [{ op: 'add', path: `${keysAt}/-`, value: { ...taken(name, key), name: 'b' } }]),
      ),
    'a JSON patch in v1alpha1': (name, key) =>
      jane.ask(publishedForm(demo), patched(jsonPatch, [{ op: 'replace', path: refAt, value: { name, key } }])),
    'apply by force': (name, key) =>
      jane.ask(`${demo}?fieldManager=me&force=true`, patched(apply, taking([taken(name, key)]))),
    'apply by force in v1alpha1': (name, key) =>
      jane.ask(
        `${publishedForm(demo)}?fieldManager=me&force=true`,
        patched(apply, takingAsPublished([taken(name, key)])),
      ),
  };
  for (const [how, write] of Object.entries(changes))
    for (const [what, name, key] of [
      ['another Secret', 'other', 'user'],
      ['another key of it', 'site', 'password'],
    ] as const)
      it(`cannot be made ${what} by ${how} by those who may not read that`, async () => {
        await server.admin.ask(clustersPath, { body: taking([taken()]) });
        const { spec } = await stored();
        const refused = await write(name, key);
        expect(refused.code, refused.text).to.equal(403);
        expect(refused.body.message).to.contain(`secrets "${name}" is forbidden: User "jane" cannot get`);
        expect((await stored()).spec).to.deep.equal(spec);
        readable.secrets.add(`default/${name}`);
        const changed = await write(name, key);
        expect(changed.code, changed.text).to.equal(200);
        expect(JSON.stringify((await stored()).spec)).to.contain(JSON.stringify({ name, key }).slice(1, -1));
      });

  it('cannot be had in a copy of the cluster, be it after it is deleted or in another namespace', async () => {
    await server.admin.ask(clustersPath, { body: taking([taken()]) });
    const { spec } = await stored(jane);
    const copy = (path: string, name: string) => jane.ask(path, { body: { ...taking([]), metadata: { name }, spec } });
    expect((await copy(clustersPath, 'copy')).code).to.equal(403);
    await jane.ask(demo, { method: 'DELETE' });
    expect((await copy(clustersPath, 'demo')).code).to.equal(403);
    readable.secrets.add('default/site');
    const elsewhere = await copy(inTeam(clustersPath), 'demo');
    expect(elsewhere.code, elsewhere.text).to.equal(403);
    expect(elsewhere.body.message).to.contain('in the namespace "team"');
  });

  it('cannot be named through status or scale', async () => {
    await server.admin.ask(clustersPath, { body: taking([taken()]) });
    const { spec } = await stored();
    const named = taking([taken('other')]);
    for (const [path, ask] of [
      [`${demo}/status`, await put(named)],
      [`${demo}/status`, patched(mergePatch, { spec: named.spec })],
      [`${demo}/status?fieldManager=me&force=true`, patched(apply, named)],
      [`${demo}/scale`, patched(mergePatch, { spec: { ...named.spec, replicas: 1 } })],
    ] as const)
      await jane.ask(path, ask);
    expect((await stored()).spec).to.deep.equal(spec);
  });

  it('cannot be mounted or connected to as a whole because one key of it is taken', async () => {
    await server.admin.ask(clustersPath, { body: taking([taken()]) });
    for (const spec of [
      { defaultSecret: { name: 'site', mountPath: '/site' } },
      { connections: { secrets: ['site'] } },
      taking([taken()], { secret: { name: 'site', mountPath: '/site' } }).spec,
      taking([taken()], { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'site', key: 'password' } } }] }).spec,
    ])
      expect((await jane.ask(demo, patched(mergePatch, { spec }))).code, JSON.stringify(spec)).to.equal(403);
  });

  it('keeps nobody from changing something else, or from taking it out; then it is new again', async () => {
    await server.admin.ask(clustersPath, { body: taking([taken()]) });
    for (const [path, spec] of [
      [demo, { serviceType: 'ClusterIP' }],
      [`${demo}/scale`, { replicas: 2 }],
      [demo, taking([taken()], { members: 3 }).spec],
      [demo, taking([]).spec],
    ] as const) {
      const { code, text } = await jane.ask(path, patched(mergePatch, { spec }));
      expect(code, text).to.equal(200);
    }
    expect((await jane.ask(demo, patched(mergePatch, { spec: taking([taken()]).spec }))).code).to.equal(403);
  });

  it('is the same in both versions, and needs no key of the configuration', async () => {
    const keys = [{ ...taken(), valueFrom: { secretKeyRef: { name: 'site', key: 'user', optional: true } } }];
    for (const [path, document] of [
      [clustersPath, taking(keys)],
      [publishedForm(clustersPath), takingAsPublished(keys)],
    ] as const) {
      const made = await server.admin.ask(path, { body: document });
      expect(made.code, made.text).to.equal(201);
      expect(made.warnings).to.deep.equal([]);
      for (const form of [demo, publishedForm(demo)])
        expect((await stored(server.admin, form)).spec.roles[1].secretKeys, form).to.deep.equal(keys);
      // What was read in the one can be written in the other, and nothing changes.
      for (const form of [demo, publishedForm(demo)]) {
        const document = await stored(server.admin, form);
        const again = await server.admin.ask(form, { method: 'PUT', body: document });
        expect(again.body.metadata).to.deep.equal(document.metadata);
      }
      await server.admin.ask(clustersPath, { method: 'DELETE' });
    }
  });

  describe('takes the place of a value that is given', () => {
    let masterKey: string;
    before(async () => {
      const config = { kind: 'KubeDirectorConfig', metadata: { name: 'kd-global-config' } };
      const apiVersion = 'kubedirector.bluedata.io/v1beta1';
      masterKey = (await server.admin.ask(configsPath, { body: { apiVersion, ...config } })).body.spec
        .masterEncryptionKey;
    });
    after(() => server.admin.ask(`${configsPath}/kd-global-config`, { method: 'DELETE' }));

    const given = { name: 'login', value: 'correct horse' };
    for (const [how, write] of [
      ['applied', (keys: object[]) => patched(apply, taking(keys))],
      ['sent in a merge patch', (keys: object[]) => patched(mergePatch, { spec: taking(keys).spec })],
    ] as const)
      it(`when it is ${how}, and gives it back`, async () => {
        const send = async (keys: object[]) => {
          const { code, text, body } = await server.admin.ask(`${demo}?fieldManager=me`, write(keys));
          expect(code, text).to.be.oneOf([200, 201]);
          expect((await server.admin.ask(`${demo}?fieldManager=me`, write(keys))).body.metadata).to.deep.equal(
            body.metadata,
          );
          return body.spec.roles[1].secretKeys[0];
        };
        await server.admin.ask(`${demo}?fieldManager=me`, patched(apply, taking([given])));
        expect(await send([taken()])).to.deep.equal(taken());
        const { encryptedValue, ...rest } = await send([given]);
        expect(rest).to.deep.equal({ name: 'login' });
        expect(decryptSecretValue(encryptedValue, masterKey)).to.equal(given.value);
      });

    it('and is refused beside it, without a word of what it is', async () => {
      const refused = await server.admin.ask(clustersPath, { body: taking([{ ...taken(), ...given }]) });
      expect(refused.code).to.equal(422);
      expect(refused.text).not.to.contain(given.value);
    });
  });
});
