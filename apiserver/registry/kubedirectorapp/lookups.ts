/**
 * What judging a change of an app needs to know of other objects: who uses it.
 */
import type { ObjectKey } from '../../../openapi/machinery/meta.ts';
import type { Alongside } from '../../../storage/store.ts';

export interface AppUse {
  /** Some of the clusters that are instances of the app; none when there are none. */
  readonly clusters: readonly ObjectKey[];
  /** Holds as long as no further cluster is made of it. */
  readonly unchanged: Alongside;
  /** The same, for the write that ends the app. */
  readonly ended: Alongside;
}

export interface AppLookups {
  /** Not older than the call. */
  usesOf(app: ObjectKey, signal: AbortSignal): Promise<AppUse>;
}
