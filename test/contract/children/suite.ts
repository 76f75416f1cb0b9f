/**
 * What becomes of a cluster on a host: its children, who owns what of them, and what happens to them when others change them. One suite,
 * for real clusters and for the sandbox.
 *
 * The reconciler of the product works on the host as it does in `serve`; our own kinds are in memory.
 */
import { expect } from 'chai';
import { admitAll } from '../../../apiserver/registry/admission.ts';
import { kubeDirectorResources } from '../../../apiserver/registry/index.ts';
import { catalogLookups } from '../../../apiserver/registry/kubedirectorcluster/catalog.ts';
import { Registries } from '../../../apiserver/registry/registries.ts';
import { runReconciler } from '../../../deploy/ports/reconciler.ts';
import { systemClock } from '../../../openapi/machinery/clock.ts';
import { silentLog } from '../../../openapi/machinery/log.ts';
import type { KubeObject } from '../../../openapi/machinery/meta.ts';
import { Metrics } from '../../../openapi/machinery/metrics.ts';
import type { ClusterSpec, KubeDirectorCluster } from '../../../openapi/v1beta1/kubedirectorcluster.ts';
import type { ConfigSpec, KubeDirectorConfig } from '../../../openapi/v1beta1/kubedirectorconfig.ts';
import { Keyspace } from '../../../storage/keys.ts';
import { MemoryStore } from '../../../storage/memory.ts';
import { aCluster, anApp, aRole } from '../../make/kubedirector.ts';
import { type Anything, type HostUnderTest, kinds, Place } from '../host/host.ts';

const group = 'kubedirector.bluedata.io';
const context = { user: { name: 'contract', groups: [] }, dryRun: false, subresource: '', warn: () => {} };

/** The reconciler on a host, in a namespace of its own, where the configuration is, too. */
class Installation {
  readonly place: Place;
  readonly #registries: Registries;
  readonly #stop = new AbortController();
  readonly #work: Promise<unknown>[];

  constructor(host: HostUnderTest) {
    this.place = new Place(host);
    const { namespace } = this.place;
    const lookups = catalogLookups(() => this.#registries, namespace);
    const access = { refuses: async () => undefined };
    this.#registries = new Registries({
      resources: kubeDirectorResources(lookups, namespace, access),
      kv: new MemoryStore(),
      keyspace: new Keyspace(),
      admission: admitAll,
      clock: systemClock,
      log: silentLog,
    });
    this.#work = [this.#registries.run(this.#stop.signal)];
  }

  get #signal(): AbortSignal {
    return this.#stop.signal;
  }

  async open(): Promise<void> {
    await this.place.open();
    const app = anApp({
      defaultImageRepoTag: this.place.image,
      defaultConfigPackage: null,
      roles: [{ id: 'worker', cardinality: '0+', containerSpec: { stdin: true, tty: true } }],
      config: { selectedRoles: ['worker'], roleServices: [{ roleID: 'worker', serviceIDs: ['ssh'] }] },
    });
    await this.#create('kubedirectorapps', app);
    const client = this.place.client;
    const instance = `contract-${this.place.namespace}`;
    const options = { registries: this.#registries, client, systemNamespace: this.place.namespace, instance };
    this.#work.push(runReconciler({ ...options, metrics: new Metrics(), log: silentLog }, this.#signal));
  }

  async close(): Promise<void> {
    this.#stop.abort(new Error('the suite is over'));
    await Promise.allSettled(this.#work);
    await this.place.close().catch(() => {});
  }

  create(name: string, spec: Partial<ClusterSpec>): Promise<unknown> {
    return this.#create('kubedirectorclusters', aCluster(spec, { name }));
  }

  async edit(name: string, change: (spec: ClusterSpec) => void): Promise<void> {
    const edit = (old: KubeObject) => {
      change((old as KubeDirectorCluster).spec);
      return old;
    };
    await this.#of('kubedirectorclusters').writes.modify(
      `${this.place.namespace}/${name}`,
      edit,
      context,
      this.#signal,
    );
  }

  async configure(spec: ConfigSpec): Promise<void> {
    const key = `${this.place.namespace}/kd-global-config`;
    const configs = this.#of('kubedirectorconfigs');
    const edit = (old: KubeObject) => {
      (old as KubeDirectorConfig).spec = { ...(old as KubeDirectorConfig).spec, ...spec };
      return old;
    };
    if (configs.reads.peek(key)) await configs.writes.modify(key, edit, context, this.#signal);
    else {
      const metadata = { name: 'kd-global-config', namespace: this.place.namespace };
      const apiVersion = `${group}/v1beta1`;
      await this.#create('kubedirectorconfigs', {
        apiVersion,
        kind: 'KubeDirectorConfig',
        metadata,
        spec,
      } as KubeObject);
    }
  }

  status(name: string): KubeDirectorCluster['status'] {
    const snapshot = this.#of('kubedirectorclusters').reads.peek(`${this.place.namespace}/${name}`);
    return snapshot?.object<KubeDirectorCluster>().status;
  }

  /** Waits until the cluster has so many ready members, and is as its spec says. */
  ready(name: string, members: number): Promise<unknown> {
    return this.place.until(`${name} is ready`, () => {
      const { state, readyMembers, conditions = [] } = this.status(name) ?? {};
      const complete = conditions.some(({ type, reason }) => type === 'Progressing' && reason === 'Complete');
      return state === 'configured' && readyMembers === members && complete;
    });
  }

  #of(plural: string) {
    return this.#registries.find(group, plural)!;
  }

  #create(plural: string, object: KubeObject): Promise<unknown> {
    const { namespace } = this.place;
    const { name } = object.metadata;
    const placed = { ...object, metadata: { name, namespace } };
    return this.#of(plural).writes.create(placed, namespace, context, this.#signal);
  }
}

