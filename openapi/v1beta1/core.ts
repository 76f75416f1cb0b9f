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
  'How much of each resource the container of a member gets, as in pods.',
  {
    limits: mapOf(amount, 'The most that it may use, by name of the resource. Absent: as much as there is.', {
      example: { cpu: '2', memory: '4Gi' },
    }),
    requests: nullable(
      mapOf(amount, 'What is set aside for it, by name of the resource. Absent: the limits.', {
        example: { cpu: '1', memory: '4Gi' },
      }),
    ),
  },
  {
    definition: 'io.bluedata.kubedirector.core.v1.ResourceRequirements',
    example: { limits: { cpu: '2', memory: '4Gi' } },
  },
);
export type ResourceRequirements = TypeOf<typeof resourceRequirements>;

export const environment = listByKey(
  ['name'],
  kubernetesType<V1EnvVar>('EnvVar'),
  'Environment variables of the container of each member, as in pods.',
  { example: [{ name: 'TZ', value: 'UTC' }] },
);

export const affinity = asField(
  kubernetesType<V1Affinity>('Affinity'),
  'On which nodes members may run, and beside which other pods, as in pods. Absent: anywhere.',
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
    type: string('What the statement says.', { example: 'Ready' }),
    status: oneOf(['True', 'False', 'Unknown'], 'Whether it is true.', { example: 'True' }),
    observedGeneration: integer('The generation of the object that was looked at.', { format: 'int64', minimum: 0 }),
    lastTransitionTime: string('When status last changed.', { format: 'date-time' }),
    reason: string('Why, in one word, for programs.', { maxLength: 1024 }),
    message: string('Why, in a sentence, for people.', { maxLength: 32768 }),
  },
  {
    required: ['type', 'status', 'lastTransitionTime', 'reason', 'message'],
    definition: 'io.bluedata.kubedirector.meta.v1.Condition',
  },
);

export const conditions = listByKey(
  ['type'],
  condition,
  'What is true of the object now: Ready (every member is set up and can be used), Progressing (something is being done about what is missing), Degraded (something is wrong that somebody should hear of) and Stalled (not Ready, and nothing is being done any more).',
);
