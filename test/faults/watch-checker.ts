/**
 * What every watch promises (K-175, K-211, K-220, K-221, K-222, K-224), held against what was written: the properties that etcd's own robustness
 * tests ask of its watches, as the API shows them.
 */
import type { ListCall, Seen } from './history.ts';
import { type Change, liveEvents, liveRecords, spanOf, stateIn, type Truth } from './truth.ts';
import type { Scope, Segment, Watcher } from './watcher.ts';

interface Expected {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly seen: Seen;
}

const selects = ({ namespace, name, parity }: Scope, seen: Seen | undefined): seen is Seen =>
  seen !== undefined &&
  (namespace === undefined || seen.key.startsWith(`${namespace}/`)) &&
  (name === undefined || seen.key.endsWith(`/${name}`)) &&
  (parity === undefined || seen.parity === parity);

/** What a change means to a watch that sees only some objects. */
function meant(scope: Scope, { before, after, revision }: Change): Expected | undefined {
  const [was, is] = [selects(scope, before), selects(scope, after)];
  if (is) return { type: was ? 'MODIFIED' : 'ADDED', seen: after! };
  return was ? { type: 'DELETED', seen: { ...before!, revision } } : undefined;
}

const text = ({ type, seen }: Expected): string => `${type} ${seen.key} ${seen.value} at ${seen.revision}`;

/** One property: what of this watch contradicts it. */
type Property = (segment: Segment, scope: Scope, truth: Truth) => string | undefined;

const ordered: Property = (segment) => {
  const events = liveEvents(segment);
  const late = events.find((event, i) => i > 0 && event.seen.revision <= events[i - 1]!.seen.revision);
  return late && `${text(late)} comes after a later or equal revision`;
};

const bookmarkable: Property = (segment) => {
  let bookmark = segment.from ?? 0;
  for (const record of liveRecords(segment))
    if (record.type === 'BOOKMARK') {
      if (record.revision < bookmark) return `a bookmark goes back from ${bookmark} to ${record.revision}`;
      bookmark = record.revision;
    } else if (record.seen.revision <= bookmark)
      return `${text(record)} comes after ${bookmark} was said to be complete`;
  return undefined;
};

function expectedIn(segment: Segment, scope: Scope, { changes }: Truth): Expected[] {
  const { from, to } = spanOf(segment) ?? { from: 0, to: 0 };
  return changes.flatMap((change) => {
    const event = change.revision > from && change.revision <= to ? meant(scope, change) : undefined;
    return event ? [event] : [];
  });
}

const resumable: Property = (segment, scope, truth) => {
  const [first] = liveEvents(segment);
  const [due] = expectedIn(segment, scope, truth);
  const { from = 0 } = spanOf(segment) ?? {};
  return due && first && truth.coversAll(from, first.seen.revision) && due.seen.revision !== first.seen.revision
    ? `from ${segment.from ?? 'the present state'} on the first event is ${text(first)}, not ${text(due)}`
    : undefined;
};

const reliable: Property = (segment, scope, truth) => {
  const told = new Set(liveEvents(segment).map(({ seen }) => seen.revision));
  const missing = expectedIn(segment, scope, truth).find(({ seen }) => !told.has(seen.revision));
  return missing && `${text(missing)} is missing`;
};

const actual: Property = (segment, scope, truth) => {
  const due = new Map(expectedIn(segment, scope, truth).map((event) => [event.seen.revision, event]));
  const invented = liveEvents(segment).find(
    ({ seen }) => truth.covers(seen.revision) && due.get(seen.revision)?.seen.key !== seen.key,
  );
  return invented && `${text(invented)} did not happen, or is none of its business`;
};

/** ADDED of what was not there for it, MODIFIED of what was, with the state that was written. */
const faithful: Property = (segment, scope, truth) => {
  const due = new Map(expectedIn(segment, scope, truth).map((event) => [event.seen.revision, event]));
  const wrong = liveEvents(segment).find((event) => {
    const right = due.get(event.seen.revision);
    return right && right.type !== 'DELETED' && (right.type !== event.type || right.seen.value !== event.seen.value);
  });
  return wrong && `${text(wrong)} should be ${text(due.get(wrong.seen.revision)!)}`;
};

