/**
 * Compacting: an object keeps at most ten entries of updates. Beyond that the oldest ones of a version become one (K-279).
 */
import { identityOf, type Owner, type Owners, secondsOf } from './owners.ts';
import { compareTexts } from './path-element.ts';

/** Kubernetes' own limit. */
const maxUpdaters = 10;

/** @returns the owners, the oldest updaters of each version merged as far as it takes */
export function withFewUpdaters(owners: Owners): Owners {
  const updaters = [...owners].filter(([, { operation }]) => operation === 'Update');
  let excess = updaters.length - maxUpdaters;
  if (excess <= 0) return owners;
  updaters.sort(([a, { time: x }], [b, { time: y }]) => secondsOf(x) - secondsOf(y) || compareTexts(a, b));

  const kept = new Map(owners);
  const oldest = new Map<string, string>();
  for (const [identity, owner] of updaters) {
    if (excess === 0) break;
    const first = oldest.get(owner.apiVersion);
    if (first === undefined) {
      // Alone, it has nothing to be merged with.
      oldest.set(owner.apiVersion, identity);
      continue;
    }
    const ancient = ancientOwner(owner);
    const bucket = identityOf(ancient);
    const present = kept.get(bucket) ?? kept.get(first)!;
    if (!kept.has(bucket)) kept.delete(first);
    if (identity === bucket) continue;
    kept.delete(identity);
    kept.set(bucket, { ...ancient, fields: present.fields.union(owner.fields) });
    excess -= 1;
  }
  return kept;
}

/** Its time is that of the newest change in it. */
function ancientOwner({ apiVersion, time, fields }: Owner): Owner {
  return { manager: 'ancient-changes', operation: 'Update', apiVersion, subresource: '', time, fields };
}
