/**
 * What a server tells about itself: groups, versions and resources, one by one and all at once (section A.3 of the requirements).
 *
 * Only the documents, derived from what is served and made when first asked for. Paths, media types and conditional requests are
 * http/documents.ts' knowledge.
 */
import { createHash } from 'node:crypto';
import { once, type PublishedDocument, published } from '../openapi/document/published.ts';
import { apiVersionOf } from '../openapi/machinery/meta.ts';
import type { ServedGroup, ServedResource, ServedSubresource } from '../openapi/served.ts';

export interface DiscoveryDocuments {
  /** `GET /api`, APIVersions: the versions of the core group; undefined on a server that has none. */
  readonly api: () => PublishedDocument | undefined;
  /** `GET /apis`, APIGroupList (K-042). */
  readonly apis: () => PublishedDocument;
  /** `GET /apis/G`, APIGroup (K-041); undefined for what is not served. */
  readonly group: (group: string) => PublishedDocument | undefined;
  /** `GET /apis/G/V` and `GET /api/V`, APIResourceList (K-040); undefined for what is not served. */
  readonly resources: (group: string, version: string) => PublishedDocument | undefined;
  /** `GET /api` as APIGroupDiscoveryList: the core group with all its resources in one document (K-050). */
  readonly aggregatedApi: () => PublishedDocument;
  /** `GET /apis` as APIGroupDiscoveryList: every other group (K-050, K-053). */
  readonly aggregatedApis: () => PublishedDocument;
}

/** The content type of the aggregated documents, byte for byte what clients compare it with (K-050). */
export const aggregatedType = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

export function discoveryDocuments(groups: readonly ServedGroup[]): DiscoveryDocuments {
  const core = groups.filter(({ group }) => group === '');
  const named = groups.filter(({ group }) => group !== '');
  const ofGroup = new Map(
    named.map((served) => [served.group, once(() => published(withType('APIGroup', apiGroup(served))))]),
  );
  const ofVersion = new Map(
    groups.flatMap(({ group, versions }) =>
      versions.map(({ version, resources }) => [
        apiVersionOf({ group, version }),
        once(() => published(apiResourceList(group, version, resources))),
      ]),
    ),
  );
  return {
    api: once(() => core[0] && published(apiVersions(core[0]))),
    apis: once(() => published(withType('APIGroupList', { groups: named.map(apiGroup) }))),
    group: (group) => ofGroup.get(group)?.(),
    resources: (group, version) => ofVersion.get(apiVersionOf({ group, version }))?.(),
    aggregatedApi: once(() => published(apiGroupDiscoveryList(core))),
    aggregatedApis: once(() => published(apiGroupDiscoveryList(named))),
  };
}

const withType = (kind: string, rest: object): object => ({ kind, apiVersion: 'v1', ...rest });

const apiVersions = ({ versions }: ServedGroup): object =>
  withType('APIVersions', { versions: versions.map(({ version }) => version), serverAddressByClientCIDRs: [] });

/** Versions in the order of preference (K-043). */
function apiGroup({ group, versions }: ServedGroup): object {
  const told = versions.map(({ version }) => ({ groupVersion: apiVersionOf({ group, version }), version }));
  return { name: group, versions: told, ...(told[0] && { preferredVersion: told[0] }) };
}

const apiResourceList = (group: string, version: string, resources: readonly ServedResource[]): object =>
  withType('APIResourceList', {
    groupVersion: apiVersionOf({ group, version }),
    resources: resources.flatMap((resource) => [
      apiResource(resource, group),
      ...resource.subresources.map((subresource) => apiSubresource(resource, subresource)),
    ]),
  });

const apiResource = (resource: ServedResource, group: string): object => ({
  name: resource.plural,
  singularName: resource.singular,
  namespaced: resource.namespaced,
  kind: resource.kind,
  verbs: resource.verbs,
  ...names(resource),
  storageVersionHash: storageVersionHash(group, resource),
});

/** Group and version are told only where they are not those of the list (K-045). */
const apiSubresource = (
  { plural, namespaced }: ServedResource,
  { name, group, version, kind, verbs }: ServedSubresource,
) => ({
  name: `${plural}/${name}`,
  singularName: '',
  namespaced,
  ...(group !== undefined && { group }),
  ...(version !== undefined && { version }),
  kind,
  verbs,
});

/** Left out when there are none (K-046). */
const names = ({ shortNames, categories }: ServedResource): object => ({
  ...(shortNames.length && { shortNames }),
  ...(categories.length && { categories }),
});

/** The same in every served version, since it is the stored one that counts (K-047). */
function storageVersionHash(group: string, { storageVersion, kind }: ServedResource): string {
  const hash = createHash('sha256').update(`${group}/${storageVersion}/${kind}`).digest();
  return hash.subarray(0, 8).toString('base64');
}

const apiGroupDiscoveryList = (groups: readonly ServedGroup[]): object => ({
  kind: 'APIGroupDiscoveryList',
  apiVersion: 'apidiscovery.k8s.io/v2',
  metadata: {},
  items: groups.map(({ group, versions }) => ({
    metadata: group ? { name: group } : {},
    versions: versions.map(({ version, resources }) => ({
      version,
      freshness: 'Current',
      resources: resources.map((resource) => resourceDiscovery(resource, { group, version })),
    })),
  })),
});

/** Every resource and subresource names its kind in full; clients drop those that do not (K-055). */
const resourceDiscovery = (resource: ServedResource, own: { group: string; version: string }): object => ({
  resource: resource.plural,
  responseKind: { ...own, kind: resource.kind },
  scope: resource.namespaced ? 'Namespaced' : 'Cluster',
  singularResource: resource.singular,
  verbs: resource.verbs,
  ...names(resource),
  ...(resource.subresources.length && {
    subresources: resource.subresources.map(({ name, group = own.group, version = own.version, kind, verbs }) => ({
      subresource: name,
      responseKind: { group, version, kind },
      verbs,
    })),
  }),
});
