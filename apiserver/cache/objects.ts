/**
 * Objects of one resource in bytewise order of their keys (`namespace/name`), in a tree whose copies cost nothing until they change.
 */
import sorted from 'sorted-btree';
import type { Snapshot } from './snapshot.ts';

const byBytes = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export type Objects = sorted.default<string, Snapshot>;

export const noObjects = (): Objects => new sorted.default<string, Snapshot>(undefined, byBytes);

/** The objects whose keys begin with `prefix`, those after `after` only, in order. */
export function* objectsUnder(objects: Objects, prefix: string, after?: string): Generator<Snapshot, void, undefined> {
  const from = after !== undefined && after > prefix ? after : prefix;
  for (const [key, snapshot] of objects.entries(from)) {
    if (!key.startsWith(prefix)) return;
    if (key !== after) yield snapshot;
  }
}
