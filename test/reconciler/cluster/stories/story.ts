/** What the stories of one cluster share: the names in them, and a world in which it runs already. */
import { aCluster, anApp } from '../../../make/kubedirector.ts';
import { World } from '../../world.ts';

export const workerSet = 'spark-instance-worker-4dvst';
export const controllerSet = 'spark-instance-controller-fdbm2';
export const notebookSet = 'spark-instance-jupyter-tfnw5';
export const headless = 'svc-spark-instance-8ct8d';

/** Where its members have their names. */
export const domain = `${headless}.team1.svc.cluster.local`;

export const resize = (world: World, role: string, members: number) =>
  world.edit('spark-instance', ({ roles }) => {
    roles.find(({ id }) => id === role)!.members = members;
  });

export async function running(spec: Parameters<typeof aCluster>[0] = {}, app = anApp()): Promise<World> {
  const world = new World();
  world.setApp(app);
  world.create(aCluster(spec));
  await world.settle();
  world.writes.length = 0;
  world.guests.calls.length = 0;
  world.told.length = 0;
  return world;
}

export const membersOf = (world: World, role: string) =>
  world.cluster().status!.roles!.find(({ id }) => id === role)?.members ?? [];

/** Of the member that a pod is. */
export const statusOf = (world: World, pod: string) =>
  world
    .cluster()
    .status!.roles!.flatMap(({ members = [] }) => members)
    .find((member) => member.pod === pod)!;
export const detailOf = (world: World, pod: string) => statusOf(world, pod).stateDetail!;

/** Members have nothing to hear of each other. */
export const withoutScripts = anApp({ defaultConfigPackage: null });
export const nodeIDs = (world: World, role: string) => membersOf(world, role).map(({ nodeID }) => nodeID);
