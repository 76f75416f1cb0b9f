/**
 * The scale of a cluster: one of its roles seen through `autoscaling/v1 Scale`, so that `kubectl scale` and autoscalers work.
 *
 * Which role that is, is decided whenever the cluster is written and kept in `status.scale`; reading a scale reads no app.
 */
import { invalid, required, spec as specPath } from '../../../openapi/machinery/field.ts';
import { isRecord, type KubeObject } from '../../../openapi/machinery/meta.ts';
import { StatusError } from '../../../openapi/machinery/status.ts';
import { objectMetaSchema } from '../../../openapi/schema/object-meta.ts';
import { integer, object, string } from '../../../openapi/schema/schema.ts';
import type { KubeDirectorCluster } from '../../../openapi/v1beta1/kubedirectorcluster.ts';
import { keyElement } from '../../managedfields/path-element.ts';
import { ageColumn, nameColumn, type Subresource } from '../resource.ts';

interface Scale extends KubeObject {
  spec: { replicas: number };
  status: { replicas: number; selector?: string };
}

const scaleSchema = object(
  'How many replicas an object is to have, and has.',
  {
    apiVersion: string('Version of this form.'),
    kind: string('Scale.'),
    metadata: objectMetaSchema,
    spec: object(
      'What is asked for.',
      { replicas: integer('Desired number of replicas.') },
      { definition: 'io.bluedata.kubedirector.autoscaling.v1.ScaleSpec' },
    ),
    status: object(
      'What is there.',
      { replicas: integer('Present number of replicas.'), selector: string('Selects their pods.') },
      { definition: 'io.bluedata.kubedirector.autoscaling.v1.ScaleStatus' },
    ),
  },
  { definition: 'io.bluedata.kubedirector.autoscaling.v1.Scale' },
);

export const scaleSubresource: Subresource<KubeDirectorCluster> = {
  name: 'scale',
  group: 'autoscaling',
  version: 'v1',
  kind: 'Scale',
  schema: scaleSchema,
  read: scaleOf,
  write: (cluster, document) => {
    const role = roleOf(cluster);
    const { metadata, spec } = document as Scale;
    const replicas = isRecord(spec) ? spec.replicas : undefined;
    const at = specPath.child('replicas');
    const refusal = (fault: ReturnType<typeof invalid>): StatusError =>
      StatusError.invalid({ group: 'autoscaling', kind: 'Scale' }, metadata.name, [fault]);
    if (replicas === undefined) throw refusal(required(at));
    if (replicas < 0) throw refusal(invalid(at, replicas, 'must be greater than or equal to 0'));
    const roles = cluster.spec.roles.map((entry) => (entry.id === role ? { ...entry, members: replicas } : entry));
    return { ...cluster, spec: { ...cluster.spec, roles } };
  },
  owned: {
    field: ['f:spec', 'f:replicas'],
    inObject: (cluster, version) => {
      const role = roleOf(cluster);
      const [id, members] = version === 'v1alpha1' ? ['name', 'replicas'] : ['id', 'members'];
      return ['f:spec', 'f:roles', keyElement([[id, role]]), `f:${members}`];
    },
  },
  columns: [
    nameColumn,
    {
      name: 'Desired',
      type: 'integer',
      description: 'Desired number of replicas.',
      cell: (document) => (document as Scale).spec.replicas,
    },
    {
      name: 'Available',
      type: 'integer',
      description: 'Present number of replicas.',
      cell: (document) => (document as Scale).status.replicas,
    },
    ageColumn,
  ],
};

/** @throws StatusError 422 when no role of the cluster can be scaled */
function roleOf({ metadata, spec, status }: KubeDirectorCluster): string {
  const role = spec.scaleRole ?? status?.scale?.role;
  if (role !== undefined && spec.roles.some(({ id }) => id === role)) return role;
  const fault = required(
    specPath.child('scaleRole'),
    'no role of this cluster has an open-ended cardinality; name the role to scale here',
  );
  throw StatusError.invalid({ group: 'kubedirector.bluedata.io', kind: 'KubeDirectorCluster' }, metadata.name, [fault]);
}

function scaleOf(cluster: KubeDirectorCluster): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = cluster.metadata;
  const role = roleOf(cluster);
  const { replicas = 0, selector } = cluster.status?.scale ?? {};
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, ...defined({ namespace, uid, resourceVersion, creationTimestamp }) },
    spec: { replicas: cluster.spec.roles.find(({ id }) => id === role)?.members ?? 0 },
    status: { replicas, ...(selector && { selector }) },
  };
}

const defined = <T extends object>(object: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as never;
