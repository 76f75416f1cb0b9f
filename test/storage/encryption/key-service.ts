/**
 * A key management service for tests, as Kubernetes' clients see one: gRPC on a unix socket. It "encrypts" by setting its key's
 * name before what it was given, and refuses what does not begin so.
 */
import { createServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { decode, encode } from '../../../storage/encryption/kms/messages.ts';

export class FakeKeyService {
  /** The key that it uses at present; all that it ever had are good for decryption. */
  key = 'kek1';
  healthz = 'ok';
  /** Methods in the order in which they were called. */
  readonly calls: string[] = [];
  readonly endpoint: string;
  readonly #server = createServer();
  readonly #sessions = new Set<ServerHttp2Session>();

  private constructor(socket: string) {
    this.endpoint = `unix://${socket}`;
    this.#server.on('session', (session) => this.#sessions.add(session));
    this.#server.on('stream', (stream, headers) => void this.#serve(stream, String(headers[':path'])));
  }

  static async start(socket: string): Promise<FakeKeyService> {
    const service = new FakeKeyService(socket);
    await new Promise<void>((resolve) => service.#server.listen(socket, resolve));
    return service;
  }

  async stop(): Promise<void> {
    for (const session of this.#sessions) session.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(stream: ServerHttp2Stream, path: string): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    const method = path.slice('/v2.KeyManagementService/'.length);
    this.calls.push(method);
    const answer = this.#answer(method, Buffer.concat(chunks).subarray(5));
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () =>
      stream.sendTrailers(answer ? { 'grpc-status': '0' } : { 'grpc-status': '3', 'grpc-message': 'no%20such%20key' }),
    );
    if (!answer) return void stream.end();
    const frame = Buffer.alloc(5);
    frame.writeUInt32BE(answer.length, 1);
    stream.end(Buffer.concat([frame, answer]));
  }

  #answer(method: string, body: Buffer): Buffer | undefined {
    const annotations = { 'kms.example/version': Buffer.from('1') };
    if (method === 'Status')
      return encode('StatusResponse', { version: 'v2', healthz: this.healthz, key_id: this.key });
    if (method === 'Encrypt') {
      const { plaintext } = decode('EncryptRequest', body);
      const ciphertext = Buffer.concat([Buffer.from(`${this.key}|`), plaintext]);
      return encode('EncryptResponse', { ciphertext, key_id: this.key, annotations });
    }
    const { ciphertext, key_id } = decode('DecryptRequest', body);
    if (!ciphertext.toString('latin1').startsWith(`${key_id}|`)) return undefined;
    return encode('DecryptResponse', { plaintext: ciphertext.subarray(key_id.length + 1) });
  }
}
