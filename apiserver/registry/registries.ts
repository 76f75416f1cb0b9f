/**
 * All resources of one server: their registries over one store and one watch cache, and what they serve as data.
 */
import type { Clock } from '../../openapi/machinery/clock.ts';
import type { Log } from '../../openapi/machinery/log.ts';
import { apiVersionOf, type KubeObject } from '../../openapi/machinery/meta.ts';
import type { ServedGroup, ServedResource, ServedSubresource, Verb } from '../../openapi/served.ts';
import type { Keyspace } from '../../storage/keys.ts';
import type { KeyValueStore } from '../../storage/kv.ts';
import { Store } from '../../storage/store.ts';
import { ConsistencyChecker } from '../cache/consistency.ts';
import type { WindowLimits } from '../cache/event-window.ts';
import { type StoreJudge, WatchCache } from '../cache/watch-cache.ts';
import type { Admission } from './admission.ts';
import { Guards } from './guards.ts';
import { ObjectRegistry } from './registry.ts';
import { allVerbs, hubForm, type Resource } from './resource.ts';
import { servedVirtual, type VirtualResource } from './virtual.ts';

/** What PATCH takes; strategic merge only where the whole of it is known (K-110, K-253). */
export const patchTypesOf = ({
  wire,
  tracksOwnership,
}: Pick<Resource, 'wire' | 'tracksOwnership'>): readonly string[] => [
  'application/json-patch+json',
  'application/merge-patch+json',
  ...(wire ? ['application/strategic-merge-patch+json'] : []),
  ...(tracksOwnership === false ? [] : ['application/apply-patch+yaml']),
];

const subresourceVerbs: readonly Verb[] = ['get', 'patch', 'update'];

export class Registries {
  readonly cache: WatchCache;
  /** Compares the cache with storage. */
  readonly checker: ConsistencyChecker;
  /** For writers that must not contradict those of other objects. */
  readonly guards: Guards;
  readonly all: readonly ObjectRegistry[];
  readonly #byName: ReadonlyMap<string, ObjectRegistry>;
  readonly #virtual: ReadonlyMap<string, VirtualResource>;
  readonly #versions: ReadonlySet<string>;

