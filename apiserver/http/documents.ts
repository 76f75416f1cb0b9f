/**
 * Discovery, OpenAPI documents and the version, over HTTP: paths, media types, conditional requests (K-034, K-040 to K-072).
 *
 * What the documents say is made elsewhere from what is served (discovery.ts, openapi/document/).
 */
import type { Router } from 'express';
import { type OpenApiDocuments, openApiDocuments } from '../../openapi/document/index.ts';
import type { PublishedDocument } from '../../openapi/document/published.ts';
import { StatusError } from '../../openapi/machinery/status.ts';
import type { ServedGroup } from '../../openapi/served.ts';
import { aggregatedType, type DiscoveryDocuments, discoveryDocuments } from '../discovery.ts';
import type { VersionInfo } from '../version.ts';
import type { Exchange } from './exchange.ts';
import { answering, exchangeOf } from './express-endpoint.ts';
import { clausesOf, negotiate } from './negotiation.ts';
import { sendBytes, sendIndented, sendJson } from './respond.ts';

const json = 'application/json';
/** Clients ask with the first spelling; answers always have the second (K-069). */
const swaggerAsked = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
const swaggerAnswered = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';
/** A document named by its hash never changes. */
const yearMs = 365 * 24 * 3600 * 1000;

type Find = (exchange: Exchange) => PublishedDocument | undefined;

export function addDocuments(router: Router, groups: readonly ServedGroup[], version: VersionInfo): void {
  addDiscovery(router, discoveryDocuments(groups));
  addOpenApi(router, openApiDocuments(groups));
  only(router, '/version', (exchange) => sendIndented(exchange, 200, version));
  const paths = pathsOf(groups);
  only(router, '/', (exchange) => sendIndented(exchange, 200, { paths }));
}

function addDiscovery(router: Router, discovery: DiscoveryDocuments): void {
  // A path without a document is like any other unknown path.
  const at = (path: string, find: Find, aggregated?: () => PublishedDocument): void => {
    router.all(path, (request, response, next) => {
      const document = find(exchangeOf(request));
      if (!document) return void next();
      answering((exchange) => onlyGet(exchange, () => sendDiscovery(exchange, document, aggregated)))(
        request,
        response,
        next,
      );
    });
  };
  const parts = ({ attributes }: Exchange): string[] => attributes.path.split('/').filter((part) => part !== '');
  at('/api', () => discovery.api(), discovery.aggregatedApi);
  at('/apis', () => discovery.apis(), discovery.aggregatedApis);
  at('/api/:version', (exchange) => discovery.resources('', parts(exchange)[1] ?? ''));
  at('/apis/:group', (exchange) => discovery.group(parts(exchange)[1] ?? ''));
  at('/apis/:group/:version', (exchange) => {
    const [, group = '', version = ''] = parts(exchange);
    return discovery.resources(group, version);
  });
}

/** A path that is there to be read, and nothing else (K-031). */
const only = (router: Router, path: string, send: (exchange: Exchange) => Promise<void>): void =>
  void router.all(
    path,
    answering((exchange) => onlyGet(exchange, () => send(exchange))),
  );

/** @throws StatusError 405, also for HEAD, as Kubernetes has it */
const onlyGet = async (exchange: Exchange, send: () => Promise<void>): Promise<void> => {
  if (exchange.request.method !== 'GET') throw StatusError.methodNotAllowed();
  return send();
};

/** All groups at once, or one by one, whichever the client names first (K-050, K-051). */
function sendDiscovery(
  exchange: Exchange,
  document: PublishedDocument,
  aggregated: (() => PublishedDocument) | undefined,
): Promise<void> {
  const { response, request } = exchange;
  const asked = aggregated && asksAggregated(request.headers.accept);
  if (aggregated) response.setHeader('vary', 'Accept');
  if (aggregated && asked === 'aggregated') {
    response.setHeader('cache-control', 'public');
    return sendConditionally(exchange, aggregated(), aggregatedType);
  }
  if (asked === 'nothing of ours')
    throw StatusError.notAcceptable([json, 'application/yaml', 'application/vnd.kubernetes.protobuf']);
  return sendJson(exchange, 200, negotiate(request.headers.accept).media, document.json);
}

