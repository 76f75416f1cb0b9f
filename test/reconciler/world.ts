/**
 * A world in memory for the cluster controller: our kinds, and a host whose StatefulSet controller, kubelet and garbage collector
 * move when they are told to. Both refuse what a real API server refuses: taken names, old revisions, other uids.
 *
 * Views may lag: then changes by others are seen when `catchUp` is called, and own writes at once, as the ports promise.
 */
import { FieldManager, FieldSet } from '../../apiserver/managedfields/field-manager.ts';
import { podResource } from '../../deploy/sandbox/kinds/pods/resource.ts';
import { serviceResource } from '../../deploy/sandbox/kinds/services/resource.ts';
import { statefulSets } from '../../deploy/sandbox/kinds/statefulsets/resource.ts';
import { claimResource } from '../../deploy/sandbox/kinds/volumes/claims.ts';
import { copyOf, sameJson } from '../../openapi/machinery/json.ts';
import { silentLog } from '../../openapi/machinery/log.ts';
import { isRecord, keyOf, keyText, type ObjectKey } from '../../openapi/machinery/meta.ts';
import { StatusError } from '../../openapi/machinery/status.ts';
import type { KubeDirectorApp } from '../../openapi/v1beta1/kubedirectorapp.ts';
import type { ClusterSpec, KubeDirectorCluster } from '../../openapi/v1beta1/kubedirectorcluster.ts';
import type { ClusterStatus } from '../../openapi/v1beta1/kubedirectorcluster-status.ts';
import type { ConfigSpec } from '../../openapi/v1beta1/kubedirectorconfig.ts';
import { ChildView } from '../../reconciler/cluster/children/child-view.ts';
import { fieldManager } from '../../reconciler/cluster/children/ownership.ts';
import { typeLabels } from '../../reconciler/cluster/guests/unseen.ts';
import type {
  ApplyConfiguration,
  ChildReference,
  DataReference,
  MergePatch,
  Ports,
  SeenChild,
  SeenData,
} from '../../reconciler/cluster/ports.ts';
import { clusterReconciler } from '../../reconciler/cluster/reconcile.ts';
import type { Result } from '../../reconciler/controller.ts';
import { GuestJobs } from '../../reconciler/guest/jobs.ts';
import type { ExecPort } from '../../reconciler/guest/ports.ts';
import type { Child, DataObject, Event, Pod, StatefulSet } from '../../reconciler/host-types.ts';
import { anApp } from '../make/kubedirector.ts';
import { quiet, SetTimers } from '../make/set-timers.ts';
import { Guests } from './guests.ts';

export type Verb = 'create' | 'apply' | 'patch' | 'delete' | 'updateStatus';
type Listener<T> = (key: T) => void;

const groups: Readonly<Record<string, { group: string; resource: string }>> = {
  StatefulSet: { group: 'apps', resource: 'statefulsets' },
  Service: { group: '', resource: 'services' },
  Pod: { group: '', resource: 'pods' },
  PersistentVolumeClaim: { group: '', resource: 'persistentvolumeclaims' },
};
const clustersResource = { group: 'kubedirector.bluedata.io', resource: 'kubedirectorclusters' };

export class World {
  readonly timers = new SetTimers();
  readonly clusters = new Map<string, KubeDirectorCluster>();
  readonly apps = new Map<string, KubeDirectorApp>();
  config: ConfigSpec = {};
  readonly children = new Map<string, Child>();
  readonly events: Event[] = [];
  /** What the reconciler told, as `TYPE REASON MESSAGE`. */
  readonly told: string[] = [];
  /** Every write that took effect, such as `create Service svc-x`. */
  readonly writes: string[] = [];
  /** Thrown instead of writing. */
  refuse: (verb: Verb, name: string, kind: string) => Error | undefined = () => undefined;
  /** Changes by others are kept back until `catchUp`. */
  lags = false;
  /** Pods that never run, and why: status fields that the kubelet or the scheduler leave. */
  readonly stuck = new Map<string, Pod['status']>();
  /** Told of every status that is stored. */
  onStatus: (status: ClusterStatus) => void = () => {};
  /** Nobody gets into containers, unless a test says how. */
  exec: ExecPort = { run: async () => Promise.reject(new Error('no way in')) };
  /** Told of every write of the controller to a child that exists. */
  onMended: (before: Child, after: Child) => void = () => {};
  readonly terminatingNamespaces = new Set<string>();
  readonly guests = new Guests();
  /** ConfigMaps and Secrets, as `KIND/NAMESPACE/NAME`. */
  readonly data = new Map<string, DataObject>();
  /** What the host says to those who want to see Secrets; undefined: it shows them. */
  secretsRefused: string | undefined;

