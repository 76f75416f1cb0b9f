/**
 * What judging a change of the configuration needs to know of other objects: whether there are any clusters.
 */
import type { ObjectKey } from '../../../openapi/machinery/meta.ts';
import type { NamedLookups } from '../missing.ts';

export interface ConfigLookups extends NamedLookups {
  /** Some of the clusters that there are, in all namespaces; none when there are none. Not older than the call. */
  someClusters(signal: AbortSignal): Promise<readonly ObjectKey[]>;
}
