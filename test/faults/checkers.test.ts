/** The judges of fault runs are judged: what is right passes, and each kind of wrong is found. */
import { expect } from 'chai';
import { withoutApp } from './bonds.ts';
import { parityOf } from './client.ts';
import { type Call, History, type Operation, type Outcome, type Seen } from './history.ts';
import { unexplained } from './register-checker.ts';
import { Truth } from './truth.ts';
import { brokenPromises, outOfOrder, wrongLists } from './watch-checker.ts';
import type { Scope, Segment, Watcher, WatchRecord } from './watcher.ts';

/** [called, returned, operation, outcome] of one object. */
type Line = readonly [number, number, Operation, Outcome];

const create = (value: string): Operation => ({ kind: 'create', value });
const update = (expected: string, value: string): Operation => ({ kind: 'update', expected, value });
const remove = (expected?: string): Operation => ({ kind: 'delete', ...(expected && { expected }) });
const read: Operation = { kind: 'read' };
const ok: Outcome = { told: 'ok' };
const saw = (value: string): Outcome => ({ told: 'ok', value });
const [absent, exists, conflict, refused, unknown] = (
  ['absent', 'exists', 'conflict', 'refused', 'unknown'] as const
).map((told): Outcome => ({ told })) as [Outcome, Outcome, Outcome, Outcome, Outcome];

function problems(lines: readonly Line[]): string[] {
  const history = new History();
  for (const [called, returned, operation, outcome] of lines)
    history.add({ client: 'w', key: 'red/a', called, returned, operation, outcome } satisfies Call);
  return unexplained(history.calls, history.firstSeen);
}

describe('the checker of histories', () => {
  for (const [what, lines] of [
    [
      'one after the other',
      [
        [1, 2, create('a'), ok],
        [3, 4, read, saw('a')],
        [5, 6, update('a', 'b'), ok],
        [7, 8, remove(), ok],
        [9, 10, read, absent],
      ],
    ],
    [
      'a read during a write, which sees what was before',
      [
        [1, 2, create('a'), ok],
        [3, 6, update('a', 'b'), ok],
        [4, 5, read, saw('a')],
      ],
    ],
    [
      'a read during a write, which sees what comes',
      [
        [1, 2, create('a'), ok],
        [3, 6, update('a', 'b'), ok],
        [4, 5, read, saw('b')],
      ],
    ],
    [
      'two creates at once, of which one is refused',
      [
        [1, 4, create('a'), exists],
        [2, 3, create('b'), ok],
      ],
    ],
    [
      'a write of unknown outcome that happened',
      [
        [1, Infinity, create('a'), unknown],
        [3, 4, read, absent],
        [5, 6, read, saw('a')],
      ],
    ],
    [
      'a write of unknown outcome that did not',
      [
        [1, Infinity, create('a'), unknown],
        [3, 4, create('b'), ok],
        [5, 6, read, saw('b')],
      ],
    ],
    [
      'a write that nobody saw, but met',
      [
        [1, 2, create('a'), ok],
        [3, Infinity, update('a', 'b'), unknown],
        [5, 6, update('a', 'c'), conflict],
      ],
    ],
    [
      'a delete of unknown outcome that came late',
      [
        [1, 2, create('a'), ok],
        [3, Infinity, remove('a'), unknown],
        [5, 6, read, saw('a')],
        [7, 8, read, absent],
      ],
    ],
  ] as [string, Line[]][])
    it(`takes ${what}`, () => expect(problems(lines)).to.deep.equal([]));

  for (const [what, lines] of [
    [
      'a write that was acknowledged and is lost',
      [
        [1, 2, create('a'), ok],
        [3, 4, read, absent],
      ],
    ],
    [
      'a read of what is over',
      [
        [1, 2, create('a'), ok],
        [3, 4, update('a', 'b'), ok],
        [5, 6, read, saw('a')],
      ],
    ],
    [
      'two reads that go back',
      [
        [1, 2, create('a'), ok],
        [3, 8, update('a', 'b'), ok],
        [4, 5, read, saw('b')],
        [6, 7, read, saw('a')],
      ],
    ],
    [
      'two updates of one state',
      [
        [1, 2, create('a'), ok],
        [3, 6, update('a', 'b'), ok],
        [4, 5, update('a', 'c'), ok],
      ],
    ],
    [
      'a conflict without anybody else',
      [
        [1, 2, create('a'), ok],
        [3, 4, update('a', 'b'), conflict],
      ],
    ],
    [
      'a create that is refused because of itself',
      [
        [1, 2, create('a'), exists],
        [3, 4, read, absent],
      ],
    ],
    [
      'what was refused, and seen',
      [
        [1, 2, create('a'), refused],
        [3, 4, read, saw('a')],
      ],
    ],
    [
      'what was seen, and then never happened',
      [
        [1, Infinity, create('a'), unknown],
        [3, 4, read, saw('a')],
        [5, 6, read, absent],
      ],
    ],
  ] as [string, Line[]][])
    it(`finds ${what}`, () => expect(problems(lines)).to.have.length(1));

  it('finds its way through many writes of unknown outcome', () => {
    const lines: Line[] = [];
    for (let i = 0; i < 200; i += 1)
      lines.push(
        [10 * i + 1, Infinity, create(`u${i}`), unknown],
        [10 * i + 2, Infinity, remove(), unknown],
        [10 * i + 3, 10 * i + 4, create(`c${i}`), ok],
        [10 * i + 5, 10 * i + 6, remove(`c${i}`), ok],
      );
    expect(problems(lines)).to.deep.equal([]);
  });

  it('finds revisions that contradict time', () => {
    const writes = [
      { called: 1, returned: 2, revision: 10 },
      { called: 3, returned: 6, revision: 12 },
      { called: 4, returned: 5, revision: 11 },
    ];
    expect(outOfOrder(writes)).to.deep.equal([]);
    expect(outOfOrder([...writes, { called: 7, returned: 8, revision: 9 }])).to.have.length(1);
  });
});

