/**
 * A client that does to a handful of objects whatever chance says, at whichever server, and records what it was told.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'undici';
import { appDocument } from '../make/documents.ts';
import type { Answer } from './answers.ts';
import { statusIn, wrongWith } from './answers.ts';
import type { Call, History, Operation, Outcome, Seen, Value } from './history.ts';
import type { Seeded } from './seeded.ts';

export const group = '/apis/kubedirector.bluedata.io/v1beta1';
export const collection = (namespace: string): string => `${group}/namespaces/${namespace}/kubedirectorapps`;
export const clustersIn = (namespace: string): string => `${group}/namespaces/${namespace}/kubedirectorclusters`;
const valueAnnotation = 'kubedirector.example/value';
const bulkAnnotation = 'kubedirector.example/bulk';

export interface StoredApp {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly resourceVersion: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

export const seenIn = ({ metadata }: StoredApp): Seen => ({
  key: `${metadata.namespace}/${metadata.name}`,
  value: metadata.annotations?.[valueAnnotation] ?? '',
  revision: Number(metadata.resourceVersion),
  parity: metadata.labels?.parity ?? '',
});

/** The label that goes with a value, so that updates move objects into and out of selections. */
export const parityOf = (value: Value): string =>
  Number(value.slice(value.lastIndexOf('.') + 1)) % 2 ? 'odd' : 'even';

function documentOf(name: string, value: Value, bulkBytes: number, resourceVersion?: number): object {
  const document = appDocument(name);
  return {
    ...document,
    metadata: {
      name,
      labels: { parity: parityOf(value) },
      annotations: { [valueAnnotation]: value, ...(bulkBytes && { [bulkAnnotation]: 'x'.repeat(bulkBytes) }) },
      ...(resourceVersion && { resourceVersion: String(resourceVersion) }),
    },
  };
}

export interface ClientParts {
  readonly name: string;
  readonly chance: Seeded;
  readonly history: History;
  /** Connections to every server. */
  readonly pools: readonly Pool[];
  readonly namespaces: readonly string[];
  /** Names of objects, in each namespace. */
  readonly names: readonly string[];
  /** The longest pause between two calls. */
  readonly paceMs: number;
  /** How much larger than necessary objects are. */
  readonly bulkBytes: number;
}

/** An answer, or that the connection failed before (`unsent`) or after the request was sent. */
export type Reply = Answer | 'unsent' | 'lost';

export class Client {
  readonly #parts: ClientParts;
  /** What this client last saw of each object. */
  readonly #known = new Map<string, { value: Value; revision: number }>();
  #writes = 0;

  constructor(parts: ClientParts) {
    this.#parts = parts;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { chance, namespaces, names, paceMs } = this.#parts;
    while (!signal.aborted) {
      const [namespace, name] = [chance.pick(namespaces), chance.pick(names)];
      const kind = chance.integer(1, 100);
      if (kind <= 20) await this.#create(namespace, name);
      else if (kind <= 50) await this.#update(namespace, name);
      else if (kind <= 60) await this.#delete(namespace, name);
      else if (kind <= 85) await this.#get(namespace, name);
      else await this.list(namespace);
      await sleep(chance.integer(0, paceMs));
    }
  }

