/**
 * The client of the host cluster: requests over connections that are kept alive, answers as values, refusals as StatusErrors.
 *
 * It knows paths and media types, not kinds.
 */
import { Pool } from 'undici';
import { jsonText } from '../../openapi/machinery/json.ts';
import { isRecord, type KubeObject, type ListMeta } from '../../openapi/machinery/meta.ts';
import type { Metrics } from '../../openapi/machinery/metrics.ts';
import { decodeJson } from '../codec/json.ts';
import { failureOf } from './answers.ts';
import { type ContainerPlace, type Output, PodExec, type Program } from './exec.ts';

/** Where the host is, and who we are there. */
export interface HostAccess {
  /** `https://10.0.0.1:6443` */
  readonly server: string;
  /** PEM bundle that the server's certificate chains to; absent: the system's. */
  readonly ca?: string;
  /** PEM of a client certificate. */
  readonly cert?: string;
  readonly key?: string;
  /** The `Authorization` header of the moment; asked before every request, since tokens are renewed. */
  readonly authorization?: () => Promise<string | undefined> | string | undefined;
  /** The server's certificate is not checked, as the kubeconfig says. */
  readonly unverified?: boolean;
}

/** A kind of object at the host. */
export interface HostResource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
}

export interface HostList<T> {
  readonly apiVersion: string;
  /** The kind of the items, and `List`. */
  readonly kind: string;
  readonly metadata: ListMeta;
  readonly items: readonly T[];
}

export interface HostWatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: T;
}

export type PatchType = 'application/merge-patch+json' | 'application/json-patch+json' | 'application/apply-patch+yaml';

type Query = Readonly<Record<string, string>>;

export interface ListWatchOptions {
  /** Empty: all namespaces. */
  readonly namespace?: string;
  readonly query?: Query;
}

/** Connections to the host for requests that are answered at once; each watch has one of its own besides. */
const connections = 64;
/** The minor version of Kubernetes that was the first to have them without being told to. */
const firstStreaming = 32;
/** No answer within this time, and the request has failed. */
const answerMs = 30_000;

/** Counts requests by how the host answered; `<error>` where it did not, as client-go has it. */
export type RequestCounter = (request: {
  readonly method: string;
  readonly code: string;
  readonly host: string;
}) => void;

/** For all clients of a process together. */
export const requestCounter = (metrics: Metrics): RequestCounter =>
  metrics.counter('rest_client_requests_total', 'Requests to the host cluster, by how it answered.', [
    ...(['code', 'method', 'host'] as const),
  ]);

export class HostClient {
  readonly #pool: Pool;
  readonly #watches: Pool;
  readonly #authorization: HostAccess['authorization'];
  readonly #exec: PodExec;
  readonly #host: string;
  readonly #counted: RequestCounter;
  #streamsLists: Promise<boolean> | undefined;

