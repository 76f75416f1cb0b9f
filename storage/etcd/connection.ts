/**
 * gRPC calls with one answer, over one HTTP/2 connection to one etcd. What the bytes mean is known elsewhere.
 *
 * This is a third of what the same calls cost through @grpc/grpc-js, measured on Node 24; every write of an object is one of
 * them. Failover and retries are the business of transport.ts.
 */
import type { ClientHttp2Session, IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import { connect, constants } from 'node:http2';
import { orAborted } from '../../openapi/machinery/signal.ts';
import type { TlsMaterial } from './tls.ts';

/** Codes of gRPC, as far as we look at them. */
export const grpcStatus = {
  ok: 0,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  outOfRange: 11,
  unimplemented: 12,
  unavailable: 14,
  dataLoss: 15,
  unauthenticated: 16,
} as const;

export class GrpcError extends Error {
  override readonly name = 'GrpcError';
  readonly status: number;
  /** May etcd have seen the request, so that it may have been carried out? */
  readonly reached: boolean;
  /** Did etcd itself answer so, rather than the connection fail? */
  readonly answered: boolean;

  constructor(status: number, message: string, how: { reached: boolean; answered?: boolean; cause?: unknown }) {
    super(message, how.cause === undefined ? undefined : { cause: how.cause });
    this.status = status;
    this.reached = how.reached;
    this.answered = how.answered ?? false;
  }
}

/** After so long a silence a connection has to prove that it lives, before a call is trusted to it or while one waits. */
const silenceMs = 10_000;
const pingTimeoutMs = 3_000;

/** Lists are long; the default windows let etcd send 64 KB at a time. */
const streamWindow = 8 * 1024 * 1024;
const sessionWindow = 32 * 1024 * 1024;

/**
 * @param signal ends the attempt, not the connection
 * @returns a connection on which etcd has spoken: with TLS 1.3 a client learns only then that its certificate was accepted
 * @throws GrpcError unavailable; unauthenticated when one side does not accept the other's certificate
 */
export function openConnection(
  url: URL,
  tls: TlsMaterial,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const session = connect(url.origin, {
      ...tls,
      maxSessionMemory: 1000,
      settings: { enablePush: false, initialWindowSize: streamWindow },
    });
    const settled = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    };
    const failed = (cause?: Error): void => {
      settled();
      session.destroy();
      const why = cause?.message || 'the connection was closed';
      const status = isAboutTls(cause) ? grpcStatus.unauthenticated : grpcStatus.unavailable;
      reject(new GrpcError(status, `${url.origin}: ${why}`, { reached: false, cause }));
    };
    const abort = (): void => failed(new Error('the store is closed'));
    const timer = setTimeout(() => failed(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    signal.addEventListener('abort', abort, { once: true });
    session.on('error', failed);
    session.once('close', failed);
    // Node's session is silent about an alert of TLS 1.3, which is how etcd refuses a certificate.
    session.once('connect', (_, socket) => socket.once('error', failed));
    session.once('remoteSettings', () => {
      settled();
      session.off('close', failed);
      session.setLocalWindowSize(sessionWindow);
      resolve(new Connection(url, session));
      session.off('error', failed);
    });
  });
}

/** OpenSSL's verdicts on certificates, and alerts of TLS. */
const isAboutTls = (cause: Error | undefined): boolean =>
  /^(ERR_SSL|ERR_TLS|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO)/.test((cause as NodeJS.ErrnoException)?.code ?? '');

export class Connection {
  readonly url: URL;
  readonly #session: ClientHttp2Session;
  readonly #headers: OutgoingHttpHeaders;
  readonly #alive: NodeJS.Timeout;
  #usable = true;
  #calls = 0;
  #heardAt = Date.now();
  #proof: Promise<void> | undefined;
  #failure: Error | undefined;

