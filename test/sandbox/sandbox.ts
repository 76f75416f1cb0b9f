/** A whole sandbox host in memory for one test, and the few verbs with which stories are told. */

import type { UserInfo } from '../../apiserver/auth/user.ts';
import type { DeleteOptions } from '../../apiserver/registry/deletion.ts';
import { Registries } from '../../apiserver/registry/registries.ts';
import type { ObjectRegistry } from '../../apiserver/registry/registry.ts';
import type { Resource } from '../../apiserver/registry/resource.ts';
import { type HostOptions, SandboxHost } from '../../deploy/sandbox/host.ts';
import { type Clock, systemClock } from '../../openapi/machinery/clock.ts';
import { type Log, plainLog } from '../../openapi/machinery/log.ts';
import type { KubeObject, ObjectMeta } from '../../openapi/machinery/meta.ts';
import { Keyspace } from '../../storage/keys.ts';
import type { KeyValueStore } from '../../storage/kv.ts';
import { MemoryStore } from '../../storage/memory.ts';
import { expectConsistent } from '../make/consistent.ts';

/** A document as it stands in a manifest. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: Partial<ObjectMeta>;
  [field: string]: unknown;
}

// biome-ignore lint/suspicious/noExplicitAny: tests look at fields of many kinds
export type Anything = any;

export interface SandboxOptions extends Partial<HostOptions> {
  /** Absent: a new one in memory. */
  readonly kv?: KeyValueStore;
  readonly clock?: Clock;
  readonly log?: Log;
  /** Served besides the host's own. */
  readonly others?: readonly Resource[];
  /** Absent: yes. */
  readonly controllers?: boolean;
}

const alice: UserInfo = { name: 'alice', groups: ['system:masters', 'system:authenticated'] };
const patienceMs = 5000;

export class Sandbox {
  readonly kv: KeyValueStore;
  readonly host: SandboxHost;
  readonly registries: Registries;
  readonly warnings: string[] = [];
  readonly #options: SandboxOptions;
  readonly #abort = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: SandboxOptions = {}) {
    const { clock = systemClock, log = plainLog(process.stderr), kv = new MemoryStore(), others = [] } = options;
    this.#options = options;
    this.kv = kv;
    const none = { scheduleMs: 0, startMs: 0, stopMs: 0 };
    this.host = new SandboxHost({ delays: none, statusDelayMs: 0, ...options, clock, log });
    this.registries = new Registries({
      resources: [...this.host.resources, ...others],
      kv,
      keyspace: new Keyspace(),
      admission: this.host.admission,
      clock,
      log,
    });
    this.host.attach(this.registries, this.signal);
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  async start(): Promise<this> {
    const caching = this.registries.run(this.signal);
    await this.host.bootstrap(this.signal);
    const controllers = this.#options.controllers === false ? undefined : this.host.run(this.signal);
    this.#running = Promise.all([caching, controllers]);
    return this;
  }

  async stop(): Promise<void> {
    if (this.signal.aborted) return;
    try {
      await expectConsistent(this.registries, this.kv);
    } finally {
      this.#abort.abort();
      await this.#running;
    }
  }

  registryOf({ apiVersion, kind }: Pick<KubeObject, 'apiVersion' | 'kind'>): ObjectRegistry {
    const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : '';
    const found = this.registries.all.find(({ resource }) => resource.group === group && resource.kind === kind);
    if (!found) throw new Error(`${apiVersion} ${kind} is not served`);
    return found;
  }

