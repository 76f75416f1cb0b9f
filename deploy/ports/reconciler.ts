/**
 * The reconciler, plugged into the registries of this process and into the host, at work whenever it holds the Lease.
 */
import type { HostClient } from '../../apiserver/host/rest.ts';
import type { Registries } from '../../apiserver/registry/registries.ts';
import type { Log } from '../../openapi/machinery/log.ts';
import type { Metrics } from '../../openapi/machinery/metrics.ts';
import { runClusterController } from '../../reconciler/cluster/controller.ts';
import { guestHelper, guestProgram } from '../../reconciler/guest/program.ts';
import { leadWhenElected } from '../../reconciler/leader.ts';
import { ControllerMetrics } from '../../reconciler/metrics.ts';
import { systemTimers } from '../../reconciler/timers.ts';
import { dataPorts } from './data.ts';
import { execPort } from './exec.ts';
import { hostPorts, leasePort } from './host.ts';
import { ownKinds } from './own-kinds.ts';

export interface ReconcilerOptions {
  readonly registries: Registries;
  readonly client: HostClient;
  /** KubeDirector's own: its Lease, its configuration and the system catalog are there. */
  readonly systemNamespace: string;
  /** Unique among all replicas that were ever started. */
  readonly instance: string;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** Runs until the signal aborts; the Lease is given back then. */
export async function runReconciler(options: ReconcilerOptions, signal: AbortSignal): Promise<void> {
  const { registries, client, systemNamespace, instance, log } = options;
  const metrics = new ControllerMetrics(options.metrics, 'cluster');
  const { host, events, run } = hostPorts(client, log);
  const { data, stop } = dataPorts(client, log);
  const ports = { ...ownKinds(registries, systemNamespace), host, events, data, exec: execPort(client) };
  const guest = { program: guestProgram, helper: guestHelper };
  const lead = async (leading: AbortSignal): Promise<void> => {
    try {
      await runClusterController(ports, { systemNamespace, instance, log, guest, metrics }, leading);
    } finally {
      // Who does not lead needs to see no Secrets.
      await stop();
    }
  };
  const lease = leasePort(client, systemNamespace, 'kubedirector');
  await Promise.all([
    run(signal),
    leadWhenElected({ lease, identity: instance, timers: systemTimers, log }, lead, signal),
  ]);
}
