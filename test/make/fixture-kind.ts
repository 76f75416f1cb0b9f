/**
 * A kind with a small schema in which every rule of the wire can be met: what the recorded answers of kube-apiserver were given for,
 * served by the same machinery as our own kinds. It has no rules of its own, so an answer about it is an answer about the machinery.
 */

import { ageColumn, nameColumn, type Resource, type Subresource } from '../../apiserver/registry/resource.ts';
import type { Form } from '../../openapi/form.ts';
import { invalid, required, spec as specPath } from '../../openapi/machinery/field.ts';
import { isRecord, type KubeObject } from '../../openapi/machinery/meta.ts';
import { subdomainFaults } from '../../openapi/machinery/names.ts';
import { StatusError } from '../../openapi/machinery/status.ts';
import { objectMetaSchema } from '../../openapi/schema/object-meta.ts';
import { anything, integer, object, type Schema, string } from '../../openapi/schema/schema.ts';

export const fixtureGroup = 'kubedirector.bluedata.io';
export const fixtureKind = 'KubeDirectorCluster';
export const fixturePlural = 'kubedirectorclusters';

/** Written out in the dialect of CustomResourceDefinitions, since recordings speak of exactly this schema. */
const fixtureSchema: Schema = {
  type: 'object',
  description: 'KubeDirectorCluster describes a virtual cluster',
  definition: 'com.example.fixture.v1beta1.KubeDirectorCluster',
  properties: {
    apiVersion: { type: 'string' },
    kind: { type: 'string' },
    metadata: objectMetaSchema,
    spec: {
      type: 'object',
      description: 'spec of it',
      required: ['app'],
      properties: {
        app: { type: 'string', minLength: 1, maxLength: 20, description: 'app id' },
        replicas: { type: 'integer', format: 'int32', minimum: 0, maximum: 100, default: 1 },
        mode: { type: 'string', enum: ['a', 'b'] },
        roles: {
          type: 'array',
          maxItems: 3,
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['id'],
          items: {
            type: 'object',
            required: ['id'],
            properties: {
              id: { type: 'string', pattern: '^[a-z]+$' },
              members: { type: 'integer' },
              resources: { type: 'object', additionalProperties: { 'x-kubernetes-int-or-string': true } },
            },
          },
        },
        tags: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      },
    },
    status: {
      type: 'object',
      properties: {
        replicas: { type: 'integer' },
        selector: { type: 'string' },
        state: { type: 'string' },
        conditions: {
          type: 'array',
          items: { type: 'object', properties: { type: { type: 'string' }, status: { type: 'string' } } },
        },
      },
    },
  },
};

/** The schema asks for no spec. */
export interface FixtureObject extends KubeObject {
  spec?: { app: string; replicas: number; mode?: string };
  status?: { replicas?: number; selector?: string; state?: string };
}

/** An older version that takes anything, and holds the same. */
const openForm: Form = {
  version: 'v1alpha1',
  schema: {
    ...anything('Anything.'),
    properties: { apiVersion: { type: 'string' }, kind: { type: 'string' }, metadata: objectMetaSchema },
    definition: 'com.example.fixture.v1alpha1.KubeDirectorCluster',
  },
  toHub: (document) => document as unknown as KubeObject,
  fromHub: (hub) => hub as unknown as Record<string, unknown>,
};

const scale: Subresource<FixtureObject> = {
  name: 'scale',
  group: 'autoscaling',
  version: 'v1',
  kind: 'Scale',
  schema: object(
    'How many there are to be.',
    {
      apiVersion: string('Version.'),
      kind: string('Scale.'),
      metadata: objectMetaSchema,
      spec: object('Wanted.', { replicas: integer('How many.') }, { definition: 'com.example.fixture.v1.ScaleSpec' }),
      status: object(
        'Seen.',
        { replicas: integer('How many.'), selector: string('Which.') },
        { definition: 'com.example.fixture.v1.ScaleStatus' },
      ),
    },
    { definition: 'com.example.fixture.v1.Scale' },
  ),
  read: ({ metadata, spec, status = {} }) => {
    const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata;
    return {
      kind: 'Scale',
      apiVersion: 'autoscaling/v1',
      metadata: { name, namespace, uid, resourceVersion, creationTimestamp } as KubeObject['metadata'],
      spec: { replicas: spec?.replicas ?? 0 },
      status: { replicas: status.replicas ?? 0, ...(status.selector && { selector: status.selector }) },
    } as KubeObject;
  },
  write: (present, document) => {
    const { spec } = document as { spec?: unknown };
    const replicas = isRecord(spec) ? spec.replicas : undefined;
    if (typeof replicas === 'number') return { ...present, spec: { app: '', ...present.spec, replicas } };
    const at = specPath.child('replicas');
    const fault = replicas === undefined ? required(at) : invalid(at, replicas, 'must be a number');
    throw StatusError.invalid({ group: 'autoscaling', kind: 'Scale' }, present.metadata.name, [fault]);
  },
  owned: { field: ['f:spec', 'f:replicas'], inObject: () => ['f:spec', 'f:replicas'] },
  columns: [
    nameColumn,
    {
      name: 'Desired',
      type: 'integer',
      description: 'Number of desired replicas',
      cell: (document) => (document as FixtureObject).spec?.replicas ?? null,
    },
    {
      name: 'Available',
      type: 'integer',
      description: 'Number of actual replicas',
      cell: (document) => (document as FixtureObject).status?.replicas ?? null,
    },
    ageColumn,
  ],
};

export const fixtureKinds: Resource<FixtureObject> = {
  group: fixtureGroup,
  plural: fixturePlural,
  singular: 'kubedirectorcluster',
  kind: fixtureKind,
  listKind: 'KubeDirectorClusterList',
  shortNames: ['kdc'],
  categories: ['all'],
  namespaced: true,
  forms: [{ version: 'v1beta1', schema: fixtureSchema }, openForm],
  nameRule: subdomainFaults,
  strategy: {},
  hasStatus: true,
  subresources: [scale],
  selectableFields: [{ label: 'spec.app', value: ({ spec }) => spec?.app ?? '' }],
  columns: [
    nameColumn,
    { name: 'App', type: 'string', description: 'Its app.', cell: ({ spec }) => spec?.app ?? null },
    ageColumn,
    {
      name: 'Members',
      type: 'integer',
      description: 'How many it has.',
      priority: 1,
      cell: ({ spec }) => spec?.replicas ?? null,
    },
  ],
};

/** An object as small as it can be, with one role. */
export const fixtureObject = (name: string, spec: object = {}, metadata: object = {}) => ({
  apiVersion: `${fixtureGroup}/v1beta1`,
  kind: fixtureKind,
  metadata: { name, ...metadata },
  spec: { app: 'spark', roles: [{ id: 'a', members: 1 }], ...spec },
});

export const fixturesPath = `/apis/${fixtureGroup}/v1beta1/namespaces/default/${fixturePlural}`;
