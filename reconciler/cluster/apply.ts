/**
 * Carrying out a plan: all steps side by side, every outcome collected. One that fails stops no other, since a broken member must not
 * keep the rest of its cluster waiting.
 */
import { hasReason, isConflict, isNotFound, StatusError } from '../../openapi/machinery/status.ts';
import type { KubeDirectorCluster } from '../../openapi/v1beta1/kubedirectorcluster.ts';
import { isNamespaceTerminating } from '../errors.ts';
import type { Child } from '../host-types.ts';
import { takenBy } from './children/services.ts';
import { standingOf } from './current.ts';
import type { HostPort } from './ports.ts';
import { namespaceGoes, type Problem } from './problems.ts';
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
    if (step.verb === 'create') return await make(step, cluster, host, signal);
    await carryOut(step, host, signal);
    return { step, result: 'done' };
  } catch (error) {
    if (signal.aborted) throw error;
    if (isConflict(error)) return { step, result: 'stale' };
    if (isNotFound(error) && step.verb !== 'create') return { step, result: step.verb === 'delete' ? 'done' : 'stale' };
    if (isNamespaceTerminating(error))
      return { step, result: 'paused', problem: namespaceGoes(cluster.metadata.namespace ?? ''), error };
    return { step, result: 'refused', problem: problemOf(step, error), error };
  }
}

function carryOut(step: Exclude<Step, Creation>, host: HostPort, signal: AbortSignal): Promise<void> {
  switch (step.verb) {
    case 'apply':
      return host.apply(step.configuration, true, signal);
    case 'patch':
      return host.patch(step.child, step.patch, signal);
    case 'delete':
      return host.delete(step.child, signal);
  }
}

type Creation = Step & { readonly verb: 'create' };

/**
 * Applying also changes what is there; so the name has to be seen to be free, past the view, which may be late, and which does not
 * show strangers. What comes in between is a stranger's and conflicts, since nothing is taken by force here, or it is our own: another
 * leader has made the same child, and applying says the same once more.
 */
async function make(
  step: Creation,
  cluster: KubeDirectorCluster,
  host: HostPort,
  signal: AbortSignal,
): Promise<Outcome> {
  const taken = (found: Child): Outcome => {
    if (standingOf(cluster, found) !== 'other') return { step, result: 'stale' };
    const problem = takenBy(cluster, found);
    return { step, result: 'refused', problem, error: new Error(problem.message) };
  };
  const found = await host.lookAt(referenceTo(step.child), signal);
  if (found) return taken(found);
  try {
    await host.apply(step.child, false, signal);
    return { step, result: 'done' };
  } catch (error) {
    if (!isConflict(error)) throw error;
    const quicker = await host.lookAt(referenceTo(step.child), signal);
    return quicker ? taken(quicker) : { step, result: 'stale' };
  }
}

function problemOf(step: Step, error: unknown): Problem {
  const { kind, name } = subjectOf(step);
  const why = hasReason(error, 'InternalError') || !(error instanceof StatusError) ? unreachable(error) : error.message;
  const verbs = { create: 'created', apply: 'changed', patch: 'changed', delete: 'deleted' } as const;
  return {
    reason: step.verb === 'create' ? 'ChildNotCreated' : 'ChildNotChanged',
    message: `${kind} ${name} could not be ${verbs[step.verb]}: ${why}`,
  };
}

const unreachable = (error: unknown): string => (error instanceof Error ? error.message : String(error));
