/**
 * Every namespace has the service account `default`, whoever deletes it.
 */
import type { Log } from '../../../openapi/machinery/log.ts';
import { isAlreadyExists } from '../../../openapi/machinery/status.ts';
import { actingAsController } from '../engine/acting.ts';
import { Controller } from '../engine/controller.ts';
import type { Informers } from '../engine/informers.ts';
import type { HostRegistries } from '../kinds/index.ts';
import type { Namespace } from '../kinds/namespaces.ts';

const me = actingAsController('service-account-controller');
const name = 'default';

export class DefaultServiceAccounts {
  readonly controller: Controller;
  readonly #host: HostRegistries;

  constructor({ host, informers, log }: { host: HostRegistries; informers: Informers; log: Log }) {
    this.#host = host;
    this.controller = new Controller({
      name: 'serviceaccounts',
      reconcile: (namespace, signal) => this.#reconcile(namespace, signal),
      log,
    });
    informers.of(host.namespaces).subscribe({
      changed: ({ key, gone }) => {
        if (!gone) this.controller.enqueue(key);
      },
    });
    informers.of(host.serviceAccounts).subscribe({
      changed: ({ gone, snapshot }) => {
        if (gone && snapshot.name === name) this.controller.enqueue(snapshot.namespace);
      },
    });
  }

  async #reconcile(namespace: string, signal: AbortSignal): Promise<void> {
    if (this.#host.serviceAccounts.cache.get(`${namespace}/${name}`)) return;
    const found = this.#host.namespaces.cache.get(namespace)?.object<Namespace>();
    if (!found || found.metadata.deletionTimestamp) return;
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } };
    try {
      await this.#host.serviceAccounts.writes.create(account, namespace, me.itself, signal);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  }
}
