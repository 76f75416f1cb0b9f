/**
 * How far the first copy of a member's persisted directories has come: told by the init container itself, for as long as it runs.
 *
 * Each such container is asked once, and then talks: a script in it looks every few seconds and writes a line when something has
 * changed, so nobody polls over the wire. What it says is for people; where it says nothing (an image without `du`, a host that lets
 * nobody in) nobody waits for it.
 */
import type { ObjectKey } from '../../../openapi/machinery/meta.ts';
import type { ContainerReference, ExecPort } from '../../guest/ports.ts';
import type { Pod } from '../../host-types.ts';
import type { Timers } from '../../timers.ts';
import type { HostPort, Unsubscribe } from '../ports.ts';
import { clusterOf } from './child-view.ts';
import { copyContainer, progressScript } from './persisted.ts';

/** Each is a connection to the host; members beyond show no progress until others are done. */
const mostFollowed = 64;
/** Members that nobody asks for any more are forgotten when there are more than these. */
const mostRemembered = 4096;
/** A container may say what it likes as often as it likes; status is written for a new number, and not more often than this. */
const tellIntervalMs = 2_000;
/** Longer than any line of ours. */
const longestLine = 64;

interface Followed {
  /** Absent until the container has said something. */
  text?: string;
  ended: boolean;
}

/** The same host, whose pods also say how far their storage is. @param signal ends all listening */
export function withStorageProgress(host: HostPort, exec: ExecPort, timers: Timers, signal: AbortSignal): HostPort {
  const progress = new StorageProgress(exec, timers, signal);
  return {
    synced: (until) => host.synced(until),
    apply: (configuration, force, until) => host.apply(configuration, force, until),
    patch: (child, patch, until) => host.patch(child, patch, until),
    delete: (child, until) => host.delete(child, until),
    lookAt: (child, until) => host.lookAt(child, until),
    children: (cluster) => {
      const seen = host.children(cluster);
      return { ...seen, pods: seen.pods.map((pod) => progress.shownBy(pod)) };
    },
    subscribe: (changed) => {
      const unsubscribe = [host.subscribe(changed), progress.subscribe(changed)];
      return () => {
        for (const letGo of unsubscribe) letGo();
      };
    },
  };
}

class StorageProgress {
  readonly #exec: ExecPort;
  readonly #timers: Timers;
  readonly #signal: AbortSignal;
  /** By the uid of the pod and what its node calls the container. */
  readonly #followed = new Map<string, Followed>();
  readonly #listeners = new Set<(cluster: ObjectKey) => void>();
  #running = 0;

  constructor(exec: ExecPort, timers: Timers, signal: AbortSignal) {
    this.#exec = exec;
    this.#timers = timers;
    this.#signal = signal;
  }

  subscribe(changed: (cluster: ObjectKey) => void): Unsubscribe {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  }

  /** The pod with what is known; who copies and is not heard yet is listened to from now on. */
  shownBy(pod: Pod): Pod {
    const container = pod.status?.initContainerStatuses?.find(({ name }) => name === copyContainer);
    if (!container?.state?.running) return pod;
    const id = `${pod.metadata.uid} ${container.containerID ?? ''}`;
    const { text } = this.#followed.get(id) ?? this.#follow(id, pod);
    return text === undefined ? pod : { ...pod, storageInitProgress: text };
  }

  #follow(id: string, pod: Pod): Partial<Followed> {
    if (this.#running >= mostFollowed || this.#signal.aborted) return {};
    if (this.#followed.size >= mostRemembered)
      for (const [other, { ended }] of this.#followed) if (ended) this.#followed.delete(other);
    const followed: Followed = { ended: false };
    this.#followed.set(id, followed);
    this.#running += 1;
    const { namespace = '', name } = pod.metadata;
    void this.#listen({ namespace, pod: name, container: copyContainer }, followed, clusterOf(pod)).finally(() => {
      this.#running -= 1;
      followed.ended = true;
    });
    return followed;
  }

  async #listen(place: ContainerReference, followed: Followed, cluster: ObjectKey | undefined): Promise<void> {
    let rest = '';
    let toldAtMs = Number.NEGATIVE_INFINITY;
    const hear = (line: string): void => {
      const text = progressText(line);
      if (text === undefined || text === followed.text) return;
      if (this.#timers.elapsed() - toldAtMs < tellIntervalMs) return;
      toldAtMs = this.#timers.elapsed();
      followed.text = text;
      if (cluster) for (const listener of this.#listeners) listener(cluster);
    };
    const stdout = (chunk: Buffer): void => {
      const lines = (rest + chunk.toString('latin1')).split('\n');
      rest = lines.pop()!.slice(-longestLine);
      for (const line of lines) hear(line);
    };
    const command = { argv: ['sh', '-c', progressScript], input: new Uint8Array() };
    // Ends with the container, or with the connection, or because nobody may ask. Not knowing is no fault.
    await this.#exec.run(place, command, { stdout, stderr: () => {} }, this.#signal).catch(() => {});
  }
}

/** @param line kilobytes that are there, and kilobytes that are to be. @returns undefined for anything else */
export function progressText(line: string): string | undefined {
  const match = /^(\d{1,15}) (\d{1,15})$/.exec(line);
  if (!match) return undefined;
  const [copied, wanted] = [Number(match[1]), Number(match[2])];
  if (wanted === 0) return undefined;
  // Two file systems count differently; what is done says so by ending.
  const percent = Math.min(99, Math.floor((copied * 100) / wanted));
  return `${percent}% of ${amount(wanted)}`;
}

const amount = (kilobytes: number): string =>
  kilobytes >= 1024 * 1024 ? `${(kilobytes / 1024 / 1024).toFixed(1)} GiB` : `${Math.ceil(kilobytes / 1024)} MiB`;
