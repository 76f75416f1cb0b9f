/**
 * The probes, in their order: requests about the small kind, with code, reason and words as a kube-apiserver gave them about a custom
 * resource of the same schema. Where it answers a client's own fault with 500, we say 400 in the same words.
 */
import { expect } from 'chai';
import type { KubeObject } from '../../../../openapi/machinery/meta.ts';
import { fixtureKind, fixtureObject } from '../../../make/fixture-kind.ts';
import type { Ask, TestClient, TestServer } from '../../serving.ts';
import { startFixtureServer, superuserToken } from '../fixture-server.ts';
import { changing } from './changing.ts';
import { creating, reading } from './creating.ts';
import { looking } from './reading.ts';
import { create, D, JP, json, kindAndGroup, M, patch, protobuf, put, remove, resource, type Step } from './step.ts';

describe('a probe', () => {
  let server: TestServer;
  let client: TestClient;
  before(async () => {
    server = await startFixtureServer();
    client = await server.asStranger(false);
  });
  after(() => server.stop());
  const ask = (path: string, { headers, ...rest }: Ask = {}) =>
    client.ask(path, {
      ...rest,
      headers: { 'user-agent': 'probe', authorization: `Bearer ${superuserToken}`, ...headers },
    });
  const the = async (name: string) => (await ask(`${D}/${name}`)).body;

  const judge = async (step: Step, answer?: Awaited<ReturnType<TestClient['ask']>>) => {
    const [, , path, request, code, reason, expected] = step;
    const got = answer ?? (await ask(path, request));
    expect(got.code, got.text.slice(0, 400)).to.equal(code);
    if (reason) expect(got.body.reason).to.equal(reason);
    if (reason && got.body.kind)
      expect(got.body).to.include({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code });
    if (typeof expected === 'function') expected(got);
    else if (typeof expected === 'string') expect(got.body.message).to.equal(expected);
    else if (expected) expect(got.body.message).to.match(expected);
  };

  const run = (steps: readonly Step[]) => {
    for (const step of steps) it(`${step[1]} is answered as it was (${step[0]})`, () => judge(step));
  };

  run(reading);

  it('a wrong token is 401 (K-678)', async () => {
    const { code, body } = await ask(D, { headers: { authorization: 'Bearer wrong' } });
    expect(code).to.equal(401);
    expect(body).to.deep.equal({
      ...{ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure' },
      ...{ message: 'Unauthorized', reason: 'Unauthorized', code: 401 },
    });
  });

  it('no credentials are 403 for the anonymous (K-679)', async () => {
    const { code, body } = await client.ask(D);
    expect(code).to.equal(403);
    expect(body.message).to.equal(
      `${resource} is forbidden: User "system:anonymous" cannot list resource "kubedirectorclusters" in API group "kubedirector.bluedata.io" in the namespace "default"`,
    );
    expect(body.details).to.deep.equal({ group: 'kubedirector.bluedata.io', kind: 'kubedirectorclusters' });
  });

  it('a scale without rights is 403 that names the subresource (K-680)', async () => {
    const { code, body } = await (await server.as('bob')).ask(`${D}/x/scale`);
    expect(code).to.equal(403);
    expect(body.message).to.equal(
      `${resource} "x" is forbidden: User "bob" cannot get resource "kubedirectorclusters/scale" in API group "kubedirector.bluedata.io" in the namespace "default"`,
    );
  });

  run(creating);
  run(looking);

  for (const [i, [probe, title]] of changing({ metadata: {} } as KubeObject).entries())
    it(`${title} is answered as it was (${probe})`, async () => judge(changing(await the('c1'))[i]!));

  it('an update with nothing but no managedFields changes nothing (K-726)', async () => {
    const c1 = await the('c1');
    const { code, body } = await ask(`${D}/c1`, put({ ...c1, metadata: { ...c1.metadata, managedFields: [] } }));
    expect(code).to.equal(200);
    expect(body).to.deep.equal(c1);
  });

  it('one empty entry takes all managedFields away (K-727)', async () => {
    await ask(D, create(fixtureObject('unowned')));
    const { code, body } = await ask(`${D}/unowned`, patch(M, { metadata: { managedFields: [{}] } }));
    expect(code).to.equal(200);
    expect(body.metadata).not.to.have.property('managedFields');
  });

  it('an update of a status updates nothing else (K-728)', async () => {
    const c1 = await the('c1');
    const { code, body } = await ask(
      `${D}/c1/status`,
      put({
        ...c1,
        status: { state: 'ready', replicas: 2, selector: 'app=c1' },
        spec: { ...c1.spec, app: 'zz' },
        metadata: { ...c1.metadata, labels: { y: '2' }, finalizers: ['a.b/c'] },
      }),
    );
    expect(code).to.equal(200);
    expect(body.status.state).to.equal('ready');
    expect(body.spec).to.deep.equal(c1.spec);
    expect(body.metadata)
      .to.deep.include({ labels: { x: '1' }, generation: 1 })
      .and.not.to.have.property('finalizers');
    const last = body.metadata.managedFields.at(-1);
    expect(last).to.deep.include({
      manager: 'probe',
      operation: 'Update',
      subresource: 'status',
      fieldsV1: { 'f:status': { '.': {}, 'f:replicas': {}, 'f:selector': {}, 'f:state': {} } },
    });
  });

  it('a patch of an unknown field is warned of and changes nothing (K-732)', async () => {
    const c1 = await the('c1');
    const { code, body, warnings } = await ask(`${D}/c1`, patch(M, { spec: { zork: 'q' } }));
    expect(code).to.equal(200);
    expect(warnings).to.deep.equal(['299 - "unknown field \\"spec.zork\\""']);
    expect(body).to.deep.equal(c1);
  });

  it('a patch of an unknown field is refused when that is wished, with the whole of what it made (K-733)', async () => {
    const { code, body } = await ask(`${D}/c1?fieldValidation=Strict`, patch(M, { spec: { zork: 'q' } }));
    expect(code).to.equal(422);
    expect(body.message).to.match(
      /^ "" is invalid: patch: Invalid value: "\{.*\}": strict decoding error: unknown field "spec\.zork"$/,
    );
    expect(body.details).to.have.all.keys('causes');
  });

  it('a JSON patch of nothing changes nothing (K-736)', async () => {
    const c1 = await the('c1');
    expect((await ask(`${D}/c1`, patch(JP, []))).body).to.deep.equal(c1);
  });

  it('a scale is the document that autoscalers know (K-742)', async () => {
    const { metadata } = await the('c1');
    const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata;
    expect((await ask(`${D}/c1/scale`)).body).to.deep.equal({
      kind: 'Scale',
      apiVersion: 'autoscaling/v1',
      metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
      spec: { replicas: 1 },
      status: { replicas: 2, selector: 'app=c1' },
    });
    expect((await ask(`${D}/ap/scale`)).body.status).to.deep.equal({ replicas: 0 });
  });

  for (const [replicas, words] of [
    [-3, 'spec.replicas: Invalid value: -3: spec.replicas in body should be greater than or equal to 0'],
    [300, 'spec.replicas: Invalid value: 300: spec.replicas in body should be less than or equal to 100'],
  ] as const)
    it(`a scale of ${replicas} is refused in the words of the schema (K-743)`, () =>
      judge([
        '',
        '',
        `${D}/c1/scale`,
        patch(M, { spec: { replicas } }),
        422,
        'Invalid',
        `${kindAndGroup} "c1" is invalid: ${words}`,
      ]));

  it('a scale may come without a content type, and without a resourceVersion (K-744)', async () => {
    const { body: scale } = await ask(`${D}/c1/scale`);
    const typeless = await ask(`${D}/c1/scale`, {
      method: 'PUT',
      type: '',
      body: JSON.stringify({ ...scale, spec: { replicas: 4 } }),
    });
    expect(typeless.code).to.equal(200);
    expect(typeless.body.spec.replicas).to.equal(4);
    const { resourceVersion: _, ...metadata } = scale.metadata;
    const { code, body } = await ask(`${D}/c1/scale`, put({ ...scale, metadata, spec: { replicas: 6 } }));
    expect(code).to.equal(200);
    expect(body.spec.replicas).to.equal(6);
  });

  run([
    [
      'K-745',
      'a scale of another name',
      `${D}/c1/scale`,
      put({
        kind: 'Scale',
        apiVersion: 'autoscaling/v1',
        metadata: { name: 'zz', namespace: 'default' },
        spec: { replicas: 6 },
      }),
      400,
      'BadRequest',
      'the name of the object (zz) does not match the name on the URL (c1)',
    ],
    [
      'K-746',
      'a delete of another uid',
      `${D}/c1`,
      remove({ kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { uid: 'abc' } }),
      409,
      'Conflict',
      new RegExp(
        `^Operation cannot be fulfilled on ${kindAndGroup} "c1": the UID in the precondition \\(abc\\) does not match the UID in record \\(.{36}\\)\\. The object might have been deleted and then recreated$`,
      ),
    ],
    [
      'K-746',
      'a delete of another revision',
      `${D}/c1`,
      remove({ preconditions: { resourceVersion: '1' } }),
      409,
      'Conflict',
      new RegExp(
        `^Operation cannot be fulfilled on ${kindAndGroup} "c1": the ResourceVersion in the precondition \\(1\\) does not match the ResourceVersion in record \\(\\d+\\)\\. The object might have been modified$`,
      ),
    ],
    [
      'K-747',
      'a delete by an unheard of policy',
      `${D}/c1?propagationPolicy=Zork`,
      remove(),
      422,
      'Invalid',
      'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "Zork": supported values: "Foreground", "Background", "Orphan", "nil"',
    ],
    [
      'K-747',
      'a delete by two policies',
      `${D}/c1`,
      remove({ propagationPolicy: 'Orphan', orphanDependents: true }),
      422,
      'Invalid',
      'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Invalid value: "Orphan": orphanDependents and deletionPropagation cannot be both set',
    ],
    ['K-748', 'a delete with a Pod', `${D}/c1`, remove({ kind: 'Pod', apiVersion: 'v1' }), 400, 'BadRequest'],
  ]);

  it('a delete tells the uid of what is gone (K-749)', async () => {
    const { metadata } = await the('st');
    const { code, body } = await ask(`${D}/st`, remove());
    expect(code).to.equal(200);
    expect(body).to.deep.equal({
      ...{ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' },
      details: { name: 'st', group: 'kubedirector.bluedata.io', kind: 'kubedirectorclusters', uid: metadata.uid },
    });
  });

  it('a delete in the foreground leaves the object with a finalizer (K-750)', async () => {
    const { code, body } = await ask(`${D}/c1?propagationPolicy=Foreground`, remove());
    expect(code).to.equal(200);
    expect(body.kind).to.equal(fixtureKind);
    expect(body.metadata).to.deep.include({ finalizers: ['foregroundDeletion'], deletionGracePeriodSeconds: 0 });
  });

  run([
    [
      'K-751',
      'a create beside one that is going',
      D,
      create(fixtureObject('c1')),
      409,
      'AlreadyExists',
      `object is being deleted: ${resource} "c1" already exists`,
    ],
    [
      'K-752',
      'a finalizer that comes too late',
      `${D}/c1`,
      patch(M, { metadata: { finalizers: ['foregroundDeletion', 'a.b/c'] } }),
      422,
      'Invalid',
      `${kindAndGroup} "c1" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"a.b/c"}`,
    ],
  ]);

  it('the last finalizer takes the object with it, and returns it (K-753)', async () => {
    const { metadata } = await the('c1');
    const { code, body } = await ask(`${D}/c1`, patch(M, { metadata: { finalizers: null } }));
    expect(code).to.equal(200);
    expect(body.metadata.resourceVersion).to.equal(metadata.resourceVersion);
    expect(body.metadata).not.to.have.property('finalizers');
    expect((await ask(`${D}/c1`)).code).to.equal(404);
  });

  run([
    [
      'K-754',
      'a delete of nothing',
      `${D}?labelSelector=none`,
      remove(),
      200,
      '',
      ({ body }) => expect(body).to.deep.include({ kind: `${fixtureKind}List`, items: [] }),
    ],
    [
      'K-363',
      'a delete of what is not there',
      `${D}/nokind`,
      { ...remove(), accept: `${protobuf},${json}` },
      404,
      '',
      ({ headers, text }) => {
        expect(headers['content-type']).to.equal(protobuf);
        expect(text).to.contain(`${resource} "nokind" not found`);
      },
    ],
  ]);
});