  readonly #dataListeners = new Set<Listener<ObjectKey>>();
  readonly #following = new Map<string, ObjectKey>();
  #jobs = this.#newJobs();
  readonly #view = new ChildView();
  #unseen: (() => void)[] = [];
  readonly #clusterListeners = new Set<Listener<ObjectKey>>();
  readonly #appListeners = new Set<Listener<ObjectKey>>();
  readonly #configListeners = new Set<() => void>();
  #revision = 100;
  #uids = 0;
  #containers = 0;
  #look: ((key: ObjectKey, signal: AbortSignal) => Promise<Result>) | undefined;

  constructor() {
    this.setApp(anApp());
  }

  // Users, and our own API server.

  create(cluster: KubeDirectorCluster): KubeDirectorCluster {
    const stored = copyOf(cluster);
    stored.metadata.uid = this.#uid();
    stored.metadata.resourceVersion = this.#next();
    return this.#store(stored);
  }

  /** Changes the spec, as a user would. */
  edit(name: string, change: (spec: ClusterSpec) => void): KubeDirectorCluster {
    const stored = copyOf(this.cluster(name));
    change(stored.spec);
    stored.metadata.generation = (stored.metadata.generation ?? 0) + 1;
    stored.metadata.resourceVersion = this.#next();
    return this.#store(stored);
  }

  /** Changes metadata or status, as nobody should. */
  tamper(name: string, change: (cluster: KubeDirectorCluster) => void): KubeDirectorCluster {
    const stored = copyOf(this.cluster(name));
    change(stored);
    stored.metadata.resourceVersion = this.#next();
    return this.#store(stored);
  }

