/**
 * The road of every request: common headers, authentication, authorization, the handler, and an answer whatever happens (K-035,
 * K-135, K-575).
 *
 * The filters are calls in one function, in Kubernetes' order, so that no request builds a chain of closures.
 */
import { randomUUID } from 'node:crypto';
import type { Http2Session } from 'node:http2';
import type { Clock } from '../../openapi/machinery/clock.ts';
import { parseDuration } from '../../openapi/machinery/duration.ts';
import type { Log } from '../../openapi/machinery/log.ts';
import { isAbort } from '../../openapi/machinery/signal.ts';
import { StatusError } from '../../openapi/machinery/status.ts';
import type { Authentication } from '../auth/authenticator.ts';
import { type AuthorizationAttributes, type Authorizer, refusal } from '../auth/authorizer.ts';
import { effectiveUser } from '../auth/impersonation.ts';
import type { UserInfo } from '../auth/user.ts';
import { Exchange, type Request, type Response } from './exchange.ts';
import { defaultLimits, InFlight, isWriteOfOne, type RequestLimits } from './limits.ts';
import { sendBytes, sendStatus, sendText, setCommonHeaders } from './respond.ts';

/** Answers a request that has been authenticated and authorized. */
export interface Endpoint {
  /** @throws StatusError, or anything else for a fault of ours */
  handle(exchange: Exchange): Promise<void>;
}

export interface PipelineParts {
  readonly authenticate: Authentication;
  readonly authorizer: Authorizer;
  /** Answers paths of resources. */
  readonly resources: Endpoint;
  /** Answers everything else: discovery, documents, health. */
  readonly others: Endpoint;
  /**
   * Why nothing can be said about stored objects at present; undefined when something can. Clients are told to try again, never that
   * something is not there.
   */
  readonly obstacle?: () => string | undefined;
  /** Told of every request when it has been answered. */
  readonly observe?: (exchange: Exchange, seconds: number) => void;
  /** Absent: as Kubernetes' own servers have them. */
  readonly limits?: RequestLimits;
  readonly clock: Clock;
  readonly log: Log;
}

/** Aborts a request whose time is up. */
class DeadlineError extends Error {
  override readonly name = 'TimeoutError';
}

/** Aborts a write whose time is up before that of the request is (K-142). */
class WriteDeadlineError extends DeadlineError {}

export class Pipeline {
  readonly #parts: PipelineParts;
  readonly #limits: RequestLimits;
  readonly #inFlight: InFlight;
  readonly #underWay = new Set<Exchange>();
  #stopping: string | undefined;
  #idle: () => void = () => {};

  constructor(parts: PipelineParts) {
    this.#parts = parts;
    this.#limits = parts.limits ?? defaultLimits;
    this.#inFlight = new InFlight(this.#limits);
  }

  /** Ends watches and other connections cleanly (K-228) and waits for the other requests under way, for `graceMs` at most. */
  async drain(graceMs: number): Promise<void> {
    for (const exchange of this.#underWay) if (exchange.lasts) exchange.abort(new Error('the server is stopping'));
    if (!this.#underWay.size) return;
    const timer = setTimeout(() => this.#idle(), graceMs);
    await new Promise<void>((resolve) => (this.#idle = resolve));
    clearTimeout(timer);
  }

  /** From now on new requests are refused with these words; those under way go on. */
  refuseFurther(message: string): void {
    this.#stopping = message;
  }

  /** Takes a request from the server. Never throws. */
  readonly handle = (request: Request, response: Response): void => {
    let exchange: Exchange;
    try {
      exchange = new Exchange(request, response);
    } catch {
      setCommonHeaders({ response, auditId: randomUUID() });
      response.statusCode = 400;
      response.setHeader('x-content-type-options', 'nosniff');
      response.setHeader('content-type', 'text/plain; charset=utf-8');
      response.end('the path of the request is not properly encoded');
      return;
    }
    setCommonHeaders(exchange);
    void this.#answer(exchange);
  };

  async #answer(exchange: Exchange): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const { observe } = this.#parts;
    const began = observe ? performance.now() : 0;
    this.#underWay.add(exchange);
    try {
      if (!exchange.lasts) timer = this.#endInTime(exchange);
      await this.#pass(exchange);
    } catch (error) {
      await this.#fail(exchange, error).catch((failure: unknown) => {
        this.#parts.log.error('an answer could not be sent', failure);
        exchange.response.destroy();
      });
    } finally {
      clearTimeout(timer);
      this.#underWay.delete(exchange);
      if (!this.#underWay.size) this.#idle();
      observe?.(exchange, (performance.now() - began) / 1000);
    }
  }

  /** @throws StatusError 400 for a `timeout` that cannot be read */
  #endInTime(exchange: Exchange): NodeJS.Timeout {
    const { requestMs, writeMs } = this.#limits;
    const ms = deadlineMs(exchange, requestMs);
    return isWriteOfOne(exchange.attributes) && writeMs < ms
      ? setTimeout(() => expire(exchange, new WriteDeadlineError('the write took too long')), writeMs)
      : setTimeout(() => expire(exchange, new DeadlineError('the request took too long')), ms);
  }

  async #pass(exchange: Exchange): Promise<void> {
    const { authenticate, obstacle } = this.#parts;
    const { attributes, signal, request } = exchange;
    if (attributes.isResource) {
      const why = this.#stopping ?? obstacle?.();
      if (why !== undefined) throw StatusError.unavailable(why, 1);
    }
    const caller = await authenticate(request, signal);
    const leave = this.#inFlight.enter(attributes, caller);
    if (!leave) return sendOverload(exchange);
    try {
      await this.#admit(exchange, caller);
    } finally {
      leave();
    }
  }

  /** Answers a request for which there is room. */
  async #admit(exchange: Exchange, caller: UserInfo): Promise<void> {
    const { authorizer, resources, others } = this.#parts;
    const { attributes, signal, request, response } = exchange;
    const decision = await undecidedAs(request, async () => {
      exchange.user = await effectiveUser(request, caller, authorizer, signal);
      return authorizer.authorize(asked(exchange), signal);
    });
    if (decision.verdict !== 'allow') {
      response.setHeader('x-content-type-options', 'nosniff');
      throw refusal({ ...attributes, user: exchange.user }, decision.reason);
    }
    await (attributes.isResource ? resources : others).handle(exchange);
  }

