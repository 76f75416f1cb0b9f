/**
 * Answers on the wire: headers that every answer has, bodies, compression, warnings, errors (K-004 to K-015, K-353 to K-358, K-475).
 */
import { once } from 'node:events';
import { pipeline } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createGzip } from 'node:zlib';
import { jsonText } from '../../openapi/machinery/json.ts';
import type { Status } from '../../openapi/machinery/status.ts';
import { parseOwn } from '../codec/json.ts';
import { statusBody } from '../codec/protobuf/meta.ts';
import { encodeYaml } from '../codec/yaml.ts';
import { copiedBytes } from './chunks.ts';
import type { Exchange } from './exchange.ts';
import { asksForPretty, type Media, mediaTypes, statusMedia } from './negotiation.ts';
import { isYes } from './query.ts';

/** Smaller answers are not worth compressing (K-013). */
const gzipThreshold = 131_072;
/** What is compressed comes in pieces of this size. */
const zippedBytes = 64 * 1024;
/** Sum of the texts of all warnings, and the length that each is cut to when that is passed (K-476). */
const [maxWarnings, cutWarning] = [4096, 256];

/** The headers of every answer; called first for each request. */
export function setCommonHeaders({ response, auditId }: Pick<Exchange, 'response' | 'auditId'>): void {
  response.setHeader('audit-id', auditId);
  response.setHeader('cache-control', 'no-cache, private');
}

/** One header for each warning, with the code and agent that clients expect. */
function setWarnings({ response, warnings }: Exchange): void {
  if (!warnings.size) return;
  const clean = [...warnings].map((text) => text.replace(/\p{Cc}+/gu, ' '));
  const long = clean.reduce((sum, text) => sum + text.length, 0) > maxWarnings;
  let room = maxWarnings;
  const sent = clean
    .map((text) => (long ? text.slice(0, cutWarning) : text))
    .filter((text) => {
      room -= text.length;
      return room >= 0;
    });
  response.setHeader(
    'warning',
    sent.map((text) => `299 - "${Buffer.from(text.replace(/["\\]/g, '\\$&'), 'utf8').toString('latin1')}"`),
  );
}

/** Does the client want its JSON indented (K-134)? */
function wantsPretty({ query, request }: Exchange): boolean {
  const pretty = query.get('pretty');
  if (pretty !== null) return isYes(pretty);
  if (asksForPretty(request.headers.accept)) return true;
  const agent = request.headers['user-agent'] ?? '';
  return agent.startsWith('curl') || agent.startsWith('Wget') || agent.startsWith('Mozilla/5.0');
}

/** Sends JSON bytes, transformed to what was negotiated; what is protobuf was made so and is sent as it is. */
export async function sendJson(exchange: Exchange, code: number, media: Media, json: Buffer): Promise<void> {
  if (media === 'protobuf') return sendBytes(exchange, code, mediaTypes.protobuf, json);
  if (media === 'yaml') return sendBytes(exchange, code, mediaTypes.yaml, encodeYaml(parseOwn(json)));
  if (wantsPretty(exchange))
    return sendBytes(exchange, code, mediaTypes.json, Buffer.from(jsonText(parseOwn(json), 2)));
  return sendBytes(exchange, code, mediaTypes.json, json);
}

/** Sends a value that people read more often than programs do: always indented. */
export const sendIndented = (exchange: Exchange, code: number, value: unknown): Promise<void> =>
  sendBytes(exchange, code, mediaTypes.json, Buffer.from(jsonText(value, 2)));

/** Sends a value that was made for this answer, and has no form in protobuf. */
export const sendValue = (exchange: Exchange, code: number, media: Media, value: unknown): Promise<void> =>
  sendJson(exchange, code, media === 'protobuf' ? 'json' : media, Buffer.from(jsonText(value)));

/** Sends a Status in the form that the client accepts; when it accepts nothing of ours, as JSON for people (K-106). */
export function sendStatus(exchange: Exchange, status: Status): Promise<void> {
  const seconds = status.details?.retryAfterSeconds;
  if (seconds !== undefined) exchange.response.setHeader('retry-after', String(seconds));
  const media = statusMedia(exchange.request.headers.accept);
  if (media === undefined) return sendIndented(exchange, status.code ?? 200, status);
  if (media === 'protobuf') return sendBytes(exchange, status.code ?? 200, mediaTypes.protobuf, statusBody(status));
  return sendValue(exchange, status.code ?? 200, media, status);
}

/** A path that means nothing here (K-033). */
export const sendNoPage = (exchange: Exchange): Promise<void> => sendText(exchange, 404, '404 page not found\n');

