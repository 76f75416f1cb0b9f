/**
 * Pods and nodes as small as Kubernetes' own storage tests have them: a registry of each over any store, with a cache that runs,
 * and the few verbs with which stories about storage are told.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { WindowLimits } from '../../apiserver/cache/event-window.ts';
import type { Snapshot } from '../../apiserver/cache/snapshot.ts';
import { admitAll } from '../../apiserver/registry/admission.ts';
import type { DeleteOptions } from '../../apiserver/registry/deletion.ts';
import type { ListAnswer, ListRequest } from '../../apiserver/registry/reads.ts';
import { Registries } from '../../apiserver/registry/registries.ts';
import type { ObjectRegistry } from '../../apiserver/registry/registry.ts';
import { nameColumn, type Resource } from '../../apiserver/registry/resource.ts';
import { parseSelectors, type Selection, selectableIn, selectionBy } from '../../apiserver/registry/selection.ts';
import type { WriteContext } from '../../apiserver/registry/strategy.ts';
import type { WatchItem, WatchReader } from '../../apiserver/registry/watch-reader.ts';
import type { Preconditions } from '../../apiserver/registry/writes.ts';
import { type Clock, systemClock } from '../../openapi/machinery/clock.ts';
import { type Log, silentLog } from '../../openapi/machinery/log.ts';
import type { KubeObject, ObjectMeta } from '../../openapi/machinery/meta.ts';
import { subdomainFaults } from '../../openapi/machinery/names.ts';
import { objectMetaSchema } from '../../openapi/schema/object-meta.ts';
import { object, string } from '../../openapi/schema/schema.ts';
import type { Keyspace } from '../../storage/keys.ts';
import type { KeyValueStore } from '../../storage/kv.ts';
import { expectConsistent } from './consistent.ts';

export interface Pod extends KubeObject {
  spec?: { nodeName?: string };
}

const resourceOf = (kind: string, namespaced: boolean): Resource<Pod> => ({
  group: 'example.com',
  plural: `${kind.toLowerCase()}s`,
  singular: kind.toLowerCase(),
  kind,
  listKind: `${kind}List`,
  namespaced,
  forms: [
    {
      version: 'v1',
      schema: object(kind, {
        apiVersion: string('Version.'),
        kind: string('Kind.'),
        metadata: objectMetaSchema,
        spec: object('What is wanted.', { nodeName: string('Where it runs.') }),
      }),
    },
  ],
  nameRule: subdomainFaults,
  strategy: {},
  hasStatus: false,
  columns: [nameColumn],
  selectableFields: [{ label: 'spec.nodeName', value: ({ spec }) => spec?.nodeName ?? '' }],
  allowsUnconditionalUpdate: true,
});

const patienceMs = 5000;

/** What a watch told, in a form to compare: `ADDED ns/foo 12`, `BOOKMARK 12`, `ERROR 410`. */
export type Told = string;

export interface WorldOptions {
  readonly kv: KeyValueStore;
  readonly keyspace: Keyspace;
  readonly window?: WindowLimits;
  readonly clock?: Clock;
  readonly log?: Log;
}

export class PodWorld {
  readonly kv: KeyValueStore;
  readonly keyspace: Keyspace;
  readonly registries: Registries;
  readonly pods: ObjectRegistry<Pod>;
  readonly nodes: ObjectRegistry<Pod>;
  readonly #abort = new AbortController();
  readonly #running: Promise<void>;

  constructor({ kv, keyspace, window, clock = systemClock, log = silentLog }: WorldOptions) {
    const [pods, nodes] = [resourceOf('Pod', true), resourceOf('Node', false)];
    this.kv = kv;
    this.keyspace = keyspace;
    this.registries = new Registries({
      resources: [pods as unknown as Resource, nodes as unknown as Resource],
      ...{ kv, keyspace, clock, log },
      admission: admitAll,
      ...(window && { window }),
    });
    this.pods = this.registries.of(pods);
    this.nodes = this.registries.of(nodes);
    this.#running = this.registries.run(this.#abort.signal);
  }

