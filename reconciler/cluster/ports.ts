/**
 * What the cluster controller asks of the world, in its own words. The composition root implements these: in process for our own
 * kinds, over REST and watches for the host. Tests implement them in memory.
 *
 * Every call that waits takes a signal last and gives up when that aborts. Failures are StatusErrors; whatever else is thrown
 * counts as a fault of the way there, and is tried again.
 */
import type { ObjectKey, ObjectMeta } from '../../openapi/machinery/meta.ts';
import type { KubeDirectorApp } from '../../openapi/v1beta1/kubedirectorapp.ts';
import type { KubeDirectorCluster } from '../../openapi/v1beta1/kubedirectorcluster.ts';
import type { ConfigSpec } from '../../openapi/v1beta1/kubedirectorconfig.ts';
import type { EventSink } from '../events.ts';
import type { ExecPort } from '../guest/ports.ts';
import type {
  Child,
  ChildKind,
  DataKind,
  DataObject,
  PersistentVolumeClaim,
  Pod,
  Service,
  StatefulSet,
} from '../host-types.ts';

export type Unsubscribe = () => void;

/**
 * Our kinds are in the hub's version, and every object has its apiVersion and kind, also where a list left them out. Objects that are
 * handed out are shared: nobody changes them.
 */
export interface Ports {
  readonly clusters: ClusterPort;
  readonly apps: AppPort;
  readonly config: ConfigPort;
  readonly host: HostPort;
  readonly data: DataPort;
  readonly exec: ExecPort;
  readonly events: EventSink;
}

export interface ClusterPort {
  /** The cluster as of now or later than the last `updateStatus` of this process; undefined when there is none. */
  get(key: ObjectKey, signal: AbortSignal): Promise<KubeDirectorCluster | undefined>;
  /** The keys of all clusters. Called once, after subscribing. */
  keys(signal: AbortSignal): Promise<readonly ObjectKey[]>;
  /** `changed` is called after every write or deletion of a cluster, own writes included, and may be called too often. */
  subscribe(changed: (key: ObjectKey) => void): Unsubscribe;
  /**
   * Replaces the status, if the cluster is still at `metadata.resourceVersion`. So node ids are taken once. What is stored is what
   * was sent, no more and no less: a difference would be taken for news and written again, twice a second.
   *
   * @returns the cluster as it is stored now
   * @throws StatusError Conflict when somebody wrote meanwhile, NotFound when it is gone
   */
  updateStatus(cluster: KubeDirectorCluster, signal: AbortSignal): Promise<KubeDirectorCluster>;
}

export interface AppPort {
  find(key: ObjectKey, signal: AbortSignal): Promise<KubeDirectorApp | undefined>;
  subscribe(changed: (key: ObjectKey) => void): Unsubscribe;
}

export interface ConfigPort {
  /** The spec of `kd-global-config`; empty when there is none. */
  get(signal: AbortSignal): Promise<ConfigSpec>;
  subscribe(changed: () => void): Unsubscribe;
}

/** Which child. */
export interface ChildReference {
  readonly kind: ChildKind;
  readonly namespace: string;
  readonly name: string;
}

/** A child as it was seen: a write to it takes effect only if it is still the same one. */
export interface SeenChild extends ChildReference {
  readonly uid: string;
  readonly resourceVersion: string;
}

export interface Children {
  readonly statefulSets: readonly StatefulSet[];
  readonly services: readonly Service[];
  readonly pods: readonly Pod[];
  readonly claims: readonly PersistentVolumeClaim[];
}

/** A JSON merge patch (RFC 7386). It names the resourceVersion that it was made for, so that it never undoes what it has not seen. */
export type MergePatch = Readonly<Record<string, unknown>>;

/**
 * What is applied: all that we want to own of an object, and no more. Of an object that exists it names uid and resourceVersion, for
 * the same reason as a patch; a uid alone would let a leader that has lost its Lease scale down what its successor has scaled up.
 */
export interface ApplyConfiguration {
  readonly apiVersion: string;
  readonly kind: ChildKind;
  readonly metadata: Partial<ObjectMeta> & { readonly name: string };
  readonly spec?: object;
}

/**
 * The host cluster: a view of the children, kept up to date by watches, and writes.
 *
 * **Own writes are in the view when their promise resolves.** `apply`, `patch` and `delete` put the host's answer into the view
 * themselves, unless that has something newer, and do not wait for the watch to come round (ChildView does this). A controller that
 * counted expected events instead would need a time after which it stops believing in them; here nothing can be forgotten. And
 * nothing breaks where the promise is kept badly: children have names of their own, configurations and patches name a resourceVersion
 * and deletes a uid, so that a decision made on an old view ends in a 409 and not in a second object.
 */
export interface HostPort {
  /** Resolves when the view holds everything that the host has. Before, what is missing would count as gone. */
  synced(signal: AbortSignal): Promise<void>;
  /**
   * What the host has for the cluster of this name: whatever carries its label, and whatever it owns.
   * It may belong to a predecessor of the same name; that is for the caller to see.
   */
  children(cluster: ObjectKey): Children;
  /** `changed` is called after every change in the view, own writes included. */
  subscribe(changed: (cluster: ObjectKey) => void): Unsubscribe;
  /**
   * Server-side apply, as the manager `kubedirector`. What is not there is created.
   *
   * @param force are fields taken from whoever else owns them? Only of an object that is known to be ours
   * @throws StatusError Conflict when it has changed since, or others own fields; Forbidden with the cause NamespaceTerminating, or
   *   for want of quota or rights
   */
  apply(configuration: ApplyConfiguration, force: boolean, signal: AbortSignal): Promise<void>;
  /** @throws StatusError Conflict when it has changed since, NotFound */
  patch(child: SeenChild, patch: MergePatch, signal: AbortSignal): Promise<void>;
  /** Deletes in the background, if it still has this uid. @throws StatusError Conflict, NotFound */
  delete(child: SeenChild, signal: AbortSignal): Promise<void>;
  /**
   * Reads one object from the host, past the view, and takes it into the view if it belongs to a cluster: to know that a name is free
   * before it is taken, and whose it is when it is not.
   */
  lookAt(child: ChildReference, signal: AbortSignal): Promise<Child | undefined>;
}

/** Which ConfigMap or Secret. */
export interface DataReference {
  readonly kind: DataKind;
  readonly namespace: string;
  readonly name: string;
}

/** What is known of a ConfigMap or Secret. `unknown`: it has not been asked for long enough. */
export type SeenData =
  | { readonly state: 'found'; readonly object: DataObject }
  | { readonly state: 'missing' }
  | { readonly state: 'unknown' }
  | { readonly state: 'forbidden'; readonly message: string };

/**
 * ConfigMaps and Secrets that clusters look into: those that carry the label of their type, in the namespaces that were asked
 * for. KubeDirector may not read the others, and need not.
 */
export interface DataPort {
  /** From now on the cluster needs objects of these kinds in its namespace; of none when there are none. */
  follow(cluster: ObjectKey, kinds: readonly DataKind[]): void;
  read(reference: DataReference): SeenData;
  /** `changed` is told of the clusters that follow what has changed. */
  subscribe(changed: (cluster: ObjectKey) => void): Unsubscribe;
  /** The answer is read at once. @throws StatusError AlreadyExists, Forbidden */
  create(object: DataObject, signal: AbortSignal): Promise<void>;
  /** @throws StatusError Conflict when it has changed since, NotFound, Forbidden */
  patch(reference: DataReference, patch: MergePatch, signal: AbortSignal): Promise<void>;
}
