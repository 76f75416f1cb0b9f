/** What of a child is mended, and what is only told. */
import { expect } from 'chai';
import { copyOf } from '../../../openapi/machinery/json.ts';
import { memberServiceFor, statefulSetFor } from '../../../reconciler/cluster/desired.ts';
import { ownerPatch, servicePatch, statefulSetPatch, unchangeable } from '../../../reconciler/cluster/drift.ts';
import type { Service, StatefulSet } from '../../../reconciler/host-types.ts';
import { cassandra } from '../../make/kubedirector.ts';
import { roleBlueprintOf } from './blueprints.ts';

const blueprint = roleBlueprintOf({ id: 'seed', members: 2, storage: { size: '1Gi' } }, cassandra());
const set = statefulSetFor(blueprint);
const service = memberServiceFor(blueprint, 's', 'p')!;
const role = 'kubedirector.bluedata.io/role';

/** As a host gives it back: with a revision, and with what it has filled in. */
const seen = <T extends Service | StatefulSet>(wanted: T, change: (child: T) => void = () => {}): T => {
  const child = copyOf(wanted);
  child.metadata = { ...child.metadata, uid: 'u', resourceVersion: '7', creationTimestamp: 'then' };
  if (child.kind === 'Service') for (const [i, port] of child.spec.ports!.entries()) port.nodePort = 30_000 + i;
  change(child);
  return child;
};

describe('drift', () => {
  it('is not what the host or a user has added', () => {
    const set2 = seen(set, ({ metadata }) => {
      metadata.labels!.more = 'x';
      metadata.annotations!.more = 'x';
    });
    expect(statefulSetPatch(set2, set)).to.equal(undefined);
    expect(servicePatch(seen(service), service)).to.equal(undefined);
  });

  it('of a StatefulSet in replicas, labels, annotations and owner is mended in one patch, for the revision that was seen', () => {
    const drifted = seen(set, ({ spec, metadata }) => {
      spec.replicas = 5;
      metadata.labels![role] = 'x';
      metadata.annotations = {};
      metadata.ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'other', uid: 'o' }];
    });
    expect(statefulSetPatch(drifted, set)).to.deep.equal({
      metadata: {
        labels: { [role]: 'seed' },
        annotations: set.metadata.annotations,
        ownerReferences: [drifted.metadata.ownerReferences![0], set.metadata.ownerReferences![0]],
        resourceVersion: '7',
      },
      spec: { replicas: 2 },
    });
  });

  for (const [name, change, spec] of [
    ['type', (it: Service) => (it.spec.type = 'ClusterIP'), { type: 'NodePort' }],
    [
      'selector',
      (it: Service) => (it.spec.selector = { app: 'x' }),
      { selector: { app: null, 'statefulset.kubernetes.io/pod-name': 'p' } },
    ],
    [
      'publishNotReadyAddresses',
      (it: Service) => delete it.spec.publishNotReadyAddresses,
      { publishNotReadyAddresses: true },
    ],
  ] as const)
    it(`of a Service in its ${name} is mended`, () =>
      expect(
        servicePatch(
          seen(service, (it) => void change(it)),
          service,
        ),
      ).to.deep.equal({
        metadata: { resourceVersion: '7' },
        spec,
      }));

  it('of a Service in its ports is mended, and node ports that are in use stay', () => {
    const drifted = seen(service, ({ spec }) => {
      spec.ports = [{ name: 'x', port: 1, nodePort: 31_000 }, spec.ports![1]!];
    });
    expect(servicePatch(drifted, service)!.spec).to.deep.equal({
      ports: [service.spec.ports![0], { ...service.spec.ports![1], nodePort: 30_001 }],
    });
  });

  it('of a Service that is to be a ClusterIP leaves node ports to the host', () => {
    const wanted: Service = { ...service, spec: { ...service.spec, type: 'ClusterIP' } };
    expect(servicePatch(seen(service), wanted)!.spec).to.deep.equal({ type: 'ClusterIP' });
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
      expect(statefulSetPatch(drifted, set)).to.equal(undefined);
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
    expect(ownerPatch(claim, owner, true)).to.deep.equal({
      metadata: { ownerReferences: [owner], resourceVersion: '7' },
    });
    expect(ownerPatch(owned, owner, false)).to.deep.equal({ metadata: { ownerReferences: [], resourceVersion: '7' } });
    expect(ownerPatch(owned, owner, true)).to.equal(undefined);
    expect(ownerPatch(claim, owner, false)).to.equal(undefined);
  });
});
