/**
 * Carrying out a plan: all steps side by side, every outcome collected. One that fails stops no other, since a broken member must not
 * keep the rest of its cluster waiting.
 */
import { hasReason, isAlreadyExists, isConflict, isNotFound, StatusError } from '../../openapi/machinery/status.ts';
import type { KubeDirectorCluster } from '../../openapi/v1beta1/kubedirectorcluster.ts';
import { isNamespaceTerminating } from '../errors.ts';
import { standingOf } from './current.ts';
import type { HostPort } from './ports.ts';
import { namespaceGoes, type Problem } from './problems.ts';
import { takenBy } from './services.ts';
import { referenceTo, type Step, subjectOf } from './steps.ts';

/**
 * What became of a step. `stale`: it was decided on an old view, and the next look will know better. `refused` and `paused` carry
 * what to tell people; a pause is over when the namespace is, or never.
 */
export type Outcome =
  | { readonly step: Step; readonly result: 'done' | 'stale' }
  | { readonly step: Step; readonly result: 'refused' | 'paused'; readonly problem: Problem; readonly error: unknown };

/** Side by side, but so that one large cluster leaves room on the wire for others. */
const atOnce = 32;

/** @throws only when `signal` aborts; every step that was begun has ended by then */
export async function apply(
  steps: readonly Step[],
  cluster: KubeDirectorCluster,
  host: HostPort,
  signal: AbortSignal,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const rest = steps.values();
  const lane = async () => {
    for (const step of rest) {
      signal.throwIfAborted();
      outcomes.push(await attempt(step, cluster, host, signal));
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: Math.min(atOnce, steps.length) }, lane));
  for (const { reason } of lanes.filter((ended) => ended.status === 'rejected')) throw reason;
  return outcomes;
}

async function attempt(
  step: Step,
  cluster: KubeDirectorCluster,
  host: HostPort,
  signal: AbortSignal,
): Promise<Outcome> {
  try {
    await carryOut(step, host, signal);
    return { step, result: 'done' };
  } catch (error) {
    if (signal.aborted) throw error;
    if (isConflict(error)) return { step, result: 'stale' };
    if (isNotFound(error) && step.verb !== 'create') return { step, result: step.verb === 'delete' ? 'done' : 'stale' };
    if (isAlreadyExists(error) && step.verb === 'create') return explain(step, cluster, host, error, signal);
    if (isNamespaceTerminating(error))
      return { step, result: 'paused', problem: namespaceGoes(cluster.metadata.namespace ?? ''), error };
    return { step, result: 'refused', problem: problemOf(step, error), error };
  }
}

function carryOut(step: Step, host: HostPort, signal: AbortSignal): Promise<void> {
  switch (step.verb) {
    case 'create':
      return host.create(step.child, signal);
    case 'patch':
      return host.patch(step.child, step.patch, signal);
    case 'delete':
      return host.delete(step.child, signal);
  }
}

/** The name is taken by something that the view does not show: ours without its label, or a stranger's. */
async function explain(
  step: Step & { verb: 'create' },
  cluster: KubeDirectorCluster,
  host: HostPort,
  error: unknown,
  signal: AbortSignal,
): Promise<Outcome> {
  try {
    const found = await host.lookAt(referenceTo(step.child), signal);
    if (!found || standingOf(cluster, found) !== 'other') return { step, result: 'stale' };
    return { step, result: 'refused', problem: takenBy(cluster, found), error };
  } catch (failure) {
    if (signal.aborted) throw failure;
    return { step, result: 'refused', problem: problemOf(step, failure), error: failure };
  }
}

function problemOf(step: Step, error: unknown): Problem {
  const { kind, name } = subjectOf(step);
  const why = hasReason(error, 'InternalError') || !(error instanceof StatusError) ? unreachable(error) : error.message;
  const verbs = { create: 'created', patch: 'changed', delete: 'deleted' } as const;
  return {
    reason: step.verb === 'create' ? 'ChildNotCreated' : 'ChildNotChanged',
    message: `${kind} ${name} could not be ${verbs[step.verb]}: ${why}`,
  };
}

const unreachable = (error: unknown): string => (error instanceof Error ? error.message : String(error));
