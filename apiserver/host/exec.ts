/**
 * Running a program in a container of a pod: the client's side of the WebSocket that the host offers for it (section K.7 of the
 * requirements).
 *
 * What runs, and what becomes of its output, is the caller's business.
 */
import { once } from 'node:events';
import { Agent, type IncomingMessage } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import { createSecureContext } from 'node:tls';
import { WebSocket } from 'ws';
import { StatusError } from '../../openapi/machinery/status.ts';
import { failureOf } from './answers.ts';
import { closeOf, ending, protocols, splitMessage, toChannel, withoutEnd } from './exec-protocol.ts';
import type { HostAccess } from './rest.ts';

/** A container of a pod, by name. */
export interface ContainerPlace {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

export interface Program {
  /** Never seen by a shell, unless it names one. */
  readonly argv: readonly string[];
  /**
   * For its standard input; when there is none, it has no standard input. Hosts before 1.30 cannot tell a program that its input has
   * ended: there it has to know the length. And it should take all of it: seen with 1.20, more than some ten kilobytes that nobody
   * reads keep the host from telling that the program has ended.
   */
  readonly input: Uint8Array;
}

/** Told of output as it comes. One that throws ends the run with what it threw. */
export interface Output {
  stdout(chunk: Buffer): void;
  stderr(chunk: Buffer): void;
}

/** How a connection that nobody answers on is found out. */
export interface Liveness {
  readonly pingMs: number;
  /** After so many pings without a byte from the other side, the connection counts as dead. */
  readonly unanswered: number;
}

/** kubectl gives up after the same minute. A host that waits until a program reads its input answers nothing meanwhile. */
const usualLiveness: Liveness = { pingMs: 10_000, unanswered: 6 };
/** Until the host has reached the container. */
const answerMs = 30_000;
/** Hosts send output in messages of 32 KB at most. */
const longestMessage = 1024 * 1024;
const inputPiece = 32 * 1024;
const longestRefusal = 64 * 1024;
/** The host ends the connection after the program; this long it is waited for. */
const closeMs = 2000;

export class PodExec {
  readonly #access: HostAccess;
  readonly #agent: Agent;
  readonly #liveness: Liveness;

  constructor(access: HostAccess, liveness = usualLiveness) {
    const { server, ca, cert, key, unverified = false } = access;
    this.#access = access;
    this.#liveness = liveness;
    // Certificates are read once, not for each connection: that costs as much as the rest of a short run.
    const secureContext = createSecureContext({ ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) });
    this.#agent = server.startsWith('http:')
      ? new Agent()
      : new TlsAgent({ secureContext, rejectUnauthorized: !unverified });
  }