const seen = (name: string, value: string, revision: number): Seen => ({
  key: `red/${name}`,
  value,
  revision,
  parity: parityOf(value),
});
const event = (type: 'ADDED' | 'MODIFIED' | 'DELETED', ...of: Parameters<typeof seen>): WatchRecord => ({
  type,
  seen: seen(...of),
});
const bookmark = (revision: number, endsInitial = false): WatchRecord => ({ type: 'BOOKMARK', revision, endsInitial });
const watcher = (scope: Scope, ...segments: Segment[]): Watcher =>
  ({ name: 'it', scope, segments }) as unknown as Watcher;

/** Everything, by a watch that saw all of it: a is made, changed and gone, b is made. */
const everything: readonly WatchRecord[] = [
  event('ADDED', 'a', 'w.1', 11),
  event('ADDED', 'b', 'w.2', 12),
  event('MODIFIED', 'a', 'w.3', 13),
  event('MODIFIED', 'a', 'w.4', 14),
  event('DELETED', 'a', 'w.4', 15),
  bookmark(20),
];
const from = (revision: number, records: readonly WatchRecord[], listed?: readonly Seen[]): Segment => ({
  from: revision,
  listed,
  records: [...records],
});
const truth = new Truth(new History(), [watcher({}, from(10, everything, []))]);

