/**
 * Work in a member: what the plan wants done there, and what is seen of it while it goes on and when it has ended.
 *
 * Work takes minutes, so it is no step of a plan. A plan names the work that it wants, every time until status says that it is done;
 * what has become of it is observed like everything else. Work that is lost with its process is wanted again, and the program in the
 * member knows what it has done already.
 */
import type { GuestCall } from '../../openapi/guest/calls.ts';
import type { GuestFailure, GuestPhase } from '../../openapi/guest/reports.ts';

/** What is said to a member: built when it is said, since it holds secrets. */
export interface Said {
  readonly call: GuestCall;
  /** Values that must not come back in what the member reports. */
  readonly secrets: readonly string[];
}

export interface Work {
  readonly verb: GuestCall['verb'];
  readonly pod: string;
  /** Id of the container that it is for. */
  readonly container: string;
  /** Works with the same key are the same work. */
  readonly key: string;
  /** @param helper archive of what scripts read configmeta with */
  readonly say: (helper: () => Uint8Array) => Said;
}

/** What is seen of the work of a member. */
export interface WorkView {
  readonly key: string;
  readonly state: 'running' | 'done' | 'failed';
  readonly phase: GuestPhase | undefined;
  /** Why the member cannot be reached at the moment; it is tried again. */
  readonly trouble: string | undefined;
  /** Present when it has failed. */
  readonly failure: { readonly word: GuestFailure; readonly detail: string } | undefined;
  /** Notifications that were delivered, with the exit code of the script; 0 also where the member had been told before. */
  readonly told: ReadonlyMap<string, number>;
  /** Exit code of the script that was told of changed connections. */
  readonly reconnected: number | undefined;
  /** The end of what a failed script wrote. */
  readonly stdout: string | undefined;
  readonly stderr: string | undefined;
}

export const noWork: ReadonlyMap<string, WorkView> = new Map();
