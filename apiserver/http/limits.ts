/**
 * How long requests may take and how many may be under way, with the defaults of Kubernetes' own servers (K-142, K-572, K-573).
 */
import { superusers, type UserInfo } from '../auth/user.ts';
import type { RequestAttributes } from './attributes.ts';

export interface RequestLimits {
  /** The longest that a request other than a watch may take. */
  readonly requestMs: number;
  /** The same for writes of one object, so that somebody is still there to be told. */
  readonly writeMs: number;
  /** Requests at a time that read; 0: no limit. */
  readonly readOnlyInFlight: number;
  /** Requests at a time that write; 0: no limit. */
  readonly mutatingInFlight: number;
}

export const defaultLimits: RequestLimits = {
  requestMs: 60_000,
  writeMs: 34_000,
  readOnlyInFlight: 400,
  mutatingInFlight: 200,
};

const readOnly: ReadonlySet<string> = new Set(['get', 'list']);
const writesOfOne: ReadonlySet<string> = new Set(['create', 'update', 'patch', 'delete']);

export const isWriteOfOne = ({ verb, isResource }: RequestAttributes): boolean => isResource && writesOfOne.has(verb);

/** Counts requests about resources. Watches are not among them, and what is answered from memory alone is never refused. */
export class InFlight {
  readonly #limits: RequestLimits;
  #reading = 0;
  #writing = 0;

  constructor(limits: RequestLimits) {
    this.#limits = limits;
  }

  /**
   * @returns undefined when there are too many already; else to be called when the request has been answered. Superusers always
   * pass, for somebody must be able to look.
   */
  enter({ isResource, verb }: RequestAttributes, { groups }: UserInfo): (() => void) | undefined {
    if (!isResource || verb === 'watch') return nothing;
    const { readOnlyInFlight, mutatingInFlight } = this.#limits;
    if (readOnly.has(verb)) {
      if (isFull(this.#reading, readOnlyInFlight)) return groups.includes(superusers) ? nothing : undefined;
      this.#reading += 1;
      return this.#leaveReading;
    }
    if (isFull(this.#writing, mutatingInFlight)) return groups.includes(superusers) ? nothing : undefined;
    this.#writing += 1;
    return this.#leaveWriting;
  }

  readonly #leaveReading = (): void => {
    this.#reading -= 1;
  };
  readonly #leaveWriting = (): void => {
    this.#writing -= 1;
  };
}

const isFull = (count: number, limit: number): boolean => limit > 0 && count >= limit;
const nothing = (): void => {};
