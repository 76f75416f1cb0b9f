/**
 * What there is to count about the watch cache, under the names that Kubernetes gives it where it has one (K-588, K-596).
 *
 * Nothing is counted here: the numbers are kept anyway, and read when metrics are collected.
 */
import type { Metrics } from '../../openapi/machinery/metrics.ts';
import type { DerivedForms } from '../cache/derived-forms.ts';
import type { ResourceCache } from '../cache/resource-cache.ts';
import type { Registries } from './registries.ts';
import type { ObjectRegistry } from './registry.ts';

const labels = ['group', 'resource'] as const;

export function observeCache(metrics: Metrics, registries: Registries, forms: DerivedForms): void {
  const { cache, checker, all } = registries;
  const labelsOf = ({ resource }: ObjectRegistry) => ({ group: resource.group, resource: resource.plural });
  const each = (read: (cache: ResourceCache) => number) => () =>
    all.map((registry) => [labelsOf(registry), read(registry.cache)] as const);
  const gauge = (name: string, help: string, read: (cache: ResourceCache) => number): void =>
    metrics.gauge(name, help, labels, each(read));
  const total = (name: string, help: string, read: (cache: ResourceCache) => number): void =>
    metrics.total(name, help, labels, each(read));

  metrics.gauge('apiserver_storage_objects', 'Objects that are stored.', ['resource'], () =>
    all.map(({ resource: { group, plural }, cache: { size } }) => [
      { resource: group ? `${plural}.${group}` : plural },
      size,
    ]),
  );
  gauge('apiserver_resource_objects', 'Objects that are stored.', ({ size }) => size);
  gauge('kubedirector_unreadable_objects', 'Stored objects that cannot be read.', ({ unreadable }) => unreadable.size);
  gauge('apiserver_watch_cache_resource_version', 'The revision that the cache shows.', () => cache.revision);
  gauge('watch_cache_capacity', 'Recent events from which watches are served.', ({ window }) => window.size);
  gauge('kubedirector_watch_cache_window_bytes', 'Of the objects in recent events.', ({ window }) => window.bytes);
  gauge('kubedirector_watch_cache_object_bytes', 'Of the objects as they are served.', ({ bytes }) => bytes);
  gauge('kubedirector_watch_cache_watchers', 'Watches that are open.', ({ watchers }) => watchers);
  metrics.gauge('kubedirector_watch_cache_derived_bytes', 'At most, of other forms of objects.', [], () => [
    [{}, forms.bytes],
  ]);
  total(
    'apiserver_watch_cache_initializations_total',
    'How often the cache was filled.',
    ({ generation }) => generation,
  );
  total('apiserver_watch_cache_events_received_total', 'Events told by storage.', ({ received }) => received);
  total('apiserver_terminated_watchers_total', 'Watches that ended since they fell behind.', (its) => its.overtaken);
  metrics.total(
    'apiserver_storage_consistency_checks_total',
    'Comparisons of the cache with storage.',
    [...labels, 'status'],
    () =>
      all.flatMap((registry) =>
        Object.entries(checker.outcomes.get(registry.root) ?? {}).map(
          ([status, count]) => [{ ...labelsOf(registry), status }, count] as const,
        ),
      ),
  );
}
