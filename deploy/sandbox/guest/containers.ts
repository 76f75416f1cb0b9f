/**
 * The containers of simulated pods as programs in them would see them: what is in their files, and what has been said to them.
 *
 * Only containers that somebody ran a program in are known here. They are in memory: after a restart of the sandbox their files are
 * gone, though the containers are the same.
 */
import { posix } from 'node:path';
import type { Informer } from '../../../apiserver/cache/informer.ts';
import { isRecord, recordsIn } from '../../../openapi/machinery/meta.ts';
import { StatusError } from '../../../openapi/machinery/status.ts';
import { containersOf } from '../kinds/pods/defaults.ts';
import type { Container, ContainerStatus, Pod } from '../kinds/pods/pod.ts';
import type { Claim } from '../kinds/volumes/volume.ts';
import { type GuestBehaviour, guestBehaviourOf } from './behaviour.ts';
import { ContainerFiles, FileTree, type Mount } from './files.ts';

/** What is kept of a container. */
interface Kept {
  readonly id: string;
  readonly files: FileTree;
  readonly memory: GuestMemory;
}

/** What KubeDirector's program remembers of its calls, by what they said of the container. */
export interface GuestMemory {
  container: string;
  attempt: number | undefined;
  readonly told: Set<string>;
  reconnected: string | undefined;
}

/** Where the newest state of a pod is found. */
export type PodFinder = (key: string) => Pod | undefined;

/** What of the cluster concerns containers. */
export interface Followed {
  readonly pods: Informer<Pod>;
  readonly claims: Informer<Claim>;
  readonly find: PodFinder;
}

export class SimulatedContainers {
  /** By the uid of the pod, then by name. */
  readonly #kept = new Map<string, Map<string, Kept>>();
  /** By the key of the claim. */
  readonly #claims = new Map<string, FileTree>();
  readonly #waiting = new Map<string, Set<() => void>>();
  #find: PodFinder = () => undefined;

  /** Forgets what is gone, and wakes those who wait for a change of their pod. */
  follow({ pods, claims, find }: Followed): void {
    this.#find = find;
    pods.subscribe({
      changed: ({ gone, snapshot: { uid } }) => {
        if (gone) this.#kept.delete(uid);
        for (const wake of this.#waiting.get(uid) ?? []) wake();
      },
    });
    claims.subscribe({
      changed: ({ gone, key }) => {
        if (gone) this.#claims.delete(key);
      },
    });
  }

  /** @throws StatusError 400 when the pod has no such container, or it does not run (in the words of a kubelet) */
  running(pod: Pod, name: string): SimulatedContainer {
    const container = containerNamed(pod, name);
    if (!pod.spec.nodeName) throw StatusError.badRequest(`pod ${pod.metadata.name} does not have a host assigned`);
    const id = runningId(pod, container.name);
    if (id === undefined) throw StatusError.badRequest(`container not found (${JSON.stringify(container.name)})`);
    const { files, memory } = this.#keep(pod, container.name, id);
    return new SimulatedContainer({
      pod,
      container,
      memory,
      files: new ContainerFiles(files, this.#mounts(pod, container)),
      now: () => {
        const now = newer(pod, this.#find(keyOf(pod)));
        return now && now.metadata.uid === pod.metadata.uid && runningId(now, container.name) === id ? now : undefined;
      },
      changed: (ms, signal) => this.#changed(pod.metadata.uid ?? '', ms, signal),
    });
  }

  /** Another container of the same name begins with nothing. */
  #keep({ metadata: { uid = '' } }: Pod, name: string, id: string): Kept {
    const ofPod = this.#kept.get(uid) ?? new Map<string, Kept>();
    this.#kept.set(uid, ofPod);
    const known = ofPod.get(name);
    if (known?.id === id) return known;
    const memory = { container: '', attempt: undefined, told: new Set<string>(), reconnected: undefined };
    const kept: Kept = { id, files: new FileTree(), memory };
    ofPod.set(name, kept);
    return kept;
  }

  #mounts({ spec, metadata }: Pod, container: Container): Mount[] {
    const claimOf = new Map(
      (spec.volumes ?? []).map(({ name, persistentVolumeClaim }) => [name, persistentVolumeClaim?.claimName]),
    );
    return recordsIn(container.volumeMounts).flatMap(({ name, mountPath, subPath }) => {
      const claim = claimOf.get(String(name));
      if (!claim || typeof mountPath !== 'string') return [];
      const tree = this.#treeOf(`${metadata.namespace}/${claim}`);
      return [{ tree, path: posix.resolve('/', mountPath), inTree: posix.resolve('/', String(subPath ?? '')) }];
    });
  }

  #treeOf(claim: string): FileTree {
    const tree = this.#claims.get(claim) ?? new FileTree();
    this.#claims.set(claim, tree);
    return tree;
  }

