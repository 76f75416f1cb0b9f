/**
 * `kubedirector damaged-values`: what is stored and cannot be read, named; and removed, where an administrator says so.
 *
 * A command beside the servers, not an option of DELETE as Kubernetes has it: it also finds such values, in all kinds at once, and
 * whoever may run it owns the store. On etcd, servers go on working meanwhile; that of an embedded store has to be stopped.
 */
import { type Flag, readFlags } from './flags.ts';
import { openedStoreFlags, withOpenedStore } from './opened-store.ts';

export const damagedFlags = {
  remove: { value: 'KEY', help: 'delete that value, or several with commas: what belongs to it is deleted, too' },
  ...openedStoreFlags,
} as const satisfies Record<string, Flag>;

/** @throws UsageError */
export async function damagedValuesCommand(args: readonly string[]): Promise<void> {
  const { values, rest } = readFlags(damagedFlags, args);
  await withOpenedStore(values, rest, async (store, resources, signal) => {
    const { DamagedValues } = await import('../../apiserver/registry/damage.ts');
    const damage = new DamagedValues(store, resources);
    for (const key of values.remove?.split(',') ?? []) {
      await damage.remove(key, signal);
      process.stdout.write(`Removed ${key}.\n`);
    }
    let left = 0;
    for await (const { key, revision, why } of damage.find(signal)) {
      left += 1;
      process.stdout.write(`${key}\n  since revision ${revision}: ${why.message}\n`);
    }
    process.stdout.write(left ? `${left} values cannot be read.\n` : 'All that is stored can be read.\n');
  });
}
