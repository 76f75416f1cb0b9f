/**
 * Everything that is not a resource, answered by Express: discovery, documents, health, version.
 *
 * Express makes its request and response from the prototypes of node:http, which do not fit HTTP/2's. So one router is mounted in two
 * applications, of which one has prototypes made from node:http2's.
 */
import { once } from 'node:events';
import { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import express, { type Express, type Router } from 'express';
import type { Exchange, Request } from './exchange.ts';
import type { Endpoint } from './pipeline.ts';
import { sendNoPage } from './respond.ts';

/** The exchange that a request of Express belongs to. */
const exchanges = new WeakMap<object, Exchange>();

/** For handlers: what the pipeline found out about the request. */
export function exchangeOf(request: object): Exchange {
  const exchange = exchanges.get(request);
  if (!exchange) throw new Error('the request did not come through the pipeline');
  return exchange;
}

/** A handler that answers through the exchange, like all the others. */
export type ExchangeHandler = (exchange: Exchange) => Promise<void>;

export const answering =
  (handler: ExchangeHandler): express.RequestHandler =>
  (request, _response, next) => {
    handler(exchangeOf(request)).catch(next);
  };

export class ExpressEndpoint implements Endpoint {
  readonly #http1: Express;
  readonly #http2: Express;

  constructor(router: Router) {
    this.#http1 = application(router);
    this.#http2 = overHttp2(application(router));
  }

  async handle(exchange: Exchange): Promise<void> {
    const { request, response } = exchange;
    exchanges.set(request, exchange);
    const app = request.httpVersionMajor === 2 ? this.#http2 : this.#http1;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // Called when no route matches, and with whatever a handler throws: the pipeline words the answer.
    const last = (error?: unknown): void => (error === undefined ? resolve(sendNoPage(exchange)) : reject(error));
    const ended = once(response, 'close', { signal: exchange.signal }).catch(() => {});
    app(request as never, response as never, last);
    await Promise.race([promise, ended]);
  }
}

function application(router: Router): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(router);
  return app;
}

function overHttp2(app: Express): Express {
  const own = (prototype: object): PropertyDescriptorMap => ({
    ...Object.getOwnPropertyDescriptors(prototype),
    app: { value: app, configurable: true, enumerable: true, writable: true },
  });
  app.request = Object.create(Http2ServerRequest.prototype, own(express.request)) as Request as never;
  app.response = Object.create(Http2ServerResponse.prototype, own(express.response)) as never;
  return app;
}
