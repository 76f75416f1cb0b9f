/**
 * The configuration, changed while a cluster runs: what of it reaches the children that are there, and what only those that come.
 *
 * What admission does with it is stated in apiserver/rules/: defaults that are stored with a cluster stay with it.
 */
import { expect } from 'chai';
import type { ClusterSpec } from '../../../openapi/v1beta1/kubedirectorcluster.ts';
import type { ConfigSpec } from '../../../openapi/v1beta1/kubedirectorconfig.ts';
import type { Service, StatefulSet } from '../../../reconciler/host-types.ts';
import { aCluster, anApp, aRole } from '../../make/kubedirector.ts';
import { World } from '../world.ts';

const worker = (id = 'worker') => aRole({ id, members: 1, storage: { size: '1Gi' } });

/** A cluster that runs, and whose configuration changes then; it gets another role after that. */
async function changed(before: ConfigSpec, after: ConfigSpec, spec: Partial<ClusterSpec> = {}) {
  const world = new World();
  world.setApp(anApp({ systemdRequired: true }));
  world.setConfig(before);
  world.create(aCluster({ roles: [worker()], ...spec }));
  await world.settle();
  const uids = new Map([...world.children].map(([id, { metadata }]) => [id, metadata.uid]));
  world.setConfig(after);
  await world.settle();
  for (const [id, uid] of uids) expect(world.children.get(id)?.metadata.uid, id).to.equal(uid);
  world.edit('spark-instance', (now) => {
    now.roles = [...now.roles, worker('controller')];
  });
  await world.settle();
  const of = <T>(kind: T, role: string) =>
    [...world.children.values()].find(
      (child) => child.kind === kind && child.metadata.labels?.['kubedirector.bluedata.io/role'] === role,
    );
  const parts = (role: string) => ({
    service: of('Service', role) as Service,
    set: of('StatefulSet', role) as StatefulSet,
  });
  return { old: parts('worker'), new: parts('controller'), world };
}

type Parts = { service: Service; set: StatefulSet };
const template = ({ set }: Parts) => set.spec.template;
const searches = (parts: Parts) => template(parts).spec.dnsConfig!.searches[0]!.replace(/^.*?team1/, '');
const storageClass = ({ set }: Parts) => set.spec.volumeClaimTemplates![0]!.spec.storageClassName;
const ofNode = (parts: Parts) => template(parts).spec.volumes!.filter(({ hostPath }) => hostPath).length;

describe('a configuration that changes while a cluster runs', () => {
  const [one, two] = [{ site: 'one', first: 'x' }, { site: 'two' }];
  for (const [key, before, after, read, reaches, values] of [
    [
      'serviceLabels',
      one,
      two,
      ({ service }: Parts) => [service.metadata.labels!.site, service.metadata.labels!.first],
      'all',
      [
        ['one', 'x'],
        ['two', undefined],
      ],
    ],
    [
      'serviceAnnotations',
      one,
      two,
      ({ service }: Parts) => [service.metadata.annotations!.site, service.metadata.annotations!.first],
      'all',
      [
        ['one', 'x'],
        ['two', undefined],
      ],
    ],
    ['podLabels', one, two, (parts: Parts) => template(parts).metadata.labels.site, 'new', ['one', 'two']],
    ['podAnnotations', one, two, (parts: Parts) => template(parts).metadata.annotations!.site, 'new', ['one', 'two']],
    ['clusterSvcDomainBase', '.a.example', '.b.example', searches, 'new', ['.a.example', '.b.example']],
    ['nativeSystemdSupport', false, true, ofNode, 'new', [2, 0]],
    ['defaultStorageClassName', 'slow', 'fast', storageClass, 'new', ['slow', 'fast']],
    [
      'defaultServiceType',
      'ClusterIP',
      'LoadBalancer',
      ({ service }: Parts) => service.spec.type,
      'all',
      ['ClusterIP', 'LoadBalancer'],
    ],
  ] as const)
    it(`says other ${key}: ${reaches === 'all' ? 'children that are there get them' : 'only roles that come get them, since pods that run keep their template'}`, async () => {
      const parts = await changed({ [key]: before }, { [key]: after });
      expect(read(parts.old), 'what was there').to.deep.equal(values[reaches === 'all' ? 1 : 0]);
      expect(read(parts.new), 'what came').to.deep.equal(values[1]);
    });

  it('leaves labels alone that others have put on a Service beside ours', async () => {
    const world = new World();
    world.setConfig({ serviceLabels: { site: 'one' } });
    world.create(aCluster({ roles: [worker()] }));
    await world.settle();
    const [service] = world.names('Service').filter((name) => name.includes('worker'));
    world.change('Service', service!, ({ metadata }) => {
      metadata.labels = { ...metadata.labels, theirs: 'x' };
    });
    world.setConfig({});
    await world.settle();
    const { labels } = world.child('Service', service!)!.metadata;
    expect(labels).to.include({ theirs: 'x' });
    expect(labels).not.to.have.property('site');
  });

  it('says another defaultNamingScheme: what is there keeps its name', async () => {
    const { old, world } = await changed({}, { defaultNamingScheme: 'UID' });
    expect(old.set.metadata.name).to.match(/^spark-instance-worker-/);
    expect(world.names('StatefulSet').some((name) => name.startsWith('kdss-'))).to.equal(true);
  });

  it('says nothing to clusters that say it themselves', async () => {
    const { old } = await changed({}, { defaultServiceType: 'LoadBalancer' }, { serviceType: 'ClusterIP' });
    expect(old.service.spec.type).to.equal('ClusterIP');
  });

  for (const [key, value] of [
    ['requiredSecretPrefix', 'other-'],
    ['masterEncryptionKey', 'ab'.repeat(16)],
    ['backupClusterStatus', true],
    ['allowRestoreWithoutConnections', true],
    ['forceSharedMemorySizeSupport', false],
  ] as const)
    it(`says another ${key}, which is for those who write clusters: nothing is written`, async () => {
      const world = new World();
      world.create(aCluster({ roles: [worker()] }));
      await world.settle();
      const writes = world.writes.length;
      world.setConfig({ [key]: value });
      await world.settle();
      expect(world.writes.slice(writes)).to.deep.equal([]);
    });
});
