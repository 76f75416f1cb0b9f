/**
 * Calls to a key management service's plugin: gRPC over a unix socket, a connection for each call, since there are few.
 *
 * What it is asked, and what its answers are for, is known in provider.ts.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http2';
import { connect } from 'node:http2';
import { createConnection } from 'node:net';
import { StorageError } from '../../errors.ts';
import type { Annotations, Messages } from './messages.ts';
import { decode, encode } from './messages.ts';

/** Codes of gRPC that speak of the plugin's state, not of what it was asked. */
const passing = new Set(['4', '8', '13', '14']);

export class Plugin {
  readonly #name: string;
  readonly #socket: string;
  readonly #timeoutMs: number;

  constructor({ name, endpoint, timeoutMs }: { name: string; endpoint: string; timeoutMs: number }) {
    this.#name = name;
    this.#socket = endpoint.slice('unix://'.length);
    this.#timeoutMs = timeoutMs;
  }

  /** Each call @throws StorageError Unavailable when nobody answers; Error when the plugin refuses; and the signal's reason */
  status(signal: AbortSignal): Promise<Messages['StatusResponse']> {
    return this.#call('Status', 'StatusRequest', {}, 'StatusResponse', signal);
  }

  encrypt(plaintext: Buffer, signal: AbortSignal): Promise<Messages['EncryptResponse']> {
    return this.#call('Encrypt', 'EncryptRequest', { plaintext, uid: randomUUID() }, 'EncryptResponse', signal);
  }

  /** Many may wait for it, so that none of them can give it up; its own time limit ends it. */
  async decrypt(ciphertext: Buffer, key_id: string, annotations: Annotations): Promise<Buffer> {
    const request = { ciphertext, uid: randomUUID(), key_id, annotations };
    return (await this.#call('Decrypt', 'DecryptRequest', request, 'DecryptResponse')).plaintext;
  }

  async #call<Q extends keyof Messages, A extends keyof Messages>(
    method: string,
    question: Q,
    message: Messages[Q],
    answer: A,
    signal?: AbortSignal,
  ): Promise<Messages[A]> {
    const body = encode(question, message);
    const frame = Buffer.alloc(5 + body.length);
    frame.writeUInt32BE(body.length, 1);
    frame.set(body, 5);
    return decode(answer, await this.#send(`/v2.KeyManagementService/${method}`, frame, signal));
  }

  #send(path: string, frame: Buffer, signal?: AbortSignal): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const session = connect('http://localhost', { createConnection: () => createConnection(this.#socket) });
      let failure: unknown;
      const giveUp = (why: unknown): void => {
        failure ??= why;
        session.destroy();
      };
      const abort = (): void => giveUp(signal?.reason);
      const timer = setTimeout(() => giveUp(this.#away(`no answer within ${this.#timeoutMs} ms`)), this.#timeoutMs);
      signal?.addEventListener('abort', abort, { once: true });
      session.on('error', (error) => giveUp(this.#away(error.message)));

      const stream = session.request({
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      let answer: IncomingHttpHeaders = {};
      const chunks: Buffer[] = [];
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
        signal?.removeEventListener('abort', abort);
        session.close();
        const body = Buffer.concat(chunks);
        const error = failure ?? this.#refusal(answer);
        if (error) reject(error);
        else if (body.length < 5 || body.length !== 5 + body.readUInt32BE(1)) reject(this.#away('it answered in part'));
        else resolve(body.subarray(5));
      });
      stream.end(frame);
    });
  }

  #refusal(answer: IncomingHttpHeaders): Error | undefined {
    const status = answer['grpc-status'] as string | undefined;
    if (status === '0') return undefined;
    if (status === undefined) return this.#away('the connection was lost');
    const message = decodeURIComponent(String(answer['grpc-message'] ?? `gRPC status ${status}`));
    return passing.has(status) ? this.#away(message) : new Error(message);
  }

  #away(why: string): StorageError {
    return new StorageError('Unavailable', `the key management service ${JSON.stringify(this.#name)} failed: ${why}`);
  }
}
