/**
 * What `serve` knows about its store besides what is in it: whether it is the right one, how far it has come, and whether it answers.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { StoreJudge, WatchCache } from '../../../apiserver/cache/watch-cache.ts';
import type { StoreRecord } from '../../../apiserver/host/store-record.ts';
import type { HealthCheck } from '../../../apiserver/http/health.ts';
import type { Log } from '../../../openapi/machinery/log.ts';
import type { KeyValueStore } from '../../../storage/kv.ts';
import { type OpenedStore, raiseEpoch } from '../../../storage/open.ts';

/** How often it is recorded how far the store has come. */
const noteMs = 30_000;
/** More than anybody writes between two notes: clients may have seen more than what is recorded. */
const unnoted = 1_000_000;
/** The answer to one question serves everybody who asks within this time (K-079). */
const [probeMs, probeAgeMs] = [2000, 1000];

/**
 * Judges by what is recorded at the host.
 *
 * A store that an administrator has confirmed though it went back gets revisions beyond those that clients have seen; they count for
 * whoever opens it next, so the process begins anew.
 */
export const judgeBy =
  (record: StoreRecord, store: OpenedStore, restart: (reason: string) => void, log: Log): StoreJudge =>
  async (state, signal) => {
    if (state.identity !== store.identity) {
      // Epoch and identity were read when it was opened.
      restart('the store was replaced');
      throw new Error('the store was replaced; the server is started anew');
    }
    const { served, reason, beyond } = await record.judge(state, signal);
    if (served) return;
    if (beyond !== undefined) {
      const offset = await raiseEpoch(store, beyond + unnoted, signal);
      log.info('revisions go on beyond those that were served before', { offset });
      restart('the revisions of the store begin anew');
    }
    throw new Error(reason);
  };

/** Records from time to time how far the store has come, until the signal aborts. */
export async function keepNoting(
  record: StoreRecord,
  identity: string,
  cache: WatchCache,
  signal: AbortSignal,
): Promise<void> {
  let noted = 0;
  while (!signal.aborted) {
    await sleep(noteMs, undefined, { signal }).catch(() => {});
    const { revision, ready } = cache;
    if (signal.aborted || !ready || revision === noted) continue;
    await record.note({ identity, revision }, signal);
    noted = revision;
  }
}

/**
 * Does the store answer? Neither life nor readiness depends on it: no restart of ours mends it, and a server that nobody is led to
 * any more takes discovery away from all clients of the host, where 503 about stored objects would do.
 */
export function storeCheck(kv: KeyValueStore): HealthCheck {
  let asked: { at: number; answer: Promise<unknown> } | undefined;
  return {
    name: 'etcd',
    alone: true,
    check: async () => {
      const now = performance.now();
      if (!asked || now - asked.at > probeAgeMs)
        asked = { at: now, answer: kv.currentRevision(AbortSignal.timeout(probeMs)) };
      await asked.answer;
    },
  };
}
