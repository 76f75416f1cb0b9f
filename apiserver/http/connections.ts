/**
 * Connections to what objects stand for, over WebSocket, and texts (registry/connection.ts).
 *
 * The request has come the way of all requests. Kubernetes' older way of streaming, SPDY, is not spoken.
 */
import { once } from 'node:events';
import { type WebSocket, WebSocketServer } from 'ws';
import type { KubeObject } from '../../openapi/machinery/meta.ts';
import { StatusError } from '../../openapi/machinery/status.ts';
import type { Authorizer } from '../auth/authorizer.ts';
import type { Connection, Conversation, Talk } from '../registry/connection.ts';
import type { ObjectRegistry } from '../registry/registry.ts';
import { mayCreate } from './apply.ts';
import type { Exchange, Upgradable } from './exchange.ts';
import { sendText } from './respond.ts';

/** Clients send 32 KB at a time; Kubernetes takes no longer ones either. */
const longestMessage = 1024 * 1024;
/** So many messages of a client are kept for a speaker that is busy. */
const waitingMessages = 16;
/** How long a client may take to answer the end of a conversation. */
const closeMs = 2000;
const [goingAway, faultOfOurs] = [1001, 1011];

export class Connections {
  readonly #authorizer: Authorizer;
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: longestMessage,
    perMessageDeflate: false,
    clientTracking: false,
    ...{ closeTimeout: closeMs },
  });

  /** @param authorizer a GET that opens a connection has to be allowed as the create that it is (K-642) */
  constructor(authorizer: Authorizer) {
    this.#authorizer = authorizer;
  }

  async answer(exchange: Exchange, registry: ObjectRegistry, connection: Connection<KubeObject>): Promise<void> {
    const { attributes, query, signal, request } = exchange;
    const { verbs } = connection;
    if (!(verbs as readonly string[]).includes(attributes.verb) || request.method === 'HEAD')
      throw StatusError.methodNotAllowed();
    if (attributes.verb !== 'create' && verbs.includes('create')) await mayCreate(exchange, this.#authorizer);
    const snapshot = await registry.reads.get(registry.keyOf(attributes), undefined, signal);
    const opened = connection.open(snapshot.object(), query);
    if ('text' in opened) return sendText(exchange, 200, opened.text);
    const { upgradable } = request;
    if (!upgradable) throw StatusError.badRequest('Upgrade request required');
    const protocol = chosen(exchange, opened);
    exchange.lasts = true;
    return converse(exchange, await this.#upgraded(exchange, upgradable, protocol), opened);
  }

  /** @throws Error when the client has gone, or has been told that this is no proper handshake */
  async #upgraded(exchange: Exchange, { socket, head }: Upgradable, protocol: string): Promise<WebSocket> {
    const { request, response } = exchange;
    response.detachSocket(socket as never);
    response.statusCode = 101;
    request.headers['sec-websocket-protocol'] = protocol;
    const { promise, resolve, reject } = Promise.withResolvers<WebSocket>();
    const gone = (): void => {
      exchange.abort(new Error('the client has gone'));
      reject(exchange.signal.reason);
    };
    socket.once('close', gone);
    this.#sockets.handleUpgrade(request, socket, head, (upgraded) => {
      socket.off('close', gone);
      resolve(upgraded);
    });
    return promise;
  }
}

/** @throws StatusError 400 for what is not spoken here */
function chosen({ request }: Exchange, { protocols }: Talk): string {
  if (request.headers.upgrade?.toLowerCase() !== 'websocket')
    throw StatusError.badRequest(
      `${request.headers.upgrade} is not spoken here, only WebSocket: use kubectl 1.31 or newer`,
    );
  const offered = String(request.headers['sec-websocket-protocol'] ?? '').split(',');
  const protocol = offered.map((name) => name.trim()).find((name) => protocols.includes(name));
  if (!protocol)
    throw StatusError.badRequest(`none of the WebSocket subprotocols is spoken here: use ${protocols.join(' or ')}`);
  return protocol;
}

async function converse(exchange: Exchange, socket: WebSocket, talk: Talk): Promise<void> {
  const { signal } = exchange;
  const stop = (): void => socket.close(goingAway);
  const conversation = new SocketConversation(socket);
  signal.addEventListener('abort', stop, { once: true });
  const gone = (): void => exchange.abort(new Error('the client has gone'));
  socket.on('close', gone);
  // It is followed by the end of the connection.
  socket.on('error', () => {});
  try {
    if (!signal.aborted) await talk.hold(conversation, signal);
    socket.close(1000);
  } catch (error) {
    socket.close(signal.aborted ? goingAway : faultOfOurs);
    if (!signal.aborted) throw error;
  } finally {
    socket.off('close', gone);
    signal.removeEventListener('abort', stop);
  }
  // The last words may still be on their way.
  if (socket.readyState !== socket.CLOSED) await once(socket, 'close');
}

class SocketConversation implements Conversation {
  readonly #socket: WebSocket;
  readonly #waiting: Buffer[] = [];
  #wake: () => void = () => {};
  #ended = false;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (message: Buffer) => {
      this.#waiting.push(message);
      if (this.#waiting.length >= waitingMessages) socket.pause();
      this.#wake();
    });
    socket.on('close', () => {
      this.#ended = true;
      this.#wake();
    });
  }

  get protocol(): string {
    return this.#socket.protocol;
  }

  get messages(): AsyncIterable<Buffer> {
    return { [Symbol.asyncIterator]: () => this.#take() };
  }

  async *#take(): AsyncGenerator<Buffer, void, undefined> {
    for (;;) {
      const message = this.#waiting.shift();
      if (this.#socket.isPaused) this.#socket.resume();
      if (message) yield message;
      else if (this.#ended) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  send(message: Uint8Array): Promise<void> {
    return new Promise((resolve) => this.#socket.send(message, () => resolve()));
  }
}
