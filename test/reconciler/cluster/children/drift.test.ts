/** What of a child is mended, and what is only told. */
import { expect } from 'chai';
import { FieldManager } from '../../../../apiserver/managedfields/field-manager.ts';
import { serviceResource } from '../../../../deploy/sandbox/kinds/services/resource.ts';
import { statefulSets } from '../../../../deploy/sandbox/kinds/statefulsets/resource.ts';
import { copyOf } from '../../../../openapi/machinery/json.ts';
import { memberServiceFor, statefulSetFor } from '../../../../reconciler/cluster/children/desired.ts';
import {
  ownEntries,
  ownerStep,
  serviceStep,
  statefulSetConfiguration,
  unchangeable,
} from '../../../../reconciler/cluster/children/drift.ts';
import type { ApplyConfiguration } from '../../../../reconciler/cluster/ports.ts';
import type { Step } from '../../../../reconciler/cluster/steps.ts';
import type { Child, Service, StatefulSet } from '../../../../reconciler/host-types.ts';
import { cassandra } from '../../../make/kubedirector.ts';
import { roleBlueprintOf } from '../blueprints.ts';

const blueprint = roleBlueprintOf({ id: 'seed', members: 2, storage: { size: '1Gi' } }, cassandra());
const set = statefulSetFor(blueprint);
const service = memberServiceFor(blueprint, 's', 'p')!;
const role = 'kubedirector.bluedata.io/role';

const kinds = {
  StatefulSet: statefulSets.forms[0]!.schema,
  Service: serviceResource({} as never).forms[0]!.schema,
  PersistentVolumeClaim: {},
  Pod: {},
};
const ownership = (kind: Child['kind']) => new FieldManager({ schemaOf: () => kinds[kind], convert: (it) => it });
const time = '2026-11-22T10:00:00Z';

/** As a host gives it back once we have applied it and somebody has changed it: with a revision, and with what it has filled in. */
const seen = <T extends Service | StatefulSet>(wanted: T, change: (child: T) => void = () => {}): T => {
  const host = ownership(wanted.kind);
  const { apiVersion } = wanted;
  const configuration = copyOf(wanted) as unknown as Record<string, unknown>;
  const made = host.applyConfiguration({
    live: undefined,
    configuration,
    manager: 'kubedirector',
    apiVersion,
    force: false,
    time,
  });
  if ('conflicts' in made) throw new Error('a conflict with nobody');
  const live = { ...made.object, metadata: { ...made.object.metadata, managedFields: made.managedFields! } };
  const child = copyOf(live) as unknown as T;
  child.metadata = { ...child.metadata, uid: 'u', resourceVersion: '7', creationTimestamp: 'then' };
  if (child.kind === 'Service') for (const [i, port] of child.spec.ports!.entries()) port.nodePort = 30_000 + i;
  change(child);
  const managedFields = host.recordUpdate({ live, object: child, manager: 'somebody', apiVersion, time });
  child.metadata.managedFields = managedFields!;
  return child;
};

const setDrift = (it: StatefulSet) => statefulSetConfiguration(it, set.metadata, set.spec.replicas);
const precondition = { uid: 'u', resourceVersion: '7' };

/** What the host has after a step. */
function after<T extends Service | StatefulSet>(child: T, configuration: ApplyConfiguration): T {
  const { uid: _, resourceVersion: _1, ...metadata } = configuration.metadata;
  const { apiVersion, kind } = configuration;
  const result = ownership(kind).applyConfiguration({
    ...{ live: child, configuration: copyOf({ ...configuration, metadata }) as unknown as Record<string, unknown> },
    ...{ manager: 'kubedirector', apiVersion, force: true, time },
  });
  if ('conflicts' in result) throw new Error('a conflict in spite of force');
  return { ...result.object, metadata: { ...result.object.metadata, managedFields: result.managedFields } } as T;
}