export function sendText(exchange: Exchange, code: number, text: string): Promise<void> {
  exchange.response.setHeader('x-content-type-options', 'nosniff');
  return sendBytes(exchange, code, 'text/plain; charset=utf-8', Buffer.from(text));
}

/**
 * Sends a whole body; compresses it when it is long and the client takes it.
 *
 * @param worthZipping the length from which on it is compressed, in bytes
 */
export async function sendBytes(
  exchange: Exchange,
  code: number,
  type: string,
  body: Buffer,
  worthZipping = gzipThreshold,
): Promise<void> {
  const { response } = exchange;
  if (!begins(exchange, code, type)) return;
  if (body.length > worthZipping && acceptsGzip(exchange)) return sendChunks(exchange, zipped(exchange, [body]));
  response.setHeader('content-length', body.length);
  if (body.length > copiedBytes) return sendChunks(exchange, slicesOf(body));
  // Whole, though its time may be over: that is what it says then.
  response.end(exchange.request.method === 'HEAD' ? undefined : body);
}

/**
 * Sends a list as `sendJson` does. A long one is sent as it is made, and never held as a whole where it can be sent as it is.
 *
 * @param chunks of JSON, or of what was negotiated
 */
export async function sendList(exchange: Exchange, media: Media, chunks: Iterable<Buffer>): Promise<void> {
  if (media !== 'json' || wantsPretty(exchange)) return sendJson(exchange, 200, media, await joined(chunks));
  const making = chunks[Symbol.iterator]();
  const [first, second] = [making.next(), making.next()];
  if (first.done || second.done) return sendJson(exchange, 200, media, first.value ?? Buffer.alloc(0));
  if (!begins(exchange, 200, mediaTypes.json)) return;
  const all = continued([first.value, second.value], making);
  return sendChunks(exchange, acceptsGzip(exchange) ? zipped(exchange, all) : all);
}

/** Sets what is the same however the body is sent. @returns is there anybody to send it to? */
function begins(exchange: Exchange, code: number, type: string): boolean {
  const { response } = exchange;
  if (response.writableEnded || response.destroyed) return false;
  setWarnings(exchange);
  response.setHeader('content-type', type);
  response.statusCode = code;
  return true;
}

async function sendChunks(exchange: Exchange, chunks: Iterable<Buffer> | AsyncIterable<Buffer>): Promise<void> {
  const { response, request } = exchange;
  if (request.method !== 'HEAD') for await (const chunk of chunks) if (!(await write(exchange, chunk))) return;
  response.end();
}

/** What is sent instead, compressed in another thread. */
function zipped({ response }: Exchange, chunks: Iterable<Buffer>): AsyncIterable<Buffer> {
  response.setHeader('content-encoding', 'gzip');
  addVary(response, 'Accept-Encoding');
  const zip = createGzip({ level: 1, chunkSize: zippedBytes });
  // Whoever reads is told of a failure; one who stops reading ends both.
  pipeline(chunks, zip, () => {});
  return zip;
}

function* slicesOf(body: Buffer): Generator<Buffer, void, undefined> {
  for (let at = 0; at < body.length; at += copiedBytes) yield body.subarray(at, at + copiedBytes);
}

function* continued(begun: readonly Buffer[], rest: Iterator<Buffer>): Generator<Buffer, void, undefined> {
  yield* begun;
  for (let next = rest.next(); !next.done; next = rest.next()) yield next.value;
}

/** Other requests get their turn between chunks. */
async function joined(chunks: Iterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for (const chunk of chunks) {
    all.push(chunk);
    await nextTurn();
  }
  return Buffer.concat(all);
}

/** Only the bare token counts, as in Kubernetes: `gzip;q=0` does not. */
const acceptsGzip = ({ request }: Exchange): boolean =>
  String(request.headers['accept-encoding'] ?? '')
    .split(',')
    .some((token) => token.trim() === 'gzip');

/** Says that the answer depends on one more header of the request. */
function addVary(response: Exchange['response'], name: string): void {
  const present = response.getHeader('vary');
  if (String(present ?? '').includes(name)) return;
  response.setHeader('vary', present ? `${String(present)}, ${name}` : name);
}

/**
 * Writes, and waits while the client is slow to take it.
 *
 * @returns false when the client has gone
 */
export async function write({ response, signal }: Exchange, bytes: Buffer): Promise<boolean> {
  if (signal.aborted || response.destroyed) return false;
  if (response.write(bytes)) return true;
  try {
    await once(response, 'drain', { signal });
    return true;
  } catch {
    return false;
  }
}
