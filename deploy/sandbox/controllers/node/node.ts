/**
 * The simulated node, with its scheduler: it takes pods, says that they run, and lets them go when they are deleted.
 *
 * What it says of a pod is decided in pod-status.ts, whether it takes one in scheduling.ts; here is only who is looked at when.
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../../../openapi/machinery/clock.ts';
import { timestamp } from '../../../../openapi/machinery/clock.ts';
import { sameJson } from '../../../../openapi/machinery/json.ts';
import type { Log } from '../../../../openapi/machinery/log.ts';
import { isConflict, isNotFound } from '../../../../openapi/machinery/status.ts';
import { actingAs } from '../../engine/acting.ts';
import { Controller } from '../../engine/controller.ts';
import type { Informers } from '../../engine/informers.ts';
import type { Recorder } from '../../engine/recorder.ts';
import type { HostRegistries } from '../../kinds/index.ts';
import type { Node } from '../../kinds/nodes.ts';
import { conditionOf, type Pod } from '../../kinds/pods/pod.ts';
import { bindingSubresource } from '../../kinds/pods/resource.ts';
import type { Claim } from '../../kinds/volumes/volume.ts';
import type { PodRecord, PodRecords } from '../pod-records.ts';
import { PodAddresses } from './addresses.ts';
import { behaviourOf } from './behaviour.ts';
import { podStatus, type Surroundings } from './pod-status.ts';
import { obstacle } from './scheduling.ts';

/** How long things take that take no time here. */
export interface NodeDelays {
  /** From a pod's creation until it has a node. */
  readonly scheduleMs: number;
  /** From there until it runs and is ready. */
  readonly startMs: number;
  /** From its deletion until it is gone, unless its grace period ends before. */
  readonly stopMs: number;
}

/** Long enough that people see it happen, short enough that nobody waits. */
export const defaultDelays: NodeDelays = { scheduleMs: 10, startMs: 40, stopMs: 40 };

export const nodeName = 'sandbox';
export const hostIp = '192.0.2.1';

/** An obstacle that is about to go is told only when it stays so long. */
const patienceMs = 1000;

const scheduler = actingAs('system:kube-scheduler');
const kubelet = actingAs(`system:node:${nodeName}`);

interface Parts {
  readonly host: HostRegistries;
  readonly informers: Informers;
  readonly pods: PodRecords;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly delays: NodeDelays;
  readonly log: Log;
}

export class SimulatedNode {
  readonly controller: Controller;
  readonly #host: HostRegistries;
  readonly #pods: PodRecords;
  readonly #recorder: Recorder;
  readonly #clock: Clock;
  readonly #delays: NodeDelays;
  readonly #addresses = new PodAddresses();
  /** Pods that no node takes, and since when. */
  readonly #held = new Map<string, number>();

