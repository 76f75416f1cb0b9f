/**
 * The HTTPS server: HTTP/2 and HTTP/1.1 on one port (K-001 to K-003, K-016, K-017), and its end.
 */

import { constants } from 'node:crypto';
import { once } from 'node:events';
import { ServerResponse } from 'node:http';
import { createSecureServer, type Http2SecureServer, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Request, Response } from './exchange.ts';

export interface ServingOptions {
  /** Address to listen at; `0.0.0.0` for all. */
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** PEM. */
  readonly cert: string;
  readonly key: string;
  /** PEM bundles of whom client certificates may come from. */
  readonly clientCa: readonly string[];
}

/** One connection carries the watches of many users, each holding a stream (K-002). */
const concurrentStreams = 1000;
/**
 * Closing a watch resets its stream. A burst of this many, and so many a second after it, are no attack; Node's own limits would
 * end a connection of the aggregator after 1,000.
 */
const [resetBurst, resetRate] = [10_000, 1000];
/** Megabytes that one HTTP/2 connection may hold; at Node's 10 a single long list makes all other requests on it fail. */
const sessionMegabytes = 1000;
/**
 * As Go's servers take: a front proxy names every group of a user in a header, and selectors stand in the URL. Node's own 16 KB end
 * the connection of somebody in a few hundred groups.
 */
const headerBytes = 1024 * 1024;
/** Longer than the 90 seconds for which Go's clients keep idle connections (K-017). */
const keepAliveMs = 120_000;

export class HttpServer {
  readonly #server: Http2SecureServer;
  readonly #sockets = new Set<Socket>();
  readonly #sessions = new Set<ServerHttp2Session>();

  constructor({ cert, key, clientCa }: ServingOptions, handle: (request: Request, response: Response) => void) {
    this.#server = createSecureServer({
      cert,
      key,
      ca: [...clientCa],
      minVersion: 'TLSv1.2',
      // A resumed session would be believed by the authorities of the first one (K-412).
      secureOptions: constants.SSL_OP_NO_TICKET,
      requestCert: true,
      rejectUnauthorized: false,
      allowHTTP1: true,
      maxSessionMemory: sessionMegabytes,
      maxHeaderListPairs: 10_000,
      settings: {
        maxConcurrentStreams: concurrentStreams,
        initialWindowSize: 1024 * 1024,
        maxHeaderListSize: headerBytes,
      },
      ...{ streamResetBurst: resetBurst, streamResetRate: resetRate },
    });
    // The compatibility API: one handler for both protocols.
    this.#server.on('request', (request, response) =>
      handle(request as unknown as Request, response as unknown as Response),
    );
    // HTTP/1.1 only. Whoever is not given the other protocol gets an ordinary answer, the last one on this connection.
    this.#server.on('upgrade', (request: Request, socket: Socket, head: Buffer) => {
      const response = new ServerResponse(request);
      response.shouldKeepAlive = false;
      response.assignSocket(socket);
      response.on('finish', () => {
        response.detachSocket(socket);
        // What Node's own way would tell.
        response.emit('close');
        socket.destroySoon();
      });
      handle(Object.assign(request, { upgradable: { socket, head } }), response);
    });
    Object.assign(this.#server, {
      keepAliveTimeout: keepAliveMs,
      headersTimeout: 32_000,
      requestTimeout: 0,
      // For HTTP/1.1, whose parser looks for it here.
      maxHeaderSize: headerBytes,
      // Others are served as if they had not asked; a Node that does not know this lets them all come as upgrades, without a body.
      shouldUpgradeCallback: ({ headers }: Request) => /^(websocket|spdy)\b/i.test(headers.upgrade ?? ''),
      // Beyond a number of headers Node would drop the others, and with them perhaps who is asking.
      maxHeadersCount: 0,
    });
    this.#server.on('secureConnection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => socket.destroy());
    });
    this.#server.on('session', (session) => {
      this.#sessions.add(session);
      session.on('close', () => this.#sessions.delete(session));
      session.on('error', () => session.destroy());
    });
    // A client that breaks off a handshake is its own business.
    this.#server.on('tlsClientError', (_, socket) => socket.destroy());
    this.#server.on('clientError', refuse);
    this.#server.on('sessionError', () => {});
  }

  /** @throws Error with code EADDRINUSE when somebody listens there. @returns the port */
  async listen({ host, port }: Pick<ServingOptions, 'host' | 'port'>): Promise<number> {
    this.#server.listen(port, host);
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  /** New handshakes use this certificate; open connections live on (K-444). */
  renew({ cert, key, clientCa }: Pick<ServingOptions, 'cert' | 'key' | 'clientCa'>): void {
    this.#server.setSecureContext({ cert, key, ca: [...clientCa] });
  }

  /** Takes no new connections, lets requests under way finish for `graceMs`, then cuts what is left. */
  async close(graceMs: number): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const session of this.#sessions) session.close();
    const timer = new AbortController();
    await Promise.race([closed, sleep(graceMs, undefined, { signal: timer.signal }).catch(() => {})]);
    timer.abort();
    for (const session of this.#sessions) session.destroy();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

/** What cannot be read as HTTP/1.1 is told so, if anybody still listens. */
function refuse(error: Error & { code?: string }, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
  const reason = error.code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request';
  socket.end(`HTTP/1.1 ${reason}\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\n${reason}`);
}
