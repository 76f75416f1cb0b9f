/**
 * Fault runs as long as you like: `npm run soak -- --cycles=1000`.
 *
 * Flags: --store=etcd|embedded|disk, or several with commas, in turn (default: etcd,embedded); --cycles=N (default 10);
 * --seconds=S of faults in each cycle (default 10); --minutes=M: end after that, whatever the number of cycles; --seed=N of the first
 * cycle (default: by the clock; each further cycle has the next one); --only=FAULT,FAULT. A cycle that finds something prints what,
 * with the command that runs its schedule again: there --cycle says all that there is to say about one cycle.
 */
import { parseArgs } from 'node:util';
import { type CycleOptions, type CycleResult, runCycle } from './cycle.ts';
import { reportOf } from './report.ts';
import { embeddedWorld, etcdWorld, smallDiskWorld, type World } from './world.ts';

const { values } = parseArgs({
  options: {
    store: { type: 'string', default: 'etcd,embedded' },
    cycles: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '10' },
    minutes: { type: 'string', default: 'Infinity' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    only: { type: 'string' },
    cycle: { type: 'string' },
  },
});

const worlds: Readonly<Record<string, () => Promise<World>>> = {
  etcd: () => etcdWorld(),
  embedded: () => embeddedWorld(),
  disk: () => smallDiskWorld(),
};
const stores = values.store.split(',');
const totals = { operations: 0, lists: 0, bonds: 0, events: 0, watches: 0 };
const outcomes: Record<string, number> = {};
const faults: Record<string, number> = {};
let violations = 0;
let cycles = 0;

function count(result: CycleResult): void {
  for (const name of Object.keys(totals) as (keyof typeof totals)[]) totals[name] += result[name];
  for (const [told, times] of Object.entries(result.outcomes)) outcomes[told] = (outcomes[told] ?? 0) + times;
  for (const { name } of result.faults) faults[name] = (faults[name] ?? 0) + 1;
  violations += result.violations.length;
  cycles += 1;
}

/** Long runs meet more faults in less time: what pauses and faults of seconds show is seen in those that chance makes five times longer. */
const brisk = { faultMs: [200, 2500], peaceMs: [100, 800] } as const;

/** The options of each cycle. */
function* planned(): Generator<CycleOptions> {
  if (values.cycle) return yield JSON.parse(values.cycle) as CycleOptions;
  const [seed, durationMs, only] = [Number(values.seed), Number(values.seconds) * 1000, values.only?.split(',')];
  for (let i = 0; i < Number(values.cycles); i += 1)
    yield { seed: seed + i, durationMs, ...brisk, ...(only && { only }) };
}

const started = performance.now();
let until = started + Number(values.minutes) * 60_000;
// Whoever wants it to end gets what was found so far, and a clean machine.
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    until = 0;
  });
const open = new Map<string, World>();
try {
  for (const cycle of planned()) {
    if (performance.now() > until) break;
    const store = stores[cycles % stores.length]!;
    const world = open.get(store) ?? (await worlds[store]!());
    open.set(store, world);
    const result = await runCycle(world, cycle);
    count(result);
    console.log(
      `${new Date().toISOString()} ${store} seed ${result.seed}: ${result.operations} operations, ${result.events} events,`,
      `${result.faults.length} faults, ${result.violations.length} violations`,
    );
    if (result.violations.length) console.log(reportOf(store, cycle, result));
  }
} finally {
  for (const world of open.values()) await world.remove();
}
const minutes = (performance.now() - started) / 60_000;
console.log(
  JSON.stringify({ minutes: Number(minutes.toFixed(1)), cycles, ...totals, outcomes, faults, violations }, null, 2),
);
process.exitCode = violations ? 1 : 0;