  /**
   * Resolves with the exit code once the program has ended. When the connection breaks or `signal` aborts the program goes on, and
   * nobody can stop it from here.
   *
   * @throws StatusError when the host refuses (BadRequest when the container does not run), or says that the program could not be run
   * @throws Error when the connection broke before the end of the program was told; what `output` or `signal` threw
   */
  async run(place: ContainerPlace, { argv, input }: Program, output: Output, signal: AbortSignal): Promise<number> {
    const authorization = await this.#access.authorization?.();
    signal.throwIfAborted();
    const url = this.#access.server.replace(/^http/, 'ws') + pathOf(place, argv, input.length > 0);
    const socket = new WebSocket(url, [...protocols], {
      agent: this.#agent,
      headers: { 'user-agent': 'kubedirector', ...(authorization && { authorization }) },
      handshakeTimeout: answerMs,
      maxPayload: longestMessage,
      perMessageDeflate: false,
      ...{ closeTimeout: closeMs },
    });
    return new Run(socket, output, this.#liveness).end(input, signal);
  }
}

/** `/api/v1/namespaces/NS/pods/POD/exec?…` (K-642) */
function pathOf({ namespace, pod, container }: ContainerPlace, argv: readonly string[], stdin: boolean): string {
  const query = new URLSearchParams({ container, stdin: String(stdin), stdout: 'true', stderr: 'true', tty: 'false' });
  for (const word of argv) query.append('command', word);
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/exec?${query}`;
}

/** One program, from the opening of its connection to its end. */
class Run {
  readonly #socket: WebSocket;
  readonly #output: Output;
  readonly #liveness: Liveness;
  /** What channel 3 has told so far. */
  #status = Buffer.alloc(0);
  #exitCode: number | undefined;
  #failure: unknown;
  #unanswered = 0;

  constructor(socket: WebSocket, output: Output, liveness: Liveness) {
    this.#socket = socket;
    this.#output = output;
    this.#liveness = liveness;
  }

  async end(input: Uint8Array, signal: AbortSignal): Promise<number> {
    const socket = this.#socket;
    const closed = Promise.withResolvers<number>();
    const abort = (): void => this.#fail(signal.reason);
    const watch = setInterval(() => this.#watch(), this.#liveness.pingMs);
    socket.on('message', (data: Buffer) => this.#received(data));
    socket.on('pong', () => (this.#unanswered = 0));
    socket.on('error', (error) => this.#fail(error));
    socket.on('open', () => void this.#send(input).catch((error: unknown) => this.#fail(error)));
    socket.on('close', (code) => closed.resolve(code));
    socket.on('unexpected-response', (_, response) => {
      // From here on the library leaves the connection to us.
      void refusalOf(response).then((refusal) => {
        this.#fail(refusal);
        response.destroy();
        closed.resolve(0);
      });
    });
    signal.addEventListener('abort', abort, { once: true });
    try {
      const code = await closed.promise;
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#exitCode === undefined) throw withoutEnd(code);
      return this.#exitCode;
    } finally {
      clearInterval(watch);
      signal.removeEventListener('abort', abort);
    }
  }

  /** The first failure is the reason for all others. */
  #fail(error: unknown): void {
    if (this.#failure !== undefined || this.#exitCode !== undefined) return;
    this.#failure = error ?? new Error('failed');
    this.#socket.terminate();
  }

  #received(data: Buffer): void {
    this.#unanswered = 0;
    if (this.#failure !== undefined) return;
    try {
      const { channel, payload } = splitMessage(data);
      // Hosts open each channel with nothing.
      if (payload.length === 0) return;
      if (channel === 'stdout' || channel === 'stderr') this.#output[channel](payload);
      else if (channel === 'status') this.#ended(payload);
    } catch (error) {
      this.#fail(error);
    }
  }

  #ended(payload: Buffer): void {
    this.#status = Buffer.concat([this.#status, payload]);
    this.#exitCode = ending(this.#status);
    // What is still on its way is received all the same.
    if (this.#exitCode !== undefined) this.#socket.close(1000);
  }

  async #send(input: Uint8Array): Promise<void> {
    const socket = this.#socket;
    for (let at = 0; at < input.length; at += inputPiece) {
      if (socket.readyState !== WebSocket.OPEN) return;
      await this.#write(toChannel('stdin', input.subarray(at, at + inputPiece)));
    }
    const close = input.length ? closeOf('stdin', socket.protocol) : undefined;
    if (close) await this.#write(close);
  }

  /** Waits until it is written, so that no more than a piece is kept here while the host is slow to take it. */
  #write(message: Buffer): Promise<void> {
    return new Promise((resolve) => {
      // One that cannot be written is no failure: the program may have ended without reading all of it.
      this.#socket.send(message, () => resolve());
    });
  }

  #watch(): void {
    const { pingMs, unanswered } = this.#liveness;
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    if (this.#unanswered >= unanswered)
      this.#fail(
        new Error(`nobody has answered on the connection to the container for ${(pingMs * unanswered) / 1000} s`),
      );
    this.#unanswered += 1;
    this.#socket.ping(undefined, undefined, () => {});
  }
}

/** Why the host did not open the connection. */
async function refusalOf(response: IncomingMessage): Promise<Error> {
  const { statusCode = 0 } = response;
  if (statusCode < 400) return new Error(`the host answered a WebSocket request with ${statusCode}`);
  const pieces: Buffer[] = [];
  let length = 0;
  // What has come so far is told.
  response.on('error', () => {});
  response.on('data', (piece: Buffer) => {
    length += piece.length;
    if (length > longestRefusal) response.destroy();
    else pieces.push(piece);
  });
  response.setTimeout(answerMs, () => response.destroy());
  await once(response, 'close').catch(() => {});
  const failure = failureOf(statusCode, Buffer.concat(pieces));
  // A kubelet's words, which hosts pass on as a fault of theirs.
  return /\bcontainer not found \(/.test(failure.message) ? StatusError.badRequest(failure.message) : failure;
}