function asksAggregated(accept: string | undefined): 'aggregated' | 'plain' | 'nothing of ours' {
  if (!accept) return 'plain';
  for (const { type, parameters } of clausesOf(accept)) {
    const plain = !parameters.has('as');
    if (plain && ['application/json', 'application/yaml', '*/*', 'application/*'].includes(type)) return 'plain';
    const known = parameters.get('as') === 'APIGroupDiscoveryList' && parameters.get('g') === 'apidiscovery.k8s.io';
    if (type === json && known && parameters.get('v') === 'v2') return 'aggregated';
  }
  return 'nothing of ours';
}

function addOpenApi(router: Router, documents: OpenApiDocuments): void {
  router.get(
    '/openapi/v3',
    answering((exchange) => sendConditionally(exchange, documents.index(), json)),
  );
  router.get('/openapi/v3/*path', (request, response, next) => {
    const document = documents.v3(exchangeOf(request).attributes.path.replace(/^\/openapi\/v3\//, ''));
    if (!document) return void next();
    answering((exchange) => sendOpenApiV3(exchange, document))(request, response, next);
  });
  router.get(
    '/openapi/v2',
    answering((exchange) => sendOpenApiV2(exchange, documents)),
  );
}

/** A stale hash is answered with the present document, since the aggregator turns redirects into errors (K-059). */
function sendOpenApiV3(exchange: Exchange, document: PublishedDocument): Promise<void> {
  const { response, query, request } = exchange;
  response.setHeader('vary', 'Accept');
  if (!acceptsAny(request.headers.accept, [json])) return sendBytes(exchange, 406, json, Buffer.alloc(0));
  if (query.get('hash') === document.hash) {
    response.setHeader('cache-control', 'public, immutable');
    // Kubernetes writes the zone so, and its clients read what it writes.
    response.setHeader('expires', new Date(Date.now() + yearMs).toUTCString().replace('GMT', 'UTC'));
  }
  return sendConditionally(exchange, document, json);
}

function sendOpenApiV2(exchange: Exchange, documents: OpenApiDocuments): Promise<void> {
  const { response, request } = exchange;
  const { accept } = request.headers;
  response.setHeader('vary', 'Accept-Encoding, Accept');
  const zipped = { worthZipping: 0 };
  if (acceptsAny(accept, [json])) return sendConditionally(exchange, documents.v2(), json, zipped);
  if (!acceptsAny(accept, [swaggerAsked, swaggerAnswered])) return sendBytes(exchange, 406, json, Buffer.alloc(0));
  const bytes = documents.v2AsProtobuf;
  return sendConditionally(exchange, documents.v2(), swaggerAnswered, { ...zipped, bytes });
}

const acceptsAny = (accept: string | undefined, types: readonly string[]): boolean =>
  !accept || clausesOf(accept).some(({ type }) => type === '*/*' || type === 'application/*' || types.includes(type));

/** When the documents were made: they change with the build only. */
const made = new Date().toUTCString();

function sendConditionally(
  exchange: Exchange,
  document: PublishedDocument,
  type: string,
  { bytes = () => document.json, worthZipping }: { bytes?: () => Buffer; worthZipping?: number } = {},
): Promise<void> {
  const { response, request } = exchange;
  response.setHeader('etag', document.etag);
  response.setHeader('last-modified', made);
  if (!names(request.headers['if-none-match'], document.etag))
    return sendBytes(exchange, 200, type, bytes(), worthZipping);
  response.statusCode = 304;
  response.end();
  return Promise.resolve();
}

/** Does a list of entity tags, weak or strong, hold this one (RFC 9110, 13.1.2)? */
const names = (ifNoneMatch: string | undefined, etag: string): boolean =>
  ifNoneMatch?.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag) ?? false;

/** What `GET /` lists (K-034). */
function pathsOf(groups: readonly ServedGroup[]): string[] {
  const roots = groups.flatMap(({ group, versions }) => {
    const root = group ? `/apis/${group}` : '/api';
    return [root, ...versions.map(({ version }) => `${root}/${version}`)];
  });
  return ['/apis', '/healthz', '/livez', '/openapi/v2', '/openapi/v3', '/readyz', '/version', ...roots].sort();
}
