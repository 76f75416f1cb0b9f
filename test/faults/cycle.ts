/**
 * One cycle of a fault run: clients and watches on fresh objects, faults as the seed has them, then peace; then everything that
 * anybody was told is judged.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { BondClient } from './bonds.ts';
import { Client } from './client.ts';
import { History } from './history.ts';
import { caughtUp, cleared, recovered } from './recovery.ts';
import { unexplained } from './register-checker.ts';
import { Seeded } from './seeded.ts';
import { Truth } from './truth.ts';
import { type Acknowledged, brokenPromises, outOfOrder, wrongLists } from './watch-checker.ts';
import { type Scope, Watcher } from './watcher.ts';
import type { World } from './world.ts';

export interface CycleOptions {
  readonly seed: number;
  /** How long faults go on. */
  readonly durationMs: number;
  /** So many faults at least, however long that takes. */
  readonly times?: number;
  /** Faults by name; absent: all that there are. */
  readonly only?: readonly string[];
  readonly clients?: number;
  /** The longest pause of a client between two calls. */
  readonly paceMs?: number;
  /** How much larger than necessary objects are. */
  readonly bulkBytes?: number;
  /** How long a fault lasts, and then peace: from and to. */
  readonly faultMs?: readonly [number, number];
  readonly peaceMs?: readonly [number, number];
}

export interface CycleResult {
  readonly seed: number;
  /** What broke a promise; empty when all is well. */
  readonly violations: readonly string[];
  /** What was done to the world, in order. */
  readonly faults: readonly { readonly name: string; readonly what: string; readonly holdMs: number }[];
  readonly operations: number;
  /** Operations by what came of them. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly lists: number;
  readonly events: number;
  readonly watches: number;
  /** Clusters that were looked for together with their apps. */
  readonly bonds: number;
}

export async function runCycle(world: World, options: CycleOptions): Promise<CycleResult> {
  const { seed, durationMs, clients: count = 8, paceMs = 20, bulkBytes = 0 } = options;
  const chance = new Seeded(seed);
  const history = new History();
  const stop = { clients: new AbortController(), watchers: new AbortController() };
  const pools = world.replicas.map(({ pool }) => pool);
  const namespaces = ['red', 'blue'].map((colour) => `c${seed}-${Date.now().toString(36)}-${colour}`);
  const names = ['a', 'b', 'c'];
  const watchers = scopesFor(namespaces).map(
    ({ scope, sendsInitial }, i) =>
      new Watcher({ name: `watch ${i}`, scope, sendsInitial, chance: chance.fork(), history, pools, namespaces }),
  );
  const clients = Array.from(
    { length: count },
    (_, i) =>
      new Client({ name: `w${i}`, chance: chance.fork(), history, pools, namespaces, names, paceMs, bulkBytes }),
  );
  const [first = '', second = ''] = namespaces;
  const bondNamespace = `${first}-${second.slice(-4)}`;
  const bonds = Array.from(
    { length: bondClients },
    (_, i) =>
      new BondClient({ name: `b${i}`, chance: chance.fork(), history, pools, paceMs }, bondNamespace, ['x', 'y']),
  );
  const watching = watchers.map((watcher) => watcher.run(stop.watchers.signal));
  const working = [...clients, ...bonds].map((client) => client.run(stop.clients.signal));
  const faults: { name: string; what: string; holdMs: number }[] = [];
  try {
    await disturb(world, chance.fork(), options, faults);
    await world.heal();
    // How long the servers take is counted from when their store is itself again.
    await world.settled?.();
    // Recovery needs nobody: writes and reads succeed at every server by themselves.
    await recovered(world, namespaces[0]!, history);
    await sleep(Math.min(durationMs, 1000));
    stop.clients.abort();
    await Promise.all(working);
    await caughtUp(world, watchers, namespaces[0]!, history);
  } finally {
    stop.clients.abort();
    stop.watchers.abort();
    await Promise.all([...working, ...watching]);
  }
  const result = { seed, faults, ...judged(history, watchers) };
  // What a cycle leaves would fill the disk of the next ones.
  const left = await cleared(world, [...namespaces, bondNamespace]);
  return { ...result, violations: [...result.violations, ...left] };
}

/** Few, since what they do is larger, and in each other's way all the time. */
const bondClients = 2;

const scopesFor = ([red, blue]: readonly string[]): { scope: Scope; sendsInitial: boolean }[] => [
  { scope: {}, sendsInitial: false },
  { scope: {}, sendsInitial: true },
  { scope: { namespace: red! }, sendsInitial: false },
  { scope: { parity: 'even' }, sendsInitial: true },
  { scope: { namespace: blue!, parity: 'odd' }, sendsInitial: false },
  { scope: { namespace: blue!, name: 'a' }, sendsInitial: true },
];

/** Some faults last so long that deadlines pass and keep-alives notice. */
const oddsOfLong = 0.1;

/** One fault after the other, sometimes two at once, until the time is over. */
async function disturb(
  world: World,
  chance: Seeded,
  { durationMs, times = 0, only, faultMs = [300, 4000], peaceMs = [200, 2000] }: CycleOptions,
  told: { name: string; what: string; holdMs: number }[],
): Promise<void> {
  const until = performance.now() + durationMs;
  const possible = world.faults.filter(({ name }) => !only || only.includes(name));
  while (performance.now() < until || told.length < times) {
    await sleep(chance.integer(...peaceMs));
    if (!possible.length) continue;
    const chosen = Array.from({ length: chance.chance(0.25) ? 2 : 1 }, () => chance.pick(possible));
    const holdMs = chance.integer(...faultMs) * (chance.chance(oddsOfLong) ? 5 : 1);
    for (const { name, inject } of chosen) told.push({ name, what: await inject(chance), holdMs });
    await sleep(holdMs);
    await world.heal();
  }
}

function judged(history: History, watchers: readonly Watcher[]): Omit<CycleResult, 'seed' | 'faults'> {
  const { calls, lists, faults, firstSeen } = history;
  const truth = new Truth(history, watchers);
  const acknowledged: Acknowledged[] = calls.flatMap(({ operation, outcome, called, returned }) =>
    'value' in operation && outcome.told === 'ok' && outcome.revision !== undefined
      ? [{ called, returned, revision: outcome.revision }]
      : [],
  );
  const refusedButDone = calls.flatMap(({ operation, outcome, key }) =>
    'value' in operation && outcome.told === 'refused' && firstSeen.has(operation.value)
      ? [`${key}: ${operation.value} was refused, and written all the same`]
      : [],
  );
  const outcomes: Record<string, number> = {};
  for (const { outcome } of calls) outcomes[outcome.told] = (outcomes[outcome.told] ?? 0) + 1;
  const records = watchers.flatMap(({ segments }) => segments.flatMap((segment) => segment.records));
  return {
    violations: [
      ...faults,
      ...truth.faults,
      ...refusedButDone,
      ...unexplained(calls, firstSeen),
      ...outOfOrder(acknowledged),
      ...wrongLists(lists, acknowledged, truth),
      ...brokenPromises(watchers, truth),
    ],
    operations: calls.length,
    outcomes,
    lists: lists.length,
    bonds: history.bonds,
    events: records.filter(({ type }) => type !== 'BOOKMARK').length,
    watches: watchers.reduce((sum, { segments }) => sum + segments.length, 0),
  };
}
