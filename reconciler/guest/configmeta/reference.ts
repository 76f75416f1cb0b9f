/**
 * References of a configmeta document: pointers from its root to where something is said once (spec: configmeta document).
 */

export interface Reference {
  readonly bdvlibrefkey: readonly string[];
}

export const reference = (path: readonly string[]): Reference => ({ bdvlibrefkey: path });

/** There is one node group, and there never was another. */
export const nodeGroup = '1';
