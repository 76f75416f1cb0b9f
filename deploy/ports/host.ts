/**
 * The reconciler's ports to the host cluster: children by REST and watches, events, and the Lease.
 *
 * The same whether the host is a Kubernetes cluster or the sandbox.
 */
import { Reflector } from '../../apiserver/host/reflector.ts';
import type { HostClient, HostResource } from '../../apiserver/host/rest.ts';
import { labels } from '../../openapi/labels.ts';
import type { Log } from '../../openapi/machinery/log.ts';
import { isRecord, type KubeObject } from '../../openapi/machinery/meta.ts';
import { orAborted } from '../../openapi/machinery/signal.ts';
import { isNotFound } from '../../openapi/machinery/status.ts';
import { ChildView } from '../../reconciler/cluster/children/child-view.ts';
import { asKept, fieldManager } from '../../reconciler/cluster/children/ownership.ts';
import type { HostPort } from '../../reconciler/cluster/ports.ts';
import type { EventSink } from '../../reconciler/events.ts';
import type { Child, ChildKind, Lease } from '../../reconciler/host-types.ts';
import type { LeasePort } from '../../reconciler/leader.ts';

const childResources: Readonly<Record<ChildKind, HostResource>> = {
  StatefulSet: { group: 'apps', version: 'v1', plural: 'statefulsets' },
  Service: { group: '', version: 'v1', plural: 'services' },
  Pod: { group: '', version: 'v1', plural: 'pods' },
  PersistentVolumeClaim: { group: '', version: 'v1', plural: 'persistentvolumeclaims' },
};

const events: HostResource = { group: '', version: 'v1', plural: 'events' };
const leases: HostResource = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases' };

export interface HostPorts {
  readonly host: HostPort;
  readonly events: EventSink;
  /** Keeps the view of the children current until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

export function hostPorts(client: HostClient, log: Log): HostPorts {
  const view = new ChildView();
  const reflectors = Object.entries(childResources).map(([kind, resource]) =>
    reflectorOf(kind as ChildKind, resource, view, client, log),
  );
  const put = (child: Child): void => view.put(asKept(child));
  const host: HostPort = {
    synced: (signal) =>
      orAborted(
        Promise.all(reflectors.map(({ synced }) => synced)).then(() => {}),
        signal,
      ),
    children: (cluster) => view.children(cluster),
    subscribe: (changed) => view.subscribe(changed),
    apply: async (configuration, force, signal) => {
      const { kind, metadata } = configuration;
      const { name, namespace = '' } = metadata;
      const type = 'application/apply-patch+yaml';
      const target = { namespace, name, type, patch: configuration } as const;
      const query = { fieldManager, ...(force && { force: 'true' }) };
      put(await client.patch<Child>(childResources[kind], target, signal, query));
    },
    patch: async ({ kind, namespace, name }, patch, signal) => {
      const type = 'application/merge-patch+json';
      put(await client.patch<Child>(childResources[kind], { namespace, name, type, patch }, signal, { fieldManager }));
    },
    delete: async ({ kind, namespace, name, uid }, signal) => {
      const options = { propagationPolicy: 'Background', preconditions: { uid } };
      const answer = await client.delete(childResources[kind], namespace, name, options, signal);
      if (isChild(answer, kind)) put(answer);
      else view.removeForEver({ kind, namespace, name, uid });
    },
    lookAt: async ({ kind, namespace, name }, signal) => {
      try {
        const child = await client.get<Child>(childResources[kind], namespace, name, signal);
        put(child);
        return child;
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    },
  };
  return {
    host,
    events: eventSink(client),
    run: async (signal) => {
      await Promise.all(reflectors.map((reflector) => reflector.run(signal)));
    },
  };
}

const isChild = (answer: unknown, kind: ChildKind): answer is Child => isRecord(answer) && answer.kind === kind;

const reflectorOf = (
  kind: ChildKind,
  resource: HostResource,
  view: ChildView,
  client: HostClient,
  log: Log,
): Reflector<Child> =>
  new Reflector<Child>({
    client,
    resource,
    labelSelector: labels.cluster,
    listener: {
      replace: (children, resourceVersion) => view.replace(kind, children.map(asKept), resourceVersion),
      put: (child) => view.put(asKept(child)),
      remove: (child) => view.remove(child),
    },
    log,
  });

const eventSink = (client: HostClient): EventSink => ({
  create: async (event, signal) => {
    await client.create(events, event as unknown as KubeObject, signal);
  },
  patch: async (event, signal) => {
    const { namespace, name } = event.metadata;
    const { count, lastTimestamp, message } = event;
    const type = 'application/merge-patch+json';
    await client.patch(events, { namespace, name, type, patch: { count, lastTimestamp, message } }, signal);
  },
});

/** The Lease of this name. */
export const leasePort = (client: HostClient, namespace: string, name: string): LeasePort => ({
  get: async (signal) => {
    try {
      return await client.get<Lease>(leases, namespace, name, signal);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  },
  create: (spec, signal) =>
    client.create<Lease>(
      leases,
      { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { namespace, name }, spec },
      signal,
    ),
  update: (lease, spec, signal) => client.update<Lease>(leases, { ...lease, spec }, signal),
});