  delete(name: string): void {
    const cluster = this.cluster(name);
    this.clusters.delete(keyText(keyOf(cluster)));
    for (const listener of this.#clusterListeners) listener(keyOf(cluster));
  }

  setApp(app: KubeDirectorApp): void {
    this.apps.set(keyText(keyOf(app)), app);
    for (const listener of this.#appListeners) listener(keyOf(app));
  }

  removeApp(name: string): void {
    const app = [...this.apps.values()].find(({ metadata }) => metadata.name === name)!;
    this.apps.delete(keyText(keyOf(app)));
    for (const listener of this.#appListeners) listener(keyOf(app));
  }

  setConfig(config: ConfigSpec): void {
    this.config = config;
    for (const listener of this.#configListeners) listener();
  }

  cluster(name = 'spark-instance'): KubeDirectorCluster {
    return [...this.clusters.values()].find(({ metadata }) => metadata.name === name)!;
  }

  condition(type: string, name?: string) {
    return this.cluster(name).status?.conditions?.find((condition) => condition.type === type);
  }

  // The host, as its users and its own controllers change it.

  child<K extends Child['kind']>(kind: K, name: string): Extract<Child, { kind: K }> | undefined {
    return [...this.children.values()].find((child) => child.kind === kind && child.metadata.name === name) as never;
  }

  names(kind: Child['kind']): string[] {
    return [...this.children.values()]
      .filter((child) => child.kind === kind)
      .map(({ metadata }) => metadata.name)
      .sort();
  }

  put(child: Child): Child {
    const stored = owned(copyOf(child), this.children.get(idOf(child)), 'somebody');
    stored.metadata.uid ??= this.#uid();
    stored.metadata.resourceVersion = this.#next();
    this.children.set(idOf(stored), stored);
    this.#notice(() => this.#view.put(stored));
    return stored;
  }

  change<K extends Child['kind']>(kind: K, name: string, edit: (child: Extract<Child, { kind: K }>) => void): void {
    const child = copyOf(this.child(kind, name)!);
    edit(child);
    this.put(child);
  }

  remove(kind: Child['kind'], name: string): void {
    const child = copyOf(this.child(kind, name)!);
    child.metadata.resourceVersion = this.#next();
    this.children.delete(idOf(child));
    this.#notice(() => this.#view.remove(child));
  }

  /** Shows the controller what it has not seen. */
  catchUp(): void {
    const unseen = this.#unseen;
    this.#unseen = [];
    for (const see of unseen) see();
  }

  /** The StatefulSet controller. */
  runStatefulSets(): void {
    for (const child of [...this.children.values()]) {
      if (child.kind !== 'StatefulSet' || child.metadata.deletionTimestamp) continue;
      const { namespace = '', name, generation = 1 } = child.metadata;
      const replicas = child.spec.replicas ?? 1;
      for (let ordinal = 0; ordinal < replicas; ordinal += 1) this.#ensurePod(child, `${name}-${ordinal}`, namespace);
      const pods = [...this.children.values()].filter((pod) => isControlledBy(pod, child));
      for (const pod of pods)
        if (Number(/\d+$/.exec(pod.metadata.name)![0]) >= replicas) this.remove('Pod', pod.metadata.name);
      const status = { observedGeneration: generation, replicas };
      if (!sameJson(child.status, status)) this.change('StatefulSet', name, (set) => Object.assign(set, { status }));
    }
  }

  /** The scheduler and the kubelet: pods come up, unless they are stuck. */
  runPods(): void {
    for (const child of [...this.children.values()]) {
      if (child.kind !== 'Pod' || child.metadata.deletionTimestamp) continue;
      const { name } = child.metadata;
      const stuck = this.stuck.get(name);
      if (stuck && !sameJson(child.status, stuck))
        this.change('Pod', name, (pod) => Object.assign(pod, { status: stuck }));
      if (!stuck && child.status?.phase !== 'Running') this.startContainer(name);
    }
  }

  /** A new container in the pod, Ready. */
  startContainer(pod: string): void {
    this.#containers += 1;
    const containerID = `containerd://${this.#containers}`;
    const app = { name: 'app', containerID, ready: true, state: { running: {} } };
    const conditions = [{ type: 'Ready', status: 'True' }];
    this.change('Pod', pod, (it) => {
      it.status = { phase: 'Running', containerStatuses: [app], conditions };
    });
  }

  /** Deletes what belongs to somebody who is gone, and claims that were only waiting for their pod. */
  collectGarbage(): void {
    for (let before = -1; before !== this.children.size; ) {
      before = this.children.size;
      const alive = new Set([...this.children.values(), ...this.clusters.values()].map(({ metadata }) => metadata.uid));
      for (const { kind, metadata } of [...this.children.values()]) {
        const owners = metadata.ownerReferences ?? [];
        if (owners.length > 0 && !owners.some(({ uid }) => alive.has(uid))) this.remove(kind, metadata.name);
        else if (metadata.deletionTimestamp && !metadata.finalizers?.length) this.remove(kind, metadata.name);
      }
    }
  }

  // The controller.

  /** Forgets what a reconciler keeps in memory, as a new process would. */
  restart(): void {
    this.#look = undefined;
    void this.#jobs.stop();
    this.#jobs = this.#newJobs();
  }

  /** Puts a ConfigMap or a Secret there, as a user would. */
  setData(object: DataObject): DataObject {
    const stored = copyOf(object);
    stored.metadata = { uid: this.#uid(), namespace: 'team1', ...stored.metadata, resourceVersion: this.#next() };
    this.data.set(`${object.kind}/${stored.metadata.namespace}/${stored.metadata.name}`, stored);
    for (const key of this.#following.values()) for (const listener of this.#dataListeners) listener(key);
    return stored;
  }

  removeData(kind: DataObject['kind'], name: string): void {
    this.data.delete(`${kind}/team1/${name}`);
    for (const key of this.#following.values()) for (const listener of this.#dataListeners) listener(key);
  }

  async reconcile(name = 'spark-instance'): Promise<Result> {
    this.#look ??= this.#reconciler(this.ports);
    const result = await this.#look({ namespace: 'team1', name }, new AbortController().signal);
    // Members answer at once, where they answer.
    await quiet();
    return result;
  }

  /** One look by a reconciler of its own, through other ports. */
  reconcileWith(ports: Ports, name = 'spark-instance'): Promise<Result> {
    return this.#reconciler(ports)({ namespace: 'team1', name }, new AbortController().signal);
  }

  /** Lets everybody work in turns until nobody has anything left to do. */
  async settle(name = 'spark-instance'): Promise<void> {
    for (let turn = 0; turn < 60; turn += 1) {
      const before = this.#revision;
      this.catchUp();
      await this.reconcile(name);
      this.runStatefulSets();
      this.runPods();
      this.collectGarbage();
      this.catchUp();
      await this.timers.advance(500);
      await this.reconcile(name);
      if (this.#revision === before) return;
    }
    throw new Error(`the world does not come to rest; last writes: ${this.writes.slice(-10).join(', ')}`);
  }

  get ports(): Ports {
    return {
      clusters: {
        get: async (key) => this.clusters.get(keyText(key)),
        keys: async () => [...this.clusters.values()].map(keyOf),
        subscribe: (changed) => subscription(this.#clusterListeners, changed),
        updateStatus: async (cluster) => this.#updateStatus(cluster),
      },
      apps: {
        find: async (key) => this.apps.get(keyText(key)),
        subscribe: (changed) => subscription(this.#appListeners, changed),
      },
      config: {
        get: async () => this.config,
        subscribe: (changed) => subscription(this.#configListeners, changed),
      },
      host: {
        synced: async () => {},
        children: (cluster) => this.#view.children(cluster),
        subscribe: (changed) => this.#view.subscribe(changed),
        apply: async (configuration, force) => this.#apply(configuration, force),
        patch: async (child, patch) => this.#patch(child, patch),
        delete: async (child) => this.#delete(child),
        lookAt: async (child) => this.#lookAt(child),
      },
      data: {
        follow: (cluster, kinds) => {
          if (kinds.length > 0) this.#following.set(keyText(cluster), cluster);
          else this.#following.delete(keyText(cluster));
        },
        read: (reference) => this.#readData(reference),
        subscribe: (changed) => subscription(this.#dataListeners, changed),
        create: async (object) => {
          this.#mayWrite('create', object.metadata.name, object.kind);
          this.writes.push(`create ${object.kind} ${object.metadata.name}`);
          this.setData(object);
        },
        patch: async ({ kind, namespace, name }, patch) => {
          this.#mayWrite('patch', name, kind);
          this.writes.push(`patch ${kind} ${name}`);
          this.setData(merged(this.data.get(`${kind}/${namespace}/${name}`), patch) as DataObject);
        },
      },
      exec: {
        run: (container, command, output, signal) =>
          (container.container === 'app' ? this.guests : this.exec).run(container, command, output, signal),
      },
      events: {
        create: async (event) => {
          this.events.push(event);
        },
        patch: async (event) => {
          const at = this.events.findIndex(({ metadata }) => metadata.name === event.metadata.name);
          this.events[at] = event;
        },
      },
    };
  }

  #readData({ kind, namespace, name }: DataReference): SeenData {
    if (kind === 'Secret' && this.secretsRefused) return { state: 'forbidden', message: this.secretsRefused };
    const object = this.data.get(`${kind}/${namespace}/${name}`);
    // Others are not followed.
    return object?.metadata.labels?.[typeLabels[kind]] === undefined
      ? { state: 'missing' }
      : { state: 'found', object };
  }

  #newJobs(): GuestJobs {
    const program = () => Buffer.from('a program\n');
    const helper = () => Buffer.from('an archive');
    return new GuestJobs({
      exec: this.guests,
      containerName: 'app',
      program,
      helper,
      timers: this.timers,
      log: silentLog,
    });
  }

  #updateStatus(cluster: KubeDirectorCluster): KubeDirectorCluster {
    const { metadata, status } = cluster;
    this.#mayWrite('updateStatus', metadata.name, cluster.kind);
    const present = this.clusters.get(keyText(keyOf(cluster)));
    if (present?.metadata.uid !== metadata.uid) throw StatusError.notFound(clustersResource, metadata.name);
    if (present!.metadata.resourceVersion !== metadata.resourceVersion)
      throw StatusError.conflict(clustersResource, metadata.name);
    this.writes.push(`updateStatus ${metadata.name}`);
    const stored = copyOf({ ...present!, status });
    stored.metadata.resourceVersion = this.#next();
    this.onStatus(stored.status!);
    return this.#store(stored as KubeDirectorCluster);
  }

  #apply(configuration: ApplyConfiguration, force: boolean): void {
    const { kind, metadata } = configuration;
    const { namespace = '', name, uid, resourceVersion } = metadata;
    const resource = groups[kind]!;
    const present = this.children.get(`${kind}/${namespace}/${name}`);
    this.#mayWrite(present ? 'apply' : 'create', name, kind);
    if (uid !== undefined && uid !== present?.metadata.uid) throw StatusError.conflict(resource, name);
    if (resourceVersion !== undefined && resourceVersion !== present?.metadata.resourceVersion)
      throw StatusError.conflict(resource, name);
    if (!present && this.terminatingNamespaces.has(namespace))
      throw StatusError.forbidden(
        resource,
        name,
        `unable to create new content in namespace ${namespace} because it is being terminated`,
        [
          {
            reason: 'NamespaceTerminating',
            message: `namespace ${namespace} is being terminated`,
            field: 'metadata.namespace',
          },
        ],
      );
    const stored = applied(configuration, present, force);
    if (present && sameJson(stored, present)) return;
    this.writes.push(`${present ? 'apply' : 'create'} ${kind} ${name}`);
    stored.metadata.uid ??= this.#uid();
    stored.metadata.resourceVersion = this.#next();
    const unchanged = present && 'spec' in present && 'spec' in stored && sameJson(present.spec, stored.spec);
    stored.metadata.generation = (present?.metadata.generation ?? 0) + (unchanged ? 0 : 1);
    if (stored.kind === 'Service')
      for (const [i, port] of (stored.spec.ports ?? []).entries()) {
        if (stored.spec.type === 'ClusterIP') delete port.nodePort;
        else port.nodePort ??= 30_000 + this.#revision * 10 + i;
      }
    if (present) this.onMended(present, stored);
    this.#keep(stored);
  }

  #patch({ kind, namespace, name }: SeenChild, patch: MergePatch): void {
    this.#mayWrite('patch', name, kind);
    const present = this.children.get(`${kind}/${namespace}/${name}`);
    if (!present) throw StatusError.notFound(groups[kind]!, name);
    const wanted = (patch.metadata as { resourceVersion?: string }).resourceVersion;
    if (wanted !== present.metadata.resourceVersion) throw StatusError.conflict(groups[kind]!, name);
    this.writes.push(`patch ${kind} ${name}`);
    const stored = owned(merged(copyOf(present), patch) as Child, present, fieldManager);
    stored.metadata.resourceVersion = this.#next();
    if ('spec' in present && 'spec' in stored && !sameJson(present.spec, stored.spec))
      stored.metadata.generation = (stored.metadata.generation ?? 1) + 1;
    this.onMended(present, stored);
    this.#keep(stored);
  }

  #delete({ kind, namespace, name, uid }: SeenChild): void {
    this.#mayWrite('delete', name, kind);
    const present = this.children.get(`${kind}/${namespace}/${name}`);
    if (!present) throw StatusError.notFound(groups[kind]!, name);
    if (present.metadata.uid !== uid) throw StatusError.conflict(groups[kind]!, name);
    this.writes.push(`delete ${kind} ${name}`);
    const gone = copyOf(present);
    gone.metadata.resourceVersion = this.#next();
    if (kind === 'PersistentVolumeClaim') {
      // Claims wait for their protection to be lifted, as they do on a host.
      gone.metadata.deletionTimestamp = '2026-11-21T10:00:00Z';
      this.#keep(gone);
      return;
    }
    this.children.delete(idOf(gone));
    this.#view.remove(gone);
  }

  #lookAt({ kind, namespace, name }: ChildReference): Child | undefined {
    const child = this.children.get(`${kind}/${namespace}/${name}`);
    if (child) this.#view.put(child);
    return child;
  }

  /** Own writes are in the view at once. */
  #keep(child: Child): void {
    this.children.set(idOf(child), child);
    this.#view.put(child);
  }

  #store(cluster: KubeDirectorCluster): KubeDirectorCluster {
    this.clusters.set(keyText(keyOf(cluster)), cluster);
    for (const listener of this.#clusterListeners) listener(keyOf(cluster));
    return cluster;
  }

  #notice(see: () => void): void {
    if (this.lags) this.#unseen.push(see);
    else see();
  }

  #mayWrite(verb: Verb, name: string, kind: string): void {
    const refusal = this.refuse(verb, name, kind);
    if (refusal) throw refusal;
  }

  #ensurePod(set: StatefulSet, name: string, namespace: string): void {
    const { matchLabels } = set.spec.selector;
    for (const { metadata, spec } of set.spec.volumeClaimTemplates ?? []) {
      const claim = `${metadata.name}-${name}`;
      if (!this.child('PersistentVolumeClaim', claim))
        this.put({
          apiVersion: 'v1',
          kind: 'PersistentVolumeClaim',
          metadata: { name: claim, namespace, labels: { ...matchLabels } },
          spec,
          status: { phase: 'Bound' },
        });
    }
    if (this.child('Pod', name)) return;
    const controller = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: set.metadata.name, uid: set.metadata.uid! };
    this.put({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name,
        namespace,
        labels: { ...set.spec.template.metadata.labels },
        ownerReferences: [{ ...controller, controller: true }],
      },
      status: { phase: 'Pending' },
    });
  }

  #reconciler(ports: Ports) {
    return clusterReconciler({
      ports,
      systemNamespace: 'kubedirector',
      recorder: {
        tell: (_, news) => this.told.push(...news.map(({ type, reason, message }) => `${type} ${reason} ${message}`)),
      },
      timers: this.timers,
      log: silentLog,
      jobs: this.#jobs,
      dependsOn: () => {},
    });
  }

  #next(): string {
    this.#revision += 1;
    return String(this.#revision);
  }

  #uid(): string {
    this.#uids += 1;
    return `uid-${this.#uids}`;
  }
}

