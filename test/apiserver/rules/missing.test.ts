/**
 * What a cluster names need not be there yet, so that it does not matter in which order things are applied; its user is warned.
 */
import { expect } from 'chai';
import { allowSuperusers } from '../../../apiserver/auth/authorizer.ts';
import type { HostClient, HostResource } from '../../../apiserver/host/rest.ts';
import { accessBy } from '../../../apiserver/registry/access.ts';
import { kubeDirectorResources } from '../../../apiserver/registry/index.ts';
import { catalogLookups } from '../../../apiserver/registry/kubedirectorcluster/catalog.ts';
import { StatusError } from '../../../openapi/machinery/status.ts';
import { appDocument, appsPath, clusterDocument, clustersPath } from '../../make/documents.ts';
import { startServer, type TestServer } from '../serving.ts';

const claim = (name: string, spec: object) => ({ metadata: { name }, spec });
const shared = claim('shared', { accessModes: ['ReadOnlyMany'], volumeMode: 'Filesystem' });
const single = claim('single', { accessModes: ['ReadWriteOnce'] });
const raw = claim('raw', { accessModes: ['ReadWriteMany'], volumeMode: 'Block' });

/** A host that has these objects, by `PLURAL/NAMESPACE/NAME`. */
class Host {
  readonly objects = new Map<string, object>([
    ['secrets/default/there', {}],
    ['configmaps/default/there', {}],
    ['serviceaccounts/default/there', {}],
    ['storageclasses//there', {}],
    ...[shared, single, raw].map((one) => [`persistentvolumeclaims/default/${one.metadata.name}`, one] as const),
  ]);
  forbids = false;
  asked = 0;

  get: HostClient['get'] = async <T>({ plural, group }: HostResource, namespace: string, name: string) => {
    this.asked += 1;
    const resource = { group, resource: plural };
    if (this.forbids) throw StatusError.forbidden(resource, name, 'we may not look');
    const found = this.objects.get(`${plural}/${namespace}/${name}`);
    if (!found) throw StatusError.notFound(resource, name);
    return found as T;
  };

  list: HostClient['list'] = async <T>({ plural, group }: HostResource) => {
    this.asked += 1;
    if (this.forbids) throw StatusError.forbidden({ group, resource: plural }, '', 'we may not look');
    const items = [...this.objects].flatMap(([key, object]) =>
      key.startsWith(`${plural}/`) ? [{ metadata: {}, ...object } as T] : [],
    );
    return { apiVersion: 'v1', kind: 'List', metadata: {}, items };
  };
}

const worker = (more: object) => ({ roles: [{ id: 'head' }, { id: 'worker', members: 2, ...more }] });
const mounted = (name: string) => ({ name, mountPath: '/etc/site' });
const projected = (pvcName: string) => worker({ volumeProjections: [{ pvcName, mountPath: '/site' }] });
const stored = (storageClassName: string) => worker({ storage: { size: '1Gi', storageClassName } });

