/**
 * What is counted about requests, under the names that kube-apiserver gives it, and `/metrics` (K-081).
 */
import type { Router } from 'express';
import type { Metrics } from '../../openapi/machinery/metrics.ts';
import type { RequestAttributes } from './attributes.ts';
import type { Exchange } from './exchange.ts';
import { answering } from './express-endpoint.ts';
import { sendBytes } from './respond.ts';

/** Told of every request that has been answered. */
export type RequestObserver = (exchange: Exchange, seconds: number) => void;

/** kube-apiserver's buckets, in seconds, without those that only global services need. */
const buckets = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3, 6, 15, 30, 60];
const verbs = new Set([
  'get',
  'list',
  'watch',
  'create',
  'update',
  'patch',
  'delete',
  'deletecollection',
  'post',
  'put',
  'head',
]);
const requestLabels = ['verb', 'group', 'version', 'resource', 'subresource', 'scope'] as const;

/** @param served tells whether there is such a resource: what clients make up must not make up series */
export function observeRequests(metrics: Metrics, served: (attributes: RequestAttributes) => boolean): RequestObserver {
  const count = metrics.counter('apiserver_request_total', 'Requests that were answered.', [...requestLabels, 'code']);
  const time = metrics.histogram(
    'apiserver_request_duration_seconds',
    'How long requests took; watches and other connections are not among them.',
    requestLabels,
    buckets,
  );
  return ({ attributes, response, lasts }, seconds) => {
    const { verb, group, version, resource, subresource, name, namespace } = attributes;
    const what = served(attributes)
      ? { group, version, resource, subresource, scope: name ? 'resource' : namespace ? 'namespace' : 'cluster' }
      : { group: '', version: '', resource: '', subresource: '', scope: '' };
    const labels = { ...what, verb: verbs.has(verb) ? verb.toUpperCase() : 'OTHER' };
    count({ ...labels, code: String(response.statusCode) });
    if (!lasts) time(labels, seconds);
  };
}

export const addMetrics = (router: Router, metrics: Metrics): void => {
  router.get(
    '/metrics',
    answering(async (exchange) => {
      await sendBytes(exchange, 200, metrics.contentType, Buffer.from(await metrics.text()));
    }),
  );
};
