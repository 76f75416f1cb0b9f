/**
 * Content negotiation: which form and media type a client gets, and in which its body is (section B of the requirements).
 */
import { StatusError } from '../../openapi/machinery/status.ts';

/** `protobuf` only for what every kind has: metadata alone, and Statuses (K-104). */
export type Media = 'json' | 'yaml' | 'protobuf';

export const mediaTypes: Readonly<Record<Media, string>> = {
  json: 'application/json',
  yaml: 'application/yaml',
  protobuf: 'application/vnd.kubernetes.protobuf',
};

/** A form that is made from the object: rows for people, or its metadata alone. */
export type Transform = 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList';

export interface Negotiated {
  readonly media: Media;
  readonly transform?: Transform;
  /** Version of meta.k8s.io that a transformed answer is written in. */
  readonly metaVersion: 'v1' | 'v1beta1';
}

interface Clause {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

/** What a 406 lists; protobuf is offered for some answers only, but named in all of them (K-106). */
const offered = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];
const offeredForWatch = ['application/json;stream=watch', 'application/vnd.kubernetes.protobuf;stream=watch'];

/** Accept headers are few and long; each is understood once. */
const understood = new Map<string, readonly Clause[]>();
const maxUnderstood = 1000;

export function clausesOf(accept: string): readonly Clause[] {
  const known = understood.get(accept);
  if (known) return known;
  const clauses = accept
    .split(',')
    .map((text) => text.trim())
    .filter((text) => text !== '')
    .map(clauseOf)
    .map((clause, position) => ({ clause, position }))
    .filter(({ clause }) => clause.quality > 0)
    .sort((a, b) => b.clause.quality - a.clause.quality || a.position - b.position)
    .map(({ clause }) => clause);
  if (understood.size >= maxUnderstood) understood.clear();
  understood.set(accept, clauses);
  return clauses;
}

function clauseOf(text: string): Clause {
  const [type = '', ...rest] = text.split(';').map((part) => part.trim());
  const parameters = new Map<string, string>();
  for (const parameter of rest) {
    const at = parameter.indexOf('=');
    if (at > 0) parameters.set(parameter.slice(0, at).toLowerCase(), parameter.slice(at + 1).replace(/^"(.*)"$/, '$1'));
  }
  const quality = Number(parameters.get('q') ?? '1');
  return { type: type.toLowerCase(), parameters, quality: Number.isNaN(quality) ? 1 : quality };
}

const mediaOf = (type: string, forWatch: boolean): Media | undefined => {
  if (type === 'application/json' || type === '*/*' || type === 'application/*') return 'json';
  if (type === mediaTypes.protobuf) return 'protobuf';
  // YAML cannot be told apart into events (K-115).
  return type === 'application/yaml' && !forWatch ? 'yaml' : undefined;
};

/**
 * The first clause, by quality and then position, that can be met; the others are passed over (K-102).
 *
 * @throws StatusError NotAcceptable when none can
 */
export function negotiate(accept: string | undefined, forWatch = false): Negotiated {
  if (!accept) return { media: 'json', metaVersion: 'v1' };
  for (const { type, parameters } of clausesOf(accept)) {
    const media = mediaOf(type, forWatch);
    if (!media) continue;
    const transform = parameters.get('as');
    if (media === 'protobuf' && !transform?.startsWith('PartialObjectMetadata')) continue;
    if (transform === undefined) return { media, metaVersion: 'v1' };
    if (parameters.get('g') !== 'meta.k8s.io') continue;
    const version = parameters.get('v');
    if (version !== 'v1' && version !== 'v1beta1') continue;
    if (transform === 'Table' || transform === 'PartialObjectMetadata' || transform === 'PartialObjectMetadataList')
      return { media, transform, metaVersion: version };
  }
  throw StatusError.notAcceptable(forWatch ? offeredForWatch : offered);
}

/**
 * In what a Status is written. It is never transformed, so clauses that ask for a form made of an object do not count (K-106, K-121).
 *
 * @returns undefined when the client wants nothing that we have
 */
export function statusMedia(accept: string | undefined): Media | undefined {
  if (!accept) return 'json';
  for (const { type, parameters } of clausesOf(accept)) {
    const media = mediaOf(type, false);
    if (media && !parameters.has('as')) return media;
  }
  return undefined;
}

/** Indented JSON may be asked for in the clause itself, too (K-103). */
export const asksForPretty = (accept: string | undefined): boolean =>
  accept?.includes('pretty') === true &&
  clausesOf(accept).some(({ type, parameters }) => type === mediaTypes.json && parameters.get('pretty') === '1');

/** In what a body is written. */
export type BodyMedia = 'json' | 'yaml';

/**
 * @param contentType as sent; absent or empty means JSON (K-108)
 * @throws StatusError UnsupportedMediaType (K-109)
 */
export function bodyMedia(contentType: string | undefined): BodyMedia {
  const type = bareType(contentType);
  if (type === '' || type === 'application/json') return 'json';
  if (type === 'application/yaml') return 'yaml';
  throw StatusError.unsupportedMediaType(offered);
}

/** A media type without its parameters, in lower case. */
export const bareType = (contentType: string | undefined): string =>
  (contentType ?? '').split(';', 1)[0]!.trim().toLowerCase();
