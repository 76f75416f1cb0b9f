/**
 * What clients asked and were told, and when: the material that the checkers judge.
 *
 * Time is a counter. All clients live in one process, so the order in which calls are made and answers come in is certain.
 */

/** Every write writes a value that no other write writes, so a value tells which write is seen. */
export type Value = string;

export type Operation =
  | { readonly kind: 'read' }
  | { readonly kind: 'create'; readonly value: Value }
  /** On the condition that the object is as `expected` made it. */
  | { readonly kind: 'update'; readonly expected: Value; readonly value: Value }
  /** `expected` absent: whatever is there. */
  | { readonly kind: 'delete'; readonly expected?: Value };

export type Outcome =
  /** Done. A read saw `value`, or that nothing was there. */
  | { readonly told: 'ok'; readonly value?: Value | undefined; readonly revision?: number }
  /** 404. */
  | { readonly told: 'absent' }
  /** 409 AlreadyExists. */
  | { readonly told: 'exists' }
  /** 409 Conflict. */
  | { readonly told: 'conflict' }
  /** Refused for now; it has not happened. */
  | { readonly told: 'refused' }
  /** It may have happened, or may yet happen. */
  | { readonly told: 'unknown' };

export interface Call {
  readonly client: string;
  /** `namespace/name`. */
  readonly key: string;
  readonly operation: Operation;
  readonly called: number;
  /** Infinity: nobody knows when its effect is over. */
  readonly returned: number;
  readonly outcome: Outcome;
}

/** One object as it was told. */
export interface Seen {
  readonly key: string;
  readonly value: Value;
  readonly revision: number;
  /** Its label `parity`. */
  readonly parity: string;
}

/** A whole list, which shows one revision. */
export interface ListCall {
  readonly client: string;
  readonly called: number;
  readonly returned: number;
  /** Was the newest state asked for? */
  readonly consistent: boolean;
  readonly revision: number;
  readonly items: readonly Seen[];
}

export class History {
  readonly calls: Call[] = [];
  readonly lists: ListCall[] = [];
  /** Value → when somebody first was told of it. */
  readonly firstSeen = new Map<Value, number>();
  /** Answers that no API server should give, and the like. */
  readonly faults: string[] = [];
  /** How many clusters were looked for together with their apps. */
  bonds = 0;
  #now = 0;

  tick(): number {
    this.#now += 1;
    return this.#now;
  }

  add(call: Call): void {
    this.calls.push(call);
    const { outcome } = call;
    if (call.operation.kind === 'read' && outcome.told === 'ok' && outcome.value !== undefined)
      this.saw(outcome.value, call.returned);
  }

  saw(value: Value, at = this.tick()): void {
    if (!this.firstSeen.has(value)) this.firstSeen.set(value, at);
  }
}
