/**
 * What stories are made of: objects of the kind, and requests about them.
 */
import { apiVersion, kind } from '../court.ts';
import type { Request } from '../sides.ts';

export interface Story {
  readonly title: string;
  readonly requests: readonly Request[];
}

export const its = { apiVersion, kind };
export const usual = { app: 'spark', roles: [{ id: 'a', members: 1 }] };
export const object = (name: unknown, spec: unknown = usual, metadata: object = {}) => ({
  ...its,
  metadata: { name, ...metadata },
  spec,
});
export const M = 'application/merge-patch+json';
export const JP = 'application/json-patch+json';
export const A = 'application/apply-patch+yaml';
export const yaml = 'application/yaml';
export const pb = 'application/vnd.kubernetes.protobuf';

export const post = (body: unknown, more: Partial<Request> = {}): Request => ({ method: 'POST', body, ...more });
export const put = (name: string, body: unknown, more: Partial<Request> = {}): Request => ({
  method: 'PUT',
  name,
  body,
  onTopOfLive: true,
  revision: 'current',
  ...more,
});
/** As it stands, whatever is there. */
export const sent = (name: string, body: unknown, more: Partial<Request> = {}): Request => ({
  method: 'PUT',
  name,
  body,
  ...more,
});
export const merge = (name: string, body: unknown, more: Partial<Request> = {}): Request => ({
  method: 'PATCH',
  name,
  type: M,
  body,
  ...more,
});
export const json = (name: string, body: unknown, more: Partial<Request> = {}): Request => ({
  method: 'PATCH',
  name,
  type: JP,
  body,
  ...more,
});
export const apply = (name: string, body: unknown, more: Partial<Request> = {}): Request => ({
  method: 'PATCH',
  name,
  type: A,
  body,
  query: { fieldManager: 'ann' },
  ...more,
});
export const get = (name?: string, more: Partial<Request> = {}): Request => ({
  method: 'GET',
  ...(name !== undefined && { name }),
  type: '',
  ...more,
});
export const remove = (name?: string, body?: unknown, more: Partial<Request> = {}): Request => ({
  method: 'DELETE',
  ...(name !== undefined && { name }),
  ...(body !== undefined && { body }),
  ...more,
});
export const one = post(object('one'));

export const each = (
  subject: string,
  requests: Record<string, Request | readonly Request[]>,
  before: readonly Request[] = [],
): Story[] =>
  Object.entries(requests).map(([title, what]) => ({
    title: `${subject} ${title}`,
    requests: [...before, ...[what].flat()],
  }));

/** Three objects: two of one label, one of another with a finalizer. */
const two = post(object('two', { app: 'flink' }, { labels: { tier: 'a' } }));
const three = post(object('three', { app: 'flink' }, { labels: { tier: 'b' }, finalizers: ['a.b/c'] }));
/** The last read waits until caches have them all, too. */
export const several = [
  post(object('one', usual, { labels: { tier: 'a' } })),
  two,
  three,
  get('three', { listRevision: 'current' }),
];