  static async open(options: WorldOptions): Promise<PodWorld> {
    const world = new PodWorld(options);
    await world.registries.cache.filled(AbortSignal.timeout(patienceMs));
    return world;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** @param checked is the cache compared with the store? */
  async stop(checked = true): Promise<void> {
    if (this.signal.aborted) return;
    try {
      if (checked) await expectConsistent(this.registries, this.kv);
    } finally {
      this.#abort.abort();
      await this.#running;
    }
  }

  /** @param key `namespace/name`, or a name alone for a node */
  async create(key: string, spec: Pod['spec'] = {}, metadata: Partial<ObjectMeta> = {}): Promise<Pod> {
    const { namespace, name } = placeOf(key);
    const made = {
      apiVersion: 'example.com/v1',
      kind: namespace ? 'Pod' : 'Node',
      metadata: { name, ...metadata },
      spec,
    };
    return objectOf(await this.#of(key).writes.create(made, namespace, context, this.signal));
  }

  async update(key: string, change: (pod: Pod) => void, preconditions: Preconditions = {}): Promise<Pod> {
    const edit = (pod: Pod): Pod => {
      change(pod);
      return pod;
    };
    return objectOf(await this.#of(key).writes.modify(key, edit, context, this.signal, preconditions));
  }

  label(key: string, labels: Record<string, string>): Promise<Pod> {
    return this.update(key, (pod) => {
      pod.metadata.labels = labels;
    });
  }

  /** @returns the object as it was last */
  async delete(key: string, options: DeleteOptions = {}): Promise<Pod> {
    return objectOf((await this.#of(key).deletion.delete(key, options, context, this.signal)).snapshot);
  }

  async get(key: string, resourceVersion?: number): Promise<Pod> {
    return objectOf(await this.#of(key).reads.get(key, resourceVersion, this.signal));
  }

  list(request: Partial<ListRequest> = {}, registry: ObjectRegistry<Pod> = this.pods): Promise<ListAnswer> {
    const whole = { selection: all, limit: 0, continue: '', resourceVersion: undefined, exact: false };
    return registry.reads.list({ ...whole, ...request }, this.signal);
  }

  /** @param resourceVersion as in a request; with 0 or undefined it begins with what is there, unless told otherwise */
  async watch(
    resourceVersion: number | undefined,
    {
      selection = all,
      initialEvents = !resourceVersion,
      registry = this.pods,
    }: { selection?: Selection; initialEvents?: boolean; registry?: ObjectRegistry<Pod> } = {},
  ): Promise<Watching> {
    return new Watching(await registry.reads.watch({ selection, resourceVersion, initialEvents }, this.signal));
  }

  /** The newest revision, which the cache shows by then. */
  async now(): Promise<number> {
    return this.registries.cache.current(this.signal);
  }

  /** A write elsewhere in the store. @returns its revision */
  async otherTraffic(): Promise<number> {
    const put = this.keyspace.ownKey('other');
    return (await this.kv.txn({ when: [], perform: [{ put, value: Buffer.from('x') }] }, this.signal)).revision;
  }

  /** Past everybody's back. @returns its revision */
  async scribble(key: string, value: string | Buffer): Promise<number> {
    const put = this.#of(key).root + key;
    return (await this.kv.txn({ when: [], perform: [{ put, value: Buffer.from(value) }] }, this.signal)).revision;
  }

  #of(key: string): ObjectRegistry<Pod> {
    return key.includes('/') ? this.pods : this.nodes;
  }
}

/** A client's watch, which reads when it is told to. */
export class Watching {
  readonly reader: WatchReader;

  constructor(reader: WatchReader) {
    this.reader = reader;
  }

  /** Everything there is to read by now. */
  read(most = Number.POSITIVE_INFINITY): WatchItem[] {
    const items: WatchItem[] = [];
    while (items.length < most) {
      const item = this.reader.next();
      if (!item) break;
      items.push(item);
      if (item.type === 'ERROR') break;
    }
    return items;
  }

  /** Waits for so many events. */
  async take(count: number): Promise<WatchItem[]> {
    const items: WatchItem[] = [];
    const deadline = performance.now() + patienceMs;
    while (items.length < count) {
      items.push(...this.read(count - items.length));
      if (items.at(-1)?.type === 'ERROR') break;
      if (performance.now() > deadline) throw new Error(`waited in vain for ${count} events: ${items.map(told)}`);
      if (items.length < count) await nextTurn();
    }
    return items;
  }

  async told(count: number): Promise<Told[]> {
    return (await this.take(count)).map(told);
  }
}

/** `ADDED ns/foo 12` */
export function told(item: WatchItem): Told {
  if (item.type === 'ERROR') return `ERROR ${item.error.code}`;
  if (item.type === 'INITIAL_END') return `BOOKMARK ${item.revision}`;
  return `${item.type} ${item.snapshot.key} ${versionOf(item.snapshot.object())}`;
}

/** The pods and nodes that a selector picks. */
export const selecting = (namespace = '', labels = '', fields = ''): Selection =>
  selectionBy(namespace, parseSelectors(labels, fields), selectableIn([{ label: 'spec.nodeName' }]));

const all = selecting();

export const versionOf = ({ metadata }: KubeObject): number => Number(metadata.resourceVersion);
export const keysOf = ({ items }: ListAnswer): string[] => items.map(({ key }) => key);
export const objectOf = (snapshot: Snapshot): Pod => snapshot.object<Pod>();

const context: WriteContext = {
  user: { name: 'alice', groups: [] },
  dryRun: false,
  subresource: '',
  warn: () => {},
};

const placeOf = (key: string): { namespace: string; name: string } => {
  const [first = '', second] = key.split('/');
  return second === undefined ? { namespace: '', name: first } : { namespace: first, name: second };
};
