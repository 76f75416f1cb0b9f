/**
 * Which store was served from here, and how far it had come: kept at the host, outside the store itself.
 *
 * The host's garbage collector takes our "not found" for the end of an owner, and deletes what it owned. A store that was wiped, a
 * wrong prefix, or an older backup would answer just that about everything. So a store is served only when it is the one that is
 * recorded, and has come at least as far, until an administrator confirms another one with a command.
 */
import type { Log } from '../../openapi/machinery/log.ts';
import type { KubeObject } from '../../openapi/machinery/meta.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../../openapi/machinery/status.ts';
import type { StoreState } from '../cache/watch-cache.ts';
import type { HostClient, HostResource } from './rest.ts';

const configMaps: HostResource = { group: '', version: 'v1', plural: 'configmaps' };
export const recordName = 'kubedirector-store';

/** What the ConfigMap holds, as texts. */
interface RecordData {
  /** Of the store that is served. */
  readonly identity: string;
  /** The highest revision that is known to have been served. */
  readonly revision: string;
  /** Of a store that was found instead and is not served. */
  readonly foundIdentity?: string;
  readonly foundRevision?: string;
  /** The identity of the store that an administrator wants served, whatever it has lost. */
  readonly confirmed?: string;
}

interface RecordMap extends KubeObject {
  readonly data?: Partial<RecordData>;
}

/** How the judgement of a store ended. */
export interface Verdict {
  readonly served: boolean;
  /** Why it is not served. */
  readonly reason?: string;
  /** It is confirmed, but had come further before: its revisions have to be raised beyond this, and it judged again. */
  readonly beyond?: number;
}

/** Pure: what is recorded, and what the store says of itself. */
export function verdictOn(record: Partial<RecordData> | undefined, { identity, revision }: StoreState): Verdict {
  if (!record?.identity) return { served: true };
  const recorded = Number(record.revision ?? 0);
  const another = identity !== record.identity;
  if (!another && revision >= recorded) return { served: true };
  if (identity !== undefined && record.confirmed === identity)
    return revision < recorded
      ? { served: false, beyond: recorded, reason: 'its revisions start anew' }
      : { served: true };
  const found = another
    ? `the store is not the one that was served before (${identity ?? 'it has no identity'} instead of ${record.identity}): it may have been wiped, or be another one`
    : `the store has gone back to revision ${revision}, and was served at ${recorded}: it may have been restored from a backup`;
  return {
    served: false,
    reason: `${found}. Nothing is answered until "kubedirector confirm-store" says that it is right`,
  };
}

export class StoreRecord {
  readonly #client: HostClient;
  readonly #namespace: string;
  readonly #log: Log;

  constructor({ client, namespace, log }: { client: HostClient; namespace: string; log: Log }) {
    this.#client = client;
    this.#namespace = namespace;
    this.#log = log;
  }

  /**
   * Judges a store, and records it when it is served.
   *
   * @throws StatusError when the host cannot be asked
   */
  async judge(state: StoreState, signal: AbortSignal): Promise<Verdict> {
    for (;;) {
      const map = await this.#read(signal);
      const verdict = verdictOn(map?.data, state);
      try {
        if (verdict.served) await this.#record(map, state, signal);
        else if (verdict.beyond === undefined) await this.#tell(map, state, signal);
        return verdict;
      } catch (error) {
        // Another replica wrote meanwhile.
        if (!isConflict(error) && !isAlreadyExists(error)) throw error;
      }
    }
  }

  /** Remembers how far the store has come. Failing is no harm: a lower mark is on record. */
  async note(state: StoreState, signal: AbortSignal): Promise<void> {
    try {
      const map = await this.#read(signal);
      if (map?.data?.identity === state.identity && Number(map?.data?.revision) < state.revision)
        await this.#record(map, state, signal);
    } catch (error) {
      this.#log.info('how far the store has come was not recorded', { cause: String(error) });
    }
  }

  /**
   * An administrator's word that the store that was found is to be served.
   *
   * @returns what was found and is now confirmed; undefined when nothing waits for a word
   */
  async confirm(signal: AbortSignal): Promise<StoreState | undefined> {
    const map = await this.#read(signal);
    const { foundIdentity, foundRevision } = map?.data ?? {};
    if (!map || !foundIdentity) return undefined;
    await this.#write(map, { ...map.data, confirmed: foundIdentity }, signal);
    return { identity: foundIdentity, revision: Number(foundRevision) };
  }

  async #record(map: RecordMap | undefined, { identity, revision }: StoreState, signal: AbortSignal): Promise<void> {
    if (identity === undefined) throw new Error('a store without an identity is never served');
    const data: RecordData = { identity, revision: String(revision) };
    if (same(map?.data, data)) return;
    await this.#write(map, data, signal);
  }

  async #tell(map: RecordMap | undefined, { identity, revision }: StoreState, signal: AbortSignal): Promise<void> {
    // A store without an identity is being replaced at this moment; it gets one when it is opened again.
    if (identity === undefined || map?.data?.foundIdentity === identity) return;
    await this.#write(map, { ...map?.data, foundIdentity: identity, foundRevision: String(revision) }, signal);
  }

  async #read(signal: AbortSignal): Promise<RecordMap | undefined> {
    try {
      return await this.#client.get<RecordMap>(configMaps, this.#namespace, recordName, signal);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async #write(map: RecordMap | undefined, data: Partial<RecordData>, signal: AbortSignal): Promise<void> {
    if (map) await this.#client.update(configMaps, { ...map, data } as KubeObject, signal);
    else {
      const metadata = { namespace: this.#namespace, name: recordName };
      await this.#client.create(
        configMaps,
        { apiVersion: 'v1', kind: 'ConfigMap', metadata, data } as KubeObject,
        signal,
      );
    }
  }
}

const same = (present: Partial<RecordData> | undefined, wanted: RecordData): boolean =>
  JSON.stringify({ ...present }) === JSON.stringify(wanted);
