/**
 * What judging a change of the configuration needs to know of other objects: whether there are any clusters.
 */
import type { ObjectKey } from '../../../openapi/machinery/meta.ts';

export interface ConfigLookups {
  /** Some of the clusters that there are, in all namespaces; none when there are none. Not older than the call. */
  someClusters(signal: AbortSignal): Promise<readonly ObjectKey[]>;
}
