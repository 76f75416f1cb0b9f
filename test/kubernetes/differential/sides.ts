/**
 * Two servers of one kind: ours, and a kube-apiserver with a CustomResourceDefinition of the same schema.
 *
 * Requests are told in words that mean the same to both, such as "the revision that it has now", and become requests of each.
 */
import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { errors, Pool } from 'undici';
import { isRecord } from '../../../openapi/machinery/meta.ts';

export type Revision = 'none' | 'current' | 'first' | 'nonsense' | 'future';

/** What both are asked. */
export interface Request {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the version of the group, instead of the collection: `/nope`. */
  readonly at?: string;
  /** Absent: the collection. */
  readonly name?: string;
  readonly subresource?: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Absent: JSON; empty: none is told. */
  readonly type?: string;
  readonly accept?: string;
  /** The program that asks. Absent: one whose answers are not indented. */
  readonly agent?: string;
  /** Text is sent as it is. */
  readonly body?: unknown;
  /** Put into the metadata of the body, as each server has them. */
  readonly revision?: Revision;
  readonly uid?: 'its own' | 'another';
  /** Is the body what is there, with these parts exchanged? */
  readonly onTopOfLive?: boolean;
  /** Put into the options of a delete. */
  readonly preconditions?: { readonly uid?: 'its own' | 'another'; readonly revision?: Revision };
  readonly listRevision?: Revision;
  /** Of which object; absent: of the one that is named. */
  readonly listRevisionOf?: string;
}

export interface Answer {
  readonly code: number;
  readonly body: Record<string, unknown>;
  readonly warnings: readonly string[];
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

interface Thing extends Record<string, unknown> {
  readonly metadata: { readonly name: string; readonly uid: string; readonly resourceVersion: string };
}

export interface Way {
  send(path: string, options: { method: string; headers: Record<string, string>; body?: string }): Promise<Answer>;
}

/** One of the two, and what it has told so far. */
export class Side {
  readonly #way: Way;
  readonly #collection: string;
  readonly #lives = new Map<string, { first: Thing; last: Thing }>();

  constructor(way: Way, collection: string) {
    this.#way = way;
    this.#collection = collection;
  }

  /** What it said last of an object, by name. */
  last(name: string): Thing | undefined {
    return this.#lives.get(name)?.last;
  }

