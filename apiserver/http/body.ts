/**
 * Request bodies: read up to the limit (K-012), then decoded by their media type.
 */
import { orAborted } from '../../openapi/machinery/signal.ts';
import { StatusError } from '../../openapi/machinery/status.ts';
import { DecodeError, decodeJson } from '../codec/json.ts';
import { deleteOptionsIn } from '../codec/protobuf/meta.ts';
import { decodeYaml } from '../codec/yaml.ts';
import { type ReceivedDocument, snippet } from '../registry/documents.ts';
import type { Resource, WireForms } from '../registry/resource.ts';
import type { Exchange } from './exchange.ts';
import { type BodyMedia, bareType, bodyMedia } from './negotiation.ts';

const maxBodyBytes = 3 * 1024 * 1024;

const tooLarge = (): StatusError => StatusError.entityTooLarge(`Request entity too large: limit is ${maxBodyBytes}`);

/** @throws StatusError 413; the reason of the signal when the client sends too slowly */
export async function readBody(exchange: Exchange): Promise<Buffer> {
  try {
    return await orAborted(received(exchange), exchange.signal);
  } catch (error) {
    abandonBody(exchange);
    throw error;
  }
}

/** Nobody reads what is still to come, so neither connection nor stream may outlive the answer. */
function abandonBody({ request, response }: Exchange): void {
  if (request.httpVersionMajor === 1) {
    if (!response.headersSent) response.setHeader('connection', 'close');
    return;
  }
  // The response itself says that it has finished only when its stream is closed.
  const { stream } = request;
  stream?.once?.('finish', () => stream.close?.());
}

async function received({ request }: Exchange): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > maxBodyBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBodyBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size);
}

/**
 * Receives an object of some kind.
 *
 * @param resource whose kind is named in the refusal (K-157), and whose other wire forms are taken
 * @returns what decodes it, and throws StatusError 400: in Kubernetes' order options are judged in between (K-135)
 * @throws StatusError 413, 415
 */
export async function receiveDocument(
  exchange: Exchange,
  { kind, wire }: Pick<Resource, 'kind' | 'wire'>,
): Promise<() => ReceivedDocument> {
  const protobuf = wire !== undefined && isProtobuf(exchange);
  const media = protobuf ? 'json' : bodyMedia(exchange.header('content-type'));
  const body = await readBody(exchange);
  return () => {
    const value = fromProtobuf(exchange, body, wire);
    return value ? { value, duplicates: [] } : decodeDocument(body, media, kind);
  };
}

const isProtobuf = (exchange: Exchange): boolean =>
  bareType(exchange.header('content-type')) === 'application/vnd.kubernetes.protobuf';

/** A body that says it is protobuf, where such bodies are known; undefined for all others. @throws StatusError 400, 415 */
export function fromProtobuf(
  exchange: Exchange,
  body: Buffer,
  wire: WireForms | undefined,
): Record<string, unknown> | undefined {
  if (!wire || !isProtobuf(exchange)) return undefined;
  const value = decoding(() => wire.protobuf(body));
  if (!value) throw StatusError.unsupportedMediaType(['application/json', 'application/yaml']);
  return value;
}

/** Options of a delete are known in protobuf whatever the kind is (K-111). @throws StatusError 400 */
export function deleteOptionsFrom(exchange: Exchange, body: Buffer): Record<string, unknown> | undefined {
  return isProtobuf(exchange) ? decoding(() => deleteOptionsIn(body)) : undefined;
}

export const repeatedField = (path: string): string => `duplicate field ${JSON.stringify(path)}`;

/** @throws StatusError 400 */
export function decodeDocument(body: Buffer, media: BodyMedia, kind: string): ReceivedDocument {
  try {
    const { value, duplicates } = media === 'yaml' ? decodeYaml(body) : decodeJson(body);
    const findings = media === 'yaml' ? duplicates : duplicates.map(repeatedField);
    return { value, duplicates: findings, ...(media === 'yaml' && { preface: 'yaml: unmarshal errors:\n  ' }) };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw StatusError.badRequest(
      `the object provided is unrecognized (must be of type ${kind}): couldn't get version/kind; json parse error: ${error.message} (${shown(body)})`,
    );
  }
}

/** The beginning of a body that cannot be read: text when it looks like JSON, else hex. */
const shown = (body: Buffer): string =>
  body.length === 0 || body[0] === 0x7b ? snippet(body.toString('utf8')) : snippet(body.toString('hex'));

/** @throws StatusError BadRequest for what cannot be decoded */
export function decoding<T>(decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (error instanceof DecodeError) throw StatusError.badRequest(error.message);
    throw error;
  }
}