describe('what is named and not there', () => {
  let server: TestServer;
  const host = new Host();
  before(async () => {
    server = await startServer({
      resources: (registries) =>
        kubeDirectorResources(catalogLookups(registries, 'default', host), 'default', accessBy(allowSuperusers)),
    });
    await server.admin.ask(appsPath, { body: appDocument() });
    await server.admin.ask(clustersPath, { body: clusterDocument('there') });
  });
  after(() => server.stop());
  const warningsOf = async (spec: object): Promise<string[]> => {
    const { code, text, warnings } = await server.admin.ask(`${clustersPath}?dryRun=All`, {
      body: clusterDocument('demo', spec),
    });
    expect(code, text).to.equal(201);
    return warnings.map((warning) => JSON.parse(warning.replace('299 - ', '')));
  };

  for (const [kind, spec, warning, row] of [
    [
      'Secret',
      (name: string) => ({ defaultSecret: mounted(name) }),
      'spec.defaultSecret.name: there is no Secret "gone" in the namespace "default"',
      'SE2',
    ],
    [
      'Secret of a role',
      (name: string) => worker({ secret: mounted(name) }),
      'spec.roles[1].secret.name: there is no Secret "gone" in the namespace "default"',
      'SE4',
    ],
    [
      'ConfigMap',
      (name: string) => ({ connections: { configmaps: [name] } }),
      'spec.connections.configmaps[0]: there is no ConfigMap "gone" in the namespace "default"',
      '4.11',
    ],
    [
      'connected cluster',
      (name: string) => ({ connections: { clusters: [name] } }),
      'spec.connections.clusters[0]: there is no KubeDirectorCluster "gone" in the namespace "default"',
      '4.11',
    ],
    [
      'service account',
      (name: string) => worker({ serviceAccountName: name }),
      'spec.roles[1].serviceAccountName: there is no ServiceAccount "gone" in the namespace "default"',
      'SA1',
    ],
    [
      'storage class',
      (name: string) => stored(name),
      'spec.roles[1].storage.storageClassName: there is no StorageClass "gone"',
      'ST3',
    ],
  ] as const)
    it(`is warned of: a ${kind} (${row})`, async () => {
      expect(await warningsOf(spec('there'))).to.deep.equal([]);
      expect(await warningsOf(spec('gone'))).to.deep.equal([warning]);
    });

  for (const [what, name, warning] of [
    ['missing', 'gone', 'there is no PersistentVolumeClaim "gone" in the namespace "default"'],
    ['a block device', 'raw', 'the claim is a block device, which cannot be mounted as a directory'],
    ['for one node only', 'single', '2 members share the claim, which is neither ReadWriteMany nor ReadOnlyMany'],
  ] as const)
    it(`is warned of: a claim that is ${what} (V1 to V3)`, async () => {
      expect(await warningsOf(projected('shared'))).to.deep.equal([]);
      expect(await warningsOf(projected(name))).to.deep.equal([
        `spec.roles[1].volumeProjections[0].pvcName: ${warning}`,
      ]);
    });

  const configsPath = clustersPath.replace('kubedirectorclusters', 'kubedirectorconfigs');
  const config = (defaultStorageClassName: string) => ({
    apiVersion: 'kubedirector.bluedata.io/v1beta1',
    kind: 'KubeDirectorConfig',
    metadata: { name: 'kd-global-config' },
    spec: { defaultStorageClassName },
  });
  const classless = worker({ storage: { size: '1Gi' } });

  for (const mark of ['storageclass.kubernetes.io', 'storageclass.beta.kubernetes.io'])
    it(`is warned of: a default storage class, marked by ${mark}, for storage that names none (ST4)`, async () => {
      expect(await warningsOf(classless)).to.deep.equal([
        'spec.roles[1].storage.storageClassName: no StorageClass is named, and there is no default one',
      ]);
      const metadata = { annotations: { [`${mark}/is-default-class`]: 'true' } };
      host.objects.set('storageclasses//standard', { metadata });
      expect(await warningsOf(classless)).to.deep.equal([]);
      host.objects.delete('storageclasses//standard');
    });

  it("is warned of: the configuration's default storage class (CF4)", async () => {
    const path = `${configsPath}?dryRun=All`;
    expect((await server.admin.ask(path, { body: config('there') })).warnings).to.deep.equal([]);
    expect((await server.admin.ask(path, { body: config('gone') })).warnings).to.deep.equal([
      '299 - "spec.defaultStorageClassName: there is no StorageClass \\"gone\\""',
    ]);
  });

  it("is warned of: the configuration's default storage class, for storage that names none (ST5)", async () => {
    const name = (defaultStorageClassName: string | null) =>
      server.admin.ask(`${configsPath}/kd-global-config`, {
        method: 'PATCH',
        body: { spec: { defaultStorageClassName } },
        type: 'application/merge-patch+json',
      });
    await server.admin.ask(configsPath, { body: config('there') });
    expect(await warningsOf(classless)).to.deep.equal([]);
    await name('gone');
    expect(await warningsOf(classless)).to.deep.equal([
      `spec.roles[1].storage.storageClassName: there is no StorageClass "gone", which is the configuration's default`,
    ]);
    await name(null);
  });

  it('is not warned of where we may not look', async () => {
    host.forbids = true;
    expect(await warningsOf({ defaultSecret: mounted('gone') })).to.deep.equal([]);
    expect(await warningsOf(classless)).to.deep.equal([]);
    host.forbids = false;
  });

  it('is warned of when it is named, not whenever the cluster is written', async () => {
    await server.admin.ask(clustersPath, { body: clusterDocument('demo', { defaultSecret: mounted('gone') }) });
    host.asked = 0;
    const scaled = await server.admin.ask(`${clustersPath}/demo`, {
      method: 'PATCH',
      body: { spec: worker({}) },
      type: 'application/merge-patch+json',
    });
    expect(scaled.code).to.equal(200);
    expect(scaled.warnings).to.deep.equal([]);
    expect(host.asked).to.equal(0);
  });
});
