/**
 * Is a history linearizable? For each object by itself: a register that holds one value or nothing.
 *
 * The search is that of Wing and Gong, with Lowe's memory of the configurations that it has been in. Calls with an unknown outcome
 * may have happened at any time after they were made, or never.
 */
import type { Call, Operation, Outcome, Value } from './history.ts';

type State = Value | undefined;

/** @returns for each object whose history cannot be explained, where the explanation ends */
export function unexplained(calls: readonly Call[], firstSeen: ReadonlyMap<Value, number>): string[] {
  const byKey = Map.groupBy(calls, ({ key }) => key);
  return [...byKey].flatMap(([key, ofKey]) => {
    const problem = explainedOnce(ofKey, firstSeen);
    return problem === undefined ? [] : [`${key} is not linearizable: ${problem}`];
  });
}

/** First without the writes that nobody has seen, which is quick and nearly always suffices; then with them. */
function explainedOnce(calls: readonly Call[], firstSeen: ReadonlyMap<Value, number>): string | undefined {
  const settled = calls.flatMap((call) => settle(call, firstSeen));
  const certain = settled.filter((call) => !isUnseen(call, firstSeen));
  return explain(certain) === undefined ? undefined : explain(settled);
}

/** A write of unknown outcome whose value was seen has happened by then; what was refused has not, and reads without an answer say nothing. */
function settle(call: Call, firstSeen: ReadonlyMap<Value, number>): Call[] {
  const { operation, outcome } = call;
  if (outcome.told === 'refused') return [];
  if (outcome.told !== 'unknown') return [call];
  if (operation.kind === 'read') return [];
  const seen = 'value' in operation ? firstSeen.get(operation.value) : undefined;
  return [seen === undefined ? { ...call, returned: Infinity } : { ...call, returned: seen, outcome: { told: 'ok' } }];
}

const isUnseen = ({ operation, outcome }: Call, firstSeen: ReadonlyMap<Value, number>): boolean =>
  outcome.told === 'unknown' && 'value' in operation && !firstSeen.has(operation.value);

/** The state after the operation, or `false` when it cannot have had this outcome in that state. */
function step(state: State, operation: Operation, outcome: Outcome): State | false {
  const { told } = outcome;
  const happened = told === 'ok' || told === 'unknown';
  switch (operation.kind) {
    case 'read':
      return told === 'ok' && outcome.value === state ? state : told === 'absent' && state === undefined && undefined;
    case 'create':
      if (happened) return state === undefined && operation.value;
      return told === 'exists' && state !== undefined && state;
    case 'update':
      if (happened) return state === operation.expected && operation.value;
      if (told === 'absent') return state === undefined && undefined;
      return told === 'conflict' && state !== undefined && state !== operation.expected && state;
    case 'delete': {
      const meets = operation.expected === undefined || operation.expected === state;
      if (happened) return state !== undefined && meets && undefined;
      if (told === 'absent') return state === undefined && undefined;
      return told === 'conflict' && state !== undefined && !meets && state;
    }
  }
}

/** In a list of calls and returns in the order of time. */
interface Moment {
  readonly id: number;
  readonly call: Call;
  /** Of a call with a known end; a return has none. */
  end: Moment | undefined;
  readonly isCall: boolean;
  before: Moment | undefined;
  after: Moment | undefined;
}

function momentsOf(calls: readonly Call[]): Moment {
  const head: Moment = { id: -1, call: calls[0]!, end: undefined, isCall: false, before: undefined, after: undefined };
  const timed: { at: number; moment: Moment }[] = [];
  for (const [id, call] of calls.entries()) {
    const moment = (isCall: boolean): Moment => ({
      id,
      call,
      end: undefined,
      isCall,
      before: undefined,
      after: undefined,
    });
    const begin = moment(true);
    timed.push({ at: call.called, moment: begin });
    if (call.returned === Infinity) continue;
    begin.end = moment(false);
    timed.push({ at: call.returned, moment: begin.end });
  }
  timed.sort((a, b) => a.at - b.at || Number(a.moment.isCall) - Number(b.moment.isCall));
  let last = head;
  for (const { moment } of timed) {
    last.after = moment;
    moment.before = last;
    last = moment;
  }
  return head;
}

function takeOut(moment: Moment): void {
  if (moment.before) moment.before.after = moment.after;
  if (moment.after) moment.after.before = moment.before;
}

function putBack(moment: Moment): void {
  if (moment.before) moment.before.after = moment;
  if (moment.after) moment.after.before = moment;
}

function explain(calls: readonly Call[]): string | undefined {
  const head = momentsOf(calls);
  const done = Buffer.alloc(Math.ceil(calls.length / 8));
  const flip = (id: number): void => {
    done[id >> 3]! ^= 1 << (id & 7);
  };
  const been = new Set<string>();
  const taken: { moment: Moment; state: State }[] = [];
  let state: State;
  let furthest = { depth: -1, moment: head, state };
  let left = calls.filter(({ returned }) => returned !== Infinity).length;
  let moment = head.after;
  while (left > 0 && moment) {
    if (moment.isCall) {
      const next = step(state, moment.call.operation, moment.call.outcome);
      if (next !== false) {
        flip(moment.id);
        const configuration = `${done.toString('latin1')}|${next ?? ''}`;
        if (!been.has(configuration)) {
          been.add(configuration);
          taken.push({ moment, state });
          state = next;
          takeOut(moment);
          if (moment.end) takeOut(moment.end);
          if (moment.end) left -= 1;
          moment = head.after;
          continue;
        }
        flip(moment.id);
      }
      moment = moment.after;
      continue;
    }
    // This call must have taken effect by now, and has not: something before was taken in the wrong order.
    if (taken.length > furthest.depth) furthest = { depth: taken.length, moment, state };
    const last = taken.pop();
    if (!last) return whereItEnds(calls, furthest.moment.call, furthest.state);
    state = last.state;
    flip(last.moment.id);
    if (last.moment.end) putBack(last.moment.end);
    putBack(last.moment);
    if (last.moment.end) left += 1;
    moment = last.moment.after;
  }
  return undefined;
}

/** For people: the call that nothing explains, and those around it. */
function whereItEnds(calls: readonly Call[], stuck: Call, state: State): string {
  const around = calls.filter(
    ({ called, returned }) => returned >= stuck.called - 20 && called <= stuck.returned && returned !== Infinity,
  );
  const lines = around.toSorted((a, b) => a.called - b.called).map((call) => `    ${callText(call)}`);
  return `with ${state ?? 'nothing'} there at last, nothing explains\n    ${callText(stuck)}\n  among\n${lines.join('\n')}`;
}

export function callText({ client, operation, called, returned, outcome }: Call): string {
  const { kind, ...rest } = operation;
  const { told, ...details } = outcome;
  return `[${called}, ${returned}] ${client}: ${kind} ${JSON.stringify(rest)} → ${told} ${JSON.stringify(details)}`;
}
