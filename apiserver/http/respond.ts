/**
 * Answers on the wire: headers that every answer has, bodies, compression, warnings, errors (K-004 to K-015, K-353 to K-358, K-475).
 */
import { once } from 'node:events';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { jsonText } from '../../openapi/machinery/json.ts';
import type { Status } from '../../openapi/machinery/status.ts';
import { parseOwn } from '../codec/json.ts';
import { statusBody } from '../codec/protobuf/meta.ts';
import { encodeYaml } from '../codec/yaml.ts';
import type { Exchange } from './exchange.ts';
import { asksForPretty, type Media, mediaTypes, statusMedia } from './negotiation.ts';
import { isYes } from './query.ts';

const zip = promisify(gzip);

/** Smaller answers are not worth compressing (K-013). */
const gzipThreshold = 131_072;
/** Large answers are written in pieces, so that other requests get their turn between them. */
const chunkBytes = 256 * 1024;
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
  const { response, request } = exchange;
  setWarnings(exchange);
  response.setHeader('content-type', type);
  let bytes = body;
  if (body.length > worthZipping && acceptsGzip(request.headers['accept-encoding'])) {
    bytes = await zip(body, { level: 1 });
    response.setHeader('content-encoding', 'gzip');
    addVary(response, 'Accept-Encoding');
  }
  if (response.writableEnded || response.destroyed) return;
  response.statusCode = code;
  response.setHeader('content-length', bytes.length);
  if (bytes.length <= chunkBytes) {
    response.end(request.method === 'HEAD' ? undefined : bytes);
    return;
  }
  for (let at = 0; at < bytes.length; at += chunkBytes)
    if (!(await write(exchange, bytes.subarray(at, at + chunkBytes)))) return;
  response.end();
}

/** Only the bare token counts, as in Kubernetes: `gzip;q=0` does not. */
const acceptsGzip = (header: string | string[] | undefined): boolean =>
  String(header ?? '')
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
