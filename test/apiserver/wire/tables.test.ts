/**
 * Tables, which the server prints and kubectl shows.
 */
import { expect } from 'chai';
import { fixtureObject, fixturesPath } from '../../make/fixture-kind.ts';
import type { TestServer } from '../serving.ts';
import { startFixtureServer } from './fixture-server.ts';
import { merge, writingTo } from './writing.ts';

const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';

describe('a table', () => {
  let server: TestServer;
  before(async () => {
    server = await startFixtureServer();
    for (const name of ['a', 'b'])
      await server.admin.ask(fixturesPath, { body: fixtureObject(name, { replicas: 7 }, { labels: { name } }) });
  });
  after(() => server.stop());
  const { ask, patch } = writingTo(() => server);

  it('begins with the name, says how each column is printed, and ends with the age (K-481, K-483, K-484)', async () => {
    const { body } = await ask(`${fixturesPath}?limit=1`, { accept });
    expect(body).to.have.all.keys('kind', 'apiVersion', 'metadata', 'columnDefinitions', 'rows');
    expect(body.metadata).to.have.all.keys('resourceVersion', 'continue', 'remainingItemCount');
    for (const column of body.columnDefinitions) {
      expect(column).to.have.all.keys('name', 'type', 'format', 'description', 'priority');
      expect(['string', 'integer', 'number', 'boolean', 'date']).to.include(column.type);
      expect(column.description).not.to.equal('');
    }
    const [first, , age, members] = body.columnDefinitions;
    expect(first).to.include({ name: 'Name', type: 'string', format: 'name', priority: 0 });
    expect(age).to.include({ name: 'Age', type: 'date', priority: 0 });
    expect(members).to.include({ name: 'Members', type: 'integer', priority: 1 });
  });

  it('has a cell for each column, of its type, and an age that is a text (K-485, K-486)', async () => {
    const { body } = await ask(fixturesPath, { accept });
    for (const { cells } of body.rows) {
      expect(cells).to.have.length(body.columnDefinitions.length);
      expect(cells[0]).to.be.a('string');
      expect(cells[2]).to.match(/^\d+s$/);
      expect(cells[3]).to.equal(7);
    }
  });

  it('has the metadata of each object, which kubectl needs for namespaces, labels and sorting (K-487)', async () => {
    const { body } = await ask(fixturesPath, { accept });
    for (const { object } of body.rows) {
      expect(object).to.have.all.keys('kind', 'apiVersion', 'metadata');
      expect(object.metadata).to.include.keys(
        'name',
        'namespace',
        'uid',
        'labels',
        'managedFields',
        'creationTimestamp',
      );
    }
  });

  it('of nothing has columns and no rows (K-488)', async () => {
    const { body } = await ask(`${fixturesPath}?labelSelector=none%3Dx`, { accept });
    expect(body.rows).to.deep.equal([]);
    expect(body.columnDefinitions).to.have.length(4);
  });

  it('of one object has its resourceVersion (K-481)', async () => {
    const { body } = await ask(`${fixturesPath}/a`, { accept });
    expect(body.metadata).to.deep.equal({ resourceVersion: body.rows[0].object.metadata.resourceVersion });
  });

  it('of a scale shows what is desired and what is there (K-315)', async () => {
    const { body } = await ask(`${fixturesPath}/a/scale`, { accept });
    expect(body.columnDefinitions.map(({ name }: { name: string }) => name)).to.deep.equal([
      ...['Name', 'Desired', 'Available', 'Age'],
    ]);
    expect(body.rows[0].cells.slice(0, 3)).to.deep.equal(['a', 7, 0]);
  });

  it('of a write shows what was written (K-490)', async () => {
    const { body } = await ask(`${fixturesPath}/a`, {
      method: 'PATCH',
      type: merge,
      body: { spec: { app: 'hive' } },
      accept,
    });
    expect(body.rows[0].cells[1]).to.equal('hive');
    await patch(`${fixturesPath}/a`, { spec: { app: 'spark' } });
  });

  it('in a watch follows what happens, one row at a time (K-226)', async () => {
    const { body: list } = await ask(fixturesPath, { accept });
    const query = `watch=1&timeoutSeconds=1&resourceVersion=${list.metadata.resourceVersion}`;
    await patch(`${fixturesPath}/a`, { spec: { app: 'one' } });
    await patch(`${fixturesPath}/a`, { spec: { app: 'two' } });
    const events = (await ask(`${fixturesPath}?${query}`, { accept })).text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events.map(({ object }) => object.rows[0].cells[1])).to.deep.equal(['one', 'two']);
    expect(events.map(({ object }) => object.columnDefinitions.length)).to.deep.equal([4, 0]);
  });
});
