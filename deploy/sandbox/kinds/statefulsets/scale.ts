/**
 * The scale of a StatefulSet, as `autoscaling/v1` (K-309 to K-315).
 */

import { ageColumn, nameColumn, type Subresource } from '../../../../apiserver/registry/resource.ts';
import { spec as at, invalid } from '../../../../openapi/machinery/field.ts';
import type { StructuredSelector } from '../../../../openapi/machinery/label-selector.ts';
import type { KubeObject } from '../../../../openapi/machinery/meta.ts';
import { StatusError } from '../../../../openapi/machinery/status.ts';
import { objectMetaSchema } from '../../../../openapi/schema/object-meta.ts';
import { integer, object, string } from '../../../../openapi/schema/schema.ts';
import { column } from '../cells.ts';
import type { StatefulSet } from './statefulset.ts';

interface Scale extends KubeObject {
  spec?: { replicas?: number };
  status?: { replicas: number; selector?: string };
}

/** A selector as text: `app=c1,role in (a,b)` (K-310). */
export function selectorText({ matchLabels = {}, matchExpressions = [] }: StructuredSelector): string {
  const terms = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`);
  for (const { key, operator, values = [] } of matchExpressions) {
    const list = `(${[...values].sort().join(',')})`;
    if (operator === 'In') terms.push(`${key} in ${list}`);
    else if (operator === 'NotIn') terms.push(`${key} notin ${list}`);
    else terms.push(operator === 'Exists' ? key : `!${key}`);
  }
  return terms.sort().join(',');
}

function scaleOf({ metadata, spec, status }: StatefulSet): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata;
  return {
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: {
      name,
      ...(namespace && { namespace }),
      ...(uid && { uid }),
      ...(resourceVersion && { resourceVersion }),
      ...(creationTimestamp && { creationTimestamp }),
    },
    spec: { replicas: spec.replicas },
    status: { replicas: status?.replicas ?? 0, selector: selectorText(spec.selector) },
  };
}

const replicas = integer('How many pods there are to be.');

export const scale: Subresource<StatefulSet> = {
  name: 'scale',
  group: 'autoscaling',
  version: 'v1',
  kind: 'Scale',
  schema: object(
    'How many pods a resource has, and how many it should have.',
    {
      apiVersion: string('autoscaling/v1.'),
      kind: string('Scale.'),
      metadata: objectMetaSchema,
      spec: object('What is wanted.', { replicas }, { definition: 'io.k8s.api.autoscaling.v1.ScaleSpec' }),
      status: object(
        'What there is.',
        { replicas, selector: string('Selects the pods.') },
        { definition: 'io.k8s.api.autoscaling.v1.ScaleStatus' },
      ),
    },
    { definition: 'io.k8s.api.autoscaling.v1.Scale' },
  ),
  columns: [
    nameColumn,
    column<Scale>('Desired', 'How many pods there are to be.', ({ spec }) => spec?.replicas ?? 0, { type: 'integer' }),
    column<Scale>('Available', 'How many pods there are.', ({ status }) => status?.replicas ?? 0, { type: 'integer' }),
    ageColumn,
  ],
  read: scaleOf,
  write(set, document) {
    const { spec = {} } = document as Scale;
    const place = at.child('replicas');
    const wanted = spec.replicas ?? 0;
    const refuse = (text: string): StatusError =>
      StatusError.invalid({ group: 'autoscaling', kind: 'Scale' }, set.metadata.name, [invalid(place, wanted, text)]);
    if (wanted < 0) throw refuse('must be greater than or equal to 0');
    return { ...set, spec: { ...set.spec, replicas: wanted } };
  },
};
