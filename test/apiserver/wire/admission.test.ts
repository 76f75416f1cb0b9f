/**
 * What admission is asked, scales included; and scales as autoscalers use them.
 */
import { expect } from 'chai';
import { type AdmissionAttributes, admitAll } from '../../../apiserver/registry/admission.ts';
import { StatusError } from '../../../openapi/machinery/status.ts';
import { fixtureGroup, fixtureObject, fixturePlural, fixturesPath } from '../../make/fixture-kind.ts';
import type { TestServer } from '../serving.ts';
import { startFixtureServer } from './fixture-server.ts';
import { merge, writingTo } from './writing.ts';

describe('admission', () => {
  let server: TestServer;
  let seen: string[] = [];
  before(async () => {
    server = await startFixtureServer({
      admission: {
        admit: async ({ resource, operation, subresource, namespace, name }: AdmissionAttributes) => {
          seen.push(`${operation} ${[resource.plural, subresource].filter(Boolean).join('/')} ${namespace}/${name}`);
          if (name === 'kept' && operation === 'DELETE')
            throw StatusError.forbidden({ group: resource.group, resource: resource.plural }, name, 'it is kept');
        },
      },
    });
  });
  after(() => server.stop());
  const { ask, make, patch, put } = writingTo(() => server);

  it('is asked about every write by every way (K-298, K-316)', async () => {
    const { path, name, object } = await make();
    seen = [];
    await patch(path, { spec: { mode: 'a' } });
    await put(`${path}/status`, { ...(await ask(path)).body, status: { state: 'x' } });
    await patch(`${path}/scale`, { spec: { replicas: 3 } }, merge);
    await ask(path, { method: 'DELETE' });
    const where = `default/${name}`;
    expect(new Set(seen)).to.deep.equal(
      new Set([
        `UPDATE ${fixturePlural} ${where}`,
        `UPDATE ${fixturePlural}/status ${where}`,
        `UPDATE ${fixturePlural}/scale ${where}`,
        `DELETE ${fixturePlural} ${where}`,
      ]),
    );
    expect(object.metadata.name).to.equal(name);
  });

  it('may keep what is to be deleted, alone or with others (K-298, K-301, K-405)', async () => {
    await ask(fixturesPath, { body: fixtureObject('kept') });
    for (const path of [`${fixturesPath}/kept`, `${fixturesPath}?fieldSelector=metadata.name%3Dkept`]) {
      const { code, body } = await ask(path, { method: 'DELETE' });
      expect(code).to.equal(403);
      expect(body.message).to.equal(`${fixturePlural}.${fixtureGroup} "kept" is forbidden: it is kept`);
    }
    expect((await ask(`${fixturesPath}/kept`)).code).to.equal(200);
  });
});

describe('a scale', () => {
  let server: TestServer;
  before(async () => {
    server = await startFixtureServer();
  });
  after(() => server.stop());
  const { ask, make, patch, put } = writingTo(() => server);

  it('is found, read and written as an autoscaler does it, again when somebody was quicker (K-311, K-312, K-318)', async () => {
    const { body: resources } = await ask(`/apis/${fixtureGroup}/v1beta1`);
    expect(resources.resources).to.deep.include({
      ...{ name: `${fixturePlural}/scale`, singularName: '', namespaced: true },
      ...{ group: 'autoscaling', version: 'v1', kind: 'Scale', verbs: ['get', 'patch', 'update'] },
    });
    const { path, name } = await make();
    const { body: scale } = await ask(`${path}/scale`);
    expect(scale).to.deep.include({ spec: { replicas: 1 }, status: { replicas: 0 } });
    await patch(path, { metadata: { labels: { quicker: 'yes' } } });
    const stale = await put(`${path}/scale`, { ...scale, spec: { replicas: 2 } });
    expect(stale.code).to.equal(409);
    expect(stale.body.message).to.contain(
      `Operation cannot be fulfilled on ${fixturePlural}.${fixtureGroup} "${name}"`,
    );
    const { body: again } = await ask(`${path}/scale`);
    const { code, body } = await put(`${path}/scale`, { ...again, spec: { replicas: 2 } });
    expect(code).to.equal(200);
    expect(body.spec.replicas).to.equal(2);
    expect(Number(body.metadata.resourceVersion)).to.be.above(Number(again.metadata.resourceVersion));
  });
});

it('a namespace of the path is judged as a name (K-323)', async () => {
  const server = await startFixtureServer({ admission: admitAll });
  const { code, body } = await server.admin.ask(fixturesPath.replace('default', 'Not_One'), {
    body: fixtureObject('x'),
  });
  expect(code).to.equal(422);
  expect(body.details.causes[0]).to.include({ reason: 'FieldValueInvalid', field: 'metadata.namespace' });
  expect(body.details.causes[0].message).to.contain('"Not_One": a lowercase RFC 1123 label must consist of');
  await server.stop();
});