const idOf = ({ kind, metadata }: Child): string => `${kind}/${metadata.namespace}/${metadata.name}`;

/** Ownership as the sandbox keeps it, and so as Kubernetes does. */
const managers = new Map<string, FieldManager>();

function managerOf(kind: Child['kind']): FieldManager {
  const resources = {
    StatefulSet: () => statefulSets,
    Service: () => serviceResource({} as never),
    Pod: () => podResource({ now: () => 0 }),
    PersistentVolumeClaim: () => claimResource(() => undefined),
  };
  const schema = () => resources[kind]().forms[0]!.schema;
  const known = managers.get(kind) ?? new FieldManager({ schemaOf: schema, convert: (object) => object });
  managers.set(kind, known);
  return known;
}

const time = '2026-11-21T10:00:00Z';

function applied(configuration: ApplyConfiguration, live: Child | undefined, force: boolean): Child {
  const { apiVersion, kind } = configuration;
  const result = managerOf(kind).applyConfiguration({
    ...{ live, configuration: copyOf(configuration) as unknown as Record<string, unknown> },
    ...{ manager: fieldManager, apiVersion, force, time },
  });
  if ('conflicts' in result) throw StatusError.conflict(groups[kind]!, configuration.metadata.name);
  const { object, managedFields } = copyOf(result);
  return { ...object, metadata: { ...object.metadata, ...(managedFields && { managedFields }) } } as Child;
}

/** The object with what a write by somebody makes of its owners. */
function owned(child: Child, live: Child | undefined, manager: string): Child {
  // What nobody applied is owned by nobody, to keep the world small.
  if (!live?.metadata.managedFields) return child;
  const managedFields = managerOf(child.kind).recordUpdate({
    ...{ live, object: child, manager, apiVersion: child.apiVersion, time },
    resetFields: FieldSet.of(['f:status']),
  });
  const { managedFields: _, ...metadata } = child.metadata;
  return { ...child, metadata: { ...metadata, ...(managedFields && { managedFields }) } } as Child;
}

const isControlledBy = ({ kind, metadata }: Child, owner: Child): boolean =>
  kind === 'Pod' && metadata.ownerReferences?.some(({ uid }) => uid === owner.metadata.uid) === true;

function subscription<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** RFC 7386. */
function merged(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const result: Record<string, unknown> = isRecord(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merged(result[key], value);
  }
  return result;
}
