/**
 * A small kind in which every keyword of a schema occurs once: what answers of kube-apiserver were recorded for, and a served
 * group around it. Nothing of KubeDirector's own kinds is in it, so that tests about schemas do not change when those do.
 */

import { objectMetaSchema } from '../../openapi/schema/object-meta.ts';
import {
  anything,
  integer,
  listByKey,
  mapOf,
  object,
  oneOf,
  quantity,
  setOf,
  string,
} from '../../openapi/schema/schema.ts';
import type { ServedGroup, ServedResource } from '../../openapi/served.ts';

const role = object(
  'A role.',
  {
    id: string('Name of the role.', { pattern: '^[a-z]+$', example: 'worker' }),
    members: integer('How many.', { format: 'int64' }),
    resources: mapOf(quantity('An amount.'), 'What they get.'),
  },
  { required: ['id'] },
);

export const fixtureSchema = object(
  'A cluster, as small as can be.',
  {
    apiVersion: string('Version of this form.'),
    kind: string('Kind.'),
    metadata: objectMetaSchema,
    spec: object(
      'What it is to be.',
      {
        app: string('Id of the app.', { minLength: 1, maxLength: 20 }),
        replicas: integer('How many.', { minimum: 0, maximum: 100, default: 1 }),
        mode: oneOf(['a', 'b'], 'One of two.'),
        roles: listByKey(['id'], role, 'Its roles.', { maxItems: 3 }),
        tags: setOf(string('A tag.'), 'Its tags.'),
        free: anything('Whatever you like.'),
      },
      { required: ['app'] },
    ),
    status: object('What it is.', {
      replicas: integer('How many there are.'),
      selector: string('Selects them.'),
      state: string('In one word.'),
    }),
  },
  { definition: 'com.example.v1beta1.FixtureCluster' },
);

const scaleSchema = object(
  'How many replicas.',
  {
    apiVersion: string('Version of this form.'),
    kind: string('Scale.'),
    metadata: objectMetaSchema,
    spec: object('What is asked for.', { replicas: integer('How many.') }),
  },
  { definition: 'com.example.v1.Scale' },
);

const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'] as const;
const ofSubresources = ['get', 'patch', 'update'] as const;

/** Named and served as the recordings were: with status and scale. */
export const fixtureResource: ServedResource = {
  plural: 'kubedirectorclusters',
  singular: 'kubedirectorcluster',
  kind: 'KubeDirectorCluster',
  listKind: 'KubeDirectorClusterList',
  shortNames: ['kdcluster'],
  categories: ['all'],
  namespaced: true,
  verbs,
  subresources: [
    { name: 'scale', kind: 'Scale', group: 'autoscaling', version: 'v1', verbs: ofSubresources, schema: scaleSchema },
    { name: 'status', kind: 'KubeDirectorCluster', verbs: ofSubresources },
  ],
  schema: fixtureSchema,
  selectableFields: ['spec.app'],
  storageVersion: 'v1beta1',
};

const patchTypes = ['application/json-patch+json', 'application/merge-patch+json', 'application/apply-patch+yaml'];

/** Two versions, of which the older one has nothing to serve. */
export const fixtureGroup: ServedGroup = {
  group: 'kubedirector.bluedata.io',
  versions: [
    { version: 'v1beta1', resources: [fixtureResource], patchTypes },
    { version: 'v1alpha1', resources: [], patchTypes },
  ],
};

/** A kind of the core group, without a namespace, which can only be read. */
export const coreGroup: ServedGroup = {
  group: '',
  versions: [
    {
      version: 'v1',
      patchTypes,
      resources: [
        {
          plural: 'namespaces',
          singular: 'namespace',
          kind: 'Namespace',
          listKind: 'NamespaceList',
          shortNames: ['ns'],
          categories: [],
          namespaced: false,
          verbs: ['get', 'list', 'watch'],
          subresources: [],
          schema: object('A room for names.', {
            apiVersion: string('Version.'),
            kind: string('Kind.'),
            metadata: objectMetaSchema,
          }),
          storageVersion: 'v1',
        },
      ],
    },
  ],
};