const lastState: Property = (segment, scope, truth) => {
  const due = new Map(expectedIn(segment, scope, truth).map((event) => [event.seen.revision, event]));
  const wrong = liveEvents(segment).find((event) => {
    const right = due.get(event.seen.revision);
    return right?.type === 'DELETED' && (event.type !== 'DELETED' || right.seen.value !== event.seen.value);
  });
  return wrong && `${text(wrong)} should be ${text(due.get(wrong.seen.revision)!)}`;
};

/** The list that a watch goes on from, or its initial state, is what was there at its revision. */
const atomic: Property = (segment, scope, truth) => {
  const [span, state] = [spanOf(segment), stateIn(segment)];
  return span && state && differing(state, span.from, scope, truth);
};

function differing(items: readonly Seen[], revision: number, scope: Scope, truth: Truth): string | undefined {
  const state = truth.at(revision);
  if (!state) return undefined;
  const shown = (seen: Seen): string => `${seen.key} ${seen.value} at ${seen.revision}`;
  const told = items.map(shown).sort();
  const there = [...state.values()]
    .filter((seen) => selects(scope, seen))
    .map(shown)
    .sort();
  const differs = told.length !== there.length || told.some((one, i) => one !== there[i]);
  return differs
    ? `at ${revision} there was\n    ${there.join('\n    ')}\n  and not\n    ${told.join('\n    ')}`
    : undefined;
}

export const watchProperties: Readonly<Record<string, Property>> = {
  ordered,
  bookmarkable,
  resumable,
  reliable,
  actual,
  faithful,
  lastState,
  atomic,
};

/** Over all requests of one watcher: nothing is told twice, except what a new list tells. */
function repeated({ segments }: Watcher): string | undefined {
  const told = new Set<number>();
  for (const segment of segments) {
    if (segment.from === undefined || segment.listed) told.clear();
    for (const event of liveEvents(segment)) {
      if (told.has(event.seen.revision)) return `${text(event)} was told twice`;
      told.add(event.seen.revision);
    }
  }
  return undefined;
}

/** @returns every promise that a watch broke */
export function brokenPromises(watchers: readonly Watcher[], truth: Truth): string[] {
  return watchers.flatMap((watcher) => {
    const twice = repeated(watcher);
    const broken = watcher.segments.flatMap((segment) =>
      Object.entries(watchProperties).flatMap(([name, property]) => {
        const problem = property(segment, watcher.scope, truth);
        return problem === undefined ? [] : [`${watcher.name} is not ${name}: ${problem}`];
      }),
    );
    return [...(twice === undefined ? [] : [`${watcher.name} is not unique: ${twice}`]), ...broken];
  });
}

/** Every list shows its revision, and a consistent one is no older than what was acknowledged before it was asked for. */
export function wrongLists(lists: readonly ListCall[], acknowledged: readonly Acknowledged[], truth: Truth): string[] {
  return lists.flatMap(({ client, items, revision, consistent, called }) => {
    const namespace = client.slice(client.indexOf(' ') + 1);
    const problem = differing(items, revision, { namespace }, truth);
    const late = consistent && acknowledged.find((write) => write.returned < called && write.revision > revision);
    return [
      ...(problem ? [`a list of ${client}: ${problem}`] : []),
      ...(late ? [`a list of ${client} shows ${revision}, and ${late.revision} was acknowledged before`] : []),
    ];
  });
}

export interface Acknowledged {
  readonly called: number;
  readonly returned: number;
  readonly revision: number;
}

/** A write that began after another was acknowledged has the later revision. */
export function outOfOrder(writes: readonly Acknowledged[]): string[] {
  const faults: string[] = [];
  const byReturn = writes.toSorted((a, b) => a.returned - b.returned);
  const byCall = writes.toSorted((a, b) => a.called - b.called);
  let [newest, next] = [0, 0];
  for (const write of byCall) {
    while (next < byReturn.length && byReturn[next]!.returned < write.called)
      newest = Math.max(newest, byReturn[next++]!.revision);
    if (write.revision <= newest)
      faults.push(`a write got revision ${write.revision} after ${newest} was acknowledged`);
  }
  return faults;
}
