/**
 * Steps: what a plan wants done on the host, as data. A plan is shown to people in these words before it is carried out in them.
 */
import type { Child } from '../host-types.ts';
import type { ApplyConfiguration, ChildReference, MergePatch, SeenChild } from './ports.ts';
import type { Problem } from './problems.ts';

export type Step =
  | { readonly verb: 'create'; readonly child: Child; readonly reason: string }
  /** What is said of a child that exists is made so, whoever has changed it. */
  | {
      readonly verb: 'apply';
      readonly child: SeenChild;
      readonly configuration: ApplyConfiguration;
      readonly reason: string;
    }
  /** For what applying cannot do: to take away what somebody else has put there. */
  | { readonly verb: 'patch'; readonly child: SeenChild; readonly patch: MergePatch; readonly reason: string }
  | { readonly verb: 'delete'; readonly child: SeenChild; readonly reason: string };

export const create = (child: Child, reason: string): Step => ({ verb: 'create', child, reason });

export const apply = (seen: Child, configuration: ApplyConfiguration, reason: string): Step => ({
  verb: 'apply',
  child: seenChild(seen),
  configuration,
  reason,
});

export const patch = (seen: Child, change: MergePatch, reason: string): Step => ({
  verb: 'patch',
  child: seenChild(seen),
  patch: change,
  reason,
});

export const remove = (seen: Child, reason: string): Step => ({ verb: 'delete', child: seenChild(seen), reason });

/** What one part of a cluster needs, and what is in its way. */
export interface Part {
  readonly steps: readonly Step[];
  readonly problems: readonly Problem[];
}

/** What a step is about. */
export const subjectOf = (step: Step): ChildReference =>
  step.verb === 'create' ? referenceTo(step.child) : step.child;

export const referenceTo = ({ kind, metadata }: Child): ChildReference => ({
  kind,
  namespace: metadata.namespace ?? '',
  name: metadata.name,
});

const seenChild = (child: Child): SeenChild => ({
  ...referenceTo(child),
  uid: child.metadata.uid ?? '',
  resourceVersion: child.metadata.resourceVersion ?? '',
});
