/** A fault run that found something, as a failure that says how to see it again. */
import { type CycleOptions, type CycleResult, runCycle } from './cycle.ts';
import type { World } from './world.ts';

/** The most that is shown of what was found. */
const shown = 20;

export function reportOf(store: string, options: CycleOptions, { violations, faults }: CycleResult): string {
  return [
    `${violations.length} promises were broken:`,
    ...violations.slice(0, shown),
    'while this was done:',
    ...faults.map(({ name, what, holdMs }) => `  ${name} (${what}) for ${holdMs} ms`),
    `again: npm run soak -- --store=${store} --cycle='${JSON.stringify(options)}'`,
  ].join('\n');
}

/** @throws Error that reports what was found */
export async function keepsPromises(store: string, world: World, options: CycleOptions): Promise<CycleResult> {
  const result = await runCycle(world, options);
  if (result.violations.length) throw new Error(reportOf(store, options, result));
  return result;
}

/** Another one in every run, and told when it matters. */
export const anySeed = (): number => Math.floor(Math.random() * 1_000_000_000);