  /** Tells the client what went wrong, if it can still be told. */
  async #fail(exchange: Exchange, error: unknown): Promise<void> {
    const { response, signal } = exchange;
    if (response.headersSent || response.destroyed) {
      if (!isAbort(error) && !signal.aborted) this.#parts.log.error('a stream broke off', error, this.#about(exchange));
      response.destroy();
      return;
    }
    if (signal.aborted && !(signal.reason instanceof DeadlineError)) return;
    if (signal.reason instanceof WriteDeadlineError) return sendStatus(exchange, writeTooLong.status);
    if (signal.reason instanceof DeadlineError) return sendTimeout(exchange);
    // The rest of a body that was not read must not be taken for the next request.
    if (!exchange.request.complete && exchange.request.httpVersionMajor === 1)
      response.setHeader('connection', 'close');
    if (error instanceof UndecidedError) {
      this.#parts.log.error('no decision about a request', error, this.#about(exchange));
      return sendText(exchange, 500, error.message);
    }
    if (error instanceof StatusError) {
      if (error.code === 401) closeAfter(exchange);
      if (error.code >= 500 && error.cause !== undefined)
        this.#parts.log.error('a request failed', error, this.#about(exchange));
      return sendStatus(exchange, error.status);
    }
    this.#parts.log.error('a request met a fault of ours', error, this.#about(exchange));
    return sendStatus(exchange, StatusError.internal('an unexpected error; the log of the server tells more').status);
  }

  #about({ attributes, auditId, user }: Exchange): Record<string, unknown> {
    return { verb: attributes.verb, path: attributes.path, user: user.name, auditId };
  }
}

/** A client that is not who it says gets no second try on the same connection (K-410). */
function closeAfter({ request, response }: Exchange): void {
  if (request.httpVersionMajor === 1) response.setHeader('connection', 'close');
  else response.on('finish', () => (request.stream?.session as Http2Session | undefined)?.close());
}

/** A connection that was opened in time may stay. */
function expire(exchange: Exchange, reason: DeadlineError): void {
  if (!exchange.lasts) exchange.abort(reason);
}

class UndecidedError extends Error {}

/** No decision is neither a yes nor a no (K-428). */
async function undecidedAs<T>({ url }: Request, decide: () => Promise<T>): Promise<T> {
  try {
    return await decide();
  } catch (error) {
    if (error instanceof StatusError && error.code < 500) throw error;
    throw new UndecidedError(`Internal Server Error: ${JSON.stringify(url)}: the authorizer failed`, { cause: error });
  }
}

/** What authorization is asked. Selectors count, since a rule may allow to list only what they pick (K-425). */
function asked({ attributes, user, query }: Exchange): AuthorizationAttributes {
  const { verb } = attributes;
  if (query.size === 0 || (verb !== 'list' && verb !== 'watch' && verb !== 'deletecollection'))
    return { ...attributes, user };
  const labelSelector = query.get('labelSelector');
  const fieldSelector = query.get('fieldSelector');
  return { ...attributes, user, ...(labelSelector && { labelSelector }), ...(fieldSelector && { fieldSelector }) };
}

const writeTooLong = StatusError.timeout(
  'request did not complete within requested timeout - context deadline exceeded',
);

/** Too many are under way; no Status, as with Kubernetes' own filter (K-377). */
function sendOverload(exchange: Exchange): Promise<void> {
  exchange.response.setHeader('retry-after', '1');
  return sendText(exchange, 429, 'Too many requests, please try again later.\n');
}

/** The deadline of a request: what it asks for, at most ours (K-010). */
function deadlineMs({ query }: Exchange, maxRequestMs: number): number {
  const text = query.get('timeout');
  if (!text) return maxRequestMs;
  const ms = askedMs(text);
  return ms > 0 ? Math.min(ms, maxRequestMs) : maxRequestMs;
}

function askedMs(text: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    throw StatusError.badRequest(`invalid timeout specified in the request URL - ${(error as Error).message}`);
  }
}

/** Made by the filter itself, so it has neither kind nor apiVersion (K-011). */
function sendTimeout(exchange: Exchange): Promise<void> {
  const message = 'Timeout: request did not complete within the allotted timeout';
  const body = { metadata: {}, status: 'Failure', message, reason: 'Timeout', details: {}, code: 504 };
  return sendBytes(exchange, 504, 'text/plain; charset=utf-8', Buffer.from(JSON.stringify(body)));
}
