/**
 * What a member is told to suffer while it is configured, so that tests and people can see how KubeDirector takes it.
 *
 * Annotations of the pod, beside those of controllers/node/behaviour.ts. Without them everything succeeds at once.
 */
import type { Pod } from '../kinds/pods/pod.ts';

export const guestAnnotation = 'sandbox.kubedirector.bluedata.io/guest';
/** A number from 1 to 255: how scripts end that fail. Absent: 1. */
export const exitCodeAnnotation = 'sandbox.kubedirector.bluedata.io/guest-exit-code';
/** What they write to standard error before. */
export const outputAnnotation = 'sandbox.kubedirector.bluedata.io/guest-output';

export const guestBehaviours = [
  /** The start script fails when it is to configure the member. */
  'SetupFails',
  /** It never comes to an end, until the annotation is taken away. */
  'SetupHangs',
  /** The setup package cannot be fetched. */
  'PackageMissing',
  /** A file that is to be injected cannot be fetched. */
  'InjectionFails',
  /** systemd does not come up. */
  'SystemdFails',
  /** The start script fails whenever it is told something. */
  'NotificationFails',
] as const;

export interface GuestBehaviour {
  readonly kind: (typeof guestBehaviours)[number] | undefined;
  readonly exitCode: number;
  readonly output: string;
}

/** Unknown words are no behaviour. */
export function guestBehaviourOf({ metadata: { annotations = {} } }: Pod): GuestBehaviour {
  const code = Number(annotations[exitCodeAnnotation] ?? 1);
  return {
    kind: guestBehaviours.find((behaviour) => behaviour === annotations[guestAnnotation]),
    exitCode: Number.isInteger(code) && code > 0 && code < 256 ? code : 1,
    output: annotations[outputAnnotation] ?? '',
  };
}