  constructor(url: URL, session: ClientHttp2Session) {
    this.url = url;
    this.#session = session;
    this.#headers = {
      ':method': 'POST',
      ':scheme': url.protocol.slice(0, -1),
      ':authority': url.host,
      'content-type': 'application/grpc',
      te: 'trailers',
      'user-agent': 'kubedirector',
      // Without it, a write sent to a member that has lost its peers waits for seven seconds, and nobody knows what became of it.
      hasleader: 'true',
    };
    // etcd counts pings on a connection without calls as an attack, so there are none then.
    this.#alive = setInterval(() => {
      if (this.#calls > 0 && this.#isSilent()) void this.#proveLife();
    }, silenceMs);
    this.#alive.unref();
    session.on('error', (error) => {
      this.#failure ??= error;
    });
    // Calls that etcd still accepted are answered; new ones belong on a new connection.
    session.on('goaway', () => this.retire());
    session.on('close', () => {
      this.#usable = false;
      clearInterval(this.#alive);
    });
  }

  get usable(): boolean {
    return this.#usable;
  }

  /** When something was last heard on it, by `Date.now()`. */
  get heardAt(): number {
    return this.#heardAt;
  }

  get ended(): boolean {
    return this.#session.destroyed;
  }

  /**
   * @param path `/package.Service/Method`
   * @param frame one message with gRPC's five bytes before it
   * @returns the message of the answer
   * @throws GrpcError; and the signal's reason
   */
  async call(path: string, frame: Buffer, timeoutMs: number, signal: AbortSignal): Promise<Buffer> {
    // A write sent into a dead connection would have an unknown outcome; a ping has none.
    if (this.#isSilent()) await orAborted(this.#proveLife(), signal);
    return this.#send(path, frame, timeoutMs, signal);
  }

  #send(path: string, frame: Buffer, timeoutMs: number, signal: AbortSignal): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      if (this.#session.destroyed) return reject(this.#lost(false, undefined));
      let stream: ReturnType<ClientHttp2Session['request']>;
      try {
        stream = this.#session.request({ ':path': path, 'grpc-timeout': `${Math.ceil(timeoutMs)}m`, ...this.#headers });
      } catch (cause) {
        this.#usable = false;
        return reject(this.#lost(false, cause));
      }
      const chunks: Buffer[] = [];
      let answer: IncomingHttpHeaders = {};
      let failure: unknown;
      const giveUp = (why: unknown): void => {
        failure ??= why;
        stream.close(constants.NGHTTP2_CANCEL);
      };
      const abort = (): void => giveUp(signal.reason);
      const timer = setTimeout(
        () =>
          giveUp(
            new GrpcError(grpcStatus.deadlineExceeded, `no answer within ${Math.round(timeoutMs)} ms`, {
              reached: true,
            }),
          ),
        timeoutMs,
      );
      signal.addEventListener('abort', abort, { once: true });
      this.#calls++;

      stream.on('response', (headers) => {
        answer = headers;
      });
      stream.on('trailers', (headers) => {
        answer = { ...answer, ...headers };
      });
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('error', () => {}); // 'close' follows, and tells more.
      stream.on('close', () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', abort);
        this.#calls--;
        if (answer['grpc-status'] !== undefined || answer[':status'] !== undefined) this.#heardAt = Date.now();
        if (failure) return reject(failure);
        const error = errorIn(answer);
        if (error) return reject(error);
        if (answer['grpc-status'] === undefined)
          return reject(this.#lost(stream.rstCode !== constants.NGHTTP2_REFUSED_STREAM, undefined));
        const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
        if (body.length < 5 || body.length !== 5 + body.readUInt32BE(1))
          return reject(new GrpcError(grpcStatus.unknown, `${this.url.origin} answered in part`, { reached: true }));
        resolve(body.subarray(5));
      });
      stream.end(frame);
    });
  }

  /** No new calls; those under way are answered. */
  retire(): void {
    this.#usable = false;
    if (!this.#session.closed) this.#session.close();
  }

  close(): void {
    this.#usable = false;
    this.#session.destroy();
  }

  #lost(reached: boolean, cause: unknown): GrpcError {
    const why = this.#failure ?? (cause as Error | undefined);
    const message = `the connection to ${this.url.origin} was lost${why ? `: ${why.message}` : ''}`;
    return new GrpcError(grpcStatus.unavailable, message, { reached, cause: why });
  }

  #isSilent(): boolean {
    return Date.now() - this.#heardAt > silenceMs;
  }

  /** Ends the connection, and every call on it, when it is dead. */
  #proveLife(): Promise<void> {
    this.#proof ??= new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.#session.destroy(new Error(`no answer to a ping within ${pingTimeoutMs} ms`));
        resolve();
      }, pingTimeoutMs);
      const answered = (error: Error | null): void => {
        clearTimeout(timer);
        if (!error) this.#heardAt = Date.now();
        resolve();
      };
      if (!this.#session.destroyed && this.#session.ping(answered)) return;
      clearTimeout(timer);
      resolve();
    }).finally(() => {
      this.#proof = undefined;
    });
    return this.#proof;
  }
}

/** What an etcd without peers answers, before it looks at a request. */
export const noLeader = 'etcdserver: no leader';

/** What the answer says went wrong. */
function errorIn(answer: IncomingHttpHeaders): GrpcError | undefined {
  const http = answer[':status'] as number | undefined;
  if (http !== undefined && http !== 200)
    return new GrpcError(grpcStatus.unavailable, `HTTP status ${http}; is this an etcd?`, { reached: true });
  const status = answer['grpc-status'] as string | undefined;
  if (status === undefined || status === '0') return undefined;
  const message = decodeMessage((answer['grpc-message'] as string | undefined) ?? `gRPC status ${status}`);
  return new GrpcError(Number(status), message, { reached: message !== noLeader, answered: true });
}

function decodeMessage(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
