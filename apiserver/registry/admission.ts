/**
 * Admission: what the server asks about every write besides the kind's own rules.
 *
 * An admission plugin sees the request after authorization and may refuse it. Namespaces' life cycle is the first of them (K-455 to
 * K-458); webhooks and policies will be others.
 */
import type { KubeObject } from '../../openapi/machinery/meta.ts';
import { StatusError } from '../../openapi/machinery/status.ts';
import type { UserInfo } from '../auth/user.ts';
import type { Resource } from './resource.ts';

export interface AdmissionAttributes {
  readonly resource: Resource;
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE';
  readonly subresource: string;
  readonly namespace: string;
  /** Empty while a generated name has not been chosen. */
  readonly name: string;
  readonly user: UserInfo;
  readonly dryRun: boolean;
}

export interface Admission {
  /**
   * Before anything is decided about the object.
   *
   * @throws StatusError when the write is refused
   */
  admit(attributes: AdmissionAttributes, signal: AbortSignal): Promise<void>;
}

/** What admission needs to know of namespaces. */
export interface NamespaceReader {
  /** The newest state of a namespace that is certain to be no older than the call; undefined when there is none. */
  find(name: string, signal: AbortSignal): Promise<KubeObject | undefined>;
}

/** Nothing is created in a namespace that is not there or is going; deletes and updates are always allowed (K-458). */
export const namespaceLifecycle = (namespaces: NamespaceReader): Admission => ({
  async admit({ resource, operation, namespace, name }, signal) {
    if (operation !== 'CREATE' || namespace === '') return;
    const found = await namespaces.find(namespace, signal);
    if (!found) throw StatusError.notFound({ group: '', resource: 'namespaces' }, namespace);
    if (!found.metadata.deletionTimestamp) return;
    throw StatusError.forbidden(
      { group: resource.group, resource: resource.plural },
      name,
      `unable to create new content in namespace ${namespace} because it is being terminated`,
      [
        {
          reason: 'NamespaceTerminating',
          message: `namespace ${namespace} is being terminated`,
          field: 'metadata.namespace',
        },
      ],
    );
  },
});

/** All of them, in order; the first refusal counts. */
export const chain = (plugins: readonly Admission[]): Admission => ({
  async admit(attributes, signal) {
    for (const plugin of plugins) await plugin.admit(attributes, signal);
  },
});

export const admitAll: Admission = { admit: async () => {} };
