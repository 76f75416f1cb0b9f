/**
 * What judging a change of the configuration needs to know of other objects: whether there are any clusters.
 */
import type { ObjectKey } from '../../../openapi/machinery/meta.ts';
import type { Alongside } from '../../../storage/store.ts';
import type { NamedLookups } from '../missing.ts';

export interface SomeClusters {
  /** Some of the clusters that there are, in all namespaces; none when there are none. */
  readonly clusters: readonly ObjectKey[];
  /** Holds as long as no further cluster is made. */
  readonly unchanged: Alongside;
}

export interface ConfigLookups extends NamedLookups {
  /** Not older than the call. */
  someClusters(signal: AbortSignal): Promise<SomeClusters>;
}
