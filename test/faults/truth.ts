/**
 * What was written, by revision: put together from what writers were told and from watches that see everything.
 *
 * All of them have to agree. Filtered watches and lists are then held against it (watch-checker.ts). Where history was cut off and
 * all had to list anew, nobody knows what was written in between: there the truth has a gap, and nothing is said.
 */
import { parityOf } from './client.ts';
import type { History, Seen, Value } from './history.ts';
import type { Scope, Segment, Watcher } from './watcher.ts';

/** One write. */
export interface Change {
  readonly revision: number;
  readonly key: string;
  /** The object from then on; undefined: it is gone. */
  readonly after: Seen | undefined;
  /** The object until then. */
  readonly before: Seen | undefined;
}

/** A stretch of revisions without a gap: the state at `from`, and every change after it, up to `to`. */
interface Stretch {
  readonly from: number;
  to: number;
  readonly start: ReadonlyMap<string, Seen>;
  readonly changes: Change[];
}

export class Truth {
  /** What does not agree. */
  readonly faults: string[] = [];
  readonly #stretches: readonly Stretch[];

  constructor(history: History, watchers: readonly Watcher[]) {
    const all = watchers.filter(({ scope }) => !isFiltered(scope)).flatMap(({ segments }) => segments);
    this.#stretches = stretchesOf(all);
    const told = this.#told(history, all);
    for (const stretch of this.#stretches) {
      const state = new Map(stretch.start);
      for (const [revision, { key, value }] of told) {
        if (revision <= stretch.from || revision > stretch.to) continue;
        const before = state.get(key);
        const after = value === undefined ? undefined : { key, value, revision, parity: parityOf(value) };
        if (after) state.set(key, after);
        else state.delete(key);
        stretch.changes.push({ revision, key, after, before });
      }
    }
  }

  /** All that is known, in the order of revisions. */
  get changes(): Change[] {
    return this.#stretches.flatMap(({ changes }) => changes);
  }

  /** Is it known what this revision did? */
  covers(revision: number): boolean {
    return this.#stretches.some(({ from, to }) => revision > from && revision <= to);
  }

  /** Is it known what all revisions after `from`, up to `to`, did? */
  coversAll(from: number, to: number): boolean {
    return this.#stretches.some((stretch) => from >= stretch.from && to <= stretch.to);
  }

  /** The objects as of a revision; undefined where that is not known. */
  at(revision: number): Map<string, Seen> | undefined {
    const stretch = this.#stretches.find(({ from, to }) => revision >= from && revision <= to);
    if (!stretch) return undefined;
    const state = new Map(stretch.start);
    for (const change of stretch.changes) {
      if (change.revision > revision) break;
      if (change.after) state.set(change.key, change.after);
      else state.delete(change.key);
    }
    return state;
  }

  /** Revision → what it did, in order. */
  #told(history: History, segments: readonly Segment[]): [number, { key: string; value: Value | undefined }][] {
    const told = new Map<number, { key: string; value: Value | undefined }>();
    const tell = (revision: number, key: string, value: Value | undefined): void => {
      const known = told.get(revision);
      if (!known) told.set(revision, { key, value });
      else if (known.key !== key || known.value !== value)
        this.faults.push(
          `revision ${revision} made ${known.key} ${known.value ?? 'nothing'}, and ${key} ${value ?? 'nothing'}`,
        );
    };
    for (const { type, seen } of segments.flatMap(liveEvents))
      tell(seen.revision, seen.key, type === 'DELETED' ? undefined : seen.value);
    for (const { key, operation, outcome } of history.calls)
      if ('value' in operation && outcome.told === 'ok' && outcome.revision !== undefined)
        tell(outcome.revision, key, operation.value);
    return [...told].sort(([a], [b]) => a - b);
  }
}

export const isFiltered = ({ parity, name, namespace }: Scope): boolean =>
  parity !== undefined || name !== undefined || namespace !== undefined;

/** Segments that follow each other, or overlap, make one stretch. */
function stretchesOf(segments: readonly Segment[]): Stretch[] {
  const spans = segments
    .flatMap((segment) => {
      const span = spanOf(segment);
      return span ? [{ ...span, state: stateIn(segment) }] : [];
    })
    // Of those that begin together, one that knows the state first.
    .sort((a, b) => a.from - b.from || Number(!a.state) - Number(!b.state));
  const stretches: Stretch[] = [];
  for (const { from, to, state } of spans) {
    const last = stretches.at(-1);
    if (last && from <= last.to) last.to = Math.max(last.to, to);
    else if (state) stretches.push({ from, to, start: new Map(state.map((seen) => [seen.key, seen])), changes: [] });
  }
  return stretches;
}

/** Where the live part of a watch begins and ends: nothing in between may be missing. */
export function spanOf(segment: Segment): { from: number; to: number } | undefined {
  const initialEnd = segment.records.find((record) => record.type === 'BOOKMARK' && record.endsInitial);
  const from = segment.from ?? (initialEnd?.type === 'BOOKMARK' ? initialEnd.revision : undefined);
  if (from === undefined) return undefined;
  const to = liveRecords(segment).reduce(
    (most, record) => Math.max(most, record.type === 'BOOKMARK' ? record.revision : record.seen.revision),
    from,
  );
  return { from, to };
}

/** The state that a watch began with, if it was told one. */
export function stateIn({ from, listed, records }: Segment): readonly Seen[] | undefined {
  if (listed || from !== undefined) return listed;
  const end = records.findIndex((record) => record.type === 'BOOKMARK' && record.endsInitial);
  return end < 0
    ? undefined
    : records.slice(0, end).flatMap((record) => (record.type === 'BOOKMARK' ? [] : [record.seen]));
}

export interface LiveEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly seen: Seen;
}

/** The records after the initial state: a watch that began with one tells by a bookmark where it ends. */
export function liveRecords({ from, records }: Segment): Segment['records'] {
  if (from !== undefined) return records;
  const end = records.findIndex((record) => record.type === 'BOOKMARK' && record.endsInitial);
  return end < 0 ? [] : records.slice(end + 1);
}

export const liveEvents = (segment: Segment): LiveEvent[] =>
  liveRecords(segment).filter((record): record is LiveEvent => record.type !== 'BOOKMARK');