describe('the checker of watches', () => {
  for (const [what, scope, segments] of [
    ['all that there is', {}, [from(10, everything, [])]],
    ['two parts', {}, [from(10, everything.slice(0, 2), []), from(12, everything.slice(2))]],
    [
      'an initial state and what follows',
      {},
      [
        {
          from: undefined,
          listed: undefined,
          records: [
            event('ADDED', 'a', 'w.3', 13),
            event('ADDED', 'b', 'w.2', 12),
            bookmark(13, true),
            ...everything.slice(3),
          ],
        },
      ],
    ],
    ['one object', { name: 'b' }, [from(10, [event('ADDED', 'b', 'w.2', 12), bookmark(20)])]],
    [
      'what moves into a selection and out of it',
      { parity: 'odd' },
      [
        from(10, [
          event('ADDED', 'a', 'w.1', 11),
          event('MODIFIED', 'a', 'w.3', 13),
          event('DELETED', 'a', 'w.3', 14),
          bookmark(20),
        ]),
      ],
    ],
  ] as [string, Scope, Segment[]][])
    it(`takes ${what}`, () => expect(brokenPromises([watcher(scope, ...segments)], truth)).to.deep.equal([]));

  const without = (at: number): WatchRecord[] => everything.toSpliced(at, 1);
  for (const [property, what, segments] of [
    ['reliable', 'an event that is missing', [from(10, without(2))]],
    ['unique', 'an event that comes again', [from(10, everything.slice(0, 3)), from(12, everything.slice(2))]],
    ['ordered', 'events in the wrong order', [from(10, [everything[1]!, everything[0]!, ...everything.slice(2)])]],
    ['bookmarkable', 'a bookmark that comes too early', [from(10, [bookmark(12), ...everything])]],
    ['bookmarkable', 'a bookmark that goes back', [from(10, [...everything, bookmark(19)])]],
    ['resumable', 'a watch that goes on too late', [from(11, everything.slice(2))]],
    [
      'actual',
      'an event that never was',
      [from(10, [...everything.slice(0, 5), event('ADDED', 'c', 'w.9', 16), bookmark(20)])],
    ],
    ['faithful', 'an event of the wrong type', [from(10, [event('MODIFIED', 'a', 'w.1', 11), ...everything.slice(1)])]],
    ['faithful', 'an event with another state', [from(10, [event('ADDED', 'a', 'w.9', 11), ...everything.slice(1)])]],
    [
      'lastState',
      'a deletion with a state before the last',
      [from(10, [...everything.slice(0, 4), event('DELETED', 'a', 'w.3', 15), bookmark(20)])],
    ],
    ['atomic', 'a list that lacks an object', [from(12, everything.slice(2), [seen('a', 'w.1', 11)])]],
    ['atomic', 'a list that is ahead of its revision', [from(11, everything.slice(1), [seen('a', 'w.3', 13)])]],
  ] as [string, string, Segment[]][])
    it(`finds ${what}`, () =>
      expect(brokenPromises([watcher({}, ...segments)], truth).join('\n')).to.include(`is not ${property}: `));

  it('finds a filtered watch that is told of others', () =>
    expect(brokenPromises([watcher({ name: 'b' }, from(10, everything))], truth).join('\n')).to.include(
      'none of its business',
    ));

  it('finds lists that show another state than that of their revision, or are late', () => {
    const list = {
      client: 'w red',
      called: 5,
      returned: 6,
      consistent: true,
      revision: 12,
      items: [seen('a', 'w.1', 11), seen('b', 'w.2', 12)],
    };
    expect(wrongLists([list], [], truth)).to.deep.equal([]);
    expect(wrongLists([{ ...list, items: [] }], [], truth)).to.have.length(1);
    expect(wrongLists([list], [{ called: 3, returned: 4, revision: 13 }], truth)).to.have.length(1);
  });

  it('finds a cluster whose app is not there at its revision', () => {
    const named = (name: string, app?: string) => ({
      metadata: { name, resourceVersion: '7' },
      spec: { ...(app && { app }) },
    });
    const apps = [named('x'), named('y')];
    expect(withoutApp([named('a', 'x'), named('b', 'y')], apps)).to.deep.equal([]);
    expect(withoutApp([named('a', 'x'), named('b', 'z'), named('c', 'y')], apps)).to.deep.equal(['b']);
  });

  it('says nothing of revisions that nobody can know', () => {
    const gap = new Truth(new History(), [
      watcher(
        {},
        from(10, everything.slice(0, 2), []),
        from(14, everything.slice(4), [seen('a', 'w.4', 14), seen('b', 'w.2', 12)]),
      ),
    ]);
    expect([11, 12, 13, 14, 15].map((revision) => gap.covers(revision))).to.deep.equal([
      true,
      true,
      false,
      false,
      true,
    ]);
    expect(
      brokenPromises(
        [watcher({ name: 'a' }, from(10, [event('ADDED', 'a', 'w.1', 11), event('DELETED', 'a', 'w.4', 15)]))],
        gap,
      ),
    ).to.deep.equal([]);
  });
});