  /** Resolves when the pod changes, after a time, or when the signal aborts. */
  #changed(uid: string, ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(uid) ?? new Set();
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        waiting.delete(done);
        if (!waiting.size && this.#waiting.get(uid) === waiting) this.#waiting.delete(uid);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener('abort', done, { once: true });
      this.#waiting.set(uid, waiting.add(done));
    });
  }
}

interface Inside {
  readonly pod: Pod;
  readonly container: Container;
  readonly memory: GuestMemory;
  readonly files: ContainerFiles;
  /** Undefined when the container has ended. */
  readonly now: () => Pod | undefined;
  readonly changed: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** A container that runs. */
export class SimulatedContainer {
  readonly files: ContainerFiles;
  readonly memory: GuestMemory;
  readonly #inside: Inside;

  constructor(inside: Inside) {
    this.files = inside.files;
    this.memory = inside.memory;
    this.#inside = inside;
  }

  get hostname(): string {
    const { spec, metadata } = this.#inside.pod;
    return spec.hostname ?? metadata.name;
  }

  /** Those with a value; what is to be looked up elsewhere is left out. */
  get environment(): ReadonlyMap<string, string> {
    const variables = recordsIn(this.#inside.container.env).filter(({ value }) => typeof value === 'string');
    return new Map([
      ['PATH', '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
      ['HOSTNAME', this.hostname],
      ...variables.map(({ name, value }) => [String(name), String(value)] as const),
    ]);
  }

  /** As the pod says at the moment; undefined when the container has ended. */
  get behaviour(): GuestBehaviour | undefined {
    const pod = this.#inside.now();
    return pod && guestBehaviourOf(pod);
  }

  /** Resolves when the pod changes, after a time, or when the signal aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void> {
    return this.#inside.changed(ms, signal);
  }
}

/** What is found may be a moment behind. */
const newer = (known: Pod, found: Pod | undefined): Pod | undefined =>
  found && Number(found.metadata.resourceVersion) < Number(known.metadata.resourceVersion) ? known : found;

const keyOf = ({ metadata: { namespace = '', name } }: Pod): string => `${namespace}/${name}`;

/** @throws StatusError 400 */
export function containerNamed(pod: Pod, name: string): Container {
  const all = containersOf(pod.spec);
  const { metadata, spec } = pod;
  if (name === '') {
    if (spec.containers.length === 1) return spec.containers[0]!;
    const names = spec.containers.map((container) => container.name).join(' ');
    throw StatusError.badRequest(
      `a container name must be specified for pod ${metadata.name}, choose one of: [${names}]`,
    );
  }
  const found = all.find((container) => container.name === name);
  if (!found) throw StatusError.badRequest(`container ${name} is not valid for pod ${metadata.name}`);
  return found;
}

export function containerStatusOf({ status = {} }: Pod, name: string): ContainerStatus | undefined {
  const all = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  return all.find((status) => status.name === name);
}

function runningId(pod: Pod, name: string): string | undefined {
  const status = containerStatusOf(pod, name);
  return isRecord(status?.state?.running) ? status.containerID : undefined;
}
