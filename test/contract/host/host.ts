/**
 * What KubeDirector relies on in the cluster that it works in: one suite, for real clusters and for the sandbox that stands in for
 * them, so that the stand-in cannot drift.
 *
 * Statements are made through the client that the reconciler uses. Pods run an image that the host has.
 */
import { randomBytes } from 'node:crypto';
import type { HostClient, HostResource } from '../../../apiserver/host/rest.ts';
import { isNotFound } from '../../../openapi/machinery/status.ts';
import { until } from '../../apiserver/serving.ts';

// biome-ignore lint/suspicious/noExplicitAny: the suites look at objects of many kinds
export type Anything = any;

export interface HostUnderTest {
  readonly client: HostClient;
  /** An image that pods can run, with a shell. */
  readonly image: string;
  close(): Promise<void>;
}

export const kinds = {
  configMaps: { group: '', version: 'v1', plural: 'configmaps' },
  namespaces: { group: '', version: 'v1', plural: 'namespaces' },
  pods: { group: '', version: 'v1', plural: 'pods' },
  services: { group: '', version: 'v1', plural: 'services' },
  secrets: { group: '', version: 'v1', plural: 'secrets' },
  events: { group: '', version: 'v1', plural: 'events' },
  claims: { group: '', version: 'v1', plural: 'persistentvolumeclaims' },
  serviceAccounts: { group: '', version: 'v1', plural: 'serviceaccounts' },
  statefulSets: { group: 'apps', version: 'v1', plural: 'statefulsets' },
  leases: { group: 'coordination.k8s.io', version: 'v1', plural: 'leases' },
  roles: { group: 'rbac.authorization.k8s.io', version: 'v1', plural: 'roles' },
  roleBindings: { group: 'rbac.authorization.k8s.io', version: 'v1', plural: 'rolebindings' },
} as const satisfies Record<string, HostResource>;

/** Real pods take their time to start, and more to end. */
const patienceMs = 60_000;

/** A namespace of the host, and the verbs with which statements about it are made. */
export class Place {
  readonly namespace = `contract-${randomBytes(4).toString('hex')}`;
  readonly client: HostClient;
  readonly image: string;

  constructor({ client, image }: HostUnderTest) {
    this.client = client;
    this.image = image;
  }

  /** For one call, or for all that one statement takes. */
  get signal(): AbortSignal {
    return AbortSignal.timeout(patienceMs);
  }

  async open(): Promise<void> {
    await this.create(kinds.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: this.namespace } });
    // Where a cluster makes it, pods are refused until it is there.
    await this.until('the namespace has its service account', () => this.find(kinds.serviceAccounts, 'default'));
  }

  /** Does not wait until everything has gone. */
  async close(): Promise<void> {
    await this.client.delete(kinds.namespaces, '', this.namespace, {}, this.signal);
  }

  create(resource: HostResource, object: Anything): Promise<Anything> {
    const { metadata } = object;
    const placed =
      resource === kinds.namespaces ? object : { ...object, metadata: { namespace: this.namespace, ...metadata } };
    return this.client.create(resource, placed, this.signal);
  }

  get(resource: HostResource, name: string): Promise<Anything> {
    return this.client.get(resource, this.namespace, name, this.signal);
  }

  async find(resource: HostResource, name: string): Promise<Anything> {
    try {
      return await this.get(resource, name);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async list(resource: HostResource, query: Record<string, string> = {}): Promise<Anything[]> {
    const { items } = await this.client.list<Anything>(resource, { namespace: this.namespace, query }, this.signal);
    return [...items];
  }

  patch(resource: HostResource, name: string, patch: object): Promise<Anything> {
    const type = 'application/merge-patch+json';
    return this.client.patch(resource, { namespace: this.namespace, name, type, patch }, this.signal);
  }

  /** Applies a configuration in the name of a manager. */
  apply(resource: HostResource, configuration: Anything, query: Record<string, string> = {}): Promise<Anything> {
    const { name } = configuration.metadata;
    const type = 'application/apply-patch+yaml';
    const target = { namespace: this.namespace, name, type, patch: configuration } as const;
    return this.client.patch(resource, target, this.signal, { fieldManager: 'contract', ...query });
  }

  delete(resource: HostResource, name: string, options: object = {}): Promise<Anything> {
    return this.client.delete(resource, this.namespace, name, options, this.signal);
  }

  /** Waits until it is so. */
  until<T>(what: string, holds: () => Promise<T> | T): Promise<NonNullable<T>> {
    return until(holds, what, patienceMs);
  }

  gone(resource: HostResource, name: string): Promise<unknown> {
    return this.until(`${resource.plural} ${name} is gone`, async () => !(await this.find(resource, name)));
  }
}

/** The refusal of a call. @throws Error when it was not refused */
export async function refusal(call: Promise<unknown>): Promise<Anything> {
  try {
    await call;
  } catch (error) {
    return (error as { status: unknown }).status;
  }
  throw new Error('it was not refused');
}

export const configMap = (name: string, data: object = {}, metadata: object = {}): Anything => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...metadata },
  data,
});

/** A StatefulSet of pods that wait until they are told to end. */
export const waitingSet = (name: string, image: string, spec: object = {}, metadata: object = {}): Anything => {
  const labels = { app: name };
  const command = ['bash', '-c', "trap 'exit 0' TERM; while :; do sleep 0.2; done"];
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name, ...metadata },
    spec: {
      serviceName: name,
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'app', image, command }] } },
      ...spec,
    },
  };
};

/** What makes `object` belong to `owner`. */
export const ownedBy = ({ apiVersion, kind, metadata: { name, uid } }: Anything, block = false): object => ({
  ownerReferences: [{ apiVersion, kind, name, uid, controller: true, ...(block && { blockOwnerDeletion: true }) }],
});
