/**
 * Random lives of a cluster: users edit, people meddle with children, pods come and go, the controller crashes after any write, its
 * view lags, its status is lost.
 */
import fc from 'fast-check';
import { labels } from '../../openapi/labels.ts';
import { StatusError } from '../../openapi/machinery/status.ts';
import type { Child } from '../../reconciler/host-types.ts';
import { aCluster, aRole } from '../make/kubedirector.ts';
import { World } from './world.ts';

export type Sizes = Readonly<Record<string, number | undefined>>;

const roleIDs = ['controller', 'worker', 'jupyter'];
const size = fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined });
export const sizes: fc.Arbitrary<Sizes> = fc.record({ controller: size, worker: size, jupyter: size });
export const rolesOf = (wanted: Sizes) =>
  roleIDs.flatMap((id) =>
    wanted[id] === undefined
      ? []
      : [aRole({ id, members: wanted[id], ...(id === 'worker' && { storage: { size: '1Gi' } }) })],
  );

/** Something that happens to a cluster. Numbers choose among what is there. */
export type Happening =
  | { what: 'edit'; sizes: Sizes }
  | { what: 'reconcile' | 'host' | 'pods' | 'garbage' | 'catchUp' | 'loseStatus' | 'restart' | 'wait' }
  | { what: 'crash'; after: number }
  | { what: 'deleteChild' | 'meddle' | 'newContainer'; which: number };

export const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ what: fc.constant('edit' as const), sizes }) },
  {
    weight: 6,
    arbitrary: fc.record({
      what: fc.constantFrom(
        'reconcile' as const,
        'host' as const,
        'pods' as const,
        'garbage' as const,
        'catchUp' as const,
        'wait' as const,
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constantFrom('loseStatus' as const, 'restart' as const) }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('crash' as const), after: fc.nat(8) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      what: fc.constantFrom('deleteChild' as const, 'meddle' as const, 'newContainer' as const),
      which: fc.nat(1000),
    }),
  },
);

class Crash extends Error {}

/** The one error that the world makes up; whatever else is thrown is a fault. */
async function reconcileUnlessConflict(world: World): Promise<void> {
  try {
    await world.reconcile();
  } catch (error) {
    if (!(error instanceof Crash) && !(error instanceof StatusError && error.reason === 'Conflict')) throw error;
  }
}

export async function happen(world: World, happening: Happening): Promise<void> {
  const pick = <T>(from: readonly T[], which: number): T | undefined => from[which % Math.max(1, from.length)];
  switch (happening.what) {
    case 'edit':
      world.edit('spark-instance', (spec) => {
        spec.roles = rolesOf(happening.sizes);
      });
      return;
    case 'reconcile':
      return reconcileUnlessConflict(world);
    case 'host':
      return world.runStatefulSets();
    case 'pods':
      return world.runPods();
    case 'garbage':
      return world.collectGarbage();
    case 'catchUp':
      return world.catchUp();
    case 'wait':
      return world.timers.advance(500);
    case 'restart':
      return world.restart();
    case 'loseStatus':
      if (hasOrphans(world)) return;
      world.tamper('spark-instance', (cluster) => {
        delete cluster.status;
      });
      return;
    case 'crash': {
      let left = happening.after;
      // The write that comes last takes effect; nobody hears of it.
      world.refuse = () => (left-- > 0 ? undefined : new Crash('the process ended'));
      await reconcileUnlessConflict(world);
      world.refuse = () => undefined;
      return world.restart();
    }
    case 'newContainer': {
      const pod = pick(world.names('Pod'), happening.which);
      if (pod) world.startContainer(pod);
      return;
    }
    case 'deleteChild': {
      const child = pick(
        [...world.children.values()].filter(({ kind }) => kind !== 'PersistentVolumeClaim'),
        happening.which,
      );
      if (child) world.remove(child.kind, child.metadata.name);
      return;
    }
    case 'meddle': {
      const kinds = ['StatefulSet', 'Service'];
      const child = pick(
        [...world.children.values()].filter(({ kind }) => kinds.includes(kind)),
        happening.which,
      );
      if (child) world.change(child.kind, child.metadata.name, (it) => meddle(world, it as Child, happening.which));
      return;
    }
  }
}

/**
 * What belongs to nobody, of a role that neither spec nor status knows, is left alone: so the two are not lost at the same time,
 * unless that is what a test is about.
 */
const hasOrphans = ({ children }: World): boolean =>
  [...children.values()].some(
    ({ kind, metadata }) => ['StatefulSet', 'Service'].includes(kind) && !metadata.ownerReferences,
  );

/** A child that loses both its owner and its labels is a stranger from then on, so it never does here. */
function meddle(world: World, child: Child, which: number): void {
  if (which % 3 === 0 && child.metadata.ownerReferences) child.metadata.labels = {};
  else if (which % 3 === 1 && child.metadata.labels?.[labels.cluster] && world.cluster().status)
    delete child.metadata.ownerReferences;
  // Claims of pods that were never members are data of who knows whom, and stay: so nobody makes any here.
  else if (child.kind === 'StatefulSet')
    child.spec.replicas = which % (child.spec.volumeClaimTemplates ? (child.spec.replicas ?? 1) + 1 : 7);
  else if (child.kind === 'Service' && child.spec.clusterIP !== 'None') child.spec.type = 'ClusterIP';
}

/** A world with a cluster of these sizes, which nobody has looked at yet. */
export const started = (wanted: Sizes): World => {
  const world = new World();
  world.create(aCluster({ roles: rolesOf(wanted) }));
  return world;
};
