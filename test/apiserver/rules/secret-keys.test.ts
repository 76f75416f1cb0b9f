/**
 * Secret values of clusters: however they are written, nobody sees them again, and nothing keeps them in the clear.
 */
import { expect } from 'chai';
import { decryptSecretValue } from '../../../openapi/secret-values.ts';
import { MemoryStore } from '../../../storage/memory.ts';
import { appDocument, appsPath, clusterDocument, clustersPath, publishedCluster } from '../../make/documents.ts';
import { type Answer, type Ask, startServer, type TestServer } from '../serving.ts';
import { faultsOf } from './judging.ts';

const configsPath = clustersPath.replace('kubedirectorclusters', 'kubedirectorconfigs');
const publishedPath = clustersPath.replace('/v1beta1/', '/v1alpha1/');
const clear = 'correct horse battery staple';
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';
const mergePatch = 'application/merge-patch+json';
const jsonPatch = 'application/json-patch+json';
const apply = 'application/apply-patch+yaml';

const secretKeys = (value: string = clear) => [{ name: 'password', value }];
const withKeys = (keys: readonly object[] = secretKeys(), metadata: object = {}) =>
  clusterDocument('demo', { roles: [{ id: 'head' }, { id: 'worker', members: 2, secretKeys: keys }] }, metadata);
const published = publishedCluster('demo', {
  roles: [
    { name: 'head', replicas: 1 },
    { name: 'worker', replicas: 2, secretKeys: secretKeys() },
  ],
});
/** As kubectl sends what it applies from the client's side. */
const noting = <T extends { metadata: object }>(document: T): T => ({
  ...document,
  metadata: { ...document.metadata, annotations: { [lastApplied]: `${JSON.stringify(document)}\n` } },
});
const keyOf = ({ body }: Answer) => body.spec.roles[1].secretKeys[0];

