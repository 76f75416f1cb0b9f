/**
 * The pieces of Kubernetes' core API that our kinds embed. They are published under names of our own, so that they cannot clash
 * with the originals where documents of several servers are merged.
 */
import type { V1Affinity, V1EnvVar } from '@kubernetes/client-node';
import { kubernetesType } from '../core/index.ts';
import {
  asField,
  integer,
  listByKey,
  mapOf,
  nullable,
  object,
  oneOf,
  quantity,
  string,
  type TypeOf,
} from '../schema/schema.ts';

const amount = quantity('An amount, such as 500m, 2 or 4Gi.');

/** Kubernetes' own has `claims` besides, which name devices of a pod; a cluster cannot give its members any. */
export const resourceRequirements = object(
  'How much of each resource a container gets.',
  {
    limits: mapOf(amount, 'The most a container may use, by resource name.', { example: { cpu: '2', memory: '4Gi' } }),
    requests: nullable(
      mapOf(amount, 'What is set aside for a container, by resource name. Absent: the limits.', {
        example: { cpu: '1', memory: '4Gi' },
      }),
    ),
  },
  { definition: 'io.bluedata.kubedirector.core.v1.ResourceRequirements' },
);
export type ResourceRequirements = TypeOf<typeof resourceRequirements>;

export const environment = listByKey(
  ['name'],
  kubernetesType<V1EnvVar>('EnvVar'),
  'Environment variables of every member of the role, given or read from where a pod may read them.',
  { example: [{ name: 'TZ', value: 'UTC' }] },
);

export const affinity = asField(
  kubernetesType<V1Affinity>('Affinity'),
  'Where members may and may not run, as pods say it.',
  {
    example: {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'spark' } } },
        ],
      },
    },
  },
);

/** Labels or annotations that the user wants on children. */
export const stringMap = (description: string) =>
  mapOf(string('Value.'), description, { example: { 'example.com/team': 'analytics' } });

const condition = object(
  'One statement about the object, and since when it holds.',
  {
    type: string('What the statement is about.', { example: 'Ready' }),
    status: oneOf(['True', 'False', 'Unknown'], 'Whether it holds.', { example: 'True' }),
    observedGeneration: integer('The generation that this is about.', { format: 'int64', minimum: 0 }),
    lastTransitionTime: string('When status last changed.', { format: 'date-time' }),
    reason: string('Why, in one word for programs.', { maxLength: 1024 }),
    message: string('Why, in a sentence for people.', { maxLength: 32768 }),
  },
  {
    required: ['type', 'status', 'lastTransitionTime', 'reason', 'message'],
    definition: 'io.bluedata.kubedirector.meta.v1.Condition',
  },
);

export const conditions = listByKey(
  ['type'],
  condition,
  'What is true of the object now. Ready says whether it can be used, Progressing whether work is under way.',
);
