/**
 * What can be wrong with a cluster, in one word for programs (the reason of a condition), and which of several things to name first.
 */

/**
 * The worst first: what keeps everything back, then what keeps a child back, then what a member suffers from, then what only takes
 * time. Conditions have room for one.
 */
const worstFirst = [
  'AppNotFound',
  'NamespaceTerminating',
  'RoleNotInApp',
  'NameTaken',
  'ChildNotCreated',
  'ChildNotChanged',
  'ConnectionForbidden',
  'SecretKeyUnavailable',
  'ConfigError',
  'PodFailed',
  'ImageNotPulled',
  'ContainerCrashing',
  'ContainerNotStarted',
  'Unschedulable',
  'WaitingForPredecessor',
  'ChildTerminating',
  'MemberUnreachable',
  'MemberNotReady',
  'MemberWaiting',
  'MemberConfiguring',
  'StorageInitializing',
  'PodTerminating',
  'MemberStarting',
  'PodMissing',
  'NotificationFailed',
  'ConnectionMissing',
  'SecretKeyUnreadable',
  'CannotBeChanged',
] as const;

export type ProblemReason = (typeof worstFirst)[number];

export interface Problem {
  readonly reason: ProblemReason;
  /** One sentence without a full stop, naming the one thing that is wrong. */
  readonly message: string;
}

/** Nothing gets better until somebody acts: work is not under way. */
const stalling: ReadonlySet<ProblemReason> = new Set([
  'AppNotFound',
  'NamespaceTerminating',
  'RoleNotInApp',
  'NameTaken',
  'ConnectionForbidden',
  'SecretKeyUnavailable',
  'ConnectionMissing',
  'SecretKeyUnreadable',
  'CannotBeChanged',
]);

/** Members serve in spite of it. */
const harmless: ReadonlySet<ProblemReason> = new Set([
  'ChildNotChanged',
  'NotificationFailed',
  'SecretKeyUnavailable',
  'ConnectionMissing',
  'SecretKeyUnreadable',
  'CannotBeChanged',
]);

/** What passes by itself in the ordinary course of things; the rest is worth a Warning. */
const ordinary: ReadonlySet<ProblemReason> = new Set([
  'WaitingForPredecessor',
  'ChildTerminating',
  'MemberNotReady',
  'MemberWaiting',
  'MemberConfiguring',
  'StorageInitializing',
  'PodTerminating',
  'MemberStarting',
  'PodMissing',
]);

export const stalls = ({ reason }: Problem): boolean => stalling.has(reason);
export const isHarmless = ({ reason }: Problem): boolean => harmless.has(reason);

/** Is the reason of a condition that of a problem which somebody should hear of? */
export const isAlarming = (reason: string): boolean =>
  (worstFirst as readonly string[]).includes(reason) && !ordinary.has(reason as ProblemReason);

const rank = ({ reason }: Problem): number => worstFirst.indexOf(reason);

/** Of equals the first counts, so that the answer stays the same while nothing changes. */
export const worstOf = (problems: readonly Problem[]): Problem | undefined => {
  let worst: Problem | undefined;
  for (const problem of problems) if (!worst || rank(problem) < rank(worst)) worst = problem;
  return worst;
};

export const namespaceGoes = (namespace: string): Problem => ({
  reason: 'NamespaceTerminating',
  message: `namespace ${namespace} is being terminated`,
});
