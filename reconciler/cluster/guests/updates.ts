/**
 * How a member that is set up is kept up to date: it is given the configuration of now, and told what has happened, in order.
 *
 * Notifications wait in status until they are delivered. One that its script refuses is tried a few times, keeps nobody else back, and
 * then waits for a person.
 */
import { createHash } from 'node:crypto';
import { timestamp } from '../../../openapi/machinery/clock.ts';
import type { MemberStatus } from '../../../openapi/v1beta1/kubedirectorcluster-status.ts';
import type { WorkView } from '../../guest/work.ts';
import { isDue, mostAttempts, pauseAfter, retryTimeAfter } from './retries.ts';
import { type Detail, without } from './setup.ts';

export type Pending = NonNullable<Detail['pendingNotifyCmds']>[number];

export interface UpdateContext {
  readonly generation: number;
  readonly connectionVersion: number;
  readonly nowMs: number;
  readonly retryWanted: boolean;
  readonly view: WorkView | undefined;
}

/** What a member is to be told now. */
export interface UpdateWanted {
  readonly key: string;
  readonly generation: number;
  readonly notifications: readonly { readonly id: string; readonly arguments: readonly string[] }[];
  /** Its script is to be told that connections have changed. */
  readonly reconnect: string | undefined;
}

const reconnectArgument = '--reconnect';
const isReconnect = (entry: Pending): boolean => entry.arguments?.[0] === reconnectArgument;

/** The script is told of changed connections like of everything else, and once for however many changes. */
export const reconnectEntry = (version: number): Pending => ({
  id: `reconnect-${version}`,
  arguments: [reconnectArgument],
});

/** Under this id the member remembers having been told; one that is tried again on purpose is another. */
const deliveryId = ({ id = '', tries = 0 }: Pending): string => `${id}.${tries}`;

const waits = ({ tries = 0, retryTime }: Pending, nowMs: number): boolean =>
  tries === 0 ? true : isDue(retryTime, nowMs);

/** It failed too often, and waits for a person. */
export const isGivenUp = ({ tries = 0, retryTime }: Pending): boolean => tries > 0 && retryTime === undefined;

/** @param detail of a member that is `configured` @returns undefined when there is nothing to tell it now */
export function updateWanted(detail: Detail, container: string, context: UpdateContext): UpdateWanted | undefined {
  const { generation, nowMs } = context;
  const { lastConfigDataGeneration: has, updateTries = 0, retryTime } = detail;
  // Members that were never given a configuration have no scripts.
  if (has === undefined) return undefined;
  if (updateTries > 0 && !isDue(retryTime, nowMs)) return undefined;
  const due = (detail.pendingNotifyCmds ?? []).filter((entry) => waits(entry, nowMs));
  if (has === generation && due.length === 0) return undefined;
  const notifications = due
    .filter((entry) => !isReconnect(entry))
    .map((entry) => ({ id: deliveryId(entry), arguments: entry.arguments ?? [] }));
  const reconnect = due.find(isReconnect);
  const parts = [generation, updateTries, ...due.map(deliveryId)].join();
  return {
    key: `update/${container}/${createHash('sha256').update(parts).digest('hex').slice(0, 16)}`,
    ...{ generation, notifications },
    reconnect: reconnect && deliveryId(reconnect),
  };
}

/** What status says of a configured member after what was seen of its update. */
export function updated(detail: Detail, container: string, context: UpdateContext): Detail {
  const revived = context.retryWanted ? withAnotherChance(detail) : detail;
  const wanted = updateWanted(revived, container, context);
  const { view } = context;
  if (!wanted || view?.key !== wanted.key || view.state === 'running') return revived;
  if (view.state === 'failed' && view.told.size === 0) return refused(revived, context.nowMs);
  const told = new Map(view.told);
  if (wanted.reconnect !== undefined && view.reconnected !== undefined) told.set(wanted.reconnect, view.reconnected);
  const pending = (revived.pendingNotifyCmds ?? []).flatMap((entry) => delivered(entry, told, context.nowMs));
  const reconnected = wanted.reconnect !== undefined && !pending.some(isReconnect);
  return {
    ...without(revived, 'pendingNotifyCmds', 'updateTries', 'retryTime'),
    lastConfigDataGeneration: wanted.generation,
    ...(pending.length > 0 && { pendingNotifyCmds: pending }),
    ...(reconnected && { lastConnectionVersion: context.connectionVersion }),
    ...(pending.length < (revived.pendingNotifyCmds ?? []).length ? {} : tails(view)),
  };
}

const tails = ({ stdout, stderr }: WorkView): Partial<Detail> => ({
  ...(stdout !== undefined && { startScriptStdoutMessage: stdout }),
  ...(stderr !== undefined && { startScriptStderrMessage: stderr }),
});

function delivered(entry: Pending, told: ReadonlyMap<string, number>, nowMs: number): Pending[] {
  const code = told.get(deliveryId(entry));
  if (code === undefined) return [entry];
  if (code === 0) return [];
  const tries = (entry.tries ?? 0) + 1;
  const { retryTime: _, ...rest } = entry;
  const retryTime = retryTimeAfter(tries, nowMs);
  // Scripts need not know this one: those that refuse it for good are not asked again.
  if (isReconnect(entry) && tries >= mostAttempts) return [];
  return [{ ...rest, tries, ...(retryTime && { retryTime }) }];
}

/** The member would not take its configuration; that is tried for as long as it is there. */
function refused(detail: Detail, nowMs: number): Detail {
  const updateTries = (detail.updateTries ?? 0) + 1;
  return { ...detail, updateTries, retryTime: timestamp(nowMs + pauseAfter(updateTries)) };
}

function withAnotherChance(detail: Detail): Detail {
  const { pendingNotifyCmds: pending } = detail;
  if (!pending?.some(isGivenUp)) return detail;
  const again = (entry: Pending): Pending => (isGivenUp(entry) ? { ...entry, retryTime: timestamp(0) } : entry);
  return { ...detail, pendingNotifyCmds: pending.map(again) };
}

/** When the first of what waits for its time is due. */
export function nextRetryMs({ stateDetail = {} }: MemberStatus): number | undefined {
  const times = [stateDetail.retryTime, ...(stateDetail.pendingNotifyCmds ?? []).map(({ retryTime }) => retryTime)];
  const known = times.flatMap((time) => (time === undefined ? [] : Date.parse(time)));
  return known.length > 0 ? Math.min(...known) : undefined;
}
