/**
 * StatefulSets: filled and judged here; their pods are controllers/statefulset/'s work.
 */
import { ageColumn, nameColumn } from '../../../../apiserver/registry/resource.ts';
import type { Strategy } from '../../../../apiserver/registry/strategy.ts';
import { integer, listOf, mapOf, object, string } from '../../../../openapi/schema/schema.ts';
import { column } from '../cells.ts';
import { hostKind, statusOf } from '../host-kind.ts';
import { podTemplateSchema } from '../pods/schema.ts';
import { labelSelectorSchema } from '../selector.ts';
import { claimSpecSchema } from '../volumes/claims.ts';
import { fillStatefulSet } from './defaults.ts';
import { scale } from './scale.ts';
import type { StatefulSet } from './statefulset.ts';
import { statefulSetChangeFaults, statefulSetFaults } from './validation.ts';

const strategy: Strategy<StatefulSet> = {
  prepareForCreate(set) {
    fillStatefulSet(set);
    return { ...set, status: { replicas: 0, availableReplicas: 0 } };
  },
  prepareForUpdate(set, _, _1, { subresource }) {
    if (subresource !== 'status') fillStatefulSet(set);
    return set;
  },
  validate: statefulSetFaults,
  validateUpdate: (set, old, _, { subresource }) => (subresource === 'status' ? [] : statefulSetChangeFaults(set, old)),
};

const retention = object('What becomes of claims.', {
  whenDeleted: string('When the set is deleted: Retain or Delete.'),
  whenScaled: string('When a pod is not wanted any more: Retain or Delete.'),
});

const spec = object(
  'The pods that there are to be.',
  {
    replicas: integer('How many pods there are to be.', { default: 1 }),
    selector: labelSelectorSchema,
    template: podTemplateSchema,
    serviceName: string('The headless service that gives its pods their names.'),
    podManagementPolicy: string('OrderedReady or Parallel.'),
    updateStrategy: object('How pods get a new template.', {
      type: string('RollingUpdate or OnDelete.'),
      rollingUpdate: object(
        'How they roll.',
        { partition: integer('Lower ordinals keep theirs.') },
        { preserveUnknown: true },
      ),
    }),
    volumeClaimTemplates: listOf(
      object(
        'A claim that each pod gets.',
        {
          metadata: object(
            'Its name and labels.',
            {
              name: string('Name, to which that of the pod is added.'),
              labels: mapOf(string('Value.'), 'Labels.'),
              annotations: mapOf(string('Value.'), 'Annotations.'),
            },
            { preserveUnknown: true },
          ),
          spec: claimSpecSchema,
        },
        { preserveUnknown: true },
      ),
      'Claims that each pod gets.',
    ),
    persistentVolumeClaimRetentionPolicy: retention,
    revisionHistoryLimit: integer('How many old templates are remembered.'),
    minReadySeconds: integer('How long a pod must be ready before it counts as available.'),
    ordinals: object('How pods are numbered.', { start: integer('The first number.') }),
  },
  { required: ['selector', 'template'] },
);

const containersText = ({ spec: { template } }: StatefulSet, field: 'name' | 'image'): string =>
  (template.spec.containers ?? []).map((container) => container[field] ?? '').join(',');

export const statefulSets = hostKind<StatefulSet>({
  group: 'apps',
  kind: 'StatefulSet',
  plural: 'statefulsets',
  description: 'Pods that are told apart, each with a lasting name and lasting claims.',
  definitions: 'io.k8s.api.apps.v1',
  shortNames: ['sts'],
  categories: ['all'],
  fields: { spec },
  status: statusOf({
    replicas: integer('How many pods there are.'),
    readyReplicas: integer('How many of them are ready.'),
    currentRevision: string('The template that pods had.'),
  }),
  hasGeneration: true,
  strategy,
  subresources: [scale],
  columns: [
    nameColumn,
    column(
      'Ready',
      'How many of the pods are ready.',
      (set) => `${set.status?.readyReplicas ?? 0}/${set.spec.replicas}`,
    ),
    ageColumn,
    column('Containers', 'Names of the containers.', (set) => containersText(set, 'name'), { wide: true }),
    column('Images', 'Images of the containers.', (set) => containersText(set, 'image'), { wide: true }),
  ],
});
