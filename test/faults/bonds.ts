/**
 * Writes of two keys at once: clusters are created of apps that others delete, and of each cluster that was acknowledged, and of each
 * that is there, the app was there at the same revision. What one key's history cannot show is seen in lists at exactly one revision.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { appDocument, clusterDocument } from '../make/documents.ts';
import { wrongWith } from './answers.ts';
import { ask, type ClientParts, clustersIn, collection, type Reply } from './client.ts';

interface Named {
  readonly metadata: { readonly name: string; readonly resourceVersion: string };
  readonly spec: { readonly app?: string };
}

interface Listed {
  readonly metadata: { readonly resourceVersion: string };
  readonly items: readonly Named[];
}

/** Clusters whose app is not there, though both are of one revision. */
export const withoutApp = (clusters: readonly Named[], apps: readonly Named[]): string[] => {
  const there = new Set(apps.map(({ metadata }) => metadata.name));
  return clusters.filter(({ spec: { app = '' } }) => !there.has(app)).map(({ metadata }) => metadata.name);
};

export class BondClient {
  readonly #parts: Omit<ClientParts, 'namespaces' | 'names' | 'bulkBytes'>;
  readonly #namespace: string;
  readonly #apps: readonly string[];
  readonly #mine: string[] = [];
  #made = 0;

  /** @param namespace in which nobody else does anything but clients of this kind */
  constructor(
    parts: Omit<ClientParts, 'namespaces' | 'names' | 'bulkBytes'>,
    namespace: string,
    apps: readonly string[],
  ) {
    this.#parts = parts;
    this.#namespace = namespace;
    this.#apps = apps;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { chance, paceMs } = this.#parts;
    while (!signal.aborted) {
      const app = chance.pick(this.#apps);
      const kind = chance.integer(1, 100);
      if (kind <= 25) await this.#ask('POST', collection(this.#namespace), [201, 409], appDocument(app));
      else if (kind <= 55) await this.#createCluster(app);
      else if (kind <= 70) await this.#deleteCluster();
      // An app that is used stays (409, 403); one that is not goes, also under the hands of who creates a cluster.
      else if (kind <= 90) await this.#ask('DELETE', `${collection(this.#namespace)}/${app}`, [200, 403, 404, 409]);
      else await this.#compare();
      await sleep(chance.integer(0, paceMs));
    }
  }

  async #createCluster(app: string): Promise<void> {
    const name = `${this.#parts.name}-${this.#made++}`;
    const reply = await this.#ask('POST', clustersIn(this.#namespace), [201, 422], clusterDocument(name, { app }));
    // Nobody knows whether it is there: then it may be, and is deleted like the others.
    if (reply === 'lost' || (typeof reply !== 'string' && reply.code !== 422)) this.#mine.push(name);
    if (typeof reply === 'string' || reply.code !== 201) return;
    const cluster = JSON.parse(reply.text) as Named;
    await this.#judge([cluster], cluster.metadata.resourceVersion, 'was acknowledged');
  }

  async #deleteCluster(): Promise<void> {
    const name = this.#mine.shift();
    if (!name) return;
    const reply = await this.#ask('DELETE', `${clustersIn(this.#namespace)}/${name}`, [200, 404]);
    if (typeof reply === 'string' || reply.code >= 500 || reply.code === 429) this.#mine.push(name);
  }

  async #compare(): Promise<void> {
    const clusters = await this.#list(clustersIn(this.#namespace), '');
    if (clusters) await this.#judge(clusters.items, clusters.metadata.resourceVersion, 'is there');
  }

  async #judge(clusters: readonly Named[], revision: string, how: string): Promise<void> {
    const exact = `?resourceVersion=${revision}&resourceVersionMatch=Exact`;
    const apps = await this.#list(collection(this.#namespace), exact);
    if (!apps) return;
    const { history } = this.#parts;
    history.bonds += clusters.length;
    for (const name of withoutApp(clusters, apps.items))
      history.faults.push(
        `cluster ${this.#namespace}/${name} ${how} at revision ${revision}, and its app is not there`,
      );
  }

  async #list(path: string, query: string): Promise<Listed | undefined> {
    const reply = await this.#ask('GET', path + query, query ? [200, 410] : [200]);
    return typeof reply === 'string' || reply.code !== 200 ? undefined : (JSON.parse(reply.text) as Listed);
  }

  /** @param expected codes that need no excuse */
  async #ask(method: string, path: string, expected: readonly number[], body?: object): Promise<Reply> {
    const reply = await ask(this.#parts, method, path, body);
    if (typeof reply === 'string' || expected.includes(reply.code)) return reply;
    const wrong = reply.code < 429 ? `${reply.code} ${reply.text.slice(0, 300)}` : wrongWith(reply);
    if (wrong) this.#parts.history.faults.push(`${method} ${path}: ${wrong}`);
    return reply;
  }
}
