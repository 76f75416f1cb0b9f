/**
 * The pieces of Kubernetes' core API that our kinds embed. They are published under names of our own, so that they cannot clash
 * with the originals where documents of several servers are merged.
 */
import { integer, listByKey, mapOf, object, oneOf, quantity, string, type TypeOf } from '../schema/schema.ts';

const amount = quantity('An amount, such as 500m, 2 or 4Gi.');

export const resourceRequirements = object(
  'How much of each resource a container gets.',
  {
    limits: mapOf(amount, 'The most a container may use, by resource name.', { example: { cpu: '2', memory: '4Gi' } }),
    requests: mapOf(amount, 'What is set aside for a container, by resource name. Absent: the limits.', {
      example: { cpu: '1', memory: '4Gi' },
    }),
  },
  { definition: 'io.bluedata.kubedirector.core.v1.ResourceRequirements' },
);
export type ResourceRequirements = TypeOf<typeof resourceRequirements>;

const envVar = object(
  'An environment variable.',
  {
    name: string('Name of the variable.', { minLength: 1, example: 'TZ' }),
    value: string('Its value.', { example: 'UTC' }),
  },
  { required: ['name'], definition: 'io.bluedata.kubedirector.core.v1.EnvVar' },
);

export const environment = listByKey(['name'], envVar, 'Environment variables of every member of the role.');

/** Labels or annotations that the user wants on children. */
export const stringMap = (description: string) => mapOf(string('Value.'), description);

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
