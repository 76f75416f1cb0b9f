/**
 * The reconciler's port to ConfigMaps and Secrets: a watch for each kind in each namespace in which some cluster needs it, of those
 * objects alone that carry the label of their type. So the rights that it takes can be given namespace by namespace.
 */
import { Reflector } from '../../apiserver/host/reflector.ts';
import type { HostClient, HostResource } from '../../apiserver/host/rest.ts';
import type { Log } from '../../openapi/machinery/log.ts';
import { keyText, type ObjectKey } from '../../openapi/machinery/meta.ts';
import { hasReason, type StatusError } from '../../openapi/machinery/status.ts';
import { typeLabels } from '../../reconciler/cluster/guests/unseen.ts';
import type { DataPort, DataReference, SeenData } from '../../reconciler/cluster/ports.ts';
import type { DataKind, DataObject } from '../../reconciler/host-types.ts';

const resources: Readonly<Record<DataKind, HostResource>> = {
  ConfigMap: { group: '', version: 'v1', plural: 'configmaps' },
  Secret: { group: '', version: 'v1', plural: 'secrets' },
};

export interface DataPorts {
  readonly data: DataPort;
  /** Ends all watches. */
  stop(): Promise<void>;
}

export function dataPorts(client: HostClient, log: Log): DataPorts {
  const views = new Map<string, NamespaceView>();
  const listeners = new Set<(cluster: ObjectKey) => void>();
  const changed = (cluster: ObjectKey) => {
    for (const listener of listeners) listener(cluster);
  };
  const viewOf = (kind: DataKind, namespace: string): NamespaceView | undefined => views.get(`${kind}/${namespace}`);
  const data: DataPort = {
    follow: (cluster, kinds) => {
      for (const kind of Object.keys(resources) as DataKind[]) {
        const id = `${kind}/${cluster.namespace}`;
        const view = views.get(id);
        if (kinds.includes(kind)) {
          const followed = view ?? new NamespaceView(kind, cluster.namespace, client, changed, log);
          views.set(id, followed);
          followed.followers.set(keyText(cluster), cluster);
        } else if (view?.followers.delete(keyText(cluster)) && view.followers.size === 0) {
          views.delete(id);
          void view.stop();
        }
      }
    },
    read: ({ kind, namespace, name }) => viewOf(kind, namespace)?.read(name) ?? { state: 'unknown' },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    create: async (object, signal) => {
      const made = await client.create(resources[object.kind], object, signal);
      viewOf(object.kind, object.metadata.namespace ?? '')?.put(made);
    },
    patch: async ({ kind, namespace, name }: DataReference, patch, signal) => {
      const type = 'application/merge-patch+json';
      const made = await client.patch<DataObject>(resources[kind], { namespace, name, type, patch }, signal);
      viewOf(kind, namespace)?.put(made);
    },
  };
  return {
    data,
    stop: async () => {
      await Promise.all([...views.values()].map((view) => view.stop()));
      views.clear();
    },
  };
}

/** The objects of one kind in one namespace. */
class NamespaceView {
  /** Clusters that want to hear of them. */
  readonly followers = new Map<string, ObjectKey>();
  readonly #objects = new Map<string, DataObject>();
  readonly #controller = new AbortController();
  readonly #running: Promise<void>;
  readonly #changed: (cluster: ObjectKey) => void;
  #state: 'unknown' | 'known' | { readonly forbidden: string } = 'unknown';

  constructor(kind: DataKind, namespace: string, client: HostClient, changed: (cluster: ObjectKey) => void, log: Log) {
    this.#changed = changed;
    const reflector = new Reflector<DataObject>({
      ...{ client, namespace, log },
      resource: resources[kind],
      labelSelector: typeLabels[kind],
      listener: {
        replace: (objects) => {
          this.#state = 'known';
          this.#objects.clear();
          for (const object of objects) this.#objects.set(object.metadata.name, object);
          this.#tell();
        },
        put: (object) => this.put(object),
        remove: ({ metadata }) => {
          this.#objects.delete(metadata.name);
          this.#tell();
        },
        refused: (error) => this.#refused(error),
      },
    });
    this.#running = reflector.run(this.#controller.signal);
  }

  put(object: DataObject): void {
    const known = this.#objects.get(object.metadata.name);
    if (known && isOlder(object, known)) return;
    this.#objects.set(object.metadata.name, object);
    this.#tell();
  }

  read(name: string): SeenData {
    if (typeof this.#state === 'object') return { state: 'forbidden', message: this.#state.forbidden };
    const object = this.#objects.get(name);
    if (object) return { state: 'found', object };
    return { state: this.#state === 'known' ? 'missing' : 'unknown' };
  }

  async stop(): Promise<void> {
    this.#controller.abort();
    await this.#running;
  }

  #refused(error: StatusError): void {
    if (!hasReason(error, 'Forbidden')) return;
    const before = this.#state;
    this.#state = { forbidden: error.message };
    this.#objects.clear();
    if (typeof before !== 'object' || before.forbidden !== error.message) this.#tell();
  }

  #tell(): void {
    for (const cluster of this.followers.values()) this.#changed(cluster);
  }
}

/** resourceVersions of one object are whole numbers that grow (K-340). */
const isOlder = (object: DataObject, known: DataObject): boolean =>
  object.metadata.uid === known.metadata.uid &&
  BigInt(object.metadata.resourceVersion ?? 0) < BigInt(known.metadata.resourceVersion ?? 0);
