/**
 * Calls to whichever of several etcds answers: one connection at a time, a new one when it breaks, the next endpoint when one
 * does not answer.
 *
 * A call that may be repeated is, until its time is up. Any other is sent once: it goes elsewhere only if it surely has not been
 * seen by an etcd.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { orAborted, underSignals } from '../../openapi/machinery/signal.ts';
import type { Connection } from './connection.ts';
import { GrpcError, grpcStatus, noLeader, openConnection } from './connection.ts';
import type { TlsOptions } from './tls.ts';
import { endpointUrl, readTls } from './tls.ts';

export interface TransportOptions {
  readonly endpoints: readonly string[];
  readonly tls: TlsOptions;
  /** How long a call takes at most, tries and waits together. etcd itself gives up after 7 s, with a better explanation. */
  readonly requestTimeoutMs: number;
}

export interface CallOptions {
  /** Does it do no harm to carry it out twice? */
  readonly repeatable: boolean;
  readonly signal: AbortSignal;
}

/** Of one try; `connected`: was there a connection to try it on? */
type Outcome =
  | { readonly answer: Buffer; readonly error?: undefined; readonly connected?: undefined }
  | { readonly answer?: undefined; readonly error: GrpcError; readonly connected: boolean };

/** How long one endpoint may take to accept a connection, before the next is tried. */
const connectTimeoutMs = 3_000;
/** How long a call waits for an etcd to be there again: as long as one takes to restart, or several to elect a leader. */
const patienceMs = 3_000;
/** After so long without any answer, nobody should have to wait for this connection again. Callers wait three seconds. */
const suspiciousMs = 2_000;
const firstPauseMs = 25;
const longestPauseMs = 1_000;

export class Transport {
  readonly #options: TransportOptions;
  readonly #urls: readonly URL[];
  readonly #life = new AbortController();
  readonly #retired = new Set<Connection>();
  #at = 0;
  #connection: Connection | undefined;
  #connecting: Promise<Connection> | undefined;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#urls = options.endpoints.map((endpoint) => endpointUrl(endpoint, options.tls));
  }

  /** @throws GrpcError; and the signal's reason */
  async call(path: string, frame: Buffer, { repeatable, signal }: CallOptions): Promise<Buffer> {
    const started = Date.now();
    const deadline = started + this.#options.requestTimeoutMs;
    for (let tries = 0; ; tries++) {
      signal.throwIfAborted();
      // With somebody else to ask, one that does not answer must not use up all the time.
      const share = repeatable && this.#urls.length > 1 ? 0.5 : 1;
      const { answer, error, connected } = await this.#try(path, frame, (deadline - Date.now()) * share, signal);
      if (answer) return answer;
      const again = connected ? !error.reached || (repeatable && mayPass(error)) : mayPass(error);
      const pauseMs = Math.min(firstPauseMs * 2 ** tries, longestPauseMs) * (0.5 + Math.random());
      const isThere = connected && error.message !== noLeader;
      const timeUp = isThere ? deadline : Math.min(deadline, started + patienceMs);
      if (!again || this.#life.signal.aborted || Date.now() + pauseMs > timeUp) throw error;
      await this.#pause(pauseMs, signal);
    }
  }

  close(): void {
    this.#life.abort();
    this.#connection?.close();
    for (const connection of this.#retired) connection.close();
  }

  async #try(path: string, frame: Buffer, timeoutMs: number, signal: AbortSignal): Promise<Outcome> {
    const started = Date.now();
    let connection = this.#connection;
    try {
      if (!connection?.usable) {
        connection = undefined;
        connection = await this.#connected(timeoutMs, signal);
      }
      const answer = await connection.call(path, frame, Math.max(timeoutMs - (Date.now() - started), 1), signal);
      return { answer };
    } catch (error) {
      if (!(error instanceof GrpcError)) {
        if (connection && hasWaitedInVain(started, connection)) this.#leave(connection);
        throw error;
      }
      if (connection) this.#judge(connection, error);
      return { error, connected: connection !== undefined };
    }
  }

  /** Ends early, but does not throw, when the store is closed. */
  async #pause(pauseMs: number, signal: AbortSignal): Promise<void> {
    try {
      await underSignals([signal, this.#life.signal], (either) => sleep(pauseMs, undefined, { signal: either }));
    } catch {
      signal.throwIfAborted();
    }
  }

  /** Waits for a connection that others may be waiting for too, but not longer than this call may. */
  async #connected(timeoutMs: number, signal: AbortSignal): Promise<Connection> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), timeoutMs);
    try {
      return await underSignals([signal, late.signal], (either) => orAborted(this.#connect(), either));
    } catch (error) {
      if (!late.signal.aborted || signal.aborted) throw error;
      const where = this.#urls.map((url) => url.origin).join(', ');
      throw new GrpcError(grpcStatus.unavailable, `no connection to ${where} within ${Math.round(timeoutMs)} ms`, {
        reached: false,
      });
    } finally {
      clearTimeout(timer);
    }
  }

  /** One attempt at each endpoint, beginning with the one that answered last; whoever waits shares it. */
  #connect(): Promise<Connection> {
    this.#connecting ??= this.#tryAll().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #tryAll(): Promise<Connection> {
    const failures: GrpcError[] = [];
    for (let tries = 0; tries < this.#urls.length && !this.#life.signal.aborted; tries++) {
      const url = this.#urls[this.#at]!;
      try {
        const tls = readTls(this.#options.tls);
        this.#connection = await openConnection(url, tls, connectTimeoutMs, this.#life.signal);
        return this.#connection;
      } catch (error) {
        if (!(error instanceof GrpcError)) throw error;
        failures.push(error);
        this.#at = (this.#at + 1) % this.#urls.length;
      }
    }
    const message = failures.map((failure) => failure.message).join('; ') || 'the store is closed';
    const status = failures.find(mayPass)?.status ?? failures[0]?.status ?? grpcStatus.unavailable;
    throw new GrpcError(status, message, { reached: false, cause: failures[0] });
  }

  /** An etcd that says it cannot, or that does not answer, is left for another one; calls under way on it go on. */
  #judge(connection: Connection, error: GrpcError): void {
    const cannot = error.status === grpcStatus.unavailable || error.status === grpcStatus.deadlineExceeded;
    if (!cannot || (!error.answered && connection.usable && error.status !== grpcStatus.deadlineExceeded)) return;
    this.#leave(connection);
  }

  #leave(connection: Connection): void {
    if (this.#connection !== connection) return;
    this.#connection = undefined;
    this.#at = (this.#at + 1) % this.#urls.length;
    this.#retired.add(connection);
    connection.retire();
    for (const old of this.#retired) if (old.ended) this.#retired.delete(old);
  }
}

/** Whoever asked gave up, having heard nothing for long, and nor has anybody else: half-open, perhaps, and not to be asked again. */
const hasWaitedInVain = (started: number, { heardAt }: Connection): boolean =>
  Date.now() - Math.max(started, heardAt) > suspiciousMs;

/** Errors that another try, here or elsewhere, may not meet. */
const mayPass = ({ status }: GrpcError): boolean =>
  status === grpcStatus.unavailable || status === grpcStatus.unknown || status === grpcStatus.deadlineExceeded;
