/**
 * All controllers of the host: what a kube-controller-manager, a scheduler and a kubelet do, as far as the sandbox needs it.
 */
import type { Registries } from '../../../apiserver/registry/registries.ts';
import type { Clock } from '../../../openapi/machinery/clock.ts';
import type { Log } from '../../../openapi/machinery/log.ts';
import type { Controller } from '../engine/controller.ts';
import { Informers } from '../engine/informers.ts';
import { Recorder } from '../engine/recorder.ts';
import type { HostRegistries } from '../kinds/index.ts';
import { ClusterRoleAggregation } from './cluster-roles.ts';
import { EventExpiry } from './event-expiry.ts';
import { GarbageCollector } from './garbage/collector.ts';
import { Namespaces } from './namespaces.ts';
import { defaultDelays, type NodeDelays, SimulatedNode } from './node/node.ts';
import { PodRecords } from './pod-records.ts';
import { DefaultServiceAccounts } from './serviceaccounts.ts';
import { StatefulSets } from './statefulset/controller.ts';
import { ClaimBinder } from './volumes/binder.ts';
import { VolumeReclaimer } from './volumes/reclaimer.ts';

export interface ControllerOptions {
  readonly registries: Registries;
  readonly host: HostRegistries;
  readonly clock: Clock;
  readonly log: Log;
  readonly delays?: NodeDelays;
  /** How long the status of a StatefulSet that is still going to change may wait to be written. */
  readonly statusDelayMs?: number;
}

/** Long enough to write one status for several pods, too short to be seen. */
const defaultStatusDelayMs = 200;

/** Runs all controllers over filled caches until the signal aborts. */
export async function runControllers(options: ControllerOptions, signal: AbortSignal): Promise<void> {
  const { registries, host, clock, delays = defaultDelays, statusDelayMs = defaultStatusDelayMs, log } = options;
  const informers = new Informers(log);
  const recorder = new Recorder(host.events, clock);
  const pods = new PodRecords(informers.of(host.pods));
  const parts = { registries, host, informers, pods, recorder, clock, delays, statusDelayMs, log };
  const controllers: Controller[] = [
    new StatefulSets(parts),
    new SimulatedNode(parts),
    new ClaimBinder(parts),
    new VolumeReclaimer(parts),
    new GarbageCollector(parts),
    new Namespaces(parts),
    new DefaultServiceAccounts(parts),
    new EventExpiry(parts),
    new ClusterRoleAggregation(parts),
  ].map(({ controller }) => controller);
  recorder.start(signal);
  const stop = informers.start();
  try {
    await Promise.all(controllers.map((controller) => controller.run(signal)));
  } finally {
    stop();
  }
}
