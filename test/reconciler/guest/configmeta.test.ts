/** The configmeta document, key by key: setup packages were written against it, long before us. */
import { expect } from 'chai';
import fc from 'fast-check';
import type { ConfigmetaCluster } from '../../../reconciler/guest/configmeta/cluster.ts';
import { type Connections, noConnections } from '../../../reconciler/guest/configmeta/connections.ts';
import { configmeta } from '../../../reconciler/guest/configmeta/document.ts';
import { aCluster, anApp } from '../../make/kubedirector.ts';

const K = 'kubedirector.bluedata.io';
const domain = 'svc-demo-x7k2q.team1.svc.cluster.local';
const host = `demo-seed-b4c8d-0.${domain}`;

const app = anApp({
  distroID: 'acme/store',
  version: '1.0',
  services: [
    { id: 'ssh', label: { name: 'SSH' }, endpoint: { port: 22 } },
    { id: 'store', label: { name: 'Store' }, endpoint: { port: 9042, urlScheme: 'cql', hasAuthToken: true } },
    { id: 'gone', label: { name: 'In a role without members' }, endpoint: { port: 1 } },
    { id: 'named', exported_service: 'kv' },
  ],
  config: {
    selectedRoles: ['seed'],
    roleServices: [
      { roleID: 'seed', serviceIDs: ['store', 'ssh', 'named'] },
      { roleID: 'idle', serviceIDs: ['gone'] },
    ],
    configMeta: { edition: 'community' },
  },
});
const cluster = aCluster({}, { name: 'demo', uid: '2d1c7a54-5a3e-4c55-9d0e-0d9a0f1b2c3d' });

const about: ConfigmetaCluster = {
  ...{ app, cluster, domain },
  roles: [
    {
      id: 'seed',
      resources: { limits: { cpu: '1500m', memory: '4Gi' } },
      members: [{ pod: 'demo-seed-b4c8d-0', nodeID: 1 }],
      secretKeys: { admin: 's3cret' },
      authToken: '0f343b0931126a20f133d67c2b018a3b',
    },
  ],
};
const node = { role: 'seed', pod: 'demo-seed-b4c8d-0', nodeID: 1, blockDevicePaths: [] };
const connections: Connections = {
  clusters: [],
  configMaps: [
    { name: 'site-settings', data: { region: 'north' }, labels: { [`${K}/cmType`]: 'site' }, annotations: undefined },
    { name: 'untyped', data: {}, labels: undefined, annotations: undefined },
  ],
  secrets: [
    { name: 'login-1', data: { user: 'YWRtaW4=' }, labels: { [`${K}/secretType`]: 'login' }, annotations: undefined },
  ],
};

const ref = (...path: string[]) => ({ bdvlibrefkey: path });
const role = (...path: string[]) => ref('nodegroups', '1', 'roles', 'seed', ...path);
const service = (id: string, more: object) => ({
  ...{ id, name: '', global_id: `1_seed_${id}`, qualifiers: [], exported_service: '', authToken: '' },
  ...{ hostnames: role('hostnames'), fqdns: role('fqdns') },
  ...more,
});

