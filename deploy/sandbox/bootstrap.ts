/**
 * What is there before anybody writes anything: namespaces, a node, a StorageClass, roles, and a name for KubeDirector to go by.
 *
 * It runs at every start and makes what is missing. What is there already belongs to the user, except that the stock roles get
 * back what they lack, as kube-apiserver does it.
 */
import { superusers } from '../../apiserver/auth/user.ts';
import type { ObjectRegistry } from '../../apiserver/registry/registry.ts';
import { type Clock, timestamp } from '../../openapi/machinery/clock.ts';
import { sameJson } from '../../openapi/machinery/json.ts';
import type { KubeObject } from '../../openapi/machinery/meta.ts';
import { isAlreadyExists, isNotFound } from '../../openapi/machinery/status.ts';
import type { ServedGroup } from '../../openapi/served.ts';
import { podNetwork } from './controllers/node/addresses.ts';
import { hostIp, nodeName } from './controllers/node/node.ts';
import { actingAs } from './engine/acting.ts';
import type { APIService } from './kinds/apiservices.ts';
import type { HostRegistries } from './kinds/index.ts';
import type { Node } from './kinds/nodes.ts';
import { defaultClassAnnotation, type StorageClass } from './kinds/storageclasses.ts';
import {
  autoUpdate,
  kubeDirectorClusterRoles,
  kubeDirectorNamespace,
  stockClusterRoleBindings,
  stockClusterRoles,
} from './rbac/stock-roles.ts';
import type { Binding, ClusterRole } from './rbac/types.ts';

const me = actingAs('system:apiserver', superusers);

const namespaces = ['default', 'kube-system', 'kube-public'];

interface Parts {
  readonly host: HostRegistries;
  /** What is served: each group and version gets an APIService. */
  readonly served: readonly ServedGroup[];
  readonly clock: Clock;
  /** Shown as the version of the node. */
  readonly version: string;
}

export async function bootstrap({ host, served, clock, version }: Parts, signal: AbortSignal): Promise<void> {
  const make = <T extends KubeObject>(registry: ObjectRegistry<T>, object: T) => ensure(registry, object, signal);
  for (const name of namespaces)
    await make(host.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  await make(host.serviceAccounts, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'kubedirector', namespace: kubeDirectorNamespace },
  });
  await make(host.storageClasses, standardClass);
  for (const role of [...stockClusterRoles, ...kubeDirectorClusterRoles]) {
    await make(host.clusterRoles, role);
    await host.clusterRoles.writes.modify(role.metadata.name, (old) => mendedRole(old, role), me.itself, signal);
  }
  for (const binding of stockClusterRoleBindings) {
    const { name } = binding.metadata;
    await make(host.clusterRoleBindings, binding);
    await host.clusterRoleBindings.writes.modify(name, (old) => mendedBinding(old, binding), me.itself, signal);
  }
  for (const service of apiServicesOf(served)) await make(host.apiServices, service);
  await make(host.nodes, theNode);
  const status = nodeStatus(timestamp(clock.now()), version);
  await host.nodes.writes.modify(
    nodeName,
    (old) => ({ ...old, status: { ...status, ...kept(old) } }),
    me.status,
    signal,
  );
}

/** Makes an object if there is none of its name. */
async function ensure<T extends KubeObject>(
  registry: ObjectRegistry<T>,
  object: T,
  signal: AbortSignal,
): Promise<void> {
  const { namespace = '', name } = object.metadata;
  try {
    await registry.reads.get(registry.keyOf({ namespace, name }), undefined, signal);
    return;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  try {
    await registry.writes.create(structuredClone(object), namespace, me.itself, signal);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}

const isLeftAlone = ({ metadata }: KubeObject): boolean => metadata.annotations?.[autoUpdate] !== 'true';

/** A stock role with every rule that it should have; more rules are the user's choice. */
function mendedRole(role: ClusterRole, stock: ClusterRole): ClusterRole {
  if (isLeftAlone(role) || stock.aggregationRule) return role;
  const present = role.rules ?? [];
  const missing = (stock.rules ?? []).filter((rule) => !present.some((known) => sameJson(known, rule)));
  return missing.length ? { ...role, rules: [...present, ...missing] } : role;
}

function mendedBinding(binding: Binding, stock: Binding): Binding {
  if (isLeftAlone(binding)) return binding;
  const present = binding.subjects ?? [];
  const missing = (stock.subjects ?? []).filter(
    ({ kind, name, namespace }) =>
      !present.some((known) => known.kind === kind && known.name === name && known.namespace === namespace),
  );
  return missing.length ? { ...binding, subjects: [...present, ...missing] } : binding;
}

const standardClass: StorageClass = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: 'standard', annotations: { [defaultClassAnnotation]: 'true' } },
  provisioner: 'sandbox.kubedirector.bluedata.io/simulated',
  reclaimPolicy: 'Delete',
  volumeBindingMode: 'Immediate',
  allowVolumeExpansion: true,
};

const theNode: Node = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name: nodeName,
    labels: {
      'kubernetes.io/hostname': nodeName,
      'kubernetes.io/os': 'linux',
      'kubernetes.io/arch': 'simulated',
      'node-role.kubernetes.io/simulated': '',
    },
  },
  spec: { podCIDR: podNetwork, podCIDRs: [podNetwork] },
};

const amounts = { cpu: '1k', memory: '16Ti', 'ephemeral-storage': '1Pi', pods: '60k' };

/** What a kubelet would say of itself; this one says that it is none. */
const nodeStatus = (now: string, version: string): NonNullable<Node['status']> => ({
  capacity: amounts,
  allocatable: amounts,
  addresses: [
    { type: 'InternalIP', address: hostIp },
    { type: 'Hostname', address: nodeName },
  ],
  conditions: [
    {
      type: 'Ready',
      status: 'True',
      reason: 'Simulated',
      message: 'the sandbox runs no containers',
      lastHeartbeatTime: now,
      lastTransitionTime: now,
    },
  ],
  nodeInfo: {
    kubeletVersion: version,
    osImage: 'simulated',
    kernelVersion: 'simulated',
    containerRuntimeVersion: 'simulated://0',
    architecture: 'simulated',
    operatingSystem: 'linux',
  },
});

/** Times of an earlier start stay, so that a restart changes nothing. */
const kept = ({ status }: Node): Pick<NonNullable<Node['status']>, 'conditions'> =>
  status?.conditions ? { conditions: status.conditions } : {};

/** One for each group and version, served by this process. */
const apiServicesOf = (served: readonly ServedGroup[]): APIService[] =>
  served.flatMap(({ group, versions }) =>
    versions.map(({ version }, i) => ({
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: `${version}.${group}` },
      spec: { group, version, groupPriorityMinimum: group ? 17_000 : 18_000, versionPriority: 100 - i },
    })),
  );