  /** As `kubectl create` would, in namespace `default` unless the manifest says otherwise. */
  async create(
    manifest: Manifest,
    { dryRun = false, user = alice }: { dryRun?: boolean; user?: UserInfo } = {},
  ): Promise<Anything> {
    const registry = this.registryOf(manifest);
    const namespace = registry.resource.namespaced ? (manifest.metadata.namespace ?? 'default') : '';
    const options = { ...this.#context(''), user, dryRun, fieldValidation: 'Strict' as const };
    const target = { namespace, name: '', version: registry.resource.forms[0]!.version };
    const received = { value: structuredClone(manifest), duplicates: [] };
    return (await registry.create(received, target, options, this.signal)).object();
  }

  /** The object as the cache has it; undefined when there is none. */
  peek(plural: string, key: string): Anything {
    return this.#registry(plural).cache.get(key)?.object();
  }

  /** The newest state. */
  async get(plural: string, key: string): Promise<Anything> {
    return (await this.#registry(plural).reads.get(key, undefined, this.signal)).object();
  }

  list(plural: string, namespace?: string): Anything[] {
    const all = [...this.#registry(plural).cache.current().values()];
    return all
      .filter((snapshot) => !namespace || snapshot.namespace === namespace)
      .map((snapshot) => snapshot.object());
  }

  names(plural: string, namespace?: string): string[] {
    return this.list(plural, namespace).map(({ metadata }) => metadata.name);
  }

  /** As a user would with `kubectl edit`. */
  async edit(plural: string, key: string, change: (object: Anything) => void, subresource = ''): Promise<Anything> {
    const edited = (object: KubeObject): KubeObject => {
      change(object);
      return object;
    };
    const context = this.#context(subresource);
    return (await this.#registry(plural).writes.modify(key, edited, context, this.signal)).object();
  }

  /** The same through the front door: the new document passes the schema. */
  async patch(plural: string, key: string, change: (document: Anything) => void, subresource = ''): Promise<Anything> {
    const registry = this.#registry(plural);
    const [namespace = '', name = ''] = registry.resource.namespaced ? key.split('/') : ['', key];
    const patch = {
      apply: (document: Record<string, unknown>): unknown => {
        change(document);
        return document;
      },
      findings: [],
    };
    const target = { namespace, name, version: registry.resource.forms[0]!.version };
    const options = { ...this.#context(subresource), fieldValidation: 'Ignore' as const };
    return (await registry.patch(patch, target, options, this.signal)).object();
  }

  annotate(plural: string, key: string, annotations: Record<string, string | undefined>): Promise<Anything> {
    return this.edit(plural, key, ({ metadata }) => {
      metadata.annotations = { ...metadata.annotations, ...annotations };
      for (const [name, value] of Object.entries(annotations))
        if (value === undefined) delete metadata.annotations[name];
    });
  }

  async delete(plural: string, key: string, options: DeleteOptions = {}): Promise<void> {
    await this.#registry(plural).deletion.delete(key, options, this.#context(''), this.signal);
  }

  /** The cells of an object, as a table shows them; columns of `-o wide` included. */
  cells(plural: string, key: string): Record<string, unknown> {
    const registry = this.#registry(plural);
    const object = this.peek(plural, key);
    return Object.fromEntries(registry.resource.columns.map((column) => [column.name, column.cell(object)]));
  }

  /** Waits until it is so; looks again whenever anything changes. */
  async until<T>(what: string, holds: () => T): Promise<NonNullable<T>> {
    const patience = AbortSignal.timeout(patienceMs);
    for (;;) {
      const answer = holds();
      if (answer) return answer;
      if (patience.aborted) throw new Error(`in vain: ${what}`);
      await this.#change(patience);
    }
  }

  /** Resolves once nothing has been written for a while: for statements about what does not happen. */
  async quiet(): Promise<void> {
    for (let still = 0, last = -1; still < 5; ) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      const { revision } = this.registries.cache;
      still = revision === last ? still + 1 : 0;
      last = revision;
    }
  }

  /** What every write of a resource told, in order: `ADDED web-0`. */
  follow(plural: string, tell: (type: string, object: Anything) => void): void {
    const { cache } = this.#registry(plural);
    let position = cache.window.end;
    cache.listen(() => {
      for (let event = cache.window.at(position); event; event = cache.window.at(position)) {
        position += 1;
        tell(event.type, event.current.object());
      }
    });
  }

  #registry(plural: string): ObjectRegistry {
    const found = this.registries.all.find(({ resource }) => resource.plural === plural);
    if (!found) throw new Error(`${plural} are not served`);
    return found;
  }

  #context(subresource: string) {
    return { user: alice, dryRun: false, subresource, warn: (text: string) => void this.warnings.push(text) };
  }

  #change(patience: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const stops = this.registries.all.map(({ cache }) => cache.listen(() => done()));
      const done = (): void => {
        for (const stop of stops) stop();
        patience.removeEventListener('abort', done);
        resolve();
      };
      patience.addEventListener('abort', done, { once: true });
    });
  }
}

/** Started sandboxes of a suite: each is stopped after its test. */
export function sandboxes(): (options?: SandboxOptions) => Promise<Sandbox> {
  const started: Sandbox[] = [];
  afterEach(async () => {
    await Promise.all(started.splice(0).map((sandbox) => sandbox.stop()));
  });
  return async (options) => {
    const sandbox = new Sandbox(options);
    started.push(sandbox);
    return sandbox.start();
  };
}

export const aNamespace = (name: string): Manifest => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

export const aPod = (name: string, spec: object = {}, metadata: Partial<ObjectMeta> = {}): Manifest => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, ...metadata },
  spec: { containers: [{ name: 'app', image: 'example/app:1' }], ...spec },
});

/** A StatefulSet of one replica, until told otherwise. */
export const aStatefulSet = (name: string, spec: object = {}, metadata: Partial<ObjectMeta> = {}): Manifest => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name, ...metadata },
  spec: {
    serviceName: name,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'app', image: 'example/app:1' }] },
    },
    ...spec,
  },
});

export const aClaim = (name: string, spec: object = {}): Manifest => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
});

export const aService = (name: string, spec: object = {}): Manifest => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { selector: { app: name }, ports: [{ port: 80 }], ...spec },
});
