/**
 * The laws of what members are told, asked of random lives in which members hang, fail and cannot be reached for a while: once all is
 * well again, everybody has been told everything.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import type { GuestCall } from '../../../../openapi/guest/calls.ts';
import { type Answer, failed } from '../../guests.ts';
import { type Happening, happen, happening, rolesOf, sizes, started } from '../../lives.ts';
import type { World } from '../../world.ts';

const moods = ['well', 'hangs', 'breaks', 'refuses'] as const;
/** Members whose number, taken so, is `of` are in this mood from now on. */
interface Mood {
  readonly what: 'mood';
  readonly mood: (typeof moods)[number];
  readonly of: number;
}
const moodChange: fc.Arbitrary<Mood> = fc.record({
  what: fc.constant('mood' as const),
  mood: fc.constantFrom(...moods),
  of: fc.nat(2),
});
const life = fc.array(fc.oneof({ weight: 3, arbitrary: happening }, { weight: 1, arbitrary: moodChange }), {
  maxLength: 25,
});

const groupOf = (pod: string): number => [...pod].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 3;

function answerIn(mood: Mood['mood'], call: GuestCall): Answer | undefined {
  if (mood === 'well') return undefined;
  if (mood !== 'refuses') return mood;
  if (call.verb === 'setup') return [{ type: 'result', result: failed('script', '1') }];
  return [
    ...call.notifications.map(({ id }) => ({ type: 'notified' as const, id, exitCode: 1 })),
    { type: 'result', result: { ok: true } },
  ];
}

async function live(world: World, events: readonly (Happening | Mood)[]): Promise<void> {
  const mood = new Map<number, Mood['mood']>();
  world.guests.answer = (pod, call) => answerIn(mood.get(groupOf(pod)) ?? 'well', call);
  for (const event of events) {
    if (event.what === 'mood') mood.set(event.of, event.mood);
    else await happen(world, event);
  }
}

/** All is well: connections come back, and somebody has what was given up tried again. */
async function recover(world: World): Promise<void> {
  world.lags = false;
  world.guests.answer = () => undefined;
  for (let i = 0; i < 4; i += 1) {
    world.tamper('spark-instance', ({ metadata }) => {
      metadata.annotations = { ...metadata.annotations, 'kubedirector.bluedata.io/retry': String(i) };
    });
    await world.timers.advance(300_000);
    await world.settle();
  }
}

const membersOf = (world: World) =>
  (world.cluster().status!.roles ?? []).flatMap(({ id, members = [] }) =>
    members.map((member) => ({ role: id, ...member })),
  );

describe('members', function () {
  this.timeout(120_000);

  it('are all configured with the present configuration once all is well, and nothing waits to be told', () =>
    fc.assert(
      fc.asyncProperty(sizes, life, fc.boolean(), async (wanted, events, lags) => {
        const world = started(wanted);
        world.lags = lags;
        await live(world, events);
        await recover(world);
        const { status } = world.cluster();
        for (const { pod, state, stateDetail } of membersOf(world)) {
          expect(state, pod).to.equal('configured');
          expect(stateDetail!.lastConfigDataGeneration, pod).to.equal(status!.specGenerationToProcess);
          expect(stateDetail!.pendingNotifyCmds, pod).to.equal(undefined);
        }
        expect(world.condition('Ready')!.status).to.equal('True');
        expect(world.condition('Degraded')!.status).to.equal('False');
      }),
      { numRuns: 150 },
    ));

  it('know each other: from the configuration that they were set up with, or because they were told', () =>
    fc.assert(
      fc.asyncProperty(sizes, sizes, life, async (wanted, grown, events) => {
        const world = started(wanted);
        await world.settle();
        world.edit('spark-instance', (spec) => {
          spec.roles = rolesOf(grown);
        });
        // Without its status a cluster does not know whom it has told; then everybody is set up by what there is.
        await live(
          world,
          events.filter(({ what }) => what !== 'loseStatus'),
        );
        await recover(world);
        const members = membersOf(world);
        for (const listener of members) {
          const heard = world.guests.calls.filter(({ pod }) => pod === listener.pod);
          const first = heard.findLastIndex(({ call }) => call.verb === 'setup');
          for (const other of members) {
            if (other.pod === listener.pod) continue;
            const { call } = heard[first]!;
            const meta = call.verb === 'setup' ? JSON.parse(call.setup!.configmeta) : undefined;
            const known = meta.nodegroups['1'].roles[other.role]?.node_ids.includes(String(other.nodeID));
            const told = heard.slice(first).some(
              ({ call: later }) =>
                later.verb === 'update' &&
                later.notifications.some(
                  ({ arguments: [what, ...words] }) =>
                    what === '--addnodes' &&
                    words
                      .at(-1)!
                      .split(',')
                      .some((name) => name.startsWith(`${other.pod}.`)),
                ),
            );
            expect(known || told, `${listener.pod} knows ${other.pod}`).to.equal(true);
          }
        }
      }),
      { numRuns: 150 },
    ));

  it('hold up nobody else, however they are', () =>
    fc.assert(
      fc.asyncProperty(sizes, sizes, fc.constantFrom(...moods), fc.nat(2), async (before, after, mood, of) => {
        const world = started(before);
        await live(world, [{ what: 'mood', mood, of }]);
        for (let i = 0; i < 20; i += 1) await turn(world);
        world.edit('spark-instance', (spec) => {
          spec.roles = spec.roles.map((role) => ({ ...role, members: after[role.id] ?? role.members ?? 0 }));
        });
        await world.timers.advance(660_000);
        for (let i = 0; i < 40; i += 1) await turn(world);
        await world.timers.advance(660_000);
        for (let i = 0; i < 40; i += 1) await turn(world);
        const wanted = world.cluster().spec.roles.reduce((sum, { members = 0 }) => sum + members, 0);
        expect(membersOf(world)).to.have.length(wanted);
        for (const { pod, state } of membersOf(world))
          if (mood === 'well' || groupOf(pod) !== of) expect(state, pod).to.equal('configured');
      }),
      { numRuns: 60 },
    ));
});

/** Everybody does what there is to do, once. */
async function turn(world: World): Promise<void> {
  await world.reconcile();
  world.runStatefulSets();
  world.runPods();
  world.collectGarbage();
  await world.timers.advance(500);
}
