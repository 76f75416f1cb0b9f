/**
 * How a member is set up: from the container that has come up to the one that is configured, or could not be.
 *
 * What status says of a member and what is seen of the work in it decide together what status says next. The work that is wanted
 * follows from status, and its outcome is used only for as long as that work is wanted: so it counts once, however often it is seen.
 */

import type { MemberState, MemberStatus } from '../../../openapi/v1beta1/kubedirectorcluster-status.ts';
import type { WorkView } from '../../guest/work.ts';
import { isDue, retryTimeAfter } from './retries.ts';

export type Detail = NonNullable<MemberStatus['stateDetail']>;

/** What setting up depends on besides the member. */
export interface SetupContext {
  /** The container that is there, or was last; and the same if it runs, else empty. */
  readonly container: string;
  readonly running: string;
  /** The pod can be used; for members that need no setting up this is all there is to wait for. */
  readonly ready: boolean;
  /** The role has scripts or files for its members. */
  readonly needed: boolean;
  /** The role has a package: its members are told what changes. */
  readonly hasPackage: boolean;
  /** What the scripts did survives the container. */
  readonly persists: boolean;
  /** Members may be told now. */
  readonly told: boolean;
  readonly generation: number;
  readonly connectionVersion: number;
  readonly view: WorkView | undefined;
  readonly nowMs: number;
  readonly retryWanted: boolean;
}

export interface SetupNow {
  readonly state: MemberState;
  readonly detail: Detail;
  /** The work that status has wanted until now is wanted still, or again. */
  readonly attempt: number | undefined;
}

export const setupKey = (container: string, attempt: number): string => `setup/${container}/${attempt}`;

/** Members whose state stays as it is until something happens to their container. */
export const isStable = (state: MemberState): boolean => state === 'configured' || state === 'config error';

/** @param recorded neither `delete pending` nor `deleting` */
export function setupNow({ state, stateDetail = {} }: MemberStatus, context: SetupContext): SetupNow {
  const { container, running, needed, ready } = context;
  const same = container !== '' && container === stateDetail.lastConfiguredContainer;
  if (same && state === 'configured') return { state, detail: stateDetail, attempt: undefined };
  if (same && state === 'config error') return inError(stateDetail, context);
  const detail = isStable(state) ? left(stateDetail, context) : stateDetail;
  if (running === '')
    return { state: 'create pending', detail: without(detail, 'configuringContainer'), attempt: undefined };
  if (!needed)
    return ready
      ? configured(detail, context)
      : { state: 'creating', detail: begun(detail, context, 1), attempt: undefined };
  if (detail.configuringContainer === running) return inWork(detail, context);
  return context.told
    ? { state: 'creating', detail: begun(detail, context, 1), attempt: 1 }
    : { state: 'create pending', detail, attempt: undefined };
}

/** Its container is another one, or gone: what its scripts did is gone too, unless it is kept on a volume. */
function left(detail: Detail, { persists }: SetupContext): Detail {
  const kept = without(detail, 'configErrorDetail', 'setupAttempt', 'retryTime', 'configuringContainer', 'updateTries');
  return persists && detail.configErrorDetail === undefined
    ? kept
    : without(kept, 'lastConfigDataGeneration', 'lastSetupGeneration', 'lastConnectionVersion', 'pendingNotifyCmds');
}

const begun = (detail: Detail, { running, generation, hasPackage }: SetupContext, attempt: number): Detail => ({
  ...without(detail, 'retryTime'),
  configuringContainer: running,
  setupAttempt: attempt,
  ...(hasPackage && { lastConfigDataGeneration: generation }),
});

function inWork(detail: Detail, context: SetupContext): SetupNow {
  const { running, view } = context;
  const attempt = detail.setupAttempt ?? 1;
  const outcome = view?.key === setupKey(running, attempt) ? view : undefined;
  if (outcome?.state === 'done') return { ...configured(detail, context), attempt };
  if (outcome?.state === 'failed') return { ...failed(detail, attempt, outcome, context), attempt };
  return { state: 'creating', detail, attempt };
}

function configured(detail: Detail, { running, hasPackage, connectionVersion }: SetupContext): SetupNow {
  const known = without(
    ...([detail, 'configuringContainer', 'configErrorDetail', 'setupAttempt', 'retryTime'] as const),
    ...(['startScriptStdoutMessage', 'startScriptStderrMessage'] as const),
  );
  // After a restart on a volume, what others had to tell it meanwhile still has to be told.
  const generation = detail.lastSetupGeneration ?? detail.lastConfigDataGeneration;
  return {
    state: 'configured',
    detail: {
      ...known,
      lastConfiguredContainer: running,
      ...(hasPackage &&
        generation !== undefined && {
          lastSetupGeneration: generation,
          lastConnectionVersion: detail.lastConnectionVersion ?? connectionVersion,
        }),
    },
    attempt: undefined,
  };
}

function failed(detail: Detail, attempt: number, view: WorkView, { running, nowMs }: SetupContext): SetupNow {
  const retryTime = retryTimeAfter(attempt, nowMs);
  return {
    state: 'config error',
    detail: {
      ...without(detail, 'configuringContainer', 'lastSetupGeneration', 'pendingNotifyCmds'),
      ...(view.stdout !== undefined && { startScriptStdoutMessage: view.stdout }),
      ...(view.stderr !== undefined && { startScriptStderrMessage: view.stderr }),
      configErrorDetail: errorDetail(view),
      lastConfiguredContainer: running,
      ...(retryTime && { retryTime }),
    },
    attempt: undefined,
  };
}

/** Two beginnings, as published: programs tell by them what was tried (spec: completion and errors). */
function errorDetail({ failure }: WorkView): string {
  const { word = 'member', detail = '' } = failure ?? {};
  if (word === 'injection') return `requested file injections failed: ${detail}`;
  return `execution of app config failed: ${word === 'script' ? `exit status ${detail}` : detail}`;
}

/** It failed, and waits until its time has come or somebody wants it tried again. */
function inError(detail: Detail, context: SetupContext): SetupNow {
  const due = isDue(detail.retryTime, context.nowMs) || context.retryWanted;
  if (!due || !context.told || context.running === '') return { state: 'config error', detail, attempt: undefined };
  // Attempts go on counting, since the member remembers them: what a person wants tried again is tried once each time.
  const attempt = (detail.setupAttempt ?? 1) + 1;
  return { state: 'creating', detail: begun(without(detail, 'configErrorDetail'), context, attempt), attempt };
}

export function without<K extends keyof Detail>(detail: Detail, ...names: readonly K[]): Detail {
  const rest = { ...detail };
  for (const name of names) delete rest[name];
  return rest;
}
