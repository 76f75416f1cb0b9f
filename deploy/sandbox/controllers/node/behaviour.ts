/**
 * What a pod is told to suffer, so that tests and people can see how KubeDirector takes it.
 *
 * An annotation names the state in which kubectl would show such a pod on a real cluster. Without it every pod comes up.
 */
import type { Pod } from '../../kinds/pods/pod.ts';

export const behaviourAnnotation = 'sandbox.kubedirector.bluedata.io/behaviour';
/** A number: how often its containers are to have been started again. Raising it starts them again. */
export const restartsAnnotation = 'sandbox.kubedirector.bluedata.io/restarts';

export const behaviours = [
  /** No node takes it. */
  'Unschedulable',
  /** It runs, but never becomes ready. */
  'NotReady',
  /** Its containers end as soon as they are started. */
  'CrashLoopBackOff',
  /** Its images cannot be had. */
  'ImagePullBackOff',
  /** The node throws it out: it has failed for good. */
  'Evicted',
  /** Once deleted, it does not end before its grace period does. */
  'SlowToEnd',
  /** Once deleted, it never ends. */
  'NeverEnds',
] as const;

export type Behaviour = (typeof behaviours)[number];

/** Unknown words are no behaviour. */
export function behaviourOf({ metadata: { annotations } }: Pod): Behaviour | undefined {
  const word = annotations?.[behaviourAnnotation];
  return behaviours.find((behaviour) => behaviour === word);
}

export function restartsOf({ metadata: { annotations } }: Pod): number {
  const count = Number(annotations?.[restartsAnnotation] ?? 0);
  return Number.isSafeInteger(count) && count > 0 ? count : 0;
}
