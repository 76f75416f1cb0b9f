/**
 * The kinds of the host: everything that KubeDirector and kubectl expect a Kubernetes to serve.
 */

import type { Connection } from '../../../apiserver/registry/connection.ts';
import type { Registries } from '../../../apiserver/registry/registries.ts';
import type { ObjectRegistry } from '../../../apiserver/registry/registry.ts';
import type { Resource } from '../../../apiserver/registry/resource.ts';
import type { Clock } from '../../../openapi/machinery/clock.ts';
import type { Escalation } from '../rbac/escalation.ts';
import { apiServices } from './apiservices.ts';
import { configMaps, secrets } from './data.ts';
import { endpoints } from './endpoints.ts';
import { events } from './events.ts';
import { leases } from './leases.ts';
import { namespaces } from './namespaces.ts';
import { nodes } from './nodes.ts';
import type { Pod } from './pods/pod.ts';
import { podResource } from './pods/resource.ts';
import { rbacKinds } from './rbac.ts';
import { serviceAccounts } from './serviceaccounts.ts';
import type { ServiceAddresses } from './services/addresses.ts';
import { serviceResource } from './services/resource.ts';
import { statefulSets } from './statefulsets/resource.ts';
import { storageClasses } from './storageclasses.ts';
import { claimResource } from './volumes/claims.ts';
import { volumes } from './volumes/volumes.ts';

/** What some kinds have to ask others when they are written. */
export interface KindNeeds {
  readonly clock: Clock;
  readonly addresses: ServiceAddresses;
  readonly escalation: Escalation;
  /** Name of the StorageClass for claims that name none. */
  readonly defaultClass: () => string | undefined;
  /** How one gets into the containers of pods. */
  readonly podConnections: readonly Connection<Pod>[];
}

export const hostKinds = ({ clock, addresses, escalation, defaultClass, podConnections }: KindNeeds) => ({
  namespaces,
  nodes,
  pods: podResource(clock, podConnections),
  services: serviceResource(addresses),
  endpoints,
  claims: claimResource(defaultClass),
  volumes,
  secrets,
  configMaps,
  serviceAccounts,
  events,
  statefulSets,
  ...rbacKinds(escalation),
  storageClasses,
  leases,
  apiServices,
});

export type HostKinds = ReturnType<typeof hostKinds>;

/** The same, as registries over a store. */
export type HostRegistries = {
  readonly [K in keyof HostKinds]: HostKinds[K] extends Resource<infer T, infer _> ? ObjectRegistry<T> : never;
};

/** @param registries that serve these kinds, among others */
export const hostRegistries = (kinds: HostKinds, registries: Registries): HostRegistries =>
  Object.fromEntries(
    Object.entries(kinds).map(([name, resource]) => [name, registries.of(resource as unknown as Resource)]),
  ) as unknown as HostRegistries;
