/** A reflector against a host that answers from a script: what it asks, and what it makes of the answers. */
import { expect } from 'chai';
import { Reflector } from '../../apiserver/host/reflector.ts';
import type { HostClient, HostWatchEvent } from '../../apiserver/host/rest.ts';
import { silentLog } from '../../openapi/machinery/log.ts';
import type { KubeObject } from '../../openapi/machinery/meta.ts';
import { StatusError } from '../../openapi/machinery/status.ts';
import { until } from './serving.ts';

const thing = (name: string, resourceVersion: string, annotations?: Record<string, string>): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Thing',
  metadata: { name, resourceVersion, ...(annotations && { annotations }) },
});
type Event = HostWatchEvent<KubeObject> | Error;
const added = (name: string, at: string): Event => ({ type: 'ADDED', object: thing(name, at) });
const modified = (name: string, at: string): Event => ({ type: 'MODIFIED', object: thing(name, at) });
const removed = (name: string, at: string): Event => ({ type: 'DELETED', object: thing(name, at) });
const bookmark = (at: string): Event => ({ type: 'BOOKMARK', object: thing('', at) });
const complete = (at: string): Event => ({
  type: 'BOOKMARK',
  object: thing('', at, { 'k8s.io/initial-events-end': 'true' }),
});
const gone: Event = {
  type: 'ERROR',
  object: { ...StatusError.expired('too old resource version').status } as unknown as KubeObject,
};

interface Script {
  readonly streams?: boolean;
  readonly lists?: readonly (readonly [string, ...KubeObject[]])[];
  /** Each is one watch: its events, then its end; an Error breaks it off. The last one stays open. */
  readonly watches: readonly (readonly Event[])[];
}

/** Plays the script. @returns what was asked, and what the listener was told */
async function play({ streams = false, lists = [], watches }: Script, enough: number) {
  const [asked, told]: [string[], string[]] = [[], []];
  const [listsLeft, watchesLeft] = [[...lists], [...watches]];
  const client = {
    streamsLists: async () => streams,
    list: async () => {
      asked.push('list');
      const [resourceVersion = '', ...items] = listsLeft.shift() ?? [];
      return { apiVersion: 'v1', kind: 'ThingList', metadata: { resourceVersion }, items };
    },
    async *watch(_: unknown, { query }: { query: Record<string, string> }, signal: AbortSignal) {
      asked.push(query.sendInitialEvents ? 'watch all' : `watch from ${query.resourceVersion}`);
      for (const event of watchesLeft.shift() ?? []) {
        if (event instanceof Error) throw event;
        yield event;
      }
      if (!watchesLeft.length) await new Promise((resolve) => signal.addEventListener('abort', resolve));
    },
  } as unknown as HostClient;
  const name = ({ metadata }: KubeObject): string => metadata.name;
  const reflector = new Reflector<KubeObject>({
    ...{ client, resource: { group: '', version: 'v1', plural: 'things' }, log: silentLog },
    listener: {
      replace: (all, at) => told.push(`all ${all.map(name).join(',')} at ${at}`),
      put: (object) => told.push(`put ${name(object)}`),
      remove: (object) => told.push(`removed ${name(object)}`),
    },
  });
  const stop = new AbortController();
  const running = reflector.run(stop.signal);
  await until(() => told.length >= enough && !watchesLeft.length, 'enough was told');
  stop.abort();
  await running;
  return { asked, told };
}

describe('a reflector', () => {
  it('lists, then watches from there (K-609)', async () => {
    const { asked, told } = await play(
      { lists: [['5', thing('a', '3')]], watches: [[added('b', '6'), modified('a', '7'), removed('b', '8')]] },
      4,
    );
    expect(asked).to.deep.equal(['list', 'watch from 5']);
    expect(told).to.deep.equal(['all a at 5', 'put b', 'put a', 'removed b']);
  });

  it('has the watch send what there is, where the host can (K-608)', async () => {
    const { asked, told } = await play(
      { streams: true, watches: [[added('a', '3'), added('b', '4'), complete('5'), removed('a', '6')]] },
      2,
    );
    expect(asked).to.deep.equal(['watch all']);
    expect(told).to.deep.equal(['all a,b at 5', 'removed a']);
  });

  it('lists where the host refuses that, and does not ask again (K-608)', async () => {
    const refusal = new StatusError({ ...StatusError.unprocessable('patch', 'it is not').status });
    const { asked, told } = await play(
      { streams: true, lists: [['5'], ['9']], watches: [[refusal], [gone], [added('a', '10')]] },
      3,
    );
    expect(asked).to.deep.equal(['watch all', 'list', 'watch from 5', 'list', 'watch from 9']);
    expect(told).to.deep.equal(['all  at 5', 'all  at 9', 'put a']);
  });

  it('begins anew when the watch ends before everything was sent', async () => {
    const { asked, told } = await play(
      { streams: true, watches: [[added('a', '3')], [added('a', '3'), added('b', '4'), complete('5')]] },
      1,
    );
    expect(asked).to.deep.equal(['watch all', 'watch all']);
    expect(told).to.deep.equal(['all a,b at 5']);
  });

  it('goes on from where it was when a watch ends, and takes no end for a deletion (K-610, K-612)', async () => {
    const { asked, told } = await play(
      { lists: [['5', thing('a', '3')]], watches: [[added('b', '6')], [bookmark('9')], [added('c', '10')]] },
      3,
    );
    expect(asked).to.deep.equal(['list', 'watch from 5', 'watch from 6', 'watch from 9']);
    expect(told).to.deep.equal(['all a at 5', 'put b', 'put c']);
  });

  it('goes on after a broken connection, too (K-611)', async () => {
    const { asked } = await play(
      { lists: [['5']], watches: [[added('a', '6'), new Error('connection reset')], [added('b', '7')]] },
      3,
    );
    expect(asked).to.deep.equal(['list', 'watch from 5', 'watch from 6']);
  });

  it('lists again when its place has been forgotten (K-610)', async () => {
    const { asked, told } = await play(
      { lists: [['5', thing('a', '3')], ['20']], watches: [[added('b', '6'), gone], [added('c', '21')]] },
      4,
    );
    expect(asked).to.deep.equal(['list', 'watch from 5', 'list', 'watch from 20']);
    expect(told).to.deep.equal(['all a at 5', 'put b', 'all  at 20', 'put c']);
  });
});
