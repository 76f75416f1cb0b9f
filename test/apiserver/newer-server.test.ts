/**
 * What a newer server has stored, in the hands of this one: two versions work on one store while replicas are renewed, and an older
 * one alone when somebody steps back.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { withForeignFields } from '../../apiserver/registry/foreign-fields.ts';
import { copyOf, sameJson } from '../../openapi/machinery/json.ts';
import { Path } from '../../openapi/schema/path.ts';
import { compilePruning } from '../../openapi/schema/prune.ts';
import type { Schema } from '../../openapi/schema/schema.ts';
import { kubeDirectorCluster } from '../../openapi/v1beta1/kubedirectorcluster.ts';
import { MemoryStore } from '../../storage/memory.ts';
import { appDocument, appsPath, clusterDocument, clustersPath } from '../make/documents.ts';
import { arbitraryOf } from '../make/openapi-arbitrary.ts';
import { startServer, type TestServer } from './serving.ts';

const never = new AbortController().signal;
const key = '/registry/kubedirector.bluedata.io/kubedirectorclusters/default/demo';
const path = `${clustersPath}/demo`;
const mergePatch = 'application/merge-patch+json';

describe('what a newer server has stored', () => {
  let kv: MemoryStore;
  let server: TestServer;
  beforeEach(async () => {
    kv = new MemoryStore();
    server = await startServer({ kv });
    const app = appDocument();
    app.spec.roles.push({ id: 'extra', cardinality: '0+' });
    await server.admin.ask(appsPath, { body: app });
    await server.admin.ask(clustersPath, { body: clusterDocument() });
    await renewed((value) => {
      value.future = { deep: ['x', { y: 1 }] };
      value.spec.mode = 'careful';
      value.spec.roles[1].pace = 'slow';
      value.metadata.origin = 'elsewhere';
    });
  });
  afterEach(() => server.stop());

  // biome-ignore lint/suspicious/noExplicitAny: of a shape that nobody knows yet
  type Stored = any;
  const stored = async (): Promise<Stored> => {
    const { entries } = await kv.range({ start: key }, never);
    return entries[0] && JSON.parse(entries[0].value.toString());
  };
  const renewed = async (change: (value: Stored) => void): Promise<void> => {
    const value = await stored();
    change(value);
    await kv.txn({ when: [], perform: [{ put: key, value: Buffer.from(JSON.stringify(value)) }] }, never);
  };
  const foreign = ({ future, spec, metadata }: Stored) => ({
    future,
    mode: spec.mode,
    paces: spec.roles.map(({ id, pace }: { id: string; pace?: string }) => `${id} ${pace ?? '-'}`),
    origin: metadata.origin,
  });
  const all = {
    future: { deep: ['x', { y: 1 }] },
    mode: 'careful',
    paces: ['head -', 'worker slow'],
    origin: 'elsewhere',
  };
  const none = { future: undefined, mode: undefined, paces: ['head -', 'worker -'], origin: undefined };

  it('is shown without the fields that we do not know (K-152)', async () => {
    expect(foreign((await server.admin.ask(path)).body)).to.deep.equal(none);
    expect(foreign((await server.admin.ask(clustersPath)).body.items[0])).to.deep.equal(none);
    const [event] = await server.admin.watch(`${clustersPath}?watch=1`, (seen) => seen.length === 1);
    expect(foreign(event.object)).to.deep.equal(none);
  });

  for (const [how, write] of [
    [
      'an update',
      async () => {
        const { body } = await server.admin.ask(path);
        return server.admin.ask(path, { method: 'PUT', body: { ...body, spec: { ...body.spec, description: 'new' } } });
      },
    ],
    [
      'a patch',
      () => server.admin.ask(path, { method: 'PATCH', type: mergePatch, body: { metadata: { labels: { a: 'b' } } } }),
    ],
    [
      'an update of the status',
      async () => {
        const { body } = await server.admin.ask(path);
        const status = { state: 'configured' };
        return server.admin.ask(`${path}/status`, { method: 'PUT', body: { ...body, status } });
      },
    ],
    [
      'a deletion that waits for a finalizer',
      async () => {
        await renewed((value) => {
          value.metadata.finalizers = ['example.com/hold'];
        });
        return server.admin.ask(path, { method: 'DELETE' });
      },
    ],
  ] as const)
    it(`is not damaged by ${how}, and the answer does not show it`, async () => {
      const { code, body } = await write();
      expect(code).to.equal(200);
      expect(foreign(body)).to.deep.equal(none);
      const after = await stored();
      expect(foreign(after)).to.deep.equal(all);
      const { revision } = (await kv.range({ start: key }, never)).entries[0]!;
      expect(body.metadata.resourceVersion, 'it was written').to.equal(String(revision));
    });

  it('is not written at all when nothing changes', async () => {
    const { body } = await server.admin.ask(path);
    const again = await server.admin.ask(path, { method: 'PUT', body });
    expect(again.body.metadata.resourceVersion).to.equal(body.metadata.resourceVersion);
  });

  it('goes with the list item that it belongs to, and with no other', async () => {
    const patch = (target: string, ...body: object[]) =>
      server.admin.ask(target, { method: 'PATCH', type: 'application/json-patch+json', body });
    const paces = async () => foreign(await stored()).paces;
    await patch(path, { op: 'add', path: '/spec/roles/0', value: { id: 'extra', members: 1 } });
    await patch(path, { op: 'replace', path: '/spec/roles/2/members', value: 3 });
    expect(await paces()).to.deep.equal(['extra -', 'head -', 'worker slow']);
    await renewed((value) => {
      value.spec.roles[0].pace = 'fast';
    });
    await patch(path, { op: 'remove', path: '/spec/roles/0' });
    expect(await paces()).to.deep.equal(['head -', 'worker slow']);
    await patch(path, { op: 'add', path: '/spec/roles/-', value: { id: 'extra', members: 1 } });
    expect(await paces()).to.deep.equal(['head -', 'worker slow', 'extra -']);
  });

  it('in a version that we do not know is not shown as something else, nor as missing', async () => {
    await renewed((value) => {
      value.apiVersion = 'kubedirector.bluedata.io/v9';
    });
    expect((await server.admin.ask(path)).code).to.equal(500);
    const { code, body } = await server.admin.ask(clustersPath);
    expect(code).to.equal(500);
    expect(body.details.causes[0].message).to.equal(
      `what ${key} holds cannot be read: it is stored in kubedirector.bluedata.io/v9, which this version of the server does not know`,
    );
    const patch = { method: 'PATCH', type: 'application/merge-patch+json', body: { metadata: { labels: { a: 'b' } } } };
    expect((await server.admin.ask(path, patch)).code).to.equal(500);
    expect((await server.admin.ask(path, { method: 'DELETE' })).code).to.equal(500);
    await renewed((value) => {
      value.apiVersion = 'kubedirector.bluedata.io/v1beta1';
    });
    expect((await server.admin.ask(path)).code).to.equal(200);
  });
});

describe('fields that our schemas do not know', () => {
  const schema: Schema = {
    ...kubeDirectorCluster,
    properties: {
      ...kubeDirectorCluster.properties,
      metadata: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    },
  };
  const prune = compilePruning(schema)!;
  const pruned = <T>(value: T): T => {
    const copy = copyOf(value);
    prune(copy, new Path());
    return copy;
  };
  /** The same with a field in every object that the schema would prune. */
  const sprinkled = (value: unknown, mark: number): unknown => {
    if (Array.isArray(value)) return value.map((item, i) => sprinkled(item, mark + i));
    if (typeof value !== 'object' || value === null) return value;
    const inside = Object.entries(value).map(([name, inner]) => [name, sprinkled(inner, mark)]);
    return Object.fromEntries([...inside, ['x-new', mark]]);
  };
  const objects = arbitraryOf(schema);
  const storedObjects = objects.map((object) => sprinkled(object, 1));

  it('are all there after a change that changes nothing', () =>
    fc.assert(
      fc.property(storedObjects, (stored) =>
        sameJson(withForeignFields(pruned(stored), pruned(stored), stored, schema), stored),
      ),
    ));

  it('change nothing of what we do know', () =>
    fc.assert(
      fc.property(storedObjects, objects, (stored, object) => {
        const next = pruned(object);
        expect(pruned(withForeignFields(next, pruned(stored), stored, schema))).to.deep.equal(next);
      }),
    ));

  it('are gone only with what held them', () =>
    fc.assert(
      fc.property(storedObjects, (stored) => {
        const next = { ...(pruned(stored) as Record<string, unknown>) };
        delete next.spec;
        const { spec: _, ...rest } = stored as Record<string, unknown>;
        expect(withForeignFields(next, pruned(stored), stored, schema)).to.deep.equal(rest);
      }),
    ));
});
