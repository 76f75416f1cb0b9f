/**
 * How a kind differs from others when it is written. The verbs are the same for all (registry.ts); a strategy says the rest.
 *
 * `related` is the one function that asks anybody anything; the others are pure: objects in, new objects or faults out.
 */
import type { FieldError } from '../../openapi/machinery/field.ts';
import type { KubeObject } from '../../openapi/machinery/meta.ts';
import type { Alongside } from '../../storage/store.ts';
import type { UserInfo } from '../auth/user.ts';

/** In whose name fields are owned, and in which version they were written. */
export interface Manager {
  readonly name: string;
  /** `kubedirector.bluedata.io/v1beta1` */
  readonly apiVersion: string;
}

/** The circumstances of a write. */
export interface WriteContext {
  readonly user: UserInfo;
  readonly dryRun: boolean;
  /** Empty for the object itself. */
  readonly subresource: string;
  /** Says something to the client that is no refusal. */
  readonly warn: (text: string) => void;
  /** Absent: whoever owned fields before does so afterwards. */
  readonly manager?: Manager;
  /** Is this a patch, an apply included? */
  readonly isPatch?: boolean;
  /** Is this an apply, whose object says itself who owns its fields? */
  readonly isApply?: boolean;
}

/**
 * Functions that are absent do nothing. Objects are in the hub's form, defaulted, and the function's own to keep.
 *
 * They are declared as methods so that a list of resources may hold strategies of different kinds.
 */
export interface Strategy<T extends KubeObject, R = unknown> {
  /** Looks up what judging the object needs. `old` is absent on create, `object` on delete. */
  related?(object: T | undefined, old: T | undefined, context: WriteContext, signal: AbortSignal): Promise<R>;
  prepareForCreate?(object: T, related: R): T;
  /** Runs for writes of the object itself and of subresources; `context.subresource` tells which. */
  prepareForUpdate?(object: T, old: T, related: R, context: WriteContext): T;
  validate?(object: T, related: R): FieldError[];
  /** Absent: `validate`. */
  validateUpdate?(object: T, old: T, related: R, context: WriteContext): FieldError[];
  /** What the client ought to know although it is allowed. */
  warnings?(object: T, old: T | undefined, related: R): readonly string[];
  /** Whether the object may go. @throws StatusError */
  checkDelete?(old: T, related: R): void;
  /** What the write depends on, and does, besides its own key. */
  alongside?(object: T | undefined, old: T | undefined, related: R): Alongside | undefined;
  /** The desired state, whose changes are counted by generation; absent: whatever lies outside metadata and status (K-238). */
  desired?(object: T): unknown;
  /** Seconds between the request to delete and the end, in which the object stays visible; absent: none (K-296). */
  graceSeconds?(object: T, requested: number | undefined): number;
  /** What becomes of the object when it is marked for deletion, besides its metadata. */
  prepareForDelete?(object: T): T;
  /** Does anything besides finalizers and the grace period keep a deleted object? */
  holds?(object: T): boolean;
}

/** Must an object that is being deleted still stay (K-243)? */
export const isHeld = <T extends KubeObject>(object: T, strategy: Strategy<T>): boolean =>
  Boolean(object.metadata.finalizers?.length) ||
  Boolean(object.metadata.deletionGracePeriodSeconds) ||
  strategy.holds?.(object) === true;
