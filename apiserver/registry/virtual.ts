/**
 * Virtual resources: what is created is answered at once and nothing is stored, such as a review of what somebody may do.
 */
import type { KubeObject } from '../../openapi/machinery/meta.ts';
import type { Schema } from '../../openapi/schema/schema.ts';
import type { ServedResource } from '../../openapi/served.ts';
import type { UserInfo } from '../auth/user.ts';
import type { WireForms } from './resource.ts';

export interface VirtualResource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly schema: Schema;
  readonly wire?: WireForms;
  /**
   * The answer to a document of this kind that somebody sent.
   *
   * @param namespace of the path; empty for cluster-scoped ones
   * @throws StatusError
   */
  answer(document: KubeObject, asker: UserInfo, namespace: string, signal: AbortSignal): Promise<KubeObject>;
}

/** How discovery and documents show it: something that can only be created. */
export const servedVirtual = ({
  plural,
  singular,
  kind,
  namespaced,
  schema,
  version,
}: VirtualResource): ServedResource => ({
  plural,
  singular,
  kind,
  listKind: `${kind}List`,
  shortNames: [],
  categories: [],
  namespaced,
  verbs: ['create'],
  subresources: [],
  schema,
  storageVersion: version,
});
