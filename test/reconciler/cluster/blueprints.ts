/** Blueprints for tests about single children. */
import type { KubeDirectorApp } from '../../../openapi/v1beta1/kubedirectorapp.ts';
import type { ClusterRole, ClusterSpec } from '../../../openapi/v1beta1/kubedirectorcluster.ts';
import type { ConfigSpec } from '../../../openapi/v1beta1/kubedirectorconfig.ts';
import type { Blueprint, RoleBlueprint } from '../../../reconciler/cluster/blueprint.ts';
import { effectiveRole } from '../../../reconciler/cluster/effective-role.ts';
import type { MemberContext } from '../../../reconciler/cluster/members.ts';
import { aCluster, anApp, aRole } from '../../make/kubedirector.ts';

/** Of a role without scripts: its members are as their pods are. */
export const withoutScripts: MemberContext = {
  needed: false,
  hasPackage: false,
  persists: false,
  told: true,
  generation: 1,
  connectionVersion: 0,
  nowMs: 0,
  retryWanted: false,
};

export const blueprintOf = (
  app: KubeDirectorApp = anApp(),
  spec: Partial<ClusterSpec> = {},
  config: ConfigSpec = {},
): Blueprint => ({
  cluster: aCluster({ app: app.metadata.name, ...spec }),
  found: { catalog: 'local', app },
  config,
  clusterService: 'svc-spark-instance-8ct8d',
});

export function roleBlueprintOf(
  role: Partial<ClusterRole> = {},
  app: KubeDirectorApp = anApp(),
  spec: Partial<ClusterSpec> = {},
  config: ConfigSpec = {},
): RoleBlueprint {
  const whole = aRole(role);
  const effective = effectiveRole(app.spec, whole.id)!;
  return {
    ...blueprintOf(app, { roles: [whole], ...spec }, config),
    role: whole,
    effective: { ...effective, image: effective.image! },
    statefulSet: `spark-instance-${whole.id}-xxxxx`,
    replicas: whole.members ?? effective.cardinality.least,
    nodeIDs: '1',
  };
}