export function childrenContract(open: () => Promise<HostUnderTest>): void {
  let host: HostUnderTest;
  let installation: Installation;
  const place = () => installation.place;
  const worker = (members: number, more: object = {}) =>
    aRole({ id: 'worker', members, resources: { limits: { cpu: '50m', memory: '128Mi' } } as never, ...more });

  before(async () => {
    host = await open();
    installation = new Installation(host);
    await installation.open();
    await installation.create('kept', { roles: [worker(1, { storage: { size: '512Mi' } })], serviceType: 'ClusterIP' });
    await installation.ready('kept', 1);
  });
  after(async () => {
    await installation?.close();
    await host?.close();
  });

  const ofCluster = (resource: Anything) =>
    place().list(resource, { labelSelector: 'kubedirector.bluedata.io/kdcluster=kept' });
  const theSet = async (): Promise<Anything> => (await ofCluster(kinds.statefulSets))[0];
  const memberServices = async (): Promise<Anything[]> =>
    (await ofCluster(kinds.services)).filter(({ spec }: Anything) => spec.clusterIP !== 'None');
  const theService = async (): Promise<Anything> => (await memberServices())[0];

  it('a cluster has its children, applied by nobody but us', async () => {
    const services = await ofCluster(kinds.services);
    expect(services).to.have.length(2);
    for (const { metadata } of [...services, await theSet()]) {
      const ours = metadata.managedFields.filter(({ manager }: Anything) => manager === 'kubedirector');
      expect(ours.map(({ operation }: Anything) => operation)).to.deep.equal(['Apply']);
      expect(metadata.ownerReferences[0]).to.include({ kind: 'KubeDirectorCluster', name: 'kept', controller: true });
    }
    const [claim] = await ofCluster(kinds.claims);
    expect(claim.metadata.name).to.match(/^p-kept-worker-.{5}-0$/);
    await place().until('the claim belongs to the cluster', async () => {
      const [{ metadata }] = await ofCluster(kinds.claims);
      return metadata.ownerReferences?.some(({ name }: Anything) => name === 'kept');
    });
  });

  it('growing changes the size of the StatefulSet and nothing of its template: members that run go on', async () => {
    const before = await theSet();
    const [pod] = await ofCluster(kinds.pods);
    await installation.edit('kept', ({ roles }) => (roles[0]!.members = 2));
    await installation.ready('kept', 2);
    const after = await theSet();
    expect(after.spec).to.deep.equal({ ...before.spec, replicas: 2 });
    expect(after.metadata.generation).to.equal(before.metadata.generation + 1);
    const pods = await ofCluster(kinds.pods);
    expect(pods.map(({ metadata }: Anything) => metadata.uid)).to.include(pod.metadata.uid);
  });

  it('what others change of what is ours is put back, and what they add stays', async () => {
    const { metadata, spec } = await theSet();
    await place().patch(kinds.statefulSets, metadata.name, {
      metadata: { labels: { theirs: 'x', 'kubedirector.bluedata.io/role': 'stolen' } },
      spec: { replicas: 3 },
    });
    const mended = await place().until('the StatefulSet is mended', async () => {
      const now = await theSet();
      return now.spec.replicas === 2 && now.metadata.labels['kubedirector.bluedata.io/role'] === 'worker' && now;
    });
    expect(mended.metadata.labels).to.include({ theirs: 'x' });
    expect(mended.spec.template).to.deep.equal(spec.template);
    await installation.ready('kept', 2);

    const service = await theService();
    const { selector, ports } = service.spec;
    await place().patch(kinds.services, service.metadata.name, {
      metadata: { labels: { theirs: 'x' } },
      spec: { selector: { nobody: 'has-this' }, ports: [...ports, { name: 'more', port: 9, protocol: 'TCP' }] },
    });
    await place().until('the Service is mended', async () => {
      const { spec: now, metadata: about } = await place().get(kinds.services, service.metadata.name);
      expect(about.uid).to.equal(service.metadata.uid);
      expect(about.labels).to.include({ theirs: 'x' });
      return !('nobody' in now.selector) && now.ports.length === ports.length;
    });
    expect((await place().get(kinds.services, service.metadata.name)).spec.selector).to.deep.equal(selector);
  });

  it('labels that the configuration gives to Services come and go with it', async () => {
    await installation.configure({ serviceLabels: { site: 'one' }, serviceAnnotations: { note: 'two' } });
    await place().until('they have come', async () => (await theService()).metadata.labels.site === 'one');
    expect((await theService()).metadata.annotations).to.include({ note: 'two' });
    await installation.configure({ serviceLabels: null, serviceAnnotations: null });
    await place().until('they have gone', async () => {
      const { labels, annotations } = (await theService()).metadata;
      return !('site' in labels) && !('note' in annotations);
    });
  });

  const types = ['NodePort', 'LoadBalancer', 'ClusterIP', 'LoadBalancer', 'NodePort', 'ClusterIP'] as const;
  it(`Services change their type in place: ClusterIP, ${types.join(', ')}`, async () => {
    const before = await memberServices();
    for (const serviceType of types) {
      await installation.edit('kept', (spec) => Object.assign(spec, { serviceType }));
      await place().until(`all are ${serviceType}`, async () =>
        (await memberServices()).every(({ spec }) => spec.type === serviceType),
      );
    }
    const identity = ({ metadata, spec }: Anything) => [metadata.uid, spec.clusterIP];
    expect((await memberServices()).map(identity)).to.deep.equal(before.map(identity));
  });

  it('a member that goes takes its Service and its claim along, and nothing else', async () => {
    await installation.edit('kept', ({ roles }) => (roles[0]!.members = 1));
    await installation.ready('kept', 1);
    expect(await memberServices()).to.have.length(1);
    const claims = async () => (await ofCluster(kinds.claims)).map(({ metadata }: Anything) => metadata.name.at(-1));
    await place().until('the claim is gone', async () => !(await claims()).includes('1'));
    expect(await claims()).to.include('0');
    expect((await theSet()).spec.replicas).to.equal(1);
  });
}
