/** The recent events of a resource: how long they are kept, where watches may begin, and that each is put into words once. */
import { expect } from 'chai';
import fc from 'fast-check';
import { type CacheEvent, EventWindow, type WindowLimits } from '../../apiserver/cache/event-window.ts';
import { Snapshot } from '../../apiserver/cache/snapshot.ts';
import { appDocument, appsPath, clusterDocument, clustersPath } from '../make/documents.ts';
import { startServer, until } from './serving.ts';

const limits: WindowLimits = { minEvents: 3, maxEvents: 10, maxAgeMs: 75_000, maxBytes: 10_000 };

const eventAt = (revision: number, bytes = 10): CacheEvent => ({
  type: 'ADDED',
  revision,
  current: new Snapshot({
    key: `ns/${revision}`,
    namespace: 'ns',
    name: String(revision),
    uid: '',
    revision,
    createRevision: revision,
    labels: undefined,
    fields: {},
    bytes: Buffer.alloc(bytes),
    whole: true,
  }),
  previous: undefined,
  frames: undefined,
});

describe('recent events', () => {
  let now = 0;
  const aWindow = (since = 0, changed: Partial<WindowLimits> = {}): EventWindow =>
    new EventWindow(since, { now: () => now }, { ...limits, ...changed });
  const fill = (window: EventWindow, from: number, to: number, bytes?: number): void => {
    for (let revision = from; revision <= to; revision += 1) window.push(eventAt(revision, bytes));
  };
  beforeEach(() => {
    now = 0;
  });

  it('are kept while they are young, up to a number of them (K-550)', () => {
    const window = aWindow();
    fill(window, 1, 10);
    expect([window.size, window.oldest]).to.deep.equal([10, 0]);
    fill(window, 11, 14);
    expect([window.size, window.oldest]).to.deep.equal([10, 4]);
  });

  it('go when they are old, but for the last few (K-550)', () => {
    const window = aWindow();
    fill(window, 1, 5);
    now = 75_001;
    window.push(eventAt(6));
    expect([window.size, window.oldest]).to.deep.equal([3, 3]);
    now *= 2;
    window.trim();
    expect(window.size).to.equal(3);
  });

  it('go when they are large, but for the last few', () => {
    const window = aWindow();
    fill(window, 1, 6, 2500);
    expect([window.size, window.bytes]).to.deep.equal([4, 10_000]);
    fill(window, 7, 9, 9000);
    expect(window.size).to.equal(3);
  });

  it('are where a watch may begin: anywhere among them, and nowhere before (K-550)', () =>
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 40_000 })), { maxLength: 60 }),
        fc.integer({ min: 0, max: 250 }),
        (steps, asked) => {
          now = 0;
          const window = aWindow(7);
          const all: number[] = [];
          for (const [gap, pauseMs] of steps) {
            now += pauseMs;
            const revision = (all.at(-1) ?? 7) + gap;
            all.push(revision);
            window.push(eventAt(revision));
          }
          const position = window.positionAfter(asked);
          const missed = all.slice(0, all.length - window.size).filter((revision) => revision > asked);
          if (position === undefined) return asked < window.oldest && (asked < 7 || missed.length > 0);
          const told: number[] = [];
          for (let at = position; window.at(at); at += 1) told.push(window.at(at)!.revision);
          expect(told).to.deep.equal(all.filter((revision) => revision > asked));
          return missed.length === 0;
        },
      ),
    ));

  it('are put into words once for all watches that want them in the same form (K-557)', async () => {
    const server = await startServer();
    await server.admin.ask(appsPath, { method: 'POST', body: appDocument() });
    const registry = server.registries.find('kubedirector.bluedata.io', 'kubedirectorclusters')!;
    const { revision } = server.registries.cache;
    const old = clustersPath.replace('v1beta1', 'v1alpha1');
    const watching = [clustersPath, clustersPath, clustersPath, old, old].map((path) =>
      server.admin.watch(`${path}?watch=1&resourceVersion=${revision}`, (events) => events.length === 2),
    );
    await until(() => registry.cache.watchers === watching.length, 'all of them watch');
    for (const name of ['a', 'b'])
      await server.admin.ask(clustersPath, { method: 'POST', body: clusterDocument(name) });
    const told = await Promise.all(watching);
    expect(told.map((events) => events.map(({ object }) => object.metadata.name))).to.deep.equal(
      told.map(() => ['a', 'b']),
    );
    const { window } = registry.cache;
    for (const back of [1, 2]) expect(window.at(window.end - back)?.frames?.size, 'two versions').to.equal(2);
    await server.stop();
  });
});