  constructor({ host, informers, pods, recorder, clock, delays, log }: Parts) {
    this.#host = host;
    this.#pods = pods;
    this.#recorder = recorder;
    this.#clock = clock;
    this.#delays = delays;
    this.controller = new Controller({
      name: 'node',
      reconcile: (key, signal) => this.#reconcile(key, signal),
      log,
    });
    pods.watch((now, before) => this.#noticed(now, before));
    informers.of(host.claims).subscribe({
      changed: ({ key }) => {
        for (const pod of pods.usersOf(key)) if (!pod.nodeName) this.controller.enqueue(pod.key);
      },
    });
    informers.of(host.nodes).subscribe({
      changed: () => {
        for (const key of this.#held.keys()) this.controller.enqueue(key);
      },
    });
  }

  #noticed(now: PodRecord | undefined, before: PodRecord | undefined): void {
    this.#addresses.note(now, before);
    if (!now) {
      this.#held.delete(before?.key ?? '');
      return;
    }
    const delayMs = this.#delayFor(now);
    if (delayMs !== undefined) this.controller.enqueueAfter(delayMs, now.key);
  }

  /** @returns undefined when there is nothing to do for the pod */
  #delayFor({ deleting, graceSeconds, nodeName: bound, settled, phase }: PodRecord): number | undefined {
    const { scheduleMs, startMs, stopMs } = this.#delays;
    if (deleting) return bound === nodeName && graceSeconds > 0 ? Math.min(stopMs, graceSeconds * 1000) : undefined;
    if (!bound) return scheduleMs;
    if (bound !== nodeName || settled || phase === 'Failed' || phase === 'Succeeded') return undefined;
    return phase === 'Pending' ? startMs : 0;
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<number | undefined> {
    const record = this.#pods.get(key);
    const pod = this.#host.pods.cache.get(key)?.object<Pod>();
    if (!record || !pod || this.#delayFor(record) === undefined) return undefined;
    try {
      if (record.deleting) return await this.#stop(record, pod, signal);
      if (!record.nodeName) return await this.#schedule(record, pod, signal);
      await this.#report(record, pod, signal);
    } catch (error) {
      // Somebody was faster; the change that tells of it is on its way.
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
    return undefined;
  }

  async #schedule({ key, uid, namespace }: PodRecord, pod: Pod, signal: AbortSignal): Promise<number | undefined> {
    if (pod.spec.schedulerName !== 'default-scheduler') return undefined;
    const node = this.#host.nodes.cache.get(nodeName)?.object<Node>();
    const claimNamed = (name: string) => this.#host.claims.cache.get(`${namespace}/${name}`)?.object<Claim>();
    const found = obstacle(pod, node, claimNamed);
    if (found) return this.#hold(key, pod, found, signal);
    this.#held.delete(key);
    const bind = (old: Pod): Pod => ({ ...old, spec: { ...old.spec, nodeName } });
    await this.#host.pods.writes.modify(key, bind, scheduler.on(bindingSubresource), signal, { uid });
    const message = `Successfully assigned ${key} to ${nodeName}`;
    this.#recorder.tell({ about: pod, type: 'Normal', reason: 'Scheduled', message, component: 'default-scheduler' });
    return undefined;
  }

  /** Says why nobody takes the pod, once. */
  async #hold(
    key: string,
    pod: Pod,
    { message, passing = false }: { message: string; passing?: boolean },
    signal: AbortSignal,
  ): Promise<number | undefined> {
    const since = this.#held.get(key) ?? this.#clock.now();
    this.#held.set(key, since);
    const waited = this.#clock.now() - since;
    if (passing && waited < patienceMs) return patienceMs - waited;
    const told = conditionOf(pod, 'PodScheduled');
    if (told?.status === 'False' && told.message === message) return undefined;
    const now = timestamp(this.#clock.now());
    const unscheduled = { type: 'PodScheduled', status: 'False' as const, reason: 'Unschedulable', message };
    const tell = (old: Pod): Pod => {
      const before = conditionOf(old, 'PodScheduled');
      const others = (old.status?.conditions ?? []).filter(({ type }) => type !== 'PodScheduled');
      const lastTransitionTime = (before?.status === 'False' && before.lastTransitionTime) || now;
      return { ...old, status: { ...old.status, conditions: [...others, { ...unscheduled, lastTransitionTime }] } };
    };
    await this.#host.pods.writes.modify(key, tell, scheduler.status, signal);
    this.#recorder.tell({
      about: pod,
      type: 'Warning',
      reason: 'FailedScheduling',
      message,
      component: 'default-scheduler',
    });
    return undefined;
  }

  async #report(record: PodRecord, pod: Pod, signal: AbortSignal): Promise<void> {
    const surroundings: Surroundings = {
      now: timestamp(this.#clock.now()),
      hostIp,
      podIp: this.#addresses.forPod(record),
      newContainerId: () => `simulated://${randomBytes(32).toString('hex')}`,
    };
    if (sameJson(podStatus(pod, surroundings), pod.status)) return;
    const report = (old: Pod): Pod => ({ ...old, status: podStatus(old, surroundings) });
    await this.#host.pods.writes.modify(record.key, report, kubelet.status, signal, { uid: record.uid });
  }

  async #stop({ key, uid }: PodRecord, pod: Pod, signal: AbortSignal): Promise<number | undefined> {
    const behaviour = behaviourOf(pod);
    if (behaviour === 'NeverEnds') return undefined;
    const leftMs = Date.parse(pod.metadata.deletionTimestamp ?? '') - this.#clock.now();
    if (behaviour === 'SlowToEnd' && leftMs > 0) return leftMs;
    const options = { gracePeriodSeconds: 0, preconditions: { uid } };
    await this.#host.pods.deletion.delete(key, options, kubelet.itself, signal);
    return undefined;
  }
}