describe('configmeta', () => {
  it('is the published document', () =>
    expect(JSON.parse(configmeta(about, connections)(node))).to.deep.equal({
      version: '7',
      services: {
        ssh: { 1: { seed: role('services', 'ssh') } },
        store: { 1: { seed: role('services', 'store') } },
        named: { 1: { seed: role('services', 'named') } },
      },
      nodegroups: {
        1: {
          roles: {
            seed: {
              services: {
                ssh: service('ssh', { name: 'SSH', endpoints: [`://${host}:22`] }),
                store: service('store', {
                  name: 'Store',
                  endpoints: [`cql://${host}:9042`],
                  authToken: '0f343b0931126a20f133d67c2b018a3b',
                }),
                named: service('named', { exported_service: 'kv', endpoints: null }),
              },
              node_ids: ['1'],
              hostnames: [host],
              fqdns: [host],
              fqdn_mappings: { [host]: '1' },
              // Cores are rounded up, memory down.
              flavor: { storage: 'n/a', name: 'n/a', description: 'n/a', memory: '4096', cores: '2' },
              secret_keys: { admin: 's3cret' },
            },
          },
          distro_id: 'acme/store',
          catalog_entry_version: '1.0',
          config_metadata: { edition: 'community' },
        },
      },
      distros: { 'acme/store': { 1: ref('nodegroups', '1') } },
      cluster: {
        name: 'demo',
        isolated: false,
        id: '2d1c7a54-5a3e-4c55-9d0e-0d9a0f1b2c3d',
        config_metadata: { 1: ref('nodegroups', '1', 'config_metadata') },
      },
      connections: {
        clusters: {},
        configmaps: {
          site: [
            {
              metadata: { name: 'site-settings' },
              data: { region: 'north' },
              labels: { [`${K}/cmType`]: 'site' },
              annotations: null,
            },
          ],
        },
        secrets: {
          login: [
            {
              metadata: { name: 'bG9naW4tMQ==' },
              data: { user: 'YWRtaW4=' },
              labels: { [`${K}/secretType`]: 'bG9naW4=' },
              annotations: {},
            },
          ],
        },
      },
      node: {
        ...{ role_id: 'seed', nodegroup_id: '1', id: '1', distro_id: 'acme/store', depends_on: {} },
        ...{ hostname: host, fqdn: host, domain },
      },
    }));

  it('names the block devices of the member that it is for', () =>
    expect(
      JSON.parse(configmeta(about, noConnections)({ ...node, blockDevicePaths: ['/dev/disk0'] })).node,
    ).to.deep.include({ block_device_paths: ['/dev/disk0'] }));

  it('has no limits where the cluster sets none, and no keys where there are none', () => {
    const bare = { ...about, roles: [{ ...about.roles[0]!, resources: undefined, secretKeys: {} }] };
    const { seed } = JSON.parse(configmeta(bare, noConnections)(node)).nodegroups['1'].roles;
    expect(seed.flavor).to.include({ memory: '0', cores: '0' });
    expect(seed).not.to.have.property('secret_keys');
  });

  it('tells of a connected cluster in its own part, without its keys and tokens', () => {
    const other = { ...about, cluster: aCluster({}, { name: 'other' }) };
    const document = JSON.parse(configmeta(about, { ...noConnections, clusters: [other] })(node));
    const nested = document.connections.clusters.other;
    expect(nested.node).to.equal(null);
    expect(nested.connections).to.deep.equal({ clusters: {}, configmaps: {}, secrets: {} });
    expect(JSON.stringify(nested)).not.to.match(/s3cret|0f343b0931126a20f133d67c2b018a3b/);
  });

  it('has no reference that leads nowhere, in a connected cluster neither', () =>
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.constantFrom('seed', 'idle', '__proto__', 'constructor'), { maxLength: 4 }),
        fc.nat(3),
        (ids, members) => {
          const roles = ids.map((id) => ({
            ...about.roles[0]!,
            id,
            members: Array.from({ length: members + 1 }, (_, i) => ({ pod: `${id}-${i}`, nodeID: i + 1 })),
          }));
          const some = { ...about, roles };
          const other = { ...some, cluster: aCluster({}, { name: 'other' }) };
          const document = JSON.parse(configmeta(some, { ...noConnections, clusters: [other] })(node));
          for (const path of referencesIn(document))
            expect(lookUp(document, path), path.join('.')).not.to.equal(undefined);
        },
      ),
    ));
});

function* referencesIn(value: unknown): Generator<string[]> {
  if (typeof value !== 'object' || value === null) return;
  if ('bdvlibrefkey' in value) yield value.bdvlibrefkey as string[];
  else for (const inner of Object.values(value)) yield* referencesIn(inner);
}

const lookUp = (document: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (value, key) => (Object.hasOwn(value as object, key) ? (value as Record<string, unknown>)[key] : undefined),
    document,
  );