  /** @param counted told of every request but those that run programs */
  constructor(access: HostAccess, counted: RequestCounter = () => {}) {
    const { server, ca, cert, key, authorization, unverified = false } = access;
    this.#authorization = authorization;
    this.#host = new URL(server).host;
    this.#counted = counted;
    this.#exec = new PodExec(access);
    const options: Pool.Options = {
      allowH2: false,
      headersTimeout: answerMs,
      bodyTimeout: 0,
      connect: { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }), rejectUnauthorized: !unverified },
    };
    this.#pool = new Pool(server, { ...options, connections });
    // As many as there are watches: however many, they must not keep requests waiting.
    this.#watches = new Pool(server, { ...options, connections: null });
  }

  get<T extends KubeObject>(resource: HostResource, namespace: string, name: string, signal: AbortSignal): Promise<T> {
    return this.#call('GET', pathOf(resource, namespace, name), signal) as Promise<T>;
  }

  list<T extends KubeObject>(
    resource: HostResource,
    options: ListWatchOptions,
    signal: AbortSignal,
  ): Promise<HostList<T>> {
    return this.#call('GET', pathOf(resource, options.namespace ?? '', '', '', options.query), signal) as Promise<
      HostList<T>
    >;
  }

  create<T extends KubeObject>(resource: HostResource, object: T, signal: AbortSignal, query?: Query): Promise<T> {
    const path = pathOf(resource, object.metadata.namespace ?? '', '', '', query);
    return this.#call('POST', path, signal, object) as Promise<T>;
  }

  update<T extends KubeObject>(resource: HostResource, object: T, signal: AbortSignal, subresource = ''): Promise<T> {
    const { namespace = '', name } = object.metadata;
    return this.#call('PUT', pathOf(resource, namespace, name, subresource), signal, object) as Promise<T>;
  }

  patch<T extends KubeObject>(
    resource: HostResource,
    {
      namespace,
      name,
      subresource = '',
      type,
      patch,
    }: { namespace: string; name: string; subresource?: string; type: PatchType; patch: unknown },
    signal: AbortSignal,
    query?: Query,
  ): Promise<T> {
    return this.#call(
      'PATCH',
      pathOf(resource, namespace, name, subresource, query),
      signal,
      patch,
      type,
    ) as Promise<T>;
  }

  /** @returns a Status when the object is gone, the object when something still holds it (K-292, K-293) */
  delete(
    resource: HostResource,
    namespace: string,
    name: string,
    options: object,
    signal: AbortSignal,
  ): Promise<unknown> {
    const body = { kind: 'DeleteOptions', apiVersion: 'v1', ...options };
    return this.#call('DELETE', pathOf(resource, namespace, name), signal, body);
  }

  /** Calls a path that is no resource, such as a review. */
  post(path: string, body: unknown, signal: AbortSignal): Promise<unknown> {
    return this.#call('POST', path, signal, body);
  }

  /**
   * The events of one watch request, until the host ends it.
   *
   * @throws StatusError when the host refuses the watch
   */
  async *watch<T extends KubeObject>(
    resource: HostResource,
    options: ListWatchOptions,
    signal: AbortSignal,
  ): AsyncGenerator<HostWatchEvent<T>, void, undefined> {
    const query = { watch: 'true', ...options.query };
    const path = pathOf(resource, options.namespace ?? '', '', '', query);
    const { statusCode, body } = await this.#send(this.#watches, 'GET', path, signal);
    if (statusCode !== 200) throw failureOf(statusCode, Buffer.from(await body.arrayBuffer()));
    for await (const line of linesOf(body)) yield decodeJson(line).value as HostWatchEvent<T>;
  }

  /** Runs a program in a container of a pod, see {@link PodExec.run}. */
  exec(place: ContainerPlace, program: Program, output: Output, signal: AbortSignal): Promise<number> {
    return this.#exec.run(place, program, output, signal);
  }

  /**
   * Does the host know watches that begin with all there is? Older ones ignore the wish, and the end of the beginning would be waited
   * for in vain (K-213).
   */
  streamsLists(signal: AbortSignal): Promise<boolean> {
    this.#streamsLists ??= this.#call('GET', '/version', signal).then(
      (version) => isRecord(version) && Number.parseInt(String(version.minor), 10) >= firstStreaming,
    );
    // A failure is not remembered.
    this.#streamsLists.catch(() => (this.#streamsLists = undefined));
    return this.#streamsLists;
  }

  close(): Promise<void> {
    return Promise.all([this.#pool.destroy(), this.#watches.destroy()]).then(() => {});
  }

  async #send(pool: Pool, method: string, path: string, signal: AbortSignal, body?: string, type = 'application/json') {
    const authorization = await this.#authorization?.();
    let code = '<error>';
    try {
      const answer = await pool.request({
        method: method as 'GET',
        path,
        signal,
        headers: {
          accept: 'application/json',
          'user-agent': 'kubedirector',
          ...(body !== undefined && { 'content-type': type }),
          ...(authorization && { authorization }),
        },
        ...(body !== undefined && { body }),
      });
      code = String(answer.statusCode);
      return answer;
    } finally {
      this.#counted({ code, method, host: this.#host });
    }
  }

  async #call(method: string, path: string, signal: AbortSignal, value?: unknown, type?: string): Promise<unknown> {
    const { statusCode, body } = await this.#send(
      this.#pool,
      method,
      path,
      signal,
      value === undefined ? undefined : jsonText(value),
      type,
    );
    const bytes = Buffer.from(await body.arrayBuffer());
    if (statusCode >= 300) throw failureOf(statusCode, bytes);
    return decodeJson(bytes).value;
  }
}

/** `/apis/apps/v1/namespaces/NS/statefulsets/NAME/scale?…` */
export function pathOf(
  { group, version, plural }: HostResource,
  namespace: string,
  name = '',
  subresource = '',
  query: Query = {},
): string {
  const root = group ? `/apis/${group}/${version}` : `/api/${version}`;
  const place = namespace ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  const object = name ? `/${encodeURIComponent(name)}` : '';
  const below = subresource ? `/${subresource}` : '';
  const options = new URLSearchParams(query).toString();
  return `${root}${place}/${plural}${object}${below}${options ? `?${options}` : ''}`;
}

const newline = 0x0a;

/** The lines of a stream of bytes, without their ends. */
async function* linesOf(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  let rest: Buffer[] = [];
  for await (const chunk of stream) {
    let from = 0;
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, from)) {
      const line = Buffer.concat([...rest, chunk.subarray(from, at)]);
      rest = [];
      from = at + 1;
      if (line.length) yield line;
    }
    if (from < chunk.length) rest.push(chunk.subarray(from));
  }
}
