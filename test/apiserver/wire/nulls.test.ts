/**
 * Null in a body says "not set" wherever it is no value of its own, and what is left is judged.
 */
import { expect } from 'chai';
import { fixtureObject, fixturesPath } from '../../make/fixture-kind.ts';
import type { TestServer } from '../serving.ts';
import { startFixtureServer } from './fixture-server.ts';
import { writingTo } from './writing.ts';

describe('null in a body', () => {
  let server: TestServer;
  before(async () => {
    server = await startFixtureServer();
  });
  after(() => server.stop());
  const { ask, make, patch, put } = writingTo(() => server);
  const created = (spec: unknown, metadata: object = {}) =>
    ask(`${fixturesPath}?dryRun=All`, { body: { ...fixtureObject('one', {}, metadata), spec } });

  for (const [title, spec, left] of [
    ['a field', { app: 'a', mode: null }, { app: 'a', replicas: 1 }],
    ['a field with a default', { app: 'a', replicas: null }, { app: 'a', replicas: 1 }],
    ['a list', { app: 'a', roles: null, tags: null }, { app: 'a', replicas: 1 }],
    [
      'a field of an item',
      { app: 'a', roles: [{ id: 'a', members: null }] },
      { app: 'a', replicas: 1, roles: [{ id: 'a' }] },
    ],
    ['what may hold anything', { app: 'a', free: { b: null } }, { app: 'a', replicas: 1, free: { b: null } }],
    ['the spec', null, undefined],
  ] as const)
    it(`for ${title} sets nothing (K-239)`, async () => {
      const { code, body } = await created(spec);
      expect(code).to.equal(201);
      expect(body.spec).to.deep.equal(left);
    });

  it('for what is required is as if nothing stood there (K-385)', async () => {
    const { code, body } = await created({ app: null });
    expect(code).to.equal(422);
    expect(body.details.causes).to.deep.equal([
      { reason: 'FieldValueRequired', message: 'Required value', field: 'spec.app' },
    ]);
  });

  it('in a list is a value, and of the wrong type (K-387, K-690)', async () => {
    const { code, body } = await created({ app: 'a', tags: ['x', null] });
    expect(code).to.equal(422);
    expect(body.details.causes[0].field).to.equal('spec.tags[1]');
  });

  it('sets nothing in an update either, and takes away what was there (K-239)', async () => {
    const { path, object } = await make({ mode: 'a' });
    const { code, body } = await put(path, { ...object, spec: { ...object.spec, mode: null } });
    expect(code).to.equal(200);
    expect(body.spec).not.to.have.property('mode');
    const added = await patch(path, [{ op: 'add', path: '/spec/mode', value: null }], 'application/json-patch+json');
    expect(added.code).to.equal(200);
    expect(added.body.metadata.resourceVersion).to.equal(body.metadata.resourceVersion);
  });

  it('for a label or an annotation is an empty text, as it is to Go (K-158)', async () => {
    const { code, body } = await created({ app: 'a' }, { labels: { l: null }, annotations: { a: null } });
    expect(code).to.equal(201);
    expect(body.metadata).to.deep.include({ labels: { l: '' }, annotations: { a: '' } });
  });

  it('for metadata is metadata that says nothing (K-158, K-164)', async () => {
    const { code, body } = await ask(fixturesPath, { body: { ...fixtureObject('one'), metadata: null } });
    expect(code).to.equal(422);
    expect(body.message).to.contain('metadata.name: Required value: name or generateName is required');
  });

  it('for the options of a delete are none (K-289)', async () => {
    const { path } = await make();
    expect((await ask(path, { method: 'DELETE', body: 'null', type: 'application/json' })).code).to.equal(200);
  });
});
