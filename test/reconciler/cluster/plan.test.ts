/** The laws of the plan, asked of random clusters with random lives. */
import { expect } from 'chai';
import fc from 'fast-check';
import { headlessServiceName, memberServiceName, podName, statefulSetName } from '../../../openapi/child-names.ts';
import { copyOf } from '../../../openapi/machinery/json.ts';
import { StatusError } from '../../../openapi/machinery/status.ts';
import type { ClusterSpec, KubeDirectorCluster } from '../../../openapi/v1beta1/kubedirectorcluster.ts';
import { unconnected } from '../../../reconciler/cluster/guests/connected.ts';
import { type Observed, type Plan, plan } from '../../../reconciler/cluster/plan.ts';
import { noWork } from '../../../reconciler/guest/work.ts';
import type { Child } from '../../../reconciler/host-types.ts';
import { aCluster, anApp } from '../../make/kubedirector.ts';
import { type Happening, happen, happening, rolesOf, sizes, started } from '../lives.ts';
import type { World } from '../world.ts';

/** What somebody beside us does to a child: a label or an annotation, a template of their own making. */
function addTo(child: Child, which: number): void {
  const entry = { [`theirs-${which % 5}`]: String(which) };
  if (which % 2) child.metadata.labels = { ...child.metadata.labels, ...entry };
  else child.metadata.annotations = { ...child.metadata.annotations, ...entry };
  if (child.kind !== 'StatefulSet') return;
  const { template } = child.spec;
  template.metadata.annotations = { ...template.metadata.annotations, ...entry };
  if (which % 3 === 0) template.spec.containers[0]!.image = `theirs:${which}`;
  if (which % 7 === 0)
    template.spec.containers = [...template.spec.containers, { name: `side-${which}`, image: 'theirs' }];
  if (which % 11 === 0) delete template.spec.dnsConfig;
}

const theirsIn = (entries: Readonly<Record<string, string>> = {}): Record<string, string> =>
  Object.fromEntries(Object.entries(entries).filter(([key]) => key.startsWith('theirs-')));

/** The names of everything that a cluster of this spec has when it is at rest. */
function expectedChildren({ spec }: KubeDirectorCluster): string[] {
  const naming = { scheme: 'Readable', namespace: 'team1', cluster: 'spark-instance' } as const;
  const names = [`Service ${headlessServiceName(naming)}`];
  for (const { id, members = 0, storage } of spec.roles) {
    const set = statefulSetName(naming, id);
    if (members > 0) names.push(`StatefulSet ${set}`);
    for (let i = 0; i < members; i += 1) {
      const pod = podName(set, i);
      names.push(`Pod ${pod}`, `Service ${memberServiceName('Readable', pod)}`);
      if (storage) names.push(`PersistentVolumeClaim p-${pod}`);
    }
  }
  return names.sort();
}

const childrenOf = (world: World): string[] =>
  [...world.children.values()].map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort();

/**
 * Claims are deleted only for members that status says have left: data is not thrown away on a guess. Where status was lost, some may
 * be left over, and go with the cluster.
 */
function expectChildren(world: World, life: readonly Happening[]): void {
  const isClaim = (name: string) => name.startsWith('PersistentVolumeClaim');
  const [found, expected] = [childrenOf(world), expectedChildren(world.cluster())];
  if (!life.some(({ what }) => what === 'loseStatus')) {
    expect(found).to.deep.equal(expected);
    return;
  }
  expect(found.filter((name) => !isClaim(name))).to.deep.equal(expected.filter((name) => !isClaim(name)));
  expect(found).to.include.members(expected.filter(isClaim));
  for (const { kind, metadata } of world.children.values())
    if (kind === 'PersistentVolumeClaim') expect(metadata.ownerReferences).to.have.length(1);
}

/** Fails when a node id comes back that had gone, goes to another member, or is given twice. */
function watchNodeIDs(world: World): void {
  const owners = new Map<number, string>();
  let present = new Set<number>();
  const gone = new Set<number>();
  world.onStatus = (status) => {
    const now = new Set<number>();
    for (const { pod, nodeID } of (status.roles ?? []).flatMap(({ members = [] }) => members)) {
      expect(nodeID, `node id of ${pod}`).to.be.greaterThan(0);
      expect(now.has(nodeID!), `node id ${nodeID} is given twice`).to.equal(false);
      expect(gone.has(nodeID!), `node id ${nodeID} comes back`).to.equal(false);
      expect(owners.get(nodeID!) ?? pod).to.equal(pod);
      owners.set(nodeID!, pod);
      now.add(nodeID!);
    }
    for (const nodeID of present) if (!now.has(nodeID)) gone.add(nodeID);
    present = now;
    expect(status.lastNodeID).to.be.at.least(Math.max(0, ...now));
  };
}

