/**
 * When something that failed in a member is tried again: a few times by itself, later each time, and then only when somebody says so
 * with the annotation below. Pure: times are data.
 */
import { timestamp } from '../../../openapi/machinery/clock.ts';
import type { KubeDirectorCluster } from '../../../openapi/v1beta1/kubedirectorcluster.ts';

/** `kubectl annotate kdcluster demo kubedirector.bluedata.io/retry="$(date)" --overwrite`: any value that was not there before. */
export const retryAnnotation = 'kubedirector.bluedata.io/retry';

/** Scripts get this many chances; what a package does not manage in three, it needs help with. */
export const mostAttempts = 3;

const firstPauseMs = 10_000;
const longestPauseMs = 300_000;

/** @param failures at least 1 */
export const pauseAfter = (failures: number): number => Math.min(firstPauseMs * 3 ** (failures - 1), longestPauseMs);

/** @returns undefined when it is not tried again by itself */
export const retryTimeAfter = (failures: number, nowMs: number): string | undefined =>
  failures < mostAttempts ? timestamp(nowMs + pauseAfter(failures)) : undefined;

export const isDue = (time: string | undefined, nowMs: number): boolean =>
  time !== undefined && Date.parse(time) <= nowMs;

/** Somebody wants everything tried again that was given up. */
export function wantsRetry({ metadata, status }: KubeDirectorCluster): boolean {
  const wish = metadata.annotations?.[retryAnnotation];
  return wish !== undefined && wish !== status?.lastRetry;
}