  async ask(request: Request): Promise<Answer> {
    const { method, at, name, subresource, type = 'application/json', accept, agent = 'differential/1' } = request;
    const version = this.#collection.split('/', 4).join('/');
    const path =
      at === undefined
        ? [this.#collection, name, subresource].filter((part) => part !== undefined).join('/')
        : `${version}${at}`;
    const query = new URLSearchParams(request.query);
    if (request.listRevision)
      query.set('resourceVersion', this.#revision(request.listRevisionOf ?? name, request.listRevision) ?? '');
    const body = this.#bodyOf(request);
    const headers = { ...(type && { 'content-type': type }), 'user-agent': agent, ...(accept && { accept }) };
    const text = query.size ? `${path}?${query}` : path;
    const answer = await this.#way.send(text, { method, headers, ...(body !== undefined && { body }) });
    this.#remember(request, answer);
    return answer;
  }

  /** What there is now, ownership included. */
  async look(name: string): Promise<Answer> {
    return this.#way.send(`${this.#collection}/${name}`, { method: 'GET', headers: {} });
  }

  /** Nothing of it is left, whatever holds it. */
  async wipe(): Promise<void> {
    const headers = { 'content-type': 'application/merge-patch+json' };
    const { body } = await this.#way.send(this.#collection, { method: 'GET', headers: {} });
    for (const { metadata } of body.items as Thing[]) {
      const path = `${this.#collection}/${metadata.name}`;
      const release = JSON.stringify({ metadata: { finalizers: null } });
      await this.#way.send(path, { method: 'PATCH', headers, body: release });
      await this.#way.send(path, { method: 'DELETE', headers: {} });
    }
    this.#lives.clear();
  }

  #bodyOf(request: Request): string | undefined {
    const { body, name, preconditions } = request;
    if (preconditions) {
      const { uid, revision } = preconditions;
      const resourceVersion = revision && this.#revision(name, revision);
      const its = { ...(uid && { uid: this.#uid(name, uid) }), ...(resourceVersion && { resourceVersion }) };
      return JSON.stringify({ ...(body as object), kind: 'DeleteOptions', apiVersion: 'v1', preconditions: its });
    }
    if (typeof body === 'string' || body === undefined) return body as string | undefined;
    if (!isRecord(body)) return JSON.stringify(body);
    const live = request.onTopOfLive && name !== undefined ? (this.last(name) ?? {}) : {};
    const merged: Record<string, unknown> = { ...live, ...body };
    if (body.metadata !== undefined && !isRecord(body.metadata)) return JSON.stringify(merged);
    const metadata = {
      ...(isRecord(live) && isRecord(live.metadata) ? live.metadata : {}),
      ...body.metadata,
    };
    const itsMetadata: Record<string, unknown> = { ...metadata };
    if (request.onTopOfLive) itsMetadata.managedFields = undefined;
    if (request.revision) itsMetadata.resourceVersion = this.#revision(name, request.revision);
    if (request.uid) itsMetadata.uid = this.#uid(name, request.uid);
    if (Object.keys(itsMetadata).length) merged.metadata = itsMetadata;
    return JSON.stringify(merged);
  }

  #revision(name: string | undefined, revision: Revision): string | undefined {
    const life = this.#lives.get(name ?? '');
    switch (revision) {
      case 'none':
        return undefined;
      case 'nonsense':
        return 'abc';
      case 'future':
        return '99999999999';
      case 'current':
        return life?.last.metadata.resourceVersion;
      case 'first':
        return life?.first.metadata.resourceVersion;
    }
  }

  #uid(name: string | undefined, uid: 'its own' | 'another'): string | undefined {
    return uid === 'another' ? 'another' : this.last(name ?? '')?.metadata.uid;
  }

  #remember({ method, name, subresource, query }: Request, { code, body }: Answer): void {
    if (method === 'DELETE' && code === 200 && body.kind === 'Status' && name) this.#lives.delete(name);
    if (code >= 300 || query?.dryRun || !isRecord(body.metadata) || typeof body.metadata.name !== 'string') return;
    if (subresource === 'scale' || body.kind === 'Status') return;
    const thing = body as Thing;
    const { uid } = thing.metadata;
    const life = this.#lives.get(thing.metadata.name);
    this.#lives.set(thing.metadata.name, { first: life?.first.metadata.uid === uid ? life.first : thing, last: thing });
  }
}

/** Straight to a server over HTTP/1.1. */
export class Direct implements Way {
  readonly #pool: Pool;

  constructor(url: string, credentials: { readonly ca: string; readonly cert: string; readonly key: string }) {
    this.#pool = new Pool(url, { allowH2: false, connect: credentials });
  }

  async send(
    path: string,
    options: { method: string; headers: Record<string, string>; body?: string },
  ): Promise<Answer> {
    const { method, headers, body } = options;
    const request = { path, method: method as 'GET', headers, ...(body !== undefined && { body }) };
    try {
      const answer = await this.#pool.request(request);
      return answered(answer.statusCode, answer.headers, await answer.body.text());
    } catch (error) {
      // This is how Go's servers end a request that met a fault of theirs.
      if (error instanceof errors.SocketError) return answered(0, {}, 'the connection was dropped');
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}

export const answered = (code: number, headers: Answer['headers'], text: string): Answer => ({
  code,
  headers,
  warnings: [headers.warning ?? []].flat(),
  body: parsed(text, String(headers['content-type'] ?? '')),
});

/** Events of a watch stand under `events`, what is neither JSON nor YAML under `text`. */
function parsed(text: string, type: string): Record<string, unknown> {
  try {
    if (type === 'application/yaml') return load(text) as Record<string, unknown>;
    if (text.startsWith('{"type":'))
      return {
        events: text
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as unknown),
      };
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return { text };
  }
}

interface Kubeconfig {
  readonly clusters: readonly {
    readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string };
  }[];
  readonly users: readonly {
    readonly user: { readonly 'client-certificate-data': string; readonly 'client-key-data': string };
  }[];
}

/** A way to the first cluster of a kubeconfig, whose user has a certificate. */
export function wayTo(kubeconfig: string): Direct {
  const { clusters, users } = load(readFileSync(kubeconfig, 'utf8')) as Kubeconfig;
  const plain = (base64: string): string => Buffer.from(base64, 'base64').toString();
  const { server, 'certificate-authority-data': ca } = clusters[0]!.cluster;
  const { 'client-certificate-data': cert, 'client-key-data': key } = users[0]!.user;
  return new Direct(server, { ca: plain(ca), cert: plain(cert), key: plain(key) });
}
