/**
 * The etcd3 package, made safe: it opens the raw streams that watch.ts reads, and asks for status and alarms.
 *
 * Its own fault handling is switched off: its retries write twice, its circuit breaker refuses an etcd that is back, its watcher
 * loses events when it connects anew. One client for each endpoint, since it would choose among several at random and not tell.
 */
import type { IOptions, IStatusResponse, IWatchCreateRequest, IWatchResponse } from 'etcd3';
import { Etcd3 } from 'etcd3';
import type { TlsMaterial, TlsOptions } from './tls.ts';
import { endpointUrl, isSame, readTls } from './tls.ts';

export type { IWatchCreateRequest, IWatchResponse };
export type WatchStream = Awaited<ReturnType<Etcd3['watchClient']['watch']>>;

interface Opened {
  readonly client: Etcd3;
  readonly tls: TlsMaterial;
}

/** A policy of cockatiel's that does nothing but call. */
const justCall = {
  execute: async (work: (context: object) => unknown) => work({}),
} as unknown as NonNullable<NonNullable<IOptions['faultHandling']>['global']>;

const megabyte = 1024 * 1024;

export class Clients {
  readonly #urls: readonly URL[];
  readonly #tls: TlsOptions;
  readonly #opened = new Map<URL, Opened>();

  constructor(endpoints: readonly string[], tls: TlsOptions) {
    this.#urls = endpoints.map((endpoint) => endpointUrl(endpoint, tls));
    this.#tls = tls;
  }

  get count(): number {
    return this.#urls.length;
  }

  /** @throws GrpcError and others of grpc-js; StorageError when a file cannot be read */
  async watchStream(endpoint: number): Promise<WatchStream> {
    return await this.#client(endpoint).watchClient.watch({
      // So that a member cut off from its peers ends the stream instead of being silent on it.
      interceptors: [
        (options, nextCall) => {
          const call = nextCall(options) as ReturnType<typeof nextCall> & import('node:events').EventEmitter;
          const start = call.start.bind(call);
          call.start = (metadata, listener) => {
            metadata.set('hasleader', 'true');
            start(metadata, listener);
          };
          return call as never;
        },
      ],
    });
  }

  status(endpoint: number, timeoutMs: number): Promise<IStatusResponse> {
    return this.#client(endpoint).maintenance.status({ deadline: Date.now() + timeoutMs });
  }

  /** The alarms that are raised, such as `NOSPACE`. */
  async alarms(endpoint: number, timeoutMs: number): Promise<string[]> {
    const { alarms } = await this.#client(endpoint).maintenance.alarm(
      { action: 'Get', memberID: 0, alarm: 'None' },
      { deadline: Date.now() + timeoutMs },
    );
    return alarms.map(({ alarm }) => String(alarm).toUpperCase());
  }

  close(): void {
    for (const { client } of this.#opened.values()) client.close();
    this.#opened.clear();
  }

  #client(endpoint: number): Etcd3 {
    const url = this.#urls[endpoint % this.#urls.length]!;
    const tls = readTls(this.#tls);
    const opened = this.#opened.get(url);
    if (opened && isSame(opened.tls, tls)) return opened.client;
    opened?.client.close();
    const client = new Etcd3({
      hosts: url.origin,
      ...(url.protocol === 'https:' && { credentials: credentialsOf(tls) }),
      faultHandling: { global: justCall, host: () => justCall },
      grpcOptions: {
        'grpc.max_receive_message_length': -1,
        'grpc.max_send_message_length': -1,
        'grpc.keepalive_time_ms': 10_000,
        'grpc.keepalive_timeout_ms': 5_000,
        'grpc.initial_reconnect_backoff_ms': 100,
        'grpc.max_reconnect_backoff_ms': 1_000,
        'grpc.enable_http_proxy': 0,
        'grpc.service_config_disable_resolution': 1,
        'grpc-node.flow_control_window': 8 * megabyte,
      },
    });
    this.#opened.set(url, { client, tls });
    return client;
  }
}

/** Without a CA, those that Node believes; etcd3's types ask for one, grpc-js does not. */
const credentialsOf = ({ ca, cert, key }: TlsMaterial): NonNullable<IOptions['credentials']> =>
  ({ rootCertificate: ca ?? null, privateKey: key ?? null, certChain: cert ?? null }) as never;
