/**
 * Our APIServices at the host: they name the authority that our serving certificate comes from, and it is we who write it there.
 *
 * Only those that an administrator has made, and that lead to our own Service, are touched.
 */
import type { Log } from '../../openapi/machinery/log.ts';
import type { KubeObject } from '../../openapi/machinery/meta.ts';
import { type OneObjectOptions, oneObject } from './one-object.ts';
import type { HostClient, HostResource } from './rest.ts';

const apiServices: HostResource = { group: 'apiregistration.k8s.io', version: 'v1', plural: 'apiservices' };

interface ApiService extends KubeObject {
  readonly spec?: {
    readonly service?: { readonly namespace?: string; readonly name?: string };
    readonly caBundle?: string;
    readonly insecureSkipTLSVerify?: boolean;
  };
}

export interface RegistrationsOptions {
  readonly client: HostClient;
  /** `v1beta1.kubedirector.bluedata.io` and so on. */
  readonly names: readonly string[];
  /** Where they lead when they are ours. */
  readonly service: { readonly namespace: string; readonly name: string };
  readonly log: Log;
}

export class Registrations {
  readonly #options: RegistrationsOptions;
  readonly #known = new Map<string, ApiService>();
  #bundle = '';
  #signal: AbortSignal | undefined;

  constructor(options: RegistrationsOptions) {
    this.#options = options;
  }

  /** Follows the APIServices, and puts right what they say of us, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    const { client, names, log } = this.#options;
    const resource = apiServices;
    await Promise.all(
      names.map((name) => {
        const changed: OneObjectOptions<ApiService>['changed'] = (found) => {
          if (found) this.#known.set(name, found);
          else this.#known.delete(name);
          void this.#correct(name);
        };
        return oneObject<ApiService>({ client, resource, name, changed, log }).run(signal);
      }),
    );
  }

  /** The bundle, in PEM, that clients of ours should verify with. Resolves when it has been tried to write it everywhere. */
  async announce(bundle: string): Promise<void> {
    this.#bundle = bundle;
    await Promise.all([...this.#known.keys()].map((name) => this.#correct(name)));
  }

  async #correct(name: string): Promise<void> {
    const { client, service, log } = this.#options;
    const { spec } = this.#known.get(name) ?? {};
    const caBundle = Buffer.from(this.#bundle).toString('base64');
    if (!this.#bundle || !this.#signal || spec?.caBundle === caBundle) return;
    if (spec?.service?.name !== service.name || spec.service.namespace !== service.namespace) return;
    const patch = { spec: { caBundle, insecureSkipTLSVerify: null } };
    try {
      const where = { namespace: '', name, type: 'application/merge-patch+json', patch } as const;
      await client.patch(apiServices, where, this.#signal);
      log.info('wrote our authority into an APIService', { name });
    } catch (error) {
      // Its next change, or the next list, brings us here again.
      log.error('our authority could not be written into an APIService; nobody reaches us through it', error, { name });
    }
  }
}