  constructor(parts: {
    resources: readonly Resource[];
    /** What is answered without being stored. */
    virtual?: readonly VirtualResource[];
    kv: KeyValueStore;
    keyspace: Keyspace;
    /** Asked about every write; it may itself read from the registries, which exist by the time it is asked. */
    admission: Admission;
    clock: Clock;
    log: Log;
    /** How much history watches can be served from; absent: as Kubernetes keeps it. */
    window?: WindowLimits;
    /** Asked before a state of storage is shown. */
    judge?: StoreJudge;
  }) {
    const { kv, keyspace, clock, log, admission, window, judge } = parts;
    const store = new Store(kv);
    const watchCache = new WatchCache({ kv, keyspace, clock, log, ...(judge && { judge }) });
    this.cache = watchCache;
    this.guards = new Guards(kv, keyspace);
    this.checker = new ConsistencyChecker({ cache: watchCache, kv, log });
    this.all = parts.resources.map(
      (resource) =>
        new ObjectRegistry({ resource, store, keyspace, watchCache, admission, clock, ...(window && { window }) }),
    );
    this.#byName = new Map(this.all.map((registry) => [nameOf(registry.resource), registry]));
    this.#virtual = new Map((parts.virtual ?? []).map((resource) => [nameOf(resource), resource]));
    this.#versions = new Set(
      this.served().flatMap(({ group, versions }) => versions.map(({ version }) => apiVersionOf({ group, version }))),
    );
  }

  /** @param group empty for the core group */
  find(group: string, plural: string): ObjectRegistry | undefined {
    return this.#byName.get(nameOf({ group, plural }));
  }

  /** Is anything served in that version of the group? */
  hasVersion(group: string, version: string): boolean {
    return this.#versions.has(apiVersionOf({ group, version }));
  }

  /** Is there such a resource, in that version and with that subresource? */
  serves(what: { group: string; version: string; resource: string; subresource: string }): boolean {
    const { resource } = this.find(what.group, what.resource) ?? {};
    if (!resource?.forms.some(({ version }) => version === what.version)) return false;
    const { subresource } = what;
    if (subresource === '' || subresource === 'status' || subresource === 'scale') return true;
    return resource.connections?.some(({ name }) => name === subresource) ?? false;
  }

  findVirtual(group: string, plural: string): VirtualResource | undefined {
    return this.#virtual.get(nameOf({ group, plural }));
  }

  /** The registry of a resource that is certain to be served, by the value that describes it. */
  of<T extends KubeObject, R>(resource: Resource<T, R>): ObjectRegistry<T> {
    const found = this.#byName.get(nameOf(resource));
    if (!found) throw new Error(`${nameOf(resource)} is not served`);
    return found as unknown as ObjectRegistry<T>;
  }

  /** What is served, for discovery and documents. */
  served(): ServedGroup[] {
    const groups = new Map<string, Resource[]>();
    for (const { resource } of this.all) groups.set(resource.group, [...(groups.get(resource.group) ?? []), resource]);
    const stored = [...groups].map(([group, resources]) => ({ group, versions: versionsOf(resources) }));
    return withVirtual(stored, [...this.#virtual.values()]);
  }

  /** Keeps the cache current, and sees to it that it is right, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.cache.run(signal), this.checker.run(signal)]);
  }
}

const nameOf = ({ group, plural }: { readonly group: string; readonly plural: string }): string => `${group}/${plural}`;

/** Virtual resources beside the stored ones of their group and version, or in groups of their own. */
function withVirtual(groups: readonly ServedGroup[], virtual: readonly VirtualResource[]): ServedGroup[] {
  const all = new Map(groups.map(({ group, versions }) => [group, [...versions]]));
  for (const resource of virtual) {
    const versions = all.get(resource.group) ?? [];
    all.set(resource.group, versions);
    const at = versions.findIndex(({ version }) => version === resource.version);
    const present = versions[at] ?? { version: resource.version, resources: [], patchTypes: [] };
    const added = { ...present, resources: [...present.resources, servedVirtual(resource)] };
    if (at < 0) versions.push(added);
    else versions[at] = added;
  }
  return [...all].map(([group, versions]) => ({ group, versions }));
}

/** Versions in the order of preference that the first resource of the group gives. */
function versionsOf(resources: readonly Resource[]): ServedGroup['versions'] {
  const names = [...new Set(resources.flatMap((resource) => resource.forms.map((form) => form.version)))];
  return names.map((version) => ({
    version,
    patchTypes: resources[0] ? patchTypesOf(resources[0]) : [],
    resources: resources
      .filter(({ forms }) => forms.some((form) => form.version === version))
      .map((resource) => servedAs(resource, version)),
  }));
}

function servedAs(resource: Resource, version: string): ServedResource {
  const form = resource.forms.find((candidate) => candidate.version === version)!;
  const { plural, singular, kind, listKind, shortNames = [], categories = [], namespaced, verbs = allVerbs } = resource;
  const status: ServedSubresource[] = resource.hasStatus ? [{ name: 'status', kind, verbs: subresourceVerbs }] : [];
  const others = (resource.subresources ?? []).map(({ name, group, version: itsVersion, kind: itsKind, schema }) => ({
    name,
    kind: itsKind,
    group,
    version: itsVersion,
    verbs: subresourceVerbs,
    schema,
  }));
  const connections = (resource.connections ?? []).map(({ name, kind: itsKind, verbs: itsVerbs }) => ({
    name,
    kind: itsKind,
    verbs: itsVerbs,
    connects: true,
  }));
  return {
    plural,
    singular,
    kind,
    listKind,
    shortNames,
    categories,
    namespaced,
    verbs,
    subresources: [...others, ...status, ...connections].sort((a, b) => (a.name < b.name ? -1 : 1)),
    schema: form.schema,
    ...(form.inputSchema && { inputSchema: form.inputSchema }),
    storageVersion: hubForm(resource).version,
    selectableFields: (resource.selectableFields ?? []).map(
      ({ label }) => form.selectableFields?.[label]?.field ?? label,
    ),
  };
}