describe('a plan', function () {
  // Hundreds of lives of a cluster, on machines that have other work too.
  this.timeout(60_000);

  const nothingElse = { connected: unconnected, works: noWork };
  const observedIn = (world: World): Observed => ({
    nowMs: world.timers.now(),
    ...nothingElse,
    children: world.ports.host.children({ namespace: 'team1', name: 'spark-instance' }),
  });
  const planIn = (world: World): Plan =>
    plan({ cluster: world.cluster(), found: { catalog: 'local', app: anApp() }, config: {} }, observedIn(world));

  it('leaves nothing to do once it is carried out and the host has done its part', () =>
    fc.assert(
      fc.asyncProperty(sizes, fc.array(happening, { maxLength: 12 }), async (wanted, life) => {
        const world = started(wanted);
        for (const event of life) await happen(world, event);
        await world.settle();
        expect(planIn(world).steps).to.deep.equal([]);
        expectChildren(world, life);
        expect(world.condition('Ready')).to.include({ status: 'True' });
        expect(world.condition('Progressing')).to.include({ status: 'False', reason: 'Complete' });
        expect(world.cluster().status).to.include({
          state: 'configured',
          observedGeneration: world.cluster().metadata.generation,
        });
      }),
      { numRuns: 300 },
    ));

  it('ends at the same children even when its view of others is late, and changes by others are lost on it for a while', () =>
    fc.assert(
      fc.asyncProperty(sizes, fc.array(happening, { maxLength: 20 }), async (wanted, life) => {
        const world = started(wanted);
        world.lags = true;
        for (const event of life) await happen(world, event);
        world.lags = false;
        await world.settle();
        expectChildren(world, life);
      }),
      { numRuns: 300 },
    ));

  it('ends at the same children when the process ends after any of its writes', () =>
    fc.assert(
      fc.asyncProperty(sizes, sizes, fc.array(fc.nat(12), { maxLength: 6 }), async (before, after, crashes) => {
        const world = started(before);
        await world.settle();
        world.edit('spark-instance', (spec) => {
          spec.roles = rolesOf(after);
        });
        for (const writes of crashes) {
          await happen(world, { what: 'crash', after: writes });
          world.runStatefulSets();
          await world.timers.advance(500);
        }
        await world.settle();
        expect(childrenOf(world)).to.deep.equal(expectedChildren(world.cluster()));
      }),
      { numRuns: 200 },
    ));

  it('changes no template of a StatefulSet that is there, and nothing that others have added or taken over', () =>
    fc.assert(
      fc.asyncProperty(sizes, fc.array(fc.tuple(happening, fc.nat(1000)), { maxLength: 15 }), async (wanted, life) => {
        const world = started(wanted);
        world.onMended = (before, after) => {
          expect(after.metadata.labels).to.include(theirsIn(before.metadata.labels));
          expect(after.metadata.annotations ?? {}).to.include(theirsIn(before.metadata.annotations));
          if (before.kind === 'StatefulSet' && after.kind === 'StatefulSet')
            expect(after.spec.template).to.deep.equal(before.spec.template);
        };
        await world.settle();
        for (const [event, which] of life) {
          const children = [...world.children.values()].filter(
            ({ kind }) => kind === 'StatefulSet' || kind === 'Service',
          );
          const child = children[which % Math.max(1, children.length)];
          if (child) world.change(child.kind, child.metadata.name, (it) => addTo(it as Child, which));
          await happen(world, event);
        }
        await world.settle();
      }),
      { numRuns: 100 },
    ));

  it('never gives a node id twice, whatever happens to anything but the status', () =>
    fc.assert(
      fc.asyncProperty(sizes, fc.array(happening, { maxLength: 25 }), fc.boolean(), async (wanted, life, lags) => {
        const world = started(wanted);
        watchNodeIDs(world);
        world.lags = lags;
        for (const event of life) if (event.what !== 'loseStatus') await happen(world, event);
        world.lags = false;
        await world.settle();
      }),
      { numRuns: 300 },
    ));

  it('carried out twice is the same as once: a look at a cluster at rest writes nothing', () =>
    fc.assert(
      fc.asyncProperty(sizes, sizes, async (before, after) => {
        const world = started(before);
        await world.settle();
        world.edit('spark-instance', (spec) => {
          spec.roles = rolesOf(after);
        });
        await world.settle();
        const writes = world.writes.length;
        await world.reconcile();
        await world.timers.advance(1000);
        world.restart();
        await world.reconcile();
        expect(world.writes.slice(writes)).to.deep.equal([]);
      }),
      { numRuns: 50 },
    ));

  it('depends on what was seen, not on the order in which it was seen, and changes none of it', () =>
    fc.assert(
      fc.asyncProperty(sizes, fc.array(happening, { maxLength: 10 }), async (wanted, life) => {
        const world = started(wanted);
        for (const event of life) await happen(world, event);
        const { nowMs, children } = observedIn(world);
        const intent = { cluster: world.cluster(), found: { catalog: 'local', app: anApp() }, config: {} } as const;
        const before = copyOf({ intent, children });
        const reversed = {
          statefulSets: children.statefulSets.toReversed(),
          services: children.services.toReversed(),
          pods: children.pods.toReversed(),
          claims: children.claims.toReversed(),
        };
        const [one, other] = [
          plan(intent, { nowMs, ...nothingElse, children }),
          plan(intent, { nowMs, ...nothingElse, children: reversed }),
        ];
        const shown = ({ steps, status, recordFirst, work }: Plan) => ({
          steps,
          status,
          recordFirst,
          work: work.map(({ key }) => key),
        });
        expect(shown(one)).to.deep.equal(shown(other));
        expect({ intent, children }).to.deep.equal(before);
      }),
      { numRuns: 100 },
    ));

  it('lets no broken member, and no child that cannot be written, hold up any other', () =>
    fc.assert(
      fc.asyncProperty(
        fc.record({
          controller: fc.integer({ min: 1, max: 3 }),
          worker: fc.integer({ min: 1, max: 3 }),
          jupyter: fc.constant(2),
        }),
        fc.array(fc.nat(20), { minLength: 1, maxLength: 3 }),
        fc.array(fc.nat(20), { maxLength: 3 }),
        async (wanted, broken, refused) => {
          const world = started(wanted);
          const expected = expectedChildren(world.cluster());
          const pods = expected.filter((name) => name.startsWith('Pod '));
          const services = expected.filter((name) => name.startsWith('Service svc-spark-instance-'));
          const stuck = new Set(broken.map((i) => pods[i % pods.length]!.slice(4)));
          const withheld = new Set(refused.map((i) => services[i % services.length]!.slice(8)));
          for (const pod of stuck) world.stuck.set(pod, { phase: 'Pending', conditions: [] });
          world.refuse = (verb, name) =>
            verb === 'create' && withheld.has(name)
              ? StatusError.forbidden({ group: '', resource: 'services' }, name, 'exceeded quota')
              : undefined;
          await world.settle();
          expect(childrenOf(world)).to.deep.equal(expected.filter((name) => !withheld.has(name.slice(8))));
          for (const member of world.cluster().status!.roles!.flatMap(({ members = [] }) => members))
            expect(member.state, member.pod).to.equal(stuck.has(member.pod) ? 'create pending' : 'configured');
          expect(world.condition('Ready')?.status).to.equal('False');
        },
      ),
      { numRuns: 100 },
    ));

  it('does nothing for a cluster that is being deleted, and does not touch its status', () => {
    const cluster = aCluster({}, { deletionTimestamp: '2026-11-21T10:00:00Z' });
    const children = { statefulSets: [], services: [], pods: [], claims: [] };
    expect(
      plan({ cluster, found: { catalog: 'local', app: anApp() }, config: {} }, { nowMs: 0, ...nothingElse, children }),
    ).to.deep.equal({
      ...{ steps: [], work: [] },
      status: undefined,
      recordFirst: false,
    });
  });

  it('names each step and says why', async () => {
    const world = started({ controller: 1, worker: 2 });
    await world.reconcile();
    world.edit('spark-instance', (spec: ClusterSpec) => {
      spec.roles = rolesOf({ worker: 1 });
    });
    world.remove('Service', 'svc-spark-instance-8ct8d');
    const said = planIn(world).steps.map((step) => {
      const name = step.verb === 'create' ? step.child.metadata.name : step.child.name;
      return `${step.verb} ${step.child.kind} ${name}: ${step.reason}`;
    });
    expect(said).to.deep.equal([
      'create Service svc-spark-instance-8ct8d: members get their host names from it',
      'apply StatefulSet spark-instance-worker-4dvst: role worker is to have 1 members, not 2',
      'apply StatefulSet spark-instance-controller-fdbm2: the role is being removed',
    ]);
  });
});