describe('drift', () => {
  it('is not what the host or a user has added', () => {
    const set2 = seen(set, ({ metadata, spec }) => {
      metadata.labels!.more = 'x';
      metadata.annotations!.more = 'x';
      spec.template.metadata.annotations!.restarted = 'now';
    });
    expect(setDrift(set2)).to.equal(undefined);
    const labelled = seen(service, ({ metadata, spec }) => {
      metadata.labels!.more = 'x';
      (spec as Record<string, unknown>).sessionAffinity = 'ClientIP';
    });
    expect(serviceStep(labelled, service)).to.equal(undefined);
  });

  it('of a StatefulSet in replicas, labels, annotations and owner is mended in one write, for the revision that was seen', () => {
    const drifted = seen(set, ({ spec, metadata }) => {
      spec.replicas = 5;
      metadata.labels![role] = 'x';
      metadata.annotations = {};
      metadata.ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'other', uid: 'o' }];
    });
    const configuration = setDrift(drifted)!;
    const { labels, annotations, ownerReferences } = set.metadata;
    expect(configuration.metadata).to.deep.include({ ...precondition, labels, annotations, ownerReferences });
    const { metadata, spec } = after(drifted, configuration);
    expect(spec).to.deep.equal({ ...drifted.spec, replicas: 2 });
    expect(metadata.ownerReferences!.map(({ uid }) => uid)).to.have.members(['o', ownerReferences![0]!.uid]);
    expect(metadata.labels).to.include({ [role]: 'seed' });
  });

  it('of a StatefulSet never changes its template, and takes nothing of it from those who have taken it over', () => {
    const drifted = seen(set, ({ spec }) => {
      spec.replicas = 5;
      spec.template.spec.containers[0]!.image = 'theirs:2';
      spec.template.metadata.labels.theirs = 'x';
      spec.template.spec.containers.push({ name: 'sidecar', image: 'theirs' });
      (spec.template.spec as unknown as Record<string, unknown>).terminationGracePeriodSeconds = 30;
    });
    const configuration = setDrift(drifted)!;
    const { template } = configuration.spec as StatefulSet['spec'];
    expect(template.spec.containers).to.have.length(1);
    expect(template.spec.containers[0]).not.to.have.property('image');
    expect(template.metadata.labels).not.to.have.property('theirs');
    const mended = after(drifted, configuration);
    expect(mended.spec).to.deep.equal({ ...drifted.spec, replicas: 2 });
    const theirs = mended.metadata.managedFields!.find(({ manager }) => manager === 'somebody');
    expect(JSON.stringify(theirs!.fieldsV1)).to.include('f:image');
  });

  it('of a StatefulSet that we never applied is mended without a word about its template', () => {
    const restored = seen(set, ({ spec }) => {
      spec.replicas = 5;
    });
    delete restored.metadata.managedFields;
    expect(setDrift(restored)!.spec).to.deep.equal({ replicas: 2 });
  });

  it('takes away labels and annotations that are ours and not wanted any more, and no others', () => {
    const before: Service = {
      ...service,
      metadata: { ...service.metadata, labels: { ...service.metadata.labels, team: 'old' } },
    };
    const child = seen(before, ({ metadata }) => {
      metadata.labels = { ...metadata.labels!, theirs: 'x' };
    });
    const step = serviceStep(child, service) as Step & { verb: 'apply' };
    expect(step.verb).to.equal('apply');
    expect(after(child, step.configuration).metadata.labels).to.deep.equal({ ...service.metadata.labels, theirs: 'x' });
    expect(ownEntries(child, 'labels')).to.deep.equal(before.metadata.labels);
  });

  for (const [name, change] of [
    ['type', (it: Service) => (it.spec.type = 'ClusterIP')],
    ['publishNotReadyAddresses', (it: Service) => delete it.spec.publishNotReadyAddresses],
    ['selector', (it: Service) => (it.spec.selector = { 'statefulset.kubernetes.io/pod-name': 'other' })],
    ['target port', (it: Service) => (it.spec.ports![0]!.targetPort = 99)],
    ['port names', (it: Service) => (it.spec.ports![0]!.name = 'x')],
    ['labels', (it: Service) => delete it.metadata.labels![role]],
    ['annotations', (it: Service) => (it.metadata.annotations = {})],
    ['owner', (it: Service) => delete it.metadata.ownerReferences],
  ] as const)
    it(`of a Service in its ${name} is mended by applying all that is ours of it`, () => {
      const child = seen(service, (it) => void change(it));
      const step = serviceStep(child, service) as Step & { verb: 'apply' };
      expect(step.verb).to.equal('apply');
      expect(step.configuration.metadata).to.deep.include(precondition);
      expect(step.configuration.spec).to.deep.equal(service.spec);
      expect(serviceStep(after(child, step.configuration), service)).to.equal(undefined);
    });

  it('of a Service in labels that were added to its selector is mended by a patch, since they are not ours to leave out', () => {
    const child = seen(service, ({ spec }) => {
      spec.selector = { app: 'x', ...spec.selector };
    });
    const step = serviceStep(child, service) as Step & { verb: 'patch' };
    expect(step.patch).to.deep.equal({
      metadata: { resourceVersion: '7' },
      spec: { selector: { app: null, 'statefulset.kubernetes.io/pod-name': 'p' } },
    });
  });

  it('of a Service in ports that were added is mended by a patch, and node ports that are in use stay', () => {
    const child = seen(service, ({ spec }) => {
      spec.ports = [{ name: 'x', port: 1, protocol: 'TCP', nodePort: 31_000 }, spec.ports![1]!];
    });
    const step = serviceStep(child, service) as Step & { verb: 'patch' };
    expect(step.patch.spec).to.deep.equal({
      ports: [service.spec.ports![0], { ...service.spec.ports![1], nodePort: 30_001 }],
    });
  });

  for (const [name, change, told] of [
    ['an image', (it: StatefulSet) => (it.spec.template.spec.containers[0]!.image = 'old'), /image old, not bluedata/],
    ['resources', (it: StatefulSet) => (it.spec.template.spec.containers[0]!.resources = {}), /other resources/],
    [
      'the size of claims',
      (it: StatefulSet) => (it.spec.volumeClaimTemplates![0]!.spec.resources.requests.storage = '2Gi'),
      /claims/,
    ],
    ['the service name', (it: StatefulSet) => (it.spec.serviceName = 'x'), /serviceName is x/],
    ['the selector', (it: StatefulSet) => (it.spec.selector.matchLabels = {}), /selector/],
  ] as const)
    it(`of a StatefulSet in ${name} is told, not mended`, () => {
      const drifted = seen(set, (it) => void change(it));
      expect(unchangeable(drifted, set).join()).to.match(told);
      expect(setDrift(drifted)).to.equal(undefined);
    });

  it('is not another way to write an amount', () => {
    const same = seen(set, (it) => {
      it.spec.template.spec.containers[0]!.resources = {
        limits: { cpu: '2000m', memory: '4096Mi' },
        requests: { cpu: 2, memory: '4Gi' },
      };
      it.spec.volumeClaimTemplates![0]!.spec.resources.requests.storage = '1024Mi';
    });
    expect(unchangeable(same, set)).to.deep.equal([]);
  });

  it('of an owner is mended both ways: claims go with the cluster, or stay behind', () => {
    const owner = set.metadata.ownerReferences![0]!;
    const claim = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'p-x', resourceVersion: '7' },
    } as const;
    const owned = { ...claim, metadata: { ...claim.metadata, ownerReferences: [owner] } };
    const taken = ownerStep(claim, owner, true, '') as Step & { verb: 'apply' };
    expect(taken.configuration).to.deep.equal({
      ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim' },
      metadata: { name: 'p-x', resourceVersion: '7', ownerReferences: [owner] },
    });
    const letGo = ownerStep(owned, owner, false, '') as Step & { verb: 'patch' };
    expect(letGo.patch).to.deep.equal({ metadata: { ownerReferences: [], resourceVersion: '7' } });
    expect(ownerStep(owned, owner, true, '')).to.equal(undefined);
    expect(ownerStep(claim, owner, false, '')).to.equal(undefined);
  });
});