  #nextValue(): Value {
    this.#writes += 1;
    return `${this.#parts.name}.${this.#writes}`;
  }

  async #create(namespace: string, name: string): Promise<void> {
    const value = this.#nextValue();
    await this.#call(
      `${namespace}/${name}`,
      { kind: 'create', value },
      'POST',
      collection(namespace),
      documentOf(name, value, this.#parts.bulkBytes),
    );
  }

  async #update(namespace: string, name: string): Promise<void> {
    const key = `${namespace}/${name}`;
    const known = this.#known.get(key);
    if (!known) return this.#get(namespace, name);
    const value = this.#nextValue();
    const operation: Operation = { kind: 'update', expected: known.value, value };
    await this.#call(
      key,
      operation,
      'PUT',
      `${collection(namespace)}/${name}`,
      documentOf(name, value, this.#parts.bulkBytes, known.revision),
    );
  }

  async #delete(namespace: string, name: string): Promise<void> {
    const key = `${namespace}/${name}`;
    const known = this.#parts.chance.chance(0.8) ? this.#known.get(key) : undefined;
    const operation: Operation = { kind: 'delete', ...(known && { expected: known.value }) };
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      ...(known && { preconditions: { resourceVersion: String(known.revision) } }),
    };
    await this.#call(key, operation, 'DELETE', `${collection(namespace)}/${name}`, body);
  }

  async #get(namespace: string, name: string): Promise<void> {
    await this.#call(`${namespace}/${name}`, { kind: 'read' }, 'GET', `${collection(namespace)}/${name}`);
  }

  /** The newest state of a namespace, or any state, or that of exactly a revision which some list has shown. */
  async list(namespace: string): Promise<void> {
    const { history, chance, name: client, names } = this.#parts;
    const form = chance.integer(1, 4);
    const earlier = history.lists.at(-1)?.revision;
    const query =
      form === 1
        ? '?resourceVersion=0'
        : form === 2 && earlier
          ? `?resourceVersion=${earlier}&resourceVersionMatch=Exact`
          : '';
    const called = history.tick();
    const reply = await ask(this.#parts, 'GET', collection(namespace) + query);
    const returned = history.tick();
    if (typeof reply === 'string') return;
    if (reply.code !== 200) return this.#judge(reply, `list ${namespace}${query}`, 410);
    const { metadata, items } = JSON.parse(reply.text) as { metadata: { resourceVersion: string }; items: StoredApp[] };
    const revision = Number(metadata.resourceVersion);
    const seen = items.map(seenIn);
    const consistent = query === '';
    history.lists.push({ client: `${client} ${namespace}`, called, returned, consistent, revision, items: seen });
    if (form === 2 && earlier && revision !== earlier)
      history.faults.push(`a list at exactly ${earlier} says that it is of ${revision}`);
    if (!consistent) return;
    const byKey = new Map(seen.map((item) => [item.key, item]));
    for (const name of names) {
      const item = byKey.get(`${namespace}/${name}`);
      const outcome: Outcome = item ? { told: 'ok', value: item.value, revision: item.revision } : { told: 'absent' };
      history.add({ client, key: `${namespace}/${name}`, operation: { kind: 'read' }, called, returned, outcome });
      this.#learn(`${namespace}/${name}`, outcome);
    }
  }

  async #call(key: string, operation: Operation, method: string, path: string, body?: object): Promise<void> {
    const { history, name: client } = this.#parts;
    const called = history.tick();
    const reply = await ask(this.#parts, method, path, body);
    const outcome = this.#outcomeOf(reply, operation, `${method} ${key}`);
    const returned = outcome.told === 'unknown' ? Infinity : history.tick();
    history.add({ client, key, operation, called, returned, outcome } satisfies Call);
    if (operation.kind === 'read' || outcome.told !== 'ok') this.#learn(key, outcome);
    else if ('value' in operation && outcome.revision !== undefined)
      this.#known.set(key, { value: operation.value, revision: outcome.revision });
  }

  #outcomeOf(reply: Reply, operation: Operation, what: string): Outcome {
    if (reply === 'unsent') return { told: 'refused' };
    if (reply === 'lost') return { told: 'unknown' };
    const { code, text } = reply;
    if (code === 200 || code === 201) {
      if (operation.kind === 'delete') return { told: 'ok' };
      const { value, revision } = seenIn(JSON.parse(text) as StoredApp);
      if ('value' in operation && operation.value !== value)
        this.#parts.history.faults.push(`${what} wrote ${operation.value} and was told ${value}`);
      return { told: 'ok', value, revision };
    }
    this.#judge(reply, what);
    if (code === 404) return { told: 'absent' };
    if (code === 409) return { told: statusIn(reply).reason === 'AlreadyExists' ? 'exists' : 'conflict' };
    return { told: code === 503 || code === 429 ? 'refused' : 'unknown' };
  }

  /** @param expected a code that needs no excuse here */
  #judge(answer: Answer, what: string, expected = 0): void {
    const wrong = answer.code === 410 && expected !== 410 ? `410 to ${what}` : wrongWith(answer);
    if (wrong) this.#parts.history.faults.push(`${what}: ${wrong}`);
  }

  #learn(key: string, outcome: Outcome): void {
    if (outcome.told === 'ok' && outcome.value !== undefined && outcome.revision !== undefined)
      this.#known.set(key, { value: outcome.value, revision: outcome.revision });
    else if (outcome.told === 'absent') this.#known.delete(key);
  }
}

/** A pause while nobody is there. */
const awayMs = 100;
const unsentCodes: ReadonlySet<string> = new Set(['ECONNREFUSED', 'UND_ERR_CONNECT_TIMEOUT']);

/** Asks one of the servers. */
export async function ask(
  { pools, chance, history }: Pick<ClientParts, 'pools' | 'chance' | 'history'>,
  method: string,
  path: string,
  body?: object,
): Promise<Reply> {
  try {
    const response = await chance.pick(pools).request({
      method: method as 'GET',
      path,
      headers: { 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.body.text();
    const retryAfter = response.headers['retry-after'] as string | undefined;
    return { code: response.statusCode, retryAfter, text };
  } catch (error) {
    const { code = '', name } = error as NodeJS.ErrnoException;
    if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT')
      history.faults.push(`${method} ${path} had no deadline: ${name}`);
    await sleep(awayMs);
    return unsentCodes.has(code) ? 'unsent' : 'lost';
  }
}