describe('a secret value', () => {
  let server: TestServer;
  let kv: MemoryStore;
  let masterKey: string;
  before(async () => {
    kv = new MemoryStore();
    server = await startServer({ kv });
    await server.admin.ask(appsPath, { body: appDocument() });
    const config = { kind: 'KubeDirectorConfig', metadata: { name: 'kd-global-config' } };
    const { body } = await server.admin.ask(configsPath, {
      body: { apiVersion: 'kubedirector.bluedata.io/v1beta1', ...config },
    });
    masterKey = body.spec.masterEncryptionKey;
  });
  after(() => server.stop());
  afterEach(() => server.admin.ask(clustersPath, { method: 'DELETE' }));

  const demo = `${clustersPath}/demo`;
  const send = async (path: string, ask: Ask): Promise<Answer> => {
    const answer = await server.admin.ask(path, ask);
    expect(answer.code, answer.text).to.be.oneOf([200, 201]);
    expect(answer.text + answer.warnings.join()).not.to.contain(clear);
    return answer;
  };
  const create = (document: object, path = clustersPath) => send(path, { body: document });
  const put = async (document: { readonly metadata: object }, path = demo) => {
    const { resourceVersion } = (await send(path, {})).body.metadata;
    return send(path, { method: 'PUT', body: { ...document, metadata: { ...document.metadata, resourceVersion } } });
  };
  const patch = (type: string, document: unknown, path = demo) => send(path, { method: 'PATCH', type, body: document });
  const get = () => send(demo, {});
  const everythingStored = async (): Promise<string> => {
    const { entries } = await kv.range({ start: '/', end: '0' }, AbortSignal.timeout(5000));
    return entries.map(({ value }) => Buffer.from(value).toString()).join('\n');
  };

  const written: Readonly<Record<string, () => Promise<Answer>>> = {
    'is created': () => create(withKeys()),
    'is created in v1alpha1': () => create(published, publishedPath),
    'is created by kubectl apply': () => create(noting(withKeys())),
    'is created by kubectl apply in v1alpha1': () => create(noting(published), publishedPath),
    'is applied': () => patch(apply, withKeys(), `${demo}?fieldManager=me`),
    'is applied in v1alpha1': () => patch(apply, published, `${publishedPath}/demo?fieldManager=me`),
    'is put': async () => {
      await create(clusterDocument());
      return put(withKeys());
    },
    'is put in v1alpha1': async () => {
      await create(clusterDocument());
      return put(published, `${publishedPath}/demo`);
    },
    'comes in a merge patch': async () => {
      await create(clusterDocument());
      return patch(mergePatch, { spec: withKeys().spec });
    },
    'comes in a JSON patch': async () => {
      await create(clusterDocument());
      return patch(jsonPatch, [{ op: 'add', path: '/spec/roles/1/secretKeys', value: secretKeys() }]);
    },
    'is applied over what kubectl applied from its side': async () => {
      await create(noting(withKeys(secretKeys('another'))));
      return patch(apply, withKeys(), `${demo}?fieldManager=kubectl&force=true`);
    },
  };
  for (const [how, write] of Object.entries(written))
    it(`that ${how} is kept encrypted, and nothing keeps it in the clear (K3)`, async () => {
      const { encryptedValue, ...rest } = keyOf(await write());
      expect(rest).to.deep.equal({ name: 'password' });
      expect(decryptSecretValue(encryptedValue, masterKey)).to.equal(clear);
      expect(keyOf(await get())).to.deep.equal({ name: 'password', encryptedValue });
      expect(await everythingStored())
        .to.contain(encryptedValue)
        .and.not.to.contain(clear);
    });

  it('is not seen by those who watch', async () => {
    const watching = server.admin.watch(`${clustersPath}?watch=true`, (events) => events.length >= 2);
    await create(noting(withKeys(secretKeys('another'))));
    await put(noting(withKeys()));
    expect(JSON.stringify(await watching))
      .not.to.contain(clear)
      .and.not.to.contain('another');
  });

  it('is not seen in a dry run', async () => {
    await create(withKeys(), `${clustersPath}?dryRun=All`);
  });

  it('is not told of by a refusal', async () => {
    const role = { id: 'worker', members: -1, secretKeys: [...secretKeys(), ...secretKeys()], nonsense: clear };
    const { code, text } = await server.admin.ask(clustersPath, {
      body: clusterDocument('demo', { roles: [{ id: 'head' }, role] }),
    });
    expect(code).to.equal(422);
    expect(text).not.to.contain(clear);
  });

  it('that is given again changes nothing', async () => {
    const first = await create(noting(withKeys()));
    for (const again of [await put(noting(withKeys())), await patch(mergePatch, noting(withKeys()))]) {
      expect(again.body.metadata.resourceVersion).to.equal(first.body.metadata.resourceVersion);
      expect(again.body.metadata.generation).to.equal(1);
    }
  });

  it('that is applied again changes nothing', async () => {
    const path = `${demo}?fieldManager=me`;
    const first = await patch(apply, withKeys(), path);
    const again = await patch(apply, withKeys(), path);
    expect(again.body.metadata).to.deep.equal(first.body.metadata);
  });

  it('that is given anew is changed', async () => {
    await create(withKeys(secretKeys('another')));
    const { body } = await put(withKeys());
    expect(decryptSecretValue(body.spec.roles[1].secretKeys[0].encryptedValue, masterKey)).to.equal(clear);
    expect(body.metadata.generation).to.equal(2);
  });

  it('stays when its encrypted form comes back (K1)', async () => {
    const { body } = await create(withKeys());
    const again = await put({ ...body, metadata: { ...body.metadata, labels: { tier: 'gold' } } });
    expect(keyOf(again)).to.deep.equal(keyOf({ body } as Answer));
  });

  it('wins over an encrypted form that comes with it (K3)', async () => {
    const answer = await create(withKeys([{ name: 'password', value: clear, encryptedValue: 'c0ffee' }]));
    expect(decryptSecretValue(keyOf(answer).encryptedValue, masterKey)).to.equal(clear);
  });

  it('that is not given is the empty one (K3)', async () => {
    const answer = await create(withKeys([{ name: 'password' }]));
    expect(decryptSecretValue(keyOf(answer).encryptedValue, masterKey)).to.equal('');
  });

  it('of another role cannot be taken over in its encrypted form (K1)', async () => {
    const { body } = await create(withKeys());
    const [head, worker] = body.spec.roles;
    const moved = { ...body, spec: { ...body.spec, roles: [{ ...head, secretKeys: worker.secretKeys }, worker] } };
    const refused = await server.admin.ask(demo, { method: 'PUT', body: moved });
    expect(faultsOf(refused)).to.deep.equal([
      'spec.roles[0].secretKeys[0].encryptedValue: Forbidden: it is set by the server; give the value instead',
    ]);
  });

  it('goes with the manager who applied it', async () => {
    const path = `${demo}?fieldManager=me`;
    await patch(apply, withKeys(), path);
    const { body } = await patch(apply, withKeys([]), path);
    expect(body.spec.roles[1].secretKeys ?? []).to.deep.equal([]);
  });

  describe("in kubectl's note of what it applied", () => {
    const noteIn = ({ body }: Answer) => JSON.parse(body.metadata.annotations[lastApplied]);

    it('has the form in which it is kept, so that the note can be applied', async () => {
      const answer = await create(noting(withKeys()));
      const note = noteIn(answer);
      expect(note.spec.roles[1].secretKeys).to.deep.equal([keyOf(answer)]);
      expect(note).to.deep.equal(withKeys([keyOf(answer)]));
      const again = await put(note);
      expect(keyOf(again)).to.deep.equal(keyOf(answer));
    });

    it('is left out when it is not that of the cluster', async () => {
      const { metadata } = noting(withKeys(secretKeys('another')));
      const answer = await create({ ...withKeys(), metadata });
      expect(noteIn(answer).spec.roles[1].secretKeys).to.deep.equal([{ name: 'password' }]);
    });

    it('is found in whatever numbers stand beside it', async () => {
      const document = { ...withKeys(), large: 0 };
      const note = JSON.stringify(document).replace('"large":0', '"large":9007199254740993');
      const answer = await create({ ...withKeys(), metadata: { name: 'demo', annotations: { [lastApplied]: note } } });
      expect(answer.body.metadata.annotations[lastApplied]).to.contain('"large":9007199254740993');
    });

    it('is nothing that a note of another shape is searched for', async () => {
      for (const note of ['', 'text', '[]', '{"spec":{"roles":[1,{"secretKeys":{}},{"secretKeys":[{"name":1}]}]}}']) {
        const metadata = { name: 'demo', annotations: { [lastApplied]: note } };
        const { body } = await create({ ...withKeys(), metadata }, `${clustersPath}?dryRun=All`);
        expect(body.metadata.annotations[lastApplied]).to.equal(note);
      }
    });
  });

  describe('where the configuration has no key', () => {
    let bare: TestServer;
    before(async () => {
      bare = await startServer();
      await bare.admin.ask(appsPath, { body: appDocument() });
    });
    after(() => bare.stop());

    it('is refused, and the refusal says what is to be done (K2)', async () => {
      const refused = await bare.admin.ask(clustersPath, { body: withKeys() });
      expect(refused.code).to.equal(422);
      expect(refused.text).not.to.contain(clear);
      expect(faultsOf(refused)).to.deep.equal([
        "spec.roles[1].secretKeys[0].value: Forbidden: it cannot be encrypted, and is never kept otherwise: an administrator has to create the KubeDirectorConfig kd-global-config in KubeDirector's namespace, which then gets a masterEncryptionKey",
      ]);
    });
  });
});
