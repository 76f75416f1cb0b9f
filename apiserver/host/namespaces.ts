/**
 * The host's namespaces: remembered and followed, and asked for by name where one seems to be missing (K-455 to K-457).
 */
import type { Log } from '../../openapi/machinery/log.ts';
import type { KubeObject } from '../../openapi/machinery/meta.ts';
import { isNotFound } from '../../openapi/machinery/status.ts';
import type { NamespaceReader } from '../registry/admission.ts';
import { Reflector } from './reflector.ts';
import type { HostClient, HostResource } from './rest.ts';

const namespaces: HostResource = { group: '', version: 'v1', plural: 'namespaces' };

export class HostNamespaces implements NamespaceReader {
  readonly #client: HostClient;
  readonly #reflector: Reflector<KubeObject>;
  #known = new Map<string, KubeObject>();

  constructor(client: HostClient, log: Log) {
    this.#client = client;
    this.#reflector = new Reflector({
      client,
      resource: namespaces,
      listener: {
        replace: (all) => {
          this.#known = new Map(all.map((namespace) => [namespace.metadata.name, remainsOf(namespace)]));
        },
        put: (namespace) => void this.#known.set(namespace.metadata.name, remainsOf(namespace)),
        remove: ({ metadata }) => void this.#known.delete(metadata.name),
      },
      log,
    });
  }

  /** Resolves when all of them are known. */
  get synced(): Promise<void> {
    return this.#reflector.synced;
  }

  /** Follows the host until the signal aborts. */
  run(signal: AbortSignal): Promise<void> {
    return this.#reflector.run(signal);
  }

  /**
   * A namespace that was just made may not have come to us yet, so the host is asked before one is said to be missing. One that
   * began to end a moment ago may still count as open: the host's namespace controller looks again until nothing is left.
   */
  async find(name: string, signal: AbortSignal): Promise<KubeObject | undefined> {
    const known = this.#known.get(name);
    // One that is going may be gone, and made anew (K-457).
    if (known && !known.metadata.deletionTimestamp) return known;
    try {
      return await this.#client.get(namespaces, '', name, signal);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }
}

/** Only what is asked about later. */
const remainsOf = ({ apiVersion, kind, metadata }: KubeObject): KubeObject => {
  const { name, uid, deletionTimestamp } = metadata;
  return {
    apiVersion,
    kind,
    metadata: { name, ...(uid && { uid }), ...(deletionTimestamp && { deletionTimestamp }) },
  } as KubeObject;
};
