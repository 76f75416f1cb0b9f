/** What a server tells about itself: its groups, versions and resources, one by one and all at once. */
import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { type DiscoveryDocuments, discoveryDocuments } from '../../../apiserver/discovery.ts';
import type { PublishedDocument } from '../../../openapi/document/published.ts';
import { coreGroup, fixtureGroup } from '../../make/openapi-fixture.ts';
import { ourGroup } from '../../make/openapi-served.ts';

const group = 'kubedirector.bluedata.io';
const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const ofSubresources = ['get', 'patch', 'update'];

const read = (document: PublishedDocument | undefined): unknown => document && JSON.parse(String(document.json));

describe('discovery', () => {
  const documents: DiscoveryDocuments = discoveryDocuments([coreGroup, fixtureGroup]);

  it('lists the resources of a version, and their subresources beside them (K-040, K-044, K-045, K-046, K-047)', () =>
    expect(read(documents.resources(group, 'v1beta1'))).to.deep.equal({
      kind: 'APIResourceList',
      apiVersion: 'v1',
      groupVersion: 'kubedirector.bluedata.io/v1beta1',
      resources: [
        {
          name: 'kubedirectorclusters',
          singularName: 'kubedirectorcluster',
          namespaced: true,
          kind: 'KubeDirectorCluster',
          verbs,
          shortNames: ['kdcluster'],
          categories: ['all'],
          storageVersionHash: 'bs3qgHO7vac=',
        },
        {
          name: 'kubedirectorclusters/scale',
          singularName: '',
          namespaced: true,
          group: 'autoscaling',
          version: 'v1',
          kind: 'Scale',
          verbs: ofSubresources,
        },
        {
          name: 'kubedirectorclusters/status',
          singularName: '',
          namespaced: true,
          kind: 'KubeDirectorCluster',
          verbs: ofSubresources,
        },
      ],
    }));

  it('tells everything at once, subresources below their resource (K-050, K-054, K-055, K-056)', () =>
    expect(read(documents.aggregatedApis())).to.deep.equal({
      kind: 'APIGroupDiscoveryList',
      apiVersion: 'apidiscovery.k8s.io/v2',
      metadata: {},
      items: [
        {
          metadata: { name: group },
          versions: [
            {
              version: 'v1beta1',
              freshness: 'Current',
              resources: [
                {
                  resource: 'kubedirectorclusters',
                  responseKind: { group, version: 'v1beta1', kind: 'KubeDirectorCluster' },
                  scope: 'Namespaced',
                  singularResource: 'kubedirectorcluster',
                  verbs,
                  shortNames: ['kdcluster'],
                  categories: ['all'],
                  subresources: [
                    {
                      subresource: 'scale',
                      responseKind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
                      verbs: ofSubresources,
                    },
                    {
                      subresource: 'status',
                      responseKind: { group, version: 'v1beta1', kind: 'KubeDirectorCluster' },
                      verbs: ofSubresources,
                    },
                  ],
                },
              ],
            },
            { version: 'v1alpha1', freshness: 'Current', resources: [] },
          ],
        },
      ],
    }));

  it('names the versions of a group in the order of preference (K-041, K-042, K-043)', () => {
    const versions = ['v1beta1', 'v1alpha1'].map((version) => ({ groupVersion: `${group}/${version}`, version }));
    const own = { name: group, versions, preferredVersion: versions[0] };
    expect(read(documents.group(group))).to.deep.equal({ kind: 'APIGroup', apiVersion: 'v1', ...own });
    expect(read(documents.apis())).to.deep.equal({ kind: 'APIGroupList', apiVersion: 'v1', groups: [own] });
  });

  it('serves the core group below /api, and a resource without short names and categories (K-046)', () => {
    expect(read(documents.api())).to.deep.equal({
      kind: 'APIVersions',
      apiVersion: 'v1',
      versions: ['v1'],
      serverAddressByClientCIDRs: [],
    });
    const { resources } = read(documents.resources('', 'v1')) as { resources: Record<string, unknown>[] };
    expect(resources).to.have.length(1);
    expect(resources[0]).to.include({ name: 'namespaces', namespaced: false });
    expect(resources[0]).not.to.have.property('categories');
    expect(read(documents.aggregatedApi())).to.have.nested.property(
      'items[0].versions[0].resources[0].scope',
      'Cluster',
    );
  });

  it('knows nothing that is not served', () => {
    expect(documents.group('apps')).to.equal(undefined);
    expect(documents.resources(group, 'v1')).to.equal(undefined);
    expect(discoveryDocuments([fixtureGroup]).api()).to.equal(undefined);
    expect(read(discoveryDocuments([fixtureGroup]).aggregatedApi())).to.deep.include({ items: [] });
  });

  it('has entity tags that change with the content, and only with it (K-053, K-061)', () => {
    const { json, etag } = documents.aggregatedApis();
    expect(etag).to.equal(`"${createHash('sha512').update(json).digest('hex').toUpperCase()}"`);
    expect(discoveryDocuments([fixtureGroup, coreGroup]).aggregatedApis().etag).to.equal(etag);
    expect(discoveryDocuments([ourGroup]).aggregatedApis().etag).not.to.equal(etag);
  });

  it('of a kind gives the same storageVersionHash in every version (K-047)', () => {
    const ours = discoveryDocuments([ourGroup]);
    const hashes = (version: string) =>
      (read(ours.resources(group, version)) as { resources: { storageVersionHash?: string }[] }).resources.map(
        ({ storageVersionHash }) => storageVersionHash,
      );
    expect(hashes('v1alpha1')).to.deep.equal(hashes('v1beta1'));
  });

  it('of pods and their like hashes as kube-apiserver does', () => {
    const { resources } = read(
      discoveryDocuments([
        {
          group: '',
          versions: [
            {
              ...coreGroup.versions[0]!,
              resources: [{ ...coreGroup.versions[0]!.resources[0]!, kind: 'Pod', plural: 'pods' }],
            },
          ],
        },
      ]).resources('', 'v1'),
    ) as { resources: object[] };
    expect(resources[0]).to.include({ storageVersionHash: 'xPOwRZ+Yhw8=' });
  });
});
