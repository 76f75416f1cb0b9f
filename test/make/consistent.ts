/**
 * The watch cache shows exactly what is stored, bytes included. Every server that a test stops is asked, whatever the test was about.
 */
import { expect } from 'chai';
import type { Registries } from '../../apiserver/registry/registries.ts';
import { isStorageError } from '../../storage/errors.ts';
import type { KeyValueStore } from '../../storage/kv.ts';
import { prefixEnd } from '../../storage/kv.ts';

const patienceMs = 5000;

/** A cache that shows nothing, or whose store cannot be asked, cannot be wrong. */
export async function expectConsistent({ cache, checker, all }: Registries, kv: KeyValueStore): Promise<void> {
  const signal = AbortSignal.timeout(patienceMs);
  const newest = await newestOf(kv, signal);
  if (!cache.ready || newest === undefined) return;
  await cache.reach(newest, signal);
  const { revision, resources } = cache.frozen();
  expect(revision, 'the cache has come as far as storage').to.be.at.least(newest);
  for (const { root, cache: its } of all) {
    const shown = resources.get(root)!;
    expect(await checker.differences(root, shown, revision, signal), `${root} in cache and storage`).to.deep.equal([]);
    const { entries } = await kv.range({ start: root, end: prefixEnd(root), revision, tolerant: true }, signal);
    for (const entry of entries) {
      const name = entry.key.slice(root.length);
      if (shown.unreadable.has(name)) continue;
      expect(
        shown.objects.get(name)?.bytes.equals(its.read(entry).bytes),
        `the cache has ${entry.key} as stored`,
      ).to.equal(true);
    }
  }
}

async function newestOf(kv: KeyValueStore, signal: AbortSignal): Promise<number | undefined> {
  try {
    return await kv.currentRevision(signal);
  } catch (error) {
    if (isStorageError(error, 'Closed') || isStorageError(error, 'Unavailable')) return undefined;
    throw error;
  }
}
